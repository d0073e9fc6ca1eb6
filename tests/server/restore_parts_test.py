#!/usr/bin/env python3
"""Parts of archives: single tables, whole databases of a set, databases under other names, and what is kept beside them.

What is live is judged by the server. What was not asked for stays as it was, to the byte.
"""
# ctest: kinds=mariadb-10.11,mysql-9.7,mysql-5.6,oceanbase-4.3.5 others=Parts.test_single_tables_and_back,Parts.test_a_child_alone_points_to_the_parent_that_is_live

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import ClientError, Server  # noqa: E402

SCHEMA = """
CREATE DATABASE `shop` CHARACTER SET utf8mb4; CREATE DATABASE `crm` CHARACTER SET utf8mb4;
USE `shop`;
CREATE TABLE `parent` (`id` int PRIMARY KEY, `v` varchar(20)) ENGINE=InnoDB;
CREATE TABLE `child` (`id` int PRIMARY KEY, `p` int, KEY `by_p` (`p`),
  CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `parent` (`id`) ON DELETE CASCADE) ENGINE=InnoDB;
CREATE TABLE `t` (`id` int PRIMARY KEY AUTO_INCREMENT, `v` varchar(200)) AUTO_INCREMENT=77;
CREATE TABLE `other` (`id` int PRIMARY KEY, `v` varchar(200));
CREATE TABLE `crm`.`person` (`id` int PRIMARY KEY, `p` int,
  CONSTRAINT `person_fk` FOREIGN KEY (`p`) REFERENCES `shop`.`parent` (`id`)) ENGINE=InnoDB;
INSERT INTO `parent` VALUES (1, 'a'), (2, 'b');
INSERT INTO `child` VALUES (10, 1), (11, 2), (12, NULL);
INSERT INTO `t` VALUES (1, 'one'), (2, NULL), (5, '数据');
INSERT INTO `other` VALUES (1, 'old');
INSERT INTO `crm`.`person` VALUES (1, 2);
CREATE VIEW `v_t` AS SELECT `id`, `v` FROM `t`;
CREATE TRIGGER `t_before` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.`v` = COALESCE(NEW.`v`, 'x');
CREATE PROCEDURE `p_other` () SELECT COUNT(*) FROM `other`;
"""
RUIN = """
USE `shop`;
DROP TRIGGER `t_before`; ALTER TABLE `t` ADD COLUMN `added` int; UPDATE `t` SET `v` = 'ruined';
CREATE TRIGGER `t_later` AFTER INSERT ON `t` FOR EACH ROW SET @t = 1;
UPDATE `other` SET `v` = 'new'; UPDATE `parent` SET `v` = 'new'; DELETE FROM `child` WHERE `id` = 10;
CREATE TABLE `added` (`id` int PRIMARY KEY, `t` int) ENGINE=InnoDB;
CREATE TRIGGER `added_before` BEFORE INSERT ON `added` FOR EACH ROW SET @added = 1;
CREATE PROCEDURE `p_added` () SELECT 1;
DROP PROCEDURE `p_other`;
"""


