#!/usr/bin/env python3
# ctest: cost=45 labels=pipeline,measures timeout=1800
"""What grows must not hurt: giant rows in bounded memory, and 1,000 columns.

    scale_test.py [TEST…]
"""

import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, runner  # noqa: E402
from support.program import Program, sanitized  # noqa: E402
from support.server import DEFAULT_KIND, SKIPPED, Server  # noqa: E402

MIB = 1 << 20
MAX_MEMORY_MIB = 96             # the default of --max-memory
GIANT_MIB = 64
GIANT_TEXT_MIB = 2 * GIANT_MIB  # in hex, as it stands in the archive

# The bytes do not compress; small rows behind them show that a large frame keeps no memory.
GIANT_ROWS = f'''
SET group_concat_max_len = 1 << 30;
CREATE TABLE t (id INT PRIMARY KEY, body LONGBLOB);
INSERT INTO t SELECT 1, GROUP_CONCAT(RANDOM_BYTES(1024) SEPARATOR '') FROM seq_1_to_{GIANT_MIB * 1024};
INSERT INTO t SELECT seq + 1, SUBSTR(body, 1 + seq * 4096, {16 * MIB}) FROM t JOIN seq_1_to_6 WHERE id = 1;
INSERT INTO t SELECT seq + 100, MD5(seq) FROM seq_1_to_2000;
'''

COLUMNS = 1000
# Type, and a value by row number and column number.
KINDS = (('INT', '7000 * (CAST({row} AS SIGNED) - 50) * {column}'), ('DOUBLE', '{row} / {column}'), ("DATE", "'2020-02-01' + INTERVAL {row} + {column} DAY"),
         ('VARCHAR(6)', "CONCAT('c', {column}, CHAR(39))"), ('BINARY(4)', "CHAR({column} % 251, {row}, 0, 39)"),
         ('DECIMAL(6,2)', '{row} + {column} / 100'), ('BIT(3)', '({row} + {column}) % 8'), ("ENUM('a','b''c')", '1 + ({row} + {column}) % 2'))


def many_columns():
    """One row of values has NULLs in every seventh column, and another one in all of them."""
    kinds = [KINDS[i % len(KINDS)] for i in range(COLUMNS)]
    names = [f'`the column with the number {i}`' for i in range(COLUMNS)]
    columns = ', '.join(f'{name} {kind} NULL' for name, (kind, _) in zip(names, kinds))
    values = ', '.join(f'IF((seq + {i}) % 7 = 0 OR seq = 5, NULL, {value.format(row="seq", column=i + 1)})'
                       for i, (_, value) in enumerate(kinds))
    return (f'CREATE TABLE t (id INT PRIMARY KEY, {columns}) CHARACTER SET latin1;'
            f'INSERT INTO t SELECT seq, {values} FROM seq_1_to_100;')


class Tests:
    def __init__(self, program, server, folder):
        self.program, self.server, self.folder = program, server, folder
        self.login = server.client_options()

    def make(self, database, text):
        self.server.sql(f'DROP DATABASE IF EXISTS `{database}`; CREATE DATABASE `{database}`')
        self.server.sql(text, database)

    def test_giant_rows_take_three_times_the_largest_beside_the_usual_memory(self):
        self.make('giant', GIANT_ROWS)
        limit = MAX_MEMORY_MIB + 3 * GIANT_TEXT_MIB
        archive = self.folder / 'giant.sql.zst'
        too_much = []
        for words in (('dump', *self.login, '--jobs', 2, '-o', archive, 'giant'), ('verify', '--jobs', 2, archive),
                      ('cat', '--only', 'giant.t', archive), ('restore', *self.login, '--jobs', 2, '--yes', archive),
                      ('diff', *self.login, '--jobs', 2, archive)):
            peak = self.program.ok(*words).peak_kib / 1024
            print(f'{words[0]:8} peak {peak:.0f} MiB (limit {limit})', flush=True)
            if peak > limit and not sanitized():
                too_much.append(words[0])
        assert not too_much, f'above {limit} MiB: {", ".join(too_much)}'
        self.server.sql('DROP DATABASE giant; DROP DATABASE IF EXISTS giant__dbomsbak_old_1')

    def test_a_thousand_columns(self):
        self.make('wide', many_columns())
        before = fingerprint.take(self.server, 'wide')
        archive = self.folder / 'wide.sql.zst'
        self.program.ok('dump', *self.login, '-o', archive, 'wide')
        self.program.ok('verify', archive)
        column = '`the column with the number 776`'
        self.server.sql(f'UPDATE t SET {column} = {column} + 1 WHERE id = 99; DELETE FROM t WHERE id = 7', 'wide')
        told = self.program.run('diff', *self.login, '--rows', archive).expect(4).out
        assert '99' in told and '7' in told, told
        self.program.ok('restore', *self.login, '--yes', archive)
        fingerprint.expect_equal(before, fingerprint.take(self.server, 'wide'), 'source and copy')
        self.program.ok('diff', *self.login, archive)


def main():
    if not DEFAULT_KIND.startswith('mariadb'):
        print('skipped: the data is made of sequences, which MariaDB alone has')
        return SKIPPED
    root = os.environ.get('DBOMSBAK_BUILD')
    options = ['--max-allowed-packet=1G', '--innodb-log-file-size=512M', '--innodb-buffer-pool-size=256M']
    with Server(options=options, folder_root=root) as server, \
            tempfile.TemporaryDirectory(dir=root) as folder:
        return runner.run(Tests(Program(), server, pathlib.Path(folder)), sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
