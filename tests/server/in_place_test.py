#!/usr/bin/env python3
"""restore --in-place: by an account that may create no database, within the live ones.

What is live is judged by the server. It is wholly old until all is loaded and proved, and wholly what the archive holds
afterwards; a kill anywhere leaves what the same command puts right.
"""
# ctest: cost=150 kinds=mariadb-10.11,mysql-9.7,mysql-5.6,oceanbase-4.3.5 others=InPlace.test_all_comes_back_and_nothing_is_left

import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, messages_seen  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402
from support.talk import Talk  # noqa: E402

SCHEMA = """
CREATE DATABASE `shop` CHARACTER SET utf8mb4; CREATE DATABASE `crm` CHARACTER SET utf8mb4;
USE `shop`;
CREATE TABLE `parent` (`id` int PRIMARY KEY, `v` varchar(20)) ENGINE=InnoDB;
CREATE TABLE `child` (`id` int PRIMARY KEY, `p` int, KEY `by_p` (`p`), CONSTRAINT `small` CHECK (`id` < 900),
  CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `parent` (`id`) ON DELETE CASCADE) ENGINE=InnoDB;
CREATE TABLE `tree` (`id` int PRIMARY KEY, `up` int, KEY `by_up` (`up`), CHECK (`id` < 900),
  FOREIGN KEY (`up`) REFERENCES `tree` (`id`)) ENGINE=InnoDB;
CREATE TABLE `t` (`id` int PRIMARY KEY AUTO_INCREMENT, `v` varchar(200)) AUTO_INCREMENT=77;
CREATE TABLE `crm`.`person` (`id` int PRIMARY KEY, `p` int, KEY `by_p` (`p`),
  CONSTRAINT `person_fk` FOREIGN KEY (`p`) REFERENCES `shop`.`parent` (`id`)) ENGINE=InnoDB;
INSERT INTO `parent` VALUES (1, 'a'), (2, 'b');
INSERT INTO `child` VALUES (10, 1), (11, 2), (12, NULL);
INSERT INTO `tree` VALUES (1, NULL), (2, 1);
INSERT INTO `t` VALUES (1, 'one'), (2, NULL), (5, '数据');
INSERT INTO `crm`.`person` VALUES (1, 2);
CREATE VIEW `v_t` AS SELECT `id`, `v` FROM `t`;
CREATE VIEW `v_v` AS SELECT `v` FROM `v_t`;
CREATE TRIGGER `t_before` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.`v` = COALESCE(NEW.`v`, 'x');
CREATE PROCEDURE `p_count` () SELECT COUNT(*) FROM `t`;
CREATE EVENT `e_daily` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM `t` WHERE `id` < 0;
"""
# Altered, missing, extra, and a view where a table is to come.
RUIN = """
USE `shop`;
DROP TRIGGER `t_before`; ALTER TABLE `t` ADD COLUMN `added` int; UPDATE `t` SET `v` = 'ruined';
CREATE TRIGGER `t_later` AFTER INSERT ON `t` FOR EACH ROW SET @t = 1;
DELETE FROM `child`; DELETE FROM `crm`.`person`; DROP TABLE `tree`; CREATE VIEW `tree` AS SELECT 1 AS `id`;
CREATE TABLE `added` (`id` int PRIMARY KEY, `p` int, KEY `by_p` (`p`),
  CONSTRAINT `added_fk` FOREIGN KEY (`p`) REFERENCES `parent` (`id`)) ENGINE=InnoDB;
CREATE TRIGGER `added_before` BEFORE INSERT ON `added` FOR EACH ROW SET @added = 1;
DROP VIEW `v_v`; DROP PROCEDURE `p_count`; CREATE PROCEDURE `p_added` () SELECT 1;
DROP EVENT `e_daily`; CREATE EVENT `e_added` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO SET @e = 1;
"""
# What --dry-run of an account without them names; on the live databases alone.
PRIVILEGES = ('SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, '
              'ALTER ROUTINE, EVENT, REFERENCES, LOCK TABLES')
