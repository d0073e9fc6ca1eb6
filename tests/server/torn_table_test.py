#!/usr/bin/env python3
"""A table that a crash of the server left between two databases, on a server without atomic DDL.

Such a crash is made to measure: the program is killed in its RENAME, the tables up to one are renamed as the server
does it, and of that one, while the server is down, the definition is put back where it was: InnoDB has moved it, its
files have not. What the same command makes of that is judged by the server.
"""
# ctest: kinds=mysql-5.6

import json
import pathlib
import re
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402
from support.talk import Talk  # noqa: E402

SHOP, TABLE = 'sh-op ü', 'a-b ü'
SCHEMA = f"""
CREATE DATABASE `{SHOP}` CHARACTER SET utf8mb4; CREATE DATABASE `crm`;
USE `{SHOP}`;
CREATE TABLE `{TABLE}` (`id` int PRIMARY KEY, `v` varchar(20)) ENGINE=InnoDB;
CREATE TABLE `child` (`id` int PRIMARY KEY, `p` int, KEY `by_p` (`p`),
  CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `{TABLE}` (`id`)) ENGINE=InnoDB;
CREATE TABLE `parts` (`id` int PRIMARY KEY, `v` varchar(20)) ENGINE=InnoDB PARTITION BY HASH (`id`) PARTITIONS 3;
CREATE TABLE `crm`.`person` (`id` int PRIMARY KEY, `v` varchar(20)) ENGINE=InnoDB;
INSERT INTO `{TABLE}` VALUES (1, 'a'), (2, 'b');
INSERT INTO `child` VALUES (10, 1), (12, NULL);
INSERT INTO `parts` VALUES (1, 'x'), (2, 'y'), (3, 'z');
INSERT INTO `crm`.`person` VALUES (1, 'x');
CREATE VIEW `v` AS SELECT `id` FROM `{TABLE}`;
CREATE TRIGGER `child_before` BEFORE INSERT ON `child` FOR EACH ROW SET NEW.`id` = NEW.`id` + 1;
CREATE PROCEDURE `p` () SELECT COUNT(*) FROM `parts`;
"""
RUIN = f"""
USE `{SHOP}`;
DROP TRIGGER `child_before`; DROP PROCEDURE `p`; DROP VIEW `v`;
UPDATE `{TABLE}` SET `v` = 'ruined'; ALTER TABLE `parts` ADD COLUMN `added` int; UPDATE `parts` SET `v` = 'ruined';
DELETE FROM `child` WHERE `id` = 12; UPDATE `crm`.`person` SET `v` = 'ruined';
"""
# All that a restore of everything here needs, but neither FILE nor PROCESS.
FEW = ('SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, '
       'EXECUTE, REFERENCES, INDEX, LOCK TABLES, SUPER, SHOW DATABASES ON *.*')
JOURNAL = '__dbomsbak_journal'
OUTGOING, INCOMING = True, False
NAME = r'`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`'


