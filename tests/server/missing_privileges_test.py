#!/usr/bin/env python3
# ctest: kinds=mariadb-10.11,mysql-9.7,mysql-5.6,mariadb-11.8,oceanbase-4.3.5
"""An account that lacks something is told the GRANT that is missing, and these GRANTs, one after another,
lead to the dump that root makes. Never to less than that without a word.

    missing_privileges_test.py [ACCOUNT…]
"""

import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, Server  # noqa: E402

OCEANBASE = DEFAULT_KIND.startswith('oceanbase')
MARIADB = DEFAULT_KIND.startswith('mariadb')
HAS_ROLES = not OCEANBASE and DEFAULT_KIND != 'mysql-5.6'

SAMPLE = '''CREATE DATABASE priv_a; CREATE DATABASE priv_b; CREATE DATABASE privXa;
CREATE TABLE priv_b.base (id INT PRIMARY KEY, v INT); INSERT INTO priv_b.base VALUES (1, 1), (2, 2);
USE priv_a;
CREATE TABLE t1 (id INT PRIMARY KEY, v INT); INSERT INTO t1 VALUES (1, 10), (2, 20);
CREATE TABLE t2 (id INT PRIMARY KEY, a INT, b INT, c INT); INSERT INTO t2 VALUES (1, 2, 3, 4);
CREATE TABLE `t_3` (a INT, b INT); INSERT INTO t_3 VALUES (1, 2), (3, 4);
CREATE FUNCTION fn(x INT) RETURNS INT DETERMINISTIC RETURN x + 1;
CREATE PROCEDURE pr() SELECT 1;
CREATE VIEW v1 AS SELECT id FROM t1;
CREATE VIEW v2 AS SELECT id, v FROM priv_b.base;
CREATE TRIGGER tr1 BEFORE INSERT ON t1 FOR EACH ROW SET NEW.v = 1;
CREATE TRIGGER tr2 BEFORE UPDATE ON t2 FOR EACH ROW SET NEW.a = 1;
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM t1 WHERE id < 0;
'''
# OceanBase 4.3.5 takes no view of a function that has just been made (4012, 5627).
OF_FUNCTION = 'CREATE VIEW v3 AS SELECT a, fn(b) AS f FROM t2; CREATE VIEW a_of_v3 AS SELECT f FROM v3;'
IF_SECURITY = 'CREATE SQL SECURITY INVOKER VIEW v4 AS SELECT id, v FROM priv_b.base;'
IF_SEQUENCES = 'CREATE SEQUENCE sq START WITH 5;'

ALL = 'SELECT, SHOW VIEW, TRIGGER, EVENT'
# What each account has at first.
ACCOUNTS = {
    'nothing': [],
    'another_database': ['SELECT ON `privXa`.*'],
    'one_table': ['SELECT ON priv_a.t1'],
    'one_column': ['SELECT ON priv_a.t1', 'SELECT (a, b) ON priv_a.t2', 'SELECT ON priv_a.t_3'],
    'column_of_all': [f'SHOW VIEW, TRIGGER, EVENT ON priv_a.*', 'SELECT ON priv_a.t1', 'SELECT (a) ON priv_a.t2',
                      'SELECT (a, b) ON priv_a.t_3'],
    'no_select': ['INSERT, SHOW VIEW, TRIGGER, EVENT ON priv_a.*'],
    'select_alone': ['SELECT ON priv_a.*'],
    'no_show_view': ['SELECT, TRIGGER, EVENT ON priv_a.*'],
    'no_trigger': ['SELECT, SHOW VIEW, EVENT ON priv_a.*'],
    'trigger_on_one': ['SELECT, SHOW VIEW, EVENT ON priv_a.*', 'TRIGGER ON priv_a.t1'],
    'no_event': ['SELECT, SHOW VIEW, TRIGGER ON priv_a.*'],
    'no_routines': [f'{ALL} ON priv_a.*'],
    'execute': [f'{ALL}, EXECUTE ON priv_a.*'],
    'execute_one': [f'{ALL} ON priv_a.*', 'EXECUTE ON PROCEDURE priv_a.pr'],
    'alter_routine': [f'{ALL}, ALTER ROUTINE ON priv_a.*'],
    'wildcard': [f'{ALL} ON `priv\\_%`.*'],
    'narrower_pattern': [f'{ALL} ON `priv%`.*', 'INSERT ON `priv\\_a`.*'],
    'everything_there': ['ALL PRIVILEGES ON priv_a.*'],
    'global_select': ['SELECT ON *.*'],
}
if OCEANBASE and not sys.argv[1:]:  # seconds each: one of a kind
    ACCOUNTS = {user: ACCOUNTS[user] for user in ('nothing', 'one_column', 'no_trigger', 'no_routines', 'global_select')}
