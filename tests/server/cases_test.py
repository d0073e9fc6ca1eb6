#!/usr/bin/env python3
# ctest: cost=70 labels=cases,client timeout=1800 parts=4 parts.oceanbase-4.3.5=2 kinds=mariadb-10.11,mariadb-11.8,mysql-9.7,mysql-5.6,oceanbase-4.3.5
"""Every hard case of tests/cases comes back exactly.

For each: load, fingerprint, dump with one job and with four (the same bytes), verify, check with
other people's programs, ruin the live database, restore, fingerprint again. The archive's text also
goes through `zstd -dc | mysql` into another server, and `restore` creates the database there.
Where definitions are slow to change (OceanBase), all cases of a part are one set of databases, dumped and restored as one,
and loaded by the client into the same server; what a part only repeats (the restore that creates all databases, a look
after the dump, extra objects in each database) is the first part's there.

    cases_test.py [--part 1/4] [--full] [--each] [NUMBER or NAME…]

The server is the kind in DBOMSBAK_TEST_SERVER.
"""

import argparse
import contextlib
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


def take(server, names):
    """{name: fingerprint}"""
    found = fingerprint.take(server, names)
    return {name: {name: found[name]} for name in names}


def expect_equal(before, after, about):
    lines = [line for name in before for line in fingerprint.differences(before[name], after[name])]
    if lines:
        raise AssertionError('\n'.join([f'{about} differ:', *lines[:200]]))


def drop(server, names):
    server.sql('SET FOREIGN_KEY_CHECKS = 0;' + ';'.join(f'DROP DATABASE `{name}`' for name in names))


def run_cases(chosen, source, other, program, folder, full, created=True):
    """One set of the databases of these cases; mostly of one. `other` may be `source`. `created`: also looked at
    after the dump, and restored where none of them is."""
    names = [case.database for case in chosen]
    for case in chosen:
        cases.load(source, case, full)
    before = take(source, names)

    archives = []
    for jobs in (1, 4):
        archive = folder / f'{chosen[0].number}-{jobs}.sql.zst'
        program.ok('dump', *source.client_options(), '--jobs', jobs, '-o', archive, *names,
                   env={'SOURCE_DATE_EPOCH': '1700000000'})
        archives.append(archive)
    if archives[0].read_bytes() != archives[1].read_bytes():
        raise AssertionError('--jobs 1 and --jobs 4 wrote different bytes')
    archive = archives[1]
    check_with_others(archive)
    program.ok('verify', archive)
    if created:
        expect_equal(before, take(source, names), 'before and after the dump, the source')

    for at, name in enumerate(names):  # what is extra shows the same in each
        damage.ruin(source, name, every_kind=source is not other or at < 3)
    for name in names if source is not other else names[:1]:  # as slow as all the damage
        if not is_ruined(source, before[name], name):
            raise AssertionError(f'the damage did nothing to {name}: this test would prove nothing')
    program.ok('restore', *source.client_options(), '--yes', archive)
    expect_equal(before, take(source, names), 'before and after restore')

    if other is source:
        drop(source, names)
    for name in names:
        recreate(other, name, before[name][name]['database', name]['charset'])
    other.load(archive, names[0])
    expect_equal(before, take(other, names), 'source and zstd -dc | mysql')
    if created:
        drop(other, names)
        program.ok('restore', *other.client_options(), '--yes', archive)
        expect_equal(before, take(other, names), 'source and restore that creates the databases')
    for server in (source,) if other is source else (source, other):
        program.ok('purge', *server.client_options(), '--yes')
        left = [name for name in server.databases() if '__dbomsbak' in name]
        if left:
            raise AssertionError(f'left on the server: {left}')
        if other is not source:  # else it goes away as a whole
            drop(server, names)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--part', default='1/1')
    parser.add_argument('--full', action='store_true', help='1500 tables in the case of many')
    parser.add_argument('--each', action='store_true', help='each case by itself, also on OceanBase')
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
    together = DEFAULT_KIND.startswith('oceanbase') and not given.each
    groups = [chosen] if together and chosen else [[case] for case in chosen]

    failed = []
    program = Program()
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(Server(options=cases.SERVER_OPTIONS))
        other = source if together else stack.enter_context(Server(options=cases.SERVER_OPTIONS))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='cases-'))
        for group in groups:
            began = time.monotonic()
            name = ' '.join(case.name for case in group)
            try:
                run_cases(group, source, other, program, pathlib.Path(folder), given.full,
                          created=not together or part == 1)
                print(f'ok        {name} ({time.monotonic() - began:.1f} s)', flush=True)
            except Exception as error:  # the other cases still tell something
                failed += [case.name for case in group]
                detail = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
                about = '; '.join(case.about for case in group)
                print(f'FAILED    {name}: {about}\n{detail}', flush=True)
                for server in {source, other}:  # or the next case would fail with it
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
