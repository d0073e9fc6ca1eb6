#!/usr/bin/env python3
# ctest: kinds=mariadb-10.11,mysql-9.7 labels=pipeline timeout=900
"""What lies outside of the set, or of the archive's scope, is as it was at every moment.

The server's general log is the witness: it tells which statements changed what.
"""

import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402

CHANGES = ('CREATE ', 'ALTER ', 'DROP ', 'RENAME ', 'INSERT ', 'UPDATE ', 'DELETE ', 'TRUNCATE ')

SET = """
DROP DATABASE IF EXISTS shop; CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; USE shop;
CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 10), (2, 20);
CREATE TABLE stays (a INT PRIMARY KEY, b INT); INSERT INTO stays VALUES (1, 1);
"""
OTHER = """
DROP DATABASE IF EXISTS other; CREATE DATABASE other; USE other;
CREATE TABLE t (a INT, c INT); INSERT INTO t VALUES (1, 2);
CREATE TABLE u (a INT);
CREATE VIEW below AS SELECT a FROM u;
CREATE FUNCTION f (x INT) RETURNS INT DETERMINISTIC RETURN x;
"""
# View of `shop`, how it is broken, what it then needs, how that is put right for the moment.
NEEDS = (
    ('SELECT a, c FROM other.t', 'ALTER TABLE other.t DROP COLUMN c', 'column `c` of `other`.`t`',
     'ALTER TABLE other.t ADD COLUMN c INT'),
    ('SELECT a FROM other.u', 'DROP VIEW other.below; DROP TABLE other.u', '`other`.`u`', 'CREATE TABLE other.u (a INT)'),
    ('SELECT a FROM other.below', 'DROP TABLE other.u', '`other`.`below`', 'CREATE TABLE other.u (a INT)'),
    ('SELECT other.f(a) AS x FROM t', 'DROP FUNCTION other.f', 'function `other`.`f`',
     'CREATE FUNCTION other.f (x INT) RETURNS INT DETERMINISTIC RETURN x'),
)


