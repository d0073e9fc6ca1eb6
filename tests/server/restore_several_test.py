#!/usr/bin/env python3
"""Several files are one set: one staging, one proof, one swap, one displaced copy; or nothing at all.

OMS's operators have three dumps, a file for each database. What is live is judged by the server.
"""
# ctest: kinds=mariadb-10.11,mysql-9.7,oceanbase-4.3.5 others=Several.test_three_files_are_one_set

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import dumpers, fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402

DATABASES = ['oms_cm', 'oms_hb', 'oms_rm']
SCHEMA = """
CREATE DATABASE `oms_rm` CHARACTER SET utf8mb4; CREATE DATABASE `oms_cm` CHARACTER SET utf8mb4; CREATE DATABASE `oms_hb` CHARACTER SET latin1;
CREATE TABLE `oms_rm`.`project` (`id` int PRIMARY KEY AUTO_INCREMENT, `v` varchar(200)) AUTO_INCREMENT=70;
INSERT INTO `oms_rm`.`project` VALUES (1, REPEAT('a', 200)), (2, NULL), (9, '数据');
CREATE TABLE `oms_cm`.`node` (`id` int PRIMARY KEY, `at` datetime(6));
INSERT INTO `oms_cm`.`node` VALUES (1, '2026-01-01 00:00:00.000001'), (2, NULL);
CREATE TABLE `oms_hb`.`beat` (`id` int PRIMARY KEY, `n` bigint unsigned);
INSERT INTO `oms_hb`.`beat` VALUES (1, 18446744073709551615), (2, 0);
USE `oms_hb`;
CREATE TRIGGER `beat_before` BEFORE INSERT ON `oms_hb`.`beat` FOR EACH ROW SET NEW.`n` = COALESCE(NEW.`n`, 7);
CREATE VIEW `oms_rm`.`v_beats` AS SELECT `b`.`id` AS `id` FROM `oms_hb`.`beat` `b` JOIN `oms_rm`.`project` `p` ON `p`.`id` = `b`.`id`;
USE `oms_cm`;
CREATE PROCEDURE `p_nodes` () SELECT COUNT(*) FROM `node`;
"""
RUIN = """
ALTER TABLE `oms_rm`.`project` ADD COLUMN `added` int; UPDATE `oms_rm`.`project` SET `v` = 'ruined';
DROP TABLE `oms_cm`.`node`; CREATE TABLE `oms_cm`.`node_v2` (`id` int PRIMARY KEY);
DELETE FROM `oms_hb`.`beat`; DROP TRIGGER `oms_hb`.`beat_before`;
"""


