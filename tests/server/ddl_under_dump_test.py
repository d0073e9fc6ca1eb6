#!/usr/bin/env python3
# ctest: cost=170 timeout=900 kinds=mariadb-10.11,mysql-9.7,mysql-5.6,mariadb-11.8,oceanbase-4.3.5
"""Tables are truncated, dropped, renamed, swapped and altered while a dump runs: it holds one committed
state, or ends with 13 and says which object changed (33: which lock was in the way). Never less.

Every writer notes in a table of the set what it is about to do and what it has done, so that a copy tells
by itself whether tables and rows are of one moment. The copy is loaded by the mysql client.

    ddl_under_dump_test.py [TEST…]       DBOMSBAK_FIRE_SECONDS=60 for longer (a combination of rung and jobs)
"""

import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import runner  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, Server, numbers  # noqa: E402
from support.talk import Talk, error_number  # noqa: E402

SEED = int(os.environ.get('DBOMSBAK_SEED', random.SystemRandom().randrange(1 << 30)))
OCEANBASE = DEFAULT_KIND.startswith('oceanbase')
SECONDS = float(os.environ.get('DBOMSBAK_FIRE_SECONDS', 1))
ROWS = 60
# Writers sleep up to so many seconds after each statement. Where nothing keeps DDL off, a dump must find a gap.
PAUSES = (0.3, 1.5, 4) if OCEANBASE else (0, 0.01, 0.06)
FULL = {'reader': 'SELECT, SHOW VIEW, TRIGGER, EVENT', 'locker': 'SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES'}


def need(truth, message):
    if not truth:
        raise AssertionError(message)


class Stopped(Exception):
    pass


class Writer(threading.Thread):
    """Repeats one cycle of statements in a session of its own until told to stop, which it does between two
    cycles. `note` is its line in the log of the set."""

    def __init__(self, server, cycle, rng, pause):
        super().__init__()
        self.server, self.cycle, self.rng, self.pause = server, cycle, rng, pause
        self.name = cycle.__name__
        self.stop = threading.Event()
        self.count = 0
        self.failed = None

    def run(self):
        try:
            with Talk(self.server) as self.talk:
                self.do('SET lock_wait_timeout = 3600' if not OCEANBASE else 'SET ob_trx_timeout = 60000000')
                while not self.stop.is_set():
                    self.count += 1
                    self.cycle(self, self.count)
        except BaseException as error:
            self.failed = error

    def do(self, text):
        """One statement or one transaction, again after a deadlock."""
        for _ in range(200):
            lines = self.talk(text)
            number = error_number(lines)
            if number == 0:
                break
            if number not in (1205, 1213, 6002, 4012, 1412, 6005):
                raise AssertionError(f'{self.name}: {text}: {lines}')
            self.talk('ROLLBACK')
        time.sleep(self.rng.random() * self.pause)

    def note(self, state, n):
        self.do(f"UPDATE fire_b.zlog SET state = '{state}', n = {n} WHERE op = '{self.name}'")

    def fill(self, table, n, first=1, state='full'):
        self.do(f'START TRANSACTION; DELETE FROM {table} WHERE id BETWEEN {first} AND {first + ROWS - 1}; '
                f'INSERT INTO {table} SELECT {first - 1} + seq, {n} FROM fire_b.seeds; '
                f"UPDATE fire_b.zlog SET state = '{state}', n = {n} WHERE op = '{self.name}'; COMMIT")


# Each cycle with what must hold in a copy. `told`: the state and number in the log.

def trunc(w, n):
    w.note('emptying', n)
    w.do('TRUNCATE TABLE fire_a.trunc')
    w.fill('fire_a.trunc', n)


def check_refilled(copy, told, table):
    state, n = told
    rows = copy.generations(table)
    if state == 'full':
        need(rows == [(n, ROWS)], f'{table}: {rows}, but {told}')
    else:
        need(rows in ([], None, [(n - 1, ROWS)]), f'{table}: {rows}, but {told}')


def check_trunc(copy, told):
    check_refilled(copy, told, 'copy_a.trunc')
    need(copy.generations('copy_a.trunc') is not None, 'copy_a.trunc is missing')


def again(w, n):
    w.note('emptying', n)
    w.do('DROP TABLE fire_a.again')
    w.do('CREATE TABLE fire_a.again (id INT PRIMARY KEY, g INT)')
    w.fill('fire_a.again', n)


def check_again(copy, told):
    check_refilled(copy, told, 'copy_a.again')


