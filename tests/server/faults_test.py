#!/usr/bin/env python3
# ctest: cost=50 timeout=1800
"""One call of a file or of a session fails: the right code, nothing half, and the same command again comes through.

tests/faults is the program, but that its N-th call fails, in each of the ways that system_calls.cc and sessions.h name.
Every command that writes or changes anything is run so. Afterwards the server and the `mysql` client tell what is live,
which must be the one state or the other, whole; what stands under a file's own name must be a whole archive.

    DBOMSBAK_FAULTS=all tests/server/faults_test.py ['restore' | 'restore/sessions:lost' | 'restore/sessions:lost:17' …]

strikes every N of these, or of all commands and kinds: hours. DBOMSBAK_FAULTS=each as well, but of the kinds of ALIKE one at
each N, which one by the seed. DBOMSBAK_FAULTS_PART=1/4 takes a quarter of them, DBOMSBAK_FAULTS=5 five of each kind. By
default a minute's worth is drawn. DBOMSBAK_SEED repeats the draw.
"""

import collections
import json
import os
import pathlib
import random
import re
import shutil
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.fault_world import HARMLESS, LOST, SETS, World  # noqa: E402
from support.server import Server  # noqa: E402

WANTED = os.environ.get('DBOMSBAK_FAULTS', '')
SEED = int(os.environ.get('DBOMSBAK_SEED', random.SystemRandom().randrange(1 << 32)))
PART, PARTS = map(int, os.environ.get('DBOMSBAK_FAULTS_PART', '1/1').split('/'))
SECONDS = 45  # of drawing

CLOCK = ['clock:back', 'clock:right']
FILES = ['files:fail', 'files:full', 'files:dead', 'files:short', 'files:eintr', 'files:cut']
SESSIONS = ['sessions:lost', 'sessions:behind', 'sessions:gone', 'sessions:refused', 'sessions:full', 'sessions:ended',
            'sessions:timeout', 'sessions:deadlock']
ALIKE = SESSIONS[2:]  # a statement that was not carried out, and a server that says so or no more
KINDS = {
    'dump': FILES + SESSIONS + CLOCK,
    'dump over': FILES,
    'dump to stdout': ['files:pipe', 'files:fail', 'files:short', 'files:eintr', 'sessions:lost'],
    'verify': FILES,
    'diff': ['files:fail', 'files:cut', 'files:short', 'files:eintr'] + SESSIONS,
    'snapshot': FILES + SESSIONS + CLOCK,
    'restore': ['files:fail', 'files:cut', 'files:short', 'files:eintr'] + SESSIONS + CLOCK,
    'prepare': ['files:fail', 'files:cut', 'files:short', 'files:eintr'] + SESSIONS,
    'swap': SESSIONS,
    'abort': SESSIONS,
    'undo': SESSIONS,
    'purge': SESSIONS,
    'in place': FILES + SESSIONS + CLOCK,
    'sweep in place': SESSIONS,
    'patient in place': SESSIONS,
}
# One run each is enough.
ALWAYS = [(name, kind) for name in ('dump', 'snapshot', 'restore') for kind in ('files:signals', 'files:crumbs')]
ALWAYS += [('sweep in place', 'sessions:lost'), ('patient in place', 'sessions:ended')]
ALWAYS += [('snapshot', 'clock:right'), ('dump over', 'files:locks'), ('snapshot', 'files:locks')]


class Case:
    """A command: `one` runs it with a fault, from whatever state the last one left the world in."""
    reads = False  # it wants the ruined state, and leaves it

    def __init__(self, world):
        self.world = world

    def one(self, kind, number):
        raise NotImplementedError


class DumpCase(Case):
    reads = True
    over = False

    def one(self, kind, number):
        w = self.world
        folder = w.place / 'dump'
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path = folder / 'x.sql.zst'
        options = ['--jobs', w.dice.choice((1, 2)), '-o', path]
        old = b''
        if self.over:
            for suffix in ('', '.sha256'):
                shutil.copy(str(w.archive['good']) + suffix, str(path) + suffix)
            text = pathlib.Path(str(path) + '.sha256').read_text().replace('good.sql.zst', 'x.sql.zst')
            pathlib.Path(str(path) + '.sha256').write_text(text)
            old = path.read_bytes()
            options.append('--overwrite')
        result = w.strike(kind, number, 'dump', *SETS, *options)
        w.judge(kind, result, {13} if kind.startswith('sessions') else ())
        there = w.whole_under_its_name(path, optional=not self.over)
        if result.code == 0:
            if not there or w.text_of(path) != w.text['ruined']:
                raise AssertionError('a dump that ended well is not all that is live')
        if result.code != 0 and not w.published and (there if not self.over else path.read_bytes() != old):
            raise AssertionError('published although it failed')
        left = [name for name in w.files_in(folder) if name not in ('x.sql.zst', 'x.sql.zst.sha256')]
        if any(not name.endswith('.partial') for name in left):
            raise AssertionError(f'left: {left}')
        if left and w.struck.split()[0] != 'unlink' and kind not in ('files:dead', 'files:fail'):
            raise AssertionError(f'left: {left}')
        w.run('dump', *SETS, '--overwrite', '-o', path).expect(0)
        w.program.ok('verify', path)
        if w.files_in(folder) != ['x.sql.zst', 'x.sql.zst.sha256']:
            raise AssertionError(f'left: {w.files_in(folder)}')


