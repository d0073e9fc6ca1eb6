#!/usr/bin/env python3
# ctest: labels=edge,client timeout=1800 kinds=mariadb-10.11,mariadb-11.8,mysql-9.7,mysql-5.6,oceanbase-4.3.5 others.oceanbase-4.3.5=values,modes
"""The edge values of every column type of a server come back exactly.

values   a table of them (tests/support/edge_values.py): fingerprint, dump with one job and with four
         (the same bytes), verify, ruin, restore, fingerprint again; and through `zstd -dc | mysql`
         into another server.
modes    what means something else in another sql_mode, made in each mode of the session; dumped,
         restored and loaded while the server's own mode is each of them.
loads    the same values in tables so large that restore sends them as LOAD DATA, by units and whole
         (MariaDB).
keys     primary keys of every type and charset, read in chunks: as many rows as there are, and the
         same bytes as without chunks.

    edge_values_test.py [values|loads|modes|keys…]

DBOMSBAK_TEST_SEED repeats a run; DBOMSBAK_TEST_EDGE=all restores in each mode, also in each alone, and
tries keys of all charsets. The server is the kind in DBOMSBAK_TEST_SERVER.
"""

import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import archive_v1, damage, edge_values, fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, Server  # noqa: E402

SEED = int(os.environ.get('DBOMSBAK_TEST_SEED', random.SystemRandom().randrange(2**32)))
ALL = os.environ.get('DBOMSBAK_TEST_EDGE') == 'all'
EPOCH = {'SOURCE_DATE_EPOCH': '1700000000'}
OCEANBASE = DEFAULT_KIND.startswith('oceanbase')

# What servers cannot hold: column type, value, why. Anything else not held fails.
LIMITS = [
    (r'DOUBLE', r"'-0'", 'MariaDB makes 0 of a DOUBLE -0.0'),
    (r'JSON', r'CONVERT\(0x5b5b.*', "MariaDB's JSON_VALID ends at a depth of 32"),
    (r'VECTOR\(3\)', r'0x.*ffff7f[7f]f.*', 'MariaDB makes zeros of a vector whose length no FLOAT holds'),
]


def expect_limits(report):
    unknown = []
    for column_type, value, became in report.not_held:
        for kind, text, why in LIMITS:
            if re.fullmatch(kind, column_type) and re.fullmatch(text, str(value)):
                print(f'  not on {DEFAULT_KIND}: {column_type} {value} ({became}): {why}')
                break
        else:
            unknown.append(f'{column_type[:100]} does not hold {value.sql[:200]}: {became[:200]}')
    if unknown:
        raise AssertionError('\n'.join([f'{len(unknown)} values are not held', *unknown[:60]]))


