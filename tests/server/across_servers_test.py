#!/usr/bin/env python3
"""An archive of each server restores on each other: rows equal by the servers' own fingerprints.

What a target lacks (collations here) is listed object by object, with code 34, before anything is created.
"""

import contextlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import SKIPPED, Server  # noqa: E402

KINDS = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7', 'mysql-5.6']

# What all of them can hold. The connection's collation is kept with views and triggers.
COMMON = """
SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, sql_mode = '';
CREATE DATABASE xs CHARACTER SET latin1 COLLATE latin1_swedish_ci; USE xs;
CREATE TABLE p (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  g VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, b BLOB, f DOUBLE, n DECIMAL(20,5) NOT NULL DEFAULT 1.5,
  t TIMESTAMP NULL, e ENUM('a','b'), bi BIT(5), l TEXT, KEY (a), UNIQUE KEY u (g)) ENGINE=InnoDB DEFAULT CHARSET=latin1;
INSERT INTO p (a, g, b, f, n, t, e, bi, l) VALUES ('日本 𝄞', 'g', 0x00FF, 2.5, 1, '2020-01-01 00:00:00', 'b', 3, 'é'),
  (NULL, NULL, NULL, NULL, 2, NULL, NULL, NULL, NULL), ('', 'x', '', -1e300, -99999.99999, NULL, 'a', 31, '\\0\\n''\\\\');
CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)
  ON DELETE RESTRICT ON UPDATE NO ACTION) ENGINE=InnoDB;
INSERT INTO c VALUES (1, 1);
CREATE TABLE parts (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 3; INSERT INTO parts VALUES (1), (2), (9);
CREATE VIEW v AS SELECT id FROM p;
CREATE TRIGGER tr BEFORE INSERT ON p FOR EACH ROW SET NEW.n = NEW.n + 1;
"""

# Collations that only the one family has: (kind, collation, kinds that lack it).
OWN_COLLATIONS = [('mariadb-11.8', 'utf8mb4_uca1400_ai_ci', ['mysql-9.7', 'mysql-5.6']),
                  ('mysql-9.7', 'utf8mb4_0900_as_cs', ['mariadb-10.11', 'mysql-5.6'])]


def rows_of(server):
    """{table: rows and their hash}."""
    print_of = fingerprint.take(server, ['xs'])['xs']
    return {name: (what['rows'], what['row hash']) for (_, name), what in print_of.items() if 'row hash' in what}


def common(program, servers, folder):
    archives, rows = {}, {}
    for kind, server in servers.items():
        server.run_client(COMMON)
        rows[kind] = rows_of(server)
        archives[kind] = folder / f'{kind}.sql.zst'
        program.ok('dump', *server.client_options(tcp=True), 'xs', '-o', archives[kind])
    pairs = 0
    for source in servers:
        for target, server in servers.items():
            if source == target:
                continue
            server.sql('DROP DATABASE xs')
            program.run('restore', archives[source], *server.client_options(tcp=True)).expect(0)
            if rows_of(server) != rows[source]:
                raise AssertionError(f'{source} on {target}: {rows_of(server)}, not {rows[source]}')
            pairs += 1
    return pairs


def missing_collations(program, servers, folder):
    for source, collation, targets in OWN_COLLATIONS:
        if source not in servers:
            continue
        servers[source].run_client(
            f'DROP DATABASE IF EXISTS odd; SET NAMES utf8mb4 COLLATE utf8mb4_general_ci; CREATE DATABASE odd CHARACTER SET '
            f'utf8mb4 COLLATE utf8mb4_general_ci; USE odd; CREATE TABLE whole (a VARCHAR(9)) COLLATE {collation}; '
            f'CREATE TABLE part (b VARCHAR(9) COLLATE {collation}, c INT) COLLATE utf8mb4_general_ci; '
            f'CREATE TABLE fits (d INT) COLLATE utf8mb4_general_ci')
        path = folder / f'odd-{source}.sql.zst'
        program.ok('dump', *servers[source].client_options(tcp=True), 'odd', '-o', path)
        for target in targets:
            if target not in servers:
                continue
            before = servers[target].databases()
            result = program.run('restore', path, *servers[target].client_options(tcp=True)).expect(34)
            told = f'no collation {collation}, needed by table `odd`.`part`, table `odd`.`whole`'
            if told not in result.err or '`fits`' in result.err.split('cannot be done')[1]:
                raise AssertionError(f'{source} on {target}: {result.err}')
            if servers[target].databases() != before:
                raise AssertionError(f'{source} on {target}: databases are {servers[target].databases()}')


def main():
    program = Program()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='dba-')))
        servers = {}
        for kind in KINDS:
            try:
                servers[kind] = stack.enter_context(Server(kind))
            except SystemExit as skipped:  # it has said which and why
                if skipped.code != SKIPPED:
                    raise
                continue
            servers[kind].sql('SET GLOBAL log_bin_trust_function_creators = 1')
        if len(servers) < 2:
            return SKIPPED
        pairs = common(program, servers, folder)
        missing_collations(program, servers, folder)
    print(f'{pairs} pairs')
    return 0


if __name__ == '__main__':
    sys.exit(main())
