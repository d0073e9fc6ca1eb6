#!/usr/bin/env python3
"""A restore in two acts: --prepare by day, --swap at night, or --abort.

What is live, and what is left, is told by the server.
"""
# ctest: cost=50 kinds=mariadb-10.11,mysql-9.7,mysql-5.6,oceanbase-4.3.5 others=Prepared.test_prepared_by_day_and_swapped_at_night,Prepared.test_a_killed_swap_goes_on_or_is_done others.oceanbase-4.3.5=Prepared.test_prepared_by_day_and_swapped_at_night

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, Server  # noqa: E402
from support.talk import Talk  # noqa: E402

SCHEMA = """
CREATE DATABASE `shop` CHARACTER SET utf8mb4; CREATE DATABASE `crm` CHARACTER SET utf8mb4;
USE `shop`;
CREATE TABLE `parent` (`id` int PRIMARY KEY, `v` varchar(20)) ENGINE=InnoDB;
CREATE TABLE `child` (`id` int PRIMARY KEY, `p` int, KEY `by_p` (`p`),
  CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `parent` (`id`)) ENGINE=InnoDB;
CREATE TABLE `t` (`id` int PRIMARY KEY AUTO_INCREMENT, `v` varchar(200)) AUTO_INCREMENT=77;
CREATE TABLE `empty` (`id` int PRIMARY KEY);
CREATE TABLE `crm`.`person` (`id` int PRIMARY KEY, `v` varchar(20)) PARTITION BY HASH (`id`) PARTITIONS 2;
INSERT INTO `parent` VALUES (1, 'a'), (2, 'b');
INSERT INTO `child` VALUES (10, 1), (12, NULL);
INSERT INTO `t` VALUES (1, 'one'), (2, NULL), (5, '数据');
INSERT INTO `crm`.`person` VALUES (1, 'x');
CREATE VIEW `v_t` AS SELECT `id`, `v` FROM `t`;
CREATE TRIGGER `t_before` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.`v` = COALESCE(NEW.`v`, 'x');
CREATE PROCEDURE `p_t` () SELECT COUNT(*) FROM `t`;
"""
RUIN = """
USE `shop`;
DROP TRIGGER `t_before`; ALTER TABLE `t` ADD COLUMN `added` int; UPDATE `t` SET `v` = 'ruined';
DROP PROCEDURE `p_t`; CREATE PROCEDURE `p_added` () SELECT 1; UPDATE `crm`.`person` SET `v` = 'ruined';
CREATE TABLE `work` (`id` int PRIMARY KEY AUTO_INCREMENT);
"""


