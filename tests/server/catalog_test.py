#!/usr/bin/env python3
"""What the catalogue and the row streams see of a server, beside what the mysql client sees.

Values: every column type, by both protocols, compared with the server's own HEX(). Definitions: byte
for byte the client's SHOW CREATE. Privileges: what an account may not see is told with its GRANT,
and with these GRANTs given everything is seen.
"""

import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, SKIPPED, Server  # noqa: E402

FAULTS = []
SEED = int(os.environ.get('DBOMSBAK_SEED', random.randrange(1 << 30)))


def check(holds, text):
    if not holds:
        FAULTS.append(text)


def probe_path():
    build = os.environ.get('DBOMSBAK_BUILD') or str(pathlib.Path(os.environ['DBOMSBAK']).parent)
    return pathlib.Path(build) / 'tests' / 'server_probe'


class Probe:
    def __init__(self, server):
        self.program = Program(str(probe_path()))
        self.where = ['--no-defaults', f'--host={server.host}', f'--port={server.port}']

    def run(self, *words, user='root'):
        return self.program.run(*self.where, f'--user={user}', *words, timeout=600)

    def rows(self, *words):
        out = self.run(*words).expect(0).out
        return [[None if cell == '-' else cell[1:] for cell in line.split('\t')]
                for line in out.splitlines()]

    def catalog(self, *databases, user='root'):
        return json.loads(self.run('catalog', *databases, user=user).expect(0).out)


