"""Runs the program under test and measures it.

    program = Program()                       # the path comes from the environment: DBOMSBAK
    result = program.run('verify', path)      # .code .out .err .seconds .peak_kib
    result = program.ok('dump', *server.client_options(), 'd', '-o', path)    # asserts code 0
"""

import dataclasses
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

from . import json_answers, messages_seen

MOST_WORDS = 1 << 16  # of an answer, not of a dump

# A run in the background (nohup, `&` of a script) ignores these, and so would the program, which tests send them to.
for _signal in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_signal) == signal.SIG_IGN:
        signal.signal(_signal, signal.SIG_DFL)


def sanitized():
    """Whether the build has a sanitizer, whose own memory says nothing about the program's."""
    cache = pathlib.Path(os.environ.get('DBOMSBAK_BUILD', '.')) / 'CMakeCache.txt'
    if not cache.exists():
        return False
    return any(line.startswith('DBOMSBAK_SANITIZE:') and line.strip().split('=', 1)[1]
               for line in cache.read_text().splitlines())


class Timeout(Exception):
    """The program did not end in time and was killed."""


@dataclasses.dataclass
class Result:
    args: list
    code: int  # as a shell tells it: 128 + signal when one ended the program
    stdout: bytes
    stderr: bytes
    seconds: float
    peak_kib: int  # peak resident memory of the process

    @property
    def out(self):
        return self.stdout.decode(errors='surrogateescape')

    @property
    def err(self):
        return self.stderr.decode(errors='surrogateescape')

    def expect(self, *codes):
        if self.code not in codes:
            wanted = ' or '.join(map(str, codes))
            raise AssertionError(
                f'{" ".join(self.args)}\nended with {self.code}, expected {wanted}\n'
                f'--- stdout\n{self.out[-4000:]}\n--- stderr\n{self.err[-6000:]}')
        return self


class Program:
    """`home` is an empty folder that stands in for the user's, so no option file of his is read."""

    def __init__(self, path=None):
        self.path = path or os.environ.get('DBOMSBAK')
        if not self.path:
            raise SystemExit('set DBOMSBAK to the program under test')
        if not pathlib.Path(self.path).exists():
            raise SystemExit(f'DBOMSBAK: no such file: {self.path}')
        self._home = tempfile.TemporaryDirectory(prefix='dbh-')
        self.home = self._home.name

    def environment(self, extra=None):
        keep = {k: v for k, v in os.environ.items()
                if not k.startswith(('MYSQL', 'MARIADB', 'DBOMSBAK', 'AWS_')) or k == 'DBOMSBAK_BUILD'}
        keep.update(HOME=self.home, LC_ALL='C.UTF-8')
        # A crash must not pass for one of the promised exit codes.
        keep.setdefault('ASAN_OPTIONS', 'exitcode=99:detect_leaks=1')
        keep.setdefault('UBSAN_OPTIONS', 'halt_on_error=1:exitcode=99:print_stacktrace=1')
        keep.setdefault('TSAN_OPTIONS', 'exitcode=99:halt_on_error=0')
        keep.update(extra or {})
        return keep

    def start(self, *args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
              stderr=subprocess.PIPE, env=None, cwd=None):
        """The process itself, for tests that kill or starve it."""
        return messages_seen.Process([self.path, *map(str, args)], stdin=stdin, stdout=stdout,
                                     stderr=stderr, env=self.environment(env), cwd=cwd)

    def run(self, *args, input=None, env=None, cwd=None, timeout=300):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
                tempfile.TemporaryFile() as given:
            if input is not None:
                given.write(input.encode() if isinstance(input, str) else input)
                given.seek(0)
            began = time.monotonic()
            process = self.start(*args, stdin=given, stdout=out, stderr=err, env=env, cwd=cwd)
            late = threading.Event()

            def kill():
                late.set()
                os.kill(process.pid, signal.SIGABRT)

            timer = threading.Timer(timeout, kill)
            timer.start()
            # wait4 tells this child's own peak; it cannot read less than this interpreter's size.
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - began
            out.seek(0)
            err.seek(0)
            code = process.returncode if process.returncode >= 0 else 128 - process.returncode
            result = Result([str(self.path), *map(str, args)], code, out.read(), err.read(),
                            seconds, usage.ru_maxrss)
        if late.is_set():
            raise Timeout(f'{" ".join(result.args)}\nstill ran after {timeout} s\n'
                          f'--- stderr\n{result.err[-6000:]}')
        if result.code in (99, 134, 136, 139):
            raise AssertionError(f'{" ".join(result.args)}\ncrashed ({result.code})\n'
                                 f'{result.err[-8000:]}')
        # Not result.out, of which a large one would make this interpreter as large.
        messages_seen.write_down(result.code, result.err, result.stdout[:MOST_WORDS].decode(errors='replace'))
        if '--json' in result.args and '--help' not in result.args and code < 128 and args:
            self._check_json(args, result)
        return result

    def _check_json(self, args, result):
        """Every answer a test sees is as documented; not what a program says one of whose calls was made to fail."""
        if pathlib.Path(self.path).name != 'dbomsbak':
            return
        try:
            json_answers.check(args, result.code, result.out)
        except (AssertionError, ValueError, KeyError) as fault:
            raise AssertionError(f'{" ".join(result.args)}\nis not answered as documented: {fault!r}\n'
                                 f'--- stdout\n{result.out[-4000:]}\n--- stderr\n{result.err[-4000:]}') from fault

    def ok(self, *args, **kw):
        return self.run(*args, **kw).expect(0)
