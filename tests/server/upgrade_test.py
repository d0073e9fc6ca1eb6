#!/usr/bin/env python3
# ctest: cost=125 timeout=900
"""`upgrade` with a docker of ours (tests/oms/fake_docker) and a real server: the whole path and the way back, each call failing,
the program killed at each step. What the databases hold is judged by the server and the `mysql` client.
"""

import fcntl
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import py_compile
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, messages_seen, runner  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402
from support.terminal import on_terminal  # noqa: E402

FAKE = pathlib.Path(__file__).resolve().parent.parent / 'oms' / 'fake_docker'
STOP = pathlib.Path(__file__).resolve().parent.parent / 'servers' / 'stop'
NAMES = ('oms_rm', 'oms_cm', 'oms_hb')
MOUNTS = {'logs': '/home/admin/logs', 'store': '/home/ds/store', 'run': '/home/ds/run'}
OLD, NEW = 'oms_331', 'oms_400'
OLD_IMAGE, NEW_IMAGE = 'reg:5000/oms:feature_3.3.1-ce', 'reg:5000/oms:feature_4.0.0-ce'
CONFIRMED = ('--confirm', 'lag,switchover,clocks,ha-off')
PASSWORD = 'geheim-4711'
READ_ONLY = {'inspect', 'image', 'ps'}

SCHEMA = '''CREATE DATABASE {rm}; CREATE DATABASE {cm}; CREATE DATABASE {hb};
CREATE TABLE {rm}.project (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64) NOT NULL, param MEDIUMTEXT);
INSERT INTO {rm}.project (name, param) VALUES ('a', '{{"x":"`y`"}}'), ('b', NULL);
CREATE TABLE {rm}.worker (id INT PRIMARY KEY, project BIGINT, FOREIGN KEY (project) REFERENCES {rm}.project (id));
INSERT INTO {rm}.worker VALUES (1, 1);
CREATE VIEW {rm}.names AS SELECT name FROM {rm}.project;
CREATE TABLE {cm}.host (ip VARCHAR(40) PRIMARY KEY, host_status INT); INSERT INTO {cm}.host VALUES ('10.0.0.5', 1);
CREATE TABLE {hb}.beat (id INT PRIMARY KEY); INSERT INTO {hb}.beat VALUES (7);'''
# What docker_init.sh of the new version does; twice is as once.
INIT = '''ALTER TABLE {rm}.project ADD COLUMN IF NOT EXISTS region VARCHAR(32);
CREATE TABLE IF NOT EXISTS {rm}.workspace (id INT PRIMARY KEY);
DROP VIEW IF EXISTS {rm}.names; UPDATE {cm}.host SET host_status = 2;
DROP TABLE IF EXISTS {hb}.beat;'''.format(rm=NAMES[0], cm=NAMES[1], hb=NAMES[2])
CONFIG = '''oms_meta_host: {host}
oms_meta_port: {port}
oms_meta_user: oms
oms_meta_password: {password}
drc_rm_db: oms_rm
drc_cm_db: oms_cm
drc_cm_heartbeat_db: oms_hb
'''


def expect(said, *words):
    for word in words:
        if word not in said:
            raise AssertionError(f'{word!r} is not in what was said:\n{said}')


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f'{got!r} is not {wanted!r}')


class World:
    """One upgrade: an OMS of version 3.3.1 that runs, and a folder for the state."""

    def __init__(self, test, **config):
        self.test = test
        self.root = pathlib.Path(tempfile.mkdtemp(dir=test.folder))
        self.state, self.docker = self.root / 'state', self.root / 'docker.json'
        mounts = []
        for name, destination in MOUNTS.items():
            (self.root / name).mkdir()
            mounts.append({'Type': 'bind', 'Source': str(self.root / name), 'Destination': destination, 'RW': True})
        self.config = self.root / 'config.yaml'
        self.config.write_text(CONFIG.format(**{'host': test.server.host, 'port': test.server.port, 'password': PASSWORD,
                                                **config}))
        self.config.chmod(0o600)
        mounts.append({'Type': 'bind', 'Source': str(self.config), 'Destination': '/home/admin/conf/config.yaml', 'RW': True})
        old = test.fake.container(OLD, OLD_IMAGE, mounts, ['PATH=/bin', 'OMS_HOST_IP=127.0.0.1'], policy='always')
        old['State'].update(Running=True, Status='running', StartedAt='2026-11-01T10:15:34.5Z')
        self.write({'containers': {OLD: old}, 'images': [OLD_IMAGE, NEW_IMAGE], 'calls': [],
                    'init': ['mysql', *test.server.client_options()], 'init_sql': INIT})

    def read(self):
        return json.loads(self.docker.read_text())

    def write(self, data):
        self.docker.write_text(json.dumps(data))

    def change(self, **values):
        self.write({**self.read(), **values})

    def container(self, name):
        return self.read()['containers'][name]

    def policy(self, name):
        return self.container(name)['HostConfig']['RestartPolicy']['Name']

    def runs(self, name):
        return self.container(name)['State']['Running']

    def arguments(self, action, *more):
        words = ['upgrade', action, '--state', self.state]
        if action in ('plan', 'check', 'backup'):
            words += ['--docker', self.test.engine, '--container', OLD, '--new-container', NEW, '--image', NEW_IMAGE, '--console-port',
                      self.test.console.getsockname()[1], '--stop-timeout', 30, '--health-timeout', 20]
        return [*words, *more]

    def run(self, action, *more, code=0):
        result = self.test.program.run(*self.arguments(action, *more), env={'FAKE_DOCKER': str(self.docker)})
        if PASSWORD in result.out + result.err:
            raise AssertionError('the password was told:\n' + result.out + result.err)
        return result if code is None else result.expect(code)

    def asked(self, answers, action, *more, code):
        """On a terminal; what it showed."""
        ended, shown = on_terminal(self.test.program, answers, *self.arguments(action, *more), cwd=self.root,
                                   env={'FAKE_DOCKER': str(self.docker)})
        equal(ended, code)
        return shown

    def changes(self):
        """The calls that change something."""
        return [call for call in self.read()['calls'] if call[0] not in READ_ONLY]

    def by_hand(self, *words):
        subprocess.run([self.test.engine, *words], env={'PATH': '/usr/bin:/bin', 'FAKE_DOCKER': str(self.docker)}, check=True,
                       stdout=subprocess.DEVNULL)

    def status(self):
        return json.loads(self.run('status', '--json').out)

    def journal(self):
        return json.loads((self.state / 'journal.json').read_text())

    def write_journal(self, journal):
        (self.state / 'journal.json').write_text(json.dumps(journal))

    def went_back(self, before, policy='always'):
        fingerprint.expect_equal(before, self.test.take(), 'rolled back')
        equal((self.runs(OLD), self.policy(OLD)), (True, policy))
        if NEW in self.read()['containers']:
            equal((self.runs(NEW), self.policy(NEW)), (False, 'no'))
        equal(self.status()['state'], 'rolled-back')