class DumpOverCase(DumpCase):
    over = True


class DumpToStdoutCase(Case):
    reads = True

    def one(self, kind, number):
        w = self.world
        result = w.strike(kind, number, 'dump', *SETS, stdout=True)
        w.judge(kind, result, {13} if kind.startswith('sessions') else ())
        whole = '-- Dump completed' in result.out
        if (result.code == 0) != whole:
            raise AssertionError(f'ended with {result.code}, and the text is {"whole" if whole else "not whole"}')


class VerifyCase(Case):
    reads = True

    def one(self, kind, number):
        w = self.world
        w.judge(kind, w.strike(kind, number, 'verify', w.archive['good']))
        if kind == 'files:cut' and w.struck.startswith('pread') and w.last.code == 0:
            raise AssertionError('a file that was cut while it was read was called whole')


class DiffCase(Case):
    reads = True

    def one(self, kind, number):
        w = self.world
        name, verdict = w.dice.choice((('good', 4), ('ruined', 0)))
        result = w.strike(kind, number, 'diff', w.archive[name])
        w.judge(kind, result, {4, 3})
        if result.code in (0, 4) and result.code != verdict:
            raise AssertionError(f'wrong verdict: {result.code}\n{result.out[-1500:]}')
        if kind in HARMLESS and result.code != verdict:
            raise AssertionError(f'ended with {result.code}, not {verdict}')
        if kind in LOST and w.struck and result.code in (0, 3, 4):
            raise AssertionError('a verdict without a server')


class SnapshotCase(Case):
    reads = True

    def __init__(self, world):
        super().__init__(world)
        self.folder = world.place / 'snapshots'
        self.folder.mkdir()

    def archives(self):
        return [p.name for p in sorted(self.folder.glob('*.sql.zst'))]

    def one(self, kind, number):
        w = self.world
        words = ['--dir', self.folder, '--label', 'nightly', '--keep', 2, *SETS]
        before = self.archives()
        result = w.strike(kind, number, 'snapshot', *words)
        w.judge(kind, result, {13} if kind.startswith('sessions') else ())
        now = self.archives()
        for name in now:
            w.program.ok('verify', self.folder / name)
        if len(set(before) & set(now)) < min(len(before), 1 if len(now) > len(set(before) & set(now)) else 2):
            raise AssertionError(f'too few are left: {before} before, {now} now')
        if result.code == 0 and len(set(now) - set(before)) != 1:
            raise AssertionError('ended well, and there is no new archive')
        w.run('snapshot', *words).expect(0)
        listed = json.loads(w.program.ok('list', self.folder, '--json').out)['archives']
        if len(listed) != min(2, len(now) + 1) or any(entry['state'] != 'good' for entry in listed):
            raise AssertionError(f'not good: {[(entry["file"], entry["state"]) for entry in listed]}')
        beside = {name + suffix for name in self.archives() for suffix in ('', '.sha256', '.verified')} | {'.dbomsbak'}
        if set(w.files_in(self.folder)) != beside:
            raise AssertionError(f'in the folder: {w.files_in(self.folder)}')
        if w.files_in(self.folder / '.dbomsbak') != ['lock']:
            raise AssertionError(f'in the work folder: {w.files_in(self.folder / ".dbomsbak")}')


class Swapping(Case):
    """What leads from one state to the other. Before: `start` with what reach_start makes; behind: `end`."""

    def command(self):
        raise NotImplementedError

    def one(self, kind, number):
        w = self.world
        self.reach_start()
        command, *args = self.command()
        result = w.strike(kind, number, command, *args)
        w.judge(kind, result, {42, 34, 24} if kind.startswith('sessions') else ())
        live = w.need_live(self.start, self.end)
        if result.code == 0 and live != self.end:
            raise AssertionError(f'ended well, and {live} is live')
        self.after(live)

    def after(self, live):
        w = self.world
        if w.last.code != 0:
            command, *args = self.command()
            w.run(command, *args).expect(0)
        w.need_live(self.end)


