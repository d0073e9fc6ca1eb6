#!/usr/bin/env python3
# ctest: labels=client,measures kinds=mariadb-10.11,mariadb-11.8,mysql-9.7 others=as_it_comes
"""Ways to a server: TLS with good and wrong certificates, sockets, option files, lost connections."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import socket

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program, sanitized  # noqa: E402
from support.server import DEFAULT_KIND, Server, numbers  # noqa: E402

FAULTS = []

MYSQL = DEFAULT_KIND.startswith('mysql')
WITH_TLS, WITHOUT_TLS = ('--tls-version=TLSv1.2,TLSv1.3', '--tls-version=') if MYSQL else ('--ssl', '--skip-ssl')


def check(holds, text):
    if not holds:
        FAULTS.append(text)


def series(low, high):
    return numbers(low, high) if MYSQL else f'mysql.seq_{low}_to_{high}'


def probe_path():
    build = os.environ.get('DBOMSBAK_BUILD') or str(pathlib.Path(os.environ['DBOMSBAK']).parent)
    return pathlib.Path(build) / 'tests' / 'server_probe'


def openssl(folder, *words):
    subprocess.run(['openssl', *words], cwd=folder, check=True, capture_output=True)


def certificates(folder):
    """An authority, a certificate of it for the name `localhost` and 127.0.0.1, one for another
    name, and an authority that signed neither."""
    openssl(folder, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', 'ca.key',
            '-out', 'ca.pem', '-subj', '/CN=test authority')
    openssl(folder, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout',
            'stranger.key', '-out', 'stranger.pem', '-subj', '/CN=stranger')
    for name, names in (('server', 'DNS:localhost,IP:127.0.0.1'), ('elsewhere', 'DNS:elsewhere.invalid')):
        (folder / f'{name}.ext').write_text(f'subjectAltName={names}\n')
        common = names.split(',')[0].split(':')[1]
        openssl(folder, 'req', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{name}.key', '-out',
                f'{name}.csr', '-subj', f'/CN={common}')
        openssl(folder, 'x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key',
                '-CAcreateserial', '-days', '2', '-out', f'{name}.pem', '-extfile', f'{name}.ext')


def tls_server(folder, name):
    """A server with that certificate, in its own folder: some kinds see no other."""
    server = Server()
    try:
        server.stop()
        for file in ('ca.pem', f'{name}.pem', f'{name}.key'):
            shutil.copy(folder / file, server.folder)
        server.start([WITH_TLS, f'--ssl-ca={server.folder}/ca.pem',
                      f'--ssl-cert={server.folder}/{name}.pem', f'--ssl-key={server.folder}/{name}.key'])
    except BaseException:
        server.remove()
        raise
    return server


class Ways:
    def __init__(self, probe, server, user='root', password=None):
        self.probe, self.server = probe, server
        self.where = ['--no-defaults', f'--host={server.host}', f'--port={server.port}', f'--user={user}']
        if password:
            self.where.append(f'--password={password}')

    def cipher(self, *words):
        result = self.probe.run(*self.where, *words, 'connect')
        if result.code != 0:
            return f'code {result.code}: {result.err}'
        return json.loads(result.out)['cipher']

    def refused(self, named, *words):
        result = self.probe.run(*self.where, *words, 'connect')
        check(result.code == 10 and named.lower() in result.err.lower() and 'hint: ' in result.err,
              f'{words}: code {result.code}, {result.err!r}: {named!r} was expected')


def encrypted(cipher):
    return re.fullmatch('[A-Z0-9_-]+', cipher) is not None  # and no error message


def tls(probe, folder):
    with tls_server(folder, 'server') as server:
        ways = Ways(probe, server)
        ca, stranger = f'--ssl-ca={folder}/ca.pem', f'--ssl-ca={folder}/stranger.pem'
        check(encrypted(ways.cipher()), f'TCP without a mode is not encrypted: {ways.cipher()}')
        check(ways.cipher('--ssl-mode=DISABLED') == '', 'DISABLED is encrypted')
        for words in (['--ssl-mode=REQUIRED'], ['--ssl-mode=VERIFY_CA', ca],
                      ['--ssl-mode=VERIFY_IDENTITY', ca], [ca], ['--ssl-mode=REQUIRED', stranger]):
            check(encrypted(ways.cipher(*words)), f'{words}: {ways.cipher(*words)}')
        ways.refused('certificate', '--ssl-mode=VERIFY_CA', stranger)
        ways.refused('certificate', '--ssl-mode=VERIFY_IDENTITY', stranger)
        ways.refused('certificate', stranger)
        # An account that must use TLS, and one that must show a certificate.
        server.sql("CREATE USER 'tls'@'%' IDENTIFIED BY 'pw' REQUIRE SSL; "
                   "CREATE USER 'x509'@'%' IDENTIFIED BY 'pw' REQUIRE X509; FLUSH PRIVILEGES;")
        check(encrypted(ways.cipher('--user=tls', '--password=pw')), 'REQUIRE SSL: no way in')
        ways.refused('Access denied', '--user=tls', '--password=pw', '--ssl-mode=DISABLED')
        ways.refused('Access denied', '--user=x509', '--password=pw')
        check(encrypted(ways.cipher('--user=x509', '--password=pw', f'--ssl-cert={folder}/server.pem',
                                    f'--ssl-key={folder}/server.key')), 'REQUIRE X509: no way in')
        socket_way = probe.run('--no-defaults', f'--socket={server.socket}', '--user=root', 'connect')
        check(socket_way.code == 0 and json.loads(socket_way.out)['cipher'] == '',
              f'socket: {socket_way.out}{socket_way.err}')

    with tls_server(folder, 'elsewhere') as server:
        ways = Ways(probe, server)
        ca = f'--ssl-ca={folder}/ca.pem'
        check(encrypted(ways.cipher('--ssl-mode=VERIFY_CA', ca)), 'VERIFY_CA looks at the name')
        ways.refused('certificate', '--ssl-mode=VERIFY_IDENTITY', ca)

    # A server that offers no TLS: nothing that asked for it goes on in clear text.
    with Server(options=[WITHOUT_TLS]) as server:
        ways = Ways(probe, server)
        ca = f'--ssl-ca={folder}/ca.pem'
        check(ways.cipher() == '', f'no way in without TLS: {ways.cipher()}')
        check(ways.cipher('--ssl-mode=PREFERRED') == '', 'PREFERRED insists on TLS')
        ways.refused('TLS', '--ssl-mode=REQUIRED')
        ways.refused('TLS', '--ssl-mode=VERIFY_CA', ca)
        ways.refused('SSL', '--ssl-mode=VERIFY_IDENTITY', ca)


def option_files(probe, server, folder):
    """Lines as my_print_defaults reads them, up to the server's judgement of the password."""
    # Quotes, escapes and comment marks within.
    for number, (password, line) in enumerate([
            ('two words', 'password="two words"'), ("it's#1", "password='it\\'s#1' # comment"),
            ('back\\slash', 'password=back\\\\slash'), (' lead', 'password=\\slead'),
            ('a;b', 'password = a;b'), ('tab\there', 'password=tab\\there')]):
        quoted = password.replace('\\', '\\\\').replace("'", "''")
        server.sql(f"CREATE USER 'o{number}'@'%' IDENTIFIED BY '{quoted}';")
        path = folder / f'{number}.cnf'
        path.write_text(f'[client]\nhost={server.host}\nport={server.port}\nuser=o{number}\n{line}\n')
        path.chmod(0o600)
        shown = subprocess.run(['my_print_defaults', f'--defaults-file={path}', 'client', '--show'],
                               capture_output=True, text=True)
        if shown.returncode == 0:
            check(f'--password={password}\n' in shown.stdout, f'the test itself is wrong: {shown.stdout!r}')
        result = probe.run(f'--defaults-file={path}', 'connect')
        check(result.code == 0 and json.loads(result.out)['user'] == f'o{number}@%',
              f'{line}: {result.out}{result.err}')
    # A password that a comment cuts, for the client as well.
    server.sql("CREATE USER 'cut'@'%' IDENTIFIED BY 'a #b';")
    path = folder / 'cut.cnf'
    path.write_text(f'[client]\nhost={server.host}\nport={server.port}\nuser=cut\npassword=a #b\n')
    path.chmod(0o600)
    client = subprocess.run(['mysql', f'--defaults-file={path}', '-e', 'SELECT 1'], capture_output=True, text=True)
    check(client.returncode != 0 and '1045' in client.stderr, f'the client lets it in: {client.stdout}{client.stderr}')
    result = probe.run(f'--defaults-file={path}', 'connect')
    check(result.code == 10 and f"In {path}, line 5 a '#' ends the password" in result.err, result.err)
    path.write_text(path.read_text().replace('a #b', "'a #b'"))
    check(probe.run(f'--defaults-file={path}', 'connect').code == 0, 'in quotes')
    # ~/.my.cnf is read, after --defaults-extra-file; the home is the probe's own.
    home = pathlib.Path(probe.home) / '.my.cnf'
    home.write_text(f'[client]\nuser=o4\npassword="a;b"\n')
    home.chmod(0o600)
    extra = folder / 'extra.cnf'
    extra.write_text(f'[client]\nhost={server.host}\nport={server.port}\nuser=nobody\n')
    result = probe.run(f'--defaults-extra-file={extra}', 'connect')
    check(result.code == 0 and json.loads(result.out)['user'] == 'o4@%', f'home: {result.out}{result.err}')
    result = probe.run('--no-defaults', f'--host={server.host}', f'--port={server.port}', '--user=o4', 'connect')
    check(result.code == 10, f'--no-defaults read ~/.my.cnf: {result.out}')
    home.unlink()


