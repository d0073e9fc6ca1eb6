"""Throwaway database servers, reached through the real `mysql` client.

    with Server('mariadb-10.11', event_scheduler=True) as server:
        server.sql('CREATE DATABASE d')
        server.load('sample.sql', database='d')
        rows = server.rows('SELECT a, b FROM t', database='d')
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from support.scripts import SKIPPED, run_script  # noqa: F401

TESTS = pathlib.Path(__file__).resolve().parent.parent
DEFAULT_KIND = os.environ.get('DBOMSBAK_TEST_SERVER', 'mariadb-10.11')

_UNESCAPE = {'n': '\n', 't': '\t', '0': '\0', '\\': '\\'}


class ClientError(Exception):
    """The `mysql` client ended with an error; `.text` is what it said, `.number` the server's number."""

    def __init__(self, text):
        super().__init__(text)
        self.text = text
        head = text.split('ERROR ', 1)
        digits = head[1].split()[0] if len(head) > 1 else ''
        self.number = int(digits) if digits.isdigit() else 0


def numbers(low, high):
    """SQL text of a table whose column `seq` holds the whole numbers from low to high, on any server."""
    places = len(str(high - low))
    digits = '(SELECT 0 AS d' + ''.join(f' UNION ALL SELECT {d}' for d in range(1, 10)) + ')'
    offset = ' + '.join(f'd{place}.d * {10 ** place}' for place in range(places))
    tables = ', '.join(f'{digits} AS d{place}' for place in range(places))
    return f'(SELECT {low} + {offset} AS seq FROM {tables} WHERE {offset} <= {high - low}) AS numbers'


def portable(text, kind):
    """SQL as MariaDB takes it, for any kind of server: its tables seq_1_to_9, its UUID columns, and MD5(), which
    MySQL 9 has no more."""
    if kind.startswith('mariadb'):
        return text
    text = re.sub(r'`?\bseq_(\d+)_to_(\d+)\b`?', lambda m: numbers(int(m[1]), int(m[2])), text)
    text = re.sub(r'\bMD5\((`?\w+`?)\)', r'LEFT(SHA2(\1, 256), 32)', text)
    return re.sub(r'\bUUID\b(?!\()', 'CHAR(36)', text)


def may_set_definers(kind):
    """Privileges, as GRANT takes them, of an account that may make and drop objects of any definer, one who is gone
    and root included, also triggers and functions where the binary log is on."""
    if kind.startswith('mariadb'):
        return 'SET USER'
    if kind == 'mysql-5.6':
        return 'SUPER'
    return 'SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER, SYSTEM_USER, SUPER'


def unescape(cell):
    """A cell of the client's --batch output as the text it stands for."""
    if '\\' not in cell:
        return cell
    out, i = [], 0
    while i < len(cell):
        if cell[i] == '\\' and i + 1 < len(cell) and cell[i + 1] in _UNESCAPE:
            out.append(_UNESCAPE[cell[i + 1]])
            i += 2
        else:
            out.append(cell[i])
            i += 1
    return ''.join(out)


