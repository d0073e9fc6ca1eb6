#!/usr/bin/env python3
# ctest: cost=290 labels=pipeline timeout=1200 kinds=mariadb-10.11,mysql-9.7,mysql-5.6,mariadb-11.8,oceanbase-4.3.5 others=transfers,broken_views,scope others.oceanbase-4.3.5=transfers
"""The dump against a real server: the same bytes at any --jobs, one snapshot under load, each rung of
the ladder, and nothing published whatever goes wrong.

    dump_engine_test.py [TEST…]
"""

import collections
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, oms, runner  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import ClientError, DEFAULT_KIND, Server  # noqa: E402

EPOCH = {'SOURCE_DATE_EPOCH': '1700000000'}

# Every kind of key that chunks are cut by, each table large enough for several chunks, and some by
# which they must not be cut.
KEYED_TABLES = '''
CREATE TABLE k_int (id BIGINT AUTO_INCREMENT PRIMARY KEY, body TEXT);
CREATE TABLE k_negative (id INT PRIMARY KEY, body TEXT);
CREATE TABLE k_unsigned (id BIGINT UNSIGNED PRIMARY KEY, body TEXT);
CREATE TABLE k_composite (a INT, b VARCHAR(20) CHARACTER SET utf8mb4, c DATE, body TEXT, PRIMARY KEY (a, b, c));
CREATE TABLE k_binary (id BINARY(16) PRIMARY KEY, body TEXT);
CREATE TABLE k_uuid (id UUID PRIMARY KEY, body TEXT);
CREATE TABLE k_inet4 (id INET4 PRIMARY KEY, body TEXT);
CREATE TABLE k_inet6 (a INET6, id INT, body TEXT, PRIMARY KEY (a, id));
CREATE TABLE k_sjis (id VARCHAR(20) CHARACTER SET sjis COLLATE sjis_japanese_ci PRIMARY KEY, body TEXT);
CREATE TABLE k_ci (id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY, body TEXT);
CREATE TABLE k_unique (id INT NOT NULL, body TEXT, UNIQUE KEY (id));
CREATE TABLE k_decimal (id DECIMAL(20,5) PRIMARY KEY, body TEXT);
CREATE TABLE k_time (id DATETIME(6) PRIMARY KEY, body TEXT);
CREATE TABLE k_bit (id BIT(60) PRIMARY KEY, body TEXT);
CREATE TABLE k_double (id DOUBLE PRIMARY KEY, body TEXT);
CREATE TABLE k_enum (e ENUM('z','y','x'), id INT, body TEXT, PRIMARY KEY (e, id));
CREATE TABLE k_id_enum (id INT, e ENUM('z','y','x'), body TEXT, PRIMARY KEY (id, e));
CREATE TABLE k_none (id INT, body TEXT);
INSERT INTO k_int SELECT seq * 3, REPEAT(MD5(seq), 40) FROM seq_1_to_12000;
INSERT INTO k_negative SELECT CAST(seq AS SIGNED) * 7 - 40000, body FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT INTO k_unsigned SELECT 18446744073709551615 - seq * 5, body FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT INTO k_composite SELECT seq % 5, CONCAT('ключ', seq DIV 100), '2020-02-01' + INTERVAL seq DAY, body
    FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT INTO k_binary SELECT UNHEX(MD5(seq)), body FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT INTO k_uuid SELECT INSERT(INSERT(MD5(seq), 13, 1, '4'), 17, 1, '8'), body FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT INTO k_inet4 SELECT CONCAT(9 + seq DIV 9000, '.', seq DIV 200 % 256, '.', seq % 200, '.7'), body
    FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT INTO k_inet6 SELECT CONCAT(ELT(1 + seq % 3, '2001:db8::', 'fe80::', '::ffff:10.0.'), IF(seq % 3 = 2, CONCAT(seq % 7, '.', seq % 199), HEX(seq))), seq, body
    FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT IGNORE INTO k_sjis SELECT CONVERT(CONVERT(CONCAT(UNHEX(HEX(33600 + seq % 250)), seq) USING sjis) USING sjis), body
    FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT INTO k_ci SELECT CONCAT(IF(seq % 2, 'É', 'ß'), MD5(seq)), body FROM k_int JOIN seq_1_to_12000 ON id = seq * 3;
INSERT INTO k_unique SELECT id, body FROM k_int;
INSERT INTO k_decimal SELECT id / 7, body FROM k_int;
INSERT INTO k_time SELECT '2001-01-01' + INTERVAL id * 1.5 SECOND, body FROM k_int;
INSERT INTO k_bit SELECT id * 1000003, body FROM k_int;
INSERT INTO k_double SELECT id / 7, body FROM k_int;
INSERT INTO k_enum SELECT 1 + id % 3, id, body FROM k_int;
INSERT INTO k_id_enum SELECT id, 1 + id % 3, body FROM k_int;
INSERT INTO k_none SELECT id, body FROM k_int;
ANALYZE TABLE k_int, k_negative, k_unsigned, k_composite, k_binary, k_uuid, k_inet4, k_inet6, k_sjis, k_ci, k_unique,
    k_decimal, k_time, k_bit, k_double, k_enum, k_id_enum, k_none;
'''