# Name, type, how the server shows the value's bytes (in hex), values as SQL.
TEXT = "'', 'a', 'it''s', '\\\\', 'tab\\there', '\\0\\Z\\n', 'ÄÖé'"
PLAIN = 'HEX(CONCAT({}))'
COLUMNS = [
    ('i1', 'TINYINT', PLAIN, '-128, 0, 127'),
    ('i1u', 'TINYINT UNSIGNED', PLAIN, '0, 255'),
    ('i2', 'SMALLINT', PLAIN, '-32768, 32767'),
    ('i3', 'MEDIUMINT', PLAIN, '-8388608, 8388607'),
    ('i3u', 'MEDIUMINT UNSIGNED', PLAIN, '16777215'),
    ('i4', 'INT', PLAIN, '-2147483648, 2147483647'),
    ('i8', 'BIGINT', PLAIN, '-9223372036854775808, 9223372036854775807'),
    ('i8u', 'BIGINT UNSIGNED', PLAIN, '0, 18446744073709551615'),
    ('dc', 'DECIMAL(65,30)', PLAIN, '-0.5, 1, 12345678901234567890123456789012345.123456789012345678901234567891'),
    ('dcu', 'DECIMAL(5,0) UNSIGNED', PLAIN, '0, 99999'),
    ('dt', 'DATE', PLAIN, "'0000-00-00', '1000-01-01', '2000-02-31', '9999-12-31', '2024-00-00'"),
    ('t0', 'TIME', PLAIN, "'-838:59:59', '00:00:00', '-00:00:01', '99:59:59', '100:00:00', '838:59:59'"),
    ('t3', 'TIME(3)', PLAIN, "'-838:59:59.999', '00:00:00.001', '-00:00:00.500'"),
    ('t6', 'TIME(6)', PLAIN, "'838:59:59.999999', '00:00:00'"),
    ('dm0', 'DATETIME', PLAIN, "'0000-00-00 00:00:00', '9999-12-31 23:59:59', '2024-02-30 01:02:03'"),
    ('dm1', 'DATETIME(1)', PLAIN, "'2024-01-02 03:04:05.6', '2024-01-02 03:04:05'"),
    ('dm6', 'DATETIME(6)', PLAIN, "'0001-01-01 00:00:00.000001', '9999-12-31 23:59:59.999999'"),
    ('ts0', 'TIMESTAMP NULL', PLAIN, "'0000-00-00 00:00:00', '1970-01-01 00:00:01', '2038-01-19 03:14:07'"),
    ('ts6', 'TIMESTAMP(6) NULL', PLAIN, "'1970-01-01 00:00:00.000001', '2038-01-19 03:14:07.999999'"),
    ('y4', 'YEAR', PLAIN, '0, 1901, 2155'),
    ('b1', 'BIT(1)', "LPAD(HEX({}), 2, '0')", "b'0', b'1'"),
    ('b13', 'BIT(13)', "LPAD(HEX({}), 4, '0')", "b'0', b'1111111111111'"),
    ('b64', 'BIT(64)', "LPAD(HEX({}), 16, '0')", "0, 0xFFFFFFFFFFFFFFFF, 0x5C270A0022"),
    ('e', "ENUM('x','Y','a b')", 'HEX({})', "1, 2, 3, 0"),
    ('ee', "ENUM('','x')", PLAIN.replace('{}', '{}+0'), '0, 1, 2'),
    ('eu', "ENUM('a','é','中') CHARACTER SET utf8mb4", PLAIN.replace('{}', '{}+0'), '1, 2, 3, 0'),
    ('s', "SET('x','Y','z')", 'HEX({})', "0, 1, 5, 7"),
    ('se', "SET('','x')", PLAIN.replace('{}', '{}+0'), '0, 1, 2, 3'),
    ('s64', 'SET(' + ','.join(f"'m{i}'" for i in range(63)) + ",'')",
     'HEX(CAST(CAST({} AS UNSIGNED) AS CHAR))', '0, 9223372036854775807, 18446744073709551615'),
    ('c', 'CHAR(10) CHARACTER SET utf8mb4', 'HEX({})', TEXT + ", 'trail  '"),
    ('vc', 'VARCHAR(100) CHARACTER SET utf8mb4', 'HEX({})', TEXT + ", '😀', ' trail '"),
    ('l1', 'VARCHAR(50) CHARACTER SET latin1', 'HEX({})', TEXT + ', 0x808182FF'),
    ('gbk', 'VARCHAR(50) CHARACTER SET gbk', 'HEX({})', "'', '中文', _gbk 0x815C"),
    ('u16', 'VARCHAR(50) CHARACTER SET utf16', 'HEX({})', "'', 'aé', '😀'"),
    ('sj', 'VARCHAR(50) CHARACTER SET sjis', 'HEX({})', "_sjis 0x835C"),
    ('bad', 'VARCHAR(50) CHARACTER SET ascii', 'HEX({})', '0x414280FF'),
    ('tx', 'LONGTEXT CHARACTER SET utf8mb4', 'HEX({})', "REPEAT('é', 40000), 'x', REPEAT('yz', 300000)"),
    ('bi', 'BINARY(4)', 'HEX({})', "0x00, 0xFFFE, ''"),
    ('vb', 'VARBINARY(300)', 'HEX({})', "'', 0x00, " + '0x' + bytes(range(256)).hex()),
    ('bl', 'LONGBLOB', 'HEX({})', "'', 0x00, REPEAT(0xFF00, 5000), REPEAT(0x5C27, 400000)"),
    ('g', 'GEOMETRY', 'HEX({})', "POINT(1, 2), ST_GeomFromText('LINESTRING(0 0,1 1)', 4326)"),
    ('j', 'JSON', 'HEX({})', """'{"a": "\\\\"é"}', '[1.10, null]'"""),
    ('u', 'UUID', PLAIN, "'123e4567-e89b-12d3-a456-426655440000'"),
    ('i6', 'INET6', PLAIN, "'::1', '::ffff:1.2.3.4'"),
    ('in4', 'INET4', PLAIN, "'0.0.0.0', '255.255.255.255'"),
    ('f', 'FLOAT', None, '0, 1.1, -3.4e38, 1.17549e-38, 1e-45, 16777217'),
    ('d', 'DOUBLE', None, '0, 1.1, -1.7976931348623157e308, 2.2250738585072014e-308, 5e-324, 0.1'),
]