class Prepared(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server.sql(SCHEMA)
        cls.before = cls.take()
        cls.archive, cls.other = cls.folder / 'both.sql.zst', cls.folder / 'other.sql.zst'
        cls.program.ok('dump', *cls.server.client_options(), 'shop', 'crm', '-o', cls.archive)
        cls.program.ok('dump', *cls.server.client_options(), 'shop', '-o', cls.other)

    def setUp(self):
        self.server.sql('SET FOREIGN_KEY_CHECKS = 0;' + ''.join(f'DROP DATABASE `{name}`;' for name in self.server.databases()))
        self.server.sql(SCHEMA)
        self.server.sql(RUIN)
        self.ruined = self.take()

    @classmethod
    def take(cls):
        return fingerprint.take(cls.server, ['shop', 'crm'])

    def restore(self, *args, code=0):
        return self.program.run('restore', *self.server.client_options(), '--yes', *args).expect(code)

    def prepare(self, *args, code=0):
        return self.restore('--prepare', *args, *(() if self.archive in args or self.other in args else (self.archive,)), code=code)

    def left(self):
        answer = self.program.ok('status', *self.server.client_options(), '--json').out
        return [(left['kind'], sorted(left['databases'])) for left in json.loads(answer)['leftovers']]

    def staging(self):
        return sorted(name for name in self.server.databases() if '__dbomsbak_new_' in name)

    def ours(self):
        return [name for name in self.server.databases() if 'dbomsbak' in name]

    def assert_live_is(self, expected, about):
        fingerprint.expect_equal(expected, self.take(), about)

    def wait_until_noticed(self):
        """The server needs a moment to see that a killed program is gone: till then its lock is held."""
        self.server.wait_for("SELECT COALESCE(IS_USED_LOCK('dbomsbak'), 0)", '0', 60)

    def note_of_proof(self):
        """Journal, and what it says of the proof: a JSON object."""
        journal = f'`{self.staging()[0]}`.`__dbomsbak_journal`'
        return journal, json.loads(self.server.value(
            f"SELECT CAST(`payload` AS CHAR) FROM {journal} WHERE `event` = 'done' AND `payload` LIKE '%objects%'"))

    def let_definitions_print_otherwise(self, table, server):
        """As if that server had proved them, and had printed this table in other words."""
        journal, note = self.note_of_proof()
        if server:
            note['server'] = server
        for entry in note['objects']:
            if entry[2] == table:
                entry[3] = '0' * 64
        self.server.sql(f"UPDATE {journal} SET `payload` = '{json.dumps(note)}' WHERE `event` = 'done' AND `payload` LIKE '%objects%'")

    def test_a_server_that_prints_otherwise_since_its_upgrade_has_changed_nothing(self):
        # The archive has the words of this server: they are compared.
        self.prepare()
        self.let_definitions_print_otherwise('t', 'MariaDB 10.11.0')
        self.restore('--swap')
        self.assert_live_is(self.before, 'dumped, and swapped behind an upgrade')
        self.setUp()
        self.prepare()
        self.let_definitions_print_otherwise('t', 'MariaDB 10.11.0')
        self.server.sql(f'ALTER TABLE `{self.staging()[1]}`.`t` ADD COLUMN `w` int')
        self.assertIn('Somebody has changed the prepared copy', self.restore('--swap', code=24).err)
        self.assert_live_is(self.ruined, 'live, before and after a refused swap')
        # A plain dump tells too little: then that is said, and the copy is made anew.
        plain = self.folder / 'text.sql'
        plain.write_text(self.program.ok('cat', self.archive).out)
        for way in ('--swap', plain):
            self.setUp()
            self.restore('--prepare', plain)
            self.let_definitions_print_otherwise('t', 'MariaDB 10.11.0')
            refused = self.restore(way, code=34)
            for word in ('was proved on MariaDB 10.11.0', 'cannot be told', '`t`', '--prepare'):
                self.assertIn(word, refused.err)
            self.assert_live_is(self.ruined, 'live, before and after a refused swap')
            self.restore('--prepare', plain)
            self.restore('--swap')
            self.assert_live_is(self.before, 'dumped, and swapped')

    # By day and at night --------------------------------------------------------------------------

    def test_prepared_by_day_and_swapped_at_night(self):
        """A writer goes on until the swap, definitions change meanwhile: all of that is displaced, nothing is lost or extra."""
        stop = threading.Event()

        def work():
            while not stop.is_set():
                self.server.sql('INSERT INTO `shop`.`work` VALUES ()')

        writer = threading.Thread(target=work)
        writer.start()
        try:
            told = json.loads(self.prepare('--json').out)
            worked = int(self.server.value('SELECT COUNT(*) FROM `shop`.`work`'))
        finally:
            stop.set()
            writer.join()
        self.assertTrue(told['prepared'])
        self.assertFalse(told['swapped'])
        self.assertEqual((told['tables_proved'], told['rows_proved']), (5, 8))
        if DEFAULT_KIND not in ('mysql-5.6', 'oceanbase-4.3.5'):
            self.assertEqual(told['rows_unwatched'], 1)  # of the partitioned table alone
        self.assertGreater(worked, 0)
        self.server.sql('DELETE FROM `shop`.`work`; ALTER TABLE `shop`.`work` AUTO_INCREMENT = 1')
        self.assert_live_is(self.ruined, 'live, before and after --prepare')
        self.assertEqual(self.left(), [('prepared', ['crm', 'shop'])])

        # The upgrade goes on: a table, a view and a trigger that the archive knows nothing of.
        self.server.sql('USE `shop`; CREATE TABLE `later` (`id` int PRIMARY KEY); INSERT INTO `later` VALUES (1);'
                        'CREATE VIEW `v_later` AS SELECT * FROM `later`;'
                        'CREATE TRIGGER `later_before` BEFORE INSERT ON `t` FOR EACH ROW SET @t = 1')
        late = self.take()
        plan = json.loads(self.restore('--swap', '--dry-run', '--json').out)['plan']
        self.assertIn('table `shop`.`later`', plan['removed'])
        self.assertEqual(plan['rows'], 0)
        self.assert_live_is(late, 'live, before and after a dry run')
        swapped = json.loads(self.restore('--swap', '--json').out)
        self.assertTrue(swapped['swapped'])
        self.assert_live_is(self.before, 'dumped, and swapped')
        self.assertEqual(self.staging(), [])
        self.assertEqual(self.left(), [('displaced-copy', ['crm', 'shop'])])
        self.program.ok('undo', *self.server.client_options(), '--yes')
        self.assert_live_is(late, 'live before the swap, and undone')

    def test_aborted_it_leaves_nothing(self):
        self.prepare()
        self.assertEqual(len(self.staging()), 2)
        told = self.program.ok('purge', *self.server.client_options(), '--yes')
        self.assertIn('prepared restore', told.err)
        self.assertIn('nothing is left to drop', told.err)
        shown = self.restore('--abort', '--dry-run')
        self.assertIn('prepared restore', shown.out)
        self.assertEqual(len(self.staging()), 2)
        self.restore('--abort')
        self.assertEqual(self.ours(), [])
        self.assert_live_is(self.ruined, 'live, before and after --abort')
        self.assertIn('no restore is prepared', self.restore('--abort', code=34).err)
        self.assertIn('no restore is prepared', self.restore('--swap', code=34).err)

    def test_a_prepared_copy_outlives_the_server_and_serves_a_plain_restore(self):
        self.prepare()
        self.server.stop()
        self.server.start()
        if DEFAULT_KIND != 'mysql-5.6':  # which forgets the counters of live tables
            self.assert_live_is(self.ruined, 'live, behind a restart')
        self.assertIn('reading 8 rows again', self.restore('--swap').err)  # what it knew of writes is gone
        self.assert_live_is(self.before, 'dumped, and swapped behind a restart')
        self.prepare()
        staging = self.staging()
        told = self.restore(self.archive).err
        self.assertIn('nothing is loaded again', told)
        self.assertIn(staging[0].rsplit('_', 1)[1], told)
        self.assert_live_is(self.before, 'restored from a prepared copy')
        self.assertEqual(self.staging(), [])

    def test_parts_and_new_names_are_prepared_as_well(self):
        self.prepare('--only', 'shop.t', '--keep-extra')
        self.prepare('--as', 'shop=shop_then', '--as', 'crm=crm_then')
        self.assertEqual([kind for kind, _ in self.left()], ['prepared', 'prepared'])
        several = self.restore('--swap', code=2)
        for word in ('2 restores are prepared', '--only shop.t --keep-extra', "--as 'crm=crm_then' --as 'shop=shop_then'", 'both.sql.zst'):
            self.assertIn(word, several.err)
        self.restore('--abort', code=2)
        self.restore('--swap', '--as', 'shop=shop_then', code=34)
        self.restore('--swap', '--as', 'shop=shop_then', '--as', 'crm=crm_then', self.archive)
        self.assertEqual(self.server.value('SELECT GROUP_CONCAT(`id` ORDER BY `id`) FROM `shop_then`.`t`'), '1,2,5')
        self.assert_live_is(self.ruined, 'beside it')
        self.restore('--swap')
        now = self.take()
        of_t = {key: value for key, value in self.before['shop'].items() if key[1] in ('t', 't_before')}
        self.assertEqual({key: now['shop'][key] for key in of_t}, of_t)
        rest = {key: value for key, value in self.ruined['shop'].items() if key not in of_t}
        self.assertEqual({key: now['shop'].get(key) for key in rest}, rest)
        self.assertEqual(now['crm'], self.ruined['crm'])

    # What must not be -----------------------------------------------------------------------------

    def test_a_copy_that_somebody_changed_is_not_swapped(self):
        for change in ("UPDATE `{0}`.`t` SET `v` = 'x' WHERE `id` = 1", 'TRUNCATE TABLE `{0}`.`child`', 'INSERT INTO `{0}`.`empty` VALUES (1)',
                       'ALTER TABLE `{0}`.`t` ADD COLUMN `w` int'):
            with self.subTest(change):
                self.prepare()
                copy = self.staging()[1]
                self.server.sql('SET FOREIGN_KEY_CHECKS = 0;' + change.format(copy))
                refused = self.restore('--swap', code=24)
                self.assertIn('Somebody has changed the prepared copy', refused.err)
                self.assert_live_is(self.ruined, 'live, before and after a refused swap')
                self.assertIn('no restore is prepared', self.restore('--swap', code=34).err)
                self.assertEqual([kind for kind, _ in self.left()], ['staging'])
        # Made anew, it is as it should be.
        self.prepare()
        self.assertNotIn(copy, self.staging())
        self.assertEqual(len(self.staging()), 2)
        self.restore('--swap')
        self.assert_live_is(self.before, 'dumped, and swapped in the end')

    def test_a_changed_copy_is_left_by_the_restore_that_goes_on_from_it(self):
        self.prepare()
        copy = self.staging()[1]
        self.server.sql(f"UPDATE `{copy}`.`t` SET `v` = 'x' WHERE `id` = 1")
        self.restore(self.archive, code=24)
        self.assertEqual(self.server.value(f'SELECT `v` FROM `{copy}`.`t` WHERE `id` = 1'), 'x')
        self.assert_live_is(self.ruined, 'live, before and after')
        self.restore(self.archive)
        self.assertNotIn(copy, self.staging())
        self.assert_live_is(self.before, 'restored, loaded anew')

    def test_rows_of_a_plain_dump_are_watched_as_well(self):
        """It tells no digests; and of a partitioned table no server tells all writes."""
        plain = self.folder / 'plain.sql'
        self.program.ok('dump', *self.server.client_options(), '--overwrite', 'crm', '-o', plain)
        self.restore('--prepare', plain)
        self.server.sql(f"UPDATE `{self.staging()[0]}`.`person` SET `v` = 'y'")
        self.restore('--swap', code=24)
        self.restore('--prepare', plain)
        self.restore('--swap', plain)
        self.assert_live_is(self.ruined, 'dumped, and swapped')

    def test_definitions_are_those_that_were_proved_whatever_the_files_tell(self):
        """A plain dump and a portable one tell less than the server does; nor does a plain restore go on from what was changed."""
        plain, portable = self.folder / 'short.sql', self.folder / 'portable.sql.zst'
        self.program.ok('dump', *self.server.client_options(), '--overwrite', 'shop', '-o', plain)
        self.program.ok('dump', *self.server.client_options(), '--overwrite', '--ddl', 'portable', 'shop', '-o', portable)
        expected = self.take()
        for file, way, change in ((plain, '--swap', 'ADD KEY `by_v` (`v`)'), (plain, plain, "ALTER COLUMN `v` SET DEFAULT 'z'"),
                                  (portable, '--swap', 'MODIFY `v` varchar(201)'), (portable, portable, "COMMENT 'mine'")):
            with self.subTest(f'{way}: {change}'):
                self.restore('--prepare', file)
                self.server.sql(f'ALTER TABLE `{self.staging()[0]}`.`t` {change}')
                refused = self.restore(way, code=24)
                self.assertIn('`t` has another definition than when it was proved', refused.err)
                fingerprint.expect_equal(expected, self.take(), 'live, before and after a refused swap')
        # Rows, too, when a plain restore of a plain dump goes on from it.
        self.restore('--prepare', plain)
        self.server.sql(f"UPDATE `{self.staging()[0]}`.`t` SET `v` = 'y' WHERE `id` = 1")
        self.restore(plain, code=24)
        fingerprint.expect_equal(expected, self.take(), 'live, before and after a refused restore')
        self.restore(plain)
        fingerprint.expect_equal(expected, self.take(), 'dumped, and restored')

    def test_what_somebody_made_in_staging_is_told_and_left(self):
        made = ('CREATE VIEW `{0}`.`v_t` AS SELECT 1 AS `one`', 'CREATE TABLE `{0}`.`mine` (`id` int)', 'CREATE PROCEDURE `{0}`.`mine` () SELECT 1',
                'CREATE TRIGGER `{0}`.`mine` BEFORE DELETE ON `{0}`.`t` FOR EACH ROW SET @x = 1',
                'CREATE EVENT `{0}`.`mine` ON SCHEDULE EVERY 1 DAY DO SET @x = 1')
        for way in ('--swap', self.archive):
            self.prepare()
            copy = self.staging()[1]
            for statement in made:
                self.server.sql(statement.format(copy))
            refused = self.restore(way, code=24)
            left = repr(fingerprint.take(self.server, [copy]))
            for kind, name in (('view', 'v_t'), ('table', 'mine'), ('procedure', 'mine'), ('trigger', 'mine'), ('event', 'mine')):
                with self.subTest(f'{kind}, {way}'):
                    self.assertIn(f'{kind} `{copy}`.`{name}` does not belong there', refused.err)
                    self.assertIn(name, left)
            self.assert_live_is(self.ruined, 'live, before and after a refused swap')
            self.restore('--abort')

    def test_writes_of_which_no_time_tells_are_seen(self):
        """Where a time cannot be trusted, rows are read again; storage that was put in the place of another is none that was proved."""
        server, kind = self.server, DEFAULT_KIND
        server.sql('''CREATE DATABASE `odd`; USE `odd`; CREATE TABLE `i` (`id` int PRIMARY KEY, `v` varchar(9)) ENGINE=InnoDB;
INSERT INTO `i` VALUES (1, 'a'), (2, 'b'); CREATE TABLE `no-plain-name` LIKE `i`; INSERT INTO `no-plain-name` SELECT * FROM `i`;''')
        engines = {'mariadb': ('Aria', 'MyISAM', 'MEMORY'), 'mysql': ('MyISAM', 'MEMORY')}.get(kind.split('-')[0], ())
        for engine in engines:
            server.sql(f'CREATE TABLE `odd`.`{engine}` (`id` int PRIMARY KEY, `v` varchar(9)) ENGINE={engine}; INSERT INTO `odd`.`{engine}` SELECT * FROM `odd`.`i`')
        file = self.folder / 'odd.sql.zst'
        self.program.ok('dump', *server.client_options(), '--overwrite', 'odd', '-o', file)

        def imported(copy):
            data = pathlib.Path(server.folder) / 'data'
            with Talk(server, 'odd') as talk:
                talk.must('CREATE TABLE `other` LIKE `i`')
                talk.must("INSERT INTO `other` VALUES (1, 'a'), (2, 'x')")
                talk.must(f'ALTER TABLE `{copy}`.`i` DISCARD TABLESPACE')
                talk.must('FLUSH TABLES `other` FOR EXPORT')
                for ending in ('.ibd', '.cfg'):
                    shutil.copy(data / 'odd' / f'other{ending}', data / copy / f'i{ending}')
                talk.must('UNLOCK TABLES')
                talk.must(f'ALTER TABLE `{copy}`.`i` IMPORT TABLESPACE')
            (data / copy / 'i.cfg').unlink(missing_ok=True)

        def exchanged(copy):
            server.sql('''CREATE TABLE `parts` (`id` int PRIMARY KEY, `v` varchar(9)) ENGINE=InnoDB PARTITION BY RANGE (`id`) (PARTITION `p` VALUES LESS THAN (9));
INSERT INTO `parts` VALUES (1, 'a'), (2, 'x');''' + f'ALTER TABLE `parts` EXCHANGE PARTITION `p` WITH TABLE `{copy}`.`i`', 'odd')

        def emptied(copy):
            server.sql(f'TRUNCATE TABLE `{copy}`.`i`')

        def written(table):
            return lambda copy: server.sql(f"UPDATE `{copy}`.`{table}` SET `v` = 'x' WHERE `id` = 2")

        ways = {'InnoDB': written('i'), 'odd name': written('no-plain-name'), **{engine: written(engine) for engine in engines}, 'TRUNCATE': emptied}
        if engines:
            ways.update({'IMPORT': imported, 'EXCHANGE': exchanged})
        for name, change in ways.items():
            with self.subTest(name):
                server.sql('DROP TABLE IF EXISTS `odd`.`other`, `odd`.`parts`')
                told = json.loads(self.restore('--prepare', '--json', file).out)
                if kind.startswith(('mariadb', 'mysql-9')):
                    self.assertEqual(told['rows_unwatched'], 2 + 2 * len(engines))
                change(self.staging()[0])
                self.restore('--swap', '--force', code=24)
        self.restore('--prepare', file)
        self.restore('--swap', '--force')

    def test_a_trial_that_was_killed_is_nobodys_work(self):
        """The swap tries what is to come once more where live definitions have changed; what is left of that is ours."""
        self.prepare()
        self.server.sql('CREATE VIEW `shop`.`v_new` AS SELECT 1 AS `one`')
        tool = pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tools' / 'swap_tool'
        done = subprocess.run([tool, f'--socket={self.server.socket}', '--user=root', '--die-before=DROP TRIGGER IF EXISTS', 'swap-prepared'],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, -9, done.stdout + done.stderr)
        self.assertIn('v_t', repr(fingerprint.take(self.server, [self.staging()[1]])))
        self.wait_until_noticed()
        self.restore('--swap')
        self.assert_live_is(self.before, 'dumped, and swapped behind a killed trial')

    def test_wrong_orders_are_refused_and_lose_nothing(self):
        self.assertIn('restore --prepare', self.restore('--swap', code=34).err)
        for ways in (('--prepare', '--swap'), ('--swap', '--abort'), ('--rehearse', '--prepare'), ('--swap', '--allow-partial'),
                     ('--abort', '--allow-filtered')):
            self.restore(*ways, self.archive, code=2)
        self.restore('--prepare', code=2)
        self.prepare()
        made = self.staging()
        for refused in (self.restore('--swap', self.other, code=34), self.restore('--abort', self.other, code=34),
                        self.restore('--swap', '--keep-extra', code=34)):
            self.assertIn("both.sql.zst" if 'prepared is:' in refused.err else 'nothing of these files', refused.err)
        for another in (self.prepare(self.other, code=34), self.restore(self.other, code=34), self.restore('--rehearse', self.archive, code=34)):
            self.assertIn('is prepared: make it live with', another.err)
            self.assertIn('both.sql.zst', another.err)
        self.assertIn('nothing is loaded again', self.prepare().err)
        self.assertEqual(self.staging(), made)
        if 'oceanbase' not in DEFAULT_KIND:
            self.assertIn('prepared without --skip-binlog', self.restore('--swap', '--skip-binlog', code=34).err)
        with Talk(self.server, 'shop') as talk:
            talk('SELECT 1')
            self.assertIn('stop the application', self.restore('--swap', code=34).err)
        self.assert_live_is(self.ruined, 'live, whatever was refused')
        self.server.wait_for("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = 'shop'", '0')
        self.restore('--swap', self.archive)
        self.assert_live_is(self.before, 'dumped, and swapped')

    # Killed ---------------------------------------------------------------------------------------

    def killed_while_preparing(self):
        process = self.program.start('restore', *self.server.client_options(), '--yes', '--prepare', self.archive)
        while process.poll() is None and not self.staging():
            pass
        process.kill()
        process.communicate()
        self.wait_until_noticed()

    def killed_before_its_rename(self):
        """A writer holds what the RENAME wants."""
        with Talk(self.server) as holder:
            holder('START TRANSACTION')
            holder('UPDATE `shop`.`t` SET `id` = `id` WHERE `id` = 1')
            process = self.program.start('restore', *self.server.client_options(), '--yes', '--swap', '--lock-wait', 100)
            waiting = ("SELECT MAX(ID) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'RENAME TABLE%' OR INFO LIKE 'DROP TRIGGER%' "
                       "OR INFO LIKE 'LOCK TABLES%'")
            while process.poll() is None and self.server.value(waiting) == 'NULL':
                time.sleep(0.05)
            self.assertIsNone(process.poll(), 'the swap did not wait')
            process.kill()
            process.communicate()
            self.server.try_sql(f'KILL {self.server.value(waiting)}')
            self.server.wait_for(f'SELECT COALESCE(({waiting}), 0)', '0', 60)
        self.wait_until_noticed()

    def killed_behind_its_rename(self):
        process = self.program.start('restore', *self.server.client_options(), '--yes', '--swap')
        moved = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'work'"
        with Talk(self.server) as talk:
            while process.poll() is None and talk(moved) != ['0']:
                pass
        process.kill()
        process.communicate()
        self.wait_until_noticed()

    def test_a_killed_preparation_goes_on_or_is_swept(self):
        self.killed_while_preparing()
        self.assert_live_is(self.ruined, 'live, when --prepare was killed')
        self.assertIn('--prepare', self.restore('--swap', code=34).err)
        self.prepare()
        self.assertEqual(self.left(), [('prepared', ['crm', 'shop'])])
        self.restore('--abort')
        self.killed_while_preparing()
        self.restore('--abort', code=0 if self.staging() else 34)
        self.assertEqual(self.ours(), [])
        self.assert_live_is(self.ruined, 'live, when --prepare was killed and swept')

    def test_a_killed_swap_goes_on_or_is_done(self):
        self.prepare()
        made = self.staging()
        self.killed_before_its_rename()
        self.assertIn('open-window', [kind for kind, _ in self.left()])
        self.assertIn('nothing is loaded again', self.prepare().err)
        self.assertEqual(self.staging(), made)
        self.assert_live_is(self.ruined, 'live, taken back by --prepare')
        self.killed_before_its_rename()
        self.restore('--swap')
        self.assert_live_is(self.before, 'dumped, and swapped at the third try')
        self.assertEqual(self.staging(), [])
        self.program.ok('undo', *self.server.client_options(), '--yes')
        self.prepare()
        self.killed_behind_its_rename()
        swept = not self.staging()  # the kill came when all was done
        again = self.restore('--swap', code=34 if swept else 0)
        self.assertIn('no restore is prepared' if swept else 'finishing the interrupted run was all', again.err)
        self.assert_live_is(self.before, 'dumped, and swapped by whoever came next')
        self.assertEqual(self.staging(), [])

    def test_a_killed_swap_is_aborted(self):
        for kill in (self.killed_before_its_rename, self.killed_behind_its_rename):
            with self.subTest(kill.__name__):
                self.prepare()
                kill()
                window = ('open-window', ['crm', 'shop']) in self.left()
                if window:
                    self.assertIn('`dbomsbak restore --abort` makes live what was live before', self.restore('--abort', '--dry-run').out)
                aborted = self.restore('--abort', code=0 if window else 34).err
                if window:
                    self.assertEqual('bringing back what was live before the restore' in aborted, kill == self.killed_behind_its_rename)
                    self.assert_live_is(self.ruined, 'live before the swap, and aborted')
                self.assertEqual(self.staging(), [])


if __name__ == '__main__':
    unittest.main()