class RestoreCase(Swapping):
    start, end = 'ruined', 'good'

    def reach_start(self):
        self.world.to_ruined()

    def command(self):
        return ['restore', '--yes', '--jobs', 1, self.world.archive['good']]

    def after(self, live):
        w = self.world
        if live == 'ruined' and w.dice.random() < 0.5:
            w.run('restore --abort', '--yes').expect(0, 34)
            w.need_live('ruined')
            w.need_nothing_left()
        super().after(live)
        w.need_no_staging()


class PrepareCase(RestoreCase):
    def one(self, kind, number):
        w = self.world
        self.reach_start()
        words = ['--yes', '--jobs', 1, w.archive['good']]
        result = w.strike(kind, number, 'restore --prepare', *words)
        w.judge(kind, result, {42, 34, 24} if kind.startswith('sessions') else ())
        w.need_live('ruined')
        if w.dice.random() < 0.5:
            w.run('restore --abort', '--yes').expect(0, *([34] if result.code else []))
            w.need_live('ruined')
            w.need_nothing_left()
        if result.code or not w.ours():
            w.run('restore --prepare', *words).expect(0)
        w.run('restore --swap', '--yes').expect(0)
        w.need_live('good')
        w.need_no_staging()


class SwapCase(RestoreCase):
    def reach_start(self):
        super().reach_start()
        self.world.run('restore --prepare', '--yes', self.world.archive['good']).expect(0)

    def command(self):
        return ['restore --swap', '--yes']

    def after(self, live):
        w = self.world
        again = w.run('restore --swap', '--yes').expect(0, 34)
        if again.code == 34 and live == 'ruined':  # what could not be read is taken for changed: it is made anew
            w.run('restore', '--yes', w.archive['good']).expect(0)
        w.need_live('good')
        w.need_no_staging()


class AbortCase(Case):
    def one(self, kind, number):
        w = self.world
        w.to_ruined()
        w.run('restore --prepare', '--yes', w.archive['good']).expect(0)
        result = w.strike(kind, number, 'restore --abort', '--yes')
        w.judge(kind, result, {42, 34} if kind.startswith('sessions') else ())
        w.need_live('ruined')
        if result.code == 0:
            w.need_nothing_left()
        else:
            w.run('restore --abort', '--yes').expect(0, *([34] if not w.ours() else []))
        w.need_live('ruined')
        w.need_nothing_left()


class UndoCase(Swapping):
    start, end = 'good', 'ruined'

    def reach_start(self):
        self.world.to_good()

    def command(self):
        return ['undo', '--yes']

    def after(self, live):
        w = self.world
        if live == 'good' or w.last.code:
            w.run('undo', '--yes').expect(0)
        if w.live() == 'good':  # it was through, and that was another one
            w.run('undo', '--yes').expect(0)
        w.need_live('ruined')
        w.need_no_staging()


class PurgeCase(Case):
    def one(self, kind, number):
        w = self.world
        w.to_good()
        result = w.strike(kind, number, 'purge', '--yes', '--force')
        w.judge(kind, result, {42, 34} if kind.startswith('sessions') else ())
        w.need_live('good')
        if result.code == 0:
            w.need_nothing_left()
        else:
            w.run('purge', '--yes', '--force').expect(0)
        w.need_live('good')
        w.need_nothing_left()


class InPlaceCase(Case):
    at = None

    def before(self, words):
        pass

    def one(self, kind, number):
        w = self.world
        if w.ours():
            w.run('purge', '--yes', '--force').expect(0)
        start = w.live()
        end = 'good' if start == 'ruined' else 'ruined'
        safety = w.place / 'safety'
        shutil.rmtree(safety, ignore_errors=True)
        safety.mkdir()
        words = ['--yes', '--jobs', 1, '--safety-dump', safety / 'safety.sql.zst', w.archive[end]]
        self.before(words)
        result = w.strike(kind, number, 'restore --in-place', *words, at=self.at)
        w.judge(kind, result, {42, 34, 24, 13} if kind.startswith('sessions') else ())
        live = w.need_live(start, end)
        if result.code == 0 and live != end:
            raise AssertionError(f'ended well, and {live} is live')
        w.whole_under_its_name(safety / 'safety.sql.zst', optional=live == start)
        w.run('restore --in-place', *words).expect(0)
        w.need_live(end)
        w.need_nothing_left()


class SweepInPlaceCase(InPlaceCase):
    """The one before was cut off while it made its tables, and this one is while it drops them."""
    at = 'DROP'

    def before(self, words):
        self.world.strike('sessions:lost', 3, 'restore --in-place', *words, at='CREATE TABLE')
        if self.world.last.code != 15:
            raise AssertionError(f'the first one ended with {self.world.last.code}')


