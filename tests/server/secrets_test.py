#!/usr/bin/env python3
# ctest: timeout=300
"""Passwords stay where they belong: a marker is looked for in all that the program shows, writes, sends and hands on.

Each command gets the password another way. Looked at are its output, the files it left, the server's log of statements,
the tables it made there, its own command line, and command line and environment of every program that it starts.
"""

import os
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402
from support.runner import run  # noqa: E402
from support.server import Server  # noqa: E402

PASSWORD, PASSPHRASE = 'Marker-Eins-7391', 'Marker-Zwei-8264'
MARKERS = [PASSWORD.encode(), PASSPHRASE.encode()]
# What a program started by ours was given, and what ours shows of itself; a parent's environment is its own.
SPY = 'env >> {0}; tr "\\0" "\\n" < /proc/$$/cmdline >> {0}; tr "\\0" "\\n" < /proc/$PPID/cmdline >> {0}; echo spied >> {0}'


def holds(data):
    return [mark.decode() for mark in MARKERS if mark in data or mark[2:] in data]


class Children(threading.Thread):
    """Every program that runs with our mark in its environment, looked at as often as it can be."""

    def __init__(self, program):
        super().__init__(daemon=True)
        self.program, self.found, self.seen, self.over = os.path.realpath(program.path), [], set(), False
        self.start()

    def run(self):
        while not self.over:
            for process in pathlib.Path('/proc').glob('[0-9]*'):
                try:
                    # A child is our program still until it has become its own: asked before. (Ours shows its argument
                    # until it has read it; hooks look at it later.)
                    if os.readlink(process / 'exe') == self.program:
                        continue
                    shown = (process / 'environ').read_bytes()
                    if b'DBOMSBAK_SECRETS_TEST=' not in shown:
                        continue
                    shown += (process / 'cmdline').read_bytes()
                    self.seen.add((process / 'comm').read_text().strip())
                    if holds(shown):
                        self.found.append((process.name, shown))
                except OSError:
                    pass