class Several(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server.sql(SCHEMA)
        cls.before = cls.take()
        cls.rm, cls.cm, cls.hb = (cls.dump(name, f'{name}.sql.zst') for name in ('oms_rm', 'oms_cm', 'oms_hb'))

    def setUp(self):
        self.drop_all()
        self.server.sql(SCHEMA)
        self.server.sql(RUIN)
        self.ruined = self.take()

    def test_check_asks_for_all_files_as_the_one_set_they_are(self):
        self.program.run('check', '--restore', self.rm, self.hb, self.hb, *self.server.client_options()).expect(2)
        self.drop_all()
        answer = json.loads(self.program.ok('check', '--restore', self.rm, self.cm, self.hb, '--json', *self.server.client_options()).out)
        self.assertEqual(answer['files'], [str(file) for file in (self.rm, self.cm, self.hb)])
        self.assertEqual((answer['problems'], answer['warnings']), ([], []))
        # What rm points to is in hb.
        alone = self.program.ok('check', '--restore', self.rm, *self.server.client_options()).out
        self.assertIn('`oms_hb`', alone)

    def test_notes_say_whose_file_they_are_about(self):
        if dumpers.command(self.server) is None:
            self.skipTest('no mysqldump here')
        plain = self.folder / 'hb_plain.sql'
        plain.write_bytes(dumpers.dump(self.server, '--databases', 'oms_hb'))
        plan = json.loads(self.program.ok('restore', *self.server.client_options(), '--dry-run', '--json', self.rm, plain).out)['plan']
        for about in ('carries no proof', 'does not speak of routines', 'does not speak of events'):
            [note] = [warning for warning in plan['warnings'] if about in warning]
            self.assertIn(f"'{plain}'", note)

    @classmethod
    def take(cls):
        return fingerprint.take(cls.server, [name for name in DATABASES if name in cls.server.databases()])

    @classmethod
    def dump(cls, database, name, *args):
        path = cls.folder / name
        cls.program.ok('dump', *cls.server.client_options(), database, '-o', path, '--overwrite', *args)
        return path

    def drop_all(self):
        self.server.sql('SET FOREIGN_KEY_CHECKS = 0;' + ''.join(f'DROP DATABASE `{name}`;' for name in self.server.databases()))

    def run_program(self, command, *args, code=0):
        return self.program.run(command, *self.server.client_options(), '--yes', *args).expect(code)

    def assert_live_is(self, expected, about):
        fingerprint.expect_equal(expected, self.take(), about)

    def assert_nothing_changed(self):
        self.assert_live_is(self.ruined, 'live, before and after a refused restore')
        self.assertEqual([name for name in self.server.databases() if 'dbomsbak' in name], [])

    def copies(self):
        return sorted(name for name in self.server.databases() if '__dbomsbak_' in name)

    def test_three_files_are_one_set(self):
        # Plain SQL of this program, and archives; in no order of their names.
        plain = self.folder / 'cm.sql'
        self.drop_all()
        self.server.sql(SCHEMA)
        self.dump('oms_cm', 'cm.sql')
        self.server.sql(RUIN)
        told = self.run_program('restore', self.rm, plain, self.hb, '--into', 'oms_cm', '--dry-run')
        for name in DATABASES:
            self.assertIn(f'`{name}`', told.out)
        self.assert_nothing_changed()
        self.run_program('restore', self.rm, plain, self.hb)
        self.assert_live_is(self.before, 'the set of three files')
        self.assertEqual(self.copies(), [f'{name}__dbomsbak_old_1' for name in DATABASES])
        self.run_program('undo', 'oms_rm', code=2)  # the set goes back whole
        self.run_program('undo')
        self.assert_live_is(self.ruined, 'after undo')

    def test_dumps_of_other_programs_go_with_archives(self):
        self.drop_all()
        self.server.sql(SCHEMA)
        named, unnamed = self.folder / 'named.sql.gz', self.folder / 'unnamed.sql'
        if dumpers.command(self.server) is None:
            self.skipTest('no mysqldump here')
        named.write_bytes(gzip.compress(dumpers.dump(self.server, '--databases', 'oms_hb')))
        unnamed.write_bytes(dumpers.dump(self.server, '--routines', 'oms_cm'))
        self.server.sql(RUIN)
        # Only the one that names no database is put into oms_cm.
        self.run_program('restore', named, self.rm, unnamed, '--into', 'oms_cm')
        self.assert_live_is(self.before, 'mysqldump and archives together')

    def test_the_same_database_twice_is_a_usage_error(self):
        both = self.dump('oms_cm', 'both.sql.zst')
        refused = self.run_program('restore', self.rm, both, self.cm, code=2)
        for word in ('`oms_cm`', 'both.sql.zst', 'oms_cm.sql.zst'):
            self.assertIn(word, refused.err)
        self.run_program('restore', self.rm, self.rm, code=2)
        self.assert_nothing_changed()

    def test_into_that_no_file_wants_is_a_usage_error(self):
        refused = self.run_program('restore', self.rm, self.hb, '--into', 'oms_cm', code=2)
        self.assertIn('--into', refused.err)
        self.assert_nothing_changed()

    def test_every_file_is_verified_first_and_the_worst_code_told(self):
        data = self.cm.read_bytes()
        cut, damaged = self.folder / 'cut.sql.zst', self.folder / 'damaged.sql.zst'
        cut.write_bytes(data[:-40])
        data = bytearray(self.hb.read_bytes())
        data[len(data) // 2] ^= 1
        damaged.write_bytes(data)
        refused = self.run_program('restore', self.rm, cut, code=21)
        self.assertIn('cut.sql.zst', refused.err)
        refused = self.run_program('restore', damaged, self.rm, cut, code=20)
        for word in ('cut.sql.zst', 'damaged.sql.zst'):
            self.assertIn(word, refused.err)
        self.assert_nothing_changed()

    def test_what_was_loaded_is_found_again_in_any_order_of_the_files(self):
        # A session that holds a table keeps the swap from happening: staging stays.
        holder = subprocess.Popen(self.server.client_command('oms_hb', options=['--unbuffered', '--batch']), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            holder.stdin.write("START TRANSACTION; SELECT COUNT(*) FROM `beat`; SELECT 'held' AS `now`;\n")
            holder.stdin.flush()
            while 'held' not in holder.stdout.readline():
                pass
            self.run_program('restore', '--force', '--lock-wait', 1, self.rm, self.cm, self.hb, code=33)
        finally:
            holder.kill()
            holder.communicate()
        self.assertEqual(len(self.copies()), 3)
        told = self.run_program('restore', '--force', self.hb, self.rm, self.cm)
        self.assertIn('going on from run', told.err)
        self.assert_live_is(self.before, 'a restore that went on')


if __name__ == '__main__':
    unittest.main(verbosity=2)
