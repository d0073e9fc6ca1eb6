"""One session held open through the `mysql` client: for locks, transactions and statements that wait.

    holder = Talk(server)
    holder('LOCK TABLES d.t WRITE')
    waiting = holder.send('ALTER TABLE d.u FORCE')     # does not wait for its end
    holder.answer(waiting)
"""

import contextlib
import re
import secrets
import subprocess


SERVER_GONE = {2002, 2003, 2006, 2013}


class Talk:
    def __init__(self, server, database=None, user='root', password=None):
        options = ['--batch', '--skip-column-names', '--unbuffered', '--force']
        self._client = subprocess.Popen(server.client_command(database, options, user, password),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, text):
        mark = 'mark-' + secrets.token_hex(8)
        self._client.stdin.write(f"{text};\nSELECT '{mark}';\n".encode())
        self._client.stdin.flush()
        return mark

    def answer(self, mark):
        """The lines it printed; errors are lines that begin with ERROR."""
        lines = []
        while True:
            line = self._client.stdout.readline()
            if not line:
                raise AssertionError(f'the client has gone: {lines[-5:]}')
            line = line.decode(errors='replace').rstrip('\n')
            if line == mark:
                return lines
            lines.append(line)
            # The statement that prints the mark is lost, too: it will never come.
            if sum(error_number([line]) in SERVER_GONE for line in lines) > 1:
                raise AssertionError(f'the server has gone: {lines[-5:]}')

    def __call__(self, text):
        return self.answer(self.send(text))

    def must(self, text):
        """Runs it; an error is one."""
        lines = self(text)
        if error_number(lines):
            raise AssertionError(f'{text}: {lines}')
        return lines

    def close(self):
        """Ends the session, whatever it waits for."""
        self._client.kill()
        self._client.wait()  # another thread may be reading: it meets the end
        for pipe in (self._client.stdin, self._client.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def error_number(lines):
    """The server's number of the first error in an answer; 0 when there is none."""
    for line in lines:
        found = re.match(r'ERROR (\d+)', line)
        if found:
            return int(found[1])
    return 0