def values(server, probe):
    """One table a type and one with all: cells by both protocols against the server's HEX()."""
    mode = "SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone='+00:00';"
    server.sql('CREATE DATABASE v CHARACTER SET utf8mb4;')
    for name, kind, shown, given in COLUMNS:
        # UNION would make one type of all: a row each.
        statements = ''.join(f'INSERT INTO t_{name} ({name}) SELECT {value};' for value in split(given))
        server.sql(f'{mode} CREATE TABLE t_{name} (id INT AUTO_INCREMENT PRIMARY KEY, {name} {kind} NULL); '
                   f'INSERT INTO t_{name} ({name}) VALUES (NULL); {statements}', 'v')
        seen = [row[1] for row in probe.rows('table', 'v', f't_{name}')]
        if shown is None:
            floats(server, name, seen)
            continue
        wanted = [None if cell == 'NULL' else cell.lower() for cell, in server.rows(
            f"{mode} SELECT {shown.format(name)} FROM t_{name} ORDER BY id", 'v')]
        check(seen == wanted, f'{kind}: {short(seen)} is not the server\'s {short(wanted)}')
        by = {p: probe.rows('rows', p, f'SELECT {name} FROM v.t_{name} ORDER BY id')
              for p in ('text', 'binary')}
        check(by['text'] == by['binary'] and len(by['text']) == len(wanted),
              f'{kind}: text {short(by["text"])} is not binary {short(by["binary"])}')

    # All columns in one row, values growing and shrinking, NULLs in between: no cell is another's.
    names = [name for name, _, shown, _ in COLUMNS if shown]
    server.sql(f'CREATE TABLE w (id INT PRIMARY KEY, ' + ', '.join(
        f'{name} {kind} NULL' for name, kind, _, _ in COLUMNS) + ')', 'v')
    chance = random.Random(SEED)
    for i in range(60):
        picked = [chance.choice(['NULL', *split(given)]) for _, _, _, given in COLUMNS]
        server.sql(f'{mode} INSERT INTO w VALUES ({i}, {", ".join(picked)})', 'v')
    by = {p: probe.rows('rows', p, f'SELECT {", ".join(names)} FROM v.w ORDER BY id')
          for p in ('text', 'binary')}
    for number, (text, binary) in enumerate(zip(by['text'], by['binary'])):
        for name, a, b in zip(names, text, binary):
            check(a == b, f'row {number} (seed {SEED}), {name}: text {short(a)} is not binary {short(b)}')
    check(len(by['binary']) == 60, f'{len(by["binary"])} rows by the binary protocol, not 60')


def split(given):
    """Values at top-level commas."""
    out, depth, quoted, word, i = [], 0, False, '', 0
    while i < len(given):
        c = given[i]
        if quoted and c == '\\':
            word += given[i:i + 2]
            i += 2
            continue
        if c == "'":
            quoted = not quoted
        if not quoted:
            depth += (c == '(') - (c == ')')
            if c == ',' and depth == 0:
                out.append(word.strip())
                word = ''
                i += 1
                continue
        word += c
        i += 1
    return [*out, word.strip()]


def short(value):
    text = repr(value)
    return text if len(text) < 300 else text[:300] + '…'


def floats(server, name, seen):
    texts = [cell for cell, in server.rows(f'SELECT {name}*1e0 FROM v.t_{name} ORDER BY id')]
    check(len(texts) == len(seen), f'{name}: {len(seen)} values, the server has {len(texts)}')
    for cell, text in zip(seen, texts):
        if cell is None or text == 'NULL':
            check(cell is None and text == 'NULL', f'{name}: {cell} against {text}')
            continue
        value = struct.unpack('<f' if len(cell) == 8 else '<d', bytes.fromhex(cell))[0]
        check(value == float(text), f'{name}: {value!r} is not the server\'s {text}')