UNCUT_TABLES = {'k_double', 'k_enum', 'k_id_enum', 'k_none'}
# More of them, which a planner that guesses may miss.
GUESSED_TABLES = '''
CREATE TABLE g_sparse (id BIGINT PRIMARY KEY, body TEXT);
CREATE TABLE g_few (a INT, b INT, c INT, body TEXT, PRIMARY KEY (a, b, c));
CREATE TABLE g_latin1 (id VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_german1_ci PRIMARY KEY, body TEXT);
CREATE TABLE g_bin (id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, body TEXT);
CREATE TABLE g_counted (id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, body TEXT);
INSERT INTO g_sparse SELECT CASE seq % 3 WHEN 0 THEN seq WHEN 1 THEN -4000000000000000000 + CAST(seq AS SIGNED) ELSE 9000000000000000000 + seq END, body
    FROM k_int JOIN seq_1_to_4000 ON id = seq * 3;
INSERT INTO g_few SELECT 1, 7 + seq % 2, seq, body FROM k_int JOIN seq_1_to_4000 ON id = seq * 3;
INSERT INTO g_latin1 SELECT CONCAT(IF(seq % 3, 'ä', 'Z'), MD5(seq)), body FROM k_int JOIN seq_1_to_4000 ON id = seq * 3;
INSERT INTO g_bin SELECT CONCAT('Ключ-', IF(seq % 2, UPPER(MD5(seq)), MD5(seq))), body FROM k_int JOIN seq_1_to_4000 ON id = seq * 3;
INSERT INTO g_counted SELECT CONCAT('order-', LPAD(seq * seq, 12, '0')), body FROM k_int JOIN seq_1_to_4000 ON id = seq * 3;
ANALYZE TABLE g_sparse, g_few, g_latin1, g_bin, g_counted;
'''


def need(truth, message):
    if not truth:
        raise AssertionError(message)


def sha256(path):
    return subprocess.run(['sha256sum', path], check=True, capture_output=True).stdout.split()[0]


def published(folder):
    return sorted(p.name for p in folder.iterdir())


def expect_nothing(folder, allowed=()):
    """Nothing that could be taken for an archive; a stale .partial of a killed run may stay."""
    names = [name for name in published(folder) if not name.endswith('.partial') and name not in allowed]
    need(not names, f'published all the same: {names}')


def recreate(server, databases):
    server.sql('SET FOREIGN_KEY_CHECKS = 0;' + ';'.join(f'DROP DATABASE IF EXISTS `{d}`' for d in databases))


