#!/usr/bin/env python3
# ctest: labels=cases timeout=1800 kinds=mariadb-10.11,mariadb-11.8,mysql-9.7,mysql-5.6,oceanbase-4.3.5 others.oceanbase-4.3.5=oms,003,008,014,021,024,046,052,059,062,066,071,079
"""The server's own dump program is asked the same: both dumps, loaded by the `mysql` client, give the same databases.

On the sample OMS databases and every hard case of tests/cases. Where they differ it must be a fault of the other program
that FAULTS names, and ours must be what the server had. OceanBase has no dump program of its own, and mariadb-dump ends there
with an error at the first trigger, and whenever it is asked for events: what it can dump is compared.

    differential_test.py [NUMBER…]
"""

import contextlib
import pathlib
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import cases, dumpers, fingerprint, oms  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import ClientError, DEFAULT_KIND, Server  # noqa: E402

SKIPPED = 77
OPTIONS = ['--routines', '--events', '--triggers', '--default-character-set=utf8mb4']
if DEFAULT_KIND == 'mysql-9.7':  # both servers have the same name in GTIDs
    OPTIONS.append('--set-gtid-purged=OFF')
OCEANBASE = DEFAULT_KIND.startswith('oceanbase')
NOT_DUMPED = ('trigger', 'event', 'sequence') if OCEANBASE else ()
if OCEANBASE:
    OPTIONS = ['--routines', '--skip-triggers', '--default-character-set=utf8mb4']

# By case, or case and the beginning of the kinds' names: what the server's own program gets wrong.
FAULTS = {
    'oms': 'a view whose table is gone ends the whole dump (1356)',
    '065 m': 'a view whose definer is gone ends the whole dump (1449)',
    '074 m': 'a view whose definer is gone ends the whole dump (1449)',
    '014 oceanbase': 'values of generated columns are in the dump, and refused when they are loaded (3105)',
    '046 oceanbase': 'as 014',
    '047 oceanbase': 'as 014',
    '052 oceanbase': 'members of an ENUM with quotes are as the server prints them, which it does not read (1064)',
    '059 oceanbase': 'foreign keys, which the server prints newest first, come in the other order',
    '061 oceanbase': 'as 059',
    '066 oceanbase': 'charset and collation of a view are those of the dump',
    '071 oceanbase': 'the name of a routine is as the server prints it, its back-tick not doubled (1064)',
    '079 oceanbase': 'as 014',
    '087 mariadb': 'the history of system-versioned tables is not in the dump',
    '066 mysql-5.6': 'mysqldump 9.7, for want of an own one, asks MySQL 5.6 for names outside of latin1 in the wrong charset',
    '071 mysql-5.6': 'as 066',
    '071 mysql-9.7': 'a routine whose body ends in a comment swallows the line that ends it',
    '075 mysql-5.6': 'as 066',
    '076 mysql-5.6': 'as 066',
    '082 mysql-5.6': 'as 066',
    '110 mysql-9.7': 'rows of an ARCHIVE table, whose order is not that of its AUTO_INCREMENT column, are refused when they are loaded',
    '115 mariadb': 'rows that break a CHECK, written while checks were off, are refused when they are loaded',
}


def fault_of(number):
    for key, why in FAULTS.items():
        wanted, _, kind = key.partition(' ')
        if wanted == number and DEFAULT_KIND.startswith(kind):
            return why
    return None


def drop_all(*servers):
    for server in servers:
        for name in server.databases():
            server.sql('SET FOREIGN_KEY_CHECKS = 0; DROP DATABASE `' + name.replace('`', '``') + '`')


def dumpable(prints):
    return {database: {key: of for key, of in objects.items() if key[0] not in NOT_DUMPED}
            for database, objects in prints.items()}


def expect_refusals(source, databases):
    """What mariadb-dump is not asked for on OceanBase it cannot do there."""
    for option in ('--triggers', '--events'):
        try:
            dumpers.dump(source, '--skip-triggers', option, '--databases', *databases)
        except AssertionError:
            continue
        raise AssertionError(f'{option} works here now: ask for it')


def compare(number, source, ours, theirs, program, folder, databases):
    """Returns how theirs differs from the source, as text; ours must not."""
    before = fingerprint.take(source, databases)
    archive = folder / f'{number}.sql.zst'
    program.ok('dump', *source.client_options(), '-o', archive, '--databases', *databases)
    ours.load(archive)
    fingerprint.expect_equal(before, fingerprint.take(ours, databases), 'the source and our dump')
    if ours is theirs:
        drop_all(ours)
    if OCEANBASE and number == 'oms':
        expect_refusals(source, databases)
    try:
        text = folder / f'{number}.sql'
        text.write_bytes(dumpers.dump(source, *OPTIONS, '--databases', *databases))
        theirs.load(text)
        return '\n'.join(fingerprint.differences(dumpable(before), dumpable(fingerprint.take(theirs, databases))))
    except (AssertionError, ClientError) as error:
        return f'it ends with an error: {error}'


def main():
    names = sys.argv[1:]
    failed = []
    program = Program()
    with Server(options=cases.SERVER_OPTIONS) as source:
        if dumpers.command(source) is None:
            print(f'there is no dump program for {DEFAULT_KIND} here')
            return SKIPPED
        with contextlib.ExitStack() as stack:
            ours = stack.enter_context(Server(options=cases.SERVER_OPTIONS))
            # Of OceanBase, two servers are as many as a small machine bears.
            theirs = ours if OCEANBASE else stack.enter_context(Server(options=cases.SERVER_OPTIONS))
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='differential-'))
            chosen = [('oms', lambda: oms.load(source, rows=300))]
            for case in cases.all_cases():
                if case.fits(DEFAULT_KIND):
                    chosen.append((case.number, lambda case=case: [cases.load(source, case), case.database][1:]))
            for number, load in chosen:
                if names and number not in names:
                    continue
                began = time.monotonic()
                try:
                    found = compare(number, source, ours, theirs, program, pathlib.Path(folder), load())
                    listed = fault_of(number)
                    if found and not listed:
                        raise AssertionError(f'the server\'s own dump differs:\n{found[:1500]}\n…{found[-500:]}')
                    if listed and not found:
                        raise AssertionError(f'is listed as a fault of the other program, and is none here: {listed}')
                    told = f': a fault of the other program: {listed}' if found else ''
                    print(f'ok        {number} ({time.monotonic() - began:.1f} s){told}', flush=True)
                except Exception as error:  # the others still tell something
                    failed.append(number)
                    print(f'FAILED    {number}: {error if isinstance(error, AssertionError) else traceback.format_exc()}', flush=True)
                drop_all(*dict.fromkeys((source, ours, theirs)))
    print(f'failed: {" ".join(failed)}' if failed else 'both programs tell the same')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
