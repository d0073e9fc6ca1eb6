#!/usr/bin/env python3
# ctest: cost=90 timeout=1800
"""Killed anywhere: restore, undo and the server itself, while a reader looks on.

The OMS sample databases are brought back from a broken upgrade, and undone, over and over. The
program is killed at each of its phases in turn and at random moments, the server at random moments;
the same command again must then reach its end. All the while a reader asks one question over all
tables that both states have; its answer must be the old state's or the new one's, whole. What the
databases hold at the end of each is judged by the server and the `mysql` client.

    DBOMSBAK_CRASH_KILLS=200 DBOMSBAK_CRASH_SERVER_KILLS=40 tests/server/crash_test.py

is the long run; by default it is short. DBOMSBAK_SEED repeats one.
"""

import collections
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, oms  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import ClientError, Server  # noqa: E402
from support.talk import Talk, error_number  # noqa: E402

KILLS = int(os.environ.get('DBOMSBAK_CRASH_KILLS', '10'))
SERVER_KILLS = int(os.environ.get('DBOMSBAK_CRASH_SERVER_KILLS', '2'))
SEED = int(os.environ.get('DBOMSBAK_SEED', random.SystemRandom().randrange(1 << 32)))
ROWS = 2000
# A kill of the server within a RENAME can leave these kinds torn until a later run heals them.
TORN_BY_A_CRASH = {'mysql-5.6'}
# AUTO_INCREMENT behind a kill of the server: MySQL 5.6 keeps it in memory alone, and has the largest value and one then;
# OceanBase goes on behind the million of values that it had taken to hand.
FORGETS_COUNTERS = {'mysql-5.6', 'oceanbase-4.3.5'}
# MariaDB 10.11 and 11.8 cannot always start again after a kill within a RENAME, MySQL 5.6 after one in a CREATE or
# DROP TABLE: faults of theirs.
CANNOT_START = ('Missing FILE_CREATE, FILE_DELETE or FILE_MODIFY before FILE_CHECKPOINT', 'Cannot replay rename',
                'you can set innodb_force_recovery > 0 in my.cnf',
                'Tried to read 16384 bytes at offset 0. Was only able to read 0.')
# The table changed its definition under the question, or the server is coming or going: asked again.
ASK_AGAIN = {1412, 2002, 2003, 2006, 2013, 1053, 1927, 4138, 1158, 1159, 1160, 1161, 4012, 1205, 1213}


LOCKED = 32  # by the session of a program that was killed, until the server has seen that


class CannotStart(Exception):
    pass


class Reader:
    """Asks for all tables in one statement, all the time."""

    def __init__(self, world):
        self.world = world
        self.answers = collections.Counter()
        self.wrong = []
        self.resting = threading.Event()  # torn, or no server: what is seen does not count
        self._end = threading.Event()
        self._talk = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _ask(self, talk):
        lines = talk(self.world.question)
        number = error_number(lines)
        if number in ASK_AGAIN:
            return
        answer = lines[0] if lines else ''
        name = next((state for state, known in self.world.answers.items() if known == answer), None)
        if self.resting.is_set():
            return
        if name is None:
            self.wrong.append('\n'.join(lines)[:3000])
            self._end.set()
        else:
            self.answers[name] += 1

    def _run(self):
        while not self._end.is_set():
            try:
                with Talk(self.world.server) as talk:
                    self._talk = talk
                    while not self._end.is_set():
                        began = time.monotonic()
                        self._ask(talk)
                        # A server to which the question is dear (OceanBase) shall do more than answer it.
                        time.sleep(max(0.01, 3 * (time.monotonic() - began)))
            except (AssertionError, BrokenPipeError, ValueError):  # the client has gone with its server
                time.sleep(0.2)

    def check(self, about):
        if self.wrong:
            raise AssertionError(f'{about}: a reader saw neither the old nor the new state: {self.wrong[0]}')

    def close(self):
        self._end.set()
        while self._thread.is_alive():
            if self._talk is not None:
                self._talk.close()  # it may wait for a server that is gone
            self._thread.join(timeout=5)


