#!/usr/bin/env python3
# ctest: cost=400 labels=pipeline timeout=1800 kinds=mariadb-10.11,mysql-9.7 others=Restore.test_all_missing_privileges_are_named_with_their_grants
"""Restore where it does not go smoothly: killed and run again, refused, and a copy that differs.

What the databases hold is judged by the server and the `mysql` client (support/fingerprint.py).
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, Server  # noqa: E402

DATABASE = 'oms_rm'

# `plain` has no transactions and so comes first, in some four frames; `big` has some eleven; `small` stands in the last.
SCHEMA = """
CREATE DATABASE `oms_rm` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `oms_rm`;
CREATE TABLE `big` (`id` int PRIMARY KEY AUTO_INCREMENT, `v` varchar(600) NOT NULL);
INSERT INTO `big` SELECT `seq`, REPEAT(MD5(`seq`), 16) FROM `seq_1_to_90000`;
CREATE TABLE `plain` (`id` int PRIMARY KEY, `v` varchar(600)) ENGINE=MyISAM;
INSERT INTO `plain` SELECT `seq`, REPEAT(MD5(`seq`), 16) FROM `seq_1_to_30000`;
CREATE TABLE `small` (`id` int PRIMARY KEY AUTO_INCREMENT, `f` float, `t` text) AUTO_INCREMENT=77;
INSERT INTO `small` VALUES (1, 1.1, NULL), (2, 1.1754944e-38, ''), (5, -0.0, '数据\\\\n');
CREATE TRIGGER `small_before` BEFORE INSERT ON `small` FOR EACH ROW SET NEW.`t` = COALESCE(NEW.`t`, 'x');
CREATE VIEW `v_small` AS SELECT `id`, `t` FROM `small`;
CREATE PROCEDURE `p_small` () COMMENT 'kept' SELECT * FROM `v_small`;
CREATE EVENT `e_small` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM `small` WHERE `id` = 0;
"""

RUIN = """
USE `oms_rm`;
ALTER TABLE `small` DROP COLUMN `t`, ADD COLUMN `added` int;
DROP TRIGGER `small_before`;
UPDATE `big` SET `v` = 'ruined' WHERE `id` % 7 = 0;
CREATE TABLE `extra` (`id` int PRIMARY KEY);
TRUNCATE TABLE `plain`;
"""
if DEFAULT_KIND == 'mysql-5.6':  # it shows no view that lost a column, so no dump can hold one
    RUIN += 'CREATE OR REPLACE VIEW `v_small` AS SELECT `id` FROM `small`;'

# Statements that change nothing but the session that sends them.
HARMLESS = ('SELECT', 'SHOW', 'SET SESSION', 'SET NAMES', 'SET @', 'SET CHARACTER', 'SET SQL_', 'USE ', 'EXPLAIN',
            'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'DO RELEASE_LOCK', 'SET AUTOCOMMIT')


class Restore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        # Everywhere by units, that a load which is cut short leaves some of.
        cls.server = cls.enterClassContext(Server(options=['--local-infile=0']))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server.sql(SCHEMA)
        cls.before = fingerprint.take(cls.server, DATABASE)
        cls.archive = cls.folder / 'oms.sql.zst'
        cls.program.ok('dump', *cls.server.client_options(), DATABASE, '-o', cls.archive)

    def setUp(self):
        self.server.sql('SET GLOBAL general_log = 0; SET FOREIGN_KEY_CHECKS = 0;' + ''.join(
            f'DROP DATABASE `{name}`;' for name in self.server.databases()))
        self.server.sql(SCHEMA)
        self.server.sql(RUIN)
        self.ruined = self.take()

    def take(self):
        return fingerprint.take(self.server, DATABASE)

    def restore(self, *args, code=0, archive=None):
        return self.program.run('restore', *self.server.client_options(), '--yes', *args,
                                archive or self.archive).expect(code)

    def ours(self):
        return [name for name in self.server.databases() if 'dbomsbak' in name]

    @contextlib.contextmanager
    def server_session(self):
        """Somebody is in the database."""
        process = subprocess.Popen(self.server.client_command(DATABASE, options=['--unbuffered', '--batch', '--skip-column-names']),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            process.stdin.write('SELECT CONNECTION_ID();\n')
            process.stdin.flush()
            yield process.stdout.readline().strip()
        finally:
            process.kill()
            process.communicate()

    def staging(self):
        return [name for name in self.server.databases() if '__dbomsbak_new_' in name]

    def assert_live_is(self, expected, about):
        fingerprint.expect_equal(expected, self.take(), about)

    def assert_refused(self, code, *words, args=(), archive=None):
        refused = self.restore(*args, code=code, archive=archive)
        for word in words:
            self.assertIn(word, refused.err)
        self.assert_live_is(self.ruined, 'live, before and after a refused restore')
        self.assertEqual(self.ours(), [])
        return refused

    def units_loaded(self):
        for name in self.staging():
            with contextlib.suppress(Exception):
                return int(self.server.value(f'SELECT COUNT(*) FROM `{name}`.`__dbomsbak_load`'))
        return 0

    @contextlib.contextmanager
    def running(self, *args, units=3, archive=None):
        """A restore that has loaded some units, but not all."""
        process = self.program.start('restore', *self.server.client_options(), '--yes', '--jobs', 1, *args,
                                     archive or self.archive)
        try:
            deadline = time.monotonic() + 120
            while self.units_loaded() < units:
                self.assertIsNone(process.poll(), 'restore ended too early')
                self.assertLess(time.monotonic(), deadline, 'nothing is loaded')
            yield process
        finally:
            process.kill()
            process.communicate()
            self.wait_until_noticed()

    def wait_until_noticed(self):
        """The server needs a moment to see that a killed program is gone: till then its lock is held."""
        deadline = time.monotonic() + 60
        while self.server.value("SELECT IS_USED_LOCK('dbomsbak')") != 'NULL' and time.monotonic() < deadline:
            time.sleep(0.05)

    # Killed ---------------------------------------------------------------------------------------

    def test_killed_while_loading_it_goes_on_from_what_is_there(self):
        with self.running(units=8):
            pass
        self.assert_live_is(self.ruined, 'live, after a kill while loading')
        loaded = self.units_loaded()
        self.assertGreaterEqual(loaded, 8)
        staging = self.staging()
        again = self.restore('--progress=json')
        events = map(json.loads, filter(lambda line: line.startswith('{'), again.err.splitlines()))
        load = [event for event in events if event.get('phase') == 'load']
        self.assertGreater(load[0]['rows_done'], 0)
        self.assertEqual(load[-1]['rows_done'], load[-1]['rows_total'])
        self.assertRegex(again.err, rf'{loaded} of \d+ load units are there already')
        self.assertIn(staging[0].rsplit('_', 1)[1], again.err)
        self.assert_live_is(self.before, 'restored in two runs')
        self.assertEqual(self.staging(), [])

    def test_killed_within_a_table_without_transactions_no_row_comes_twice(self):
        with self.running(units=2):
            pass
        self.assertGreater(int(self.server.value(f'SELECT COUNT(*) FROM `{self.staging()[0]}`.`plain`')), 0)
        self.restore()
        self.assert_live_is(self.before, 'restored in two runs')

    def test_staging_of_another_archive_is_swept(self):
        other = self.folder / 'other.sql.zst'
        self.program.ok('dump', *self.server.client_options(), '--overwrite', DATABASE, '-o', other)
        with self.running():
            pass
        old = self.staging()
        self.assertNotEqual(old, [])
        done = self.restore(archive=other)
        self.assertIn(old[0], done.err)
        self.assert_live_is(self.ruined, 'restored from the other archive')
        self.assertEqual(self.staging(), [])

    def test_killed_while_loading_purge_sweeps(self):
        with self.running():
            pass
        status = self.program.ok('status', *self.server.client_options()).out
        self.assertIn('sweep up: `dbomsbak restore --abort`', status)
        self.assertIn(f'of {DATABASE}', status)
        self.program.ok('purge', *self.server.client_options(), '--yes')
        self.assertEqual(self.ours(), [])
        self.assert_live_is(self.ruined, 'live, after a purge of staging')

    def test_a_refusal_shows_the_plan_and_each_problem_on_a_line_of_its_own(self):
        with self.server_session() as session:
            refused = self.assert_refused(34, f'plan for {DATABASE}\n', '\n  - another session uses these databases: session ',
                                          'of these 1 differs in definition now:\n      table `oms_rm`.`small`\n')
            self.assertIn(f'session {session} of root@', refused.err)
        self.assertLess(refused.err.index('plan for'), refused.err.index('error:'))

    def test_interrupted_it_sweeps_up(self):
        with self.running() as process:
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(60), 130)
        self.assert_live_is(self.ruined, 'live, after an interrupt')
        self.assertEqual(self.ours(), [])

    def test_interrupted_twice_it_says_what_it_may_leave_and_the_same_command_goes_on(self):
        with self.running() as process:
            # It stops at once only when it cannot stop by itself: the server does not answer.
            self.server.pause()
            try:
                process.send_signal(signal.SIGINT)
                time.sleep(0.5)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
            finally:
                self.server.resume()
        self.assertEqual(process.returncode, 130)
        self.assertIn('staging may be left', err.decode())
        self.assertIn('dbomsbak status', err.decode())
        status = self.program.ok('status', *self.server.client_options()).out
        self.assertRegex(status, r'staging of run \w{8} of oms_rm\n')
        self.restore()
        self.assert_live_is(self.before, 'restored after two interrupts')

    def test_tables_are_made_by_several_sessions_but_for_those_that_foreign_keys_tie(self):
        self.server.sql('CREATE DATABASE many; USE many; CREATE TABLE `Z` (id INT PRIMARY KEY) ENGINE=InnoDB;'
                        'CREATE TABLE child (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES `Z` (id)) ENGINE=InnoDB;'
                        + ''.join(f'CREATE TABLE t{at} (id INT PRIMARY KEY);' for at in range(20)))
        before = fingerprint.take(self.server, 'many')
        archive = self.folder / 'many.sql.zst'
        self.program.ok('dump', *self.server.client_options(), '--overwrite', 'many', '-o', archive)
        made = "SELECT COUNT(DISTINCT thread_id) FROM mysql.general_log WHERE argument LIKE 'CREATE TABLE `{}`%'"
        self.server.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1")
        self.restore('--jobs', 2, archive=archive)
        self.server.sql('SET GLOBAL general_log = 0')
        self.assertEqual(self.server.value(made.format('t%')), '2')
        self.assertEqual(self.server.value("SELECT COUNT(DISTINCT thread_id) FROM mysql.general_log WHERE argument LIKE 'CREATE TABLE `Z`%' "
                                           "OR argument LIKE 'CREATE TABLE `child`%'"), '1')
        fingerprint.expect_equal(before, fingerprint.take(self.server, 'many'), 'restored')

    def test_two_at_once(self):
        with self.running() as first:
            # It holds the lock for as long as it lives; stopped, it cannot be through too soon.
            first.send_signal(signal.SIGSTOP)
            second = self.program.run('restore', *self.server.client_options(), '--yes', '--lock-wait', 1, self.archive)
            second.expect(32)
        self.assert_live_is(self.ruined, 'live, after a restore that met another')

    # Proof ----------------------------------------------------------------------------------------

    def test_a_copy_that_differs_is_never_swapped(self):
        with self.running(units=6) as process:
            staging = self.staging()[0]
            self.assertEqual(self.server.value(f'SELECT `id` FROM `{staging}`.`big` WHERE `id` = 1'), '1')
            self.server.sql(f"UPDATE `{staging}`.`big` SET `v` = CONCAT(`v`, ' ') WHERE `id` = 1")
            out, err = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 24, err.decode())
        self.assertIn('`big`', err.decode())
        self.assert_live_is(self.ruined, 'live, after a proof that failed')
        self.assertEqual(self.ours(), [])

    def changed(self, kind, name, old, new, archive=None):
        """The archive, but for `old` in one definition, which is `new` there."""
        tool = pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tests' / 'change_definition'
        changed = self.folder / 'changed.sql.zst'
        changed.unlink(missing_ok=True)
        subprocess.run([tool, archive or self.archive, changed, kind, DATABASE, name, old, new], check=True)
        self.program.ok('verify', changed)
        return changed

    def test_a_definition_that_the_server_makes_another_of_is_never_swapped(self):
        """It takes them, and prints them in its own words: what was read back is not what the archive says."""
        for kind, name, old, new in (('view', 'v_small', ' AS select ', ' AS SELECT '),
                                     ('trigger', 'small_before', 'CREATE DEFINER', 'create DEFINER'),
                                     ('event', 'e_small', ' DO DELETE', ' do DELETE'),
                                     ('procedure', 'p_small', 'CREATE DEFINER', 'create DEFINER')):
            with self.subTest(kind):
                archive = self.changed(kind, name, old, new)
                refused = self.assert_refused(24, f'`{name}`', new, archive=archive)
                self.assertNotIn('dbomsbak_new', refused.err)
                self.assert_refused(24, f'`{name}`', args=('--rehearse',), archive=archive)

    def test_a_definition_cannot_lead_to_another_database(self):
        self.server.sql('CREATE DATABASE `v`')
        for kind, name in ('view', 'v_small'), ('event', 'e_small'), ('procedure', 'p_small'):
            with self.subTest(kind):
                self.assert_refused(12, kind, archive=self.changed(kind, name, f'`{name}`', f'v.{name}'))
        found = self.server.value("SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'v') + "
                                  "(SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'v') + "
                                  "(SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'v')")
        self.assertEqual(found, '0')
        self.server.sql('DROP DATABASE `v`')

    @unittest.skipUnless(DEFAULT_KIND.startswith('mariadb'), f'{DEFAULT_KIND} has no sequences')
    def test_an_archive_cannot_run_another_statement_in_the_place_of_a_sequence(self):
        self.server.sql('CREATE DATABASE `victim`; CREATE DATABASE IF NOT EXISTS `oms_rm`; '
                        'CREATE SEQUENCE `oms_rm`.`forged` START WITH 4')
        whole = self.folder / 'whole.sql.zst'
        self.program.ok('dump', *self.server.client_options(), '--overwrite', DATABASE, '-o', whole)
        # Dashes begin a comment: what is left of the definition does not disturb.
        old = 'CREATE SEQUENCE `forged` start with 4'
        archive = self.changed('sequence', 'forged', old, 'DROP DATABASE `victim` -- '.ljust(len(old), '-'), whole)
        self.server.sql('DROP SEQUENCE `oms_rm`.`forged`')
        self.assert_refused(12, 'sequence', archive=archive)
        self.server.sql('DROP DATABASE `victim`')

    def test_whoever_comes_while_it_loads_stops_it_before_the_swap(self):
        with self.running() as process, self.server_session():
            _, err = process.communicate(timeout=300)
            self.assertEqual(process.returncode, 34, err)
        self.assertIn(b'session uses these databases', err)
        self.assert_live_is(self.ruined, 'live, in use since it loaded')
        self.restore()
        self.assert_live_is(self.before, 'gone on from what was loaded')

    def test_the_comment_of_a_database_comes_back(self):
        if 'mariadb' not in DEFAULT_KIND:
            self.skipTest('this server has no comments on databases')
        comment = f"SELECT SCHEMA_COMMENT FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{DATABASE}'"
        self.server.sql(f"ALTER DATABASE `{DATABASE}` COMMENT 'it''s the old one'")
        archive = self.folder / 'comment.sql.zst'
        self.program.ok('dump', *self.server.client_options(), '--overwrite', DATABASE, '-o', archive)
        self.server.sql(f"ALTER DATABASE `{DATABASE}` COMMENT ''")
        self.restore(archive=archive)
        self.assertEqual(self.server.value(comment), "it's the old one")
        self.server.sql(f'DROP DATABASE `{DATABASE}`')
        self.restore(archive=archive)
        self.assertEqual(self.server.value(comment), "it's the old one")

    def test_an_open_window_is_healed_before_the_archive_is_looked_at(self):
        def kinds():
            status = self.program.ok('status', *self.server.client_options(), '--json').out
            return [left['kind'] for left in json.loads(status)['leftovers']]

        waiting = ("SELECT IFNULL(MAX(ID), 0) FROM information_schema.PROCESSLIST WHERE TIME > 0 AND (INFO LIKE 'RENAME TABLE%' "
                   "OR INFO LIKE 'LOCK TABLES%')")
        damaged = self.folder / 'damaged.sql.zst'
        damaged.write_bytes(self.archive.read_bytes()[:-20])
        reader = subprocess.Popen(self.server.client_command(DATABASE), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        reader.stdin.write(b'START TRANSACTION; SELECT id FROM small;\n')
        reader.stdin.flush()
        process = self.program.start('restore', *self.server.client_options(), '--yes', '--force', '--lock-wait', 100, self.archive)
        try:
            deadline = time.monotonic() + 120
            while self.server.value(waiting) == '0' and time.monotonic() < deadline:
                self.assertIsNone(process.poll(), 'the restore ended too early')
                time.sleep(0.1)
            process.kill()
            self.server.sql(f'KILL {self.server.value(waiting)}')
            while self.server.value(waiting) != '0' and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            for each in (process, reader):
                each.kill()
                each.communicate()
        self.wait_until_noticed()
        self.assertIn('open-window', kinds())
        half = self.program.run('dump', *self.server.client_options(), '-o', self.folder / 'half.sql.zst', DATABASE).expect(42)
        self.assertIn('neither the old state nor the new', half.err)
        self.assertFalse((self.folder / 'half.sql.zst').exists())
        self.restore(code=21, archive=damaged)
        self.assertNotIn('open-window', kinds())
        self.assert_live_is(self.ruined, 'live, taken back')

    def refused_on_another(self, sql, *words):
        """A dump of database `odd`, made by `sql`, is refused before anything is created."""
        archive = self.folder / 'odd.sql.zst'
        self.server.sql('CREATE DATABASE odd; USE odd;' + sql)
        self.program.ok('dump', *self.server.client_options(), '--overwrite', '-o', archive, 'odd')
        before = fingerprint.take(self.server, 'odd')
        for _ in range(2):
            refused = self.restore(code=34, archive=archive)
            for word in words:
                self.assertIn(word, refused.err)
            self.assertEqual(self.ours(), [])
            if 'odd' in self.server.databases():
                fingerprint.expect_equal(before, fingerprint.take(self.server, 'odd'), 'after a refused restore')
                self.server.sql('DROP DATABASE odd')  # the same where nothing is live
            else:
                break

    def test_a_key_whose_parent_would_not_come_along_is_refused(self):
        child = 'SET foreign_key_checks = 0; CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT k FOREIGN KEY (p) REFERENCES p (id));'
        for parent in ('', 'CREATE TABLE p (id INT PRIMARY KEY) ENGINE=MyISAM;', 'CREATE VIEW p AS SELECT 1 AS id;'):
            self.refused_on_another(child + parent, '`k`', '`odd`.`p`')

    def test_tables_whose_files_lie_elsewhere_are_refused(self):
        if self.server.kind == 'mysql-9.7':
            self.skipTest('this server has such tables only in folders that are named when it starts')
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            try:
                self.refused_on_another(f"CREATE TABLE t (id INT PRIMARY KEY) DATA DIRECTORY='{folder}'; INSERT INTO t VALUES (1);",
                                        '`odd`.`t`', 'DATA DIRECTORY')
            finally:
                self.server.sql('DROP DATABASE IF EXISTS odd')

    def test_grants_on_routines_are_given_again_or_asked_for(self):
        self.server.sql("CREATE USER IF NOT EXISTS caller@'%', few@'%'; GRANT EXECUTE ON PROCEDURE oms_rm.p_small TO caller@'%';"
                        "GRANT ALL ON `oms\\_rm`.* TO few@'%'; GRANT ALL ON `oms\\_rm\\_\\_dbomsbak\\_%`.* TO few@'%';"
                        "GRANT SUPER, PROCESS ON *.* TO few@'%'; GRANT SELECT ON mysql.* TO few@'%'")
        try:
            archive = self.folder / 'grants.sql.zst'
            self.program.ok('dump', *self.server.client_options(), '--overwrite', '-o', archive, DATABASE)
            self.server.sql('DROP PROCEDURE oms_rm.p_small')
            few = self.server.client_options('few')
            refused = self.program.run('restore', *few, '--yes', archive).expect(34)
            self.assertIn('WITH GRANT OPTION', refused.err)
            for grant in re.findall(r'GRANT [^;]*;', refused.err):
                self.server.sql(grant)
            self.program.run('restore', *few, '--yes', archive).expect(0)
            self.assertIn('p_small', ''.join(str(row) for row in self.server.rows("SHOW GRANTS FOR caller@'%'")))
        finally:
            self.server.sql("DROP USER caller@'%', few@'%'")

    def kill_behind_the_swap(self, command, *args):
        """Kills it when `extra`, which only the ruined state has, has come or gone."""
        there = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'oms_rm' AND TABLE_NAME = 'extra'"
        before = self.server.value(there)
        process = self.program.start(command, *self.server.client_options(), '--yes', *args)
        while process.poll() is None and self.server.value(there) == before:
            pass
        process.kill()
        process.communicate()
        self.wait_until_noticed()
        status = json.loads(self.program.ok('status', *self.server.client_options(), '--json').out)['leftovers']
        if status[0]['kind'] != 'open-window':
            self.skipTest(f'the {command} was quicker than the look at it')

    def test_an_undo_killed_behind_its_swap_is_done_when_it_is_run_again(self):
        self.restore()
        self.kill_behind_the_swap('undo')
        self.program.run('undo', *self.server.client_options(), '--yes').expect(0)
        self.assert_live_is(self.ruined, 'undone')

    def test_killed_behind_its_swap_it_is_done_when_it_is_run_again(self):
        self.kill_behind_the_swap('restore', self.archive)
        done = json.loads(self.restore('--json').out)
        self.assertTrue(done['healed'])
        self.assert_live_is(self.before, 'restored')
        self.program.run('undo', *self.server.client_options(), '--yes').expect(0)
        self.assert_live_is(self.ruined, 'undone')

    def test_killed_behind_its_swap_what_was_written_since_is_not_called_restored(self):
        for change in ('UPDATE oms_rm.small SET t = "written since" LIMIT 1', 'ALTER TABLE oms_rm.small ADD KEY since (t(5))'):
            with self.subTest(change):
                self.setUp()
                self.kill_behind_the_swap('restore', self.archive)
                self.server.sql(change)
                self.assertFalse(json.loads(self.restore('--json').out)['healed'])
                self.assert_live_is(self.before, 'restored')

    def test_of_a_portable_archive_bodies_are_not_called_restored_unseen(self):
        portable = self.folder / 'portable.sql.zst'
        self.server.sql('DROP DATABASE oms_rm;' + SCHEMA)
        self.program.ok('dump', *self.server.client_options(), '--ddl', 'portable', '--overwrite', '-o', portable, DATABASE)
        self.server.sql('DROP DATABASE oms_rm;' + SCHEMA + RUIN)
        self.kill_behind_the_swap('restore', portable)
        self.server.sql("DROP PROCEDURE oms_rm.p_small; CREATE PROCEDURE oms_rm.p_small () COMMENT 'kept' SELECT 'made since'")
        self.assertFalse(json.loads(self.restore('--json', archive=portable).out)['healed'])
        self.assertIn('v_small', self.server.value("SELECT ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_NAME = 'p_small'"))

    def test_an_event_of_a_role_keeps_its_definer(self):
        if 'mariadb' not in DEFAULT_KIND:
            self.skipTest('this server shows no role as a definer')
        archive = self.folder / 'role.sql.zst'
        self.server.sql('CREATE OR REPLACE ROLE night; CREATE DATABASE odd;'
                        'CREATE DEFINER=night EVENT odd.e ON SCHEDULE EVERY 1 DAY DO SELECT 1')
        self.program.ok('dump', *self.server.client_options(), '--overwrite', '-o', archive, 'odd')
        definer = "SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'odd'"
        for command, arguments in (('restore', [archive]), ('undo', [])):
            self.program.run(command, *self.server.client_options(), '--yes', *arguments).expect(0)
            self.assertEqual(self.server.value(definer), 'night@')

    def test_a_lost_terminal_stops_it_as_sigterm_does(self):
        with self.running() as process:
            process.send_signal(signal.SIGHUP)
            _, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 143)
            self.assertIn(b'SIGHUP', err)
        self.assert_live_is(self.ruined, 'live')
        self.assertEqual(self.ours(), [])

    def test_a_foreign_table_in_a_displaced_copy_blocks_nothing(self):
        self.restore()
        copy = self.ours()[0]
        self.server.sql(f'CREATE TABLE `{copy}`.mine (x INT)')
        for expected in (self.ruined, self.before):
            self.program.run('undo', *self.server.client_options(), '--yes').expect(0)
            self.assert_live_is(expected, 'undone')
        left = json.loads(self.program.ok('status', *self.server.client_options(), '--json').out)['leftovers']
        self.assertNotIn('open-window', [each['kind'] for each in left])
        self.server.sql(f'DROP TABLE `{copy}`.mine')
        self.program.run('purge', *self.server.client_options(), '--yes').expect(0)
        self.assertEqual(self.ours(), [])

    def test_a_rehearsal_measures_the_rename_in_staging_alone(self):
        log = self.server.folder / 'rehearsal.log'  # which a server in a root of its own sees, too
        self.server.sql(f"SET GLOBAL general_log_file = '{log}'; SET GLOBAL general_log = 1;")
        rehearsed = json.loads(self.restore('--rehearse', '--json').out)
        self.server.sql('SET GLOBAL general_log = 0')
        renames = re.findall(r'Query\s+RENAME TABLE (.*)', log.read_text(errors='replace'))  # not who asks for one
        self.assertGreater(rehearsed['plan']['expected_window_ms'], 0)
        self.assert_live_is(self.ruined, 'live, after a rehearsal')
        self.assertEqual(self.ours(), [])
        if self.server.kind == 'mysql-5.6':  # a crash there can tear a RENAME: none is sent to measure it
            self.assertEqual(renames, [])
            return
        self.assertEqual(len(renames), 1)
        moves = [move.split(' TO ') for move in renames[0].split(', ')]
        self.assertEqual(len(moves), 2 * 3)  # each of the three tables to and fro
        for there, back in zip(moves[::2], moves[1::2]):
            self.assertEqual(there, back[::-1])
            self.assertIn('__dbomsbak_new_', there[0])
            self.assertIn('__dbomsbak_new_', there[1])

    # Refused before anything changes --------------------------------------------------------------

    def test_a_damaged_archive_is_told_before_any_statement_that_changes_something(self):
        log = self.server.folder / 'general.log'  # which a server in a root of its own sees, too
        self.server.sql(f"SET GLOBAL general_log_file = '{log}'; SET GLOBAL general_log = 1;")
        data = bytearray(self.archive.read_bytes())
        for share in (0.2, 0.5, 0.9):
            damaged = self.folder / 'damaged.sql.zst'
            at = int(len(data) * share)
            damaged.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            self.assertIn('damaged', self.restore(code=20, archive=damaged).err)
        damaged.write_bytes(data[:-1])
        self.restore(code=21, archive=damaged)
        self.server.sql('SET GLOBAL general_log = 0')
        sent = [line.split('Query\t', 1)[1] for line in log.read_text(errors='replace').splitlines() if 'Query\t' in line]
        changing = [text for text in sent if not text.upper().startswith(HARMLESS)
                    and not text.startswith('SET GLOBAL general_log')]
        self.assertEqual(changing, [])
        self.assert_live_is(self.ruined, 'live, after damaged archives')

    def test_filtered_archives_need_leave(self):
        filtered = self.folder / 'filtered.sql.zst'
        self.server.sql('DROP DATABASE `oms_rm`')
        self.server.sql(SCHEMA)
        self.program.ok('dump', *self.server.client_options(), '--overwrite', '--where', 'id < 3', DATABASE, '-o', filtered)
        self.server.sql(RUIN)
        self.assert_refused(34, '--allow-filtered', archive=filtered)
        self.restore('--allow-filtered', archive=filtered)
        self.assertEqual(self.server.rows('SELECT COUNT(*), MAX(`id`) FROM `oms_rm`.`big`'), [['2', '2']])

    def test_a_read_only_server(self):
        self.server.sql('SET GLOBAL read_only = 1')
        try:
            self.assert_refused(34, 'read-only')
        finally:
            self.server.sql('SET GLOBAL read_only = 0')

    def test_all_missing_privileges_are_named_with_their_grants(self):
        self.server.sql("CREATE USER 'half'@'%' IDENTIFIED BY 'x'; GRANT SELECT, INSERT, SHOW VIEW, TRIGGER, EVENT, "
                        "CREATE ROUTINE ON `oms\\_rm%`.* TO 'half'@'%'")
        try:
            refused = self.program.run('restore', *self.server.client_options('half', 'x'), '--yes', self.archive).expect(34)
            definers = {'mysql-5.6': 'SUPER', 'mysql-9.7': 'SET_ANY_DEFINER'}.get(self.server.kind, 'SET USER')
            for word in ('CREATE', 'DROP', 'ALTER', 'CREATE VIEW', definers, 'GRANT ',
                         "`oms\\_rm\\_\\_dbomsbak\\_%`.* TO 'half'@'%'"):
                self.assertIn(word, refused.err)
            # Given what was asked for, it is enough.
            grants = re.findall(r"GRANT [A-Z_, ]+ ON \S+ TO \S+;", refused.err[refused.err.index('error: '):])
            # A definer who has SYSTEM_USER, where there is such a thing, takes one more, and so do triggers where the
            # binary log is on.
            self.assertEqual(len(grants), 6 if self.server.kind == 'mysql-9.7' else 4, refused.err)
            self.server.sql(''.join(grants))
            self.program.ok('restore', *self.server.client_options('half', 'x'), '--yes', self.archive)
            self.assert_live_is(self.before, 'restored with exactly the grants that were asked for')
        finally:
            self.server.sql("DROP USER 'half'@'%'")

    def test_what_an_account_cannot_see_is_told_by_check_and_plan_and_seen_with_process(self):
        self.server.sql(f"""
