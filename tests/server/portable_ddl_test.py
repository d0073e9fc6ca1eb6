#!/usr/bin/env python3
# ctest: timeout=900
"""`dump --ddl portable`: MySQL and MariaDB hold what the other's archive says, loaded by `zstd -dc | mysql --comments`.

What they hold then is compared by what the servers themselves tell; what is left out is told; at its own source the
archive restores, and `diff` finds it equal. (portable_oceanbase_test.py does the same with OceanBase.)
"""

import contextlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.portable_samples import SAMPLES, dump, take_there  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import SKIPPED, ClientError, Server  # noqa: E402

OLD, NEW, OTHER = 'mysql-5.6', 'mysql-9.7', 'mariadb-10.11'


def same(got, wanted, what):
    if got != wanted:
        raise AssertionError(f'{what}: got\n{got}\nwanted\n{wanted}')


def what_it_means_there(program, servers, folder):
    """Of words that one kind alone reads, none means something else on another."""
    new, other = servers[NEW], servers[OTHER]
    new.sql("""CREATE DATABASE port CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE port;
CREATE TABLE words (a VARCHAR(99), FULLTEXT KEY grams (a) WITH PARSER ngram); INSERT INTO words VALUES ('abcdef');
CREATE TABLE checked (a INT, b INT, CONSTRAINT off CHECK (a > 0) NOT ENFORCED, CONSTRAINT `on` CHECK (b > 0)); INSERT INTO checked VALUES (-1, 1)""")
    archive = folder / 'means.sql.zst'
    done = program.run('dump', *new.client_options(tcp=True), '--ddl', 'portable', '-B', 'port', '-o', archive).expect(0)
    if 'key `grams`: MariaDB and MySQL 5.6 have no parser ngram' not in done.err:
        raise AssertionError(done.err)
    if 'ddl = portable' not in program.ok('info', archive).out:
        raise AssertionError('info does not tell --ddl')
    new.sql('DROP DATABASE port')
    for server in (new, other):
        server.load(archive)
        server.sql('INSERT INTO port.checked VALUES (-2, 2)')
        broken = server.rows("SELECT COUNT(*) FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'port'")
        same(broken, [['1']], f'checks on {server.kind}')
        same(server.rows('SELECT a FROM port.checked ORDER BY a'), [['-2'], ['-1']], f'rows on {server.kind}')
    same('ngram' in new.rows('SHOW CREATE TABLE port.words')[0][1], True, 'the parser on MySQL')
    same('PARSER' in other.rows('SHOW CREATE TABLE port.words')[0][1], False, 'the parser on MariaDB')
    # A restore takes the archive to the other kind as well.
    other.sql('DROP DATABASE port')
    partial = folder / 'partial.sql.zst'
    program.run('dump', *new.client_options(tcp=True), '--ddl', 'portable', '-B', 'port', '--ignore-table', 'port.words', '-o', partial).expect(0)
    program.run('restore', partial, *other.client_options(tcp=True), '--yes').expect(0)
    same(other.rows('SELECT a, b FROM port.checked ORDER BY a'), [['-2', '2'], ['-1', '1']], 'restored on MariaDB')
    program.ok('purge', *other.client_options(tcp=True), '--yes', 'port')
    for server in (new, other):
        server.sql('DROP DATABASE port')