class TornTable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.archive = cls.folder / 'both.sql.zst'
        cls.server.sql(SCHEMA)
        cls.states = {'good': cls.take()}
        cls.program.ok('dump', *cls.server.client_options(), SHOP, 'crm', '-o', cls.archive)
        cls.server.sql(RUIN)
        cls.states['ruined'] = cls.take()
        cls.server.create_account('few', 'x', grants=[FEW])
        cls.live = 'ruined'

    @classmethod
    def take(cls):
        return fingerprint.take(cls.server, [SHOP, 'crm'])

    def setUp(self):
        if self.live == 'good':
            self.run_code(0, 'undo')
            self.arrive('undone')

    def run_code(self, code, *args, user=('root',)):
        return self.program.run(args[0], *self.server.client_options(*user), '--yes', *args[1:]).expect(code)

    # A crash to measure ---------------------------------------------------------------------------

    def begin(self):
        """Makes ready what leads to the other state; its command."""
        if self.live == 'good':
            return ('undo',)
        self.run_code(0, 'restore', '--prepare', self.archive)
        return ('restore', '--swap')

    def source(self):
        """Where what goes live next stands."""
        mark = '__dbomsbak_new_' if self.live == 'ruined' else '__dbomsbak_old_'
        return max((name for name in self.server.databases() if mark in name and name.startswith(SHOP)), key=lambda name: (len(name), name))

    def kill_in_its_rename(self, command):
        """Someone reads a table of the copy, which alone the RENAME minds; what it was to rename, as (from, to)."""
        waiting = "FROM information_schema.PROCESSLIST WHERE INFO LIKE 'RENAME TABLE%'"
        with Talk(self.server) as holder:
            holder.must(f'LOCK TABLES `{self.source()}`.`parts` READ')
            process = self.program.start(command[0], *self.server.client_options(), '--yes', *command[1:], '--lock-wait', 100)
            while process.poll() is None and self.server.value(f'SELECT COUNT(*) {waiting}') == '0':
                time.sleep(0.02)
            self.assertIsNone(process.poll(), 'it did not wait')
            process.kill()
            process.communicate()
            number, statement = self.server.rows(f'SELECT ID, INFO {waiting}')[0]
            self.server.sql(f'KILL {number}')
            self.server.wait_for(f'SELECT COUNT(*) {waiting}', 0, 60)
        self.server.wait_for("SELECT COALESCE(IS_USED_LOCK('dbomsbak'), 0)", '0', 60)
        return [((a, b), (c, d)) for a, b, c, d in re.findall(f'{NAME} TO {NAME}', statement)]

    def rename(self, pairs):
        for (a, b), (c, d) in pairs:
            self.server.sql(f'RENAME TABLE `{a}`.`{b}` TO `{c}`.`{d}`')

    def path(self, name):
        encoded = [self.server.value(f"SELECT CAST(CONVERT('{part}' USING filename) AS BINARY)") for part in name]
        return pathlib.Path(self.server.value('SELECT @@datadir'), *encoded)

    def tear(self, command, table, outgoing, move=shutil.move):
        """Up to this table all has moved; of it, its rows."""
        pairs = self.kill_in_its_rename(command)
        last = next(at for at, (start, end) in enumerate(pairs)
                    if start[1] == table and (start[0] in (SHOP, 'crm')) == outgoing)
        self.rename(pairs[:last + 1])
        start, end = map(self.path, pairs[last])
        self.server.stop()
        files = [ending for ending in ('.frm', '.par') if pathlib.Path(f'{end}{ending}').exists()]
        for ending in files:
            move(f'{end}{ending}', f'{start}{ending}')
        self.assertEqual(files, ['.frm', '.par'] if table == 'parts' else ['.frm'])
        self.server.start()
        if move is shutil.move:
            for name in pairs[last]:
                self.assertRaisesRegex(Exception, '1146', self.server.sql, 'SELECT * FROM `{}`.`{}`'.format(*name))
        return start, end

    def arrive(self, about):
        """The other state is live, whole, and the way back is there."""
        type(self).live = 'good' if self.live == 'ruined' else 'ruined'
        fingerprint.expect_equal(self.states[self.live], self.take(), about)
        for database, in self.server.rows("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '%dbomsbak%'"):
            self.assertNotIn('_new_', database, about)
        left = json.loads(self.program.ok('status', *self.server.client_options(), '--json').out)['leftovers']
        self.assertEqual({copy['kind'] for copy in left}, {'displaced-copy'}, about)

    # What becomes of it ---------------------------------------------------------------------------

    def test_it_is_put_together_and_the_swap_goes_on(self):
        for table, outgoing, move in ((TABLE, OUTGOING, shutil.move), (TABLE, INCOMING, shutil.move), ('parts', OUTGOING, shutil.move),
                                      ('parts', INCOMING, shutil.copy), (JOURNAL, INCOMING, shutil.move), ('child', OUTGOING, shutil.copy)):
            command = self.begin()
            about = f'{" ".join(command)}, {"outgoing" if outgoing else "incoming"} {table} {move.__name__}'
            with self.subTest(about):
                self.tear(command, table, outgoing, move)
                done = self.run_code(0, *command)
                self.assertRegex(done.err, 'which the crash of the server had left between two databases, is put together again')
                self.arrive(about)

    def test_what_an_account_may_not_do_is_told_with_what_helps(self):
        few = ('few', 'x')
        command = self.begin()
        plan = self.run_code(0, *command, '--dry-run', user=few).out
        self.assertIn("with the file to move by hand; for it to be put together without help: GRANT FILE, PROCESS ON *.* TO 'few'@'%'",
                      plan.replace('`', "'"))
        self.assertIn('is put together then', self.run_code(0, *command, '--dry-run').out)
        start, end = self.tear(command, TABLE, OUTGOING)

        self.assertIn('GRANT PROCESS ON *.*', self.run_code(11, *command, user=few).err)
        self.server.sql("GRANT PROCESS ON *.* TO 'few'@'%'")
        told = self.run_code(42, *command, user=few).err
        self.assertIn(f'Move the file {start}.frm to {end}.frm', told)
        self.assertIn('or let the server do it (GRANT FILE ON *.* TO', told)
        self.assertFalse(pathlib.Path(f'{end}.frm').exists())

        self.server.stop()
        self.server.start([f'--secure-file-priv={self.folder}'])
        for user in (few, ('root',)):
            told = self.run_code(42, *command, user=user).err
            self.assertIn(f'Move the file {start}.frm to {end}.frm', told)
            self.assertNotIn('GRANT FILE', told)
        self.server.stop()
        self.server.start()

        # Half a copy, as of a server that crashed while it wrote: nothing is written over it, nor dropped.
        pathlib.Path(f'{end}.frm').write_bytes(pathlib.Path(f'{start}.frm').read_bytes()[:4096])
        self.server.sql("GRANT FILE ON *.* TO 'few'@'%'")
        self.assertIn('does not open', self.run_code(42, *command, user=few).err)
        self.assertEqual(pathlib.Path(f'{end}.frm').stat().st_size, 4096)
        pathlib.Path(f'{end}.frm').unlink()
        self.assertIn('is put together again', self.run_code(0, *command, user=few).err)
        self.arrive('healed with FILE')
        self.run_code(0, 'undo')
        self.arrive('undone')

    def test_a_definition_without_a_table_is_no_journal(self):
        """What a crash within CREATE TABLE leaves."""
        command = self.begin()
        self.assertEqual(command, ('restore', '--swap'))
        folder = self.path((self.source(), JOURNAL)).parent
        journal = next(folder.parent.glob(f'*/{JOURNAL}.frm'))
        self.server.sql(f'DROP TABLE IF EXISTS `{self.server.value("SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = " + repr(JOURNAL))}`.`{JOURNAL}_copy`')
        copy = journal.with_name(f'{JOURNAL}_copy.frm')
        shutil.copy2(journal, copy)
        shutil.chown(copy, journal.owner(), journal.group())
        self.run_code(0, *command)
        self.arrive('with a definition left over')

    def test_a_file_that_keeps_the_name_of_a_trigger_is_named(self):
        """What a crash within DROP TRIGGER leaves."""
        if self.live == 'ruined':
            self.run_code(0, 'restore', self.archive)
            self.arrive('restored')
        pairs = self.kill_in_its_rename(('undo',))  # the triggers are dropped by then
        self.assertTrue(pairs)
        file = self.path((SHOP, 'child_before')).with_suffix('.TRN')
        file.write_text('TYPE=TRIGGERNAME\ntrigger_table=child\n')
        told = self.run_code(42, 'undo').err
        self.assertIn(f'delete the file {file}', told)
        file.unlink()
        self.run_code(0, 'undo')
        self.arrive('undone when the file was gone')

    def test_a_table_torn_within_its_partitions_is_left_alone(self):
        command = self.begin()
        pairs = self.kill_in_its_rename(command)
        at = next(at for at, (start, _) in enumerate(pairs) if start == (SHOP, 'parts'))
        self.rename(pairs[:at])
        (there, here), files = pairs[at], list(map(self.path, pairs[at]))

        def move_first(start, end):
            """The server looks into a definition for the engine alone: any one of InnoDB does."""
            shutil.copy(f"{self.path(('mysql', 'innodb_table_stats'))}.frm", f'{self.path(start)}#P#p0.frm')
            self.server.sql('RENAME TABLE `{}`.`#mysql50#parts#P#p0` TO `{}`.`#mysql50#parts#P#p0`; FLUSH TABLES'.format(start[0], end[0]))
            pathlib.Path(f'{self.path(end)}#P#p0.frm').unlink()

        move_first(there, here)
        told = self.run_code(42, *command).err
        self.assertIn('some of its partitions', told)
        self.assertIn(f'{files[0]}#P#*', told)
        self.assertTrue(pathlib.Path(f'{files[0]}.frm').exists())
        self.assertFalse(pathlib.Path(f'{files[1]}.frm').exists())
        move_first(here, there)
        self.run_code(0, *command)
        self.arrive('finished when it stood together again')
        self.run_code(0, 'undo')
        self.arrive('undone')


if __name__ == '__main__':
    unittest.main()