ROLES = {
    'role_off': (False, [f'{ALL}, EXECUTE ON priv_a.*', 'SELECT ON mysql.*']),
    'role_on': (True, [f'{ALL}, EXECUTE ON priv_a.*',
                       'SHOW_ROUTINE ON *.*' if DEFAULT_KIND == 'mysql-9.7' else 'SELECT ON mysql.*']),
}
GRANT = re.compile(r"GRANT [^;]*? TO [^;]*;")


def need(truth, message):
    if not truth:
        raise AssertionError(message)


def content(text):
    """A dump's text without what tells of the way to its snapshot."""
    return [line for line in text.decode().split('\n') if not line.startswith('--')]


class Accounts:
    def __init__(self, server, folder):
        self.server, self.folder, self.program = server, pathlib.Path(folder), Program()
        self.whole = content(self.dump('root').expect(0).stdout)
        for word in ('PROCEDURE `pr`', 'FUNCTION `fn`', 'tr1', 'tr2', 'ev', 'v2', '(1,2,3,4)'):
            need(word in '\n'.join(self.whole), f'the dump of root has no {word}')

    def dump(self, user, *more):
        return self.program.run('dump', *self.server.client_options(user), '--format', 'sql', 'priv_a', *more)

    def grant(self, statements):
        self.server.sql('\n'.join(statements))

    def reaches_the_whole(self, user):
        """By the GRANTs that the program prints, no other; how many runs it took."""
        given = []
        for run in range(1, 12):
            result = self.dump(user)
            if result.code == 0:
                got = content(result.stdout)
                missing = [line for line in self.whole if line not in got]
                need(got == self.whole, f'{user}: ended well with less (or other) than root: {missing[:5]} after {given}')
                return run, given
            need(result.code == 11, f'{user}: ended with {result.code} after {given}: {result.err}')
            error = result.err[result.err.rindex('error:'):]
            grants = [grant for grant in GRANT.findall(error) if grant not in given]
            need(grants, f'{user}: no GRANT that is new after {given}: {error}')
            for grant in grants:
                self.grant([grant])
            given += grants
        raise AssertionError(f'{user}: {given} are not enough')

    def check_tells_all(self, user):
        """Every GRANT that `check` prints as a problem is given: then both are content."""
        given = []
        for _ in range(4):
            result = self.program.run('check', *self.server.client_options(user), 'priv_a')
            if result.code == 0:
                break
            need(result.code == 11, f'check of {user}: {result.code}: {result.out} {result.err}')
            problems = re.findall(r'^PROBLEM .*\n((?: {9}.*\n)+)', result.out, re.MULTILINE)
            grants = list(dict.fromkeys(grant for grant in GRANT.findall(''.join(problems) or result.err) if grant not in given))
            need(grants, f'check of {user} prints no new GRANT after {given}: {result.out} {result.err}')
            self.grant(grants)
            given += grants
        result = self.dump(user)
        need(result.code == 0 and content(result.stdout) == self.whole,
             f'{user}: check was content, the dump ended with {result.code}: {result.err}')
        return given


def main():
    with Server() as server, tempfile.TemporaryDirectory(prefix='priv-') as folder:
        text = SAMPLE
        if not OCEANBASE:
            text += OF_FUNCTION + IF_SECURITY
        if MARIADB or OCEANBASE:
            text += IF_SEQUENCES
        server.sql(text)
        accounts = Accounts(server, folder)
        failed = []
        for user, grants in ACCOUNTS.items():
            if sys.argv[1:] and user not in sys.argv[1:]:
                continue
            began = time.monotonic()
            try:
                server.create_account(user, grants=grants)
                runs, given = accounts.reaches_the_whole(user)
                server.drop_account(user)
                server.create_account(user, grants=grants)
                told = accounts.check_tells_all(user)
                print(f'ok        {user}: {runs} runs, {given} (check: {len(told)}; {time.monotonic() - began:.1f} s)', flush=True)
            except AssertionError as error:
                failed.append(user)
                print(f'FAILED    {error}', flush=True)
        for user, (on, grants) in ROLES.items() if HAS_ROLES else ():
            if sys.argv[1:] and user not in sys.argv[1:]:
                continue
            try:
                role = f'`{user}_role`'
                server.create_account(user)
                server.sql(f'CREATE ROLE {role};' + ''.join(f'GRANT {grant} TO {role};' for grant in grants) +
                           f"GRANT {role} TO '{user}'@'%';")
                if on:
                    server.sql(f"SET DEFAULT ROLE {role} FOR '{user}'@'%'" if MARIADB else
                               f"SET DEFAULT ROLE {role} TO '{user}'@'%'")
                runs, given = accounts.reaches_the_whole(user)
                need((runs == 1) == on, f'{user}: {runs} runs, {given}')
                print(f'ok        {user}: {runs} runs, {given}', flush=True)
            except AssertionError as error:
                failed.append(user)
                print(f'FAILED    {error}', flush=True)
    print(f'{len(failed)} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