# To see objects of root and to make them again as root's.
OF_OTHERS = {
    'mariadb': ['SUPER ON *.*', 'SELECT ON `mysql`.*'],
    'mysql-5': ['SUPER ON *.*', 'SELECT ON `mysql`.*'],
    'mysql': ['SUPER, SYSTEM_USER, SET_ANY_DEFINER, SHOW_ROUTINE, ALLOW_NONEXISTENT_DEFINER ON *.*'],
    'oceanbase': ['SUPER ON *.*', 'SELECT ON *.*'],
}


class InPlace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.make_account()
        cls.server.sql(SCHEMA)
        cls.before = cls.take()
        cls.archive = cls.folder / 'both.sql.zst'
        cls.program.ok('dump', *cls.server.client_options(), 'shop', 'crm', '-o', cls.archive)

    @classmethod
    def make_account(cls):
        kind = next(name for name in OF_OTHERS if cls.server.kind.startswith(name))
        privileges = PRIVILEGES.replace(', LOCK TABLES', '') if kind == 'oceanbase' else PRIVILEGES
        cls.server.sql("CREATE USER 'small'@'%';" + ''.join(
            f"GRANT {privileges} ON `{name}`.* TO 'small'@'%' WITH GRANT OPTION;" for name in ('shop', 'crm')))
        cls.server.sql(''.join(f"GRANT {privilege} TO 'small'@'%';" for privilege in OF_OTHERS[kind]))
        cls.account = cls.server.client_options('small', tcp=True)

    def setUp(self):
        self.server.sql('SET FOREIGN_KEY_CHECKS = 0;' + ''.join(f'DROP DATABASE `{name}`;' for name in self.server.databases()))
        self.server.sql(SCHEMA)
        self.server.sql(RUIN)
        # OceanBase lists an event for a while that is gone.
        while self.server.value("SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_NAME = 'e_daily'") != '0':
            time.sleep(0.2)
        self.ruined = self.take()
        for file in self.folder.glob('*safety*'):
            file.unlink()

    @classmethod
    def take(cls, *databases):
        return fingerprint.take(cls.server, list(databases or ('shop', 'crm')))

    def restore(self, *args, code=0, archive=None):
        return self.program.run('restore', *self.account, '--yes', *args, archive or self.archive).expect(code)

    def in_place(self, *args, code=0, archive=None):
        return self.restore('--in-place', *args, code=code, archive=archive)

    def safety_dump(self):
        [file] = self.folder.glob('both.safety-*.sql.zst')
        return file

    def test_all_comes_back_and_nothing_is_left(self):
        told = self.in_place()
        # OceanBase keeps no definers of views: they become the account's.
        ignore = {('view', 'definer')} if self.server.kind.startswith('oceanbase') else ()
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live', ignore)
        self.assertEqual(sorted(self.server.databases()), ['crm', 'shop'])
        # The safety dump is the way back.
        self.assertIn(str(self.safety_dump()), told.err)
        self.in_place('--safety-dump', self.folder / 'again-safety.sql.zst', archive=self.safety_dump())
        fingerprint.expect_equal(self.ruined, self.take(), 'what was live, and live again', ignore)

    def test_a_plain_restore_by_that_account_is_refused_and_told_of_it(self):
        refused = self.restore(code=34)
        self.assertIn('--in-place', refused.err)
        fingerprint.expect_equal(self.ruined, self.take(), 'live, before and after a refusal')

    def test_a_plan_changes_nothing_and_says_what_is_given_up(self):
        plan = self.in_place('--dry-run')
        for word in ('is dumped to', 'one after the other', 'undo cannot'):
            self.assertIn(word, plan.out)
        self.assert_nothing_changed()

    def assert_nothing_changed(self):
        fingerprint.expect_equal(self.ruined, self.take(), 'live, before and after a refusal')
        self.assertEqual(list(self.folder.glob('*safety*')), [])

    def test_without_a_safety_dump_nothing_is_changed(self):
        taken = self.folder / 'taken.sql.zst'
        taken.write_text('somebody else')
        self.in_place('--safety-dump', taken, code=31)
        # All rows, but not all objects: what is live could not come back from it.
        part = self.folder / 'part.sql.zst'
        self.program.ok('dump', *self.server.client_options(), '--triggers=false', 'shop', '-o', part)
        self.in_place('--safety-dump', part, code=31)
        self.assertEqual(taken.read_text(), 'somebody else')
        self.in_place('--safety-dump', self.folder / 'no-such-folder' / 'x.sql.zst', code=30)
        self.assert_nothing_changed()
        # A file that cannot grow, as on a full disk.
        command = [self.program.path, 'restore', *self.account, '--yes', '--quiet', '--in-place', str(self.archive)]
        full = subprocess.run(['sh', '-c', 'trap "" XFSZ; ulimit -f 4; exec "$@"', 'sh', *map(str, command)],
                              env=self.program.environment(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.assertEqual(full.returncode, 30, full.stderr)
        self.assertIn('taking the safety dump', full.stderr)
        self.assert_nothing_changed()

    def test_what_the_account_lacks_on_live_databases_is_named(self):
        self.server.sql("REVOKE DROP ON `shop`.* FROM 'small'@'%'")
        refused = self.in_place(code=34)
        self.server.sql("GRANT DROP ON `shop`.* TO 'small'@'%' WITH GRANT OPTION")
        self.assertRegex(refused.err, r'lacks DROP on `shop`: GRANT .*DROP.* ON `shop`\.\* TO')
        self.assertNotIn('staging', refused.err)
        self.assert_nothing_changed()

    def test_a_database_that_is_gone_is_not_made(self):
        self.server.sql('DROP DATABASE `crm`')
        refused = self.in_place(code=34)
        self.assertIn('CREATE DATABASE `crm`', refused.err)

    def test_plain_dumps_are_refused(self):
        plain = self.folder / 'plain.sql'
        plain.write_text('CREATE TABLE `t` (`id` int PRIMARY KEY);\n-- Dump completed\n')
        self.assertIn('plain dump', self.in_place('--into', 'shop', code=34, archive=plain).err)
        self.assert_nothing_changed()

    def test_single_tables_and_what_is_extra_stays(self):
        self.in_place('--only', 'shop.child,shop.t')
        now = self.take()
        self.assertEqual(now['shop'][('table', 'child')], self.before['shop'][('table', 'child')])
        self.assertEqual(now['shop'][('table', 't')], self.before['shop'][('table', 't')])
        for name in ('parent', 'added'):
            self.assertEqual(now['shop'][('table', name)], self.ruined['shop'][('table', name)])
        self.assertEqual(now['crm'], self.ruined['crm'])

    def test_orphans_of_a_single_table_are_counted(self):
        self.server.sql('DELETE FROM `shop`.`parent` WHERE `id` = 2')
        self.ruined = self.take()
        refused = self.in_place('--only', 'shop.child', code=34)
        self.assertIn('1 row has no parent', refused.err)
        fingerprint.expect_equal(self.ruined, self.take(), 'live, before and after a refusal')

    # From here on by root, with the program's engine in a tool that stops and dies where it is told to.

    def tool(self, *words, options=()):
        where = [f'--socket={self.server.socket}'] if self.server.socket else ['--host=127.0.0.1', f'--port={self.server.port}']
        command = [f'{os.environ["DBOMSBAK_BUILD"]}/tools/swap_tool', *where, '--user=root', '--lock-wait=1', '--lock-tries=1',
                   *options, *map(str, words)]
        return messages_seen.Process(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def restore_stopped_before(self, text, meanwhile, *options, code=0):
        process = self.tool('restore-in-place', self.archive, self.folder / 'safety.sql.zst', options=[f'--stop-before={text}', *options])
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        meanwhile()
        process.send_signal(signal.SIGCONT)
        output, _ = process.communicate()
        self.assertEqual(process.returncode, code, output)
        return output

    def displaced(self):
        return {name: value for name, value in self.take()['shop'].items() if name[1].startswith('__dbomsbak_old_')}

    def test_rows_written_behind_the_safety_dump_are_kept(self):
        comment = 'é' * 2030 + 'ende'
        self.server.sql(f"ALTER TABLE `shop`.`parent` COMMENT = '{comment}'")
        output = self.restore_stopped_before('RENAME TABLE', lambda: self.server.sql("UPDATE `shop`.`parent` SET `v` = 'late' WHERE `id` = 1"))
        [(_, kept)] = [name for name in self.displaced() if self.server.value(
            f"SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = '{name[1]}' "
            "AND COLUMN_NAME IN ('id', 'v')") == '2' and self.server.value(
            f"SELECT COUNT(*) FROM `shop`.`{name[1]}` WHERE `v` = 'late'") == '1']
        self.assertIn(f'`shop`.`{kept}` (was `parent`)', output)
        # Its own comment follows what is noted there, as far as the server's 2048 characters reach.
        self.assertEqual(self.server.value(f"SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_NAME = '{kept}'"),
                         f'dbomsbak: was `parent`; {comment}'[:2048])
        for (_, name) in self.displaced():
            self.server.sql(f'DROP TABLE `shop`.`{name}`')
        self.server.sql(''.join(f'DROP TABLE `crm`.`{name}`;' for _, name in self.take()['crm'] if name.startswith('__dbomsbak')))
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    def drop_kept(self):
        for database in self.server.databases():
            self.server.sql(''.join(f'DROP TABLE `{database}`.`{name}`;' for name in self.kept(database)))

    def kept(self, database):
        return [row[0] for row in self.server.rows(
            f"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{database}' ORDER BY TABLE_NAME")
            if row[0].startswith('__dbomsbak_old_')]

    def test_definitions_changed_behind_the_last_look_are_kept(self):
        output = self.restore_stopped_before('RENAME TABLE', lambda: self.server.sql(
            'ALTER TABLE `shop`.`parent` ADD COLUMN `late` int; ALTER TABLE `shop`.`t` ADD KEY `late` (`v`(10));'
            'ALTER TABLE `shop`.`child` DROP FOREIGN KEY `fk`;'))
        for table in ('parent', 't', 'child'):
            self.assertIn(f'table `shop`.`{table}` was altered', output)
        for table in ('person', 'added'):
            self.assertNotRegex(output, f'`{table}` was altered')
        tables = {self.server.value(f"SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_NAME = '{name}'"): name
                  for name in self.kept('shop')}
        kept = tables['dbomsbak: was `parent`']
        self.assertIn(f'`shop`.`{kept}` (was `parent`)', output)
        self.assertEqual(self.server.value(f"SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_NAME = '{kept}' "
                                           "AND COLUMN_NAME = 'late'"), '1')
        self.drop_kept()
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    LATE_PROGRAMS = ('USE `shop`; DROP VIEW `v_t`; CREATE VIEW `v_t` AS SELECT `id` AS `late_view` FROM `t`;'
                     "DROP PROCEDURE `p_added`; CREATE PROCEDURE `p_added` () SELECT 'late_procedure';"
                     "ALTER EVENT `e_added` COMMENT 'late_event';")

    def test_programs_changed_while_the_rename_waits_are_told_whole(self):
        output = self.restore_stopped_before('RENAME TABLE', lambda: self.server.sql(self.LATE_PROGRAMS))
        for pattern in ('view `shop`.`v_t`: CREATE .*late_view', "procedure `shop`.`p_added`: CREATE .*(\n.*)?'late_procedure'",
                        "event `shop`.`e_added`: CREATE .*'late_event'"):
            self.assertRegex(output, pattern)
        self.assertEqual(len(re.findall('no safety dump holds it', output)), 3, output)
        self.drop_kept()
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    def test_programs_changed_between_two_tries_end_it(self):
        with Talk(self.server) as other:
            def wait_and_change():
                other('BEGIN; INSERT INTO `crm`.`person` VALUES (50, NULL)')
                self.server.sql(self.LATE_PROGRAMS)
            output = self.restore_stopped_before('RENAME TABLE', wait_and_change, '--lock-tries=2', code=34)
            other('ROLLBACK')
        for name in ('v_t', 'p_added', 'e_added'):
            self.assertIn(f'`shop`.`{name}`', output)
        live = self.take()
        self.setUp()
        self.server.sql(self.LATE_PROGRAMS)
        fingerprint.expect_equal(self.take(), live, 'what somebody made live, and live behind it')

    KEYS = "SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_NAME = 'other_fk'"

    def test_no_foreign_key_goes_with_what_is_dropped(self):
        other = ('CREATE DATABASE `other`; CREATE TABLE `other`.`child` (`id` int PRIMARY KEY, `p` int, KEY `by_p` (`p`), '
                 'CONSTRAINT `other_fk` FOREIGN KEY (`p`) REFERENCES `shop`.`parent` (`id`)) ENGINE=InnoDB;'
                 'INSERT INTO `other`.`child` VALUES (1, 2);')
        self.server.sql(other)
        self.assertIn('`other_fk`', self.root('restore', '--in-place', '--yes', self.archive, code=34).err)
        self.server.sql('DROP DATABASE `other`')
        self.assertIn('`added_fk`', self.in_place('--keep-extra', code=34).err)
        self.assert_nothing_changed()
        # One that comes behind the last look.
        output = self.restore_stopped_before('RENAME TABLE', lambda: self.server.sql(other))
        self.assertIn('foreign key `other_fk` of `other`.`child` points to `shop`.`__dbomsbak_old_', output)
        self.assertEqual(self.server.value(self.KEYS), '1')
        self.server.sql('DROP DATABASE `other`')
        self.drop_kept()
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    def test_a_stranger_with_the_name_of_the_journal_is_left_alone(self):
        for definition in ('(`id` int PRIMARY KEY)', "(`id` int PRIMARY KEY, `sequence` bigint DEFAULT '1', `part` int DEFAULT '0', "
                           "`parts` int DEFAULT '1', `time` datetime DEFAULT '2026-01-01 00:00:00', `event` varchar(32) DEFAULT 'begin', "
                           "`step` varchar(128) DEFAULT 'other', `payload` varchar(20) DEFAULT '{}')"):
            for database in ('crm', 'shop'):
                name = f'`{database}`.`__dbomsbak_journal`'
                self.server.sql(f"CREATE TABLE {name} {definition}; INSERT INTO {name} (`id`) VALUES (7)")
                refused = self.in_place(code=34)
                self.assertIn(f'{name} has a name that --in-place needs', refused.err)
                self.assertEqual(self.server.value(f'SELECT `id` FROM {name}'), '7')
                self.server.sql(f'DROP TABLE {name}')
        self.assert_nothing_changed()

    def test_a_journal_that_cannot_be_read_is_not_called_a_strangers(self):
        self.tool_ends(-signal.SIGKILL, '--die-before=RENAME TABLE')
        journal = '`crm`.`__dbomsbak_journal`'
        self.server.sql(f"CREATE TABLE `crm`.`as_it_was` AS SELECT * FROM {journal}; "
                        f"UPDATE {journal} SET `payload` = '{{\"version\":7}}' WHERE `event` = 'begin' AND `step` = 'staging'")
        refused = self.in_place('--safety-dump', self.folder / 'unread-safety.sql.zst', code=34).err
        self.assertRegex(refused, f'{journal} .*may be what an interrupted restore has left.*another version')
        self.assertNotIn('no interrupted restore has left it', refused)
        self.server.sql(f'DELETE FROM {journal}; INSERT INTO {journal} SELECT * FROM `crm`.`as_it_was`; DROP TABLE `crm`.`as_it_was`')
        self.assertIn('interrupted before its swap', self.in_place().err)
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    def root(self, *args, code=0):
        return self.program.run(args[0], *self.server.client_options(), *args[1:]).expect(code)

    def test_kept_tables_are_none_of_the_applications(self):
        self.restore_stopped_before('RENAME TABLE', lambda: self.server.sql("UPDATE `shop`.`parent` SET `v` = 'late' WHERE `id` = 1"))
        kept = {database: self.kept(database) for database in ('shop', 'crm')}
        [late] = [name for name in kept['shop'] if self.server.value(
            f"SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_NAME = '{name}'") == 'dbomsbak: was `parent`']

        def assert_kept():
            self.assertEqual({database: self.kept(database) for database in kept}, kept)
            self.assertEqual(self.server.value(f"SELECT COUNT(*) FROM `shop`.`{late}` WHERE `v` = 'late'"), '1')
        status = self.root('status').out
        for word in ('kept by restore in place', f'`shop`.`{late}` (was `parent`)', 'DROP TABLE'):
            self.assertIn(word, status)
        again = self.in_place()
        self.assertIn('are left alone', again.err)
        self.assertIn('what was live is in', again.err)
        assert_kept()
        dump = self.folder / 'again.sql.zst'
        self.assertRegex(self.root('dump', 'shop', 'crm', '-o', dump).err, f'left out .*`shop`.`{late}`')
        self.assertNotIn(b'__dbomsbak_old_', subprocess.run(['zstd', '-dc', dump], stdout=subprocess.PIPE, check=True).stdout)
        self.root('diff', dump)
        kept_dump = self.folder / 'kept.sql.zst'
        self.root('dump', '--only', f'shop.{late}', '-o', kept_dump)
        self.assertIn(b"'late'", subprocess.run(['zstd', '-dc', kept_dump], stdout=subprocess.PIPE, check=True).stdout)
        self.root('restore', '--yes', dump)
        assert_kept()
        self.root('undo', '--yes')
        assert_kept()
        self.assertIn('stay', self.root('purge', '--yes').err)
        assert_kept()
        self.drop_kept()
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    def test_the_last_line_names_what_is_kept(self):
        with Talk(self.server) as other:
            other('BEGIN; INSERT INTO `crm`.`person` VALUES (50, NULL)')
            with subprocess.Popen([self.program.path, 'restore', *map(str, self.server.client_options()), '--yes', '--in-place', '--force',
                                   '--lock-wait', '60', str(self.archive)], env=self.program.environment(), stdin=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True) as process:
                while self.server.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'RENAME TABLE %'") == '0':
                    self.assertIsNone(process.poll())
                    time.sleep(0.05)
                self.server.sql("UPDATE `shop`.`parent` SET `v` = 'late' WHERE `id` = 1")
                other('ROLLBACK')
                told = process.stderr.read()
            self.assertEqual(process.returncode, 0, told)
        self.assertRegex(told, r'may hold more than the safety dump, and is kept in 5 tables: .* \(was `parent`\).*status')
        self.assertIn('what was live when it was dumped is in', told)

    def tool_ends(self, code, *options, archive=None, safety='safety.sql.zst'):
        process = self.tool('restore-in-place', archive or self.archive, self.folder / safety, options=options)
        output, _ = process.communicate()
        self.assertEqual(process.returncode, code, output)
        return output

    def test_an_object_that_fails_behind_the_swap_is_named_and_the_way_back_is_open(self):
        safety = self.folder / 'safety.sql.zst'
        for _ in range(2):
            output = self.tool_ends(42, '--refuse=`t_before`')
            self.assertIn('trigger `shop`.`t_before`', output)
            self.assertIn(f"restore --in-place '{safety}'", output)
        back = self.tool_ends(0, '--refuse=`t_before`', archive=safety, safety='other-safety.sql.zst')
        self.assertRegex(back, 'given up for this one: .*`t_before`')
        self.drop_kept()
        fingerprint.expect_equal(self.ruined, self.take(), 'what was live, and live again')

    def test_an_unfinished_one_is_given_up_for_a_confirmed_one_alone(self):
        safety = self.folder / 'safety.sql.zst'
        self.tool_ends(42, '--refuse=`t_before`')
        journal = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_NAME = '__dbomsbak_journal'"
        for code, option in ((42, '--rehearse'), (130, '--decline')):
            output = self.tool_ends(code, '--refuse=`t_before`', option, archive=safety, safety='other-safety.sql.zst')
            self.assertNotIn('given up for this one: ', output)
            self.assertEqual(self.server.value(journal), '1', option)
        # A plan that cannot be carried out.
        with Talk(self.server) as other:
            other('USE `shop`')
            self.tool_ends(34, '--refuse=`t_before`', archive=safety, safety='other-safety.sql.zst')
        self.assertEqual(self.server.value(journal), '1')
        self.assertIn('is finished now', self.root('restore', '--in-place', '--yes', self.archive).err)
        self.drop_kept()
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    def test_what_was_healed_before_one_that_cannot_be_is_told(self):
        self.tool_ends(42, '--refuse=`t_before`')
        file, staging = self.folder / 'other.set', 'other__dbomsbak_new_00000001'
        self.server.sql(f'CREATE DATABASE `other`; CREATE DATABASE `{staging}`; CREATE TABLE `other`.`o` (`id` int PRIMARY KEY);'
                        f'CREATE TABLE `{staging}`.`o` (`id` int PRIMARY KEY)')
        for words, options, code in ((['snapshot', file, 'other'], [], 0),
                                     (['swap', file, '00000001'], ['--die-behind=RENAME TABLE'], -signal.SIGKILL)):
            process = self.tool(*words, options=options)
            output, _ = process.communicate()
            self.assertEqual(process.returncode, code, output)
        output, _ = self.tool('heal', options=['--refuse=`t_before`']).communicate()
        self.assertIn('notice: the restore of `other` was interrupted behind its swap; it is finished now', output)
        self.assertIn('trigger `shop`.`t_before`', output)

    def test_what_was_live_and_cannot_be_dropped_needs_help(self):
        self.tool_ends(-signal.SIGKILL, '--die-before=DROP TABLE IF EXISTS `shop`.`__dbomsbak_old_')
        self.server.sql("REVOKE DROP ON `shop`.* FROM 'small'@'%'")
        refused = self.in_place(code=42)
        self.server.sql("GRANT DROP ON `shop`.* TO 'small'@'%' WITH GRANT OPTION")
        for word in ('what was live is not dealt with yet', f"restore --in-place '{self.folder / 'safety.sql.zst'}'"):
            self.assertIn(word, refused.err)
        self.in_place()
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    def test_what_failed_behind_the_swap_is_made_up_for(self):
        for kind, name in (('view', 'v_v'), ('event', 'e_daily')):
            output = self.tool_ends(42, f'--refuse=`{name}`')
            self.assertIn(f'{kind} `shop`.`{name}`', output)
            self.assertIn('is finished now', self.root('restore', '--in-place', '--yes', self.archive).err)
            self.drop_kept()
            fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')
            self.setUp()

    def test_the_same_command_goes_on_behind_a_kill_with_its_safety_dump(self):
        safety = self.folder / 'safety.sql.zst'
        command = ['restore', '--in-place', '--yes', '--safety-dump', safety, self.archive]
        self.tool_ends(-signal.SIGKILL, '--die-before=RENAME TABLE')
        first = safety.read_bytes()
        # Somebody wrote meanwhile: it is another state that is to be dumped.
        self.server.sql("UPDATE `shop`.`t` SET `v` = 'meanwhile' WHERE `id` = 1")
        told = self.root(*command).err
        self.assertEqual(safety.read_bytes(), first)
        [beside] = self.folder.glob('safety.safety-*.sql.zst')
        self.assertIn(f"is dumped to '{beside}'", told)
        self.assertIn(f"to go back: dbomsbak restore --in-place '{beside}'", told)
        self.assertIn(b'meanwhile', subprocess.run(['zstd', '-dc', beside], stdout=subprocess.PIPE, check=True).stdout)
        # Nobody did.
        self.setUp()
        self.tool_ends(-signal.SIGKILL, '--die-before=RENAME TABLE')
        first = safety.read_bytes()
        told = self.root(*command).err
        self.assertIn(f"what is live is in '{safety}' already", told)
        self.assertEqual(safety.read_bytes(), first)
        self.assertEqual(list(self.folder.glob('safety.safety-*')), [])
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')
        # Behind the swap there is no more to do.
        self.setUp()
        self.tool_ends(-signal.SIGKILL, '--die-before=DROP TABLE IF EXISTS `shop`.`__dbomsbak_old_')
        told = self.root(*command).err
        self.assertIn('finishing the interrupted run was all', told)
        self.assertIn(f"to go back: dbomsbak restore --in-place '{safety}'", told)
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')

    def test_other_commands_behind_a_kill(self):
        behind = 'DROP TABLE IF EXISTS `shop`.`__dbomsbak_old_'
        for code, at, *command in ((34, 'RENAME TABLE', 'undo', '--yes'), (34, behind, 'restore', '--swap', '--yes'),
                                   (0, behind, 'purge', '--yes')):
            self.tool_ends(-signal.SIGKILL, f'--die-before={at}')
            self.assertIn('interrupted', self.root('status').out)
            self.root('dump', 'shop', '-o', self.folder / 'half.sql.zst', code=42)
            self.assertIn('was interrupted', self.root(*command, code=code).err)
            fingerprint.expect_equal(self.before if at == behind else self.ruined, self.take(), f'behind {command}')
            self.setUp()

    def test_definitions_changed_behind_the_safety_dump_end_it(self):
        output = self.restore_stopped_before('CREATE TABLE `__dbomsbak_new',
                                             lambda: self.server.sql('ALTER TABLE `shop`.`parent` ADD COLUMN `late` int'), code=34)
        self.assertIn('`shop`.`parent` was changed', output)
        self.server.sql('ALTER TABLE `shop`.`parent` DROP COLUMN `late`')
        fingerprint.expect_equal(self.ruined, self.take(), 'live, before and after')

    def test_a_lock_in_the_way_is_told_and_nothing_is_left(self):
        with Talk(self.server) as other:
            output = self.restore_stopped_before('RENAME TABLE', lambda: other('BEGIN; INSERT INTO `crm`.`person` VALUES (50, NULL)'), code=33)
            other('ROLLBACK')
        self.assertIn('in the way', output)
        fingerprint.expect_equal(self.ruined, self.take(), 'live, before and after')

    def test_killed_anywhere_it_is_old_or_new_and_the_same_again_works(self):
        stride = int(os.environ.get('DBOMSBAK_CRASH_STRIDE', '97'))
        seed = int(os.environ.get('DBOMSBAK_SEED', random.SystemRandom().randrange(1 << 32)))
        print(f'seed {seed}', flush=True)
        seen = {'old': 0, 'new': 0}
        safety = self.folder / 'safety.sql.zst'
        at = random.Random(seed).randrange(1, stride + 1)
        while True:
            for file in self.folder.glob('*safety*'):
                file.unlink()
            process = self.tool('restore-in-place', self.archive, safety, options=[f'--die-at={at}', '--lock-wait=30'])
            output, _ = process.communicate()
            if process.returncode == 0:
                break
            self.assertEqual(process.returncode, -signal.SIGKILL, output)
            healing, _ = self.tool('heal').communicate()
            now = self.take()
            state = 'old' if not fingerprint.differences(self.ruined, now) else 'new'
            if state == 'new':
                # Nobody compared what was displaced with the safety dump: it is still there.
                for database in now.values():
                    for name in [name for name in database if name[1].startswith('__dbomsbak_old_')]:
                        del database[name]
                fingerprint.expect_equal(self.before, now, f'killed at {at}, healed ({healing})')
                self.setUp()
            seen[state] += 1
            at += stride
        print(f'{sum(seen.values())} kills: {seen}', flush=True)
        fingerprint.expect_equal(self.before, self.take(), 'the archive, and live')


if __name__ == '__main__':
    unittest.main()
