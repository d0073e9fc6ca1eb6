#!/usr/bin/env python3
# ctest: cost=90 timeout=900
"""A swap that stands half way, or ends in something it could not see coming: each is told with what to do next."""

import json
import os
import pathlib
import signal
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import messages_seen  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402
from support.swap_world import World  # noqa: E402
from support.talk import Talk  # noqa: E402
from support.terminal import on_terminal  # noqa: E402

A, B = 'swap_a', 'swap_b'


class Pair(World):
    """Two databases with a table each, and in the first a trigger, a view and a table without transactions."""

    def make_good(self):
        self.server.sql(self.named('''
DROP DATABASE IF EXISTS @A@; CREATE DATABASE @A@; DROP DATABASE IF EXISTS @B@; CREATE DATABASE @B@;
CREATE TABLE @A@.t (a INT) ENGINE=InnoDB; CREATE TABLE @B@.t (a INT) ENGINE=InnoDB; CREATE TABLE @A@.heap (a INT) ENGINE=MyISAM;
CREATE VIEW @A@.v AS SELECT a FROM @A@.t; USE @A@; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
'''))

    def ruin(self):
        self.server.sql(self.named('INSERT INTO @A@.t VALUES (7); CREATE OR REPLACE VIEW @A@.v AS SELECT a + 1 AS a FROM @A@.t'))