class Test:
    def __init__(self, source, other, program, folder):
        self.source, self.other, self.program, self.folder = source, other, program, folder
        self.features = edge_values.Features(source)

    def dump(self, database, name, *options):
        archive = self.folder / f'{name}.sql.zst'
        self.program.ok('dump', *self.source.client_options(), '-o', archive, *options, database, env=EPOCH)
        return archive

    def dump_alike(self, database, name):
        one = self.dump(database, f'{name}-1', '--jobs', 1)
        four = self.dump(database, f'{name}-4', '--jobs', 4)
        if one.read_bytes() != four.read_bytes():
            raise AssertionError('--jobs 1 and --jobs 4 wrote different bytes')
        self.program.ok('verify', four)
        return four

    def restored(self, database, archive, before, what):
        damage.ruin(self.source, database)
        self.program.ok('restore', *self.source.client_options(), '--yes', archive)
        fingerprint.expect_equal(before, fingerprint.take(self.source, database), f'{what}: before and after restore')
        self.program.ok('purge', *self.source.client_options(), '--yes')

    def loaded(self, database, archive, before, what):
        charset, collation = before[database]['database', database]['charset'].split()
        self.other.sql(f'CREATE DATABASE `{database}` CHARACTER SET {charset} COLLATE {collation}')
        self.other.load(archive, database)
        after = fingerprint.take(self.other, database)
        if fingerprint.differences(before, after):
            for line in edge_values.different_cells(self.source, self.other, database)[:50]:
                print(' ', line)
        fingerprint.expect_equal(before, after, f'{what}: source and zstd -dc | mysql')
        self.other.sql(f'DROP DATABASE `{database}`')

    # The parts ------------------------------------------------------------------------------------

    @staticmethod
    def first_difference(one, other):
        """Where the texts of two archives differ first."""
        texts = [subprocess.run(['zstd', '-dcq'], input=data, stdout=subprocess.PIPE, check=True).stdout.split(b'\n')
                 for data in (one, other)]
        for at, (a, b) in enumerate(zip(*texts)):
            if a != b:
                return f'line {at + 1} is {a[:300]!r} and {b[:300]!r}'
        return f'{len(texts[0])} lines and {len(texts[1])}'

    def values(self):
        tables = edge_values.tables(self.features, random.Random(SEED))
        report = edge_values.create(self.source, 'edge', tables)
        expect_limits(report)
        before = fingerprint.take(self.source, 'edge')
        archive = self.dump_alike('edge', 'values')
        code, line = archive_v1.check(archive)
        if code != 0:
            raise AssertionError(f'the Python reader: {line}')
        fingerprint.expect_equal(before, fingerprint.take(self.source, 'edge'), 'the source after the dump')
        self.loaded('edge', archive, before, 'values')
        self.restored('edge', archive, before, 'values')
        kinds = sorted({column.kind() for table in tables for column in table.columns})
        return f'{report.values} values in {report.columns} columns, {len(self.features.charsets)} charsets, of {" ".join(kinds)}'

    def loads(self):
        if not DEFAULT_KIND.startswith('mariadb'):
            return 'restores without LOAD DATA there'
        tables = edge_values.tables(self.features, random.Random(SEED + 3))
        edge_values.create(self.source, 'edge_source', tables)
        types = ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double', 'bit', 'date', 'time', 'datetime',
                 'timestamp', 'binary', 'varbinary', 'blob', 'mediumblob', 'longblob', 'char', 'varchar', 'text', 'mediumtext',
                 'longtext', 'enum', 'set')
        columns = self.source.rows(
            f"SELECT TABLE_NAME, CONCAT('`', COLUMN_NAME, '`') FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'edge_source' AND TABLE_NAME NOT LIKE 'longest%' AND "
            f"COLUMN_NAME <> 'id' AND GENERATION_EXPRESSION IS NULL AND DATA_TYPE IN {types} AND COALESCE(CHARACTER_SET_NAME, 'utf8mb4') IN "
            f"('utf8mb4', 'utf8mb3', 'latin1')")
        found = {}
        for table, column in columns:
            found.setdefault(table, []).append(column)
        script = ["CREATE DATABASE edge_loads CHARACTER SET utf8mb4; SET time_zone = '+00:00', "
                  "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';"]
        for table, names in found.items():
            for size in (100_000, 1_200_000):
                script.append(
                    f"CREATE TABLE edge_loads.`{table}_{size}` (filler MEDIUMTEXT, PRIMARY KEY (id)) ENGINE=InnoDB AS SELECT id, {', '.join(names)}, "
                    f"REPEAT('x', {size} DIV (SELECT COUNT(*) FROM edge_source.`{table}`)) AS filler FROM edge_source.`{table}`;")
        self.source.sql('\n'.join(script))
        before = fingerprint.take(self.source, 'edge_loads')
        archive = self.dump('edge_loads', 'loads')
        count = "SHOW GLOBAL STATUS LIKE 'Com_load'"
        loads = int(self.source.rows(count)[0][1])
        self.restored('edge_loads', archive, before, 'loads')
        loads = int(self.source.rows(count)[0][1]) - loads
        if loads < len(found):
            raise AssertionError(f'{loads} LOADs of {2 * len(found)} tables')
        return f'{len(columns)} columns in {2 * len(found)} tables, {loads} times LOAD DATA'

    def modes(self):
        wanted = ('temporals', 'blanks', 'default_literals', 'enums', 'defaults', 'generated', 'json')
        tables = [t for t in edge_values.tables(self.features, random.Random(SEED + 1)) if t.name in wanted]
        edge_values.create(self.source, 'edge_modes', tables)
        refused = edge_values.create_in_modes(self.source, 'edge_modes', self.features.modes)
        for mode, what in refused:
            print(f'  not on {DEFAULT_KIND}, mode {mode}: {what}')
        before = fingerprint.take(self.source, 'edge_modes')
        plain = self.dump('edge_modes', 'modes').read_bytes()
        groups = edge_values.mode_groups(self.features.modes) + (self.features.modes if ALL else [])
        own = self.source.value('SELECT @@GLOBAL.sql_mode')
        for at, mode in enumerate(groups):
            for server in (self.source, self.other):
                server.sql(f"SET GLOBAL sql_mode = '{mode}'")
            archive = self.dump('edge_modes', f'modes-{at}')
            if archive.read_bytes() != plain:
                raise AssertionError(f'a server in mode {mode} gives other bytes: '
                                     + self.first_difference(plain, archive.read_bytes()))
            # A restore takes longest, and the first groups have most modes. On OceanBase a load takes as long.
            if ALL or not OCEANBASE or at == 0:
                self.loaded('edge_modes', archive, before, mode)
            if ALL or at == 1 or (at == 0 and not OCEANBASE):
                self.restored('edge_modes', archive, before, mode)
        for server in (self.source, self.other):
            server.sql(f"SET GLOBAL sql_mode = '{own}'")
        return f'{len(self.features.modes)} modes of the session, {len(groups)} of the server'

    def keys(self):
        found = edge_values.key_tables(self.features, random.Random(SEED + 2), ALL)
        rows = edge_values.create_keys(self.source, 'edge_keys', found)
        whole = self.dump('edge_keys', 'whole', '--jobs', 1).read_bytes()
        log, statement = 'mysql.general_log', 'CONVERT(argument USING utf8mb4)'
        if OCEANBASE:  # it keeps the last statements anyway; whole reads have no WHERE
            log, statement = 'oceanbase.GV$OB_SQL_AUDIT', 'query_sql'
        else:
            self.source.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1")
        for jobs in (1, 4):
            archive = self.dump('edge_keys', f'chunks-{jobs}', '--jobs', jobs, '--max-memory', '32M')
            if archive.read_bytes() != whole:
                raise AssertionError(f'in chunks, --jobs {jobs} wrote other bytes than without: '
                                     + self.first_difference(whole, archive.read_bytes()))
        if not OCEANBASE:
            self.source.sql('SET GLOBAL general_log = 0')
        text = subprocess.run(['zstd', '-dcq', archive], stdout=subprocess.PIPE, check=True).stdout
        inserted = {}
        for line in text.split(b'\n'):
            if line.startswith(b'INSERT INTO `'):
                table = line.split(b'`')[1].decode()
            elif line.startswith(b'('):
                inserted[table] = inserted.get(table, 0) + 1
        if inserted != rows:
            raise AssertionError(f'rows: {[(n, rows[n], inserted.get(n)) for n in rows if rows[n] != inserted.get(n)]}')
        # Keys that cannot be cut are known; all others must have been, or nothing was tried.
        read = fingerprint.batch(self.source, [
            f"SELECT SUBSTRING_INDEX(SUBSTRING_INDEX({statement}, '`edge_keys`.`', -1), '`', 1), COUNT(*) "
            f"FROM {log} WHERE {statement} LIKE 'SELECT `k`%FROM `edge_keys`.% WHERE %body%' OR "
            f"{statement} LIKE 'SELECT %`body`%FROM `edge_keys`.% WHERE %' GROUP BY 1"])[0]
        cut = {name for name, _ in read}
        uncut = sorted(set(rows) - cut)
        if uncut != sorted(set(rows) & {'k_blob_prefix', 'k_double', 'k_enum', 'k_float', 'k_set'}):
            raise AssertionError(f'read in one go: {uncut}')
        return f'{len(found)} key types and charsets, {sum(rows.values())} rows, {sum(int(n) for _, n in read)} chunks'


def main():
    print('seed', SEED)
    chosen = sys.argv[1:] or ['values', 'loads', 'modes', 'keys']
    # Without a binary log: its position is in an archive, and moves.
    options = ['--max-allowed-packet=64M', '--skip-log-bin']
    failed = []
    with Server(options=options) as source, Server(options=options) as other, \
            tempfile.TemporaryDirectory(prefix='edge-') as folder:
        test = Test(source, other, Program(), pathlib.Path(folder))
        for what in test.features.missing:
            print(f'  not on {DEFAULT_KIND}: {what}')
        for name in chosen:
            began = time.monotonic()
            try:
                print(f'ok      {name}: {getattr(test, name)()} ({time.monotonic() - began:.1f} s)', flush=True)
            except Exception as error:  # the other parts still tell something
                failed.append(name)
                detail = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
                print(f'FAILED  {name}\n{detail}', flush=True)
    if failed:
        print(f'failed: {" ".join(failed)}; seed {SEED}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