NASTY = """
SET NAMES utf8mb4;
CREATE DATABASE `a.b` CHARACTER SET latin1;
CREATE DATABASE `q``u'o"t e` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci COMMENT 'it''s';
CREATE DATABASE `数据`;
USE `q``u'o"t e`;
CREATE TABLE `t``1` (`a``b` INT NOT NULL, `c d` VARCHAR(10) NOT NULL, f FLOAT NOT NULL, e ENUM('x','y') NOT NULL,
  n INT, p VARCHAR(200) NOT NULL,
  UNIQUE KEY k_float (f), UNIQUE KEY k_enum (e), UNIQUE KEY k_null (n), UNIQUE KEY k_prefix (p(5)),
  UNIQUE KEY `k``two` (`c d`, `a``b`), UNIQUE KEY k_hash (p) USING HASH, UNIQUE KEY k_int (`a``b`)) COMMENT 'é';
CREATE TABLE gen (id INT PRIMARY KEY AUTO_INCREMENT, v INT AS (d) VIRTUAL, s INT AS (d + 1) PERSISTENT,
  h INT INVISIBLE, d INT DEFAULT (1 + 1)) AUTO_INCREMENT = 4711;
CREATE TABLE my (id INT PRIMARY KEY) ENGINE=MyISAM;
CREATE TABLE mrg (id INT PRIMARY KEY) ENGINE=MERGE UNION=(my) INSERT_METHOD=LAST;
CREATE TABLE sv (id INT PRIMARY KEY, x INT) WITH SYSTEM VERSIONING;
INSERT INTO my VALUES (1); INSERT INTO sv VALUES (1, 1); UPDATE sv SET x = 2;
CREATE SEQUENCE up START WITH 5 CACHE 10; SELECT NEXTVAL(up);
CREATE SEQUENCE down START WITH 100 INCREMENT BY -7 MAXVALUE 200; SELECT NEXTVAL(down);
CREATE SEQUENCE back START WITH 50 MINVALUE 1; ALTER SEQUENCE back RESTART 3;
CREATE SEQUENCE spent START WITH 1 MAXVALUE 2 NOCACHE; SELECT NEXTVAL(spent), NEXTVAL(spent);
CREATE SEQUENCE round START WITH 1 MAXVALUE 3 NOCACHE CYCLE;
SELECT NEXTVAL(round), NEXTVAL(round), NEXTVAL(round), NEXTVAL(round), NEXTVAL(round);
CREATE TABLE gone (id INT, w INT);
CREATE VIEW broken AS SELECT id, w FROM gone;
CREATE VIEW z_base AS SELECT id FROM my;
CREATE VIEW a_top AS SELECT id FROM z_base;
CREATE VIEW `v``w` AS SELECT `a``b` AS `x``y` FROM `t``1`;
DROP TABLE gone;
CREATE VIEW `数据`.`a` AS SELECT id FROM a_top;
CREATE VIEW `a.b`.`x` AS SELECT id FROM `数据`.`a`;
CREATE VIEW cross_view AS SELECT id FROM `a.b`.`x`;
SET NAMES latin1;
CREATE VIEW latin AS SELECT 'MARK' AS l;
SET NAMES utf8mb4;
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
DELIMITER ;;
CREATE PROCEDURE "p`roc"() BEGIN /* kept */ SELECT 'a' || "x" FROM (SELECT 1 AS "x") t; -- kept, too
END;;
SET sql_mode = '';;
CREATE FUNCTION p() RETURNS INT DETERMINISTIC RETURN 1;;
CREATE PROCEDURE p() SELECT 1;;
CREATE TRIGGER b2 BEFORE INSERT ON gen FOR EACH ROW SET NEW.h = 1;;
CREATE TRIGGER b1 BEFORE INSERT ON gen FOR EACH ROW SET NEW.h = 2;;
CREATE TRIGGER b0 BEFORE INSERT ON gen FOR EACH ROW PRECEDES b2 SET NEW.h = 3;;
CREATE TRIGGER a9 AFTER UPDATE ON gen FOR EACH ROW SET @x = 1;;
SET time_zone = '+03:00';;
CREATE EVENT `e v` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 05:00:00' DISABLE COMMENT 'c' DO BEGIN SELECT 1; END;;
SET sql_mode = 'ORACLE';;
CREATE PACKAGE pack AS FUNCTION f RETURN INT; END;;
CREATE PACKAGE BODY pack AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END;;
DELIMITER ;
CREATE USER 'o''k'@'%'; CREATE ROLE r1;
SET sql_mode = '';
GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE p TO 'o''k'@'%' WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION p TO r1;
"""
NAMES = ["q`u'o\"t e", '数据', 'a.b']


