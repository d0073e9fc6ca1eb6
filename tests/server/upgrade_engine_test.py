#!/usr/bin/env python3
# ctest: cost=100 labels=unsanitized kinds=mariadb-10.11 timeout=900 parts=2
"""The upgrade of OMS on a real Docker Engine and on podman, with a mock of OMS in it (tests/oms), and the way back.

What is there afterwards is judged by the engine's own `docker inspect`, by the console's port, and by what the server
and the `mysql` client tell of the databases. Words on the command line choose tests by their names; `--part 1/2` is Docker,
`--part 2/2` podman.
"""

import json
import math
import pathlib
import re
import shlex
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, runner  # noqa: E402
from support.engine import NAMES, PASSWORD, Engine, OmsNode, Podman  # noqa: E402
from support.program import Program  # noqa: E402
from support.scripts import SKIPPED  # noqa: E402
from support.server import Server  # noqa: E402

CONFIRMED = ['--confirm', 'lag,switchover,clocks,ha-off']
ENGINES = (Engine, Podman)


class UpgradeOnAnEngine:
    def __init__(self, folder, engine, server):
        self.folder, self.engine, self.server = pathlib.Path(folder), engine, server
        self.program = Program()
        engine.load(OmsNode.OLD_VERSION, OmsNode.NEW_VERSION)
        self.node = OmsNode(engine, server, self.folder)
        self.states = 0
        self.changes_policy = engine.can_change_policy()

    # What is done ------------------------------------------------------------------------------

    def fresh(self, policy='always'):
        """The old OMS runs, on its own MetaDB; nothing of the new one is there."""
        self.node.fail(None)
        self.engine.forget(self.node.NEW)
        old = self.engine.inspect(self.node.OLD)
        if old is None or not old['State']['Running'] or old['HostConfig']['RestartPolicy']['Name'] != policy:
            self.engine.forget(self.node.OLD)
            self.node.run_old(policy)
        self.node.wait_console(f'OMS {self.node.OLD_VERSION}')
        self.states += 1
        self.state = self.folder / f'state{self.states}'

    def options(self):
        return ['--docker', self.engine.program, '--container', self.node.OLD, '--new-container', self.node.NEW,
                '--image', self.node.NEW_IMAGE, '--console-port', self.node.port, '--health-timeout', '90',
                '--stop-timeout', '30']

    def run(self, action, *more, options=(), **kw):
        result = self.program.run('upgrade', action, '--state', self.state, *options, *more, env=self.engine.environment,
                                  **kw)
        said = result.err + result.out
        if PASSWORD in said:
            raise AssertionError(f'the password was told:\n{said}')
        return result

    def check(self, *more):
        return self.run('check', *CONFIRMED, *more, options=self.options())

    def back_up(self):
        self.check().expect(0)
        self.began = time.monotonic()
        self.run('backup', *CONFIRMED).expect(0)

    def roll_back(self):
        return self.run('rollback', '--confirm', 'ha-off-rollback')

    # What is looked at -------------------------------------------------------------------------

    def says(self, result, *words):
        said = result.err + result.out
        for word in words:
            if str(word) not in said:
                raise AssertionError(f'{word!r} is not in what was said:\n{said}')
        return result

    def take(self):
        return fingerprint.take(self.server, list(NAMES))

    def expect_mounts(self, name):
        mounts = {m['Destination']: m['Source'] for m in self.engine.inspect(name)['Mounts']}
        if mounts != self.node.mounts():
            raise AssertionError(f'{name} has the mounts {mounts}, not {self.node.mounts()}')

    def expect_running(self, name, running, policy=None):
        found = self.engine.inspect(name)
        if (found is not None and found['State']['Running']) != running:
            raise AssertionError(f'{name} should {"" if running else "not "}run: {found and found["State"]}')
        if policy is not None and found['HostConfig']['RestartPolicy']['Name'] != policy:
            raise AssertionError(f'{name} has the policy {found["HostConfig"]["RestartPolicy"]}, not {policy}')

    def expect_old_stopped(self, policy='always'):
        """And it stays so: no engine starts it again."""
        self.expect_running(self.node.OLD, False, 'no' if self.changes_policy else policy)

    def expect_old_again(self, before, policy='always'):
        """Rolled back: the old container, with its mounts and policy, on the databases that it left."""
        self.expect_running(self.node.NEW, False)
        self.expect_running(self.node.OLD, True, policy)
        self.expect_mounts(self.node.OLD)
        self.node.wait_console(f'OMS {self.node.OLD_VERSION}')
        self.engine.docker('pause', self.node.OLD)  # its heartbeats would go on meanwhile
        try:
            now = self.take()
        finally:
            self.engine.docker('unpause', self.node.OLD)
        self.expect_equal(before, now)

    def expect_equal(self, before, now):
        """Equal but for rows that the restarted OMS has added to its heartbeats."""
        for taken in (before, now):
            for key in [k for k in taken[NAMES[2]] if k[1] == 'heatbeat_sequence']:
                taken[NAMES[2]].pop(key)
        fingerprint.expect_equal(before, now, 'rolled back')
        kept = self.server.value(f'SELECT COUNT(*) FROM {NAMES[2]}.heatbeat_sequence WHERE id <= {self.last_beat}')
        if kept != self.beats:
            raise AssertionError(f'{kept} of {self.beats} heartbeats are there again')

    def expect_advice(self, result):
        """Minutes since T1, rounded up, and 30: T1 lies between `began` and now."""
        found = re.search(r'refetchStoreIntervalMin: (\d+)', result.err + result.out)
        most = 30 + math.ceil((time.monotonic() - self.began) / 60)
        if found is None or not 31 <= int(found[1]) <= most:
            raise AssertionError(f'from 31 to {most} minutes are right:\n{result.err}{result.out}')

    def stopped(self):
        """What the databases hold at T1."""
        self.last_beat = self.server.value('SELECT MAX(id) FROM heatbeat_sequence', NAMES[2])
        self.beats = self.server.value('SELECT COUNT(*) FROM heatbeat_sequence', NAMES[2])
        return self.take()

    # Tests -------------------------------------------------------------------------------------

    def test_an_upgrade_from_check_to_finish(self):
        self.fresh()
        plan = self.run('plan', options=self.options()).expect(0)
        self.says(plan, '-e IS_UPGRADE=true', f'--name {self.node.NEW}', 'docker_init.sh')
        self.check().expect(0)
        self.expect_running(self.node.OLD, True, 'always')  # a check changes nothing
        self.says(self.run('start').expect(40), 'backup')
        backup = self.run('backup', *CONFIRMED).expect(0)
        self.expect_old_stopped()
        self.expect_policy_told(backup)
        before = self.stopped()
        archives = list(self.state.glob('*.sql.zst'))
        self.program.ok('verify', *archives)
        receipt = (self.state / 'receipt.txt').read_text()
        for word in (self.node.OLD, archives[0].name, 'sha256:'):
            if word not in receipt:
                raise AssertionError(f'{word} is not in the receipt:\n{receipt}')
        self.run('start').expect(0)
        self.expect_running(self.node.NEW, True)
        self.expect_mounts(self.node.NEW)
        self.node.wait_console(f'OMS {self.node.NEW_VERSION}')
        self.says(self.run('report').expect(0, 4), 'workspace', 'cluster_info', 'host_metric_minute')
        self.says(self.run('finish').expect(42, 40), 'ha-on')
        finish = self.run('finish', '--confirm', 'ha-on,browser-cache').expect(0)
        if self.changes_policy:
            self.expect_running(self.node.NEW, True, 'always')
        else:
            self.says(finish, 'podman-restart.service')
        status = json.loads(self.run('status', '--json').expect(0).out)
        if status['state'] != 'finished':
            raise AssertionError(f'status: {status["state"]}')
        self.run('check', options=self.options()).expect(31)
        self.expect_old_stopped()
        # Regretted, when somebody has tidied up. What is told runs OMS as it was.
        self.engine.forget(self.node.OLD)
        self.says(self.roll_back().expect(40), '--without-old')
        self.says(self.run('rollback', '--without-old').expect(0), 'OMS does not run here yet')
        [line] = [line for line in self.run('status').out.splitlines() if 'Run OMS again' in line]
        self.engine.docker(*shlex.split(line[line.index(self.engine.program):])[1:])
        self.expect_old_again(before)

    def expect_policy_told(self, backup):
        """What an engine cannot do is told, journaled, and not tried again."""
        told = json.loads(self.run('status', '--json').expect(0).out)
        steps = {step['name']: step for step in told['steps']}
        if self.changes_policy:
            if steps['restart-policy']['state'] != 'done':
                raise AssertionError(steps['restart-policy'])
            return
        self.says(backup, 'restart-policy is skipped', 'podman-restart.service')
        journal = json.loads((self.state / 'journal.json').read_text())
        notes = [entry for entry in journal['entries'] if (entry['event'], entry['step']) == ('note', 'restart-policy')]
        plan = self.run('plan').expect(0).out
        if steps['restart-policy']['state'] != 'skipped' or len(notes) != 1 or 'update --restart' in plan:
            raise AssertionError(f'{steps["restart-policy"]}, {notes}\n{plan}')

    def test_a_start_that_fails_at_each_point_and_at_last_rolls_back_by_itself(self):
        self.fresh('unless-stopped')
        self.back_up()
        before = self.stopped()
        points = [('start', 'told to fail at its start'), ('init-half', 'told to fail half way'), ('exits', 'told to end')]
        if self.changes_policy:  # once is enough of what no engine has a hand in
            points[2:2] = [('port', self.node.port), ('health', 'FATAL')]
        for how, word in points:
            self.engine.forget(self.node.NEW)
            self.node.fail(how)
            patience = ['--health-timeout', '4'] if how in ('port', 'health') else []
            self.says(self.run('start', *patience).expect(42), word, 'dbomsbak upgrade rollback')
        self.says(self.run('rollback').expect(40), 'ha-off-rollback')
        self.engine.forget(self.node.NEW)
        self.node.fail('init-end')
        result = self.run('start', '--rollback-on-failure').expect(41)
        self.says(result, 'told to fail at its end')
        self.expect_advice(result)
        self.expect_old_again(before, 'unless-stopped')
        self.roll_back().expect(0, 31)
        self.expect_running(self.node.OLD, True, 'unless-stopped')

    def test_each_step_killed_and_run_again(self):
        self.fresh()
        self.check().expect(0)
        self.killed('backup', *CONFIRMED)
        self.expect_old_stopped()
        before = self.stopped()
        self.killed('start')
        self.node.wait_console(f'OMS {self.node.NEW_VERSION}')
        self.expect_mounts(self.node.NEW)
        self.killed('rollback', '--confirm', 'ha-off-rollback')
        self.expect_old_again(before)

    def killed(self, action, *more):
        """The action, killed at each of its steps and run again."""
        steps = [step['name'] for step in json.loads(self.run('plan', '--json').expect(0).out)['steps']
                 if step['group'] == action and not step['operator']]
        reached = []
        for step in steps:
            process = self.program.start('upgrade', action, '--state', self.state, *more, env=self.engine.environment)
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                if self.has_begun(step):
                    process.send_signal(signal.SIGKILL)
                    reached.append(step)
                    break
                time.sleep(0.005)
            process.communicate()
        print(f'  {action}: killed in {", ".join(reached)} of {", ".join(steps)}', flush=True)
        if len(reached) < 2:
            raise AssertionError(f'{action} was killed in {reached} alone')
        self.run(action, *more).expect(0)

    def has_begun(self, step):
        try:
            entries = json.loads((self.state / 'journal.json').read_text())['entries']
        except (OSError, ValueError):
            return False
        return any(entry['step'] == step and entry['event'] == 'begin' for entry in entries)

    def test_what_stands_against_it_is_told_at_once(self):
        self.fresh()
        self.engine.forget(self.node.OLD)
        self.node.run_old('no', mount='/home/ds/run', host_ip=True)
        self.engine.docker('create', '--name', self.node.NEW, self.node.NEW_IMAGE)
        options = self.options()
        options[options.index(self.node.NEW_IMAGE)] = 'oms:feature_4.1.1-ce'
        self.says(self.run('check', *CONFIRMED, options=options).expect(40), '/home/ds/run', 'oms:feature_4.1.1-ce',
                  self.node.NEW, 'OMS_HOST_IP')
        self.says(self.run('backup', *CONFIRMED).expect(40), '/home/ds/run')
        self.engine.forget(self.node.NEW, self.node.OLD)
        self.fresh()
        self.says(self.run('check', options=self.options()).expect(40), 'lag', 'ha-off')
        # An engine that does not answer, and a MetaDB that does not.
        program, down = self.engine.down()
        self.says(self.program.run('upgrade', 'check', '--state', self.state, *CONFIRMED, *self.options(),
                                   '--docker', program, env=down).expect(40), '/none')
        self.says(self.check('-P', '1').expect(40, 10), '1')
        self.expect_running(self.node.OLD, True, 'always')


def main(words):
    kinds = ENGINES
    if words[:1] == ['--part']:
        kinds = [ENGINES[int(words[1].split('/')[0]) - 1]]
        words = words[2:]
    codes = []
    for kind in kinds:
        print(f'{kind.__name__}:', flush=True)
        try:
            with tempfile.TemporaryDirectory() as folder, kind() as engine, Server('mariadb-10.11') as server:
                codes.append(runner.run(UpgradeOnAnEngine(folder, engine, server), words))
        except SystemExit as skipped:  # and has said why
            codes.append(skipped.code)
    return 1 if any(code not in (0, SKIPPED) for code in codes) else min(codes)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