CREATE DATABASE `hidden`; CREATE TABLE `hidden`.`child` (`s` int, CONSTRAINT `secret/key` FOREIGN KEY (`s`) REFERENCES `oms_rm`.`small` (`id`));
CREATE USER 'limited'@'%' IDENTIFIED BY 'x'; GRANT ALL ON `oms\\_rm%`.* TO 'limited'@'%'; GRANT {self.server.may_set_definers} ON *.* TO 'limited'@'%';
GRANT {self.server.sees_routines} TO 'limited'@'%'""")
        limited = self.server.client_options('limited', 'x')
        unseen = 'foreign keys of tables that account limited@% may not see'
        remedy = "GRANT PROCESS ON *.* TO 'limited'@'%';"
        try:
            plan = json.loads(self.program.ok('restore', *limited, '--dry-run', '--json', self.archive).out)
            self.assertEqual(plan['plan']['problems'], [])
            self.assertTrue(any(unseen in text and remedy in text for text in plan['plan']['warnings']), plan)
            check = self.program.ok('check', *limited, DATABASE).out
            for text in (unseen, "other accounts' use of these databases", remedy):
                self.assertIn(text, check)
            self.server.sql(remedy)
            plan = json.loads(self.program.run('restore', *limited, '--dry-run', '--json', self.archive).expect(34).out)
            self.assertEqual([text for text in plan['plan']['problems'] if '`secret/key`' in text and '`hidden`.`child`' in text],
                             plan['plan']['problems'])
            self.assertEqual(len(plan['plan']['problems']), 1)
            check = self.program.ok('check', *limited, DATABASE).out
            self.assertNotIn('may not see', check)
            self.assertNotIn('PROCESS', check)
        finally:
            self.server.sql("DROP USER 'limited'@'%'; DROP DATABASE `hidden`")

    def test_rows_longer_than_the_servers_packets(self):
        before = self.server.value('SELECT @@GLOBAL.max_allowed_packet')
        self.server.sql('DROP DATABASE `oms_rm`')
        self.server.sql("CREATE DATABASE `oms_rm`; CREATE TABLE `oms_rm`.`wide` (`id` int PRIMARY KEY, `b` longblob);"
                        "INSERT INTO `oms_rm`.`wide` VALUES (1, REPEAT(UNHEX('FF'), 1500000))")
        wide = self.folder / 'wide.sql.zst'
        self.program.ok('dump', *self.server.client_options(), '--overwrite', DATABASE, '-o', wide)
        self.ruined = self.take()
        self.server.sql('SET GLOBAL max_allowed_packet = 2097152')
        try:
            self.assert_refused(34, '`wide`', 'max_allowed_packet', archive=wide)
        finally:
            self.server.sql(f'SET GLOBAL max_allowed_packet = {before}')
        self.restore(archive=wide)
        self.assert_live_is(self.ruined, 'a long row restored')

    def test_a_plan_names_every_problem_and_changes_nothing(self):
        self.server.sql("CREATE DATABASE `other`; CREATE TABLE `other`.`child` (`id` int PRIMARY KEY, CONSTRAINT `fk_child` "
                        "FOREIGN KEY (`id`) REFERENCES `oms_rm`.`big` (`id`)); SET GLOBAL read_only = 1")
        try:
            refused = self.assert_refused(34, args=('--dry-run', '--json'))
        finally:
            self.server.sql('SET GLOBAL read_only = 0; DROP DATABASE `other`')
        problems = json.loads(refused.out)['plan']['problems']
        self.assertEqual(len(problems), 2, problems)
        self.assertTrue(any('fk_child' in text for text in problems))

    # Scope ----------------------------------------------------------------------------------------

    def test_live_triggers_stay_when_the_archive_leaves_them_out(self):
        without = self.folder / 'without.sql.zst'
        self.server.sql('DROP DATABASE `oms_rm`')
        self.server.sql(SCHEMA)
        self.program.ok('dump', *self.server.client_options(), '--overwrite', '--triggers=false', DATABASE, '-o', without)
        self.server.sql("CREATE TRIGGER `oms_rm`.`mine` BEFORE UPDATE ON `oms_rm`.`small` FOR EACH ROW SET NEW.`f` = 1;"
                        "UPDATE `oms_rm`.`big` SET `v` = 'x' WHERE `id` = 3")
        self.restore(archive=without)
        after = self.take()
        self.assertIn(('trigger', 'mine'), after[DATABASE])
        self.assertIn(('trigger', 'small_before'), after[DATABASE])
        del after[DATABASE]['trigger', 'mine']
        fingerprint.expect_equal(self.before, after, 'restored, but for the trigger that stays')

        # One that no longer fits the restored table is told before anything is swapped.
        self.program.ok('purge', *self.server.client_options(), '--yes')
        self.server.sql('DROP TRIGGER `oms_rm`.`mine`; ALTER TABLE `oms_rm`.`small` ADD COLUMN `added` int;'
                        'CREATE TRIGGER `oms_rm`.`misfit` BEFORE UPDATE ON `oms_rm`.`small` FOR EACH ROW SET NEW.`added` = 1')
        self.ruined = self.take()
        self.assert_refused(34, '`misfit`', archive=without)

    def test_a_live_trigger_that_comes_while_it_loads_is_tried_before_the_swap(self):
        without = self.folder / 'without.sql.zst'
        self.server.sql('DROP DATABASE `oms_rm`')
        self.server.sql(SCHEMA)
        self.program.ok('dump', *self.server.client_options(), '--overwrite', '--triggers=false', DATABASE, '-o', without)
        with self.running(archive=without) as process:
            self.server.sql('ALTER TABLE `oms_rm`.`small` ADD COLUMN `added` int; CREATE TRIGGER `oms_rm`.`misfit` '
                            'BEFORE UPDATE ON `oms_rm`.`small` FOR EACH ROW SET NEW.`added` = 1')
            changed = self.take()
            out, err = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 34, err.decode())
        self.assertIn('`misfit`', err.decode())
        self.assertIn('the same command goes on from it', err.decode())
        self.assert_live_is(changed, 'live, after a trigger that does not fit')
        self.assertEqual(len(self.staging()), 1)
        # Without the trigger the same command goes on from what is loaded.
        self.server.sql('DROP TRIGGER `oms_rm`.`misfit`')
        self.restore(archive=without)
        self.assert_live_is(self.before, 'restored')

    def test_what_a_partial_archive_lacks_stays_as_it_is(self):
        self.server.sql('DROP DATABASE `oms_rm`')
        self.server.sql(SCHEMA)
        self.server.sql("CREATE USER 'blind'@'%' IDENTIFIED BY 'x'; GRANT SELECT, TRIGGER, EVENT, LOCK TABLES ON `oms\\_rm`.* TO 'blind'@'%';"
                        "GRANT RELOAD, PROCESS ON *.* TO 'blind'@'%'")
        partial = self.folder / 'partial.sql.zst'
        try:
            blind = self.server.client_options('blind', 'x')
            self.program.run('dump', *blind, '--overwrite', DATABASE, '-o', partial).expect(11)
            self.program.run('dump', *blind, '--overwrite', '--allow-partial', DATABASE, '-o', partial).expect(3)
        finally:
            self.server.sql("DROP USER 'blind'@'%'")
        self.server.sql('CREATE OR REPLACE VIEW `oms_rm`.`v_small` AS SELECT `id` FROM `oms_rm`.`small`;'
                        'DELETE FROM `oms_rm`.`big` WHERE `id` > 10')
        self.ruined = self.take()
        self.assert_refused(34, '--allow-partial', archive=partial)
        self.restore('--allow-partial', archive=partial)
        after = self.take()
        kept = ('view', 'v_small')
        self.assertEqual(after[DATABASE][kept], self.ruined[DATABASE][kept])
        after[DATABASE][kept] = self.before[DATABASE][kept]
        fingerprint.expect_equal(self.before, after, 'restored, but for the view that the archive lacks')

    @unittest.skipUnless(DEFAULT_KIND.startswith('mariadb'), f'{DEFAULT_KIND} has no sequences')
    def test_defaults_that_take_from_sequences(self):
        """They name their sequence by database and do not follow a RENAME."""
        self.server.sql('DROP DATABASE `oms_rm`; CREATE DATABASE `oms_rm`')
        self.server.sql("""
