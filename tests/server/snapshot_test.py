#!/usr/bin/env python3
# ctest: timeout=300
"""Snapshots into a folder: what is published, what goes, who is told. Archives are judged by sha256sum and the server's own
client, metrics by Prometheus' parser.
"""

import datetime
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402

PARSE = '''
import json, sys
from prometheus_client.parser import text_string_to_metric_families as parse
print(json.dumps({s.name: [s.value, s.labels] for f in parse(sys.stdin.read()) for s in f.samples}))
'''
SUFFIXES = ['', '.sha256', '.verified']


def metrics(text):
    for python in (sys.executable, '/usr/bin/python3'):  # where the distribution's package is
        done = subprocess.run([python, '-c', PARSE], input=text, capture_output=True, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout)
    raise unittest.SkipTest('python3-prometheus-client is not installed: ' + done.stderr[-200:])


def when(hours):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=hours)
    return then.strftime('%Y%m%dT%H%M%SZ')


class Snapshot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.server.sql('''CREATE DATABASE shop; USE shop; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');''')

    def setUp(self):
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder = self.root / 'archives'
        self.folder.mkdir()

    def test_a_folder_on_a_read_only_file_system(self):
        mount = 'mount -t tmpfs -o ro dbomsbak "$0" && exec "$@"'
        if subprocess.run(['unshare', '-rm', 'sh', '-c', mount, self.folder, 'true'], capture_output=True).returncode != 0:
            self.skipTest('nothing can be mounted here')
        options = [*self.server.client_options(), 'shop']
        for words in (['snapshot', '--dir', self.folder, *options], ['dump', *options, '-o', self.folder / 'x.sql.zst'],
                      ['upgrade', 'check', '--state', self.folder / 'state', '--container', 'a', '--new-container', 'b', '--image', 'i']):
            ended = subprocess.run(['unshare', '-rm', 'sh', '-c', mount, self.folder, self.program.path, *map(str, words)],
                                   env=self.program.environment(None), capture_output=True, text=True)
            self.assertEqual(ended.returncode, 30, ended.stderr)
            self.assertIn('Read-only file system', ended.stderr)
            self.assertIn('hint: The file system is mounted read-only: name a place on another one', ended.stderr)

    def snapshot(self, *options, code=0, databases=('shop',), **how):
        return self.program.run('snapshot', '--dir', self.folder, '--label', 'oms', *self.server.client_options(),
                                *options, *databases, **how).expect(code)

    def files(self):
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())

    def archives(self):
        return [name for name in self.files() if name.endswith('.sql.zst')]

    def age(self, archive, hours):
        """The archive with its files, as if it was made so many hours ago."""
        new = f'oms-{when(hours)}.sql.zst'
        for suffix in SUFFIXES:
            (self.folder / (archive + suffix)).rename(self.folder / (new + suffix))
        return new

    def listed(self, *options, code=0):
        return json.loads(self.program.run('list', self.folder, '--json', *options).expect(code).out)

    def test_an_archive_is_published_whole_and_verified(self):
        told = json.loads(self.snapshot('--json').out)
        name = pathlib.Path(told['file']).name
        self.assertEqual(self.files(), [name + suffix for suffix in SUFFIXES])
        subprocess.run(['sha256sum', '-c', '--quiet', name + '.sha256'], cwd=self.folder, check=True)
        self.assertIn(told['receipt']['root'], (self.folder / (name + '.verified')).read_text())
        self.assertEqual(os.listdir(self.folder / '.dbomsbak'), ['lock'])
        self.server.sql('CREATE DATABASE copy')
        text = subprocess.run(['zstd', '-dc', told['file']], check=True, capture_output=True, text=True).stdout
        self.server.sql(text, 'copy')
        self.assertEqual(self.server.value('SELECT COUNT(*) FROM copy.t'), '3')
        self.server.sql('DROP DATABASE copy')
        # One line for people; nothing with --quiet. Through a symbolic link to the folder as well.
        link = self.root / 'link'
        link.symlink_to(self.folder)
        plain = self.snapshot('--dir', link)
        self.assertEqual(len(plain.err.splitlines()), 1, plain.err)
        self.assertIn('snapshot ok:', plain.err)
        quiet = self.snapshot('-q')
        self.assertEqual((quiet.out, quiet.err), ('', ''))
        self.assertEqual([a['state'] for a in self.listed()['archives']], ['good'] * 3)

    def test_rules_remove_old_ones_and_pins_keep_them(self):
        made = []
        for hours, pin in ((24 * 40, ()), (24 * 20, ('--pin', 'before 4.2.6')), (50, ()), (26, ()), (25, ())):
            before = set(self.archives())
            self.snapshot(*pin)
            [fresh] = set(self.archives()) - before
            made.append(self.age(fresh, hours))
            if pin:
                (self.folder / (fresh + '.pin')).rename(self.folder / (made[-1] + '.pin'))
        (self.folder / 'README').write_text('mine')
        plan = json.loads(self.program.ok('prune', self.folder, '--keep', 2, '--dry-run', '--json').out)
        self.assertEqual([a['file'] for a in plan['archives'] if not a['kept_by']], [made[0], made[2]])
        self.assertEqual(self.archives(), sorted(made))
        told = json.loads(self.snapshot('--keep', 3, '--json').out)
        self.assertEqual((told['removed'], told['kept']), ([made[0], made[2]], 4))
        left = {made[1], made[3], made[4], pathlib.Path(told['file']).name}
        self.assertEqual(set(self.files()),
                         {name + suffix for name in left for suffix in SUFFIXES} | {made[1] + '.pin', 'README'})
        self.assertEqual([a['pin'] for a in self.listed()['archives'] if a['pin']], ['before 4.2.6'])
        self.program.ok('prune', '--dir', self.folder, '--keep-days', 1)
        self.assertEqual(set(self.archives()), {made[1], pathlib.Path(told['file']).name})
        self.program.run('prune', self.folder).expect(2)

    def test_a_monitor_is_told_when_the_newest_good_one_is_old(self):
        self.listed('--check-age', '26h', code=5)
        self.snapshot()
        [fresh] = self.archives()
        self.listed('--check-age', '26h')
        old = self.age(fresh, 27)
        stale = self.program.run('list', self.folder, '--check-age', '26h').expect(5)
        self.assertIn('27 h', stale.err)
        # Damaged, unproved, and from a clock that was ahead: none of them is a good one.
        shutil.copy(self.folder / old, self.folder / f'oms-{when(1)}.sql.zst')
        cut = self.folder / f'oms-{when(2)}.sql.zst'
        cut.write_bytes((self.folder / old).read_bytes()[:-100])
        for suffix in SUFFIXES:
            shutil.copy(self.folder / (old + suffix), self.folder / (f'oms-{when(-48)}.sql.zst' + suffix))
        told = self.listed('--check-age', '26h', code=5)
        self.assertEqual([a['state'] for a in told['archives']], ['good', 'incomplete', 'unverified', 'good'])
        self.snapshot('--keep', 1)  # what is from the future neither goes nor counts
        self.assertEqual([a['state'] for a in self.listed('--check-age', '26h')['archives']],
                         ['incomplete', 'good', 'good'])
        self.program.run('list', self.root / 'nothing').expect(30)
        self.program.run('list', self.folder, '--check-age', '26').expect(2)

    def test_metrics_and_hooks_tell_of_success_and_failure(self):
        prom, said = self.root / 'oms.prom', self.root / 'said'
        hooks = ['--metrics', prom, '--hook-ok', f'echo "ok $DBOMSBAK_FILE $DBOMSBAK_CODE" >> {said}',
                 '--hook-fail', f'echo "fail $DBOMSBAK_RESULT $DBOMSBAK_MESSAGE" >> {said}; exit 3']
        told = json.loads(self.snapshot('--json', *hooks).out)
        good = metrics(prom.read_text())
        self.assertEqual(prom.stat().st_mode & 0o777, 0o644)
        value = lambda name: good[f'dbomsbak_snapshot_{name}'][0]  # noqa: E731
        self.assertEqual((value('last_run_success'), value('newest_good_rows'), value('newest_good_size_bytes')),
                         (1, 3, told['bytes']))
        self.assertAlmostEqual(value('newest_good_timestamp_seconds'), time.time(), delta=60)
        self.assertEqual(good['dbomsbak_snapshot_good_archives'], [1, {'label': 'oms'}])
        failed = self.program.run('snapshot', '--dir', self.folder, '--label', 'oms', '--no-defaults', '-S', self.root / 'no.sock',
                                  *hooks, '--keep', 1, 'shop').expect(10)
        self.assertIn('--hook-fail', failed.err)  # a hook that fails is told
        bad = metrics(prom.read_text())
        self.assertEqual(bad['dbomsbak_snapshot_last_run_exit_code'][0], 10)
        self.assertEqual(bad['dbomsbak_snapshot_newest_good_timestamp_seconds'],
                         good['dbomsbak_snapshot_newest_good_timestamp_seconds'])
        self.assertEqual(len(self.archives()), 1)
        first, second = said.read_text().splitlines()
        self.assertEqual(first, f'ok {told["file"]} 0')
        self.assertTrue(second.startswith('fail connect '), second)
        # No password reaches a hook.
        self.server.create_account('locked', 'geheim', grants=['ALL ON *.*'])
        self.program.ok('snapshot', '--dir', self.folder, *self.server.client_options('locked'), 'shop', '--hook-ok',
                        f'env > {said}', env={'MYSQL_PWD': 'geheim', 'DBOMSBAK_PASSWORD': 'geheim'})
        self.assertIn('DBOMSBAK_RESULT=ok', said.read_text())
        self.assertNotIn('geheim', said.read_text())
        self.snapshot('--metrics', self.root / 'x.txt', code=2)
        self.snapshot('--metrics', self.root / 'no' / 'x.prom', code=30)

    def test_a_second_run_is_told_who_is_at_work_and_a_killed_one_leaves_nothing(self):
        self.server.sql('CREATE DATABASE big; CREATE TABLE big.t (id INT PRIMARY KEY, v LONGBLOB)')
        self.addCleanup(self.server.sql, 'DROP DATABASE big')
        self.server.sql('INSERT INTO big.t SELECT seq, RANDOM_BYTES(1024) FROM seq_1_to_4000', 'big')
        slow = self.program.start('snapshot', '--dir', self.folder, '--label', 'oms', *self.server.client_options(),
                                  '--throttle', '200K', 'big', stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        work = self.folder / '.dbomsbak'
        deadline = time.time() + 30
        while not list(work.glob('*.partial')):
            self.assertLess(time.time(), deadline)
            time.sleep(0.02)
        busy = self.snapshot('--keep', 1, code=32)
        self.assertIn(f'process {slow.pid} on {socket.gethostname()} since 20', busy.err)
        self.program.run('prune', self.folder, '--keep', 1).expect(32)
        self.assertEqual(self.listed()['archives'], [])  # a look needs no lock
        slow.kill()
        self.assertEqual(slow.wait(30), -signal.SIGKILL)
        self.assertTrue(list(work.glob('*.partial')))
        told = json.loads(self.snapshot('--json').out)
        self.assertEqual(told['swept'], 2)
        self.assertEqual(os.listdir(work), ['lock'])
        self.assertEqual(len(self.archives()), 1)
        # A stop by signal sweeps behind itself, and tells.
        slow = self.program.start('snapshot', '--dir', self.folder, '--label', 'oms', *self.server.client_options(),
                                  '--throttle', '200K', 'big', stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not list(work.glob('*.partial')):
            self.assertLess(time.time(), deadline + 30)
            time.sleep(0.02)
        slow.send_signal(signal.SIGTERM)
        self.assertEqual(slow.wait(30), 143)
        self.assertEqual(os.listdir(work), ['lock'])

    def test_room_is_looked_for_before_and_a_full_disk_leaves_nothing(self):
        self.server.sql('CREATE DATABASE big; CREATE TABLE big.t (id INT PRIMARY KEY, v LONGBLOB)')
        self.addCleanup(self.server.sql, 'DROP DATABASE big')
        self.server.sql('INSERT INTO big.t SELECT seq, RANDOM_BYTES(1024) FROM seq_1_to_2000', 'big')
        missing = self.program.run('snapshot', '--dir', self.root / 'unmounted', *self.server.client_options(), 'shop')
        self.assertIn('mount', missing.expect(30).err)
        self.assertFalse((self.root / 'unmounted').exists())
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=900k', 'dbomsbak', self.folder], capture_output=True).returncode:
            self.skipTest('no small disk can be mounted here')
        try:
            self.assertIn('are free in', self.snapshot(code=30).err)
            self.snapshot('--skip-space-check')
            kept = self.files()
            short = self.snapshot(code=30).err
            self.assertRegex(short, rf"[\d.]+ \w+ are free in '{self.folder}', and [\d.]+ \w+ are wanted: '{self.archives()[0]}' and a tenth more")
            self.assertIn('or add --skip-space-check', short)
            full = self.snapshot('--skip-space-check', '--keep', 1, code=30, databases=('big',))
            self.assertIn('No space left', full.err)
            self.assertEqual((self.files(), os.listdir(self.folder / '.dbomsbak')), (kept, ['lock']))
            subprocess.run(['mount', '-o', 'remount,ro', self.folder], check=True)
            self.snapshot('--skip-space-check', code=30)
            self.assertEqual(len(self.listed('--check-age', '1h')['archives']), 1)
            self.program.ok('prune', self.folder, '--keep', 1, '--dry-run')
        finally:
            subprocess.run(['umount', self.folder], check=True)

    def test_every_nth_is_rehearsed(self):
        for deep in (True, False, True, False):
            told = json.loads(self.snapshot('--deep', 2, '--json').out)
            self.assertEqual(bool(told['rehearsed']), deep)
        self.assertEqual(self.server.databases(), ['shop'])
        self.assertEqual([bool(a['rehearsed']) for a in self.listed()['archives']], [True, False, True, False])
        # An account that may dump and no more: the archive stays, nothing is removed, the code tells.
        self.server.create_account('dumper', grants=['SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON shop.*'])
        told = self.program.run('snapshot', '--dir', self.folder, '--label', 'oms', *self.server.client_options('dumper'),
                                '--deep', 2, '--keep', 1, '--routines=false', '--json', 'shop')
        self.assertIn(told.code, (11, 34), told.err)
        answer = json.loads(told.out)
        self.assertTrue(answer['file'] and answer['verified'] and not answer['rehearsed'], told.out)
        self.assertEqual(len(self.archives()), 5)
        self.server.drop_account('dumper')

    def test_a_partial_one_is_kept_and_counts_for_nothing(self):
        self.snapshot()
        good = self.age(self.archives()[0], 25)
        # Views are not shown to this account: each dump of its lacks one.
        self.server.sql('CREATE VIEW shop.v AS SELECT id FROM shop.t')
        self.addCleanup(self.server.sql, 'DROP VIEW shop.v')
        self.server.create_account('blind', grants=['SELECT, TRIGGER, EVENT, LOCK TABLES ON shop.*', 'RELOAD, PROCESS ON *.*'])
        self.addCleanup(self.server.drop_account, 'blind')
        blind = ['snapshot', '--dir', self.folder, '--label', 'oms', *self.server.client_options('blind'), 'shop', '--json']
        prom, said = self.root / 'oms.prom', self.root / 'said'
        self.program.run(*blind).expect(11)
        self.assertEqual(self.archives(), [good])
        for made in (2, 3):
            told = self.program.run(*blind, '--allow-partial', '--keep', 1, '--metrics', prom, '--hook-ok', f'echo ok > {said}',
                                    '--hook-fail', f'echo "$DBOMSBAK_RESULT: $DBOMSBAK_MESSAGE" > {said}').expect(3)
            self.assertEqual((len(self.archives()), json.loads(told.out)['removed']), (made, []))
            self.assertIn('snapshot partial:', told.err)
            self.assertRegex(said.read_text(), '^partial: objects were left out:.* view `shop`.`v` ')
        states = [each['state'] for each in self.listed('--check-age', '24h', code=5)['archives']]
        self.assertEqual(states, ['good', 'partial', 'partial'])
        self.listed('--check-age', '26h')
        told = metrics(prom.read_text())
        self.assertEqual((told['dbomsbak_snapshot_last_run_success'][0], told['dbomsbak_snapshot_good_archives'][0]), (0, 1))
        # Two partial ones are newer, and yet the good one is the newest of those that are kept by number.
        self.program.ok('prune', self.folder, '--keep', 1)
        self.assertIn(good, self.archives())
        self.snapshot('--keep', 1)
        self.assertNotIn(good, self.archives())

    def test_a_rehearsal_does_not_close_the_window_of_an_interrupted_restore(self):
        self.snapshot()
        self.server.sql('INSERT INTO shop.t VALUES (4, "d"); CREATE TABLE shop.extra (id INT)')
        self.addCleanup(self.server.sql, 'CREATE TABLE IF NOT EXISTS shop.extra (id INT); DROP TABLE shop.extra')
        waiting = ("SELECT IFNULL(MAX(ID), 0) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'RENAME TABLE%' "
                   "OR INFO LIKE 'LOCK TABLES%'")
        reader = subprocess.Popen(self.server.client_command('shop'), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        reader.stdin.write(b'START TRANSACTION; SELECT * FROM t;\n')
        reader.stdin.flush()
        restore = self.program.start('restore', *self.server.client_options(), '--yes', '--force', '--lock-wait', 100,
                                     self.folder / self.archives()[0], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.time() + 60
            while self.server.value(waiting) == '0':
                self.assertLess(time.time(), deadline)
                self.assertIsNone(restore.poll(), 'the restore ended too early')
                time.sleep(0.05)
            restore.kill()
            self.server.sql(f'KILL {self.server.value(waiting)}')
        finally:
            for each in (restore, reader):
                each.kill()
                each.communicate()
        status = ['status', *self.server.client_options(), '--json']
        kinds = lambda: [each['kind'] for each in json.loads(self.program.ok(*status).out)['leftovers']]  # noqa: E731
        self.assertIn('open-window', kinds())
        before, databases = self.archives(), self.server.databases()
        # Of that set there is no dump; of another there is, but no rehearsal, and the window is left as it is.
        self.assertIn('neither the old state nor the new', self.snapshot('--deep', 1, code=42).err)
        self.assertEqual(self.archives(), before)
        self.server.sql('CREATE DATABASE other; CREATE TABLE other.t (id INT)')
        self.addCleanup(self.server.sql, 'DROP DATABASE other')
        told = json.loads(self.snapshot('--deep', 1, '--label', 'other', '--keep', 1, '--json', databases=['other'], code=34).out)
        self.assertTrue(told['verified'] and not told['rehearsed'], told)
        self.assertIn('an interrupted restore waits to be put right', told['message'])
        self.assertIn('open-window', kinds())
        self.assertEqual(self.server.databases(), sorted([*databases, 'other']))
        self.program.ok('restore', *self.server.client_options(), '--yes', '--force', self.folder / before[0])
        self.assertEqual(self.server.value('SELECT COUNT(*) FROM shop.t'), '3')
        self.program.ok('purge', *self.server.client_options(), '--yes')
        self.snapshot('--deep', 1)

    def throwaway_left(self, folder):
        """What of a throwaway server is still there, after a while that it may take to go."""
        deadline = time.time() + 20
        while time.time() < deadline:
            running = subprocess.run(['pgrep', '-f', f'datadir={folder}/'], capture_output=True, text=True).stdout
            left = os.listdir(folder)
            if not running and not left:
                return []
            time.sleep(0.1)
        return [*running.split(), *left]

    def start_on_throwaway(self, archive, place):
        """A verify --deep, and its helper, while the server's data folder is being made."""
        before = set(os.listdir(place))
        process = self.program.start('verify', '--deep', '--throwaway', archive, env={'TMPDIR': str(place)},
                                     stdout=subprocess.DEVNULL)
        deadline = time.time() + 60
        while not any(path for path in place.glob('*/data/*') if path.parent.parent.name not in before):
            self.assertLess(time.time(), deadline)
            time.sleep(0.01)
        helper = subprocess.run(['pgrep', '-P', str(process.pid)], capture_output=True, text=True).stdout
        return process, int(helper)

    def test_a_throwaway_server_that_ends_early_is_told_with_its_words(self):
        server = shutil.which('mariadbd') or '/usr/sbin/mariadbd'
        if not os.path.exists(server):
            self.skipTest('no mariadbd is found here')
        self.snapshot()
        dying = self.root / 'mariadbd'  # it ends as soon as there is something on it
        dying.write_text(f'''#!/bin/sh
case "$*" in *--version*) exec {server} "$@";; esac
for word; do case $word in --datadir=*) data=${{word#*=}};; esac; done
{server} "$@" & process=$!
until ls -d "$data"/*dbomsbak* > /dev/null 2>&1; do kill -0 $process || exit; sleep 0.01; done
kill -9 $process
''')
        dying.chmod(0o755)
        told = self.program.run('verify', '--deep', f'--throwaway={dying}', self.folder / self.archives()[0])
        self.assertIn(told.code, (10, 15), told.err)
        self.assertRegex(told.err, r'the throwaway server, mariadbd [^ ]+, has ended: .*; it said last:')
        self.assertIn('It may have been killed, for lack of memory as well.', told.err)

    def test_numbers_that_others_cannot_be_let_read_are_told(self):
        faulty = Program(pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tools' / 'faulty_dbomsbak')
        place, report = self.root / 'numbers', self.root / 'report'
        place.mkdir()
        for number in range(1, 50):  # each call on that folder fails in turn
            done = faulty.run('snapshot', '--dir', self.folder, '--label', 'oms', '--metrics', place / 'x.prom',
                              *self.server.client_options(), 'shop', env={
                                  'DBOMSBAK_FAULT': f'files:fail:{number}', 'DBOMSBAK_FAULT_REPORT': str(report),
                                  'DBOMSBAK_FAULT_FOLDER': str(place)})
            self.assertIn('struck', report.read_text(), 'nothing lets others read it')
            if 'let others read' in done.err:
                break
        self.assertIn(f"cannot let others read '{place}/x.prom': Input/output error", done.err)
        self.assertIn('--metrics names another place.', done.err)

    def test_an_archive_is_restored_on_a_throwaway_server(self):
        place = self.root / 'place'
        place.mkdir()
        env = {'TMPDIR': str(place)}
        # The account may dump and no more: the restore is not on its server.
        self.server.create_account('dumper', grants=['SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON shop.*'])
        self.addCleanup(self.server.drop_account, 'dumper')
        done = self.program.run('snapshot', '--dir', self.folder, '--label', 'oms', *self.server.client_options('dumper'),
                                '--routines=false', 'shop', '--deep', 1, '--throwaway', '--json', env=env)
        if done.code == 12:
            self.skipTest('no server program is found here: ' + done.err)
        told = json.loads(done.expect(0).out)
        self.assertTrue(told['rehearsed'] and told['deep']['server'], told)
        self.assertEqual((told['deep']['tables'], told['deep']['rows']), (1, 3))
        self.assertRegex(done.err, r'restore rehearsed on \w+ [\d.]+\S*, started for it: .* to start, .* to load, .* to prove, .* in all')
        self.assertEqual(len(done.err.splitlines()), 1, done.err)
        self.assertEqual(self.throwaway_left(place), [])
        self.assertEqual(self.server.databases(), ['shop'])
        archive = self.folder / self.archives()[0]
        # Another program's dump has no proof of its own: told, behind what its restore shows.
        foreign = self.root / 'foreign.sql'
        foreign.write_text("-- MySQL dump 10.13\n\nCREATE DATABASE `d`;\nUSE `d`;\nCREATE TABLE `t` (`id` int PRIMARY KEY);\n"
                           'INSERT INTO `t` VALUES (1),(2);\n-- Dump completed\n')
        done = self.program.run('verify', '--deep', '--throwaway', foreign, env={**env, 'MYSQL_PWD': 'of others'}).expect(23)
        self.assertIn('restored: 1 table with 2 rows proved on', done.out)
        # Killed with its helper: the next one clears up, and tells.
        process, helper = self.start_on_throwaway(archive, place)
        for number in (helper, process.pid):
            os.kill(number, signal.SIGKILL)
        process.communicate(timeout=60)
        [left] = place.iterdir()
        process, _ = self.start_on_throwaway(archive, place)
        self.assertFalse(left.exists())
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143, err)
        self.assertIn(f"'{left}' is removed", err.decode())
        self.assertEqual(self.throwaway_left(place), [])
        # Killed alone: server and folder go all the same.
        process, _ = self.start_on_throwaway(archive, place)
        process.kill()
        process.communicate(timeout=60)
        self.assertEqual(self.throwaway_left(place), [])
        # A server that does not start is told with its words; none at all with what to do.
        broken = self.root / 'mysqld'
        broken.write_text('#!/bin/sh\necho "mysqld Ver 9.9.9"; echo my own words; exit 0\n')
        broken.chmod(0o755)
        told = self.program.run('verify', '--deep', f'--throwaway={broken}', archive, env=env).expect(30).err
        self.assertIn('mysqld 9.9.9, did not start:\n  - mysqld Ver 9.9.9\n  - my own words\n', told)
        for program, words in (('/no/such/mysqld', "there is no program '/no/such/mysqld'"),
                               ('/usr/bin', "there is no program '/usr/bin'"), ('false', 'does not tell the version')):
            told = self.program.run('verify', '--deep', f'--throwaway={program}', archive, env=env).expect(12).err
            self.assertIn(words, told)
            self.assertIn('--throwaway=PROGRAM', told)
        for name, words in (('x' * 90, 'too long'), ('two words', 'no blanks')):
            (self.root / name).mkdir()
            told = self.program.run('verify', '--deep', '--throwaway', archive, env={'TMPDIR': str(self.root / name)}).expect(30)
            self.assertIn(words, told.err)
        self.program.run('verify', '--throwaway', archive).expect(2)
        self.program.run('verify', '--deep', archive).expect(2)
        self.snapshot('--throwaway', code=2)
        self.assertEqual(self.throwaway_left(place), [])

    def test_the_service_runs_under_an_account_of_its_own(self):
        """As systemd starts it, as far as that goes without it: another user, no capabilities, no other folder to write to."""
        if os.geteuid() != 0 or not shutil.which('setpriv'):
            self.skipTest('needs root and setpriv')
        uid = 61997  # as DynamicUser= takes them: in no list of users
        prefix = self.root / 'usr'
        subprocess.run(['cmake', '--install', os.environ['DBOMSBAK_BUILD'], '--prefix', prefix], check=True, capture_output=True)
        self.root.chmod(0o711)
        conf = prefix / 'etc/dbomsbak/snapshot.cnf'
        conf.parent.mkdir(parents=True)
        conf.write_text(f'[client]\nhost = {self.server.host}\nport = {self.server.port}\nuser = root\n'
                        f'[dbomsbak-snapshot]\ndir = {self.folder}\nlabel = oms\ndatabase = shop\nkeep-daily = 7\n')
        conf.chmod(0o600)
        unit = (prefix / 'lib/systemd/system/dbomsbak-snapshot.service').read_text()
        [line] = [line for line in unit.splitlines() if line.startswith('ExecStart=')]

        def service():
            return subprocess.run(['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups', '--no-new-privs',
                                   '--bounding-set=-all', '--inh-caps=-all', 'sh', '-c', f'umask 0077; cd /; exec {line.partition("=")[2]}'],
                                  env={'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8'}, capture_output=True, text=True)

        self.assertIn(f'{conf}: Permission denied', service().stderr)  # the options are another account's
        os.chown(conf, uid, uid)
        self.assertIn(f"'{self.folder}", service().stderr)
        self.assertEqual(self.files(), [])
        os.chown(self.folder, uid, uid)
        self.folder.chmod(0o700)
        done = service()
        self.assertEqual(done.returncode, 0, done.stderr)
        [archive] = self.archives()
        for name in self.files():
            status = (self.folder / name).stat()
            self.assertEqual((status.st_uid, status.st_mode & 0o077), (uid, 0), name)
        self.assertEqual(service().returncode, 0)
        self.assertEqual(len(self.archives()), 1)  # of a day the newest stays
        if shutil.which('systemd-sysusers'):
            [users] = prefix.glob('lib/sysusers.d/*.conf')
            root = self.root / 'root'
            (root / 'etc').mkdir(parents=True)
            subprocess.run(['systemd-sysusers', f'--root={root}', users], check=True, capture_output=True)
            self.assertIn('\ndbomsbak:', '\n' + (root / 'etc/passwd').read_text())

    def test_the_shipped_files_work_as_they_are(self):
        prefix = self.root / 'usr'
        subprocess.run(['cmake', '--install', os.environ['DBOMSBAK_BUILD'], '--prefix', prefix], check=True,
                       capture_output=True)
        listed = (pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'install_manifest.txt').read_text().split('\n')
        self.assertEqual(sorted(str(path) for path in prefix.rglob('*') if path.is_file()), sorted(listed))
        example = next(prefix.glob('share/doc/*/examples/snapshot.cnf')).read_text()
        self.assertIn(f'copy to {prefix}/etc/dbomsbak/snapshot.cnf', example)
        conf = prefix / 'etc/dbomsbak/snapshot.cnf'
        conf.parent.mkdir(parents=True)
        for old, new in (('host = 127.0.0.1\nport = 2883\n', f'socket = {self.server.socket}\n'),
                         ('user = root@oms', 'user = root'), ('/var/lib/dbomsbak', str(self.folder)),
                         ('database = drc_rm_db\n', 'database = shop\n'), ('database = drc_cm_db\n', ''),
                         ('database = drc_cm_heartbeat_db\n', ''), ('#deep', 'deep')):
            self.assertIn(old, example)
            example = example.replace(old, new)
        conf.write_text(example)
        conf.chmod(0o600)
        unit = prefix / 'lib/systemd/system/dbomsbak-snapshot.service'
        [line] = [line for line in unit.read_text().splitlines() if line.startswith('ExecStart=')]
        subprocess.run(line.partition('=')[2], shell=True, check=True, capture_output=True)
        cron = next(prefix.glob('share/doc/*/examples/dbomsbak.cron')).read_text().splitlines()[-1]
        quiet = subprocess.run(cron.split(None, 6)[6], shell=True, check=True, capture_output=True)
        self.assertEqual(quiet.stdout + quiet.stderr, b'')
        self.assertEqual([a['label'] for a in self.listed()['archives']], ['oms'])  # keep-daily: one of a day
        # The command line counts more; what stands in the wrong place, or is no option, is told with its line.
        told = subprocess.run(line.partition('=')[2] + ' --label hand --json shop', shell=True, check=True, capture_output=True)
        self.assertEqual(json.loads(told.stdout)['label'], 'hand')
        for wrong in ('password = x', 'kepp = 3'):
            conf.write_text(f'[dbomsbak-snapshot]\n{wrong}\n')
            done = subprocess.run(line.partition('=')[2], shell=True, capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f'{conf}, line 2', done.stderr)
        if shutil.which('systemd-analyze'):
            for name in ('dbomsbak-snapshot.service', 'dbomsbak-snapshot.timer'):
                done = subprocess.run(['systemd-analyze', 'verify', '--man=no', unit.parent / name], capture_output=True,
                                      text=True)
                told = [line for line in done.stderr.splitlines() if 'dbomsbak' in line]
                self.assertEqual((done.returncode, told), (0, []), done.stderr)


if __name__ == '__main__':
    unittest.main(verbosity=2)