def far(w, n):
    for number, (source, target) in ((2 * n - 1, ('fire_a', 'fire_b')), (2 * n, ('fire_b', 'fire_a'))):
        w.note('moving', number)
        w.do(f'RENAME TABLE {source}.far TO {target}.far')
        w.note('moved', number)


def check_far(copy, told):
    state, n = told
    here, there = copy.generations('copy_a.far'), copy.generations('copy_b.far')
    need((here, there) in (([(0, ROWS)], None), (None, [(0, ROWS)])), f'far: {here} and {there}, but {told}')
    if state == 'moved':
        need((here is None) == (n % 2 == 1), f'far is in the other database: {here} and {there}, but {told}')


def near(w, n):
    for number, (source, target) in ((2 * n - 1, ('near1', 'near2')), (2 * n, ('near2', 'near1'))):
        w.note('moving', number)
        w.do(f'RENAME TABLE fire_b.{source} TO fire_b.{target}')
        w.note('moved', number)


def check_near(copy, told):
    state, n = told
    here, there = copy.generations('copy_b.near1'), copy.generations('copy_b.near2')
    need((here, there) in (([(0, ROWS)], None), (None, [(0, ROWS)])), f'near: {here} and {there}, but {told}')
    if state == 'moved':
        need((here is None) == (n % 2 == 1), f'near has the other name: {here} and {there}, but {told}')


def out(w, n):
    """Out of the set and in again."""
    w.note('leaving', n)
    w.do('RENAME TABLE fire_a.out_and_in TO fire_out.out_and_in')
    w.note('out', n)
    w.note('coming', n)
    w.do('RENAME TABLE fire_out.out_and_in TO fire_a.out_and_in')
    w.note('in', n)


def check_out(copy, told):
    rows = copy.generations('copy_a.out_and_in')
    need(rows in (None, [(0, ROWS)]), f'out_and_in: {rows}')
    if told[0] in ('in', 'out'):
        need((rows is None) == (told[0] == 'out'), f'out_and_in: {rows}, but {told}')


def swap(w, n):
    w.note('swapping', n)
    w.do('RENAME TABLE fire_a.swap1 TO fire_a.swap_t, fire_b.swap2 TO fire_a.swap1, fire_a.swap_t TO fire_b.swap2')
    w.note('swapped', n)


def check_swap(copy, told):
    first, second = copy.generations('copy_a.swap1'), copy.generations('copy_b.swap2')
    need((first, second) in (([(1, ROWS)], [(2, ROWS)]), ([(2, ROWS)], [(1, ROWS)])),
         f'swap: {first} and {second}, but {told}')
    need(copy.generations('copy_a.swap_t') is None, 'swap: the name in between')
    if told[0] == 'swapped':
        need(first[0][0] == copy.swap_start(told[1]), f'swap: {first} and {second}, but {told}')


def alter(w, n):
    w.note('altering', n)
    w.do(f'ALTER TABLE fire_a.alter_it ADD COLUMN c{n} INT NOT NULL DEFAULT {n}')
    w.note('altered', n)
    w.note('altering', n)
    w.do(w.rng.choice(('ALTER TABLE fire_a.alter_it FORCE', 'ALTER TABLE fire_a.alter_it MODIFY g BIGINT',
                       'ALTER TABLE fire_a.alter_it MODIFY g VARCHAR(20)', 'ALTER TABLE fire_a.alter_it MODIFY g INT')))
    w.do(f'ALTER TABLE fire_a.alter_it DROP COLUMN c{n}')


def check_alter(copy, told):
    rows = copy.generations('copy_a.alter_it')
    need(rows == [(0, ROWS)], f'alter_it: {rows}')
    names = [row[0] for row in copy.rows('SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE '
                                         "TABLE_SCHEMA = 'copy_a' AND TABLE_NAME = 'alter_it'")]
    news = [name for name in names if name[0] == 'c']
    need(len(news) <= 1, f'alter_it: {names}')
    if told[0] == 'altered':
        need(news == [f'c{told[1]}'], f'alter_it: {names}, but {told}')
    for name in news:
        values = copy.rows(f'SELECT DISTINCT {name} FROM copy_a.alter_it')
        need(values == [[name[1:]]], f'alter_it: {name} holds {values}')