class Outside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = Server(options=['--log-bin-trust-function-creators=1'])
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='dbo-'))
        self.addCleanup(shutil.rmtree, self.folder)
        self.archive = self.folder / 'shop.sql.zst'
        self.server.sql(OTHER + SET)

    def tearDown(self):
        ours = [name for name in self.server.databases() if '__dbomsbak_' in name]
        self.server.sql(''.join(f'DROP DATABASE `{name}`;' for name in ours))
        self.assertEqual([name for name in ours if '__dbomsbak_new_' in name], [])

    def run_code(self, code, command, *args):
        return self.program.run(command, *self.server.client_options(), *args).expect(code)

    def dump(self, *args):
        self.run_code(0, 'dump', '--overwrite', *(args or ('shop',)), '-o', self.archive)

    def take(self, *databases):
        return fingerprint.take(self.server, databases or ['shop', 'other'])

    def logged(self, command, code, *args):
        """Runs the command; returns its result and the statements that changed anything of `other`."""
        log = self.server.folder / 'general.log'
        log.unlink(missing_ok=True)
        self.server.sql(f"SET GLOBAL general_log_file = '{log}'; SET GLOBAL general_log = 1;")
        try:
            result = self.run_code(code, command, *args)
        finally:
            self.server.sql('SET GLOBAL general_log = 0')
        sent = [line.split('Query\t', 1)[1] for line in log.read_text(errors='replace').splitlines() if 'Query\t' in line]
        return result, [text for text in sent if text.startswith(CHANGES) and '`other`' in text.split('VIEW', 1)[0]]

    # Views on what another database lacks ---------------------------------------------------------

    def test_a_view_on_what_another_database_lacks_is_refused_by_name_and_comes_back_once_that_is_there(self):
        for select, broken, needs, remedy in NEEDS:
            with self.subTest(needs):
                self.server.sql(OTHER + SET)
                self.server.sql(f'CREATE VIEW v AS {select}', 'shop')
                self.dump()
                before = self.take('shop')
                self.server.sql(broken)
                self.server.sql('UPDATE t SET b = 0; DROP VIEW v', 'shop')
                live = self.take()
                for args in (('--rehearse',), ('--yes',)):
                    refused, changes = self.logged('restore', 34, *args, self.archive)
                    self.assertEqual(changes, [])
                    self.assertIn('view `shop`.`v` needs', refused.err)
                    self.assertIn(needs, refused.err)
                    self.assertIn('--ignore-table', refused.err)
                    fingerprint.expect_equal(live, self.take(), f'a refused restore {args}')
                self.server.sql(remedy)
                live = self.take('other')
                self.run_code(0, 'restore', '--yes', self.archive)
                fingerprint.expect_equal(before, self.take('shop'), 'restored')
                fingerprint.expect_equal(live, self.take('other'), 'the other database')
                self.run_code(0, 'purge', '--yes')

    def test_a_broken_view_that_is_live_as_it_shall_be_is_no_hindrance(self):
        self.server.sql('CREATE VIEW v AS SELECT a, c FROM other.t; ALTER TABLE other.t DROP COLUMN c', 'shop')
        self.dump()
        before = self.take()
        self.server.sql('UPDATE t SET b = 0', 'shop')
        done, changes = self.logged('restore', 0, '--yes', self.archive)
        self.assertEqual(changes, [])
        fingerprint.expect_equal(before, self.take(), 'restored')

    def test_an_archive_without_the_view_restores(self):
        self.server.sql('CREATE VIEW v AS SELECT a, c FROM other.t', 'shop')
        self.dump('shop', '--ignore-table', 'shop.v')
        self.server.sql('ALTER TABLE other.t DROP COLUMN c; UPDATE shop.t SET b = 0; DROP VIEW shop.v')
        _, changes = self.logged('restore', 0, '--yes', self.archive)
        self.assertEqual(changes, [])
        self.assertEqual(self.server.value('SELECT SUM(b) FROM shop.t'), '30')

    def test_undo_and_restore_refuse_to_make_a_view_they_could_not(self):
        self.dump()
        self.server.sql('CREATE VIEW late AS SELECT a, c FROM other.t', 'shop')
        live = self.take('shop')
        self.run_code(0, 'restore', '--yes', self.archive)
        restored = self.take('shop')
        self.server.sql('ALTER TABLE other.t DROP COLUMN c')
        refused, changes = self.logged('undo', 34, '--yes')
        self.assertEqual(changes, [])
        self.assertIn('view `shop`.`late` needs column `c` of `other`.`t`', refused.err)
        fingerprint.expect_equal(restored, self.take('shop'), 'a refused undo')
        self.server.sql('ALTER TABLE other.t ADD COLUMN c INT')
        self.run_code(0, 'undo', '--yes')
        fingerprint.expect_equal(live, self.take('shop'), 'undone')
        # A restore that takes away what an undo could not make tells so.
        self.server.sql('ALTER TABLE other.t DROP COLUMN c')
        told = self.run_code(0, 'restore', '--yes', self.archive)
        self.assertIn('view `shop`.`late` needs column `c` of `other`.`t`', told.err)
        self.assertIn('undo could not bring it back', told.err)

    def test_a_table_of_the_set_that_stays_lends_no_column(self):
        self.server.sql('CREATE VIEW v AS SELECT a, b FROM stays', 'shop')
        self.dump('shop', '--ignore-table', 'shop.stays')
        self.server.sql('ALTER TABLE stays DROP COLUMN b; DROP VIEW v', 'shop')
        live = self.take()
        refused = self.run_code(34, 'restore', '--yes', self.archive)
        self.assertIn('view `shop`.`v` needs column `b` of `shop`.`stays`', refused.err)
        fingerprint.expect_equal(live, self.take(), 'a refused restore')

    def test_a_lost_database_is_there_for_the_moment_only(self):
        self.server.sql('CREATE VIEW v AS SELECT a, c FROM other.t', 'shop')
        self.dump()
        self.server.sql('DROP DATABASE other; DROP VIEW shop.v')
        live = self.take('shop')
        # MySQL shows no view whose database is gone, so there none can be proved.
        shown = self.server.kind.startswith('mariadb')
        rehearsed, changes = self.logged('restore', 0 if shown else 14, '--rehearse', self.archive)
        self.assertIn('CREATE DATABASE `other`', changes)
        self.assertNotIn('other', self.server.databases())
        if not shown:
            self.assertIn('view `shop`.`v` cannot be read back from staging', rehearsed.err)
            fingerprint.expect_equal(live, self.take('shop'), 'a refused rehearsal')
            return
        self.run_code(0, 'restore', '--yes', self.archive)
        self.assertEqual(self.server.value("SELECT COUNT(*) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'shop'"), '1')
        self.assertNotIn('other', self.server.databases())
        self.run_code(0, 'undo', '--yes')
        fingerprint.expect_equal(live, self.take('shop'), 'undone')

    def test_a_sweep_takes_away_what_stood_in_for_a_lost_database(self):
        """As after a kill: the account that made it may not drop it."""
        self.server.sql('CREATE VIEW v AS SELECT a, c FROM other.t', 'shop')
        self.dump()
        self.server.sql("DROP DATABASE other; DROP VIEW shop.v; CREATE USER 'half'@'%' IDENTIFIED BY 'x'; "
                        "GRANT ALL ON shop.* TO 'half'@'%'; GRANT ALL ON `shop\\_\\_dbomsbak\\_%`.* TO 'half'@'%'; "
                        "GRANT CREATE, SELECT ON other.* TO 'half'@'%'; GRANT SUPER, PROCESS ON *.* TO 'half'@'%'")
        try:
            definer = 'SET USER' if self.server.kind.startswith('mariadb') else 'SET_ANY_DEFINER, SYSTEM_USER'
            self.server.sql(f"GRANT {definer} ON *.* TO 'half'@'%'")
            live = self.take('shop')
            failed = self.program.run('restore', *self.server.client_options('half', 'x'), '--yes', self.archive)
            self.assertIn(failed.code, (11, 14), failed.err)
            self.assertIn('staging was left on the server', failed.err)
            self.assertEqual(self.server.rows('SHOW TABLES FROM other'), [['t']])
            self.run_code(0, 'purge', '--yes')
            self.assertNotIn('other', self.server.databases())
            fingerprint.expect_equal(live, self.take('shop'), 'swept')
        finally:
            self.server.sql("DROP USER 'half'@'%'")

    # Triggers of tables that stay -------------------------------------------------------------------

    def test_undo_leaves_triggers_of_tables_that_stayed_as_they_are_now(self):
        for then, now in (('', 'CREATE TRIGGER n BEFORE INSERT ON stays FOR EACH ROW SET NEW.b = 2'),
                          ('CREATE TRIGGER n BEFORE INSERT ON stays FOR EACH ROW SET NEW.b = 1', 'DROP TRIGGER n'),
                          ('CREATE TRIGGER n BEFORE INSERT ON stays FOR EACH ROW SET NEW.b = 1', 'DROP TABLE stays')):
            with self.subTest(now):
                self.server.sql(SET)
                self.dump('shop', '--ignore-table', 'shop.stays')
                self.server.sql('CREATE TRIGGER on_t BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 3;' + then, 'shop')
                before = self.take('shop')['shop']
                self.run_code(0, 'restore', '--yes', self.archive)
                self.server.sql(now, 'shop')
                changed = self.take('shop')['shop']
                self.run_code(0, 'undo', '--yes')
                after = self.take('shop')['shop']
                kept = [('trigger', 'n'), ('table', 'stays')]
                self.assertEqual([after.get(key) for key in kept], [changed.get(key) for key in kept])
                for objects in (before, after):
                    for key in kept:
                        objects.pop(key, None)
                fingerprint.expect_equal({'shop': before}, {'shop': after}, 'undone')
                self.run_code(0, 'purge', '--yes')

    def test_a_trigger_whose_name_a_table_that_stays_has_taken_is_refused(self):
        self.server.sql('CREATE TRIGGER n BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1', 'shop')
        self.dump('shop', '--ignore-table', 'shop.stays')
        self.run_code(0, 'restore', '--yes', self.archive)
        self.server.sql('DROP TRIGGER n; CREATE TRIGGER n BEFORE INSERT ON stays FOR EACH ROW SET NEW.b = 2', 'shop')
        live = self.take('shop')
        for command in (('restore', '--yes', self.archive), ('undo', '--yes')):
            refused = self.run_code(34, *command)
            self.assertIn('trigger `shop`.`n` comes with table `shop`.`t`, but stands on `shop`.`stays`', refused.err)
            fingerprint.expect_equal(live, self.take('shop'), command[0])

    # Triggers that remember another collation -------------------------------------------------------

    def test_triggers_come_back_whatever_collation_their_database_had(self):
        self.server.sql("""
CREATE TRIGGER first BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1;
ALTER DATABASE shop COLLATE utf8mb4_bin;
CREATE TRIGGER second BEFORE INSERT ON t FOR EACH ROW SET NEW.b = NEW.b + 1;
CREATE TRIGGER plain BEFORE INSERT ON stays FOR EACH ROW SET NEW.b = 3;
""", 'shop')
        self.dump()
        before = self.take('shop')
        self.server.sql('UPDATE t SET b = 0; DROP TRIGGER second', 'shop')
        ruined = self.take('shop')
        self.run_code(0, 'restore', '--yes', self.archive)
        fingerprint.expect_equal(before, self.take('shop'), 'restored')
        self.run_code(0, 'undo', '--yes')
        fingerprint.expect_equal(ruined, self.take('shop'), 'undone')
        self.run_code(0, 'undo', '--yes')
        fingerprint.expect_equal(before, self.take('shop'), 'undone again')

    # Names of our own -------------------------------------------------------------------------------

    def test_nothing_is_restored_under_the_name_of_a_displaced_copy(self):
        name = 'shop__dbomsbak_old_7'
        self.server.sql(f'CREATE DATABASE `{name}`; CREATE TABLE `{name}`.t (a INT)')
        try:
            self.dump(name)
            refused = self.run_code(34, 'restore', '--yes', self.archive)
            self.assertIn(f'database `{name}` has the name of a displaced copy', refused.err)
        finally:
            self.server.sql(f'DROP DATABASE `{name}`')


if __name__ == '__main__':
    unittest.main(verbosity=2)