class World:
    def __init__(self, server, folder, dice):
        self.server, self.dice = server, dice
        self.program = Program()
        self.archive = pathlib.Path(folder) / 'set.sql.zst'
        self.set = list(oms.NAMES)
        oms.load(server, rows=ROWS)
        self.states = {'good': self.take()}
        good_columns = self.columns()
        self.run('dump', *self.set, '-o', self.archive).expect(0)
        oms.mock_upgrade(server)
        self.states['ruined'] = self.take()
        both = [row for row in self.columns() if row in good_columns]
        self.question = self.ask_all(both)
        self.answers = {'ruined': self.ask()}
        self.run('restore', '--yes', self.archive).expect(0)
        self.answers['good'] = self.ask()
        if self.answers['good'] == self.answers['ruined']:
            raise AssertionError('the question does not tell the two states apart')
        self.run('undo', '--yes').expect(0)
        self.run('purge', '--yes', '--force').expect(0)
        self.live = 'ruined'
        self.killed = False  # the last command
        self.seconds, self.phases = {}, {}
        self.report = collections.Counter()
        self.rounds = 0

    def columns(self):
        names = ','.join(f"'{name}'" for name in self.set)
        return self.server.rows(
            'SELECT c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE FROM information_schema.COLUMNS c JOIN '
            'information_schema.TABLES t ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME '
            f"WHERE c.TABLE_SCHEMA IN ({names}) AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY 1, 2, c.ORDINAL_POSITION")

    @staticmethod
    def ask_all(columns):
        """One statement with a sum over each table: the server takes them all at one moment."""
        tables = collections.defaultdict(list)
        for database, table, column, kind in columns:
            if kind not in ('geometry', 'point', 'json', 'float', 'double'):
                tables[database, table].append(f'HEX(`{column}`)')
        sums = [f"(SELECT COALESCE(SUM(CRC32(CONCAT_WS(',',{','.join(cells)}))), 0) + COUNT(*) FROM `{database}`.`{table}`)"
                for (database, table), cells in sorted(tables.items())]
        return f"SELECT CONCAT_WS('/', {', '.join(sums)})"

    def ask(self):
        return self.server.value(self.question)

    def take(self):
        return fingerprint.take(self.server, self.set)

    def options(self, command):
        return [command, *self.server.client_options()]

    def run(self, command, *args):
        return self.program.run(*self.options(command), *args)

    def words(self):
        """The command that leads from what is live to the other state."""
        # Kills are to meet what changes something: with --force nobody looks for seconds whether OMS runs.
        restore, undo = ('restore', '--yes', '--force', str(self.archive)), ('undo', '--yes', '--force')
        return restore if self.live == 'ruined' else undo

    def other(self):
        return 'good' if self.live == 'ruined' else 'ruined'

    def measure(self):
        """How long each command takes, and how many phases it tells."""
        for _ in range(2):
            words = self.words()
            began = time.monotonic()
            result = self.run(words[0], *words[1:], '--progress=json').expect(0)
            self.seconds[words[0]] = time.monotonic() - began
            self.phases[words[0]] = len(phases_of(result.err))
            self.arrive()
        print(f'restore {self.seconds["restore"]:.1f} s, {self.phases["restore"]} phases; undo '
              f'{self.seconds["undo"]:.1f} s, {self.phases["undo"]} phases', flush=True)

    def arrive(self):
        """The command has ended with 0: the other state is live, whole."""
        fingerprint.expect_equal(self.expected(self.other()), self.print_now(), f'after {self.words()[0]}')
        self.live = self.other()
        self.rounds += 1
        if self.live == 'ruined' and self.dice.random() < 0.7:
            self.purge()

    def purge(self):
        if any('dbomsbak' in name for name in self.server.databases()):
            self.run('purge', '--yes', '--force').expect(0)

    def expected(self, state):
        return without_counters(self.states[state]) if self.counters_are_lost else self.states[state]

    def print_now(self):
        return without_counters(self.take()) if self.counters_are_lost else self.take()

    @property
    def counters_are_lost(self):
        return self.server.kind in FORGETS_COUNTERS and self.report['server killed'] > 0

    def start(self):
        words = self.words()
        return self.program.start(*self.options(words[0]), *words[1:], '--progress=json', stdout=subprocess.DEVNULL)

    def kill_program(self, at_phase):
        """Starts the command and kills it at that phase, or after a random time; the code with which it had ended before."""
        process = self.start()
        texts, drain = [], None
        if at_phase is not None:
            seen = 0
            for line in process.stderr:
                texts.append(line)
                seen += is_phase(line)
                if seen > at_phase:
                    break
            time.sleep(self.dice.choice((0, 0, 0.003, 0.02)))
        else:
            drain = threading.Thread(target=lambda: texts.append(process.stderr.read()))
            drain.start()
            try:
                process.wait(timeout=self.dice.uniform(0, self.seconds[self.words()[0]]))
            except subprocess.TimeoutExpired:
                pass
        alive = process.poll() is None
        process.kill()
        code = process.wait()
        if drain is None:
            texts.append(process.stderr.read())
        else:
            drain.join()
        if not alive and code not in (0, LOCKED):
            told = b''.join(texts).decode(errors='replace')
            raise AssertionError(f'{self.words()} ended with {code} by itself:\n{told[-3000:]}')
        return None if alive else code

    def kill_server(self, reader):
        """Kills the server while the command runs; the command must end, and tell of it."""
        process = self.start()
        texts = []
        drain = threading.Thread(target=lambda: texts.append(process.stderr.read()))
        drain.start()
        time.sleep(self.dice.uniform(0, self.seconds[self.words()[0]]))
        reader.resting.set()
        self.server.kill9()
        try:
            code = process.wait(timeout=120)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise AssertionError(f'{self.words()} still runs two minutes after its server was killed') from error
        drain.join()
        text = texts[0].decode(errors='replace')
        if code not in (0, 10, 15, 42):
            raise AssertionError(f'{self.words()} ended with {code} when its server was killed:\n{text[-3000:]}')
        try:
            self.server.start()
        except RuntimeError as error:
            if any(words in self.server.log for words in CANNOT_START):
                raise CannotStart() from error
            raise
        if self.server.kind not in TORN_BY_A_CRASH:
            reader.resting.clear()
        return code

    def finish(self, about):
        """The same command again reaches the end, whatever happened before."""
        words = self.words()
        if self.has_ended():
            self.report[f'{words[0]} was killed when all was done'] += 1
            return self.arrive()
        for attempt in range(60):
            result = self.run(*words)
            self.report['torn table put together by the command'] += result.err.count('is put together again')
            if result.code == 42 and self.follow(result.err):
                continue
            # A dead session's lock goes when the server has seen that its client is gone.
            if result.code != LOCKED or attempt == 59:
                break
            time.sleep(0.5)
        try:
            result.expect(0)
            self.arrive()
        except AssertionError as error:
            raise AssertionError(f'{about}: {error}') from error

    def follow(self, err):
        """Moves or removes files as the hint tells, where the server cannot do it: see torn_table_test."""
        trigger = re.search(r'delete the file (/\S+\.TRN)', err)
        if self.server.kind in TORN_BY_A_CRASH and trigger:
            pathlib.Path(trigger[1]).unlink()
            self.report['file of a trigger removed as told'] += 1
            return True
        found = re.search(r'Move the file (/\S+)\.frm to (/\S+)\.frm \(and', err)
        if self.server.kind not in TORN_BY_A_CRASH or not found:
            return False
        start, end = map(pathlib.Path, found.groups())
        for file in start.parent.glob(f'{start.name}.*'):
            file.rename(end.parent / (end.name + file.suffix))
        self.report['torn table put together as told'] += 1
        return True

    def has_ended(self):
        """Whether all was done but the last words: the command again would do the next such thing."""
        try:
            if self.ask() != self.answers[self.other()]:
                return False
        except ClientError:  # torn
            return False
        status = json.loads(self.run('status', '--json').expect(0).out)
        return all(left['kind'] == 'displaced-copy' or not self.holds_tables(left['holders'])
                   for left in status['leftovers'])

    def holds_tables(self, databases):
        """MySQL 5.6 cannot remove a folder in which its crash left files of no table: that stays, empty."""
        names = ','.join(f"'{name}'" for name in databases)
        return self.server.value(f'SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({names})') != '0'