class HalfWay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.archive = cls.folder / 'both.sql.zst'

    def setUp(self):
        for name in self.server.databases():
            if '__dbomsbak_' in name or name in (A, B):
                self.server.sql(f'SET foreign_key_checks=0; DROP DATABASE `{name}`')
        self.world = Pair(self.server)
        self.addCleanup(self.world.file.unlink, missing_ok=True)

    def prepare(self):
        self.world.make_good()
        self.run_code(0, 'dump', A, B, '-o', self.archive, '--overwrite')
        self.world.remember()
        self.world.stage('00000001')
        self.world.ruin()

    def run_code(self, code, command, *args, user=('root',)):
        return self.program.run(command, *self.server.client_options(*user), *args).expect(code)

    def tool(self, code, *words, options=()):
        self.world.run(*words, expect=code, lock_wait=1, lock_tries=1, options=options)
        return self.world.output

    def swap(self, code, *options):
        return self.tool(code, 'swap', self.world.file, '00000001', options=options)

    # The window is open ---------------------------------------------------------------------------

    def test_what_would_not_heal_it_says_so(self):
        self.prepare()
        self.swap(-9, '--die-before=RENAME TABLE')
        told = self.run_code(42, 'check', A, B)
        self.assertIn(f'a swap was interrupted in its window: `{A}', told.out)
        self.assertIn('The same command takes that back and begins anew', told.out)
        self.assertIn('takes it back first, and then does its own work', told.out)
        told = json.loads(self.run_code(42, 'check', A, B, '--json').out)
        self.assertTrue([one for one in told['findings'] if 'interrupted in its window' in one['message'] and one['remedy']])
        told = self.run_code(42, 'dump', A, '-o', self.folder / 'x.sql.zst')
        self.assertIn('is at its swap or was interrupted there', told.err)
        told = self.run_code(34, 'undo', '--dry-run')
        self.assertIn(f'the restore of `{A}`, `{B}` was interrupted and is not healed yet', told.err)
        self.assertIn('Run the command without --dry-run', told.err)
        told = self.run_code(34, 'purge', '--dry-run')
        self.assertIn(f'not purged: the restore of `{A}`, `{B}` is not finished; trigger', told.err)
        self.assertIn('Nothing was dropped. Put right what is named', told.err)
        self.run_code(34, 'purge', '--dry-run', '--force')
        told = self.run_code(34, 'restore', '--dry-run', self.archive)
        self.assertIn(f'an interrupted swap of {A}, {B} is open: ', told.out)
        self.tool(0, 'heal')

    def test_a_rename_that_somebody_did_in_part_is_left_to_him(self):
        self.prepare()
        self.swap(-9, '--die-before=RENAME TABLE')
        [old] = [name for name in self.server.databases() if name.startswith(f'{B}__dbomsbak_old_')] or [f'{B}__dbomsbak_old_1']
        self.server.sql(f'CREATE DATABASE IF NOT EXISTS `{old}`; RENAME TABLE `{B}`.t TO `{old}`.t')
        told = self.tool(42, 'heal')
        self.assertIn('the RENAME of set ', told)
        self.assertRegex(told, 'was done in part: table `.*` has not moved')
        self.assertIn('Put them where they were', told)
        self.server.sql(f'RENAME TABLE `{old}`.t TO `{B}`.t')
        self.tool(0, 'heal')

    def test_what_cannot_be_put_back_is_named(self):
        self.prepare()
        self.swap(-9, '--die-before=RENAME TABLE')
        told = self.tool(42, 'heal', options=['--refuse=TRIGGER'])
        self.assertIn('no table was swapped, but not everything could be put back: ', told)
        self.assertIn('it puts back the rest first', told)
        with Talk(self.server):
            told = self.tool(42, 'heal', options=['--refuse=TRIGGER'])
        self.assertRegex(told, 'could be put back: .*refused by this test; in the way: perhaps session')
        self.tool(0, 'heal')

    # Behind the RENAME ----------------------------------------------------------------------------

    def test_what_fails_right_behind_the_rename_is_told_as_a_swap_that_is_not_finished(self):
        for kind, code, words, hint in (
                ('refused', 42, 'the tables are swapped, but the rest is not finished: ', 'it finishes the swap first'),
                ('memory', 42, 'the tables are swapped, but the rest is not finished: out of memory, or a fault of this program',
                 'it finishes the swap first'),
                ('lost', 15, 'the session was lost while the window was open: ', 'Run any dbomsbak command that changes this server')):
            with self.subTest(kind):
                self.setUp()
                self.prepare()
                told = self.swap(code, '--after=RENAME TABLE', f'--fail={kind}:')
                self.assertIn(words, told)
                self.assertIn(hint, told)
                self.assertIn('it is finished now', self.tool(0, 'heal'))

    def test_who_keeps_a_swap_from_its_end_is_named(self):
        self.prepare()
        with Talk(self.server):
            told = self.swap(42, '--after=RENAME TABLE', '--fail=busy:CREATE')
        self.assertRegex(told, 'all tables are swapped, but the rest is not finished: .*busy by this test; in the way: perhaps session')
        self.assertIn('it finishes the swap first', told)
        self.assertIn('it is finished now', self.tool(0, 'heal'))

    def stopped(self, meanwhile, *words, options):
        """What the tool tells when something happens while it is stopped, and its code."""
        command = [self.world.tool, f'--socket={self.server.socket}', '--user=root', *options, *words]
        process = messages_seen.Process([*map(str, command)], stdout=messages_seen.subprocess.PIPE, stderr=messages_seen.subprocess.STDOUT,
                                        text=True)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status), status)
        meanwhile()
        os.kill(process.pid, signal.SIGCONT)
        told, _ = process.communicate(timeout=120)
        return process.returncode, told

    def test_what_somebody_makes_while_the_swap_ends_is_told(self):
        self.prepare()
        code, told = self.stopped(lambda: self.server.sql(f'CREATE TABLE `{A}`.extra (a INT)'), 'swap', self.world.file, '00000001',
                                  options=['--after=RENAME TABLE', '--fail=stop:DROP DATABASE'])
        self.assertEqual(code, 42, told)
        self.assertRegex(told, f'the swap is done, but what is live is not what it should be: table `{A}`.`extra` is ')
        self.assertIn('run the same command again', told)

    def test_what_somebody_changes_behind_the_swap_is_told_with_the_way_back(self):
        self.prepare()
        code, told = self.stopped(lambda: self.server.sql(f'CREATE OR REPLACE VIEW `{A}`.v AS SELECT 3 AS a'), 'restore', self.archive,
                                  options=['--after=RENAME TABLE', '--fail=stop:SELECT * FROM information_schema.SCHEMATA'])
        self.assertEqual(code, 42, told)
        self.assertIn('the restored databases are live, but not all is as it shall be', told)
        self.assertIn(f'view `{A}`.`v`', told)
        self.assertIn('undo', told)

    def test_what_cannot_be_read_again_behind_the_swap_is_told_as_that(self):
        self.prepare()
        told = self.tool(42, 'restore', self.archive,
                         options=['--after=RENAME TABLE', '--fail=refused:SELECT * FROM information_schema.SCHEMATA'])
        self.assertIn('are live, but could not be read again to compare their definitions: refused by this test', told)
        self.assertIn('do not restore again', told)

    # Displaced copies -----------------------------------------------------------------------------

    def test_a_copy_that_lacks_a_table_is_not_swapped_back(self):
        self.prepare()
        self.swap(0)
        self.server.sql(f'DROP TABLE `{B}__dbomsbak_old_1`.t')
        told = self.run_code(34, 'undo', '--yes')
        self.assertIn(f'undo is not possible: table `{B}__dbomsbak_old_1`.`t` is missing in the displaced copy', told.err)
        self.assertIn('Nothing was changed', told.err)

    def test_who_holds_the_lock_may_be_hidden_from_the_account(self):
        self.prepare()
        self.swap(0)
        self.server.create_account('few', 'x', grants=[
            'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, '
            'EXECUTE, REFERENCES, INDEX, LOCK TABLES, SUPER, SHOW DATABASES ON *.*'])
        with Talk(self.server) as holder:
            holder.must(f'START TRANSACTION; SELECT * FROM `{B}`.t')
            told = self.run_code(33, 'undo', '--yes', '--lock-wait', 1, user=('few', 'x'))
        self.server.drop_account('few')
        self.assertRegex(told.err, r'\(tried \d+ times\); in the way: nobody this account may see')
        self.assertIn('GRANT PROCESS ON *.*', told.err)

    # Refused by the operator ----------------------------------------------------------------------

    def test_what_is_not_confirmed_is_not_done(self):
        self.prepare()
        options = self.server.client_options()

        def decline(command, *args):
            code, told = on_terminal(self.program, [('[y/N]', 'n\n')], command, *options, *args, cwd=self.folder)
            self.assertEqual(code, 130, told)
            return told

        for name in self.server.databases():
            if '__dbomsbak_new_' in name:
                self.server.sql(f'SET foreign_key_checks=0; DROP DATABASE `{name}`')
        before = self.world.print()
        told = decline('restore', self.archive)
        self.assertIn('the restore was not confirmed; nothing was changed', told)
        self.assertIn('add --yes', told)
        self.run_code(0, 'restore', '--prepare', '--yes', self.archive)
        self.assertIn('the swap was not confirmed; nothing was changed', decline('restore', '--swap'))
        told = decline('restore', '--abort')
        self.assertIn('the abort was not confirmed; nothing was dropped', told)
        self.assertIn('add --yes', told)
        self.assertEqual(self.world.print(), before)
        self.run_code(0, 'restore', '--swap', '--yes')
        swapped = self.world.print()
        for command, words in (('undo', 'undo was not confirmed; nothing was changed'),
                               ('purge', 'purge was not confirmed; nothing was dropped')):
            told = decline(command)
            self.assertIn(words, told)
            self.assertIn('add --yes', told)
        self.assertEqual(self.world.print(), swapped)
        self.assertTrue([name for name in self.server.databases() if '__dbomsbak_old_' in name])

    # What is held too long, or not at all --------------------------------------------------------------------------

    def test_a_table_that_somebody_keeps_locked_is_told_with_who_does_where_that_can_be_seen(self):
        self.world.make_good()
        for grants, seen in (('SELECT, SHOW VIEW, TRIGGER, EVENT', False), ('SELECT, SHOW VIEW, TRIGGER, EVENT, PROCESS', True)):
            self.server.create_account('reader', 'x', grants=[f'{grants} ON *.*'])
            with Talk(self.server) as holder:
                holder.must(f'LOCK TABLES `{B}`.t WRITE')
                told = self.run_code(33, 'dump', B, '--lock-wait', 1, '-o', self.folder / 'locked.sql.zst', user=('reader', 'x')).err
            self.server.drop_account('reader')
            self.assertRegex(told, rf'tables of `{B}` were locked or being altered by others in \d+ tries')
            self.assertIn('in the way: session' if seen else 'GRANT PROCESS', told)

    def test_tables_that_nothing_can_hold_still_are_named_with_the_grant(self):
        self.world.make_good()
        self.server.create_account('reader', 'x', grants=['SELECT, SHOW VIEW, TRIGGER, EVENT ON *.*'])
        told = self.run_code(13, 'check', A, user=('reader', 'x'))
        self.server.drop_account('reader')
        self.assertIn(f'1 of the tables have no transactions (`{A}`.`heap` …) and cannot be held still', told.out)
        self.assertIn('GRANT RELOAD ON *.* TO', told.out)


if __name__ == '__main__':
    unittest.main()