def parts(w, n):
    w.note('emptying', n)
    w.do('ALTER TABLE fire_a.parts TRUNCATE PARTITION p1')
    w.fill('fire_a.parts', n, first=1000)
    if OCEANBASE:
        w.note('emptying', n + 1)
        w.do('ALTER TABLE fire_a.parts DROP PARTITION p1')
        w.do('ALTER TABLE fire_a.parts ADD PARTITION (PARTITION p1 VALUES LESS THAN (2000))')
        w.fill('fire_a.parts', n, first=1000)
    else:
        w.do('ALTER TABLE fire_a.parts EXCHANGE PARTITION p0 WITH TABLE fire_a.parts_out')


def check_parts(copy, told):
    state, n = told
    rows = copy.rows('SELECT g, COUNT(*) FROM copy_a.parts WHERE id >= 1000 GROUP BY g')
    allowed = [[[str(n), str(ROWS)]]] if state == 'full' else [[], [[str(n - 1), str(ROWS)]]]
    need(rows in allowed, f'parts: {rows}, but {told}')
    inside = int(copy.rows('SELECT COUNT(*) FROM copy_a.parts WHERE id < 1000')[0][0])
    outside = int(copy.rows('SELECT COUNT(*) FROM copy_a.parts_out')[0][0])
    need(sorted((inside, outside)) == [0, ROWS], f'parts: {inside} rows in p0 and {outside} outside')


def move(w, n):
    """All rows into a table that is there for a moment only, and back."""
    w.do('CREATE TABLE fire_b.move_x (id INT PRIMARY KEY, g INT)')
    w.do('START TRANSACTION; INSERT INTO fire_b.move_x SELECT * FROM fire_a.move_it; DELETE FROM fire_a.move_it; COMMIT')
    w.do('START TRANSACTION; INSERT INTO fire_a.move_it SELECT * FROM fire_b.move_x; DELETE FROM fire_b.move_x; COMMIT')
    w.do('DROP TABLE fire_b.move_x')


def check_move(copy, told):
    here, there = copy.generations('copy_a.move_it'), copy.generations('copy_b.move_x')
    need((here, there) in (([(0, ROWS)], None), ([(0, ROWS)], []), ([], [(0, ROWS)])), f'move: {here} and {there}')


def engine(w, n):
    w.do('ALTER TABLE fire_b.engine ENGINE=MyISAM')
    w.do('ALTER TABLE fire_b.engine ENGINE=InnoDB')


def check_engine(copy, told):
    need(copy.generations('copy_b.engine') == [(0, ROWS)], f"engine: {copy.generations('copy_b.engine')}")


def cascade(w, n):
    """The rows of two tables of the set go with their parents, which are in no database of the set."""
    w.do('START TRANSACTION; DELETE FROM fire_out.parent WHERE id % 3 = 0; COMMIT')
    w.do('START TRANSACTION; INSERT INTO fire_out.parent SELECT seq FROM fire_b.seeds WHERE seq % 3 = 0; '
         'INSERT INTO fire_a.child1 SELECT seq, 0 FROM fire_b.seeds WHERE seq % 3 = 0; '
         'INSERT INTO fire_b.child2 SELECT seq, 0 FROM fire_b.seeds WHERE seq % 3 = 0; COMMIT')