class Tests:
    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.program = Program()
        self.files = folder / 'files'
        self.files.mkdir()
        self.spy = self.files / 'spied'
        self.secrets = folder / 'secrets'  # what may hold them
        self.secrets.mkdir()
        where = f'host={server.host}\nport={server.port}\nuser=keeper\n'
        for name, text in (('password', PASSWORD + '\n'), ('passphrase', PASSPHRASE + '\n'),
                           ('my.cnf', f'[client]\n{where}password={PASSWORD}\n'),
                           ('oms.yaml', f"oms_meta_host: {server.host}\noms_meta_port: {server.port}\noms_meta_user: keeper\n"
                                        f"oms_meta_password: '{PASSWORD}'\ndrc_rm_db: rm\ndrc_cm_db: cm\n"
                                        "drc_cm_heartbeat_db: hb\n")):
            (self.secrets / name).write_text(text)
            (self.secrets / name).chmod(0o600)
        self.mute = socket.create_server(('127.0.0.1', 0))
        self.mute.settimeout(20)
        self.where = ['-h', server.host, '-P', server.port, '-u', 'keeper']
        tcp = [*self.where, '--no-defaults']
        self.ways = {'argument': ([*tcp, f'-p{PASSWORD}'], {}), 'environment': (tcp, {'DBOMSBAK_PASSWORD': PASSWORD}),
                     'client': (tcp, {'MYSQL_PWD': PASSWORD}),
                     'file': ([*tcp, '--password-file', self.secrets / 'password'], {}),
                     'options': ([f'--defaults-file={self.secrets}/my.cnf'], {}),
                     'oms': (['--no-defaults', '--oms-config', self.secrets / 'oms.yaml'], {})}

    def run(self, way, command, *words, code=0):
        options, variables = self.ways[way]
        result = self.program.run(command, *options, *words, cwd=self.files,
                                  env={**variables, 'DBOMSBAK_SECRETS_TEST': '1'}).expect(*[code] if isinstance(code, int) else code)
        if holds(result.stdout + result.stderr):
            raise AssertionError(f'{command} {way}: told\n{result.out}{result.err}')
        return result

    def spied(self):
        return self.spy.read_text().splitlines().count('spied')

    def check_files(self):
        for path in self.files.rglob('*'):
            if path.is_file() and (found := holds(path.read_bytes())):
                raise AssertionError(f'{path.name} holds {found}')
        for path in self.files.rglob('*.zst'):
            text = subprocess.run(['zstd', '-dc', path], check=True, capture_output=True).stdout
            if holds(text):
                raise AssertionError(f'{path.name} holds it, packed')

    def check_server(self):
        """Nothing in the tables that the program has made, nor in the statements it has sent."""
        made = [name for name in self.server.databases() if '__dbomsbak' in name]
        if made:
            dumper = shutil.which('mariadb-dump') or shutil.which('mysqldump')
            text = subprocess.run([dumper, '--no-defaults', *self.server.client_options(), '--databases', *made], check=True,
                                  capture_output=True).stdout
            if holds(text):
                raise AssertionError(f'{made} hold it')
        log = pathlib.Path(self.server.value('SELECT @@general_log_file'))
        log = log if log.is_absolute() else pathlib.Path(self.server.value('SELECT @@datadir')) / log
        sent = log.read_bytes()
        if b'keeper' not in sent or b'SELECT' not in sent:
            raise AssertionError('the test itself is wrong: the log of statements is empty')
        if holds(sent):
            raise AssertionError('it was sent in a statement')
        return made

    def test_it_is_nowhere_but_where_it_was_given(self):
        children = Children(self.program)
        hook = SPY.format(shlex.quote(str(self.spy)))
        self.run('argument', 'check', '-v', 'rm', 'cm', 'hb')
        self.run('environment', 'dump', '-v', '--json', '-o', 'a.sql.zst', 'rm', 'cm', 'hb')
        self.run('file', 'dump', '-v', '-o', 'plain.sql', 'rm')
        self.run('oms', 'dump', '-v', '-o', 'oms.sql.zst', code=(0, 3))
        self.run('client', 'dump', '--encrypt-passphrase', '--passphrase-file', self.secrets / 'passphrase', '-o', 'e.sql.zst.age', 'cm')
        for way in ('environment', 'client', 'argument', 'file'):
            self.run(way, 'snapshot', '-v', '--dir', '.', '--label', way, '--hook-ok', hook, 'rm')
        self.run('environment', 'snapshot', '--dir', '.', '--label', 'none', '--hook-fail', hook, 'no_such_database', code=range(1, 100))
        if self.spied() != 5:
            raise AssertionError(f'{self.spied()} hooks ran')
        if b'--hook-ok' not in self.spy.read_bytes() or b'DBOMSBAK_SECRETS_TEST=1' not in self.spy.read_bytes():
            raise AssertionError('the test itself is wrong: it sees nothing of the program')
        if shutil.which('mariadbd') or shutil.which('mysqld'):
            self.run('environment', 'snapshot', '--dir', '.', '--label', 'deep', '--deep', 1, '--throwaway', 'rm')
        self.run('options', 'diff', '-v', 'a.sql.zst')
        self.run('argument', 'restore', '-v', '--prepare', '--yes', 'a.sql.zst')
        if not self.check_server():
            raise AssertionError('the test itself is wrong: nothing was prepared')
        self.run('file', 'status', '--json')
        self.run('environment', 'restore', '-v', '--swap', '--yes', '--force', 'a.sql.zst')
        self.check_server()
        self.run('options', 'undo', '-v', '--yes')
        self.run('argument', 'restore', '-v', '--yes', '--force', 'plain.sql')
        # An engine's command that is a spy; it fails, as all of `upgrade` would without OMS.
        docker = self.secrets / 'docker'
        docker.write_text(f'#!/bin/sh\n{hook}\nexit 1\n')
        docker.chmod(0o755)
        told = self.spied()
        state = self.files / 'state'
        options, variables = self.ways['argument']
        result = self.program.run('upgrade', 'check', *options, '--state', state, '--docker', docker, '--container', 'old',
                                  '--new-container', 'new', '--image', 'oms:feature_4.0.0-ce', cwd=self.files,
                                  env={'DBOMSBAK_PASSWORD': PASSWORD, 'MYSQL_PWD': PASSWORD, 'DBOMSBAK_SECRETS_TEST': '1'})
        if result.code != 40 or holds(result.stdout + result.stderr) or self.spied() == told:
            raise AssertionError(f'upgrade check: {result.code}\n{result.out}{result.err}')
        # A wrong password is not told either.
        self.server.sql("ALTER USER keeper IDENTIFIED BY 'another'")
        for way in self.ways:
            self.run(way, 'check', *([] if way == 'oms' else ['rm']), code=10)
        children.over = True
        children.join()
        if children.found:
            raise AssertionError(f'a program shows it: {children.found[0]}')
        if not children.seen & {'sh', 'env', 'tr', 'docker'}:
            raise AssertionError(f'the test itself is wrong: of the children none was seen ({children.seen})')
        self.check_files()
        self.check_server()

    def test_memory_and_environment_are_closed_to_other_programs_of_the_user(self):
        """Not dumpable: no core, for whatever program the kernel would hand it to, and /proc/PID is root's."""
        # A copy where everybody may run it: the checkout may be in a folder of root's own.
        with tempfile.TemporaryDirectory(prefix='secrets-run-') as room:
            os.chmod(room, 0o755)
            self.expect_closed(shutil.copy(self.program.path, room))

    def expect_closed(self, program):
        command = [program, 'status', '--no-defaults', '-h127.0.0.1', f'-P{self.mute.getsockname()[1]}', '-ukeeper',
                   '--connect-timeout=60', '--password-file=/dev/fd/0']
        given, giver = os.pipe()
        nobody = {}
        if os.geteuid() == 0:
            nobody = {'user': 65534, 'group': 65534, 'extra_groups': []}
            os.fchown(given, 65534, 65534)  # as a shell's <(...) of his own
        process = subprocess.Popen(command, stdin=given, stderr=subprocess.PIPE, cwd='/', env=self.program.environment(), **nobody)
        os.write(giver, PASSWORD.encode() + b'\n')
        os.close(giver)
        os.close(given)
        try:
            with self.mute.accept()[0]:
                owner = os.stat(f'/proc/{process.pid}/environ').st_uid
                limits = pathlib.Path(f'/proc/{process.pid}/limits').read_text()
        finally:
            process.kill()
            print(process.communicate()[1].decode(), end='')
        if not any(line.split()[:6] == ['Max', 'core', 'file', 'size', '0', '0'] for line in limits.splitlines()):
            raise AssertionError(limits)
        if owner != 0:
            raise AssertionError(f'/proc/PID/environ belongs to {owner}')


def main():
    with tempfile.TemporaryDirectory(prefix='secrets-') as name:
        with Server(options=['--general-log=1']) as server:
            server.sql("CREATE DATABASE rm; CREATE DATABASE cm; CREATE DATABASE hb; "
                       "CREATE TABLE rm.t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO rm.t VALUES (1, 'a'); "
                       "CREATE TABLE cm.t (id INT PRIMARY KEY); CREATE TABLE hb.t (id INT PRIMARY KEY); "
                       "SET GLOBAL general_log = 0; "
                       f"CREATE USER keeper IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO keeper WITH GRANT OPTION; "
                       "CREATE VIEW rm.v AS SELECT * FROM rm.t; SET GLOBAL general_log = 1;")
            return run(Tests(pathlib.Path(name), server), sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
