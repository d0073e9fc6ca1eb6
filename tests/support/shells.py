"""Interactive shells on a terminal of their own, as somebody types into them.

    with Bash(completion, cwd=folder) as shell:
        shell.completed('dbomsbak ver')         # what the line is behind a TAB
        shell.offered('dbomsbak dump --')       # all that could stand there
"""

import os
import pathlib
import pty
import select
import shutil
import tempfile
import time


class Shell:
    """`more`: lines that the shell reads before its completion."""

    program = ''
    script = 'start'
    arguments = []
    start = ''  # with {completion} and {out}, the file that the line is written to

    def __init__(self, completion, cwd, more=''):
        self._work = tempfile.TemporaryDirectory(prefix='shell-')
        work = pathlib.Path(self._work.name)
        self._out = work / 'out'
        script = work / self.script
        script.write_text(more + self.start.format(completion=completion, out=self._out))
        arguments = [a.format(script=script) for a in self.arguments]
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            try:
                os.chdir(cwd)
                os.execvpe(self.program, [self.program, *arguments],
                           {'PATH': os.environ['PATH'], 'HOME': str(work), 'TERM': 'dumb', 'LC_ALL': 'C.UTF-8',
                            'ZDOTDIR': str(work)})
            finally:
                os._exit(127)
        self._shown = b''
        self._wait(lambda: b'ready>' in self._shown)

    @classmethod
    def is_there(cls):
        return shutil.which(cls.program) is not None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._terminal)
        os.kill(self._child, 9)
        os.waitpid(self._child, 0)
        self._work.cleanup()

    def _wait(self, done, seconds=120):
        deadline = time.monotonic() + seconds
        while not done():
            if select.select([self._terminal], [], [], 0.01)[0]:
                self._shown += os.read(self._terminal, 65536)
            assert time.monotonic() < deadline, f'{self.program}: {self._shown.decode(errors="replace")}'

    def _typed(self, keys):
        """The line when these keys were typed, and then the one that writes it to a file and empties it."""
        self._out.unlink(missing_ok=True)
        os.write(self._terminal, keys.encode() + b'\x18\x10')
        self._wait(self._out.exists)
        return self._out.read_text()

    def completed(self, line):
        return self._typed(line + '\t')

    def offered(self, line):
        words = self._typed(line + '\x18\x0f').split()
        return words[len(line.split()) - (not line.endswith(' ')):]


class Bash(Shell):
    program = 'bash'
    arguments = ['--noprofile', '--init-file', '{script}', '-i']
    start = '''
bind 'set bell-style none'
bind 'set completion-query-items 0'
bind 'set page-completions off'
write_line() {{ printf '%s' "$READLINE_LINE" > {out}.new; mv {out}.new {out}; READLINE_LINE=; READLINE_POINT=0; }}
bind -x '"\\C-x\\C-p": write_line'
bind '"\\C-x\\C-o": insert-completions'
. {completion}
unset HISTFILE
PS1='ready> '
'''


class Zsh(Shell):
    program = 'zsh'
    script = '.zshrc'
    arguments = ['-d', '-i']
    start = '''
fpath=({completion}(:h) $fpath)
autoload -Uz compinit
compinit -u -D
setopt no_beep no_list_beep
zstyle ':completion:*' list-prompt ''
LISTMAX=-1
write_line() {{ print -rn -- "$BUFFER" > {out}.new; command mv {out}.new {out}; BUFFER= }}
zle -N write_line
bindkey -e
bindkey '^x^p' write_line
zle -C all-matches complete-word _generic
bindkey '^x^o' all-matches
zstyle ':completion:all-matches::::' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert yes
PS1='ready> '
'''
