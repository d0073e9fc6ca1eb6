#!/usr/bin/env python3
# ctest: cost=230 labels=pipeline timeout=900 kinds=mariadb-10.11,mysql-9.7,mysql-5.6 others=Rollback.test_the_whole_story,Rollback.test_databases_that_are_gone_come_back_as_they_were
"""The operator's story: OMS databases are dumped, an upgrade ruins them, restore brings them back.

What the databases hold is judged by the server and the `mysql` client (support/fingerprint.py).
"""

import json
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, oms  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402

# The upgrade replaces this function, and DROP FUNCTION takes the grant along: the upgrade gives it again.
FUNCTION_GRANT = """GRANT EXECUTE, ALTER ROUTINE ON FUNCTION `drc_rm_db`.`fn_status_label` TO 'app'@'%' WITH GRANT OPTION;
"""
# Grants on the set's objects that a restore must not lose, and a database that it must not touch.
NEIGHBOURS = """
CREATE USER 'app'@'%' IDENTIFIED BY 'x';
CREATE USER 'o''dd `user'@'10.%' IDENTIFIED BY 'x';
GRANT EXECUTE ON PROCEDURE `drc_cm_heartbeat_db`.`sp_prune_sequence` TO 'o''dd `user'@'10.%';
GRANT SELECT, INSERT ON `drc_rm_db`.`system_param` TO 'app'@'%';
GRANT SELECT (`id`, `ip`), UPDATE (`host_status`) ON `drc_cm_db`.`host` TO 'app'@'%';
GRANT SELECT ON `drc_rm_db`.`v_active_user` TO 'app'@'%';
""" + FUNCTION_GRANT + """
CREATE DATABASE `ocp`;
USE `ocp`;
CREATE TABLE `t` (`id` int AUTO_INCREMENT PRIMARY KEY, `v` varchar(20));
INSERT INTO `t` (`v`) VALUES ('not'), ('ours');
CREATE VIEW `reads_the_set` AS SELECT `ip` FROM `drc_cm_db`.`host`;
CREATE TRIGGER `tr` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.`v` = UPPER(NEW.`v`);
CREATE PROCEDURE `p`() SELECT COUNT(*) FROM `drc_rm_db`.`region`;
CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' DO DELETE FROM `t` WHERE `id` < 0;
"""