def is_phase(line):
    return b'"event":"phase"' in line.replace(b' ', b'')


def phases_of(text):
    return [line for line in text.splitlines() if is_phase(line.encode())]


def without_counters(print_of):
    """And without the order in which OceanBase prints foreign keys, the newest first: names that a window changes for a
    while, and a kill within it, can make another."""
    def plain(value):
        if not isinstance(value, str):
            return value
        lines = re.sub(r' AUTO_INCREMENT ?= ?\d+', '', value).split('\n')
        keys = [line for line in lines if line.startswith('  CONSTRAINT ')]
        return '\n'.join([line for line in lines if line not in keys] + sorted(key.rstrip(' ,') for key in keys))
    return {database: {key: {what: plain(text) for what, text in facts.items() if what != 'AUTO_INCREMENT'}
                       for key, facts in objects.items()} for database, objects in print_of.items()}


def kill_programs(world, reader):
    at = {'restore': world.dice.randrange(3), 'undo': 0}
    killed = told = 0
    while killed < KILLS:
        about = []
        while True:
            command = world.words()[0]
            # Two kills of three at the next phase, one at a random moment.
            phase = None
            if world.dice.random() < 2 / 3:
                phase = at[command] % world.phases[command]
                at[command] += max(1, 2 * (world.phases['restore'] + world.phases['undo']) // KILLS)
            where = f'at phase {phase}' if phase is not None else 'at random'
            code = world.kill_program(phase)
            world.killed = code is None
            if code == LOCKED:
                time.sleep(0.5)
                continue
            if world.killed:
                killed += 1
                world.report[f'{command} killed'] += 1
                about.append(f'{command} killed {where}')
            else:
                about.append(f'{command} ended before it was killed {where}')
                world.arrive()
            reader.check(', '.join(about))
            if world.dice.random() < 0.2:
                world.run('status').expect(0)
            # Where a whole run takes long, more of it is spent on kills.
            ends = 0.7 if world.seconds['restore'] < 10 else 0.15
            if not world.killed or killed >= KILLS or world.dice.random() < ends:
                break
            if world.has_ended():
                break
        if world.killed:
            world.finish(', '.join(about))
            reader.check(', '.join(about))
        if killed // 10 > told:
            told = killed // 10
            print(f'{killed} kills of the program; the reader saw {dict(reader.answers)}', flush=True)


def kill_servers(world, reader):
    for _ in range(SERVER_KILLS):
        command = world.words()[0]
        code = world.kill_server(reader)
        world.report['server killed'] += 1
        about = f'server killed while {command} ran (it ended with {code})'
        if code == 0:
            world.arrive()
        else:
            world.finish(about)
        reader.resting.clear()
        reader.check(about)


def run(dice, folder):
    report = collections.Counter()
    kills_done = False
    while True:
        with Server() as server:
            world = World(server, folder, dice)
            world.measure()
            reader = Reader(world)
            try:
                if not kills_done:
                    kill_programs(world, reader)
                    kills_done = True
                kill_servers(world, reader)
            except CannotStart:
                # Not ours: a fresh folder, and on.
                report['server could not start again, by its own fault'] += 1
                report += world.report
                world.archive.unlink()
                pathlib.Path(str(world.archive) + '.sha256').unlink()
                continue
            finally:
                reader.close()
            reader.check('at the end')
            if world.live == 'good':
                world.run('undo', '--yes').expect(0)
            world.purge()
            left = [name for name in server.databases() if 'dbomsbak' in name and world.holds_tables([name])]
            if left:
                raise AssertionError(f'left on the server: {left}')
            report += world.report
            if min(reader.answers['good'], reader.answers['ruined']) == 0:
                raise AssertionError(f'the reader saw one state only: {reader.answers}')
            print(f'{world.rounds} rounds; the reader saw {reader.answers["ruined"]} times all old, '
                  f'{reader.answers["good"]} times all new')
            return report


def main():
    print(f'seed {SEED}, {KILLS} kills of the program, {SERVER_KILLS} of the server', flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = run(random.Random(SEED), folder)
    print(json.dumps(report, indent=1, sort_keys=True))


if __name__ == '__main__':
    main()