def lost(probe, server):
    """A session killed while rows stream, or a server that dies: code 15, never a short answer."""
    where = ['--no-defaults', f'--host={server.host}', f'--port={server.port}', '--user=root']
    # A read that waits for a killer: a lock is held by another session.
    for protocol in ('text', 'binary'):
        process = probe.start(*where, 'rows', protocol,
                              f'SELECT seq, REPEAT("x", 1000), SLEEP(0.0001) FROM {series(1, 1000000)}')
        rows = threading.Thread(target=lambda: process.stdout.read(), daemon=True)
        rows.start()
        deadline = time.monotonic() + 20
        session = []
        while not session and time.monotonic() < deadline:
            session = server.rows('SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '
                                  '"SELECT seq, REPEAT%"')
            time.sleep(0.1)
        if not session:
            check(False, f'{protocol}: the rows were never read')
            continue
        server.sql(f'KILL CONNECTION {session[0][0]}')
        rows.join(30)
        code = process.wait(30)
        err = process.stderr.read().decode()
        check(code == 15 and 'lost the connection' in err, f'{protocol}: killed session gave {code}: {err}')
    # Killed statements are told apart.
    process = probe.start(*where, 'rows', 'text', f'SELECT SLEEP(60) FROM {series(1, 2)}')
    time.sleep(1)
    session = server.rows('SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE "SELECT SLEEP(60)%"')
    if session:
        server.sql(f'KILL QUERY {session[0][0]}')
    process.stdout.read()
    check(process.wait(30) in (0, 14), 'KILL QUERY')  # SLEEP itself answers 1 when it is killed
    # A server that stops answering while the greeting is due.
    with socket.create_server(('127.0.0.1', 0)) as mute:
        began = time.monotonic()
        result = probe.run('--no-defaults', '--host=127.0.0.1', f'--port={mute.getsockname()[1]}',
                           '--user=root', 'connect', timeout=60)
        check(result.code == 10 and time.monotonic() - began < 40, f'mute server: {result.code} {result.err}')