CREATE SEQUENCE `s` START WITH 40 INCREMENT BY 5;
CREATE TABLE `numbered` (`id` bigint NOT NULL DEFAULT NEXTVAL(`s`), `v` varchar(40) DEFAULT 'nextval(`oms_rm`.`s`)');
INSERT INTO `numbered` (`v`) VALUES ('a'), ('b');
""", DATABASE)
        numbered = self.folder / 'numbered.sql.zst'
        self.program.ok('dump', *self.server.client_options(), '--overwrite', DATABASE, '-o', numbered)
        before = self.take()
        for ruin in ('DROP TABLE `numbered`; DROP SEQUENCE `s`', 'DROP TABLE `numbered`',
                     'ALTER SEQUENCE `s` RESTART 9000; DELETE FROM `numbered`'):
            with self.subTest(ruin):
                self.server.sql(ruin, DATABASE)
                self.restore(archive=numbered)
                fingerprint.expect_equal(before, self.take(), f'restored after {ruin}')
                # The next value is one that was never used.
                known = self.server.value('SELECT MAX(`id`) FROM `numbered`', DATABASE)
                self.server.sql("INSERT INTO `numbered` (`v`) VALUES ('c')", DATABASE)
                self.assertGreater(int(self.server.value('SELECT MAX(`id`) FROM `numbered`', DATABASE)), int(known))


if __name__ == '__main__':
    unittest.main(verbosity=2)
