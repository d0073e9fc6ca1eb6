#!/usr/bin/env python3
"""Bad input with a server: each has its documented code and a sentence one can act on.

Also the ways in that work: option files, password files, environment, socket and TCP, stdout; and what each command answers
with --json.
"""

import json
import os
import pathlib
import socket
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402

SCHEMA = """
CREATE DATABASE d; CREATE DATABASE e;
CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO d.t VALUES (1, 'one'), (2, 'two');
CREATE TABLE d.customers (id INT PRIMARY KEY);
CREATE TABLE e.u (id INT PRIMARY KEY); INSERT INTO e.u VALUES (7);
CREATE VIEW d.v AS SELECT id FROM d.t;
DELIMITER ;;
CREATE TRIGGER d.tr BEFORE INSERT ON d.t FOR EACH ROW SET NEW.v = UPPER(NEW.v);;
CREATE PROCEDURE d.p() SELECT 1;;
"""


# Each command's answers, with the exit code: Program.run holds all of them against README's table. FILE is an archive of d,
# DIR a folder. Before diff, a row is changed.
JSON_ANSWERS = [
    (0, 'dump d -o DIR/again.sql.zst'),
    (31, 'dump d -o DIR/again.sql.zst'),
    (0, 'dump d -o DIR/again.sql'),
    (12, 'dump nowhere mysql -o DIR/x.sql'),
    (0, 'check d'),
    (0, 'check --restore FILE'),
    (2, 'check --restore FILE --into e'),
    (0, 'diff FILE'),
    (0, 'restore FILE --dry-run'),
    (0, 'restore FILE --rehearse'),
    (0, 'restore FILE --prepare'),
    (0, 'status'),
    (0, 'restore FILE --prepare'),
    (0, 'restore --abort --dry-run'),
    (0, 'restore --abort'),
    (0, 'restore FILE'),
    (0, 'undo --dry-run'),
    (0, 'undo'),
    (0, 'purge --dry-run'),
    (0, 'purge'),
    (0, 'purge'),
    (34, 'undo'),
    (0, 'snapshot d --dir DIR --label l --keep 1'),
    (0, 'snapshot d --dir DIR --label l --keep 1 --pin why'),
    (30, 'snapshot d --dir DIR/again.sql'),
    (4, 'diff FILE --rows'),
    (4, 'diff FILE'),
]


class Cases:
    def __init__(self, program, server, folder):
        self.program, self.server, self.folder = program, server, folder
        self.faults = []
        self.count = 0

    def bad(self, code, named, hint, *words, **kw):
        """Ends with `code` (or one of them), names `named`, tells `hint`, leaves nothing behind."""
        self.count += 1
        before = sorted(path.name for path in self.folder.iterdir())
        result = self.program.run(*words, cwd=self.folder, **kw)
        codes = code if isinstance(code, tuple) else (code,)
        # A list of several things belongs to its message.
        whole = result.err.replace('\n  - ', '  - ')
        errors = [line for line in whole.splitlines() if line.startswith('dbomsbak: error: ')]
        hints = [line for line in result.err.splitlines() if line.startswith('dbomsbak: hint: ')]
        problems = []
        if result.code not in codes:
            problems.append(f'ended with {result.code}, not {code}')
        if len(errors) != 1 or named.lower() not in errors[0].lower():
            problems.append(f'the message does not name {named}')
        if hint and not (hints and hint.lower() in hints[0].lower()):
            problems.append(f'the hint does not tell {hint}')
        if sorted(path.name for path in self.folder.iterdir()) != before:
            problems.append('files were left behind')
        if problems:
            self.faults.append(f'dbomsbak {" ".join(map(str, words))}\n    ' + '\n    '.join(problems) +
                               '\n    ' + result.err.strip().replace('\n', '\n    '))
        return result

    def good(self, *words, **kw):
        self.count += 1
        result = self.program.run(*words, cwd=self.folder, **kw)
        if result.code != 0:
            self.faults.append(f'dbomsbak {" ".join(map(str, words))}\n    ended with {result.code}\n    ' +
                               result.err.strip())
        return result

    def check(self, holds, text):
        self.count += 1
        if not holds:
            self.faults.append(text)


def accounts(server):
    server.create_account('full', 'right', grants=['ALL PRIVILEGES ON *.*'])
    server.create_account('none', 'right')
    server.create_account('reader', 'right', grants=['SELECT ON `d`.*'])
    server.create_account('dumper', 'right',
                          grants=['SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON `d`.*'])