def given_up(probe, server):
    """Rows nobody wants: a few are read on, many cut the connection, so that a cancelled read ends at
    once and the server stops."""
    where = ['--no-defaults', f'--host={server.host}', f'--port={server.port}', '--user=root']
    few = f'SELECT seq FROM {series(1, 100)}'
    many = f'SELECT seq, REPEAT("x", 1000), 1e0 FROM {series(1, 20000000)}'
    for protocol in ('text', 'binary'):
        for rows in (0, 1, 99, 100, 101):
            result = probe.run(*where, 'first', rows, protocol, few)
            check(result.out == 'usable\n', f'{rows} of few, {protocol}: {result.out}{result.err}')
        for rows in (0, 1, 5000):
            result = probe.run(*where, 'first', rows, protocol, many)
            check(result.out == 'lost\n' and result.seconds < 10,
                  f'{rows} of many, {protocol}, {result.seconds:.1f} s: {result.out}{result.err}')
    # Time for a busy machine. A server that heard nothing would go on for net_write_timeout.
    deadline = time.monotonic() + 30
    left = ''
    while left != '0' and time.monotonic() < deadline:
        left = server.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE "
                            "'SELECT seq, REPEAT%'")
    shown = '' if left == '0' else server.rows('SELECT * FROM information_schema.PROCESSLIST')
    check(left == '0', f'the server goes on reading for nobody: {shown}')
    result = probe.run(*where, 'abort', 'SELECT SLEEP(60)')
    check(result.code == 15 and result.seconds < 10,
          f'abort: {result.code} after {result.seconds:.1f} s: {result.err}')


