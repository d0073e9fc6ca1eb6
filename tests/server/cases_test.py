#!/usr/bin/env python3
# ctest: labels=cases,client timeout=1800 parts=4 kinds=mariadb-10.11,mariadb-11.8,mysql-9.7,mysql-5.6
"""Every hard case of tests/cases comes back exactly.

For each: load, fingerprint, dump with one job and with four (the same bytes), verify, check with
other people's programs, ruin the live database, restore, fingerprint again. The archive's text also
goes through `zstd -dc | mysql` into another server, and `restore` creates the database there.

    cases_test.py [--part 1/4] [--full] [NUMBER or NAME…]

The server is the kind in DBOMSBAK_TEST_SERVER.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import archive_v1, cases, damage, fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import ClientError, DEFAULT_KIND, Server  # noqa: E402


def recreate(server, database, charset):
    name, collation = charset.split()
    server.sql(f'DROP DATABASE IF EXISTS `{database}`;'
               f'CREATE DATABASE `{database}` CHARACTER SET {name} COLLATE {collation}')


def is_ruined(server, before, database):
    try:
        return bool(fingerprint.differences(before, fingerprint.take(server, database)))
    except ClientError:  # a MERGE table whose parts are gone cannot even be shown
        return True


def check_with_others(archive):
    """`zstd -t`, `sha256sum -c` and the Python reader, which recomputes row digests, accept it."""
    subprocess.run(['zstd', '-tq', archive], check=True)
    subprocess.run(['sha256sum', '--quiet', '-c', f'{archive.name}.sha256'], cwd=archive.parent,
                   check=True)
    code, line = archive_v1.check(archive)
    if code != 0:
        raise AssertionError(f'the Python reader: {line}')


def run_case(case, source, other, program, folder, full):
    database = case.database
    cases.load(source, case, full)
    before = fingerprint.take(source, database)

    archives = []
    for jobs in (1, 4):
        archive = folder / f'{case.number}-{jobs}.sql.zst'
        program.ok('dump', *source.client_options(), '--jobs', jobs, '-o', archive, database,
                   env={'SOURCE_DATE_EPOCH': '1700000000'})
        archives.append(archive)
    if archives[0].read_bytes() != archives[1].read_bytes():
        raise AssertionError('--jobs 1 and --jobs 4 wrote different bytes')
    archive = archives[1]
    check_with_others(archive)
    program.ok('verify', archive)
    fingerprint.expect_equal(before, fingerprint.take(source, database), 'the source after the dump')

    damage.ruin(source, database)
    if not is_ruined(source, before, database):
        raise AssertionError('the damage did nothing: this test would prove nothing')
    program.ok('restore', *source.client_options(), '--yes', archive)
    fingerprint.expect_equal(before, fingerprint.take(source, database), 'before and after restore')

    recreate(other, database, before[database]['database', database]['charset'])
    other.load(archive, database)
    fingerprint.expect_equal(before, fingerprint.take(other, database), 'source and zstd -dc | mysql')
    other.sql(f'DROP DATABASE `{database}`')
    program.ok('restore', *other.client_options(), '--yes', archive)
    fingerprint.expect_equal(before, fingerprint.take(other, database),
                             'source and restore on another server')
    for server in (source, other):
        program.ok('purge', *server.client_options(), '--yes')
        left = [name for name in server.databases() if '__dbomsbak' in name]
        if left:
            raise AssertionError(f'left on the server: {left}')
        server.sql(f'DROP DATABASE `{database}`')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--part', default='1/1')
    parser.add_argument('--full', action='store_true', help='1500 tables in the case of many')
    parser.add_argument('names', nargs='*')
    given = parser.parse_args()
    part, parts = map(int, given.part.split('/'))

    chosen, left_out = [], []
    for case in cases.all_cases():
        if given.names and not any(name in (case.number, case.name) for name in given.names):
            continue
        (chosen if case.fits(DEFAULT_KIND) else left_out).append(case)
    for case in left_out:
        if part == 1:
            print(f'left out  {case.name}: {case.why_not(DEFAULT_KIND)}')
    chosen = chosen[part - 1::parts]

    failed = []
    program = Program()
    with Server(options=cases.SERVER_OPTIONS) as source, \
            Server(options=cases.SERVER_OPTIONS) as other, \
            tempfile.TemporaryDirectory(prefix='cases-') as folder:
        for case in chosen:
            began = time.monotonic()
            try:
                run_case(case, source, other, program, pathlib.Path(folder), given.full)
                print(f'ok        {case.name} ({time.monotonic() - began:.1f} s)', flush=True)
            except Exception as error:  # the other cases still tell something
                failed.append(case.name)
                detail = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
                print(f'FAILED    {case.name}: {case.about}\n{detail}', flush=True)
                for server in (source, other):  # or the next case would fail with it
                    if not server.alive():
                        print(f'the server is gone; its log ends:\n{server.log[-6000:]}')
                        server.start()
                    for database in server.databases():
                        server.try_sql('SET FOREIGN_KEY_CHECKS = 0; DROP DATABASE `'
                                       + database.replace('`', '``') + '`')
    print(f'{len(chosen) - len(failed)} of {len(chosen)} cases came back exactly')
    if failed:
        print('failed:', ' '.join(failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