def quoted(name):
    return '`' + name.replace('`', '``') + '`'


def shown_by_client(server, database, statement):
    """The bytes the client prints for SHOW CREATE, as the server sends them."""
    command = server.client_command(database, ['--batch', '--raw', '--skip-column-names'])
    sql = ("SET SESSION sql_mode='', time_zone='+00:00'; SET character_set_results = NULL; " + statement)
    return subprocess.run(command, input=sql.encode(), capture_output=True, check=True).stdout


def definitions(server, probe):
    server.run_client(NASTY)
    # Whatever the server's own settings are.
    server.sql("SET GLOBAL sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES', GLOBAL sql_quote_show_create=0, "
               "GLOBAL sql_select_limit=2, GLOBAL time_zone='+08:00'")
    try:
        catalog = probe.catalog(*NAMES)
    finally:
        server.sql("SET GLOBAL sql_mode='', GLOBAL sql_quote_show_create=1, "
                   "GLOBAL sql_select_limit=18446744073709551615, GLOBAL time_zone='SYSTEM'")
    check([d['name'] for d in catalog['databases']] == NAMES, 'databases are not those asked for')
    check(not catalog['unreadable'], f'unreadable: {catalog["unreadable"]}')
    words = {'tables': 'TABLE', 'views': 'VIEW', 'sequences': 'SEQUENCE', 'triggers': 'TRIGGER', 'events': 'EVENT'}
    for database in catalog['databases']:
        for kind, objects in ((k, database[k]) for k in (*words, 'routines')):
            for each in objects:
                word = words.get(kind) or each['kind'].upper()
                printed = shown_by_client(server, database['name'], f'SHOW CREATE {word} {quoted(each["name"])}')
                check(bytes.fromhex(each['create']) in printed and each['create'],
                      f'{word} {each["name"]}: not what SHOW CREATE prints: {printed!r}')
        counts = {
            'tables': "TABLES WHERE TABLE_TYPE IN ('BASE TABLE','SYSTEM VERSIONED') AND TABLE_SCHEMA",
            'views': "TABLES WHERE TABLE_TYPE='VIEW' AND TABLE_SCHEMA",
            'sequences': "TABLES WHERE TABLE_TYPE='SEQUENCE' AND TABLE_SCHEMA",
            'routines': 'ROUTINES WHERE ROUTINE_SCHEMA', 'triggers': 'TRIGGERS WHERE TRIGGER_SCHEMA',
            'events': 'EVENTS WHERE EVENT_SCHEMA'}
        for kind, source in counts.items():
            name = database['name'].replace("'", "''")
            count = int(server.value(f"SELECT COUNT(*) FROM information_schema.{source} = '{name}'"))
            check(len(database[kind]) == count,
                  f'{database["name"]}: {len(database[kind])} {kind}, the server has {count}')

    main = catalog['databases'][0]
    check(main['collation'] == 'utf8mb4_unicode_ci' and main['comment'] == "it's", f'{main["comment"]!r}')
    tables = {t['name']: t for t in main['tables']}
    check([k['name'] for k in tables['t`1']['keys']] == ['k_int', 'k`two'], f'keys: {tables["t`1"]["keys"]}')
    columns = {c['name']: c for c in tables['gen']['columns']}
    check(columns['v']['generated'] and columns['s']['generated'] and columns['h']['invisible']
          and not columns['d']['generated'] and tables['gen']['auto_increment'] == 4711, f'{tables["gen"]}')
    check(not tables['my']['transactional'] and tables['gen']['transactional'], 'engines')
    check(tables['mrg']['rows_elsewhere'] and probe.rows('table', NAMES[0], 'mrg') == [], 'MERGE has rows')
    check(len(probe.rows('table', NAMES[0], 'sv')) == 2, 'the history of a versioned table is missing')
    check([k['columns'] for k in tables['sv']['keys']] == [['id', 'row_end']], f'{tables["sv"]["keys"]}')
    views = {v['name']: v for v in main['views']}
    check(views['broken']['broken'] and views['broken']['columns'] == [], 'a broken view is not told')
    check(views['v`w']['columns'] == ['x`y'] and not views['v`w']['broken'], 'columns of a view')
    check(views['latin']['character_set_client'] == 'latin1', 'charset of a view')
    order = [tuple(v) for v in catalog['view_order']]
    chain = [(NAMES[0], 'z_base'), (NAMES[0], 'a_top'), (NAMES[1], 'a'), (NAMES[2], 'x'), (NAMES[0], 'cross_view')]
    check([v for v in order if v in chain] == chain, f'views are in no order to create them: {order}')
    check([t['name'] for t in main['triggers']] == ['a9', 'b0', 'b2', 'b1'],
          f'triggers: {[t["name"] for t in main["triggers"]]}')
    routines = {(r['kind'], r['name']): r for r in main['routines']}
    check(set(routines) == {('procedure', 'p`roc'), ('function', 'p'), ('procedure', 'p'),
                            ('package', 'pack'), ('package body', 'pack')}, f'{set(routines)}')
    body = bytes.fromhex(routines['procedure', 'p`roc']['create']).decode()
    check('/* kept */' in body and '-- kept, too' in body, f'comments are gone: {body}')
    check('ANSI_QUOTES' in routines['procedure', 'p`roc']['sql_mode'].split(','), 'sql_mode of a routine')
    event = main['events'][0]
    check(event['time_zone'] == '+03:00' and event['status'] == 'DISABLED', f'{event}')
    grants(server, routines)
    sequences(server, main['sequences'])