def no_descriptor_left(server):
    """The client library needs one a session, and so do we."""
    if sanitized():  # it needs some itself: see tests/support/sanitizers.h
        return
    program = Program()
    where = ['--no-defaults', f'--host={server.host}', f'--port={server.port}', '--user=root']
    told = Program(shutil.which('prlimit')).run('--nofile=4', program.path, 'check', *where)
    check(told.code == 10 and 'no file descriptor left for a session' in told.err and 'ulimit -n' in told.err,
          f'with 4 descriptors: {told.code}: {told.err}')


def deadlock(probe, server):
    """A statement that stands alone and lost a deadlock is sent again, and then does its work once."""
    where = ['--no-defaults', f'--host={server.host}', f'--port={server.port}', '--user=root']
    server.sql('CREATE DATABASE dl; CREATE TABLE dl.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB;'
               f'INSERT INTO dl.t SELECT seq, 0 FROM {series(1, 2000)}')
    def transactions(condition):
        deadline = time.monotonic() + 60
        question = f'SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE {condition}'
        while server.value(question) == '0' and time.monotonic() < deadline:
            time.sleep(0.3)  # asked more often, InnoDB answers from memory

    # The other session has changed far more: ours is the one the server gives up.
    other = subprocess.Popen(
        ['mysql', *server.client_options()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    other.stdin.write('BEGIN; UPDATE dl.t SET v = v + 100 WHERE id < 1500;\n')
    other.stdin.flush()
    transactions('trx_rows_modified > 1000')
    ours = probe.start(*where, 'execute', 'UPDATE dl.t SET v = v + 1 WHERE id IN (1, 1900) ORDER BY id DESC')
    transactions("trx_state = 'LOCK WAIT'")
    other.stdin.write('UPDATE dl.t SET v = v + 100 WHERE id = 1900; COMMIT;\n')
    other.stdin.close()
    told = other.stdout.read()
    out, err = ours.stdout.read().decode(), ours.stderr.read().decode()
    check(other.wait(60) == 0, f'the test itself is wrong: {told}')
    check(ours.wait(60) == 0 and out == '2\n', f'after a deadlock: {ours.returncode} {out}{err}')
    found = server.value('SELECT GROUP_CONCAT(v ORDER BY id) FROM dl.t WHERE id IN (1, 1900)')
    check(found == '101,101', f'after a deadlock: {found}')
    deadlocks = server.value("SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks'")
    check(deadlocks == '1', f'{deadlocks} deadlocks: the test proved nothing')


def schema_try_again(probe, server):
    """OceanBase's 5627 says that nothing was done, its 6002 that nothing is left of it; the statement is sent again."""
    server.run_client('CREATE DATABASE ta; USE ta; CREATE TABLE tries (n INT) ENGINE=MyISAM;\nDELIMITER //\n' + ''.join(
        f'CREATE PROCEDURE p{number}() BEGIN INSERT INTO tries VALUES (1); IF (SELECT COUNT(*) FROM tries) < 3 THEN '
        f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'once more'; END IF; SELECT 'done'; END//\n"
        for number in (5627, 6002)))
    where = ['--no-defaults', f'--host={server.host}', f'--port={server.port}', '--user=root']
    for number in (5627, 6002):
        for way in ('execute', 'value'):
            server.sql('TRUNCATE ta.tries')
            result = probe.run(*where, way, f'CALL ta.p{number}()')
            check(result.code == 0, f'{way}, {number}: {result.code} {result.err}')
            tries = server.value('SELECT COUNT(*) FROM ta.tries')
            check(tries == '3', f'{way}: {tries} tries behind {number}')


def session_settings(probe, server):
    """Whatever the server's own settings are, ours are the same."""
    own_mode, own_limit = ('', 'max_execution_time') if MYSQL else (',ORACLE', 'max_statement_time')
    server.sql(f"SET GLOBAL sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH{own_mode}'; "
               "SET GLOBAL time_zone='+08:00'; SET GLOBAL sql_quote_show_create=0; SET GLOBAL autocommit=0; "
               f"SET GLOBAL {own_limit}=5; SET GLOBAL sql_select_limit=3; SET GLOBAL sql_auto_is_null=1;")
    where = ['--no-defaults', f'--host={server.host}', f'--port={server.port}', '--user=root']
    result = probe.run(*where, 'session')
    check(result.code == 0, result.err)
    variables = json.loads(result.out)
    # Without unique_checks a first INSERT into an empty table is dearer on MariaDB from 10.7 on.
    own = ({'max_execution_time': '0', 'unique_checks': 'OFF'} if MYSQL else
           {'max_statement_time': '0.000000', 'check_constraint_checks': 'OFF', 'unique_checks': 'ON'})
    for name, value in {'sql_mode': 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,PIPES_AS_CONCAT', 'time_zone': '+00:00',
                        'sql_quote_show_create': 'ON', 'autocommit': 'ON',
                        'sql_select_limit': '9223372036854775807', 'sql_auto_is_null': 'OFF',
                        'character_set_client': 'utf8mb4', 'character_set_results': 'utf8mb4',
                        'foreign_key_checks': 'OFF', **own}.items():
        shown = ','.join(sorted(variables[name].split(',')))
        check(shown == value, f'{name} is {shown}, not {value}')
    # An account without any privilege gets the same.
    server.sql("CREATE USER IF NOT EXISTS 'plain'@'%'")
    again = probe.run(*where, '--user=plain', 'session')
    check(again.code == 0 and json.loads(again.out)['sql_mode'] == variables['sql_mode'], again.err)


def as_it_comes(probe):
    """A server that made its own certificates, an account with its usual plugin (caching_sha2_password on MySQL):
    encrypted or not, and at the second time, when the server knows the password's hash already."""
    with Server(options=[WITH_TLS]) as server:
        server.sql("CREATE USER 'usual'@'%' IDENTIFIED BY 'pw'")
        for mode in ('DISABLED', 'REQUIRED', 'DISABLED', 'PREFERRED'):
            cipher = Ways(probe, server, 'usual', 'pw').cipher(f'--ssl-mode={mode}')
            check(cipher == '' if mode == 'DISABLED' else encrypted(cipher), f'{mode}: {cipher!r}')
        Ways(probe, server, 'usual', 'no').refused('Access denied')
        plugin = server.value("SELECT plugin FROM mysql.user WHERE user = 'usual'")
        check(plugin == ('caching_sha2_password' if MYSQL else 'mysql_native_password'),
              f'the plugin is {plugin}: the test proved nothing')


def main():
    probe = Program(str(probe_path()))
    if sys.argv[1:] == ['as_it_comes']:
        as_it_comes(probe)
        print('\n'.join(FAULTS) or 'ok')
        return 1 if FAULTS else 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if shutil.which('openssl'):
            certificates(folder)
            tls(probe, folder)
        else:
            check(False, 'openssl is missing')
        with Server(options=[WITH_TLS] if MYSQL else []) as server:  # or caching_sha2_password lets no password in
            for part in (lambda: option_files(probe, server, folder), lambda: lost(probe, server),
                         lambda: given_up(probe, server), lambda: deadlock(probe, server),
                         lambda: schema_try_again(probe, server), lambda: no_descriptor_left(server),
                         lambda: session_settings(probe, server)):
                part()
    print('\n'.join(FAULTS) or 'ok')
    return 1 if FAULTS else 0


if __name__ == '__main__':
    sys.exit(main())