class Parts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server.sql(SCHEMA)
        cls.before = cls.take()
        cls.archive = cls.folder / 'both.sql.zst'
        cls.program.ok('dump', *cls.server.client_options(), 'shop', 'crm', '-o', cls.archive)

    def setUp(self):
        self.server.sql('SET FOREIGN_KEY_CHECKS = 0;' + ''.join(f'DROP DATABASE `{name}`;' for name in self.server.databases()))
        self.server.sql(SCHEMA)
        self.server.sql(RUIN)
        self.ruined = self.take()

    @classmethod
    def take(cls, *databases):
        return fingerprint.take(cls.server, list(databases or ('shop', 'crm')))

    def run_program(self, command, *args, code=0):
        return self.program.run(command, *self.server.client_options(), '--yes', *args).expect(code)

    def restore(self, *args, code=0, archive=None):
        return self.run_program('restore', *args, archive or self.archive, code=code)

    def mixed(self, chosen):
        """What is ruined, but for objects that `chosen` says of `shop`: those as they were."""
        shop = {key: value for key, value in self.ruined['shop'].items() if not chosen(*key)}
        shop.update({key: value for key, value in self.before['shop'].items() if chosen(*key)})
        return {**self.ruined, 'shop': shop}

    def assert_key_holds(self, statement):
        with self.assertRaises(ClientError) as refused:
            self.server.sql(statement)
        self.assertEqual(refused.exception.number, 1452)

    def assert_nothing_changed(self):
        fingerprint.expect_equal(self.ruined, self.take(), 'live, before and after a refusal')
        self.assertEqual([name for name in self.server.databases() if 'dbomsbak' in name], [])

    def test_single_tables_and_back(self):
        self.restore('--only', 'shop.t')
        expected = self.mixed(lambda kind, name: name in ('t', 't_before', 't_later', 'v_t'))
        fingerprint.expect_equal(expected, self.take(), 'one table of the archive')
        self.run_program('undo', 'shop')
        fingerprint.expect_equal(self.ruined, self.take(), 'after undo')
        self.run_program('undo', 'shop')
        fingerprint.expect_equal(expected, self.take(), 'after undo of undo')
        self.run_program('purge', 'shop')
        fingerprint.expect_equal(expected, self.take(), 'after purge')
        self.assertEqual([name for name in self.server.databases() if 'dbomsbak' in name], [])

    def test_a_table_that_others_point_to_is_refused_by_name(self):
        refused = self.restore('--only', 'shop.parent', code=34)
        for word in ('`fk`', '`child`', '`person_fk`', '`person`'):
            self.assertIn(word, refused.err)
        self.assert_nothing_changed()

    def test_a_child_alone_points_to_the_parent_that_is_live(self):
        self.restore('--only', 'shop.child')
        fingerprint.expect_equal(self.mixed(lambda kind, name: name == 'child'), self.take(), 'the child alone')
        self.assert_key_holds('INSERT INTO `shop`.`child` VALUES (90, 90)')
        self.server.sql('DELETE FROM `shop`.`parent` WHERE `id` = 1')
        self.assertEqual(self.server.value('SELECT GROUP_CONCAT(`id` ORDER BY `id`) FROM `shop`.`child`'), '11,12')
        self.run_program('undo', 'shop')
        self.assert_key_holds('INSERT INTO `shop`.`child` VALUES (90, 90)')

    def test_a_child_without_its_parent_rows_is_refused(self):
        self.server.sql('DELETE FROM `shop`.`child`; DELETE FROM `crm`.`person`; DELETE FROM `shop`.`parent` WHERE `id` = 2;')
        self.ruined = self.take()
        refused = self.restore('--only', 'shop.child', code=34)
        for word in ('`fk`', '1 row', '`parent`'):
            self.assertIn(word, refused.err)
        fingerprint.expect_equal(self.ruined, self.take(), 'live, before and after a refusal')

    def test_a_whole_database_of_a_set(self):
        self.server.sql('UPDATE `crm`.`person` SET `p` = 1')
        ruined = self.take()
        self.restore('--only', 'crm')
        fingerprint.expect_equal({'shop': ruined['shop'], 'crm': self.before['crm']}, self.take(), 'one database of two')

    def test_frames_that_are_not_needed_are_not_read(self):
        self.server.sql('CREATE TABLE `shop`.`a_big` (`id` int PRIMARY KEY, `v` varchar(600))')
        for begin in range(0, 24000, 4000):
            self.server.sql('INSERT INTO `shop`.`a_big` VALUES ' + ','.join(
                f"({number}, '{number * 7919 % 100003:0600d}')" for number in range(begin, begin + 4000)))
        archive = self.folder / 'big.sql.zst'
        self.program.ok('dump', *self.server.client_options(), 'shop', '-o', archive)
        data = bytearray(archive.read_bytes())
        data[len(data) // 2] ^= 1  # rows of a_big, which comes first and is nearly all of it
        archive.write_bytes(data)
        self.program.run('verify', archive).expect(20)
        self.restore(code=20, archive=archive)
        self.restore('--only', 'shop.t', archive=archive)
        self.restore('--only', 'shop.a_big', code=20, archive=archive)

    def test_names_that_no_file_holds_are_usage_errors(self):
        for only, word in (('shop.nothing', '`nothing`'), ('nowhere', '`nowhere`'), ('crm.t', '`t`'), ('shop.t,', '--only')):
            self.assertIn(word, self.restore('--only', only, code=2).err)
        for renaming, word in (('nowhere=x', '`nowhere`'), ('shop=crm', '`crm`'), ('shop', 'OLD=NEW'), ('shop=mysql', '`mysql`'),
                               ('shop=' + 'x' * 65, 'x' * 65)):
            self.assertIn(word, self.restore('--as', renaming, code=2).err)
        self.assert_nothing_changed()

    def test_under_other_names_definitions_follow(self):
        self.server.sql("CREATE VIEW `crm`.`v_both` AS SELECT `p`.`id`, 'shop' AS `from` FROM `crm`.`person` `p` JOIN `shop`.`parent` `q` ON `q`.`id` = `p`.`p`;"
                        'CREATE PROCEDURE `crm`.`p_shop` () SELECT COUNT(*) FROM `shop`.`t`;')
        archive = self.folder / 'as.sql.zst'
        self.program.ok('dump', *self.server.client_options(), 'shop', 'crm', '-o', archive)
        here = self.take()
        told = self.restore('--as', 'shop=shop copy', '--as', 'crm=crm2', archive=archive)
        for word in ('`v_both`', '`p_shop`'):  # a string, and a body
            self.assertIn(word, told.err)
        self.assertNotIn('`v_t`', '\\n'.join(line for line in told.err.splitlines() if 'not rewritten' in line))
        fingerprint.expect_equal(here, self.take(), 'the databases that it was taken of')
        copy = self.take('shop copy', 'crm2')
        for (kind, name), facts in here['shop'].items():
            if kind == 'table' and 'rows' in facts:
                self.assertEqual(facts['rows'], copy['shop copy'][(kind, name)]['rows'])
        self.assertEqual({key[1] for key in copy['crm2']} - {'crm2'}, {key[1] for key in here['crm']} - {'crm'})
        self.assertIn('`shop copy`.`parent`', self.server.value('SELECT VIEW_DEFINITION FROM information_schema.VIEWS '
                                                                "WHERE TABLE_SCHEMA = 'crm2'"))
        self.assertIn('`shop copy`.`parent`', self.server.rows('SHOW CREATE TABLE `crm2`.`person`')[0][1])
        self.assert_key_holds('INSERT INTO `crm2`.`person` VALUES (90, 90)')
        self.run_program('undo')
        self.assertNotIn('crm2', self.server.databases())

    def test_the_same_files_under_the_same_name_again(self):
        self.restore('--as', 'crm=crm2', '--only', 'crm')
        self.restore('--as', 'crm=crm2', '--only', 'crm')
        self.assertIn('crm2__dbomsbak_old_2', self.server.databases())

    def test_what_the_upgrade_added_may_stay(self):
        self.restore('--keep-extra')
        both = {**self.before, 'shop': {**self.before['shop'], **{
            key: value for key, value in self.ruined['shop'].items() if key[1] in ('added', 'added_before', 'p_added')}}}
        fingerprint.expect_equal(both, self.take(), 'the archive and what it does not know')
        self.run_program('undo')
        fingerprint.expect_equal(self.ruined, self.take(), 'after undo')

    def test_an_added_table_that_points_to_a_replaced_one_is_refused_by_name(self):
        self.server.sql('ALTER TABLE `shop`.`added` ADD CONSTRAINT `added_fk` FOREIGN KEY (`t`) REFERENCES `shop`.`parent` (`id`)')
        self.ruined = self.take()
        self.assertIn('`added_fk`', self.restore('--keep-extra', code=34).err)
        self.assert_nothing_changed()


class BinaryLog(unittest.TestCase):
    """Nothing turns it off unasked."""

    def test_it_is_left_out_only_where_asked_and_allowed(self):
        program = Program()
        with Server(options=['--log-bin=binlog', '--server-id=7']) as server, tempfile.TemporaryDirectory() as folder:
            archive = pathlib.Path(folder) / 'd.sql.zst'
            server.sql('CREATE DATABASE `d`; CREATE TABLE `d`.`t` (`id` int PRIMARY KEY); INSERT INTO `d`.`t` VALUES (1)')
            program.ok('dump', *server.client_options(), 'd', '-o', archive)

            def position():
                return server.rows('SHOW MASTER STATUS')[0][:2]

            start = position()
            program.ok('restore', *server.client_options(), '--skip-binlog', archive)
            self.assertEqual(position(), start)
            program.ok('restore', *server.client_options(), archive)
            self.assertNotEqual(position(), start)
            start = position()
            server.sql("CREATE USER 'op'@'%'; GRANT ALL ON `d%`.* TO 'op'@'%'")
            start = position()
            refused = program.run('restore', *server.client_options(user='op'), '--skip-binlog', archive).expect(11)
            self.assertIn('GRANT BINLOG ADMIN ON *.* TO', refused.err)
            self.assertEqual(position(), start)


if __name__ == '__main__':
    unittest.main(verbosity=2)