class Server:
    """A server in a folder of its own, removed at the end. One thread at a time may start or stop it.

    `options` are further options of the server program ('--max-allowed-packet=64M'). The folder is
    made under `folder_root` (default: the system's), which must not be a tmpfs for some kinds.
    """

    def __init__(self, kind=None, options=(), event_scheduler=False, folder_root=None, keep=False):
        self.kind = kind or DEFAULT_KIND
        self.options = list(options)
        self.event_scheduler = event_scheduler
        self.keep = keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='dbs-', dir=folder_root))
        self.connection = {}
        try:
            self.start()
        except BaseException:
            self.remove()
            raise

    @classmethod
    def at(cls, port=3306, socket='', host='127.0.0.1'):
        """A server that somebody else runs: no start, stop or removal."""
        server = cls.__new__(cls)
        server.kind = DEFAULT_KIND
        server.connection = {'host': host, 'port': str(port), 'socket': socket}
        return server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    # Life of the server -----------------------------------------------------------------------

    def start(self, extra_options=(), port=None):
        """Starts it, also again on the same data after kill9() or stop()."""
        command = [TESTS / 'servers' / 'start', self.kind, self.folder]
        if port is not None:
            command += ['--port', str(port)]
        if self.event_scheduler:
            command.append('--event-scheduler')
        command += ['--', *self.options, *extra_options]
        self.connection = run_script(command, f'{self.kind} did not start')

    def stop(self):
        """An orderly shutdown; the data stays for start()."""
        subprocess.run([TESTS / 'servers' / 'stop', self.folder], check=True)

    def kill9(self):
        """SIGKILL, as a power cut is to the server; the data stays for start()."""
        subprocess.run([TESTS / 'servers' / 'stop', '--kill', self.folder], check=True)

    def pause(self):
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def remove(self):
        if self.keep:
            print(f'kept server folder {self.folder}')
            return
        subprocess.run([TESTS / 'servers' / 'stop', '--kill', self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    # How to reach it --------------------------------------------------------------------------

    @property
    def host(self):
        return self.connection['host']

    @property
    def port(self):
        return int(self.connection['port'])

    @property
    def socket(self):
        """Path of the Unix socket, '' when this kind has none that can be reached from here."""
        return self.connection['socket']

    @property
    def pid(self):
        return int(self.connection['pid'])

    @property
    def sees_routines(self):
        """The grant, but for TO, that shows an account the text of others' routines."""
        return 'SHOW_ROUTINE ON *.*' if self.kind == 'mysql-9.7' else 'SELECT ON `mysql`.*'

    @property
    def may_set_definers(self):
        return may_set_definers(self.kind)

    @property
    def log(self):
        return pathlib.Path(self.connection['log']).read_text(errors='replace')

    def alive(self):
        try:
            self.sql('SELECT 1', timeout=30)
            return True
        except (ClientError, subprocess.TimeoutExpired):
            return False

    def client_options(self, user='root', password=None, tcp=False):
        """Connection options that the mysql client and dbomsbak both understand."""
        where = ['-S', self.socket] if self.socket and not tcp else [
            '--protocol=tcp', '-h', self.host, '-P', str(self.port)]
        options = [*where, '-u', user]
        if password is not None:
            options.append(f'-p{password}')
        return options

    # Talking to it ----------------------------------------------------------------------------

    def client_command(self, database=None, options=(), user='root', password=None):
        client = shutil.which('mariadb') or shutil.which('mysql')
        command = [client, '--no-defaults', *self.client_options(user, password),
                   '--default-character-set=utf8mb4', '--comments', *options]
        if database is not None:
            command.append(database)
        return command

    def run_client(self, text, database=None, options=(), user='root', password=None, timeout=600):
        """Runs SQL text (str or bytes) through the client; returns its stdout as bytes."""
        data = text.encode() if isinstance(text, str) else text
        done = subprocess.run(self.client_command(database, options, user, password), input=data,
                              capture_output=True, timeout=timeout)
        if done.returncode != 0:
            raise ClientError(done.stderr.decode(errors='replace').strip())
        return done.stdout

    def sql(self, text, database=None, user='root', password=None, timeout=600):
        """Runs statements (DELIMITER and the like allowed, see also portable()); returns the plain output as str."""
        return self.run_client(portable(text, self.kind), database, ['--batch', '--raw', '--skip-column-names'],
                               user, password, timeout).decode(errors='surrogateescape')

    def try_sql(self, text, database=None):
        """Runs statements and goes on after each that fails."""
        subprocess.run(self.client_command(database, ['--force']), input=text.encode(),
                       capture_output=True)

    def rows(self, text, database=None, user='root', password=None, timeout=600):
        """Rows of a query: a list of lists of str; NULL comes as the word NULL."""
        out = self.run_client(text, database, ['--batch', '--skip-column-names'], user, password,
                              timeout).decode(errors='surrogateescape')
        lines = out.split('\n')
        return [[unescape(c) for c in line.split('\t')] for line in lines[:-1]]

    def value(self, text, database=None, **kw):
        """The one cell of a query that gives one row of one column."""
        rows = self.rows(text, database, **kw)
        if len(rows) != 1 or len(rows[0]) != 1:
            raise AssertionError(f'{text!r} gave {rows!r}, not one value')
        return rows[0][0]

    def load(self, path, database=None, timeout=1800, options=()):
        """Feeds a file to the client. `.zst` goes through `zstd -dc`, as a person would do it."""
        path = pathlib.Path(path)
        client = self.client_command(database, options)
        if path.suffix == '.zst':
            unpack = subprocess.Popen(['zstd', '-dc', '-q', path], stdout=subprocess.PIPE)
            done = subprocess.run(client, stdin=unpack.stdout, capture_output=True, timeout=timeout)
            unpack.stdout.close()
            if unpack.wait() != 0 and done.returncode == 0:  # or it lost the client that had an error
                raise RuntimeError(f'zstd -dc {path} failed')
        else:
            with open(path, 'rb') as file:
                done = subprocess.run(client, stdin=file, capture_output=True, timeout=timeout)
        if done.returncode != 0:
            raise ClientError(done.stderr.decode(errors='replace').strip())

    def databases(self):
        """All databases but the server's own."""
        own = {'information_schema', 'mysql', 'performance_schema', 'sys', 'oceanbase', 'test',
               '__recyclebin', '__public', 'sys_external_tbs'}
        return [row[0] for row in self.rows('SHOW DATABASES') if row[0].lower() not in own]

    def create_account(self, user, password='', host='%', grants=()):
        """Makes an account; `grants` are like 'SELECT, TRIGGER ON `d`.*'."""
        name = f"'{user}'@'{host}'"
        text = [f"CREATE USER {name} IDENTIFIED BY '{password}';"]
        text += [f'GRANT {grant} TO {name};' for grant in grants]
        self.sql('\n'.join(text))

    def drop_account(self, user, host='%'):
        """Drops an account if there is one (MySQL 5.6 has no DROP USER IF EXISTS)."""
        if self.value(f"SELECT COUNT(*) FROM mysql.user WHERE User = '{user}' AND Host = '{host}'") != '0':
            self.sql(f"DROP USER '{user}'@'{host}'")

    def wait_for(self, query, expected, seconds=30):
        """Polls a one-value query until it gives `expected`."""
        deadline = time.monotonic() + seconds
        while True:
            got = self.value(query)
            if got == str(expected):
                return
            if time.monotonic() > deadline:
                raise AssertionError(f'{query!r} stayed {got!r}, wanted {expected!r}')
            time.sleep(0.05)