def check_cascade(copy, told):
    first, second = copy.generations('copy_a.child1'), copy.generations('copy_b.child2')
    need(first == second and first in ([(0, ROWS)], [(0, ROWS - ROWS // 3)]), f'cascade: {first} and {second}')


def programs(w, n):
    w.do(f'CREATE OR REPLACE VIEW fire_a.a_view AS SELECT id, g, {n} AS n FROM fire_b.engine')
    w.do(f'DROP PROCEDURE IF EXISTS fire_a.pr; CREATE PROCEDURE fire_a.pr() SELECT {n}')
    w.do('USE fire_b')
    w.do(f'DROP TRIGGER IF EXISTS fire_b.tr; CREATE TRIGGER tr BEFORE INSERT ON fire_b.plain FOR EACH ROW SET @n = {n}')
    w.do('DROP VIEW fire_a.a_view')
    if w.server.kind.startswith('mariadb'):
        w.do(f'CREATE OR REPLACE SEQUENCE fire_a.sq START WITH {n}; DO NEXTVAL(fire_a.sq)')
    if OCEANBASE:
        w.do(f'CREATE SEQUENCE fire_a.sq START WITH {n}; DROP SEQUENCE fire_a.sq')


def check_programs(copy, told):
    need(copy.generations('copy_b.plain') == [(0, ROWS)], 'plain has other rows')


def set_up(server):
    kind = server.kind
    filled = ['fire_a.trunc', 'fire_a.again', 'fire_a.far', 'fire_b.near1', 'fire_a.out_and_in', 'fire_a.swap1',
              'fire_b.swap2', 'fire_a.alter_it', 'fire_a.move_it', 'fire_b.engine', 'fire_b.plain', 'fire_a.parts_out']
    text = ['CREATE DATABASE fire_a; CREATE DATABASE fire_b; CREATE DATABASE fire_out',
            'CREATE TABLE fire_b.zlog (op VARCHAR(20) PRIMARY KEY, state VARCHAR(20), n INT)',
            f'CREATE TABLE fire_b.seeds (seq INT PRIMARY KEY); INSERT INTO fire_b.seeds SELECT seq FROM {numbers(1, ROWS)}',
            'CREATE TABLE fire_out.parent (id INT PRIMARY KEY); INSERT INTO fire_out.parent SELECT seq FROM fire_b.seeds',
            'CREATE TABLE fire_a.parts (id INT PRIMARY KEY, g INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN '
            '(1000), PARTITION p1 VALUES LESS THAN (2000))',
            'INSERT INTO fire_a.parts SELECT 999 + seq, 0 FROM fire_b.seeds',
            # Read for a while before the others come.
            'CREATE TABLE fire_a.aa_big (id INT PRIMARY KEY, pad VARCHAR(2000))',
            f"INSERT INTO fire_a.aa_big SELECT a.seq * {ROWS} + b.seq, REPEAT('x', 500) FROM fire_b.seeds a, fire_b.seeds b"]
    text += [f'CREATE TABLE {table} (id INT PRIMARY KEY, g INT); INSERT INTO {table} SELECT seq, 0 FROM fire_b.seeds'
             for table in filled]
    text += [f'CREATE TABLE {table} (id INT PRIMARY KEY, g INT, FOREIGN KEY (id) REFERENCES fire_out.parent (id) ON DELETE '
             f'CASCADE); INSERT INTO {table} SELECT seq, 0 FROM fire_b.seeds' for table in ('fire_a.child1', 'fire_b.child2')]
    text += ['UPDATE fire_a.swap1 SET g = 1; UPDATE fire_b.swap2 SET g = 2']
    text += [f"INSERT INTO fire_b.zlog VALUES ('{cycle.__name__}', 'none', 0)" for cycle in CYCLES]
    if kind.startswith('mariadb'):
        text.append('CREATE SEQUENCE fire_a.sq')
    server.sql(';\n'.join(text))


CYCLES = {trunc: check_trunc, again: check_again, far: check_far, near: check_near, out: check_out, swap: check_swap,
          alter: check_alter, parts: check_parts, move: check_move, engine: check_engine, cascade: check_cascade,
          programs: check_programs}


class Copy:
    """What a dump holds, loaded by the client under other names. `talk`: a session to ask it through."""

    def __init__(self, server, talk, path, swapped=0):
        self.talk, self.swapped = talk, swapped
        text = path.read_bytes()
        for name in (b'fire_a', b'fire_b', b'fire_out'):
            text = text.replace(name, name.replace(b'fire', b'copy'))
        talk.must('SET foreign_key_checks = 0; DROP DATABASE IF EXISTS copy_a; DROP DATABASE IF EXISTS copy_b')
        server.run_client(text)
        listed = self.rows("SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA "
                           "IN ('copy_a', 'copy_b')")
        self.tables = {row[0] for row in listed}

    def rows(self, query):
        return [line.split('\t') for line in self.talk.must(query)]

    def generations(self, table):
        """[(generation, rows)…]; None when there is no such table."""
        if table not in self.tables:
            return None
        return [(int(g), int(count)) for g, count in self.rows(f'SELECT g, COUNT(*) FROM {table} GROUP BY g ORDER BY g')]

    def swap_start(self, n):
        """Which table is swap1 after n swaps of this writer."""
        return 1 + (self.swapped + n) % 2


class Tests:
    def __init__(self, server, folder):
        self.program, self.server, self.folder = Program(), server, folder

    def dump(self, *arguments, user='root', path=None, **kw):
        path = path or self.place()
        result = self.program.run('dump', *self.server.client_options(user), '--lock-wait', 2, '-o', path, *arguments, **kw)
        if result.code != 0:
            left = [p.name for p in path.parent.iterdir() if not p.name.endswith('.partial')]
            need(not left, f'published all the same: {left}')
        return result, path

    def place(self):
        return pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / 'x.sql'

    # Windows that only timing opens, held open by a lock of another session. -------------------------

    def late(self, *arguments, user, statement, meanwhile, wait=60):
        """A dump that waits for a lock with `statement`: `meanwhile` runs then, and the holder's lock is given back."""
        path = self.place()
        process = self.program.start('dump', *self.server.client_options(user), '--lock-wait', wait, '-o', path, *arguments)

        def wait_for_dump():
            deadline = time.monotonic() + 60
            while not self.watch(f"SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = '{user}' AND INFO LIKE "
                                 f"'%{statement}%' AND ID <> CONNECTION_ID()"):
                need(process.poll() is None and time.monotonic() < deadline, f'the dump did not wait with {statement}')
                time.sleep(0.01)

        wait_for_dump()
        meanwhile(wait_for_dump)
        self.holder.must('UNLOCK TABLES')
        err = process.communicate(timeout=120)[1].decode()
        return process.returncode, err, path

    def window(self, tables, before=0):
        """A set with a table a00 for others to lock, and so many `before` those that matter."""
        fillers = ''.join(f'CREATE TABLE f{i:02} (id INT PRIMARY KEY, g INT);' for i in range(before))
        self.server.sql('CREATE DATABASE fire_a; CREATE DATABASE fire_out')
        self.server.sql(f'CREATE TABLE a00 (id INT PRIMARY KEY, g INT); {fillers}'
                        'CREATE TABLE zlog (op VARCHAR(20) PRIMARY KEY, state VARCHAR(20), n INT);'
                        "INSERT INTO zlog VALUES ('all', 'before', 0);" +
                        ''.join(f'CREATE TABLE {name} (id INT PRIMARY KEY, g INT) ENGINE={engine};'
                                f'INSERT INTO {name} SELECT seq, {g} FROM {numbers(1, ROWS)};'
                                for name, engine, g in tables), 'fire_a')
        self.watch = Talk(self.server)
        self.holder = Talk(self.server, 'fire_a')
        self.worker = Talk(self.server, 'fire_a')

    def clear(self):
        for talk in (self.watch, self.holder, self.worker):
            talk.close()
        self.server.sql('DROP DATABASE IF EXISTS fire_a; DROP DATABASE IF EXISTS fire_out; DROP DATABASE IF EXISTS copy')
        for user in FULL:
            self.server.drop_account(user)

    def loaded(self, path):
        """State of the log, and what each table holds: {name: [(generation, rows)]}."""
        self.server.sql('DROP DATABASE IF EXISTS copy; CREATE DATABASE copy')
        self.server.load(path, 'copy')
        names = [row[0] for row in self.server.rows('SHOW TABLES', 'copy') if not row[0].startswith('f') and row[0] != 'zlog']
        query = ' UNION ALL '.join(f"SELECT '{name}', g, COUNT(*) FROM {name} GROUP BY g" for name in names)
        tables = {name: [] for name in names}
        for name, g, count in self.server.rows(query, 'copy'):
            tables[name].append((int(g), int(count)))
        return self.server.value('SELECT state FROM zlog', 'copy'), tables

    def test_window_between_snapshot_and_tables(self):
        """Without any lock: tables are emptied, swapped and altered when the dump is just about to open them."""
        if OCEANBASE:
            return
        # Tables are opened fifty at a time: it waits with the first of them, and those of interest come later.
        self.window([('t', 'InnoDB', 0), ('u1', 'InnoDB', 1), ('u2', 'InnoDB', 2)], before=55)
        try:
            self.server.create_account('reader', grants=[f'{FULL["reader"]} ON `fire\\_%`.*', self.server.sees_routines])
            full, empty = [(0, ROWS)], []
            for change, undo, before, after in (
                    ('TRUNCATE TABLE t', f'INSERT INTO t SELECT seq, 0 FROM {numbers(1, ROWS)}', (full, 1, 2), (empty, 1, 2)),
                    ('RENAME TABLE u1 TO u3, u2 TO u1, u3 TO u2', 'RENAME TABLE u1 TO u3, u2 TO u1, u3 TO u2', (full, 1, 2),
                     (full, 2, 2)),
                    ('ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT 7', 'ALTER TABLE t DROP COLUMN c', (full, 1, 2),
                     (full, 1, 3))):
                self.holder.must('LOCK TABLES a00 WRITE')
                code, err, path = self.late(
                    'fire_a', user='reader', statement='LIMIT 0',
                    meanwhile=lambda _: self.worker.must(f"{change}; UPDATE zlog SET state = 'after'"))
                need(code == 0, f'{change}: ended with {code}: {err}')
                state, tables = self.loaded(path)
                got = tables['t'], tables['u1'][0][0], len(self.server.rows('SHOW COLUMNS FROM t', 'copy'))
                need(got == (before if state == 'before' else after), f'{change}: the log says {state}, but the copy {got}: {err}')
                self.worker.must(f"{undo}; UPDATE zlog SET state = 'before'")
        finally:
            self.clear()

    def test_table_that_an_alter_hides_when_the_dump_looks(self):
        """Where names are those of files, an ALTER that copies a table takes its name away for a moment: here for longer."""
        if OCEANBASE or self.server.kind == 'mysql-9.7':  # they have a dictionary
            return
        self.server.sql('DROP DATABASE IF EXISTS hidden; CREATE DATABASE hidden; USE hidden; CREATE TABLE a (id INT PRIMARY KEY, pad '
                        'CHAR(200)); CREATE TABLE t (id INT PRIMARY KEY, g INT) ENGINE=InnoDB; '
                        f"INSERT INTO a SELECT seq, REPEAT('x', 200) FROM {numbers(1, 5000)}; INSERT INTO t VALUES (1, 1); FLUSH TABLES")
        # Without the lock that every ALTER waits for.
        self.server.create_account('locker', grants=[f'{FULL["locker"]} ON `hidden`.*', self.server.sees_routines])
        file = pathlib.Path(self.server.value('SELECT @@datadir'), 'hidden', 't.frm')
        away = file.with_suffix('.away')
        path = self.folder / 'hidden.sql.zst'
        try:
            file.rename(away)
            process = self.program.start('dump', *self.server.client_options('locker'), 'hidden', '-o', path, '--overwrite', '--throttle', '400K')
            told = process.stderr.readline()
            while told and b'snapshot by' not in told:
                told = process.stderr.readline()
            away.rename(file)
            told += process.stderr.read()
            need(process.wait() == 0, told.decode())
            need(b'`hidden`.`t` (hidden by an ALTER TABLE)' in told, f'the test proved nothing: {told.decode()}')
            names = self.program.ok('cat', '--only', 'hidden.t', path).out
            need('VALUES\n(1,1)' in names, names)
            # One that was made meanwhile is none of the dump's.
            process = self.program.start('dump', *self.server.client_options('locker'), 'hidden', '-o', path, '--overwrite', '--throttle', '400K')
            told = process.stderr.readline()
            while told and b'snapshot by' not in told:
                told = process.stderr.readline()
            self.server.sql('CREATE TABLE hidden.u (id INT PRIMARY KEY) ENGINE=InnoDB; CREATE VIEW hidden.v AS SELECT 1')
            told += process.stderr.read()
            need(process.wait() == 0 and b'hidden by' not in told, told.decode())
        finally:
            if away.exists():
                away.rename(file)
            self.server.drop_account('locker')
            self.server.sql('DROP DATABASE hidden')

    def test_table_that_changes_its_engine_all_the_time(self):
        """From transactions to none and back, each time without a name for a moment, also where there is a dictionary.
        The server is made slow at renaming files, so that the moment lasts."""
        if OCEANBASE:
            return
        self.server.sql('CREATE DATABASE hidden; USE hidden; CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY, '
                        'g INT) ENGINE=InnoDB; INSERT INTO t VALUES (1, 1)')
        self.server.create_account('locker', grants=[f'{FULL["locker"]} ON `hidden`.*', self.server.sees_routines])

        def to_and_fro(writer, _):
            writer.do('ALTER TABLE hidden.t ENGINE=MyISAM')
            writer.do('ALTER TABLE hidden.t ENGINE=InnoDB')

        writer = Writer(self.server, to_and_fro, random.Random(SEED), 0.15)
        slow = subprocess.Popen(['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=rename', '-e',
                                 'inject=rename:delay_exit=20000', '-p', str(self.server.pid)])
        codes = []
        writer.start()
        try:
            end = time.monotonic() + 4 * SECONDS
            while time.monotonic() < end or not codes:
                result, path = self.dump('hidden', user='locker')
                codes.append(result.code)
                if result.code == 13:
                    need('`hidden`.`t`' in result.err, result.err)
                elif result.code != 33:
                    need(result.code == 0 and '(1,1)' in path.read_text(), f'short, dump {len(codes)}: {result.code}: {result.err}')
            need(slow.poll() is None, 'strace has ended')
        finally:
            writer.stop.set()
            writer.join()
            slow.terminate()
            slow.wait()
            self.server.drop_account('locker')
            self.server.sql('DROP DATABASE hidden')
        need(not writer.failed, writer.failed)
        print(f'  {codes.count(0)} right, {codes.count(13)} times 13, {codes.count(33)} times 33; {writer.count} changes', flush=True)

    def test_table_that_an_alter_hides_for_long(self):
        """One ALTER, in whose renames the table has no name for the better part of a second: as InnoDB of 5.6 does by itself."""
        if OCEANBASE or self.server.kind == 'mysql-9.7':  # they have a dictionary
            return
        self.server.sql('CREATE DATABASE hidden; USE hidden; CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY, '
                        'g INT) ENGINE=MyISAM; INSERT INTO t VALUES (1, 1)')
        self.server.create_account('locker', grants=[f'{FULL["locker"]} ON `hidden`.*', self.server.sees_routines])
        file = pathlib.Path(self.server.value('SELECT @@datadir'), 'hidden', 't.frm')
        slow = subprocess.Popen(['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=rename', '-e',
                                 'inject=rename:delay_exit=250000', '-p', str(self.server.pid)])
        try:
            with Talk(self.server) as talk:
                deadline = time.monotonic() + 20
                while 'TracerPid:\t0' in pathlib.Path(f'/proc/{self.server.pid}/status').read_text():
                    need(time.monotonic() < deadline, 'strace does not follow the server')
                    time.sleep(0.01)
                altered = talk.send('ALTER TABLE hidden.t ADD COLUMN c INT NOT NULL DEFAULT 7')
                while file.exists():
                    need(time.monotonic() < deadline, 'the ALTER hides nothing')
                    time.sleep(0.001)
                result, path = self.dump('hidden', user='locker')
                talk.answer(altered)
            need(result.code == 0 and '(1,1,7)' in path.read_text(), f'{result.code}: {result.err}')
            need('`hidden`.`t` (created, or hidden by an ALTER TABLE)' in result.err, f'the test proved nothing: {result.err}')
        finally:
            slow.terminate()
            slow.wait()
            self.server.drop_account('locker')
            self.server.sql('DROP DATABASE hidden')

    def test_table_that_is_there_for_the_snapshot_only(self):
        """Rows move into a new table after the dump has listed them, and back before it looks again."""
        if OCEANBASE:
            return
        self.window([('t', 'InnoDB', 0)])
        try:
            self.holder.must('LOCK TABLES a00 WRITE')
            back = []

            def meanwhile(wait_for_dump):
                self.worker.must('CREATE TABLE x (id INT PRIMARY KEY, g INT); START TRANSACTION; INSERT INTO x SELECT * FROM t; '
                                 'DELETE FROM t; COMMIT')
                wait_for_dump()
                back.append(self.worker.send('START TRANSACTION; INSERT INTO t SELECT * FROM x; DELETE FROM x; COMMIT; DROP TABLE x'))
                time.sleep(0.1)

            code, err, path = self.late('fire_a', user='root', statement='FLUSH TABLES', wait=1, meanwhile=meanwhile)
            self.worker.answer(back[0])
            need(code == 0, f'ended with {code}: {err}')
            _, tables = self.loaded(path)
            rows = tables['t'] + tables.get('x', [])
            need(rows == [(0, ROWS)], f'the rows are in {tables}')
        finally:
            self.clear()

    def test_tables_that_go_or_change_their_engine_while_their_lock_is_awaited(self):
        if OCEANBASE:
            return
        for user, statement in (('locker', 'LOCK TABLES'), ('root', 'FLUSH TABLES')):
            self.window([('t', 'InnoDB', 0), ('m', 'MyISAM', 0), ('n', 'MyISAM', 0), ('i', 'InnoDB', 0), ('gone', 'MyISAM', 0)])
            try:
                if user != 'root':
                    self.server.create_account(user, grants=[f'{FULL[user]} ON `fire\\_%`.*', self.server.sees_routines])
                self.holder.must('LOCK TABLES a00 WRITE')
                sent = []

                def meanwhile(_):
                    sent.append(self.worker.send('RENAME TABLE t TO fire_out.t; ALTER TABLE m ENGINE=InnoDB; '
                                                 'ALTER TABLE i ENGINE=MyISAM; DROP TABLE gone'))
                    time.sleep(0.5)

                code, err, path = self.late('fire_a', user=user, statement=statement, meanwhile=meanwhile)
                self.worker.answer(sent[0])
                need(code == 0, f'{user}: ended with {code}: {err}')
                _, tables = self.loaded(path)
                del tables['a00']
                full = {name: [(0, ROWS)] for name in ('m', 'n', 'i')}
                before = full | {'t': [(0, ROWS)], 'gone': [(0, ROWS)]}
                need(tables in (full, before), f'{user}: the copy holds {tables}')
            finally:
                self.clear()

    def test_under_fire(self):
        server = self.server
        rng = random.Random(SEED)
        set_up(server)
        server.try_sql('CREATE DATABASE copy_out; CREATE TABLE copy_out.parent (id INT PRIMARY KEY); '
                       'INSERT INTO copy_out.parent SELECT * FROM fire_out.parent')
        rungs = {'root': 'snapshot-reads'} if OCEANBASE else {
            'root': 'global-read-lock', 'locker': 'table-locks', 'reader': 'single-session'}
        for user in rungs:
            if user != 'root':
                server.create_account(user, grants=[f'{FULL[user]} ON `fire\\_%`.*', server.sees_routines])
        try:
            with Talk(server) as talk:
                for user in rungs:
                    for jobs in (1, 4):
                        self.burn(rng, talk, user, jobs, rungs[user])
        finally:
            for user in FULL:
                server.drop_account(user)
            server.sql('SET foreign_key_checks = 0;' + ''.join(
                f'DROP DATABASE IF EXISTS {d};' for d in ('fire_a', 'fire_b', 'fire_out', 'copy_a', 'copy_b', 'copy_out')))

    def burn(self, rng, talk, user, jobs, method):
        """Dumps as one account while a few writers at a time are at work."""
        codes = {0: 0, 13: 0, 33: 0}
        cycles = [cycle for cycle in CYCLES if not (OCEANBASE and cycle is engine)]
        counts = {}
        began = time.monotonic()
        while time.monotonic() < began + SECONDS or not codes[0]:
            need(time.monotonic() < began + 20 * SECONDS + 240, f'{user}, {jobs} jobs: no dump came through: {codes}')
            chosen = rng.sample(cycles, rng.randint(1, 3))
            swapped = int(talk.must('SELECT MIN(g) FROM fire_a.swap1')[0]) - 1
            talk.must("UPDATE fire_b.zlog SET state = 'none', n = 0")
            writers = [Writer(self.server, cycle, random.Random(rng.random()), rng.choice(PAUSES)) for cycle in chosen]
            for writer in writers:
                self.reset(talk, writer.cycle)
                writer.start()
            try:
                time.sleep(0.02)
                for _ in range(2):
                    result, path = self.dump('--jobs', jobs, 'fire_a', 'fire_b', user=user)
                    need(result.code in codes, f'{user}, {jobs} jobs, {chosen}: ended with {result.code}: {result.err}')
                    codes[result.code] += 1
                    if result.code == 13:
                        need('fire_' in result.err.split('error:')[-1], f'nothing is named: {result.err}')
                        continue
                    if result.code == 33:
                        told = result.err.split('error:')[-1]
                        need('fire_' in told and ('in the way' in told or 'PROCESS' in told), f'nothing is named: {told}')
                        continue
                    need(method in result.err, f'{user} reached another rung than {method}: {result.err}')
                    copy = Copy(self.server, talk, path, swapped)
                    told = {op: (state, int(n)) for op, state, n in copy.rows('SELECT op, state, n FROM copy_b.zlog')}
                    for cycle, check in CYCLES.items():
                        state = told[cycle.__name__]
                        if cycle in chosen and state[0] != 'none' or cycle in (move, engine, cascade, programs):
                            check(copy, state)
            except AssertionError as error:
                raise AssertionError(f'{user}, {jobs} jobs, writers {[w.name for w in writers]}: {error}') from error
            finally:
                for writer in writers:
                    writer.stop.set()
                for writer in writers:
                    writer.join()
                    counts[writer.name] = counts.get(writer.name, 0) + writer.count
            for writer in writers:
                if writer.failed:
                    raise writer.failed
        print(f'  {user} ({method}), {jobs} jobs: {codes[0]} right, {codes[13]} times 13, {codes[33]} times 33; writers {counts}',
              flush=True)

    def reset(self, talk, cycle):
        """The generation that a writer begins with is 0."""
        if cycle in (trunc, again):
            talk.must(f'UPDATE fire_a.{cycle.__name__} SET g = 0')
        elif cycle is parts:
            talk.must('UPDATE fire_a.parts SET g = 0 WHERE id >= 1000')


def main():
    print(f'seed {SEED}', flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix='fire-'))
    options = [] if OCEANBASE else ['--innodb-flush-log-at-trx-commit=0', '--skip-innodb-doublewrite']
    try:
        with Server(options=options) as server:
            return runner.run(Tests(server, folder), sys.argv[1:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
