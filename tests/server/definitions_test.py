#!/usr/bin/env python3
"""Definitions moved to other databases, and stubs for views whose base is gone.

The oracle is the server: what it prints of a definition created under other database names must be
what the program made of the first one's text; and over the stubs the program's list of tables and
columns asks for, a broken view can be created again.
"""

# ctest: timeout=300

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.server import DEFAULT_KIND, SKIPPED, Server

TOOL = pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tests' / 'definitions'

# Tables, aliases, CTEs and columns called like the databases are the traps.
BASES = r"""
CREATE TABLE drc.t (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b VARCHAR(20), d DATETIME) AUTO_INCREMENT=7 COMMENT=' AUTO_INCREMENT=8';
CREATE TABLE drc.`x.y` (id INT, c INT, drc INT);
CREATE TABLE drc_cm.u (id INT PRIMARY KEY, a INT, b VARCHAR(20), KEY ka (a));
CREATE TABLE drc_cm.drc (id INT, c INT, drc_cm INT);
CREATE TABLE drc_cm.`we``ird` (id INT, `c``c` INT);
"""
MORE = r"""
CREATE SEQUENCE drc_cm.s;
CREATE SEQUENCE drc.s2;
CREATE FUNCTION drc_cm.f(x INT) RETURNS INT DETERMINISTIC RETURN x+1;
CREATE FUNCTION drc.g(x INT) RETURNS INT DETERMINISTIC RETURN x+1;
CREATE TABLE drc.c (id INT PRIMARY KEY DEFAULT NEXTVAL(drc_cm.s), x INT DEFAULT (LASTVAL(drc.s2)+1), `drc` INT CHECK (drc > 0),
  k VARCHAR(50) DEFAULT 'REFERENCES `drc`.`t`', CONSTRAINT `drc` FOREIGN KEY (x) REFERENCES drc_cm.u (id), FOREIGN KEY (`drc`) REFERENCES drc.t (id));
CREATE TABLE drc.m1 (id INT) ENGINE=MyISAM;
CREATE TABLE drc_cm.m1 (id INT) ENGINE=MyISAM;
CREATE TABLE drc.mm (id INT) ENGINE=MERGE UNION=(drc.m1,drc_cm.m1);
"""
VIEWS = {
    'v1': "SELECT u.id, u.b, t.a FROM drc_cm.u JOIN t ON u.id=t.id",
    'v2': "SELECT drc.id, drc.b FROM drc_cm.u drc WHERE drc.a > 5",
    'v3': "SELECT drc_cm.f(t.a) AS fa, g(t.a), NEXTVAL(drc_cm.s) nv, LASTVAL(s2) lv FROM t, drc_cm.drc, `x.y`",
    'v4': "SELECT * FROM (SELECT id, a FROM drc_cm.u USE INDEX (ka) WHERE a IN (SELECT id FROM drc_cm.drc drc WHERE drc.c = u.a)) q"
    " UNION ALL SELECT EXTRACT(YEAR FROM d), TRIM(LEADING 'x' FROM b) FROM t ORDER BY 1 LIMIT 3",
    'v5': "WITH drc AS (SELECT id, `c``c` FROM drc_cm.`we``ird`), c2(z) AS (SELECT c FROM drc_cm.drc)"
    " SELECT drc.id, c2.z FROM drc, c2 WHERE EXISTS (SELECT 1 FROM drc_cm.u WHERE u.id = drc.id)",
    'v6': r"SELECT t.id, 'FROM `drc_cm`.`u`' AS txt, 'it''s \\ `drc`.`x`(' q FROM t LEFT JOIN (drc_cm.u CROSS JOIN drc_cm.drc d2 USING(id))"
    r" ON t.id = u.id AND t.b LIKE '%drc\_%' ESCAPE '|'",
    'v7': "SELECT STRAIGHT_JOIN t.id FROM t NATURAL LEFT JOIN drc_cm.u",
    'v8': "SELECT jt.x FROM t, JSON_TABLE(t.b, '$[*]' COLUMNS(x INT PATH '$.a')) jt, drc_cm.u",
    'v9': "SELECT ROW_NUMBER() OVER w AS n, COUNT(*) OVER (PARTITION BY u.a, u.b ORDER BY u.id) c FROM drc_cm.u WINDOW w AS (ORDER BY u.a, u.b)",
    'v10': "SELECT drc_cm.drc.c, drc_cm.drc.drc_cm FROM drc_cm.drc GROUP BY drc_cm.drc.c HAVING COUNT(*) > 1",
    'v11': "SELECT 1 AS one",
    'v12': "(SELECT id FROM t) UNION (SELECT id FROM drc_cm.u) EXCEPT SELECT id FROM drc_cm.drc",
    'v13': "SELECT t.id FROM t WHERE t.id = (SELECT MAX(u.id) FROM drc_cm.u WHERE u.a = t.a) AND (t.a, t.b) IN (SELECT a, b FROM drc_cm.u)",
    'v14': "SELECT COUNT(*) c FROM drc_cm.u",
    'v15': "SELECT t.b COLLATE utf8mb4_bin AS b, CAST(a AS CHAR CHARSET latin1) c, CONVERT(b USING gbk) d, GROUP_CONCAT(b ORDER BY a, id SEPARATOR ', from `drc`.`t`') gc,"
    " CASE WHEN a = 1 THEN (SELECT b FROM drc_cm.u LIMIT 1) ELSE 'x' END e FROM t GROUP BY a",
    'v16': "SELECT a.id, t.b FROM t a JOIN t ON a.id=t.a WHERE EXISTS (SELECT 1 FROM t WHERE t.id = a.id)",
    'v17': "WITH t(z) AS (SELECT id FROM t) SELECT z FROM t",
    'v18': "WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT r.n + 1 FROM r JOIN drc_cm.u ON u.id = r.n) SELECT n, x.drc FROM r, `x.y` x",
    'v19': "SELECT drc_cm.id FROM drc.t drc_cm, drc_cm.drc drc WHERE drc.drc_cm = drc_cm.id AND drc.id IN (drc_cm.a, drc.c)",
    'v20': "SELECT id FROM t WHERE a BETWEEN 1 AND 2 GROUP BY id WITH ROLLUP",
    'v21': "SELECT id FROM t WHERE id > 3 WITH CASCADED CHECK OPTION",
    'v22': "SELECT drc.v1.id AS drc, drc_cm FROM drc.v1, drc_cm.drc",
}

