"""The program in tmux: a real terminal, whose screen can be read and whose size changes."""

import os
import shlex
import shutil
import subprocess
import time


def find():
    return shutil.which('tmux')


class Tmux:
    """One pane. `start` runs the program in it; the pane stays when it has ended."""

    def __init__(self, program, cwd, width, height):
        self.program, self.cwd = program, cwd
        self.socket = os.path.join(cwd, 'tmux')
        self.call('-f', '/dev/null', 'new-session', '-d', '-x', str(width), '-y', str(height), '-c', str(cwd), 'sh')

    def call(self, *words):
        return subprocess.run(['tmux', '-S', self.socket, *words], check=True, capture_output=True, text=True,
                              env=dict(os.environ, TERM='xterm-256color', LC_ALL='C.UTF-8')).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call('kill-server')

    def start(self, *words, env=None):
        given = {'HOME': self.program.home, 'LC_ALL': 'C.UTF-8', **(env or {})}
        line = ' '.join(shlex.quote(f'{key}={value}') for key, value in given.items())
        line = f'env {line} {shlex.join([str(self.program.path), *map(str, words)])}; echo "ended with" $?'
        script = os.path.join(self.cwd, 'run.sh')
        with open(script, 'w') as file:
            file.write(line + '\n')
        self.call('send-keys', 'clear', 'Enter')
        self.wait(lambda lines: not any('ended with' in line for line in lines))  # of the one before
        self.call('send-keys', f'clear; . {script}', 'Enter')

    def resize(self, width, height):
        self.call('resize-window', '-x', str(width), '-y', str(height))

    def screen(self, colours=False):
        """Its lines, as they are on the screen: what was wrapped is several."""
        return [line.rstrip() for line in self.call('capture-pane', '-p', *(['-e'] if colours else [])).splitlines()]

    def wait(self, about, seconds=20, colours=False):
        """Until about(lines) is true; returns the lines."""
        deadline = time.monotonic() + seconds
        while True:
            lines = self.screen(colours)
            if about(lines):
                return lines
            if time.monotonic() > deadline:
                raise AssertionError('not seen:\n' + '\n'.join(lines))
            time.sleep(0.05)