def connection(cases, server):
    where = ['--no-defaults', '--ssl-mode=DISABLED', '-h', server.host, '-P', server.port]
    with socket.create_server(('127.0.0.1', 0)) as taken:
        free = taken.getsockname()[1]
    out = ['-o', 'x.sql.zst']
    cases.bad(10, str(free), '', 'dump', '--no-defaults', '-h127.0.0.1', f'-P{free}', '-uroot', 'd', *out)
    cases.bad(10, '/no/such.sock', '', 'dump', '--no-defaults', '-S', '/no/such.sock', '-uroot', 'd', *out)
    cases.bad(10, 'no-such-host.invalid', '', 'check', '--no-defaults', '-h', 'no-such-host.invalid', 'd')
    cases.bad((10, 11), 'full', '', 'dump', *where, '-ufull', '-pwrong', 'd', *out)
    cases.bad((10, 11), 'nobody', '', 'check', *where, '-unobody', '-px', 'd')
    cases.bad((10, 11), 'full', '', 'status', *where, '-ufull', '--skip-password')
    # Something listens there that is no server.
    with socket.create_server(('127.0.0.1', 0)) as mute:
        cases.bad(10, str(mute.getsockname()[1]), '', 'check', '--no-defaults', '-h127.0.0.1',
                  f'-P{mute.getsockname()[1]}', '--connect-timeout=1', 'd')


def objects(cases, server):
    as_full = ['--no-defaults', '--ssl-mode=DISABLED', '-h', server.host, '-P', server.port, '-ufull', '-pright']
    out = ['-o', 'x.sql.zst']
    cases.bad(2, '`nosuch`', '', 'dump', *as_full, 'nosuch', *out)
    # Such an archive could never be restored.
    for own in ('mysql', 'information_schema', 'INFORMATION_SCHEMA', 'performance_schema', 'sys'):
        cases.bad(12, own, 'Leave it away', 'dump', *as_full, 'd', own, *out)
    misspelt = cases.program.run('dump', *as_full, '-q', 'd', '--ignore-table=d.customer', '-o', 'misspelt.sql', cwd=cases.folder)
    cases.check('warning' in misspelt.err and "'customers'" in misspelt.err,
                f'--ignore-table of no table: {misspelt.err!r}')
    cases.bad(2, 'customer', 'customers', 'dump', *as_full, '--only', 'd.customer', *out)
    cases.bad(2, '`t`', '--only d.t', 'dump', *as_full, 'd', 't', *out)
    cases.bad(31, 'there.sql.zst', '--overwrite', 'dump', *as_full, 'd', '-o', 'there.sql.zst')
    cases.bad((2, 14), 'nocolumn', '', 'dump', *as_full, 'd', '--where', 'nocolumn = 1', *out)
    cases.bad(2, 'nosuch', '', 'check', *as_full, 'nosuch')
    cases.check((cases.folder / 'there.sql.zst').read_text() == 'older', 'an older file was changed')

    # A dump to a full disk publishes nothing and leaves nothing; into /dev/full it is an error.
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([cases.program.path, 'dump', *map(str, as_full), 'd'], stdout=full,
                              stderr=subprocess.PIPE, env=cases.program.environment())
    cases.check(done.returncode == 30, f'dump > /dev/full ended with {done.returncode}: {done.stderr}')


def privileges(cases, server):
    where = ['--no-defaults', '--ssl-mode=DISABLED', '-h', server.host, '-P', server.port, '-pright']
    out = ['-o', 'x.sql.zst']
    cases.bad((2, 11), 'd', '', 'dump', *where, '-unone', 'd', *out)
    refused = cases.bad(11, 'd', 'GRANT', 'dump', *where, '-ureader', 'd', *out)
    cases.check('GRANT' in refused.err, f'no GRANT is told: {refused.err}')
    checked = cases.program.run('check', *where, '-ureader', 'd')
    cases.check(checked.code == 11, f'check without privileges ended with {checked.code}')
    cases.check('GRANT' in checked.out, f'check tells no GRANT: {checked.out}')
    # The GRANTs that check tells are the ones that are missing: given, the dump works.
    answer = json.loads(cases.program.run('check', *where, '-ureader', 'd', '--json').out)
    grants = [f['remedy'] for f in answer['findings'] if f['remedy'].startswith('GRANT')]
    cases.check(grants, f'check --json names no GRANT: {answer}')
    for grant in grants:
        server.sql(grant if grant.endswith(';') else grant + ';')
    if grants:
        cases.good('dump', *where, '-ureader', 'd', '-o', 'granted.sql.zst')


