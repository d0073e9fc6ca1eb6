#!/usr/bin/env python3
# ctest: labels=slow timeout=3600
"""Every hard case as a portable dump: equal to what is live, restored where it comes from, and loaded by the mysql client
into the other kinds of servers with the same rows, or refused there for a reason that is listed here."""

import contextlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import cases, fingerprint  # noqa: E402
from support.portable_samples import expect_equal_to  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import SKIPPED, ClientError, Server  # noqa: E402

KINDS = ['mariadb-10.11', 'mysql-9.7', 'mysql-5.6']

# What a server of this kind does not hold, in whatever words.
REFUSED = {
    'mysql-5.6': {
        '013': 'it has no JSON', '014': 'no columns that are generated', '016': 'no SPATIAL keys in InnoDB', '018': 'no VECTOR',
        '029': 'its log is too small for such a row', '046': 'no columns that are generated', '047': 'no columns that are generated',
        '051': 'no defaults that are expressions', '056': 'no SPATIAL keys in InnoDB', '079': 'no columns that are generated',
        '087': 'no system-versioned tables', '089': 'no UUID', '090': 'no defaults of texts', '092': 'no collations of Unicode 9',
        '101': 'no JSON', '112': 'no keys of whole texts', '115': 'no columns that are generated'},
    'mysql-9.7': {
        '087': 'it has no system-versioned tables', '089': 'no UUID', '112': 'no keys of whole texts',
        '115': 'it checks rows that were let in'},
    'mariadb-10.11': {
        '018': 'it has no VECTOR', '053': 'no REGEXP_LIKE', '092': 'no collations of Unicode 9'},
}
# A thousand columns, a thousand tables: they tell nothing more here.
LEFT_OUT = ('031', '032')
# Servers print some doubles, and -0, in ways of their own.
PRINTED_OTHERWISE = {'double_exact'}


def take_home_and_there(program, source, targets, case, folder):
    before = set(source.databases())
    cases.load(source, case)
    databases = sorted(set(source.databases()) - before)
    options, archive = source.client_options(tcp=True), folder / f'{source.kind}-{case.number}.sql.zst'
    try:
        wanted = fingerprint.take(source, databases)
        program.run('dump', *options, '--ddl', 'portable', '-B', *databases, '-o', archive).expect(0)
        expect_equal_to(program, source, archive)
        program.run('restore', archive, *options, '--yes').expect(0)
        expect_equal_to(program, source, archive)
        expect_same_rows(fingerprint.take(source, databases), wanted, f'case {case.number} restored on {source.kind}')
        program.run('purge', *options, '--yes', *databases).expect(0)
        return [refusal for target in targets if (refusal := load(target, archive, databases, wanted, case))]
    finally:
        for database in databases:
            source.sql(f'DROP DATABASE IF EXISTS `{database}`')


def load(target, archive, databases, wanted, case):
    why = REFUSED[target.kind].get(case.number)
    try:
        target.load(archive)
        expect_same_rows(fingerprint.take(target, databases), wanted, f'case {case.number} of {archive.name} on {target.kind}')
        return None
    except ClientError as refused:
        if why is None:
            raise AssertionError(f'case {case.number} of {archive.name} on {target.kind}: {refused.text[-2000:]}') from refused
        return target.kind, case.number
    finally:
        for database in databases:
            target.sql(f'DROP DATABASE IF EXISTS `{database}`')


def expect_same_rows(got, wanted, what):
    for database, objects in wanted.items():
        for (kind, name), facts in objects.items():
            if 'row hash' not in facts or name in PRINTED_OTHERWISE:
                continue
            there = got[database].get((kind, name), {})
            if any(there.get(fact) != facts[fact] for fact in ('rows', 'row hash')):
                raise AssertionError(f'{what}: {kind} {name} has other rows')


def main():
    program = Program()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='dba-')))
        servers = []
        for kind in KINDS:
            try:
                servers.append(stack.enter_context(Server(kind, options=cases.SERVER_OPTIONS)))
            except SystemExit as skipped:  # it has said which and why
                if skipped.code != SKIPPED:
                    raise
        for server in servers:
            server.try_sql('SET GLOBAL log_bin_trust_function_creators = 1')
            if server.kind == 'mysql-9.7':  # else nothing of it loads elsewhere
                server.sql('SET PERSIST default_collation_for_utf8mb4 = utf8mb4_general_ci, PERSIST collation_server = utf8mb4_general_ci, '
                           'PERSIST collation_connection = utf8mb4_general_ci')
        refused = set()
        for source in servers:
            targets = [server for server in servers if server is not source]
            taken = [case for case in cases.all_cases() if case.fits(source.kind) and case.number not in LEFT_OUT]
            for case in taken:
                refused.update(take_home_and_there(program, source, targets, case, folder))
            print(f'{source.kind}: {len(taken)} cases', flush=True)
        for kind, number in sorted(refused):
            print(f'not on {kind}: case {number}, {REFUSED[kind][number]}')
        listed = {(kind, number) for kind in KINDS for number in REFUSED[kind]}
        if len(servers) == len(KINDS) and listed != refused:
            raise AssertionError(f'taken, though listed as refused: {sorted(listed - refused)}')
    return 0 if servers else SKIPPED


if __name__ == '__main__':
    sys.exit(main())
