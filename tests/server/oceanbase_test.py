#!/usr/bin/env python3
# ctest: timeout=1800
"""What is OceanBase's alone: run with DBOMSBAK_TEST_SERVER=oceanbase-…, skipped on other servers."""

import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, oms  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, Server, numbers  # noqa: E402

SKIPPED = 77


class OceanBase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.program = Program()
        cls.folder = tempfile.TemporaryDirectory(prefix='oceanbase-')

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()
        cls.folder.cleanup()

    def path(self, name):
        return pathlib.Path(self.folder.name) / name

    def run_ok(self, command, *arguments):
        return self.program.ok(command, *self.server.client_options(), *arguments)

    def dump(self, name, *databases, jobs=2):
        self.run_ok('dump', '--jobs', jobs, '--overwrite', '-o', self.path(name), *databases)
        self.program.ok('verify', self.path(name))
        return self.path(name)

    def test_oms_goes_through_dump_restore_undo_and_the_mysql_client(self):
        names = oms.load(self.server, rows=500)
        before = fingerprint.take(self.server, names)
        archive = self.dump('oms.sql.zst', *names)
        with Server() as other:
            other.load(archive)
            fingerprint.expect_equal(before, fingerprint.take(other, names), 'zstd -dc | mysql')
        oms.mock_upgrade(self.server)
        upgraded = fingerprint.take(self.server, names)
        self.run_ok('restore', '--yes', archive)
        fingerprint.expect_equal(before, fingerprint.take(self.server, names), 'restored')
        self.run_ok('undo', '--yes')
        fingerprint.expect_equal(upgraded, fingerprint.take(self.server, names), 'undone')
        self.run_ok('purge', '--yes')
        self.assertEqual([n for n in self.server.databases() if '__dbomsbak' in n], [])

    def test_what_no_dump_can_hold_is_named(self):
        self.server.sql('''CREATE DATABASE nodump; USE nodump;
CREATE TABLE plain (a INT PRIMARY KEY); INSERT INTO plain VALUES (1);
CREATE MATERIALIZED VIEW folded AS SELECT a, COUNT(*) AS n FROM plain GROUP BY a;
CREATE TABLE embedded (a INT PRIMARY KEY, v VECTOR(3));''')
        refused = self.program.run('dump', *self.server.client_options(), '-o',
                                   self.path('nodump.sql.zst'), 'nodump')
        refused.expect(12)
        partial = self.program.run('dump', *self.server.client_options(), '--allow-partial', '-o',
                                   self.path('nodump.sql.zst'), 'nodump')
        partial.expect(3)
        for name in ('folded', 'embedded'):
            self.assertIn(f'`nodump`.`{name}`', partial.err)
        listed = self.program.run('info', self.path('nodump.sql.zst')).expect(3).out
        self.assertIn('LEFT OUT', listed)
        # The container of the materialized view is no table of its own.
        self.assertNotIn('__mv_container', listed)

    def test_sequences_and_long_constraint_names_come_back(self):
        check = 'c' * 64
        self.server.sql(f'''CREATE DATABASE odds; USE odds;
CREATE SEQUENCE s1 START WITH 5 INCREMENT BY 3; SELECT s1.nextval;
CREATE SEQUENCE down START WITH 7 INCREMENT BY -2 MINVALUE -100 MAXVALUE 50 NOCACHE ORDER CYCLE;
CREATE TABLE parent (a INT PRIMARY KEY);
CREATE TABLE child (a INT PRIMARY KEY, b INT, CONSTRAINT `{check}` CHECK (b > 0),
  CONSTRAINT f2 FOREIGN KEY (a) REFERENCES parent (a), CONSTRAINT f1 FOREIGN KEY (b) REFERENCES child (a));
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1);
CREATE PROCEDURE tell() COMMENT 'it''s' SELECT 1;
CREATE EVENT calls ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' DO CALL tell();''')
        before = fingerprint.take(self.server, 'odds')
        archive = self.dump('odds.sql.zst', 'odds')
        self.server.sql('''USE odds; SELECT s1.nextval; DROP SEQUENCE down; CREATE SEQUENCE extra;
ALTER SEQUENCE s1 RESTART START WITH 900; DROP TABLE child; DROP EVENT calls; DROP PROCEDURE tell;''')
        after = fingerprint.take(self.server, 'odds')
        self.run_ok('restore', '--yes', archive)
        fingerprint.expect_equal(before, fingerprint.take(self.server, 'odds'), 'restored')
        self.run_ok('undo', '--yes', 'odds')
        fingerprint.expect_equal(after, fingerprint.take(self.server, 'odds'), 'undone')
        self.run_ok('undo', '--yes', 'odds')
        fingerprint.expect_equal(before, fingerprint.take(self.server, 'odds'), 'undone twice')
        self.run_ok('purge', '--yes', 'odds')

    def test_a_rename_that_waits_for_a_transaction_is_ended(self):
        self.server.sql('''CREATE DATABASE held; USE held; CREATE TABLE t (a INT PRIMARY KEY);
INSERT INTO t VALUES (1);''')
        archive = self.dump('held.sql.zst', 'held')
        client = self.server.client_command(options=['--batch', '--unbuffered', '--skip-column-names'])
        holder = subprocess.Popen(client, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            holder.stdin.write('BEGIN; INSERT INTO held.t VALUES (2); SELECT 1;\n')
            holder.stdin.flush()
            holder.stdout.readline()
            busy = self.program.run('restore', *self.server.client_options(), '--yes', '--force',
                                    '--lock-wait', '1', archive)
            busy.expect(33)
            holder.stdin.write('COMMIT;\n')
        finally:
            holder.stdin.close()
            holder.wait()
            holder.stdout.close()
        self.assertEqual(self.server.value('SELECT COUNT(*) FROM held.t'), '2')
        self.run_ok('restore', '--yes', archive)
        self.assertEqual(self.server.value('SELECT COUNT(*) FROM held.t'), '1')
        self.run_ok('purge', '--yes', 'held')

    def test_sums_stay_right_while_writers_move_them(self):
        self.server.sql('''CREATE DATABASE sum_a; CREATE DATABASE sum_b;
CREATE TABLE sum_a.t (id INT PRIMARY KEY, n INT); CREATE TABLE sum_b.t (id INT PRIMARY KEY, n INT);
INSERT INTO sum_a.t VALUES ''' + ','.join(f'({i}, 100)' for i in range(200)) + ''';
INSERT INTO sum_b.t SELECT * FROM sum_a.t;''')
        stop = threading.Event()

        def write():
            lines = ''.join(f'BEGIN; UPDATE sum_a.t SET n = n - 1 WHERE id = {i};'
                            f'UPDATE sum_b.t SET n = n + 1 WHERE id = {(i * 7) % 200}; COMMIT;'
                            for i in range(200))
            while not stop.is_set():
                self.server.sql(lines)

        writers = [threading.Thread(target=write) for _ in range(2)]
        for writer in writers:
            writer.start()
        archives = []
        try:
            for round_number in range(3):
                for jobs in (1, 4):
                    archives.append(self.dump(f'sum-{round_number}-{jobs}.sql.zst', 'sum_a', 'sum_b',
                                              jobs=jobs))
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        with Server() as other:
            for archive in archives:
                other.load(archive)
                self.assertEqual(other.value('SELECT (SELECT SUM(n) FROM sum_a.t) + '
                                             '(SELECT SUM(n) FROM sum_b.t)'), '40000', archive.name)

    def test_a_definition_that_changes_meanwhile_fails_the_dump(self):
        self.server.sql('CREATE DATABASE moving; CREATE TABLE moving.a (id INT PRIMARY KEY, v VARCHAR(9000));'
                        'CREATE TABLE moving.z (id INT PRIMARY KEY);')
        for start in range(0, 4000, 500):
            self.server.sql('INSERT INTO moving.a VALUES ' + ','.join(
                f"({i}, REPEAT('{i % 10}', 9000))" for i in range(start, start + 500)))
        # Into a pipe that is not read: the dump stands still in the rows of the first table.
        command = [self.program.path, 'dump', *self.server.client_options(), 'moving']
        dump = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        dump.stdout.read(1 << 20)
        time.sleep(1)
        self.server.sql('ALTER TABLE moving.z ADD COLUMN more INT')
        _, told = dump.communicate()
        self.assertEqual(dump.returncode, 13, told)
        self.assertIn(b'`moving`.`z`', told)

    def test_keys_of_a_large_table_are_made_behind_its_rows_and_stand_in_their_order(self):
        self.server.sql(f'''SET SESSION ob_query_timeout = 900000000, SESSION ob_trx_timeout = 900000000;
CREATE DATABASE large; USE large;
CREATE TABLE t (id BIGINT PRIMARY KEY AUTO_INCREMENT, a INT NOT NULL, s VARCHAR(40), d DATETIME,
  KEY early (d), UNIQUE KEY u (a), KEY late (s(10) DESC, a) COMMENT 'a, (b)', KEY later (d, s));
CREATE VIEW v AS SELECT id FROM t FORCE INDEX (late) WHERE s > 'b';
INSERT INTO t (a, s, d) SELECT seq * 3, LEFT(SHA2(seq, 256), 40), '2026-01-01' + INTERVAL seq SECOND
  FROM {numbers(1, 100_000)};''')
        before = self.definitions_and_sums('large')
        archive = self.dump('large.sql.zst', 'large')
        self.server.sql('DELETE FROM large.t WHERE id < 1000; DROP VIEW large.v; ALTER TABLE large.t DROP KEY late')
        # Killed while the keys are built: the same command goes on from there.
        killed = self.program.start('restore', *self.server.client_options(), '--yes', archive)
        deadline = time.monotonic() + 300
        while killed.poll() is None and time.monotonic() < deadline:
            if self.server.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE "
                                 "'ALTER TABLE %large%dbomsbak%ADD KEY%' AND ID <> CONNECTION_ID()") != '0':
                break
        killed.kill()
        killed.communicate()
        self.assertLess(killed.returncode, 0, 'it was done before it could be killed')
        # (The killed run's lock is freed when the server has ended what its session was at.)
        again = self.run_ok('restore', '--yes', '--lock-wait', 200, archive)
        self.assertIn('going on from run', again.err)
        self.assertEqual(before, self.definitions_and_sums('large'))
        self.run_ok('purge', '--yes', 'large')

    def definitions_and_sums(self, database):
        """SHOW CREATE, with the keys in their order, and what is there by the primary key and by each other."""
        found = self.server.rows('SHOW CREATE TABLE t', database=database)
        for hint in ('PRIMARY', 'early', 'u', 'late', 'later'):
            found += self.server.rows(f'''SELECT /*+ QUERY_TIMEOUT(600000000) INDEX(t {hint}) */ COUNT(*), SUM(id), SUM(CRC32(CONCAT(a, s, d)))
                FROM t WHERE s > '' AND d > '2000-01-01' AND a > 0''', database=database)
        return found + self.server.rows('SELECT COUNT(*), SUM(id) FROM v', database=database)

    def test_an_account_that_cannot_see_sequences_is_told(self):
        self.server.sql('CREATE DATABASE unseen; CREATE TABLE unseen.t (a INT PRIMARY KEY);'
                        "CREATE USER unseeing; GRANT ALL ON unseen.* TO unseeing;")
        refused = self.program.run('dump', *self.server.client_options(user='unseeing'), '-o',
                                   self.path('unseen.sql.zst'), 'unseen')
        refused.expect(11)
        self.assertIn('GRANT SELECT ON `oceanbase`', refused.err)


if __name__ == '__main__':
    if not DEFAULT_KIND.startswith('oceanbase'):
        print('for OceanBase only')
        sys.exit(SKIPPED)
    unittest.main()