def grants(server, routines):
    """Taken away and given again by our statements, the grants are as they were."""
    before = server.rows('SELECT * FROM mysql.procs_priv ORDER BY User, Routine_name')
    server.sql('DELETE FROM mysql.procs_priv; FLUSH PRIVILEGES;')
    count = 0
    for routine in routines.values():
        for grant in routine['grants']:
            server.sql(grant + ';')
            count += 1
    after = server.rows('SELECT * FROM mysql.procs_priv ORDER BY User, Routine_name')
    check(count == 2 and [r[:5] + [r[6]] for r in before] == [r[:5] + [r[6]] for r in after], f'{before} became {after}')


def sequences(server, found):
    """Created again and set by our statement, a sequence gives the value it would have given."""
    server.sql('CREATE DATABASE seq')
    check(len(found) == 5, f'{len(found)} sequences')
    for sequence in found:
        name = sequence['name']
        state = 'SELECT next_not_cached_value, cycle_count FROM '
        before = server.rows(state + f'{quoted(NAMES[0])}.{quoted(name)}')
        server.sql(bytes.fromhex(sequence['create']).decode() + '; ' + sequence['restart'] + ';', 'seq')
        after = server.rows(state + quoted(name), 'seq')
        check(before == after, f'sequence {name}: {before} became {after} by {sequence["restart"]}')


