#!/usr/bin/env python3
"""What the program shows of itself to others: its arguments, its exit by signals and pipes."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402

SECRET = 's3cret-Geheim'


class SilentServer:
    """Accepts connections and never says a word, so that the program waits."""

    def __enter__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.socket.close()

    def options(self):
        return ['--no-defaults', '-h127.0.0.1', f'-P{self.port}', '--connect-timeout=60', '-uu']


def start(program, *args, **kw):
    # A background job of a shell may have been told to ignore Ctrl-C.
    old = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return program.start(*args, **kw)
    finally:
        signal.signal(signal.SIGINT, old)


def wait_for_connection(server):
    server.socket.settimeout(20)
    return server.socket.accept()[0]


def check_arguments(program):
    spellings = [[f'-p{SECRET}'], [f'--password={SECRET}'], [f'--pass={SECRET}'], [f'-Bp{SECRET}'],
                 ['-pother', f'-p{SECRET}']]
    with SilentServer() as server, tempfile.TemporaryDirectory() as folder:
        for spelling in spellings:
            process = start(program, 'dump', *server.options(), *spelling, 'd', '-o', 'x.sql', cwd=folder)
            with wait_for_connection(server):
                shown = pathlib.Path(f'/proc/{process.pid}/cmdline').read_bytes().decode()
                process.terminate()
                _, err = process.communicate(timeout=10)
            assert SECRET not in shown and SECRET[2:] not in shown, (spelling, shown)
            assert 'x.sql' in shown, shown
            assert SECRET.encode() not in err, err


def check_signals(program):
    with SilentServer() as server, tempfile.TemporaryDirectory() as folder:
        older = pathlib.Path(folder, 'x.sql')
        older.write_text('older')
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for command in (['dump', 'd', '-o', 'x.sql', '--overwrite'], ['check', 'd'], ['status']):
                process = start(program, *command, *server.options(), cwd=folder)
                with wait_for_connection(server):
                    began = time.monotonic()
                    process.send_signal(number)
                    _, err = process.communicate(timeout=20)
                    took = time.monotonic() - began
                assert process.returncode == code, (command, process.returncode, err)
                assert took < 5, f'{command}: {took:.1f} s to end'
                assert b'dbomsbak: error: ' in err, err
        assert [path.name for path in pathlib.Path(folder).iterdir()] == ['x.sql']
        assert older.read_text() == 'older'


def check_password_prompt_without_terminal(program):
    result = subprocess.run(['setsid', program.path, 'check', '--no-defaults', '-h127.0.0.1', '-P1', '-p'],
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                            env=program.environment())
    assert result.returncode == 2, result
    assert b'no terminal' in result.stderr and b'--password-file' in result.stderr, result.stderr


def check_closed_pipe(program):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, 'wb') as out:
        result = subprocess.run([program.path, 'help', 'options'], stdout=out,
                                stderr=subprocess.PIPE, env=program.environment(), timeout=20)
    assert result.returncode == 30, result
    assert b'standard output' in result.stderr, result.stderr


def check_full_disk(program):
    with open('/dev/full', 'wb') as out:
        result = subprocess.run([program.path, '--help'], stdout=out, stderr=subprocess.PIPE,
                                env=program.environment(), timeout=20)
    assert result.returncode == 30, result


def check_terminal_is_spared(program):
    """A dump is never written to a terminal."""
    result = subprocess.run(['script', '-qec', f'{program.path} dump d --no-defaults -h127.0.0.1 -P1',
                             '/dev/null'], stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                            env=program.environment())
    assert b'terminal' in result.stdout, result
    assert result.returncode == 2, result


def main():
    program = Program()
    for check in (check_arguments, check_signals, check_password_prompt_without_terminal,
                  check_closed_pipe, check_full_disk, check_terminal_is_spared):
        check(program)
        print('ok', check.__name__)


if __name__ == '__main__':
    main()