def strings_in_expressions(program, servers, folder):
    """MySQL prints them with introducers, and of such MariaDB keeps no backslashes, without a word."""
    new, other = servers[NEW], servers[OTHER]
    new.sql(r"""CREATE DATABASE said CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE said;
CREATE TABLE t (a INT PRIMARY KEY, d VARCHAR(20) DEFAULT (concat('a\\b', 'it''s é')), g VARCHAR(20) GENERATED ALWAYS AS (concat(a, '\\')) STORED,
  CONSTRAINT c CHECK (d <> 'it\\s')); INSERT INTO t (a) VALUES (1)""")
    for ddl in ('native', 'portable'):
        archive = folder / f'said-{ddl}.sql.zst'
        program.run('dump', *new.client_options(tcp=True), '--ddl', ddl, '-B', 'said', '-o', archive).expect(0)
        if ddl == 'portable':
            other.load(archive)
        else:
            program.run('restore', archive, *other.client_options(tcp=True), '--yes').expect(0)
            program.ok('purge', *other.client_options(tcp=True), '--yes', 'said')
        other.sql('INSERT INTO said.t (a) VALUES (2)')
        same(other.rows('SELECT a, d, g FROM said.t ORDER BY a'), [[n, "a\\bit's é", n + '\\'] for n in ('1', '2')], f'{ddl} on MariaDB')
        other.sql("INSERT INTO said.t (a, d) VALUES (3, 'its')")
        try:
            other.sql(r"INSERT INTO said.t (a, d) VALUES (4, 'it\\s')")
            raise AssertionError(f'{ddl}: MariaDB has another CHECK')
        except ClientError as refused:
            same(refused.number, 4025, refused.text)
        other.sql('DROP DATABASE said')
    new.sql('DROP DATABASE said')


def database_of_bytes(program, server, folder):
    """MySQL 5.6 takes `binary` for the name of a collation in back-ticks alone."""
    server.sql("""CREATE DATABASE bytes CHARACTER SET binary; USE bytes; CREATE TABLE t (a VARCHAR(9), e ENUM('x')); INSERT INTO t VALUES ('a', 'x');
ALTER DATABASE bytes COLLATE latin1_bin; CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1; ALTER DATABASE bytes CHARACTER SET binary""")
    options = server.client_options(tcp=True)
    for ddl in ('native', 'portable'):
        archive = folder / f'bytes-{server.kind}-{ddl}.sql.zst'
        program.run('dump', *options, '--ddl', ddl, '-B', 'bytes', '-o', archive).expect(0)
        server.sql('DROP DATABASE bytes')
        program.run('restore', archive, *options, '--yes').expect(0)
        server.sql('DELETE FROM bytes.t')
        program.run('restore', archive, *options, '--yes').expect(0)
        program.ok('purge', *options, '--yes', 'bytes')
        server.sql('DROP DATABASE bytes')
        server.load(archive)
        same(server.rows("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'bytes'"), [['binary']], 'collation')
        same(server.rows("SELECT DATABASE_COLLATION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'bytes'"), [['latin1_bin']], 'of a function')
        same(server.rows('SELECT * FROM t', 'bytes'), [['a', 'x']], 'rows')
    server.sql('DROP DATABASE bytes')


def as_plain_sql(program, server, folder):
    """A portable dump as text restores, too; and the comment of a database comes to its right end."""
    server.load(folder / f'{OTHER}-all.sql.zst')
    same(server.value("SELECT SCHEMA_COMMENT FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'port'"), "it's /* of */ MariaDB; yes", 'comment')
    plain = folder / 'plain.sql'
    dump(program, server, plain)
    server.sql('DELETE FROM port.kinds; DROP EVENT port.later')
    program.run('restore', plain, *server.client_options(tcp=True), '--yes').expect(0)
    same(server.rows('SELECT COUNT(*) FROM port.kinds'), [['2']], 'rows from the text')
    same(server.rows("SELECT TIME_ZONE FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'port'"), [['SYSTEM']], 'an event from the text')


def main():
    program = Program()
    program.run('dump', '--ddl', 'mine', 'd').expect(2)
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='dba-')))
        servers = {}
        for kind in (OTHER, NEW, OLD):
            try:
                servers[kind] = stack.enter_context(Server(kind))
            except SystemExit as skipped:  # it has said which and why
                if skipped.code != SKIPPED:
                    raise
        for server in servers.values():
            server.try_sql('SET GLOBAL log_bin_trust_function_creators = 1')
            others = [other for other in servers.values() if other is not server]
            take_there(program, server, others, SAMPLES[server.kind], folder)
        if {NEW, OTHER} <= servers.keys():
            what_it_means_there(program, servers, folder)
            strings_in_expressions(program, servers, folder)
        for server in servers.values():
            database_of_bytes(program, server, folder)
        if OTHER in servers:
            as_plain_sql(program, servers[OTHER], folder)
        print(f'with {", ".join(servers)}')
    return 0 if servers else SKIPPED


if __name__ == '__main__':
    sys.exit(main())