class Rollback(unittest.TestCase):
    """One server for all; each test begins with fresh databases and an archive of them."""

    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server(event_scheduler=True))
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.set = list(oms.NAMES)

    def setUp(self):
        oms.load(self.server, rows=20000)
        self.server.sql(NEIGHBOURS)
        self.before = self.take()
        self.ocp = fingerprint.take(self.server, 'ocp', grants=True)
        self.archive = self.folder / f'{self.id().rsplit(".", 1)[1]}.sql.zst'
        self.run_ok('dump', *self.set, '-o', self.archive)

    def tearDown(self):
        # Whatever a failing test left: the next one starts from nothing.
        self.server.sql("SET FOREIGN_KEY_CHECKS = 0; DROP USER 'app'@'%', 'o''dd `user'@'10.%';" + ''.join(
            f'DROP DATABASE `{name}`;' for name in self.server.databases()))

    def take(self):
        present = set(self.server.databases())
        return fingerprint.take(self.server, [d for d in self.set if d in present], grants=True)

    def run_ok(self, command, *args):
        return self.program.ok(command, *self.server.client_options(), *args)

    def run_code(self, code, command, *args):
        return self.program.run(command, *self.server.client_options(), *args).expect(code)

    def run_json(self, command, *args):
        return json.loads(self.run_ok(command, '--json', *args).out)

    def assert_live_is(self, expected, about):
        fingerprint.expect_equal(expected, self.take(), about)

    def assert_nothing_left(self):
        self.assertEqual([d for d in self.server.databases() if 'dbomsbak' in d], [])

    def upgrade(self):
        oms.mock_upgrade(self.server)
        self.server.sql(FUNCTION_GRANT)

    def ruin(self):
        self.upgrade()
        ruined = self.take()
        self.assertGreater(len(fingerprint.differences(self.before, ruined)), 80)
        return ruined

    def test_the_whole_story(self):
        self.run_ok('check', *self.set)
        self.program.ok('verify', self.archive)
        info = json.loads(self.program.ok('info', '--json', self.archive).out)
        self.assertEqual(info['receipt']['databases'], sorted(self.set))
        self.assertEqual(info['receipt']['rows'], sum(
            int(o['rows']) for objects in self.before.values() for (kind, _), o in objects.items()
            if kind == 'table'))
        self.assertEqual(info['receipt']['snapshot']['method'], 'global-read-lock')
        ruined = self.ruin()

        # Looking and trying change nothing.
        self.assertEqual(self.run_json('status')['leftovers'], [])
        plan = self.run_json('restore', '--dry-run', self.archive)['plan']
        self.assertTrue(any('workspace' in text for text in plan['removed']), plan['removed'])
        self.assertTrue(any('switchover_task' in text for text in plan['added_back']))
        self.assert_live_is(ruined, 'live, before and after --dry-run')
        rehearsal = self.run_json('restore', '--rehearse', '--yes', self.archive)
        self.assertFalse(rehearsal['swapped'])
        self.assertTrue(rehearsal['rehearsed'])
        self.assertEqual(rehearsal['rows_proved'], info['receipt']['rows'])
        self.assert_live_is(ruined, 'live, before and after --rehearse')
        self.assert_nothing_left()

        done = self.run_json('restore', '--yes', self.archive)
        self.assertTrue(done['swapped'])
        self.assertEqual(done['plan']['generation'], 1)
        self.assert_live_is(self.before, 'before the upgrade and after restore')
        fingerprint.expect_equal(self.ocp, fingerprint.take(self.server, 'ocp', grants=True),
                                 'a database outside the set')

        left = self.run_json('status')['leftovers']
        self.assertEqual([(x['kind'], x['generation'], sorted(x['databases'])) for x in left],
                         [('displaced-copy', 1, sorted(self.set))])

        # Back to the ruin, and back again.
        self.run_json('undo', '--dry-run')
        self.assert_live_is(self.before, 'live, before and after undo --dry-run')
        self.run_ok('undo', '--yes')
        self.assert_live_is(ruined, 'before restore and after undo')
        self.run_code(2, 'undo', '--yes', self.set[1])  # a part of the set
        self.assert_live_is(ruined, 'before and after an undo that is refused')
        self.run_ok('undo', '--yes', *self.set)
        self.assert_live_is(self.before, 'after a second undo')

        # A second restore makes its own generation; purge takes one, then all.
        self.upgrade()
        self.run_ok('restore', '--yes', self.archive)
        self.assert_live_is(self.before, 'after a second restore')
        copies = [x['generation'] for x in self.run_json('status')['leftovers']]
        self.assertEqual(len(copies), len(set(copies)))
        self.assertGreaterEqual(len(copies), 2)
        self.run_ok('purge', '--yes', '--generation', min(copies))
        self.assertNotIn(min(copies), [x['generation'] for x in self.run_json('status')['leftovers']])
        self.run_ok('purge', '--yes', '--dry-run')
        self.assertEqual(len(self.run_json('status')['leftovers']), len(copies) - 1)
        self.run_ok('purge', '--yes')
        self.assertEqual(self.run_json('status')['leftovers'], [])
        self.assert_nothing_left()
        self.assert_live_is(self.before, 'after purge')
        fingerprint.expect_equal(self.ocp, fingerprint.take(self.server, 'ocp', grants=True),
                                 'a database outside the set, at the end')

    def test_databases_that_are_gone_come_back_as_they_were(self):
        self.server.sql(f'SET FOREIGN_KEY_CHECKS = 0; DROP DATABASE `{self.set[0]}`; DROP DATABASE `{self.set[2]}`')
        done = self.run_json('restore', '--yes', self.archive)
        self.assertEqual(sorted(done['plan']['created_databases']), sorted([self.set[0], self.set[2]]))
        # A dropped routine takes its grants along, table grants stay: nobody can bring back the former.
        after = self.take()
        for name, objects in self.before.items():
            for key in [k for k in objects if k[0] == 'grant' and k[1].startswith('routine')]:
                objects.pop(key)
                after[name].pop(key, None)
        fingerprint.expect_equal(self.before, after, 'before the drop and after restore')

    def test_all_databases_gone_on_an_empty_server(self):
        with Server() as other:
            self.program.ok('restore', *other.client_options(), '--yes', self.archive)
            fingerprint.expect_equal(fingerprint.take(self.server, self.set),
                                     fingerprint.take(other, self.set), 'source and restore elsewhere')
        with Server() as other:
            other.load(self.archive)
            fingerprint.expect_equal(fingerprint.take(self.server, self.set),
                                     fingerprint.take(other, self.set), 'source and zstd -dc | mysql')

    def test_three_plain_dumps_with_the_documented_options(self):
        """mysqldump replaced by dbomsbak dump: plain SQL on stdout, provable, loadable by mysql."""
        with Server() as other:
            for name in self.set:
                text = self.run_ok('dump', '--triggers=false', name).stdout
                self.assertTrue(text.rstrip().endswith(b'-- Dump completed'))
                path = self.folder / f'{name}.sql'
                path.write_bytes(text)
                self.program.ok('verify', path)
                charset, collation = self.before[name]['database', name]['charset'].split()
                other.sql(f'CREATE DATABASE `{name}` CHARACTER SET {charset} COLLATE {collation}')
                other.load(path, name)
            expected = fingerprint.take(self.server, self.set)
            for objects in expected.values():
                for key in [k for k in objects if k[0] == 'trigger']:
                    del objects[key]
            fingerprint.expect_equal(expected, fingerprint.take(other, self.set),
                                     'source without triggers and three plain dumps')

    def test_events_that_run_meanwhile_write_nothing_into_what_was_restored(self):
        self.server.sql("""
CREATE EVENT `ev_busy` ON SCHEDULE EVERY 1 SECOND DO INSERT INTO `project_tag` (`tag_name`) VALUES (UUID());
CREATE EVENT `ev_quartz` ON SCHEDULE EVERY 1 SECOND DO UPDATE `QRTZ_SCHEDULER_STATE` SET `CHECKIN_INTERVAL` = `CHECKIN_INTERVAL` + 1;
""", self.set[0])
        self.server.wait_for(f'SELECT COUNT(*) > 4 FROM `{self.set[0]}`.`project_tag`', 1)
        self.run_ok('restore', '--yes', self.archive)
        self.assert_live_is(self.before, 'restored under running events')
        self.server.sql('DO SLEEP(2.5)')
        self.assert_live_is(self.before, 'two seconds later')

    def test_a_damaged_archive_changes_nothing(self):
        ruined = self.ruin()
        damaged = self.folder / 'damaged.sql.zst'
        shutil.copy(self.archive, damaged)
        with open(damaged, 'r+b') as file:
            file.seek(damaged.stat().st_size // 2)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 0x10]))
        self.run_code(20, 'restore', '--yes', damaged)
        with open(self.archive, 'rb') as file:
            (self.folder / 'cut.sql.zst').write_bytes(file.read()[:-1])
        self.run_code(21, 'restore', '--yes', self.folder / 'cut.sql.zst')
        self.assert_live_is(ruined, 'live, before and after refused restores')
        self.assert_nothing_left()

    def test_a_foreign_key_from_outside_the_set_is_refused_before_any_change(self):
        self.server.sql("""CREATE TABLE `outside` (`ip` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY,
CONSTRAINT `fk_outside` FOREIGN KEY (`ip`) REFERENCES `drc_cm_db`.`host` (`ip`)) ENGINE=InnoDB""", 'ocp')
        ruined = self.ruin()
        refused = self.run_code(34, 'restore', '--yes', self.archive)
        self.assertIn('fk_outside', refused.err)
        self.assert_live_is(ruined, 'live, before and after a refused restore')
        self.assert_nothing_left()

    def test_an_account_with_the_documented_grants_is_enough(self):
        self.server.sql(f"""
CREATE USER 'oms'@'%' IDENTIFIED BY 'pa''ss';
GRANT CREATE, DROP, ALTER, INDEX, REFERENCES, SELECT, INSERT, UPDATE, DELETE, TRIGGER, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE,
  EXECUTE, EVENT, LOCK TABLES ON `drc\\_%`.* TO 'oms'@'%' WITH GRANT OPTION;
GRANT RELOAD, {self.server.may_set_definers}, PROCESS ON *.* TO 'oms'@'%';
GRANT SELECT ON `mysql`.* TO 'oms'@'%'; GRANT {self.server.sees_routines} TO 'oms'@'%';
""")
        try:
            account = self.server.client_options('oms', "pa'ss")
            archive = self.folder / 'by-oms.sql.zst'
            self.program.ok('dump', *account, *self.set, '-o', archive)
            self.ruin()
            self.program.ok('restore', *account, '--yes', archive)
            self.assert_live_is(self.before, 'restored by an account that is not root')
            self.program.ok('undo', *account, '--yes')
            self.program.ok('undo', *account, '--yes')
            self.assert_live_is(self.before, 'undone twice by an account that is not root')
            self.program.ok('purge', *account, '--yes')
            self.assert_nothing_left()
        finally:
            self.server.sql("DROP USER 'oms'@'%'")


if __name__ == '__main__':
    unittest.main(verbosity=2)
