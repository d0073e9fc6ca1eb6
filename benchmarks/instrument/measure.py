"""Runs one command and tells what it cost: wall time, processor time of both sides, memory.

    sample = Meter(server_pid).run(['dbomsbak', 'dump', …])     # or a pipeline as one string, for bash
    sample.seconds, sample.client_cpu, sample.server_cpu, sample.peak_kib, sample.out
"""

import dataclasses
import os
import pathlib
import subprocess
import tempfile
import threading
import time

_TICK = os.sysconf('SC_CLK_TCK')
_LOOK_EVERY_S = 0.02


class Failed(Exception):
    """A command ended with an error."""


@dataclasses.dataclass
class Sample:
    seconds: float
    client_cpu: float  # seconds of user and system time, of the command and all its children
    server_cpu: float
    peak_kib: int      # the peaks of the processes that ran at one time, summed
    out: str           # what the command wrote to standard output, unless that went elsewhere
    bytes: int = 0     # what it made, as its caller knows


def cpu_seconds(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(') ')[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _peaks(pid):
    """KiB that each process of the tree has held at most, by pid."""
    found = {}
    waiting = [pid]
    while waiting:
        pid = waiting.pop()
        try:
            status = pathlib.Path(f'/proc/{pid}/status').read_text()
            for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
                waiting += (task / 'children').read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in status.splitlines():
            if line.startswith('VmHWM:'):
                found[pid] = int(line.split()[1])
    return found


class _MemoryWatch(threading.Thread):
    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_kib = 0
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            self.peak_kib = max(self.peak_kib, sum(_peaks(self.pid).values()))
            self.over.wait(_LOOK_EVERY_S)

    def end(self):
        self.over.set()
        self.join()
        return self.peak_kib


class Meter:
    """Of commands that talk to the server with that process number; 0: to none."""

    def __init__(self, server_pid=0):
        self.server_pid = server_pid

    def run(self, command, stdin=subprocess.DEVNULL, gated=False):
        """`gated`: the command writes "ready" when it has prepared itself; what comes behind is measured."""
        if isinstance(command, str):
            command = ['bash', '-o', 'pipefail', '-c', command]
        command = [str(part) for part in command]
        with tempfile.TemporaryFile('w+') as err:
            if gated:
                stdin = subprocess.PIPE
            process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=err, text=True)
            client_before = 0.0
            if gated:
                if process.stdout.readline() != 'ready\n':
                    process.wait()
                    err.seek(0)
                    raise Failed(f'{command[0]} did not get ready: {err.read()[-2000:]}')
                client_before = cpu_seconds(process.pid)
            server_before = self._server_cpu()
            began = time.monotonic()
            if gated:
                process.stdin.write('go\n')
                process.stdin.close()
            watch = _MemoryWatch(process.pid)
            watch.start()
            out = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
            process.stdout.close()
            process.returncode = os.waitstatus_to_exitcode(status)
            sample = Sample(seconds, usage.ru_utime + usage.ru_stime - client_before,
                            self._server_cpu() - server_before, watch.end(), out)
            if process.returncode != 0:
                err.seek(0)
                raise Failed(f'{" ".join(command)} ended with {process.returncode}: {err.read()[-2000:]}')
        return sample

    def wait_until_idle(self, seconds=20):
        """Until the server works off nothing more from before, or so many seconds."""
        deadline = time.monotonic() + seconds
        while self.server_pid and time.monotonic() < deadline:
            before = self._server_cpu()
            time.sleep(0.5)
            if self._server_cpu() - before < 0.03:
                return

    def _server_cpu(self):
        return cpu_seconds(self.server_pid) if self.server_pid else 0.0


def size_of(path):
    """Bytes of a file, or of all files of a folder."""
    path = pathlib.Path(path)
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob('*') if file.is_file())
