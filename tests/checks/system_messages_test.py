#!/usr/bin/env python3
"""What the system refuses is told with the file, the reason and what to do: each call on the files of a folder fails in turn
(tests/faults), standard input is none that can be read, or nothing is left to go on with. No server."""

import os
import pathlib
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import messages_seen, runner  # noqa: E402
from support.program import Program  # noqa: E402
from support.terminal import on_terminal  # noqa: E402

GOLDEN = pathlib.Path(__file__).resolve().parent.parent.parent / 'formats/archive-v1/valid/one-table.sql.zst'
HINTS = {'No space left on device': 'Free some space there', 'Input/output error': 'look into the system\'s log (dmesg)',
         'No locks available': 'must know locks'}


def expect(result, code, message, hint):
    """Exit code, the message whole (a pattern), and what the hint has."""
    told = re.search(r'^dbomsbak: error: (.*)$', result.err, re.M)
    hinted = re.search(r'^dbomsbak: hint: (.*)$', result.err, re.M)
    if result.code != code or not told or not re.fullmatch(message, told.group(1)) or not hinted or hint not in hinted.group(1):
        raise AssertionError(f'{result.args}\nended with {result.code}, not with {code}, {message!r} and {hint!r}:\n{result.err}')


class Tests:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.program = Program()
        self.faulty = Program(pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tools' / 'faulty_dbomsbak')
        self.report = self.folder / 'report'

    def strike(self, kind, number, *words, folder, **more):
        """The answer, and the call that failed, if any."""
        env = {'DBOMSBAK_FAULT': f'{kind}:{number}', 'DBOMSBAK_FAULT_REPORT': str(self.report),
               'DBOMSBAK_FAULT_FOLDER': str(folder), **more.pop('env', {})}
        result = self.faulty.run(*words, env=env, **more)
        struck = re.search(r'^struck (.*)$', self.report.read_text(), re.M)
        return result, struck and struck.group(1)

    def start_with(self, *words, stdin, prepare=None, env=None, program=None):
        """On a standard input of any kind, with what a shell may have set."""
        program = program or self.program
        ended = subprocess.run([program.path, *map(str, words)], stdin=stdin, capture_output=True, preexec_fn=prepare, timeout=120,
                               env=program.environment(env), check=False)
        result = subprocess.CompletedProcess(ended.args, ended.returncode)
        result.code, result.out, result.err = ended.returncode, ended.stdout.decode(), ended.stderr.decode()
        messages_seen.write_down(result.code, result.err, result.out)
        return result

    # Files -----------------------------------------------------------------------------------------

    def upgrade(self, state):
        """Writes a journal, whatever it finds."""
        return ['upgrade', 'check', '--state', state, '--docker', 'false', '--container', 'a', '--new-container', 'b', '--image', 'i']

    def test_each_call_that_fails_is_told_with_its_file(self):
        place = self.folder / 'place'
        told = set()
        for writes in (False, True):
            for number in range(1, 400):
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir(mode=0o700)
                shutil.copy(GOLDEN, place / 'x.sql.zst')
                words = self.upgrade(place) if writes else ['verify', place / 'x.sql.zst']
                result, struck = self.strike('files:fail', number, *words, folder=place)
                if not struck:
                    break
                if result.code != 30:  # it does not matter, or is one of the problems of an upgrade
                    assert result.code == 0 or writes and result.code == 40, f'{struck}: {result.code}\n{result.err}'
                    continue
                error = re.search(r"^dbomsbak: error: cannot (.+?) '(.+)': (.+)$", result.err, re.M)
                assert error, f'{struck}: {result.err}'
                told.add(error.group(1))
                assert error.group(2).startswith(str(place)), result.err
                own = [hint for hint in ('--state DIR', 'must know locks') if hint in result.err]
                expect(result, 30, 'cannot .*', own[0] if own else HINTS[error.group(3)])
            else:
                raise AssertionError('calls without an end')
        for verb in ('open', 'read', 'create', 'lock', 'write to', 'sync', 'rename to', 'close'):
            assert verb in told, f'nothing says that it cannot {verb}: {told}'

    def test_a_file_system_without_locks_is_told(self):
        state = self.folder / 'no-locks'
        for number in (1, 2):
            shutil.rmtree(state, ignore_errors=True)
            result, _ = self.strike('files:locks', number, *self.upgrade(state), folder=state)
            expect(result, 30, "cannot lock '.*/no-locks/[^']+': No locks available", 'The file system must know locks.')

    def test_a_file_that_another_run_keeps_replacing(self):
        state = self.folder / 'replaced'
        result, _ = self.strike('files:replaced', 1, *self.upgrade(state), folder=state)
        expect(result, 32, "another run keeps replacing '.*/replaced/[^']+\\.partial'", 'Wait for the other run to end.')

    # Standard input --------------------------------------------------------------------------------

    def test_standard_input_that_cannot_be_read(self):
        with Descriptor(os.open('/', os.O_RDONLY)) as folder:
            expect(self.start_with('verify', '-', stdin=folder), 30, "cannot read 'standard input': Is a directory", 'Check the path')
            expect(self.start_with('upgrade', 'ha-config', '--enable', '-', stdin=folder), 30,
                   'cannot read standard input: Is a directory', 'or - for standard input')
        large = self.folder / 'large'
        with open(large, 'wb') as file:
            file.truncate(17 << 20)
        with open(large, 'rb') as file:
            expect(self.start_with('upgrade', 'ha-config', '--enable', '-', stdin=file), 12,
                   'standard input is larger than 16 MiB', 'not JSON that OMS')
        expect(self.program.run('upgrade', 'ha-config', '--enable', large), 12, f'{large} is larger than 16 MiB', 'not JSON that OMS')
        master, terminal = pty.openpty()
        with os.fdopen(master), os.fdopen(terminal) as stdin:
            expect(self.start_with('verify', '-', stdin=stdin), 2, "'-' reads standard input, which is a terminal", 'Pipe an archive')
        expect(self.start_with('verify', '-', stdin=None, prepare=lambda: os.close(0)), 30,
               "cannot read 'standard input': Bad file descriptor", 'Check the path')

    def test_a_pipe_that_cannot_be_put_aside(self):
        def piped(prepare=None, env=None, program=None):
            read, write = os.pipe()
            with os.fdopen(read, 'rb') as stdin, os.fdopen(write, 'wb') as out:
                out.write(b'-- MySQL dump' + 40000 * b' ')
                out.close()
                return self.start_with('verify', '-', stdin=stdin, prepare=prepare, env=env, program=program)

        expect(piped(env={'TMPDIR': str(self.folder / 'nowhere')}), 30,
               f"cannot put standard input aside in '{self.folder}/nowhere': No such file or directory", 'TMPDIR')

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        expect(piped(small_files), 30, "cannot put aside 'standard input': File too large", 'ulimit -f')
        place = self.folder / 'full'
        place.mkdir()
        env = {'DBOMSBAK_FAULT': 'files:full:1', 'DBOMSBAK_FAULT_REPORT': str(self.report), 'DBOMSBAK_FAULT_FOLDER': str(place),
               'TMPDIR': str(place)}
        full = piped(program=self.faulty, env=env)
        expect(full, 30, 'no space to put standard input aside', 'name a folder with room for it in TMPDIR')

    # The rest --------------------------------------------------------------------------------------

    def test_no_memory_and_faults_of_ours(self):
        words = ['status', '--no-defaults', '-h127.0.0.1', '-P1']
        expect(self.strike('sessions:memory', 1, *words, folder='-')[0], 1, 'out of memory', 'Lower --jobs or --max-memory.')
        expect(self.strike('sessions:fault', 1, *words, folder='-')[0], 1, 'unexpected: a fault of ours', 'please report it')

    def test_ends_of_children_are_seen_whoever_has_started_us(self):
        state = self.folder / 'children'
        result = self.start_with(*self.upgrade(state), stdin=subprocess.DEVNULL,
                                 prepare=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        assert result.code == 40 and "false inspect --type container a' ended with 1" in result.out, result.out + result.err

    def test_a_page_is_not_for_a_terminal(self):
        code, shown = on_terminal(self.program, [], 'info', GOLDEN, '--html', cwd=self.folder)
        assert code == 2 and '--html writes a page, which is not for a terminal' in shown and '--html > page.html' in shown, shown

    def test_a_moment_that_is_none(self):
        result = self.program.run('dump', '--no-defaults', '-h127.0.0.1', '-P1', 'd', '-o', self.folder / 'x.sql',
                                  env={'SOURCE_DATE_EPOCH': 'today'})
        expect(result, 2, "SOURCE_DATE_EPOCH is 'today', which is no number of seconds", 'Unset it')


class Descriptor:
    """Of what no file object stands for: a folder."""

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def fileno(self):
        return self.descriptor

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as name:
        sys.exit(runner.run(Tests(name), sys.argv[1:]))