def privileges(server, probe):
    server.sql("""CREATE DATABASE pr; USE pr; CREATE TABLE t (a INT, b INT); CREATE TABLE u (a INT);
        CREATE VIEW v AS SELECT a FROM t; CREATE SEQUENCE s; CREATE PROCEDURE p() SELECT 1;
        CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
        CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1;""")
    server.create_account('few', '', grants=[])
    server.sql("GRANT SELECT (a) ON pr.t TO 'few'@'%'; GRANT SELECT ON pr.u TO 'few'@'%'; "
               "GRANT INSERT ON pr.v TO 'few'@'%'; GRANT INSERT ON pr.s TO 'few'@'%'; "
               "GRANT EXECUTE ON PROCEDURE pr.p TO 'few'@'%';")
    catalog = probe.catalog('pr', user='few')
    missing = {(u['kind'], u['name']): u['remedy'] for u in catalog['unreadable']}
    for wanted in (('table', 't'), ('view', 'v'), ('sequence', 's'), ('procedure', 'p'), ('trigger', '*'),
                   ('event', '*')):
        check(missing.get(wanted, '').startswith('GRANT '), f'{wanted} is not told with a GRANT: {missing}')
    check([t['name'] for t in catalog['databases'][0]['tables']] == ['u'], 'what can be read is not read')
    # The GRANTs that are told are those that are missing; the bodies, once seen, may tell of more.
    for _ in range(3):
        for grant in {u['remedy'] for u in catalog['unreadable']}:
            server.sql(grant)
        catalog = probe.catalog('pr', user='few')
    check(not catalog['unreadable'], f'still unreadable: {catalog["unreadable"]}')
    database = catalog['databases'][0]
    check([len(database[k]) for k in ('tables', 'views', 'sequences', 'routines', 'triggers', 'events')]
          == [2, 1, 1, 1, 1, 1], 'something is still hidden')
    # By a role, and by what everybody has.
    server.create_account('by_role', '', grants=[])
    server.sql("CREATE ROLE r_read; GRANT ALL ON pr.* TO r_read; GRANT SELECT ON mysql.proc TO r_read; "
               "GRANT r_read TO 'by_role'@'%'; SET DEFAULT ROLE r_read FOR 'by_role'@'%';")
    catalog = probe.catalog('pr', user='by_role')
    check(not catalog['unreadable'], f'by role: {catalog["unreadable"]}')


def hidden_text(server, probe):
    """SHOW CREATE TABLE prints some characters as '?': such a table is told, a true '?' is not."""
    server.sql("""CREATE DATABASE h CHARACTER SET utf8mb4; USE h;
        CREATE TABLE honest (a VARCHAR(9) DEFAULT '?', e ENUM('?','no'), s SET('?','b?','x'),
          x VARCHAR(9) DEFAULT (CONCAT('😀','?')));
        CREATE TABLE h_default (a VARCHAR(9) DEFAULT 'x😀');
        CREATE TABLE h_set (s SET('a','it''s','?','😀'));
        CREATE TABLE h_enum (e ENUM('?','','😀') CHARACTER SET utf16);""")
    printed = server.value(
        "SELECT COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE TABLE_NAME = 'h_default'")
    check('?' in printed, 'this server shows all: the check can go')
    catalog = probe.catalog('h')
    check([t['name'] for t in catalog['databases'][0]['tables']] == ['honest'],
          f'{catalog["unreadable"]}')
    check(sorted(u['name'] for u in catalog['unreadable']) == ['h_default', 'h_enum', 'h_set'],
          f'{catalog["unreadable"]}')


def many(server, probe):
    """Thousands of tables are a matter of seconds, and none is asked about alone but by SHOW CREATE."""
    count = 1500
    server.sql('CREATE DATABASE many; USE many;' + ''.join(
        f'CREATE TABLE t{i} (id INT PRIMARY KEY, a INT, KEY (a)) ENGINE=MyISAM;' for i in range(count)))
    server.sql('FLUSH STATUS')
    before = int(server.rows("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1])
    began = time.monotonic()
    catalog = probe.catalog('many')
    seconds = time.monotonic() - began
    asked = int(server.rows("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1]) - before
    check(len(catalog['databases'][0]['tables']) == count, 'tables are missing')
    check(asked < count + 60, f'{asked} statements for {count} tables')
    check(seconds < 60, f'{count} tables took {seconds:.0f} s')


def main():
    if not DEFAULT_KIND.startswith('mariadb'):
        print(f'skipped: {DEFAULT_KIND} lacks the types, sequences, packages and versioned tables this test is made of')
        return SKIPPED
    print(f'seed {SEED}')
    with Server() as server:
        probe = Probe(server)
        for part in (values, definitions, privileges, hidden_text, many):
            try:
                part(server, probe)
            except Exception as problem:  # the other parts are worth hearing about
                FAULTS.append(f'{part.__name__}: {type(problem).__name__}: {problem}')
    print('\n'.join(FAULTS) or 'ok')
    return 1 if FAULTS else 0


if __name__ == '__main__':
    sys.exit(main())
