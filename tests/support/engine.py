"""A Docker Engine or a podman of its own, and a mock OMS in it (tests/oms).

    with Engine() as engine, Server() as server:
        engine.load('3.3.1', '4.0.0')
        node = OmsNode(engine, server, folder)
        node.run_old()
        engine.docker('ps')
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from support import oms
from support.scripts import run_script
from support.server import TESTS

NAMES = ('oms_rm', 'oms_cm', 'oms_cm_hb')
USER, PASSWORD = 'root@oms', "it's #1"


class EngineError(Exception):
    """The client ended with an error."""


def _script(name, *words):
    return run_script([TESTS / 'oms' / name, *words], f'tests/oms/{name}')


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Engine:
    """In a folder of its own, which goes with its containers at the end."""

    START = ()  # options of tests/oms/start

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='dbe-'))
        self.connection = {}
        try:
            self.start()
            if self.connection['left_out']:
                print(f'this machine refuses, and the containers go without: {self.connection["left_out"]}', flush=True)
        except BaseException:
            self.remove()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def start(self):
        """Also again, on the same images and containers."""
        self.connection = _script('start', *self.START, self.folder)

    def stop(self):
        subprocess.run([TESTS / 'oms' / 'stop', self.folder], check=True)

    def remove(self):
        subprocess.run([TESTS / 'oms' / 'stop', '--remove', self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, *versions):
        _script('load', self.folder, *versions)

    @property
    def program(self):
        return self.connection['docker']

    @property
    def environment(self):
        """For programs that call the client."""
        return {'DOCKER_HOST': self.connection['docker_host']} if self.connection['docker_host'] else {}

    def docker(self, *words, timeout=120):
        done = subprocess.run([self.program, *map(str, words)], env={**os.environ, **self.environment},
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout)
        if done.returncode != 0:
            raise EngineError(f'docker {" ".join(map(str, words))}: {done.stderr.strip()}')
        return done.stdout

    def inspect(self, name):
        """None when there is no such container."""
        try:
            return json.loads(self.docker('container', 'inspect', name))[0]
        except EngineError as error:
            if 'no such container' in str(error).lower():
                return None
            raise

    def down(self):
        """A program and its environment, as where the engine does not answer."""
        return self.program, {'DOCKER_HOST': f'unix://{self.folder}/none'}

    def can_change_policy(self):
        """Of a container that is there."""
        return '--restart' in self.docker('update', '--help')

    def forget(self, *names):
        """Removes containers, running or not."""
        for name in names:
            if self.inspect(name) is not None:
                self.docker('rm', '--force', name)


class Podman(Engine):
    """Without a daemon: all it has is in the folder."""

    START = ('--podman',)

    def down(self):
        program = self.folder / 'remote'
        # With the libraries that the program is given, but none of its folders.
        begin, podman = re.match("(.*)exec '([^']+)'", pathlib.Path(self.program).read_text(), re.S).groups()
        program.write_text(f'{begin}exec {podman} --remote --url unix://{self.folder}/none "$@"\n')
        program.chmod(0o755)
        return program, {}


class OmsNode:
    """What an OMS container keeps on its host, and its MetaDB on a server."""

    OLD, NEW = 'oms_331', 'oms_400'
    OLD_VERSION, NEW_VERSION = '3.3.1', '4.0.0'
    OLD_IMAGE, NEW_IMAGE = 'oms:feature_3.3.1-ce', 'oms:feature_4.0.0-ce'

    def __init__(self, engine, server, folder):
        self.engine, self.server = engine, server
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        for name in ('conf', 'logs', 'store', 'run'):
            (self.folder / name).mkdir()
        self.config = self.folder / 'conf' / 'config.yaml'
        self.config.write_text(
            f'oms_meta_host: {server.host}\noms_meta_port: {server.port}\noms_meta_user: {USER}\n'
            f"oms_meta_password: '{PASSWORD.replace(chr(39), chr(39) * 2)}'\ndrc_rm_db: {NAMES[0]}\n"
            f'drc_cm_db: {NAMES[1]}\ndrc_cm_heartbeat_db: {NAMES[2]}\ncm_url: http://127.0.0.1:8088\n'
            f'mock_console_port: {self.port}\n')
        self.config.chmod(0o600)
        server.create_account(USER, PASSWORD.replace("'", "''"), grants=['ALL PRIVILEGES ON *.*'])
        oms.load(server, NAMES)
        server.sql(f"CREATE TABLE oms_version (version varchar(32)) SELECT '{self.OLD_VERSION}' AS version", NAMES[0])

    def mounts(self):
        return {'/home/admin/conf/config.yaml': str(self.config), '/home/admin/logs': str(self.folder / 'logs'),
                '/home/ds/store': str(self.folder / 'store'), '/home/ds/run': str(self.folder / 'run')}

    def run_old(self, policy='always', **without):
        """As the manual has it. `without` a mount or variable: mount='/home/ds/run', host_ip=True."""
        words = ['run', '-dit', '--net', 'host']
        for place, source in self.mounts().items():
            if place != without.get('mount'):
                words += ['-v', f'{source}:{place}']
        if not without.get('host_ip'):
            words += ['-e', 'OMS_HOST_IP=127.0.0.1']
        self.engine.docker(*words, '--privileged=true', '--pids-limit', '-1', '--ulimit', 'nproc=65535:65535',
                           '--restart', policy, '--name', self.OLD, self.OLD_IMAGE)

    def fail(self, how, version=NEW_VERSION):
        """See tests/oms/README.md; None: it works again."""
        path = self.folder / 'run' / f'fail-{version}'
        if how is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(how)

    def console(self):
        """What the console port answers; None when nothing does."""
        try:
            with socket.create_connection(('127.0.0.1', self.port), timeout=5) as connection:
                connection.sendall(b'GET / HTTP/1.0\r\n\r\n')
                connection.settimeout(5)
                text = b''
                while part := connection.recv(4096):
                    text += part
            return text.decode().strip().rsplit('\n', 1)[-1]
        except OSError:
            return None

    def wait_console(self, answer, seconds=20):
        deadline = time.monotonic() + seconds
        while (got := self.console()) != answer:
            if time.monotonic() > deadline:
                raise AssertionError(f'the console answers {got!r}, not {answer!r}')
            time.sleep(0.1)