failures = []


def check(ok, what):
    if not ok:
        print('FAILED:', what)
        failures.append(what)


def tool(*arguments, text):
    done = subprocess.run([TOOL, *arguments], input=text.encode(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def show_create(server, kind, database, name):
    column = {'view': 1, 'table': 1, 'trigger': 2}[kind]
    # A second database is current, so that nothing is left out but what always is.
    return server.rows(f'SHOW CREATE {kind} `{name}`', database)[0][column]


def create_in(server, database, text):
    server.sql(f'SET FOREIGN_KEY_CHECKS=0;\nDELIMITER ;;\n{text};;\n', database)


def main():
    if not DEFAULT_KIND.startswith('mariadb'):
        print(f'skipped: {DEFAULT_KIND} lacks the sequences and syntax this test is made of')
        return SKIPPED
    with Server() as server:
        server.sql(
            'CREATE DATABASE drc CHARACTER SET utf8mb4; CREATE DATABASE drc_cm CHARACTER SET utf8mb4;'
        )
        server.sql(BASES + MORE, 'drc')
        for name, select in VIEWS.items():
            server.sql(f'CREATE VIEW {name} AS {select}', 'drc')
        server.sql(
            "CREATE TRIGGER drc.tr BEFORE INSERT ON drc.t FOR EACH ROW SET NEW.a = drc.g(1);"
            "CREATE TRIGGER tr2 /* drc.x ON drc.y */ AFTER INSERT ON `drc` . `t` FOR EACH ROW INSERT INTO drc_cm.m1 VALUES (1);"
            "CREATE TRIGGER tr3 AFTER UPDATE ON t FOR EACH ROW SET @drc = 1;"
            "SET sql_mode=ANSI_QUOTES; CREATE TRIGGER \"drc\".\"tr4\" AFTER DELETE ON \"drc\".t FOR EACH ROW SET @a = 1;",
            'drc',
        )

        # The same bases under other names, then the moved definitions.
        new = {'drc': 'new`1', 'drc_cm': 'drc_cm_2'}
        maps = [f'{k}={v}' for k, v in new.items()]
        one, two = '`new``1`', '`drc_cm_2`'
        server.sql(
            f'CREATE DATABASE {one} CHARACTER SET utf8mb4; CREATE DATABASE {two} CHARACTER SET utf8mb4;'
        )
        moved_bases = (
            (BASES + MORE)
            .replace('drc_cm.', two + '.')
            .replace(' drc.', f' {one}.')
            .replace('(drc.', f'({one}.')
        )
        server.sql(moved_bases.replace("'REFERENCES `drc`.`t`'", "'REFERENCES `drc`.`t`'"), 'new`1')
        for name in ('c', 'mm', 't'):
            old = show_create(server, 'table', 'drc', name)
            check(
                tool('rename', 'table', *maps, text=old)
                == show_create(server, 'table', 'new`1', name),
                f'table {name}',
            )
        print('  tables')
        for name in VIEWS:
            old = show_create(server, 'view', 'drc', name)
            moved = tool('rename', 'view', *maps, text=old)
            create_in(server, 'new`1', moved)
            printed = show_create(server, 'view', 'new`1', name)
            check(moved == printed, f'view {name}:\n   was {old}\n  made {moved}\n    is {printed}')
        print(f'  {len(VIEWS)} views')
        for name in ('tr', 'tr2', 'tr3', 'tr4'):
            mode = server.rows(f'SHOW CREATE TRIGGER {name}', 'drc')[0][1]
            old = show_create(server, 'trigger', 'drc', name)
            server.sql(
                f"SET sql_mode='{mode}';\nDELIMITER ;;\n{tool('rename', 'trigger', *maps, text=old)};;\n",
                'new`1',
            )
            schema = server.rows(
                f"SELECT EVENT_OBJECT_SCHEMA FROM information_schema.TRIGGERS WHERE TRIGGER_NAME='{name}' AND TRIGGER_SCHEMA='new`1'"
            )
            check(schema == [['new`1']], f'trigger {name} went to {schema}')
        print('  triggers')

        # AUTO_INCREMENT: without rows the server prints none.
        with_option = show_create(server, 'table', 'drc', 't')
        server.sql('CREATE TABLE drc.fresh LIKE drc.t', 'drc')
        fresh = show_create(server, 'table', 'drc', 'fresh').replace('`fresh`', '`t`', 1)
        check(
            ' AUTO_INCREMENT=7 ' in with_option
            and tool('without-auto-increment', text=with_option) == fresh,
            f'AUTO_INCREMENT:\n{with_option}\n{fresh}',
        )

        # Broken views: all bases go, stubs with no more than the columns asked for take their place.
        names = list(VIEWS)
        before = {name: show_create(server, 'view', 'drc', name) for name in names}
        references = {
            name: [line.split('\t') for line in tool('references', text=before[name]).splitlines()]
            for name in names
        }
        rebuilt = 0
        for name in names:
            server.sql(
                'SET FOREIGN_KEY_CHECKS=0; DROP DATABASE drc; DROP DATABASE drc_cm; CREATE DATABASE drc CHARACTER SET utf8mb4; CREATE DATABASE drc_cm CHARACTER SET utf8mb4;'
            )
            server.sql(MORE.split('CREATE TABLE')[0], 'drc')
            for database, table, *columns in references[name]:
                columns = columns or ['nothing']
                if (
                    table in VIEWS
                ):  # MariaDB prints columns of a view without the database, so the stub is one
                    server.sql(
                        f"CREATE VIEW `{database}`.`{table}` AS SELECT "
                        + ', '.join(f'1 AS `{c}`' for c in columns)
                    )
                    continue
                listed = ', '.join('`' + c.replace('`', '``') + '` VARCHAR(20)' for c in columns)
                if 'USE INDEX (`ka`)' in before[name] and table == 'u':
                    listed += ', KEY ka (a)'
                server.sql(
                    f"CREATE TABLE `{database or 'drc'}`.`{table.replace('`', '``')}` ({listed})"
                )
            create_in(server, 'drc', before[name])
            check(
                show_create(server, 'view', 'drc', name) == before[name],
                f'rebuilt {name}: {show_create(server, "view", "drc", name)}',
            )
            rebuilt += 1
        print(f'  {rebuilt} views over stubs')
    print(f'{len(failures)} failures' if failures else 'all definitions are right')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