class PatientInPlaceCase(InPlaceCase):
    """Behind the RENAME a longer patience is asked for, and that statement is ended: no reason to leave the rest."""
    at = 'SET SESSION innodb_lock_wait_timeout = 30'


CASES = {'dump': DumpCase, 'dump over': DumpOverCase, 'dump to stdout': DumpToStdoutCase, 'verify': VerifyCase,
         'diff': DiffCase, 'snapshot': SnapshotCase, 'restore': RestoreCase, 'prepare': PrepareCase, 'swap': SwapCase,
         'abort': AbortCase, 'undo': UndoCase, 'purge': PurgeCase, 'in place': InPlaceCase,
         'sweep in place': SweepInPlaceCase, 'patient in place': PatientInPlaceCase}


class Runs:
    def __init__(self, world):
        self.world = world
        self.cases = {name: case(world) for name, case in CASES.items()}
        self.calls = {}  # of each command and kind, as far as known
        self.tally = collections.defaultdict(collections.Counter)
        self.failed = 0

    def point(self, name, kind, number):
        """Number 0 strikes nothing, and tells how many calls there are."""
        w = self.world
        w.calls, w.struck, w.last = 0, '', None
        case = self.cases[name]
        try:
            if case.reads:
                w.to_ruined()
            case.one(kind, number)
            if case.reads:
                w.need_live('ruined')
        except Exception as error:  # the others still tell something
            self.failed += 1
            detail = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            print(f"FAILED    '{name}/{kind}:{number}' {w.struck[:200]}: {detail}\n{w.last.err[-2000:] if w.last else ''}\n"
                  + w.program.run('status', *w.server.client_options()).out, flush=True)
            w.reset()
        self.calls[name, kind] = max(w.calls, self.calls.get((name, kind), 0))
        if w.struck:
            self.tally[name, kind][w.last.code] += 1

    def all(self, name, kind, most):
        began = time.monotonic()
        self.point(name, kind, 0)
        numbers = range(PART, self.calls[name, kind] + 1, PARTS)
        if WANTED == 'each' and kind in ALIKE:
            numbers = [number for number in numbers if (number // PARTS + SEED) % len(ALIKE) == ALIKE.index(kind)]
        if most is not None and most < len(numbers):
            numbers = sorted(self.world.dice.sample(numbers, most))
        for number in numbers:
            self.point(name, kind, number)
        self.tell(name, kind, time.monotonic() - began)

    def draw(self, wanted):
        """One of each in any order, until the time is over; how many calls there are is known when it was struck once."""
        began = time.monotonic()
        for name, kind in ALWAYS:
            self.point(name, kind, 1)
        while time.monotonic() - began < SECONDS:
            dice = self.world.dice
            name, kind = dice.choice(wanted)
            for _ in range(2):
                self.point(name, kind, dice.randrange(1, max(2, self.calls.get((name, kind), 150) + 1)))
                if self.world.struck or not self.world.calls:
                    break
        for name, kind in self.tally:
            self.tell(name, kind)

    def tell(self, name, kind, seconds=None):
        codes = self.tally[name, kind]
        ends = ', '.join(f'{code}: {count}' for code, count in sorted(codes.items()))
        print(f"{name}/{kind}: {self.calls[name, kind]} calls, {sum(codes.values())} struck; ended with {ends or 'nothing'}"
              + (f'; {seconds:.0f} s' if seconds is not None else ''), flush=True)


def main():
    print(f'seed {SEED}', flush=True)
    every = [(name, kind) for name, kinds in KINDS.items() for kind in kinds]
    wanted = [pair for pair in every if not sys.argv[1:] or any('/'.join(pair).startswith(word) for word in sys.argv[1:])]
    single = [re.fullmatch(r'(.*)/(\w+:\w+):(\d+)', word) for word in sys.argv[1:]]
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None  # nobody waits for a disk there
    with tempfile.TemporaryDirectory(prefix='faults-', dir=memory) as folder, Server(folder_root=memory) as server:
        runs = Runs(World(server, folder, random.Random(SEED), alone=True))
        for name, kind, number in [match.groups() for match in single if match]:
            runs.point(name, kind, int(number))
            runs.tell(name, kind)
        if any(single):
            pass
        elif WANTED:
            for name, kind in wanted:
                runs.all(name, kind, None if WANTED in ('all', 'each') else int(WANTED))
        else:
            runs.draw(wanted)
    struck = sum(map(sum, map(dict.values, runs.tally.values())))
    print(f'{struck} faults, {runs.failed} failed')
    return 1 if runs.failed or not struck else 0


if __name__ == '__main__':
    sys.exit(main())
