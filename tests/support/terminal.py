"""The program on a terminal of its own."""

import os
import pty
import re
import select
import time

from . import messages_seen


def on_terminal(program, answers, *words, cwd, seconds=60, env=None):
    """Runs the program on a terminal of its own. `answers`: (text to wait for, what is typed then).
    Returns exit code and all that the terminal showed."""
    answers = list(answers)
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.chdir(cwd)
            os.execve(program.path, [program.path, *map(str, words)], program.environment(env))
        finally:
            os._exit(127)
    shown, seen, deadline = b'', 0, time.monotonic() + seconds
    while True:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            shown += piece
        if answers and answers[0][0].encode() in shown[seen:]:
            seen = len(shown)
            os.write(terminal, answers.pop(0)[1].encode())
        if time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            raise AssertionError(f'{words} waits:\n{shown.decode(errors="replace")}')
    os.close(terminal)
    status = os.waitpid(child, 0)[1]
    assert not answers, f'{words} never said {answers[0][0]}:\n{shown.decode(errors="replace")}'
    code, text = os.waitstatus_to_exitcode(status), shown.decode(errors='replace')
    messages_seen.write_down(code, re.sub(r'\x1b\[[\d;?]*[A-Za-z]|\r', '', text), '')
    return code, text