def read_only(cases, server):
    as_full = ['--no-defaults', '--ssl-mode=DISABLED', '-h', server.host, '-P', server.port, '-pright']
    server.sql('SET GLOBAL read_only = 1')
    try:
        server.create_account('writer', 'right', grants=['SELECT, INSERT, CREATE, DROP, ALTER ON `d%`.*'])
        cases.good('dump', *as_full, '-ufull', 'd', '-o', 'read-only.sql.zst')
        before = server.rows('SELECT * FROM d.t ORDER BY id')
        cases.bad((11, 14, 34), 'read', '', 'restore', *as_full, '-uwriter', 'read-only.sql.zst')
        cases.check(server.rows('SELECT * FROM d.t ORDER BY id') == before, 'restore changed a table')
        cases.check(not [name for name in server.databases() if 'dbomsbak' in name],
                    f'staging is left: {server.databases()}')
    finally:
        server.sql('SET GLOBAL read_only = 0')


def others_at_work(cases, server):
    """A session in the database refuses a restore, unless it is forced; a rehearsal only tells."""
    as_root = ['--no-defaults', *server.client_options()]
    cases.good('dump', *as_root, 'e', '-o', 'e.sql.zst')
    server.sql('INSERT INTO e.u VALUES (8)')
    other = subprocess.Popen(server.client_command('e'), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        server.wait_for("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = 'e'", '1')
        cases.bad(34, 'other session', '', 'restore', *as_root, 'e.sql.zst')
        cases.check(server.value('SELECT COUNT(*) FROM e.u') == '2', 'a refused restore changed a table')
        told = cases.good('restore', *as_root, 'e.sql.zst', '--rehearse')
        cases.check('other session' in told.err, f'the rehearsal does not tell: {told.err}')
        cases.good('restore', *as_root, 'e.sql.zst', '--force')
        cases.check(server.value('SELECT COUNT(*) FROM e.u') == '1', 'the forced restore did nothing')
        cases.good('purge', *as_root)
    finally:
        other.kill()
        other.wait()


def ways_in(cases, server):
    where = ['--ssl-mode=DISABLED', '-h', server.host, '-P', server.port, '-ufull']
    plain = ['--no-defaults', *where]
    folder = cases.folder
    (folder / 'password').write_text('right\n')
    (folder / 'client.cnf').write_text(f'[client]\nhost={server.host}\nport={server.port}\nuser=full\n'
                                       'password="right"\n[dbomsbak]\nconnect-timeout=7\n')
    os.chmod(folder / 'client.cnf', 0o600)
    cases.good('status', *plain, '-pright')
    cases.good('status', *plain, '--password=right')
    cases.good('status', *plain, '--password-file=password')
    cases.good('status', *plain, env={'DBOMSBAK_PASSWORD': 'right'})
    cases.good('status', *plain, env={'MYSQL_PWD': 'right'})
    cases.good('status', '--defaults-file=client.cnf')
    cases.good('status', '--defaults-extra-file=client.cnf')
    if server.socket:
        cases.good('status', '--no-defaults', '-S', server.socket, '-uroot')

    # Several at a terminal's habit: mysqldump's own command line.
    dumped = cases.good('dump', *plain, '-pright', '--single-transaction', '--triggers=false', 'd')
    cases.check('CREATE TABLE' in dumped.out and 'CREATE TRIGGER' not in dumped.out.upper().replace(
        '  ', ' ') and "(2,'two')" in dumped.out, 'the dump to stdout is not what was asked for')
    cases.check(dumped.out.rstrip().endswith('-- Dump completed'), 'no completion line')
    cases.check('ignored: --single-transaction' in dumped.err, f'no notice: {dumped.err}')
    cases.check('receipt:' in dumped.err, f'no receipt: {dumped.err}')

    result = cases.good('dump', *plain, '-pright', 'd', 'e', '-o', 'set.sql.zst', '--json', '-q')
    answer = json.loads(result.out)
    cases.check(answer['receipt']['databases'] == ['d', 'e'], result.out)
    cases.check(answer['receipt']['rows'] == 3, result.out)
    cases.check(result.err == '', f'-q is not quiet: {result.err}')
    for name in ('set.sql.zst', 'set.sql.zst.sha256'):
        mode = stat.S_IMODE((folder / name).stat().st_mode)
        cases.check(mode == 0o600, f'{name} has mode {mode:o}')
    summed = subprocess.run(['sha256sum', '-c', 'set.sql.zst.sha256'], cwd=folder, capture_output=True)
    cases.check(summed.returncode == 0, f'sha256sum -c: {summed.stdout} {summed.stderr}')
    cases.good('verify', 'set.sql.zst', '--expect', answer['receipt']['root'])
    cases.good('verify', 'set.sql.zst', '--expect', 'sha256:' + answer['receipt']['root'].upper())
    wrong = cases.program.run('verify', 'set.sql.zst', '--expect', 64 * '0', cwd=folder)
    cases.check(wrong.code != 0, 'verify --expect took another digest')
    piped = cases.good('dump', *plain, '-pright', 'd', 'e', '-o', '-')
    cases.check(subprocess.run(['zstd', '-t', '-q'], input=piped.stdout).returncode == 0,
                'zstd refuses the archive on stdout')
    cases.good('dump', *plain, '-pright', 'd', 'e', '-o', 'set.sql.zst', '--overwrite', '-j1')
    cases.good('verify', 'set.sql.zst')

    text = cases.good('cat', 'set.sql.zst').out
    unpacked = subprocess.run(['zstd', '-dc', 'set.sql.zst'], cwd=folder, capture_output=True).stdout
    cases.check(text == unpacked.decode(), 'cat differs from zstd -dc')
    part = cases.good('cat', 'set.sql.zst', '--only', 'e.u').out
    cases.check('(7)' in part and "'two'" not in part, f'cat --only gave {part}')
    rows_only = cases.good('cat', 'set.sql.zst', '--only', 'd.t', '--data').out
    cases.check("(2,'two')" in rows_only and 'CREATE TABLE' not in rows_only, rows_only)
    schema = cases.good('cat', 'set.sql.zst', '--schema').out
    cases.check('CREATE TABLE' in schema and 'INSERT INTO' not in schema, schema)
    # What cat gives of a whole archive's definitions and rows loads with the client.
    server.sql('CREATE DATABASE loaded')
    server.run_client(cases.good('cat', 'set.sql.zst', '--only', 'd.customers', '--only', 'd.t').out.replace(
        'USE `d`;', 'USE `loaded`;'))
    cases.check(server.value('SELECT GROUP_CONCAT(v ORDER BY id) FROM loaded.t') == 'one,two',
                'a part given by cat does not load')
    server.sql('DROP DATABASE loaded')
    manifest = json.loads(cases.good('info', 'set.sql.zst', '--json').out)
    names = {(o['database'], o['kind'], o['name']) for o in manifest['objects']}
    cases.check({('d', 'table', 't'), ('d', 'trigger', 'tr'), ('d', 'procedure', 'p'), ('d', 'view', 'v'),
                 ('e', 'table', 'u')} <= names, f'info lists {names}')
    cases.check('d.customers' in cases.good('info', 'set.sql.zst').out, 'info does not list a table')


def json_answers(cases, server):
    folder = cases.folder / 'json'
    folder.mkdir()
    root = server.client_options()
    archive = folder / 'd.sql.zst'
    cases.good('dump', *root, 'd', '-o', archive)
    for code, line in JSON_ANSWERS:
        if code == 4:
            server.sql("UPDATE d.t SET v = 'other' WHERE id = 1")
        words = [str(archive) if word == 'FILE' else word.replace('DIR', str(folder)) for word in line.split()]
        options = [] if words[0] == 'prune' else root
        cases.count += 1
        try:
            cases.program.run(*words, *options, '--json').expect(code)
        except AssertionError as fault:
            cases.faults.append(f'{line}: {fault}')
    for words in (('dump', 'd', '-o', folder / 'y.sql'), ('check', 'd')):
        cases.bad(11, '', '', *words, *server.client_options('none', 'right'), '--json')


def main():
    program = Program()
    with Server() as server, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / 'there.sql.zst').write_text('older')
        server.sql(SCHEMA)
        accounts(server)
        cases = Cases(program, server, folder)
        for part in (connection, objects, ways_in, others_at_work, privileges, read_only, json_answers):
            try:
                part(cases, server)
            except Exception as problem:  # the other parts are worth hearing about
                cases.faults.append(f'{part.__name__}: {type(problem).__name__}: {problem}')
    print('\n'.join(cases.faults))
    print(f'{cases.count} cases, {len(cases.faults)} faults')
    return 1 if cases.faults else 0


if __name__ == '__main__':
    sys.exit(main())