class Upgrade:
    def __init__(self, folder, server):
        self.folder, self.server, self.program = folder, server, Program()
        loader = importlib.machinery.SourceFileLoader('fake_docker', str(FAKE))
        self.fake = importlib.util.module_from_spec(importlib.util.spec_from_loader('fake_docker', loader))
        loader.exec_module(self.fake)
        self.engine = pathlib.Path(folder) / 'docker'  # without what a python3 on PATH may do first
        compiled = py_compile.compile(str(FAKE), cfile=f'{folder}/docker.pyc', doraise=True)
        self.engine.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {compiled} "$@"\n')
        self.engine.chmod(0o755)
        self.console = socket.create_server(('127.0.0.1', 0), backlog=1024)
        for account in ('oms', 'oms_later'):
            server.create_account(account, PASSWORD, grants=['ALL PRIVILEGES ON *.*'])

    def fresh(self, **config):
        """A world with databases as they were before."""
        for name in self.server.value("SELECT GROUP_CONCAT(schema_name) FROM information_schema.schemata "
                                      "WHERE schema_name LIKE 'oms%'").split(','):
            if name not in ('', 'NULL'):
                self.server.sql(f'SET foreign_key_checks=0; DROP DATABASE `{name}`')
        self.server.sql(SCHEMA.format(rm=NAMES[0], cm=NAMES[1], hb=NAMES[2]))
        return World(self, **config)

    def take(self):
        return fingerprint.take(self.server, list(NAMES))

    def test_the_whole_path(self):
        world = self.fresh()
        before = self.take()
        plan = world.run('plan').out
        expect(plan, 'from 3.3.1 to 4.0.0', 'docker update --restart no'.replace('docker', str(self.engine)), 'ha-off', 'restore --dry-run')
        if world.state.exists():
            raise AssertionError('plan has written')
        # All that is missing, at once; nothing is changed.
        refused = world.run('check', '--confirm', 'lag', code=40)
        expect(refused.out, 'not confirmed: switchover', 'not confirmed: clocks', 'not confirmed: ha-off')
        if 'not confirmed: lag' in refused.out:
            raise AssertionError(refused.out)
        world.run('backup', code=40)
        told = world.status()
        expect(told['warnings'][0], 'stood against it when it was last checked (3)')
        equal((told['state'], told['next']), ('not-ready', 'switchover'))
        expect(world.run('status').out, ': the upgrade cannot begin: not confirmed: switchover (', '--confirm switchover (and 2 more) (40)\n',
               f'next: dbomsbak upgrade check --state {world.state}\n')
        world.run('check', '--confirm', 'lag', code=40)
        equal([step['name'] for step in world.status()['steps'] if step['state'] == 'failed'], [])
        equal({call[0] for call in world.read()['calls']} - READ_ONLY, set())
        checked = json.loads(world.run('check', *CONFIRMED, '--json').out)
        equal((checked['state'], checked['problems'], checked['from'], checked['to']), ('checked', [], '3.3.1', '4.0.0'))
        equal(world.status()['warnings'], [])
        equal((world.runs(OLD), world.policy(OLD)), (True, 'always'))
        equal(json.loads((world.state / 'inspect.json').read_text())[0]['Id'], world.container(OLD)['Id'])
        equal((world.state / 'config.yaml').read_text(), world.config.read_text())
        for path in (world.state, *world.state.iterdir()):
            equal(path.stat().st_mode & 0o077, 0)
        expect(world.run('start', code=40).err, 'the backup is not complete')

        backup = world.run('backup')  # confirmed by check, and told there
        expect(backup.err, 'receipt: sha256:', 'rehearse', 'lag: confirmed at 20', '(synchronisation is near real time)')
        equal((world.runs(OLD), world.policy(OLD)), (False, 'no'))
        fingerprint.expect_equal(before, self.take(), 'backed up')
        told = world.status()
        equal((told['state'], told['next'], told['on_server']), ('backed-up', 'run', []))
        equal(told['next_command'], f'dbomsbak upgrade start --state {world.state}')
        archive = pathlib.Path(told['archive'])
        subprocess.run(['sha256sum', '-c', '--quiet', archive.name + '.sha256'], cwd=world.state, check=True)
        [listed] = json.loads(self.program.ok('list', world.state, '--json').out)['archives']
        equal((listed['state'], listed['pin'], bool(listed['rehearsed']), listed['root']),
              ('good', 'before the upgrade from 3.3.1 to 4.0.0', True, told['root']))
        expect((world.state / 'receipt.txt').read_text(), told['root'], told['t1'], OLD, f'archive       {archive.name}, beside this file\n',
               f'--state {world.state}, or where this file is now\n')
        # As it is for people.
        journal = world.journal()
        world.write_journal({**journal, 'facts': {**journal['facts'], 'expected_window_ms': '65000', 'receipt_root': ''}})
        world.run('backup')
        expect((world.state / 'receipt.txt').read_text(), "downtime of a restore's swap to expect: 1 min 05 s\n")
        calls = len(world.read()['calls'])
        expect(world.run('backup').err, 'dump: done already')
        equal({call[0] for call in world.read()['calls'][calls:]} - READ_ONLY, set())
        expect(world.run('status', '--container', 'other', code=2).err, OLD)

        first = world.run('start', '--json')
        expect(first.err, 'health: its services run, and the console answers')
        started = json.loads(first.out)
        equal((started['state'], started['next'], started['refetch_minutes'] in range(31, 60)), ('started', 'ha-on', True))
        # What the plan has shown is what was run.
        [line] = [line for line in plan.splitlines() if ' run -dit ' in line]
        [ran] = [call for call in world.read()['calls'] if call[0] == 'run']
        equal(shlex.split(line)[1:], ran)
        equal({m['Destination']: m['Source'] for m in world.container(NEW)['Mounts']},
              {m['Destination']: m['Source'] for m in world.container(OLD)['Mounts']})
        equal(world.container(NEW)['Config']['Env'], ['OMS_HOST_IP=127.0.0.1', 'IS_UPGRADE=true'])
        expect(world.run('report').out, 'workspace', 'region', 'names')
        world.run('start')
        equal(len([call for call in world.read()['calls'] if call[2:3] == ['bash']]), 1)
        expect(world.run('finish', code=40).err, 'is right; else: refetchStoreIntervalMin: 3')
        expect(world.run('finish', '--confirm', 'ha-on', code=40).err, 'browser-cache')
        done = world.run('finish', '--confirm', 'browser-cache').err
        expect(done, 'ha-on: confirmed at 20', "new-policy: give the new container the old one's restart policy")
        equal((world.status()['state'], world.policy(NEW), world.policy(OLD)), ('finished', 'always', 'no'))
        expect(world.run('backup', *CONFIRMED, code=31).err, '--state')
        # Also then there is a way back.
        world.run('rollback', code=40)
        world.run('rollback', '--confirm', 'ha-off-rollback')
        world.went_back(before)
        expect(world.run('report').out, 'workspace')
        calls = world.read()['calls']
        equal([call[0] for call in calls if call[-1] == OLD and call[0] in ('update', 'start')][-2:], ['update', 'start'])
        world.by_hand('start', NEW)  # the next attempt, by another folder
        calls = len(world.read()['calls'])
        expect(world.run('rollback').err, 'rolled back already')
        equal((world.runs(NEW), len(world.read()['calls'])), (True, calls))

    def test_a_new_version_that_fails_is_rolled_back(self):
        world = self.fresh()
        before = self.take()
        world.run('backup', *CONFIRMED)
        world.change(ends=[NEW])
        failed = world.run('start', code=42)
        expect(failed.err, f"container '{NEW}' has stopped by itself", f'log of {NEW}: the last lines of {NEW}\n',
               'upgrade rollback --state')
        world.change(ends=[])
        world.run('start')
        # Made anew, its docker_init.sh is wanted anew.
        data = world.read()
        del data['containers'][NEW]
        world.write({**data, 'sick': {NEW: 'oms_drc_cm'}})
        failed = world.run('start', '--health-timeout', 1, code=42)
        expect(failed.err, 'oms_drc_cm is FATAL', f'the last lines of {NEW}', 'upgrade rollback --state')
        equal(len([call for call in world.read()['calls'] if call[2:3] == ['bash']]), 2)
        unasked = world.run('rollback', code=40)
        expect(unasked.err, 'not confirmed: ha-off-rollback')
        assert '..' not in unasked.err, unasked.err
        told = world.run('rollback', '--confirm', 'ha-off-rollback')
        expect(told.err, 'refetchStoreIntervalMin: 3', 'JDBCWriter', 'To try the upgrade again: ', f'rename {NEW} {NEW}_failed')
        world.went_back(before)
        report = world.run('report', '--json')
        expect(report.out, '"extra":1')
        expect(report.err, 'kept before the rollback, at 20')
        expect(world.run('report').out, 'kept before the rollback, at 20', 'the databases were restored since', 'workspace')
        # What is left is what comes behind a rollback, and nothing of the way on.
        expect(world.run('finish', '--confirm', 'ha-on,browser-cache', code=31).err, 'is rolled back')
        told = world.run('status').out
        expect(told, 'health            failed', ': container \'oms_400\' was not well after 1.0 s: oms_drc_cm is FATAL (42)',
               'left to do by hand\n', f'rename {NEW} {NEW}_failed', f'upgrade check --state {world.state}-2',
               'refetchStoreIntervalMin: 3',
               '\n  What was live before the restore.')
        equal([word for word in ('ha-on', 'browser-cache', 'pending', '\nnext:') if word in told], [])
        # What it prints is what an operator can run.
        new = self.do_as_told(world, 'undo')
        assert new != before
        self.do_as_told(world, 'undo')
        fingerprint.expect_equal(before, self.take(), 'undone twice')
        self.do_as_told(world, 'purge')
        equal(world.status()['on_server'], [])

        world = self.fresh()
        before = self.take()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        world.change(init=['false'])
        journal = world.journal()
        world.change(fault={'on': f'stop -t 30 {NEW}', 'do': 'fail'})
        failed = world.run('start', '--rollback-on-failure', code=42)
        expect(failed.err, 'start failed: ', 'docker_init.sh', 'and it was not rolled back: ', 'upgrade rollback --state')
        assert 'goes on from here' not in failed.err, failed.err
        world.by_hand('rm', NEW)
        world.write_journal(journal)
        expect(world.run('start', '--rollback-on-failure', code=41).err, 'docker_init.sh', f'upgrade report --state {world.state} tells')
        world.went_back(before)

    def test_a_docker_init_that_fails_is_run_again(self):
        """Also where the image has no pgrep, and the engine alone knows what is at work."""
        world = self.fresh()
        before = self.take()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        good = world.read()['init']
        world.change(init=['sh', '-c', 'echo half way; exit 1'])
        expect(world.run('start', code=42).err, "docker_init.sh' ended with 1: half way", 'dbomsbak: docker_init.sh: half way\n',
               f"It changes the databases for the new version: what it said is above, and OMS's logs are in '{world.root}/logs'.",
               f'to go back: dbomsbak upgrade rollback --state {world.state}.')
        told = world.status()
        [init] = [step for step in told['steps'] if step['name'] == 'init']
        equal((told['state'], told['next'], init['state'], init['failed_with']), ('starting', 'init', 'failed', 42))
        expect(init['failure'], 'docker_init.sh')
        expect(world.run('status').out, 'init              failed', 'ended with 1: half way (42) <- next',
               f'\nto go back: dbomsbak upgrade rollback --state {world.state}\n')
        world.change(init=good)
        # Gone behind that: the next step tells it.
        world.change(fault={'on': f'exec {NEW} bash', 'do': 'stop-after', 'container': NEW})
        why = f"container '{NEW}' has stopped by itself"
        expect(world.run('start', code=42).err, f'wait until its services run and the console answers: {why}')
        [health] = [step for step in world.status()['steps'] if step['name'] == 'health']
        equal((health['state'], health['failure'], health['failed_with']), ('failed', why, 42))
        world.run('start')
        [init] = [step for step in world.status()['steps'] if step['name'] == 'init']
        equal((init['state'], init['failure'], init['failed_with']), ('done', '', 0))
        world.run('rollback', '--confirm', 'ha-off-rollback')
        world.went_back(before)

    def test_a_lost_folder_of_the_upgrade(self):
        """By hand it goes back all the same, as README has it."""
        world = self.fresh()
        before = self.take()
        receipt = world.run('backup', *CONFIRMED, '--no-rehearse').err
        world.run('start')
        archive = pathlib.Path(shutil.copy(world.status()['archive'], world.root))
        [digest] = set(re.findall(r'sha256:[0-9a-f]{64}', receipt))
        shutil.rmtree(world.state)
        for action in ('rollback', 'report'):
            expect(world.run(action, code=40).err, 'no upgrade has begun in', 'the way back is by hand: stop the new container',
                   'dbomsbak verify', 'Without the folder of the upgrade')
        world.by_hand('update', '--restart', 'no', NEW)
        world.by_hand('stop', '-t', '30', NEW)
        self.program.ok('verify', '--expect', digest, archive)
        self.program.ok('restore', '--oms-config', world.config, '--confirm', 'ha-off', archive)
        world.by_hand('update', '--restart', 'always', OLD)
        world.by_hand('start', OLD)
        fingerprint.expect_equal(before, self.take(), 'by hand')

    def test_another_container_is_taken_for_oms(self):
        world = self.fresh()
        other = self.fake.container('web', 'nginx:1.25', [], [])
        other['State'].update(Running=True, Status='running')
        data = world.read()
        data['containers']['web'] = other
        world.write(data)
        wrong = json.loads(world.run('check', *CONFIRMED, '--container', 'web', '--json', code=40).out)
        equal(len(wrong['problems']), 1)
        expect(wrong['problems'][0], "container 'web' (nginx:1.25) does not look like OMS", f'Running are: {OLD}, web')
        wrong = json.loads(world.run('check', *CONFIRMED, '--container', 'oms', '--json', code=40).out)
        equal(len(wrong['problems']), 1)
        expect(wrong['problems'][0], "there is no container 'oms'", f'Running are: {OLD}, web')
        expect(world.run('plan', '--container', 'oms', '--state', world.root / 'other', code=40).err, f'Running are: {OLD}, web.')
        # What was looked at by mistake does not stand in the way.
        world.run('check', *CONFIRMED)
        equal(json.loads((world.state / 'inspect.json').read_text())[0]['Id'], world.container(OLD)['Id'])

    def do_as_told(self, world, command):
        """As `upgrade status` has it, without any other option; what the databases hold then."""
        [told] = re.findall(f'`dbomsbak ({command} [^`]*)`', world.run('status').out)
        self.program.ok(*shlex.split(told))
        return self.take()

    def test_a_backup_that_is_too_old_starts_nothing(self):
        world = self.fresh(port=1)
        expect(world.run('check', *CONFIRMED, code=40).out, 'connect')
        world.config.write_text(world.config.read_text().replace('port: 1\n', f'port: {self.server.port}\n'))
        world.run('backup')  # with what is in the file now
        first = world.status()
        world.by_hand('start', OLD)
        expect(world.run('start', code=40).err, 'runs again')
        self.server.sql("INSERT INTO oms_rm.project (name) VALUES ('late')")
        # Begun anew: with what is there now, and no hour old.
        world.by_hand('update', '--restart', 'unless-stopped', OLD)
        world.config.write_text(world.config.read_text().replace('user: oms\n', 'user: oms_later\n'))
        journal = world.journal()
        for entry in journal['entries']:
            if entry['event'] == 'confirmed':
                entry['time'] = '2026-01-01T00:00:00Z'
        world.write_journal(journal)
        done = world.changes()
        expect(world.run('backup', code=40).err, 'not confirmed: lag', 'not confirmed: ha-off')
        shown = world.asked([('Is that so?', 'y\n')] * 4 + [('Do this?', 'n\n')], 'backup', code=130)
        expect(shown, 'by hand: no forward switchover is open', f'stop -t 30 {OLD}')
        equal((world.runs(OLD), world.changes()), (True, done))
        world.run('backup')
        equal((world.state / 'config.yaml').read_text(), world.config.read_text())
        second = world.status()
        journal = world.journal()
        journal['facts']['receipt_root'] = first['root']  # as a kill behind the dump leaves it
        world.write_journal(journal)
        equal((world.status()['state'], world.status()['next']), ('backing-up', 'receipt'))
        expect(world.run('start', code=40).err, 'the backup is not complete')
        world.run('backup')
        equal((second['t1'] >= first['t1'], second['root'] != first['root']), (True, True))
        path = pathlib.Path(second['archive'])
        good = path.read_bytes()
        middle = len(good) // 2
        path.write_bytes(good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1:])
        expect(world.run('start', code=40).err, 'the archive is not good')
        path.write_bytes(good)
        config = world.config.read_text()
        world.config.write_text(config.replace('drc_cm_db: oms_cm', 'drc_cm_db: oms_other'))
        expect(world.run('start', code=40).err, 'no longer leads', 'oms_other')
        world.config.write_text(config)
        before = self.take()
        world.run('start')
        world.run('rollback', '--confirm', 'ha-off-rollback')
        world.went_back(before, 'unless-stopped')

    def test_everything_that_stands_against_it_is_told_at_once(self):
        world = self.fresh(port=1)
        data = world.read()
        old = data['containers'][OLD]
        old['HostConfig']['AutoRemove'] = True
        old['Config']['Env'] = []
        old['Mounts'] = [m for m in old['Mounts'] if m['Destination'] != '/home/ds/run']
        data['containers'][NEW] = self.fake.container(NEW, NEW_IMAGE, [], [])
        data['images'] = []
        world.write(data)
        shutil.rmtree(world.root / 'store')
        told = world.run('check', '--to', '3.3.0', *CONFIRMED, code=40).out
        expect(told, 'no upgrade from 3.3.1 to 3.3.0', '--rm', '--host-ip', 'nothing mounted at /home/ds/run', 'is no folder here',
               f"a container '{NEW}' already", f"image '{NEW_IMAGE}' is not here", 'connect')
        equal({call[0] for call in world.read()['calls']} - READ_ONLY, set())
        world.change(fault={'on': 'inspect', 'do': 'fail'})
        expect(world.run('check', *CONFIRMED, code=40).out, 'Cannot connect to the Docker daemon')
        expect(world.run('check', '--container', 'nobody', *CONFIRMED, code=40).out, "no container 'nobody'")
        expect(world.run('check', '--docker', '/nowhere/docker', *CONFIRMED, code=40).out, 'cannot be started')
        equal(world.run('rollback', code=40).out, '')
        expect(self.program.run('upgrade', 'chekc').expect(2).err, 'check')
        link = world.root / 'link'
        link.symlink_to(world.state)
        expect(self.program.run('upgrade', 'status', '--state', link).expect(40).err, 'symbolic link')
        world.state.chmod(0o770)
        for action in ('plan', 'check', 'status', 'report', 'rollback', 'start', 'finish', 'backup'):
            expect(world.run(action, code=40).err, 'chmod 700')
        world.state.chmod(0o700)
        with open(world.state / 'lock') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            world.run('check', *CONFIRMED, code=32)

    def test_an_engine_that_does_not_answer(self):
        """It is told once, with what else is missing; what was confirmed is remembered, and nothing else taken for done."""
        world = self.fresh()
        down = world.root / 'down'
        down.write_text('#!/bin/sh\necho "Cannot connect to the Docker daemon. Is the docker daemon running?" >&2\nexit 1\n')
        down.chmod(0o755)
        steps = ('lag', 'switchover', 'clocks', 'ha-off')

        def states():
            told = world.status()
            equal(told['state'], 'not-ready')
            return told['next'], {step['name']: step['state'] for step in told['steps'] if step['name'] in (*steps, 'inspect')}

        failed = world.run('backup', '--docker', down, code=40).err
        expect(failed, 'Cannot connect to the Docker daemon')
        equal(states(), ('lag', {**dict.fromkeys(steps, 'pending'), 'inspect': 'failed'}))
        told = json.loads(world.run('check', '--docker', down, '--confirm', 'lag', '--json', code=40).out)
        equal(len(told['problems']), 4)
        expect(told['problems'][0], 'Is the docker daemon running? Look at the container engine')
        for problem, step in zip(told['problems'][1:], steps[1:]):
            expect(problem, f'not confirmed: {step} (')
        equal((told['state'], states()[0]), ('not-ready', 'switchover'))
        world.run('backup', '--docker', down, '--confirm', 'switchover', code=40)
        equal(states(), ('clocks', {'lag': 'done', 'switchover': 'done', 'clocks': 'pending', 'ha-off': 'pending', 'inspect': 'failed'}))
        checked = json.loads(world.run('check', '--confirm', 'clocks,ha-off', '--json').out)
        equal((checked['state'], checked['problems'], world.changes()), ('checked', [], []))

    def test_a_plan_without_an_engine_that_answers(self):
        """What options tell stands there; what only the engine could have told is no command that looks whole."""
        world = self.fresh()
        down = world.root / 'down'
        down.write_text('#!/bin/sh\necho "Cannot connect to the Docker daemon. Is the docker daemon running?" >&2\nexit 1\n')
        down.chmod(0o755)
        for engine, reason in ((down, 'Is the docker daemon running? Look at the container engine'), ('/nowhere/docker', 'cannot be started')):
            plan = world.run('plan', '--docker', engine, code=40).out
            expect(plan, 'upgrade of OMS from ? to 4.0.0', f'\nproblem: \'{engine}', reason, f'stop -t 30 {OLD}', 'restore --dry-run',
                   f'- Not known yet: what stands in <> here, and', "-v '<source of /home/ds/store>:/home/ds/store'")
            for line in plan.splitlines():
                assert '<' not in line or line.lstrip().startswith('- Not known yet: '), line
            told = json.loads(world.run('plan', '--docker', engine, '--json', code=40).out)
            equal((told['code'], len(told['problems']), told['from'], told['to']), (40, 1, '', '4.0.0'))
            equal([step['commands'] for step in told['steps'] if step['name'] in ('run', 'new-policy')], [[], []])
        equal(world.state.exists(), False)
        whole = world.run('plan').out
        assert 'Not known yet' not in whole and '<' not in whole, whole

    def test_a_restart_policy_that_does_not_change(self):
        world = self.fresh()
        before = self.take()
        update = f"'{self.engine} update --restart"
        world.change(fault={'on': f'update --restart no {OLD}', 'do': 'nothing'})
        refused = world.run('backup', *CONFIRMED, '--no-rehearse', code=40).err
        expect(refused, f"{update} no {OLD}' ended well, but the restart policy of container '{OLD}' is not 'no'",
               'Look for what else sets it', 'Nothing was changed; the same command goes on from here.')
        assert 'statement' not in refused and 'server' not in refused, refused
        equal((world.runs(OLD), world.policy(OLD)), (True, 'always'))
        # Nothing was, and so it is told: what failed, and the state of before.
        told = world.status()
        [step] = [step for step in told['steps'] if step['name'] == 'restart-policy']
        equal((told['state'], told['next'], step['state'], step['failed_with']), ('checked', 'restart-policy', 'failed', 40))
        expect(step['failure'], 'ended well, but the restart policy')
        world.run('check')
        world.run('backup', *CONFIRMED, '--no-rehearse')
        journal, data = world.journal(), world.read()
        # A rollback that has nothing to stop has begun with that.
        world.change(fault={'on': f'update --restart always {OLD}', 'do': 'nothing'})
        refused = world.run('rollback', '--confirm', 'ha-off-rollback', code=42).err
        equal((world.status()['state'], 'Nothing was changed' in refused), ('rolling-back', False))
        world.write_journal(journal)
        world.write(data)
        world.run('start')
        world.change(fault={'on': f'update --restart always {NEW}', 'do': 'nothing'})
        refused = world.run('finish', '--confirm', 'ha-on,browser-cache', code=40).err
        expect(refused, f"{update} always {NEW}' ended well, but the restart policy of container '{NEW}' is not 'always'")
        world.run('finish')
        world.change(fault={'on': f'update --restart no {NEW}', 'do': 'nothing'})
        refused = world.run('rollback', '--confirm', 'ha-off-rollback', code=40).err
        expect(refused, f"{update} no {NEW}' ended well, but the restart policy of container '{NEW}' is not 'no'",
               'Nothing was changed; the same command goes on from here.\n')
        told = world.status()
        equal((told['state'], told['t3'], world.runs(NEW)), ('finished', '', True))
        expect(json.dumps(world.journal()), f"40 '{self.engine} update --restart no {NEW}' ended well")
        world.run('finish', '--confirm', 'ha-on')
        # Behind a change it stands between two states.
        world.change(fault={'on': f'update --restart always {OLD}', 'do': 'nothing'})
        refused = world.run('rollback', '--confirm', 'ha-off-rollback', code=42).err
        expect(refused, f"container '{OLD}' is not 'always'", 'The same command goes on from here.')
        world.run('rollback')
        world.went_back(before)

    def test_what_is_confirmed_is_remembered_where_the_engine_refuses_first(self):
        world = self.fresh()
        before = self.take()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        world.run('start')

        def refused(*words):
            world.change(fault={'at': len(world.read()['calls']), 'do': 'fail'})
            expect(world.run(*words, code=None).err, 'Cannot connect to the Docker daemon')

        refused('finish', '--confirm', 'ha-on,browser-cache')
        expect(world.run('finish').err, 'ha-on: confirmed at 20', 'browser-cache: confirmed at 20')
        refused('rollback', '--confirm', 'ha-off-rollback')
        expect(world.run('rollback').err, 'ha-off-rollback: confirmed at 20')
        equal([entry['step'] for entry in world.journal()['entries'] if entry['event'] == 'confirmed'].count('ha-off-rollback'), 1)
        world.went_back(before)

        # Of a container that is another one nothing is confirmed.
        world = self.fresh()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        world.run('start')
        data = world.read()
        mine = data['containers'][NEW]['Id']
        data['containers'][NEW]['Id'] = 'f' * 64
        world.write(data)
        expect(world.run('finish', '--confirm', 'ha-on,browser-cache', code=40).err, '(ffffffffffff) is another one')
        data['containers'][NEW]['Id'] = mine
        world.write(data)
        expect(world.run('finish', code=40).err, 'not confirmed: ha-on', 'not confirmed: browser-cache')

        world = self.fresh(port=1)
        world.run('backup', '--node-role', 'other', *CONFIRMED)
        refused('start', '--confirm', 'databases-backed-up')
        expect(world.run('start').err, 'databases-backed-up: confirmed at 20')
        refused('rollback', '--confirm', 'ha-off-rollback,databases-restored')  # too early: nothing is stopped
        expect(world.run('rollback', code=42).err, 'ha-off-rollback: confirmed at 20', 'not confirmed: databases-restored')
        refused('rollback', '--confirm', 'databases-restored')
        kept = world.journal(), world.read()
        expect(world.run('rollback').err, 'databases-restored: confirmed at 20')
        equal((world.runs(NEW), world.runs(OLD)), (False, True))
        # What a new version that runs again may have written since is not what was confirmed then.
        world.write_journal(kept[0])
        world.write(kept[1])
        world.by_hand('start', NEW)
        expect(world.run('rollback', code=42).err, 'not confirmed: databases-restored')
        world.by_hand('start', NEW)
        told = world.run('rollback', '--confirm', 'databases-restored').err
        equal([entry['event'] for entry in world.journal()['entries'] if entry['step'] == 'databases-restored'][-4:],
              ['undone', 'begin', 'confirmed', 'done'])
        equal((told.count('databases-restored'), world.runs(NEW), world.runs(OLD)), (1, False, True))

    def test_what_is_waited_for_is_told(self):
        world = self.fresh()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        world.change(sick={NEW: 'nginx'})
        said = f"dbomsbak: note: health: waiting for container '{NEW}', 1.0 s at most: nginx is FATAL\n"
        expect(world.run('start', '--health-timeout', 1, code=42).err, said)
        assert 'waiting' not in world.run('start', '--health-timeout', 1, '-q', code=42).err
        events = world.run('start', '--health-timeout', 1, '--progress=json', code=42).err
        [event] = [json.loads(line) for line in events.splitlines() if 'waiting' in line]
        equal((event['event'], event['text']), ('notice', said[len('dbomsbak: note: '):-1]))
        world.change(sick={OLD: 'oms_console'})
        expect(world.run('rollback', '--confirm', 'ha-off-rollback', '--health-timeout', 1, code=42).err,
               f"dbomsbak: note: restart-old: waiting for container '{OLD}', 1.0 s at most: oms_console is FATAL\n")

    def test_an_older_displaced_copy_is_told_from_that_of_the_rollback(self):
        world = self.fresh()
        archive = world.root / 'x.sql.zst'
        self.program.ok('dump', *self.server.client_options(), *NAMES, '-o', archive)
        self.program.ok('restore', *self.server.client_options(), '--yes', archive)
        before = self.take()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        world.run('start')
        # Somebody is at work on the databases.
        other = subprocess.Popen(self.server.client_command('oms_rm', ['-e', 'SELECT SLEEP(300)']), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sleeps = "SELECT MAX(id) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(300)'"
        while (session := self.server.value(sleeps)) == 'NULL':
            time.sleep(0.02)
        refused = world.run('rollback', '--confirm', 'ha-off-rollback', code=42).err
        self.server.sql(f'KILL {session}')
        other.wait()
        expect(refused, 'oms_rm', 'Until the databases are restored OMS does not run: both containers are stopped. The same command goes on')
        [first] = world.status()['on_server']
        expect(first, 'It is older than this rollback, which leaves it alone.')
        world.change(fault={'on': f'start {OLD}', 'do': 'fail'})
        world.run('rollback', code=42)
        first, second = world.status()['on_server']
        expect(first, 'It is older than this rollback, which leaves it alone.')
        expect(second, f'Leave it to `dbomsbak upgrade rollback --state {world.state}`')
        # Done by somebody else, it tells no time of its own.
        world.by_hand('update', '--restart', 'always', OLD)
        world.by_hand('start', OLD)
        journal = world.journal()
        for entry in journal['entries']:
            if entry['step'] == 'restart-old':
                entry['time'] = '2026-01-01T00:00:00Z'
        world.write_journal(journal)
        done = world.run('rollback').err
        [restarted] = [step for step in world.status()['steps'] if step['name'] == 'restart-old']
        equal((restarted['state'], restarted['seconds']), ('done', 0))
        [told] = re.findall('advice: What the new version had stays on the server, as displaced copy 2; .*: dbomsbak (purge .*)\n', done)
        self.program.ok(*shlex.split(told), '--yes')
        [first] = world.status()['on_server']
        expect(first, 'purge --generation 1')
        self.program.ok('purge', *self.server.client_options(), '--yes')
        world.went_back(before)

    def test_on_a_terminal_each_step_is_told_once(self):
        world = self.fresh()
        shown = world.asked([('Is that so?', 'y\n')] * 4, 'check', code=0)
        equal((shown.count('upgrade of OMS from 3.3.1'), shown.index('upgrade of OMS from 3.3.1') < shown.index('Is that so?')), (1, True))
        for words in ((), ('-v',)):
            shown = world.asked([('Do this?', 'n\n')], 'backup', *words, code=130)
            equal(shown.count('check everything that can be checked'), 1)
        shown = world.asked([('Do this?', 'y\n')], 'backup', '--no-rehearse', code=0)
        equal((shown.count('dbomsbak: dump: dump the databases'), shown.count('dbomsbak: dump the databases')), (1, 0))

    def test_the_console_may_be_looked_for_at_another_port(self):
        world = self.fresh()
        before = self.take()
        with socket.create_server(('127.0.0.1', 0)) as taken:
            nobodys = taken.getsockname()[1]
        mine = self.console.getsockname()[1]
        asked = ('--console-port', nobodys)
        expect(world.run('check', *CONFIRMED, *asked, code=40).out,
               f"container '{OLD}' runs, and nothing answers at port {nobodys} of the console: --console-port PORT names another one")
        expect(world.run('backup', *asked, code=40).err, '--console-port PORT')
        world.run('backup', '--no-rehearse')

        def moved():
            journal = world.journal()
            equal(journal['options']['console-port'], [str(mine)])
            world.write_journal({**journal, 'options': {**journal['options'], 'console-port': [str(nobodys)]}})

        back = ('rollback', '--confirm', 'ha-off-rollback')
        for command in (('start',), back):
            moved()
            expect(world.run(*command, '--health-timeout', 1, code=42).err, f'nothing answers at port {nobodys} of the console',
                   'If the console is at another port name that: --console-port PORT; or give it longer: --health-timeout SECONDS.')
            equal(world.journal()['options']['health-timeout'], ['20'])  # of that command alone
            world.run(command[0], '--console-port', mine)
        world.went_back(before)

    def test_an_upgrade_is_not_finished_while_the_new_version_is_not_well(self):
        world = self.fresh()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        expect(world.run('finish', code=40).err, 'was not started yet')
        world.change(sick={NEW: 'nginx'})
        world.run('start', '--health-timeout', 1, code=42)
        expect(world.run('finish', code=40).err, 'the start of the new version has not come to its end', f'upgrade start --state {world.state} first')
        world.change(sick={})
        world.run('start')
        world.change(sick={NEW: 'oms_console'})
        refused = world.run('finish', '--confirm', 'ha-on', code=40).err
        expect(refused, f"container '{NEW}' is not well: oms_console is FATAL: look at its services\n", 'not confirmed: browser-cache')
        equal((world.status()['state'], world.policy(NEW)), ('started', 'no'))
        expect(world.run('finish', '--confirm', 'browser-cache', '--console-port', 1, code=40).err, 'is not well: oms_console is FATAL')
        world.change(sick={})
        expect(world.run('finish', code=40).err, 'nothing answers at port 1 of the console: --console-port PORT names another one')
        world.run('finish', '--console-port', self.console.getsockname()[1])
        equal((world.status()['state'], world.policy(NEW)), ('finished', 'always'))

    def test_a_folder_is_made_for_a_check_that_can_begin_alone(self):
        world = self.fresh()
        world.state = world.root / 'misspelt' / 'state'
        expect(world.run('check', *CONFIRMED, code=40).err, f"'{world.state}', cannot be made: there is no '{world.state.parent}'",
               f'mkdir -p {world.state.parent}')
        world.state = world.root / 'state'
        self.program.run('upgrade', 'check', '--state', world.state).expect(2)
        equal((world.state.exists(), world.state.parent.joinpath('misspelt').exists()), (False, False))
        expect(world.run('check', code=40).out, f'; nothing was changed outside of {world.state}\n')

    def test_a_database_that_is_not_there_is_told_with_its_line(self):
        world = self.fresh()
        self.server.sql('DROP DATABASE oms_cm')
        [problem] = json.loads(world.run('check', *CONFIRMED, '--json', code=40).out)['problems']
        expect(problem, f'{world.state}/config.yaml, line 6: drc_cm_db: there is no database `oms_cm`')

    def test_each_reason_of_a_check_is_told_with_what_helps(self):
        world = self.fresh()
        faulty = Program(pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tools' / 'faulty_dbomsbak')
        report = world.root / 'report'
        usual = world.read()
        data = world.read()
        old = data['containers'][OLD]
        old['Config']['Image'] = 'reg:5000/oms:latest'
        old['Mounts'] = [{**m, 'Source': '/proc'} if m['Destination'] == MOUNTS['logs'] else m for m in old['Mounts']]
        old['Mounts'].append({'Type': 'bind', 'Source': '/etc/crt', 'Destination': '/etc/pki/nginx/oms_server.crt', 'RW': False})
        world.write(data)
        told = world.run('check', '--image', 'reg:5000/oms:newest', '--new-container', OLD, *CONFIRMED, code=40).out
        expect(told, "the tag of image 'reg:5000/oms:latest' tells no version: --from VERSION names it",
               "the tag of image 'reg:5000/oms:newest' tells no version: --to VERSION names it",
               f"old and new container are both called '{OLD}': --new-container names another",
               "0 B are free in '/proc', mounted at /home/admin/logs; 256.0 MiB are the least: free some there",
               f"container '{OLD}' mounts only one of", 'not confirmed: connectors (')
        # A folder for each upgrade.
        usual['containers'][OLD]['Id'] = 'e' * 64
        world.write(usual)
        refused = world.run('check', *CONFIRMED, code=31).err
        expect(refused, f"'{world.state}/inspect.json' is of another container ({OLD}) than '{OLD}' is now", 'name another folder with --state DIR')
        shutil.rmtree(world.state)
        expect(world.run('check', '--container', 'nobody', *CONFIRMED, code=40).out,
               "there is no container 'nobody'. Name the one that runs OMS with --container.")
        shutil.rmtree(world.state)
        result = faulty.run(*world.arguments('check', *CONFIRMED), env={
            'FAKE_DOCKER': str(world.docker), 'DBOMSBAK_FAULT': 'clock:back:1', 'DBOMSBAK_FAULT_REPORT': str(report)})
        expect(result.expect(40).out, "the clock of the MetaDB's server differs from this host's by ", ' s: set both by NTP')
        self.claim(900)
        expect(world.run('check', *CONFIRMED, code=40).out, 'a restore needs about ', ' beside the live databases, and ',
               ' are free on the server: free disk space there')
        self.server.sql('DROP TABLE oms_rm.big')
        world.run('check', *CONFIRMED)
        refused = world.run('report', code=40).err
        expect(refused, 'there is no archive to compare with yet', f'dbomsbak upgrade backup --state {world.state} makes it')

    def test_an_open_window_is_healed_before_an_upgrade(self):
        world = self.fresh()
        archive = world.root / 'x.sql.zst'
        self.program.ok('dump', *self.server.client_options(), *NAMES, '-o', archive)
        tool = pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tools' / 'swap_tool'
        subprocess.run([tool, f'--socket={self.server.socket}', '--user=root', '--die-behind=RENAME TABLE', 'restore', archive],
                       capture_output=True, timeout=120, check=False)
        told = world.run('check', *CONFIRMED, code=40).out
        expect(told, 'an interrupted restore waits to be put right on the server. ')
        self.program.ok('restore', *self.server.client_options(), '--yes', '--force', archive)
        self.program.ok('purge', *self.server.client_options(), '--yes', '--force')
        world.run('check', *CONFIRMED)

    def test_an_old_container_that_is_started_while_it_is_rolled_back(self):
        world = self.fresh()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        self.server.sql("INSERT INTO oms_rm.project (name) VALUES ('late')")
        data, kept = world.read(), world.root / 'kept'
        shutil.copytree(world.state, kept)
        before = self.take()
        for call in range(20):  # at each call of docker in turn, from the same state
            shutil.rmtree(world.state)
            shutil.copytree(kept, world.state)
            world.write({**data, 'fault': {'at': len(data['calls']) + call, 'do': 'start', 'container': OLD}})
            told = world.run('rollback', '--confirm', 'ha-off-rollback', code=None)
            if 'was started meanwhile' in told.err:
                break
        expect(told.err, f"container '{OLD}' was started meanwhile", 'The databases were left as they are.')
        fingerprint.expect_equal(before, self.take(), 'left as they are')

    def test_what_is_refused_on_the_way_is_told_with_the_way_on(self):
        world = self.fresh()
        before = self.take()
        state = world.state
        world.run('backup', *CONFIRMED, '--no-rehearse')
        expect(world.run('check', *CONFIRMED, code=40).err, 'the backup has begun already', f'upgrade backup --state {state}, or go back')
        journal = world.journal()
        world.write_journal({**journal, 'facts': {**journal['facts'], 'verified_root': 'f' * 64}})
        expect(world.run('start', code=40).err, 'there is no verified archive younger than T1', f'upgrade backup --state {state}')
        world.write_journal(journal)
        world.by_hand('start', OLD)
        world.by_hand('stop', '-t', '1', OLD)
        expect(world.run('start', code=40).err, f"container '{OLD}' has run since the backup, which is too old now",
               f'upgrade backup --state {state}')
        world.run('backup', *CONFIRMED, '--no-rehearse')
        # Begun, and not well; then with other mounts.
        world.change(sick={NEW: 'nginx'})
        world.run('start', '--health-timeout', 1, code=42)
        for action in ('check', 'backup'):
            expect(world.run(action, *CONFIRMED, code=40).err, 'the new version was started already', f'upgrade start --state {state}')
        starting = self.program.start(*world.arguments('start', '--health-timeout', 60), env={'FAKE_DOCKER': str(world.docker)})
        said = b''
        while b'health: wait until' not in said:
            line = starting.stderr.readline()
            said += line
            if not line:
                raise AssertionError(said.decode())
        with open(f'{world.docker}.lock') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            mine = world.read()
            kept = mine['containers'].pop(NEW)
            world.write(mine)
        told = (said + starting.stderr.read()).decode()
        equal(starting.wait(), 42)
        messages_seen.write_down(42, told, '')
        expect(told, f"container '{NEW}' is gone", 'Look who has removed it')
        kept['Mounts'], mounts = kept['Mounts'][1:], kept['Mounts']
        world.change(containers={**mine['containers'], NEW: kept}, sick={})
        expect(world.run('start', code=42).err, 'the new container has other mounts than the old one', 'Look who has started it otherwise')
        kept['Mounts'] = mounts
        world.change(containers={**mine['containers'], NEW: kept})
        world.run('start')
        self.server.sql('CREATE DATABASE oms_other; CREATE TABLE oms_other.t (p BIGINT, FOREIGN KEY (p) REFERENCES oms_rm.project (id))')
        back = ('rollback', '--confirm', 'ha-off-rollback')
        refused = world.run(*back, code=34).err
        expect(refused, 'the databases cannot be restored:', 'oms_other', 'Put these right, then run the same command again.')
        self.server.sql('DROP DATABASE oms_other')
        world.change(fault={'on': f'start {OLD}', 'do': 'fail'})
        world.run(*back, code=42)
        expect(world.run('start', code=40).err, 'a rollback has begun, and is to be finished first', f'upgrade rollback --state {state}')
        world.run(*back)
        world.went_back(before)

    def test_another_node_leaves_the_databases_alone(self):
        world = self.fresh(port=1)
        before = self.take()
        node = ('--node-role', 'other')
        data = world.read()
        state = data['containers'][OLD]['State']
        state.update(Running=False, Status='exited', FinishedAt='gestern')
        world.write(data)
        expect(world.run('backup', *node, *CONFIRMED).err, 'T1 is now at the latest')
        equal(world.status()['state'], 'backed-up')
        # Stopped at another time, and told as podman does.
        state.update(StartedAt='2020-11-02T00:00:00Z', FinishedAt='2020-11-02T12:15:34.123456789+02:00')
        world.write(data)
        world.run('backup')
        equal(world.status()['t1'], '2020-11-02T10:15:34Z')
        data['containers'][OLD]['HostConfig']['RestartPolicy']['Name'] = 'no'
        mine = data['containers'][OLD]['Id']
        data['containers'][OLD]['Id'] = 'f' * 64
        world.write(data)
        expect(world.run('start', code=40).err, 'is another one (ffffffffffff)')
        data['containers'][OLD]['Id'] = mine
        world.write(data)
        expect(world.run('start', code=40).err, 'not confirmed: databases-backed-up')
        data['images'] = []
        world.write(data)
        expect(world.run('start', code=40).err, 'is not here: load it first', 'not confirmed: databases-backed-up')
        world.run('start', '--confirm', 'databases-backed-up', code=40)
        data['images'] = [OLD_IMAGE, NEW_IMAGE]
        world.write(data)
        equal(NEW in world.read()['containers'], False)
        expect(world.run('start').err, 'databases-backed-up: confirmed at 20')
        waits = world.run('rollback', '--confirm', 'ha-off-rollback', code=42)
        expect(waits.err, 'not confirmed: databases-restored', 'goes on from here')
        equal((world.runs(NEW), world.runs(OLD)), (False, False))
        journal, data = world.journal(), world.read()
        said = world.run('rollback', '--confirm', 'databases-restored').err
        equal([word for word in ('databases-restored: done already', 'databases-restored: confirmed at') if word in said], [])
        world.went_back(before)
        world.write_journal(journal)
        world.write(data)
        shown = world.asked([('Is that so?', 'y\n')], 'rollback', code=0)
        assert 'databases-restored: confirmed at' not in shown, shown
        world.went_back(before)

    def test_what_others_do_to_the_containers_is_seen(self):
        world = self.fresh()
        before = self.take()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        told = world.status()
        equal((told['next'], [step['name'] for step in told['steps'] if step['state'] == 'skipped']), ('run', ['rehearse']))
        # The name is another's: before the run, and when the engine refuses it.
        data = world.read()
        another = self.fake.container(NEW, NEW_IMAGE, [], [])
        world.write({**data, 'containers': {**data['containers'], NEW: another}})
        expect(world.run('start', code=40).err, f'rename {NEW}')
        world.by_hand('rm', NEW)
        world.change(fault={'on': 'run -dit', 'do': 'fail'})
        world.run('start', code=42)
        world.change(containers={**data['containers'], NEW: another})
        for action in (('start',), ('rollback', '--confirm', 'ha-off-rollback')):
            expect(world.run(*action, code=40).err, 'has other mounts', f'rename {NEW}')
        equal(world.container(NEW), another)
        world.by_hand('rm', NEW)
        # A docker_init.sh that may still be at work.
        world.change(fault={'on': f'exec {NEW} bash', 'do': 'kill-before'})
        world.run('start', code=137)
        world.change(fault={'on': f'top {NEW}', 'do': 'fail'})
        expect(world.run('start', code=42).err, 'may still be at work', 'Cannot connect')
        world.change(top=(1, 'ps is not here'))
        expect(world.run('start', code=42).err, 'may still be at work', f'restart {NEW}')
        world.change(top=(0, 'root 77 1 0 10:00 ? 00:00:01 bash /root/docker_init.sh'))
        process = self.program.start(*world.arguments('start'), env={'FAKE_DOCKER': str(world.docker)}, stderr=subprocess.PIPE)
        for line in process.stderr:
            if b'still at work; waiting' in line:
                break
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1].decode()
        equal(process.returncode, 130)
        expect(said, 'The same command may be run again: ', f'left. To go back: dbomsbak upgrade rollback --state {world.state}.\n')
        expect(world.run('status').out, 'init              failed', '(130)')
        world.change(top=(0, ''))
        world.by_hand('stop', '-t', '1', NEW)
        world.by_hand('start', NEW)
        world.run('start')
        # T2 is that of the container that is well.
        world.by_hand('stop', '-t', '1', NEW)
        expect(world.run('finish', '--confirm', 'ha-on,browser-cache', code=40).err, f"container '{NEW}' does not run")
        world.change(sick={NEW: 'nginx'})
        world.run('start', '--health-timeout', 1, code=42)
        told = world.status()
        equal((told['state'], told['next'], told['t2']), ('starting', 'health', ''))
        expect(world.run('finish', '--confirm', 'ha-on,browser-cache', code=40).err, 'the start of the new version has not come to its end')
        world.change(sick={})
        world.by_hand('start', OLD)
        expect(world.run('start', code=40).err, f"container '{OLD}' runs again")
        world.by_hand('stop', '-t', '1', OLD)
        world.run('start')
        world.by_hand('start', NEW)
        expect(world.run('start').err, 'mounts: its mounts are')  # a later T2
        # On and off by turns: the last word counts.
        expect(world.run('finish', '--confirm', 'ha-on', code=40).err, 'browser-cache')
        archive = pathlib.Path(world.status()['archive'])
        archive.rename(world.root / 'away')
        expect(world.run('rollback', '--confirm', 'ha-off-rollback', code=40).err, 'is not there')
        (world.root / 'away').rename(archive)
        good = archive.read_bytes()
        archive.write_bytes(good[:len(good) // 2] + bytes([good[len(good) // 2] ^ 1]) + good[len(good) // 2 + 1:])
        expect(world.run('rollback', code=40).err, 'the archive is not good')
        archive.write_bytes(good)
        expect(world.run('finish', code=40).err, 'not confirmed: ha-on')
        world.run('finish', '--confirm', 'ha-on,browser-cache')
        expect(world.run('rollback', code=40).err, 'not confirmed: ha-off-rollback')
        # Neither another container of that name nor another MetaDB is touched.
        back = ('rollback', '--confirm', 'ha-off-rollback')
        config = world.config.read_text()
        world.config.write_text(config.replace(f'port: {self.server.port}', 'port: 1'))
        expect(world.run(*back, code=40).err, 'no longer leads', "'1'")
        world.config.unlink()
        expect(world.run(*back, code=40).err, f"'{world.config}'", f"'{world.state}/config.yaml': bring that back")
        world.config.write_text(config)
        data = world.read()
        mine = data['containers'][NEW]['Id']
        data['containers'][NEW]['Id'] = 'f' * 64
        world.write(data)
        expect(world.run(*back, code=40).err, '(ffffffffffff) is another one')
        equal(world.runs(NEW), True)
        data['containers'][NEW]['Id'] = mine
        world.write(data)
        # Both run; and the new one once more behind the restore.
        world.by_hand('start', OLD)
        world.change(fault={'on': f'start {OLD}', 'do': 'fail'})
        world.run(*back, code=42)
        equal((world.runs(OLD), world.runs(NEW), world.policy(OLD)), (False, False, 'always'))
        told = world.run('status').out
        expect(told, f'\nnext: dbomsbak upgrade rollback --state {world.state}\n', 'displaced copy 1',
               f'Leave it to `dbomsbak upgrade rollback --state {world.state}`')
        equal([word for word in ('purge', 'undo', 'abort') if word in told], [])
        fingerprint.expect_equal(before, self.take(), 'restored')
        world.by_hand('start', NEW)
        self.server.sql(INIT)
        world.run(*back)
        world.went_back(before)

    def test_a_container_that_something_keeps_running(self):
        world = self.fresh()
        before = self.take()
        world.change(fault={'on': f'stop -t 30 {OLD}', 'do': 'nothing'})
        expect(world.run('backup', *CONFIRMED, '--no-rehearse', code=42).err,
               f"container '{OLD}' still runs though it was stopped", 'Something starts it again: look for what does.')
        equal((world.runs(OLD), self.take() == before), (True, True))
        world.run('backup', '--no-rehearse')
        equal(world.runs(OLD), False)

    def test_databases_that_went_on_are_not_brought_back(self):
        world = self.fresh()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        world.by_hand('start', OLD)
        self.server.sql("INSERT INTO oms_rm.project (name) VALUES ('late')")
        now = self.take()
        # Stopped once more, for a backup that came no further: the archive is still the older one.
        journal = world.journal()
        world.change(fault={'on': f'stop -t 30 {OLD}', 'do': 'kill-after'})
        world.run('backup', code=137)
        equal((world.runs(OLD), world.status()['next']), (False, 'stop'))
        for stopped in (True, False):
            if not stopped:
                world.write_journal(journal)
            told = world.run('rollback')
            expect(told.err, 'has run since the backup',
                   f'dbomsbak restore --oms-config {world.state}/config.yaml {world.status()["archive"]}')
            world.went_back(now)

    def test_a_metadb_that_is_away(self):
        world = self.fresh()
        before = self.take()
        where = f'oms@{self.server.host}:{self.server.port}'
        kill = {'do': 'run', 'argv': [str(STOP), '--kill', str(self.server.folder)]}
        port = self.server.port

        def again():
            self.server.start(port=port)

        world.change(fault={'on': f'stop -t 30 {OLD}', **kill})
        gone = world.run('backup', *CONFIRMED, code=42)
        expect(gone.err, where, 'goes on from here; to go back')
        equal(world.status()['next'], 'dump')
        again()
        world.run('backup')
        fingerprint.expect_equal(before, self.take(), 'backed up')
        self.server.kill9()
        gone = world.run('start', code=40)
        expect(gone.err, where, f"'{world.state}/config.yaml'", 'Nothing was changed')
        equal((NEW in world.read()['containers'], world.status()['state']), (False, 'backed-up'))
        again()
        world.run('start')
        self.server.kill9()
        back = ('rollback', '--confirm', 'ha-off-rollback')
        expect(world.run(*back, code=10).err, where, 'Nothing was changed, and nothing stopped; the same command goes on')
        equal((world.runs(NEW), world.status()['state']), (True, 'started'))
        again()
        world.change(fault={'on': f'stop -t 30 {NEW}', **kill})
        expect(world.run(*back, code=42).err, where, 'The same command goes on from here.')
        equal((world.runs(OLD), world.status()['next']), (False, 'restore'))
        again()
        world.run('rollback')
        world.went_back(before)

    def test_an_account_that_could_not_restore_is_found_before_anything_stops(self):
        world = self.fresh()
        self.server.create_account('oms_small', PASSWORD, grants=[f'ALL PRIVILEGES ON {name}.*' for name in NAMES])
        config = world.config.read_text()
        world.config.write_text(config.replace('user: oms\n', 'user: oms_small\n'))
        told = json.loads(world.run('check', *CONFIRMED, '--json', code=40).out)
        equal((len(told['problems']), world.runs(OLD)), (4, True))
        expect(world.run('backup', code=40).err, 'on its staging and displaced databases', 'SET USER')
        world.run('check', '--no-rehearse')
        for problem in told['problems']:
            self.server.sql(problem[problem.index('GRANT '):])
        world.run('check')
        self.claim(tebibytes=200)
        found = json.loads(world.run('check', '--json', code=40).out)
        expect('\n'.join(found['problems']), 'a restore needs about 200.0 TiB beside', ' are free on the server')
        found = json.loads(world.run('check', '--no-rehearse', '--json', code=40).out)  # and no room for the archive
        expect('\n'.join(found['warnings']), ' are free on the server: free disk space there before a rollback')
        expect('\n'.join(found['problems']), f" are free in '{world.state}', and 200.0 TiB are wanted: for the databases 200.0 TiB, and 256.0 MiB")
        # A server that only has the same names: of its host, and of its folder.
        pid_file = pathlib.Path(self.server.value('SELECT @@pid_file'))
        pid_file.rename(world.root / 'pid')
        try:
            found = json.loads(world.run('check', '--json', code=40).out)
        finally:
            (world.root / 'pid').rename(pid_file)
        expect('\n'.join(found['warnings']), ' are free on the server if the folder of its name on this machine is its own')
        self.server.sql('DROP TABLE oms_rm.big')
        world.run('backup')

    def claim(self, tebibytes):
        """A table of this size, to the server: an empty one whose head says so."""
        self.server.sql('CREATE TABLE oms_rm.big (id INT NOT NULL) ENGINE=MyISAM; FLUSH TABLES oms_rm.big')
        with open(pathlib.Path(self.server.value('SELECT @@datadir')) / 'oms_rm' / 'big.MYI', 'r+b') as file:
            file.seek(68)
            file.write((tebibytes << 40).to_bytes(8, 'big'))

    def test_where_nothing_can_be_written_nothing_is_changed(self):
        world = self.fresh()
        before = self.take()
        world.run('check', *CONFIRMED)
        full = world.state / 'journal.json.partial'  # as a disk without room, whoever asks
        for action, more in (('backup', ()), ('start', ('--rollback-on-failure',)), ('rollback', ('--confirm', 'ha-off-rollback'))):
            done = world.changes()
            full.mkdir()
            expect(world.run(action, *more, code=30).err, f"'{full}'", 'othing was changed' if action != 'backup' else '',
                   f'A copy of the folder elsewhere is as good: cp -a {world.state} DIR, and then the same command with --state DIR.')
            equal(world.changes(), done)
            full.rmdir()
            if action == 'rollback':  # there
                subprocess.run(['cp', '-a', world.state, f'{world.state}-2'], check=True)
                world.state = world.root / 'state-2'
            world.run(action, *more)
        world.went_back(before)

    def test_an_old_container_that_is_gone(self):
        world = self.fresh()
        before = self.take()
        world.run('backup', *CONFIRMED, '--no-rehearse')
        old = world.container(OLD)
        for_good = f'upgrade rollback --state {world.state} --without-old'

        def put_back(container=old):
            data = world.read()
            world.write({**data, 'containers': {**data['containers'], OLD: container}})

        world.by_hand('rm', OLD)
        for action in ('start', 'rollback'):
            expect(world.run(action, code=40).err, f"container '{OLD}' is gone", 'its databases are as it left them', for_good)
        journal = world.journal()
        told = world.run('rollback', '--without-old').err
        expect(told, 'may have run since the backup', f'dbomsbak restore --oms-config {world.state}/config.yaml {world.state}/')
        equal((world.status()['state'], world.changes()[-1][0]), ('rolled-back', 'rm'))
        fingerprint.expect_equal(before, self.take(), 'left alone')
        world.write_journal(journal)
        put_back()
        world.run('start')
        world.by_hand('rm', OLD)
        back = ('rollback', '--confirm', 'ha-off-rollback')
        expect(world.run(*back, code=40).err, 'Its databases come back without it', 'inspect.json', for_good)
        equal(world.runs(NEW), True)
        put_back()
        expect(world.run(*back, '--without-old', code=40).err, 'is the one of this upgrade')
        world.change(fault={'on': f'start {OLD}', 'do': 'fail'})
        world.run(*back, code=42)
        world.by_hand('rm', OLD)
        expect(world.run(*back, code=42).err, 'Its databases are back already', for_good)
        # The new version again, and another container of the old one's name, which could be at work on the databases.
        world.by_hand('start', NEW)
        self.server.sql(INIT)
        other = self.fake.container(OLD, OLD_IMAGE, [], [])
        other['State'].update(Running=True, Status='running')
        put_back(other)
        expect(world.run(*back, '--without-old', code=42).err, f"container '{OLD}', which is not the one", f'stop {OLD}')
        equal(world.status()['state'], 'rolling-back')
        world.by_hand('rm', OLD)
        done = world.run('rollback').err  # and is known from before
        expect(done, 'rolled back, but OMS does not run here yet')
        equal((world.runs(NEW), OLD in world.read()['containers']), (False, False))
        fingerprint.expect_equal(before, self.take(), 'rolled back')
        told = world.status()
        equal((told['state'], told['next_command']), ('rolled-back', ''))
        equal([step['state'] for step in told['steps'] if step['name'] == 'restart-old'], ['skipped'])
        # What is told runs OMS as it was.
        [line] = [line for line in world.run('status').out.splitlines() if 'Run OMS again' in line]
        words = shlex.split(line[line.index(f' {self.engine} '):])
        assert f'advice: {line.strip()[2:]}' in done, done
        world.by_hand(*words[1:])
        again = world.container(OLD)
        equal(again['Config'], {**old['Config'], 'Env': ['OMS_HOST_IP=127.0.0.1']})  # PATH is the image's
        always = {'RestartPolicy': {'Name': 'always', 'MaximumRetryCount': 0}}  # as it was before the backup
        equal((again['HostConfig'], again['Mounts']), ({**old['HostConfig'], **always}, old['Mounts']))

    # ---- failures and kills

    def through(self, world, action, *more, do):
        """The command again and again, with the first, the second … call of docker failing; how it went."""
        codes, call = [], 0
        for _ in range(200):
            ways = ('kill-before', 'kill-after') if do == 'kill' else ('fail',)
            for way in ways:
                world.change(fault={'at': len(world.read()['calls']) + call, 'do': way})
                codes.append(world.run(action, *more, code=None).code)
                if codes[-1] == 0:
                    world.change(fault=None)
                    return codes
            call += 1
        raise AssertionError(f'{action} never came to an end: {codes}')

    def test_any_call_of_docker_may_fail(self):
        world = self.fresh()
        before = self.take()
        seen = set()
        seen.update(self.through(world, 'backup', *CONFIRMED, do='fail'))
        seen.update(self.through(world, 'start', do='fail'))
        seen.update(self.through(world, 'rollback', '--confirm', 'ha-off-rollback', do='fail'))
        equal(seen, {0, 40, 42})
        world.went_back(before)

    def test_killed_at_any_call_of_docker(self):
        world = self.fresh()
        before = self.take()
        for action, more in (('backup', CONFIRMED), ('start', ()), ('rollback', ('--confirm', 'ha-off-rollback'))):
            codes = self.through(world, action, *more, do='kill')
            equal(set(codes), {0, 137})
        world.went_back(before)

    def kill_behind(self, world, step, action, *more):
        """Kills the command when the journal has the step begun; False when it was through before."""
        process = self.program.start(*world.arguments(action, *more), env={'FAKE_DOCKER': str(world.docker)},
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            try:
                last = world.journal()['entries'][-1]
            except (FileNotFoundError, IndexError):
                last = {}
            if (last.get('step'), last.get('event')) == (step, 'begin'):
                time.sleep(0.02 * (zlib.crc32(step.encode()) % 7))
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.002)
        return process.wait() == -signal.SIGKILL

    def test_killed_in_each_step_of_the_databases(self):
        world = self.fresh()
        before = self.take()
        killed = [self.kill_behind(world, step, 'backup', *CONFIRMED)
                  for step in ('preflight', 'dump', 'verify', 'rehearse', 'pin', 'receipt')]
        equal([word for word in ('purge', 'abort') if word in world.run('status').out], [])
        world.run('backup', *CONFIRMED)
        equal(world.status()['on_server'], [])
        killed.append(self.kill_behind(world, 'init', 'start'))
        world.run('start')
        back = ('rollback', '--confirm', 'ha-off-rollback')
        killed += [self.kill_behind(world, step, *back) for step in ('restore-preflight', 'restore', 'restore')]
        world.run(*back)
        world.went_back(before)
        if sum(killed) < 4:
            raise AssertionError(f'hardly anything was killed: {killed}')

    def test_rollback_before_there_is_an_archive(self):
        for step in ('restart-policy', 'stop', 'dump'):
            world = self.fresh()
            before = self.take()
            words = {'restart-policy': 'update', 'stop': 'stop'}.get(step)
            if words:
                world.change(fault={'on': words, 'do': 'kill-after'})
                world.run('backup', *CONFIRMED, code=137)
                if step == 'restart-policy':  # as long as OMS runs it is asked for anew
                    world.asked([('Do this?', 'n\n')], 'backup', code=130)
                    equal(world.runs(OLD), True)
            elif not self.kill_behind(world, step, 'backup', *CONFIRMED):
                continue
            world.run('rollback', '--confirm', 'ha-off-rollback')
            world.went_back(before)


def main():
    with tempfile.TemporaryDirectory() as folder, Server() as server:
        return runner.run(Upgrade(folder, server), sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