class Tests:
    def __init__(self, program, server, other, folder):
        self.program, self.server, self.other, self.folder = program, server, other, folder

    def dump(self, *arguments, options=None, **kw):
        return self.program.run('dump', *(options or self.server.client_options()), *arguments, **kw)

    def place(self, name='x.sql.zst'):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        return folder / name

    def header(self, path):
        return json.loads(self.program.ok('info', '--json', path).out)

    # ------------------------------------------------------------------------------------------

    def test_same_bytes_at_any_jobs_and_memory(self):
        server = self.server
        server.sql('CREATE DATABASE keyed')
        server.sql(KEYED_TABLES + GUESSED_TABLES, 'keyed')
        databases = [*oms.load(server, rows=20000), 'keyed']
        log = self.folder / 'statements'
        server.sql(f"SET GLOBAL userstat = 1, log_output = 'FILE', general_log_file = '{log}'")
        try:
            before = fingerprint.take(server, databases)
            sums = {}
            for jobs, memory in ((1, '96M'), (4, '96M'), (3, '24M'), (2, '400M')):
                path = self.place()
                counted = memory == '24M'  # small chunks
                server.sql(f'FLUSH TABLE_STATISTICS; SET GLOBAL general_log = {int(counted)}')
                self.dump('--jobs', jobs, '--max-memory', memory, '-o', path, *databases, env=EPOCH).expect(0)
                server.sql('SET GLOBAL general_log = 0')
                if counted:
                    self.expect_chunks_without_reading(log)
                sums[jobs, memory] = sha256(path)
            need(len(set(sums.values())) == 1, f'different bytes: {sums}')
            self.program.ok('verify', path)
            # The text alone, by other people's programs.
            self.other.load(path)
            fingerprint.expect_equal(before, fingerprint.take(self.other, databases), 'source and zstd -dc | mysql')
            plain = self.place('x.sql')
            self.dump('-o', plain, *databases, env=EPOCH).expect(0)
            recreate(self.other, databases)
            self.other.load(plain)
            fingerprint.expect_equal(before, fingerprint.take(self.other, databases), 'source and mysql < x.sql')
            # Its proof, checked by sha256sum.
            lines = plain.read_bytes().split(b'\n')
            need(lines[-1] == b'' and lines[-2] == b'-- Dump completed', 'the last line is not what it should be')
            facts = dict(word.split(b'=') for word in lines[-3].removeprefix(b'-- dbomsbak proof: ').split())
            start = len(plain.read_bytes()) - len(lines[-3]) - len(lines[-2]) - 2
            need(int(facts[b'bytes']) == start, 'the proof line counts other bytes')
            head = subprocess.run(['head', '-c', str(start), plain], capture_output=True).stdout
            digest = subprocess.run(['sha256sum'], input=head, capture_output=True).stdout.split()[0]
            need(digest == facts[b'sha256'], 'the proof line does not fit')
        finally:
            server.sql('SET GLOBAL userstat = 0, general_log = 0')
            recreate(server, databases)
            recreate(self.other, databases)

    def expect_chunks_without_reading(self, log):
        """By the server's own counters: little more than the rows was read, whatever the key, in many chunks all the same."""
        statements = log.read_bytes()
        for table, found in self.server.rows("SELECT TABLE_NAME, ROWS_READ FROM information_schema.TABLE_STATISTICS "
                                             "WHERE TABLE_SCHEMA = 'keyed'"):
            rows = int(self.server.value(f'SELECT COUNT(*) FROM {table}', 'keyed'))
            need(rows <= int(found) <= 1.05 * rows + 600, f'{found} reads of the {rows} rows of {table}')
            chunks = statements.count(f'`body` FROM `keyed`.`{table}` '.encode())
            need(table in UNCUT_TABLES or 6 <= chunks <= 250, f'{table} was read in {chunks} chunks')

    def test_many_tables_are_held_by_several_sessions(self):
        """No session holds more of them than it takes little to search; DDL waits, and the dump does not."""
        server = self.server
        if not server.kind.startswith('mariadb') and server.kind != 'mysql-5.6':
            print('skipped: this server finds what a session holds at once')
            return
        count = 260
        log = self.folder / 'statements'
        server.sql('CREATE DATABASE many')
        server.sql(''.join(f'CREATE TABLE t{i:03} (id INT PRIMARY KEY, body VARCHAR(20)) ENGINE=InnoDB;'
                           f"INSERT INTO t{i:03} VALUES ({i}, 'row');" for i in range(count)) +
                   'CREATE TABLE large (id INT PRIMARY KEY, body LONGTEXT);'
                   "INSERT INTO large SELECT seq, REPEAT(MD5(seq), 500) FROM seq_1_to_1000;", 'many')
        try:
            before = fingerprint.take(server, ['many'])
            server.sql(f"SET GLOBAL log_output = 'FILE'; SET GLOBAL general_log_file = '{log}'; SET GLOBAL general_log = 1")
            path = self.place()
            # The large table comes first, in name and in the dump, and takes a while.
            process = self.program.start('dump', *server.client_options(), '--jobs', 2, '--throttle', '8M', '-o', path, 'many')
            need_by = time.monotonic() + 60
            while b'`body` FROM `many`.`large`' not in log.read_bytes():
                need(process.poll() is None and time.monotonic() < need_by, 'the dump did not come to its rows')
                time.sleep(0.01)
            altering = subprocess.Popen([*server.client_command('many'), '-e',
                                         'ALTER TABLE large ADD COLUMN late INT DEFAULT 7; ALTER TABLE t259 ADD COLUMN late INT DEFAULT 7'])
            err = process.communicate(timeout=120)[1]
            need(process.returncode == 0, err.decode())
            need(altering.wait(timeout=60) == 0, 'the ALTER failed')
            server.sql('SET GLOBAL general_log = 0')
            held = collections.Counter()
            for session, statement in re.findall(rb'(\d+) Query\t(\(SELECT 1 FROM .*)', log.read_bytes()):
                held[session] += statement.count(b'LIMIT 0')
            need(sum(held.values()) >= count, f'{sum(held.values())} tables are held')
            need(max(held.values()) <= 100, f'one session holds {max(held.values())} of {count} tables')
            recreate(self.other, ['many'])
            self.program.ok('restore', *self.other.client_options(), '--yes', path)
            fingerprint.expect_equal(before, fingerprint.take(self.other, ['many']), 'source and copy')
        finally:
            recreate(server, ['many'])
            for name in self.other.databases():
                recreate(self.other, [name])
            server.sql('SET GLOBAL general_log = 0')

    def test_one_snapshot_under_transfers(self):
        server = self.server
        server.sql('CREATE DATABASE bank_a; CREATE DATABASE bank_b;')
        for database in ('bank_a', 'bank_b'):
            server.sql('CREATE TABLE account (id INT PRIMARY KEY, amount BIGINT NOT NULL, filler VARCHAR(2000));'
                       "INSERT INTO account SELECT seq, 1000, REPEAT('x', 1500) FROM seq_1_to_8000;"
                       'ANALYZE TABLE account', database)
        server.sql('''DELIMITER ;;
CREATE PROCEDURE bank_a.move(rounds INT)
BEGIN
  DECLARE i INT DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR 1213, 1205 SET i = i;
  WHILE i < rounds DO
    SET @x = FLOOR(RAND() * 100), @a = 1 + FLOOR(RAND() * 8000), @b = 1 + FLOOR(RAND() * 8000);
    START TRANSACTION;
    UPDATE bank_a.account SET amount = amount - @x WHERE id = @a;
    UPDATE bank_b.account SET amount = amount + @x WHERE id = @b;
    COMMIT;
    SET i = i + 1;
  END WHILE;
END;;''')
        stop = threading.Event()
        failed = []

        def move():
            while not stop.is_set():
                try:
                    server.sql('CALL bank_a.move(200)')
                except ClientError as error:
                    if error.number not in (1213, 1205):
                        failed.append(error)
                        return

        movers = [threading.Thread(target=move) for _ in range(3)]
        for mover in movers:
            mover.start()
        try:
            rungs = (('global-read-lock', 'root'), ('table-locks', 'locker'), ('single-session', 'reader'))
            if server.kind.startswith('oceanbase'):  # no lock, and no right to one, is asked for there
                rungs = (('snapshot-reads', 'root'),)
            for method, user in rungs:
                if user != 'root':
                    rights = 'SELECT, SHOW VIEW, TRIGGER, EVENT' + (', LOCK TABLES' if user == 'locker' else '')
                    server.create_account(user, grants=[f'{rights} ON `bank\\_%`.*', 'SELECT ON mysql.*'])
                for jobs in (1, 4):
                    path = self.place()
                    self.dump('--jobs', jobs, '-o', path, 'bank_a', 'bank_b',
                              options=server.client_options(user)).expect(0)
                    header = self.header(path)
                    need(method in json.dumps(header), f'{user} reached another rung than {method}: {header}')
                    self.other.load(path)
                    total = self.other.value('SELECT (SELECT SUM(amount) FROM bank_a.account) + '
                                             '(SELECT SUM(amount) FROM bank_b.account)')
                    need(total == '16000000', f'{method}, {jobs} jobs: money appeared or went: {total}')
                    recreate(self.other, ['bank_a', 'bank_b'])
        finally:
            stop.set()
            for mover in movers:
                mover.join()
            recreate(server, ['bank_a', 'bank_b'])
            server.try_sql('DROP USER locker; DROP USER reader')
        need(not failed, f'a writer failed: {failed[:1]}')

    def test_ddl_meanwhile(self):
        server = self.server
        server.sql('CREATE DATABASE moving')
        server.sql("CREATE TABLE a (id INT PRIMARY KEY, body TEXT); INSERT INTO a SELECT seq, REPEAT('y', 2000) FROM seq_1_to_20000;"
                   'CREATE TABLE z LIKE a; INSERT INTO z SELECT * FROM a; CREATE VIEW v AS SELECT id FROM z;', 'moving')
        stop = threading.Event()
        count = [0]

        def change():
            while not stop.is_set():
                count[0] += 1
                server.try_sql(f'ALTER TABLE z ADD COLUMN c{count[0]} INT DEFAULT {count[0]} FIRST;'
                               f'CREATE TABLE n{count[0]} (a INT); DROP TABLE IF EXISTS n{count[0] - 1};'
                               f'CREATE OR REPLACE VIEW v AS SELECT id, {count[0]} AS x FROM z;', 'moving')
                time.sleep(0.02)

        changer = threading.Thread(target=change)
        changer.start()
        good = 0
        try:
            for _ in range(4):
                path = self.place()
                result = self.dump('--jobs', 2, '-o', path, 'moving')
                need(result.code in (0, 13), f'ended with {result.code}: {result.err}')
                if result.code == 13:
                    expect_nothing(path.parent)
                    need('moving' in result.err, f'the changed object is not named: {result.err}')
                    continue
                good += 1
                self.program.ok('verify', path)
                self.other.sql('CREATE DATABASE moving')
                self.other.load(path, 'moving')
                # Columns and rows of one moment: the default of the newest column is in every row.
                names = self.other.rows("SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE "
                                        "TABLE_SCHEMA = 'moving' AND TABLE_NAME = 'z'")
                newest = max(int(name[0][1:]) for name in names if name[0][0] == 'c') if len(names) > 2 else 0
                if newest:
                    wrong = self.other.value(f'SELECT COUNT(*) FROM moving.z WHERE c{newest} <> {newest}')
                    need(wrong == '0', 'rows and definition are of different moments')
                need(self.other.value('SELECT COUNT(*) FROM moving.z') == '20000', 'rows are missing')
                recreate(self.other, ['moving'])
        finally:
            stop.set()
            changer.join()
            recreate(server, ['moving'])
        need(good > 0, 'no dump came through at all')
        need(count[0] > 4, 'the schema hardly changed: this test would prove nothing')

    def test_tables_without_transactions(self):
        server = self.server
        server.sql('CREATE DATABASE plain; CREATE DATABASE zplain')
        server.sql("CREATE TABLE m (id INT PRIMARY KEY, n BIGINT, body TEXT) ENGINE=MyISAM;"
                   "INSERT INTO m SELECT seq, 0, REPEAT('z', 1000) FROM seq_1_to_20000;", 'zplain')
        server.sql("CREATE TABLE i (id INT PRIMARY KEY, body TEXT);"
                   "INSERT INTO i SELECT seq, REPEAT('z', 1000) FROM seq_1_to_40000;", 'plain')
        stop = threading.Event()

        def write():  # a MyISAM table changes row by row: only a lock shows one moment of it
            while not stop.is_set():
                server.try_sql('UPDATE zplain.m SET n = n + 1;' * 20)

        writer = threading.Thread(target=write)  # without a pause: it waits for whatever lock there is
        writer.start()
        try:
            for user in ('root', 'locker', 'reader'):
                if user != 'root':
                    rights = 'SELECT, SHOW VIEW, TRIGGER, EVENT' + (', LOCK TABLES' if user == 'locker' else '')
                    server.create_account(user, grants=[f'{rights} ON `%plain`.*', 'SELECT ON mysql.*'])
                path = self.place()
                result = self.dump('--jobs', 2, '-o', path, 'plain', 'zplain', options=server.client_options(user))
                if user == 'reader':
                    result.expect(13)
                    need('zplain' in result.err and 'm' in result.err, f'not named: {result.err}')
                    expect_nothing(path.parent)
                    continue
                result.expect(0)
                self.other.load(path)
                need(self.other.value('SELECT COUNT(DISTINCT n) FROM zplain.m') == '1', 'torn between two moments')
                recreate(self.other, ['plain', 'zplain'])
        finally:
            stop.set()
            writer.join()
            recreate(server, ['plain', 'zplain'])
            server.try_sql('DROP USER locker; DROP USER reader')

    def test_lock_that_does_not_come_names_who_holds_it(self):
        server = self.server
        server.sql('CREATE DATABASE busy; CREATE TABLE busy.t (id INT PRIMARY KEY) ENGINE=InnoDB')
        holder = subprocess.Popen(server.client_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdin.write(b'LOCK TABLES busy.t WRITE; SELECT CONNECTION_ID();\n')
        holder.stdin.flush()
        try:
            time.sleep(0.5)
            path = self.place()
            began = time.monotonic()
            result = self.dump('--lock-wait', 1, '-o', path, 'busy', timeout=120)
            result.expect(33)
            expect_nothing(path.parent)
            need('session' in result.err or 'root' in result.err, f'the holder is not named: {result.err}')
            need(time.monotonic() - began < 60, 'waited too long')
        finally:
            holder.kill()
            holder.wait()
            recreate(server, ['busy'])

    def test_ended_early_publishes_nothing(self):
        server = self.server
        server.sql('CREATE DATABASE big')
        server.sql("CREATE TABLE t (id INT PRIMARY KEY, body LONGTEXT);"
                   "INSERT INTO t SELECT seq, REPEAT(SHA2(RAND(), 512), 40) FROM seq_1_to_60000;", 'big')
        try:
            for signal_number, codes in ((signal.SIGKILL, (-9,)), (signal.SIGTERM, (143,)), (signal.SIGINT, (130,))):
                path = self.place()
                old = b'the archive of yesterday'
                path.write_bytes(old)
                process = self.program.start('dump', *server.client_options(), '--jobs', 2, '--compress=19',
                                             '--overwrite', '-o', path, 'big')
                deadline = time.monotonic() + 30
                partial = path.with_name(path.name + '.partial')
                while not (partial.exists() and partial.stat().st_size > 100000) and time.monotonic() < deadline:
                    need(process.poll() is None, 'the dump was too quick for this test')
                    time.sleep(0.01)
                process.send_signal(signal_number)
                sent = time.monotonic()
                process.communicate(timeout=60)
                need(time.monotonic() - sent < 5, f'took {time.monotonic() - sent:.1f} s to stop')
                need(process.returncode in codes, f'signal {signal_number}: ended with {process.returncode}')
                need(path.read_bytes() == old, 'the older archive was touched')
                need(not path.with_name(path.name + '.sha256').exists(), 'a checksum of nothing')
                # And the next run is not in its way.
                self.dump('--overwrite', '-o', path, 'big').expect(0)
                self.program.ok('verify', path)
        finally:
            recreate(server, ['big'])

    def test_stopped_while_waiting_for_the_server(self):
        server = self.server
        server.sql('CREATE DATABASE busy; CREATE TABLE busy.t (id INT PRIMARY KEY) ENGINE=InnoDB')
        holder = subprocess.Popen(server.client_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdin.write(b'LOCK TABLES busy.t WRITE; SELECT CONNECTION_ID();\n')
        holder.stdin.flush()
        try:
            time.sleep(0.5)
            process = self.program.start('dump', *server.client_options(), '--lock-wait', 600,
                                         '-o', self.place(), 'busy')
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            sent = time.monotonic()
            process.communicate(timeout=60)
            need(process.returncode == 130, f'ended with {process.returncode}')
            need(time.monotonic() - sent < 2, 'Ctrl-C had to wait for the server')
        finally:
            holder.kill()
            holder.wait()
            recreate(server, ['busy'])

    def test_disk_full(self):
        server = self.server
        server.sql('CREATE DATABASE full')
        server.sql("CREATE TABLE t (id INT PRIMARY KEY, body LONGTEXT);"
                   "INSERT INTO t SELECT seq, REPEAT(SHA2(RAND(), 512), 40) FROM seq_1_to_10000;", 'full')
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).returncode == 0
        try:
            if not mounted:
                print('  (no right to mount a small disk: left out)')
                return
            result = self.dump('--compress=0', '-o', folder / 'x.sql.zst', 'full')
            result.expect(30)
            need('x.sql.zst' in result.err, f'the file is not named: {result.err}')
            expect_nothing(folder)
        finally:
            if mounted:
                subprocess.run(['umount', folder])
            recreate(server, ['full'])

    def test_server_killed(self):
        with Server() as victim:
            victim.sql('CREATE DATABASE d')
            victim.sql("CREATE TABLE t (id INT PRIMARY KEY, body LONGTEXT);"
                       "INSERT INTO t SELECT seq, REPEAT(SHA2(RAND(), 512), 40) FROM seq_1_to_40000;", 'd')
            path = self.place()
            process = self.program.start('dump', *victim.client_options(), '--jobs', 2, '--compress=19', '-o', path, 'd')
            partial = path.with_name(path.name + '.partial')
            deadline = time.monotonic() + 30
            while not (partial.exists() and partial.stat().st_size > 100000) and time.monotonic() < deadline:
                time.sleep(0.01)
            victim.kill9()
            _, err = process.communicate(timeout=60)
            need(process.returncode == 15, f'ended with {process.returncode}: {err}')
            expect_nothing(path.parent)

    def test_throttle(self):
        """Bytes and rows of a second are no more than asked for, and a busy server is waited for."""
        server = self.server
        recreate(server, ['slow'])
        server.sql('CREATE DATABASE slow; USE slow; CREATE TABLE t (id INT PRIMARY KEY, body CHAR(200)); '
                   'INSERT INTO t SELECT seq, REPEAT(MD5(seq), 6) FROM seq_1_to_20000')

        def timed(*options):
            path = self.place()
            began = time.monotonic()
            result = self.dump('slow', '-o', path, *options, env=EPOCH).expect(0)
            return time.monotonic() - began, sha256(path), result.err, path

        free, path = timed()[1::2]
        size = len(self.program.ok('cat', '--data', path).out)
        for limit in f'{size // 2048}K', '10000rows':
            took, digest, _, _ = timed('--throttle', limit)
            need(took > 1.6, f'--throttle {limit}: {took:.1f} s')
            need(digest == free, f'other bytes with --throttle {limit}')
        # Three others are at work for three seconds.
        others = [subprocess.Popen([*server.client_command(), '-e', 'SELECT SLEEP(3)'], stdout=subprocess.DEVNULL)
                  for _ in range(3)]
        server.wait_for("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(3)'", '3')
        took, digest, err, _ = timed('--throttle', 'load=1')
        for other in others:
            other.wait()
        need('waits whenever more than 1 threads' in err and took > 1, f'{took:.1f} s: {err}')
        need(digest == free, 'other bytes when a calm server was waited for')
        for wrong in 'fast', '0', 'load=', '5row':
            self.dump('slow', '-o', self.place(), '--throttle', wrong).expect(2)
        recreate(server, ['slow'])

    def test_giant_rows(self):
        server = self.server
        server.sql('CREATE DATABASE giant')
        server.sql("CREATE TABLE t (id INT PRIMARY KEY, a LONGBLOB, b LONGTEXT);"
                   "INSERT INTO t VALUES (1, REPEAT(UNHEX('00FF27'), 6000000), 'x'),"
                   " (2, '', REPEAT('ü', 5000000)), (3, NULL, NULL), (4, REPEAT('q', 10000000), REPEAT('\\'', 3000000));",
                   'giant')
        try:
            before = fingerprint.take(server, 'giant')
            path = self.place()
            self.dump('--jobs', 2, '-o', path, 'giant').expect(0)
            self.program.ok('verify', path)
            self.other.sql('CREATE DATABASE giant')
            self.other.load(path, 'giant', options=['--max-allowed-packet=1G'])
            fingerprint.expect_equal(before, fingerprint.take(self.other, 'giant'), 'source and copy')
        finally:
            recreate(server, ['giant'])
            recreate(self.other, ['giant'])

    def test_scope(self):
        server = self.server
        server.sql('CREATE DATABASE part')
        server.sql('''CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY);
INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (3);
CREATE VIEW v AS SELECT * FROM a; CREATE PROCEDURE p() SELECT 1;
CREATE TRIGGER ta BEFORE INSERT ON a FOR EACH ROW SET NEW.id = NEW.id;
CREATE TRIGGER tb BEFORE INSERT ON b FOR EACH ROW SET NEW.id = NEW.id;''', 'part')

        def text(*arguments):
            return self.dump(*arguments, '--format', 'sql', 'part').expect(0).out

        try:
            only = text('--only', 'part.a')
            plain = only.replace('`', '')  # of triggers, some servers quote the names that they were given
            need('`a`' in only and 'TRIGGER ta ' in plain, 'the table asked for is missing')
            need('INTO `b`' not in only and 'VIEW' not in only and 'PROCEDURE' not in only and 'TRIGGER tb ' not in plain,
                 'more than the table asked for')
            ignored = text('--ignore-table', 'part.a')
            need('INTO `b`' in ignored and 'CREATE TABLE `a`' not in ignored, '--ignore-table')
            need('INSERT' not in text('--no-data').split('DELIMITER')[0], '--no-data')
            need('CREATE TABLE' not in text('--no-create-info'), '--no-create-info')
            need('PROCEDURE' not in text('--routines=false'), '--routines=false')
            need('TRIGGER' not in text('--triggers=false'), '--triggers=false')
            need('(2)' in text('--where', 'id = 2') and '(1)' not in text('--where', 'id = 2'), '--where')
            self.dump('--only', 'part.none', '--format', 'sql', 'part').expect(2)
            for options in (['--only', 'part.a'], ['--ignore-table', 'part.a'], ['--no-data'], ['--no-create-info'],
                            ['--routines=false'], ['--triggers=false'], ['--where', 'id = 2'], ['--where', 'id = 9']):
                path = self.place()
                self.dump(*options, '-o', path, 'part').expect(0)
                self.program.run('verify', path).expect(0)
                if options == ['--no-data']:
                    server.sql('DELETE FROM part.b; DROP TABLE part.a')
                    self.program.run('restore', *server.client_options(), '--yes', '--allow-filtered', path).expect(0)
                    need(server.value('SELECT COUNT(*) FROM part.a') == '0', 'the structure alone')
                    self.program.run('undo', *server.client_options(), '--yes').expect(0)
                    self.program.run('purge', *server.client_options(), '--yes', '--force').expect(0)
        finally:
            recreate(server, ['part'])

    def test_a_table_that_cat_cuts_out_loads_as_it_does_in_the_whole(self):
        server = self.server
        if not server.kind.startswith('mariadb'):
            print(f'  {server.kind}: no rows against a CHECK, and no versioned tables')
            return
        server.sql('CREATE DATABASE cut')
        server.sql('CREATE TABLE t (id INT PRIMARY KEY, n INT CHECK (n > 0)); SET check_constraint_checks = 0;'
                   'INSERT INTO t VALUES (1, -1), (2, 5);'
                   'CREATE TABLE h (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;'
                   'INSERT INTO h VALUES (1, 1); UPDATE h SET v = 2; DELETE FROM h;', 'cut')
        try:
            path = self.place()
            self.dump('-o', path, 'cut').expect(0)
            before = fingerprint.take(server, 'cut')
            self.other.sql('CREATE DATABASE cut')
            for table in ('t', 'h'):
                self.other.run_client(self.program.run('cat', '--only', f'cut.{table}', path).expect(0).out, 'cut')
            fingerprint.expect_equal(before, fingerprint.take(self.other, 'cut'), 'tables that cat cut out')
        finally:
            recreate(server, ['cut'])
            recreate(self.other, ['cut'])

    def test_broken_tables_are_named_or_left_out(self):
        server = self.server
        server.sql('CREATE DATABASE cracked')
        server.sql('''CREATE TABLE sound (id INT PRIMARY KEY); INSERT INTO sound VALUES (1);
CREATE TABLE whole (id INT) ENGINE=MyISAM; INSERT INTO whole VALUES (5);
CREATE TABLE head (id INT PRIMARY KEY, v VARCHAR(50)) ENGINE=MyISAM;
INSERT INTO head SELECT seq, MD5(seq) FROM seq_1_to_1000;
CREATE TABLE middle (id INT PRIMARY KEY, v VARCHAR(50)) ENGINE=MyISAM;
INSERT INTO middle SELECT seq, REPEAT(MD5(seq), seq % 2) FROM seq_1_to_1000;
CREATE TRIGGER on_head BEFORE INSERT ON head FOR EACH ROW SET NEW.v = 'x';
CREATE VIEW on_middle AS SELECT id FROM middle;
FLUSH TABLES;''', 'cracked')
        data = server.folder / 'data' / 'cracked'
        with open(data / 'head.MYI', 'r+b') as index:  # cannot be opened at all
            index.write(b'\xff' * 200)
        with open(data / 'middle.MYD', 'r+b') as rows:  # opens; a row half way through cannot be read
            rows.seek(rows.seek(0, 2) // 2)
            rows.write(b'\xff' * 400)
        server.create_account('mender', 'x', grants=['ALL PRIVILEGES ON `cracked`.*'])
        by_name = server.client_options('mender', 'x')  # no RELOAD: every table is locked by name
        try:
            for options in (None, by_name):
                path = self.place()
                failed = self.dump('cracked', '-o', path, options=options).expect(14)
                need('`cracked`.`head`' in failed.err and 'REPAIR TABLE' in failed.err and
                     '--ignore-table' in failed.err, f'neither table nor remedy: {failed.err}')
                failed = self.dump('cracked', '--ignore-table=cracked.head', '-o', path, options=options).expect(14)
                need('`cracked`.`middle`' in failed.err and 'REPAIR TABLE' in failed.err, failed.err)
                expect_nothing(path.parent)
                # Rows of it may have gone down the pipe.
                self.dump('cracked', '--allow-partial', options=options).expect(14)
                self.dump('cracked', '--allow-partial', '-o', path, options=options).expect(3)
                self.program.run('verify', path).expect(3)
                told = {f"{o['kind']} {o['name']}": o.get('omitted', '') for o in
                        json.loads(self.program.run('info', '--json', path).out)['objects']}
                left_out = sorted(name for name, reason in told.items() if reason)
                need(left_out == ['table head', 'table middle', 'trigger on_head'], f'left out: {left_out}')
                need('head' in told['table head'] and 'middle' in told['table middle'], f'reasons: {told}')
                text = subprocess.run(['zstd', '-dc', path], check=True, capture_output=True).stdout
                self.other.sql('CREATE DATABASE cracked')
                self.other.run_client(text, 'cracked')
                rows = self.other.rows('SELECT id FROM whole UNION ALL SELECT id FROM sound', 'cracked')
                need(rows == [['5'], ['1']], f'the sound tables hold {rows}')
                kinds = self.other.rows('SHOW FULL TABLES', 'cracked')
                need(['on_middle', 'VIEW'] in kinds and len(kinds) == 3, f'tables: {kinds}')
                recreate(self.other, ['cracked'])
                self.dump('cracked', '--ignore-table=cracked.head', '--ignore-table=cracked.middle', '-o',
                          self.place(), options=options).expect(0)
        finally:
            recreate(server, ['cracked'])
            recreate(self.other, ['cracked'])
            server.sql('DROP USER mender')

    def test_broken_views_come_back_by_plain_loading(self):
        server = self.server
        server.sql('CREATE DATABASE broken; CREATE DATABASE beside')
        server.sql('''CREATE TABLE t (id INT PRIMARY KEY, c INT, d VARCHAR(20)); INSERT INTO t VALUES (1, 2, 'x');
CREATE TABLE gone (id INT, x INT); CREATE TABLE beside.o (id INT);
CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a + 1;
CREATE FUNCTION beside.g(a INT, b INT) RETURNS INT DETERMINISTIC RETURN a + b;
CREATE VIEW a_function AS SELECT f(id) AS fx, id FROM t;
CREATE VIEW b_far_function AS SELECT beside.g(id, 2) AS gx FROM t;
CREATE VIEW c_table AS SELECT id, x FROM gone;
CREATE VIEW d_column AS SELECT id, c FROM t;
CREATE VIEW e_on_table AS SELECT x, id + 1 AS y FROM c_table WHERE x > 1;
CREATE VIEW a0_on_function AS SELECT * FROM a_function;
CREATE VIEW a_on_both AS SELECT a.*, b.c FROM a0_on_function a JOIN d_column b ON a.id = b.id;
CREATE VIEW f_far AS SELECT o.id FROM beside.o o JOIN gone g ON g.id = o.id;
CREATE VIEW sound AS SELECT id, d FROM t;
CREATE VIEW g_column_of_view AS SELECT id, d FROM sound;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.d = 'y';
DROP FUNCTION f; DROP FUNCTION beside.g; DROP TABLE gone; ALTER TABLE t DROP COLUMN c;
CREATE OR REPLACE VIEW sound AS SELECT id FROM t;''', 'broken')

        def listed(where):
            return where.rows('SELECT TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, DEFINER, SECURITY_TYPE, CHARACTER_SET_CLIENT, '
                              "COLLATION_CONNECTION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'broken' ORDER BY 1")

        def state(where):
            return (listed(where), [where.rows(f'SHOW CREATE VIEW `{row[0]}`', 'broken') for row in listed(where)],
                    where.rows('SHOW FULL TABLES', 'broken'), where.rows('SELECT * FROM t', 'broken'),
                    [row[:7] for row in where.rows('SHOW CREATE TRIGGER tr', 'broken')][0][2],
                    where.rows('SHOW CREATE TABLE t', 'broken'), where.databases(),
                    where.rows("SELECT * FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ('broken', 'beside')"))

        # MySQL 5.6 shows no definition of a view whose column is gone: a dump cannot hold it.
        not_shown = ['d_column', 'g_column_of_view'] if server.kind == 'mysql-5.6' else []
        try:
            recreate(self.other, ['broken', 'beside'])
            if not_shown:
                refused = self.dump('broken').expect(14)
                need(f'`broken`.`{not_shown[0]}`' in refused.err and '1 more' in refused.err, refused.err)
                path = self.place()
                self.dump('broken', '--allow-partial', '-o', path).expect(3)
                objects = json.loads(self.program.run('info', '--json', path).out)['objects']
                left_out = [o['name'] for o in objects if o.get('omitted')]
                need(sorted(left_out) == not_shown, f'left out: {left_out}')
                server.sql(f'DROP VIEW {", ".join(not_shown)}', 'broken')
            before = state(server)
            need(len(before[0]) == 10 - len(not_shown), f'{len(before[0])} views')
            text = self.dump('broken').expect(0).stdout
            # Over what is there, into an empty database where another has its table, and where it has not.
            server.run_client(text, 'broken')
            need(state(server) == before, f'over itself: {state(server)} instead of {before}')
            self.other.sql('CREATE DATABASE broken; CREATE DATABASE beside; CREATE TABLE beside.o (id INT)')
            self.other.run_client(text, 'broken')
            need(state(self.other) == before, f'elsewhere: {state(self.other)} instead of {before}')
            need(self.other.rows('SHOW TABLES', 'beside') == [['o']], 'a table of another database is gone')
            recreate(self.other, ['broken', 'beside'])
            self.other.sql('CREATE DATABASE broken')
            self.other.run_client(text, 'broken')
            need('beside' not in self.other.databases(), 'the stand-in of a database is left')
            need(listed(self.other) == before[0], 'views differ where a database is missing')
        finally:
            recreate(server, ['broken', 'beside'])
            recreate(self.other, ['broken', 'beside'])

    def test_options_of_mysqldump(self):
        server = self.server
        server.sql('CREATE DATABASE opts')
        server.sql('CREATE TABLE t1 (id INT PRIMARY KEY); CREATE TABLE t2 (id INT); INSERT INTO t1 VALUES (1); '
                   'INSERT INTO t2 VALUES (7)', 'opts')
        pointless = ['--opt', '--quick', '-q', '--skip-comments', '--complete-insert', '--extended-insert',
                     '--default-character-set=utf8mb4', '--no-tablespaces', '--hex-blob', '--single-transaction',
                     '--lock-tables=false', '--skip-lock-tables', '--skip-add-locks', '--set-gtid-purged=OFF',
                     '--column-statistics=0', '--max-allowed-packet=1G', '--max_allowed_packet=64M',
                     '--net-buffer-length=16384', '--add-drop-table', '-e', '-c', '-K', '--dump-date=false']
        honoured = {'--triggers=false': 't1', '--skip-triggers': 't1', '-R': 't1', '-E': 't1', '--routines': 't1',
                    '--events': 't1', '-B': 'CREATE DATABASE', '--databases': 'CREATE DATABASE',
                    '--where=id=7': '(7)', '--ignore-table=opts.t1': 't2', '--no-data': 'CREATE TABLE',
                    '-d': 'CREATE TABLE', '-t': 'INSERT', '--no-create-info': 'INSERT', '-wid=7': '(7)',
                    '--add-drop-database': 't1'}
        refused = {'--flush-logs': 'logs', '--master-data=2': 'info', '--source-data': 'info', '--compact': 'DROP',
                   '--tab=/tmp': 'tab', '--xml': 'XML', '--insert-ignore': 'clash', '--skip-opt': 'DROP',
                   '--force': '--allow-partial', '--no-create-db': 'USE', '--ignore-table-data=opts.t1': '--ignore-table',
                   '--dump-slave': 'CHANGE MASTER', '--default-character-set=latin1': 'utf8mb4'}
        try:
            for option in pointless:
                done = self.dump('opts', option).expect(0)
                need('INTO `t1`' in done.out, f'{option}: no rows')
                notes = [line for line in done.err.splitlines() if 'ignored' in line]
                need(len(notes) == (option != '-q'), f'{option}: {done.err}')
            for option, sign in honoured.items():
                done = self.dump('opts', option).expect(0)
                need(sign in done.out and 'ignored' not in done.err, f'{option}: {done.err}')
            for option, why in refused.items():
                failed = self.dump('opts', option).expect(2)
                need(option.split('=')[0] in failed.err and why in failed.err and 'hint' in failed.err,
                     f'{option}: {failed.err}')
            all_of_them = self.dump('-A', '--result-file', self.place('all.sql')).expect(0)
            need('opts' in all_of_them.err, all_of_them.err)
            for option in ('-r', '-o', '--result-file'):
                path = self.place('x.sql')
                done = self.dump('opts', option, path).expect(0)
                need(done.stdout == b'' and 'INTO `t1`' in path.read_text(), f'{option} FILE')
            one = self.dump('--tables', 'opts', 't1').expect(0).out
            need('INTO `t1`' in one and '`t2`' not in one and 'CREATE DATABASE' not in one, '--tables db t1')
            need('--only opts.t1' in self.dump('opts', 't1').expect(2).err, 'db t1 is not explained')
            # The documented command of OMS, with nothing but the program's name changed.
            text = self.dump('--triggers=false', 'opts').expect(0).out
            self.other.sql('CREATE DATABASE opts')
            self.other.run_client(text, 'opts')
            need(self.other.rows('SELECT id FROM t1', 'opts') == [['1']], 'the documented command')
        finally:
            recreate(server, ['opts'])
            recreate(self.other, ['opts'])


def main():
    program = Program()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='dump-'))
    options = ['--max-allowed-packet=64M', '--innodb-flush-log-at-trx-commit=0']
    if DEFAULT_KIND == 'mysql-5.6':
        options.append('--innodb-log-file-size=128M')  # a row is at most a tenth of all log files there
    try:
        with Server(options=options) as server, Server(options=options) as other:
            return runner.run(Tests(program, server, other, folder), sys.argv[1:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
