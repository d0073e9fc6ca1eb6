#!/usr/bin/env python3
# ctest: cost=175 labels=other-server timeout=1200
"""An archive of each server restores on each other where that can hold it; what it cannot hold is listed.

For every pair: what all servers know comes back, rows equal by the servers' own fingerprints, and views, routines and
triggers do the same. Of what only some know, `check --restore` lists exactly the objects that the target's own `mysql`
client cannot make, or makes without what they are about; tables that are not listed come back. The table of pairs is
printed at the end.
"""

import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import SKIPPED, Server  # noqa: E402

KINDS = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7', 'mysql-5.6', 'oceanbase-4.3.5']

# What all of them can hold. The connection's collation is kept with views and triggers.
COMMON = """
SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, sql_mode = '';
CREATE DATABASE xs CHARACTER SET latin1 COLLATE latin1_swedish_ci; USE xs;
CREATE TABLE p (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  g VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, b BLOB, f DOUBLE, n DECIMAL(20,5) NOT NULL DEFAULT 1.5,
  t TIMESTAMP NULL, e ENUM('a','b'), bi BIT(5), l TEXT, KEY (a), UNIQUE KEY u (g)) ENGINE=InnoDB DEFAULT CHARSET=latin1;
INSERT INTO p (a, g, b, f, n, t, e, bi, l) VALUES ('日本 𝄞', 'g', 0x00FF, 2.5, 1, '2020-01-01 00:00:00', 'b', 3, 'é'),
  (NULL, NULL, NULL, NULL, 2, NULL, NULL, NULL, NULL), ('', 'x', '', -1e300, -99999.99999, NULL, 'a', 31, '\\0\\n''\\\\');
CREATE TABLE c (id INT PRIMARY KEY COMMENT 'it''s', p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)
  ON DELETE CASCADE ON UPDATE NO ACTION) ENGINE=InnoDB;
INSERT INTO c VALUES (1, 1);
CREATE TABLE parts (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 3; INSERT INTO parts VALUES (1), (2), (9);
CREATE TABLE ranges (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY RANGE (id)
  (PARTITION low VALUES LESS THAN (5), PARTITION high VALUES LESS THAN MAXVALUE); INSERT INTO ranges VALUES (1), (7);
CREATE VIEW v AS SELECT id, n * 2 AS twice FROM p WHERE e IS NOT NULL;
CREATE VIEW w AS SELECT COUNT(*) AS c, SUM(twice) AS s FROM v;
CREATE TRIGGER tr BEFORE INSERT ON p FOR EACH ROW SET NEW.n = NEW.n + 1;
CREATE FUNCTION add_up(a INT, b VARCHAR(9) CHARSET utf8mb4) RETURNS INT DETERMINISTIC RETURN a + CHAR_LENGTH(b);
DELIMITER //
CREATE PROCEDURE fill(IN many INT) COMMENT 'fills' BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < many DO INSERT INTO parts VALUES (100 + i); SET i = i + 1; END WHILE;
  SELECT COUNT(*), SUM(id) FROM parts;
END //
DELIMITER ;
"""

# What the programs do, and nothing of it stays.
USED = """SELECT * FROM v ORDER BY id; SELECT * FROM w; SELECT add_up(3, '日本');
BEGIN; INSERT INTO p (id, g, n) VALUES (50, 'new', 4); SELECT id, n FROM p WHERE id = 50; CALL fill(3); ROLLBACK;
SELECT COUNT(*) FROM p; SELECT COUNT(*) FROM parts;"""

MODES = 'STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER'

# What some servers know: {kind: [(what SHOW CREATE must say again, the statement)]}. The name of the object is x_….
MARIADB = [
    ('uuid', 'CREATE TABLE x_uuid (a UUID)'),
    ('inet6', 'CREATE TABLE x_inet6 (a INET6)'),
    ('sequence', 'CREATE SEQUENCE x_sequence START WITH 5'),
    ('nextval', 'CREATE TABLE x_next (a INT DEFAULT nextval(odd.x_sequence))'),
    ('versioning', 'CREATE TABLE x_versioned (a INT) WITH SYSTEM VERSIONING'),
    ('period', 'CREATE TABLE x_period (a INT, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE (a, p WITHOUT OVERLAPS))'),
    ('compressed', 'CREATE TABLE x_column_compressed (a VARCHAR(100) COMPRESSED)'),
    ('page_compressed', 'CREATE TABLE x_page_compressed (a INT) PAGE_COMPRESSED=1'),
    ('ignored', 'CREATE TABLE x_ignored (a INT, KEY k (a) IGNORED)'),
    ("default 'x", "CREATE TABLE x_text_default (a TEXT DEFAULT 'x''y')"),
    (r'key `k` \(`a`\)', 'CREATE TABLE x_text_key (a TEXT, UNIQUE KEY k (a))'),
    ('default', 'CREATE TABLE x_expression (a INT, b INT DEFAULT (a + 1))'),
    ('check', 'CREATE TABLE x_check_1 (a INT, CHECK (a > 1))'),
    ('check', 'CREATE TABLE x_check_2 (a INT, CHECK (a > 2))'),
    ('check', 'CREATE TABLE x_check_column (a INT CHECK (a > 2))'),
    ('engine=aria', 'CREATE TABLE x_aria (a INT) ENGINE=Aria TRANSACTIONAL=1'),
    ('year', 'CREATE TABLE x_year (a YEAR)'),
    (r'year\(2\)', 'CREATE TABLE x_year_2 (a YEAR(2))'),
    (r'\(`a`\)', 'CREATE TABLE x_long_key (a VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, KEY k (a))'),
    (r'\(`a`\)', 'CREATE TABLE x_long_unique (a VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, UNIQUE KEY k (a))'),
    (r'\(`a`\(100\)\)', 'CREATE TABLE x_prefix (a VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, KEY k (a(100)))'),
    ('desc', 'CREATE TABLE x_desc (a INT, KEY k (a DESC))'),
    ('myisam.*partition', 'CREATE TABLE x_myisam_parts (a INT) ENGINE=MyISAM PARTITION BY HASH (a) PARTITIONS 2'),
    ('spatial', 'CREATE TABLE x_spatial (a POINT NOT NULL, SPATIAL KEY k (a))'),
    ('geom', 'CREATE TABLE x_collection (a GEOMETRYCOLLECTION)'),
    ('generated', 'CREATE TABLE x_generated (a INT, b INT AS (a + 1) STORED, c INT AS (a + 2) VIRTUAL)'),
    ('invisible', 'CREATE TABLE x_invisible (a INT, b INT NOT NULL DEFAULT 3 INVISIBLE)'),
    ('nopad', 'CREATE TABLE x_nopad (a CHAR(9) COLLATE utf8mb4_general_nopad_ci)'),
    ('stats_persistent', 'CREATE TABLE x_stats (a INT) STATS_PERSISTENT=1'),
    ('comment', "CREATE TABLE x_comment (a INT COMMENT 'INVISIBLE, CHECK (', b DOUBLE DEFAULT -1.5, c DATETIME(6) NOT NULL DEFAULT "
                "CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)) COMMENT 'PAGE_COMPRESSED=1'"),
    ('json', 'CREATE TABLE x_json (a JSON)'),
    ('`a` timestamp not null,', 'CREATE TABLE x_bare_timestamp (a TIMESTAMP NOT NULL, b INT)'),
    ('over', 'CREATE VIEW x_window AS SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM x_year'),
    ('with', 'CREATE VIEW x_cte AS WITH c AS (SELECT 1 AS a) SELECT a FROM c'),
    ('json_detailed', "CREATE VIEW x_function AS SELECT JSON_DETAILED('[1]') AS j FROM x_year"),
    ('invoker', 'CREATE SQL SECURITY INVOKER VIEW x_invoker AS SELECT a FROM x_year'),
    ('definer=`x_role` ', 'CREATE DEFINER=x_role VIEW x_role_view AS SELECT a FROM x_year'),
    ('begin', 'CREATE TRIGGER x_first BEFORE INSERT ON x_year FOR EACH ROW BEGIN SET @a = 1; END'),
    ('begin', 'CREATE TRIGGER x_second BEFORE INSERT ON x_year FOR EACH ROW BEGIN SET @a = 2; END'),
    ('begin', f"SET sql_mode = '{MODES}'; CREATE PROCEDURE x_modes() BEGIN SELECT 1; END"),
    ('is', "SET sql_mode = 'ORACLE'; CREATE PROCEDURE x_oracle(a IN INT) IS BEGIN NULL; END"),
    ('package', "SET sql_mode = 'ORACLE'; CREATE PACKAGE x_package AS PROCEDURE q; END"),
    ('row', 'CREATE PROCEDURE x_row() BEGIN DECLARE r ROW (a INT); SET r.a = 1; END'),
    ('inet6', 'CREATE FUNCTION x_inet6_function(a INET6) RETURNS INT DETERMINISTIC RETURN 1'),
    ('every', 'CREATE EVENT x_event ON SCHEDULE EVERY 1 YEAR DO BEGIN SET @a = 1; END'),
]
SPECIAL = {
    'mariadb-10.11': MARIADB,
    'mariadb-11.8': MARIADB + [
        ('vector', 'CREATE TABLE x_vector (a VECTOR(3))'),
        ('vector', 'CREATE TABLE x_vector_key (i INT PRIMARY KEY, a VECTOR(3) NOT NULL, VECTOR KEY k (a))'),
        ('uca1400', 'CREATE TABLE x_uca (a CHAR(9) COLLATE utf8mb4_uca1400_as_ci)'),
        ('0900', 'CREATE TABLE x_0900 (a CHAR(9) COLLATE utf8mb4_0900_as_cs)'),
    ],
    'mysql-9.7': [
        (r'\bjson\b', 'CREATE TABLE x_json (a JSON)'),
        ('`a` timestamp not null,', 'CREATE TABLE x_bare_timestamp (a TIMESTAMP NOT NULL, b INT)'),
        ('json', "CREATE TABLE x_json_text (a LONGTEXT, b INT AS (JSON_LENGTH(a)) VIRTUAL, c TEXT DEFAULT ('json'))"),
        (r'\+ 1', 'CREATE TABLE x_functional (a INT, KEY k ((a + 1)))'),
        ('array', "CREATE TABLE x_multi (a JSON, KEY k ((CAST(a->'$.x' AS UNSIGNED ARRAY))))"),
        ('invisible', 'CREATE TABLE x_invisible (a INT, b INT NOT NULL DEFAULT 3 INVISIBLE)'),
        ('invisible', 'CREATE TABLE x_invisible_key (a INT, KEY k (a) INVISIBLE)'),
        ('not enforced', 'CREATE TABLE x_not_enforced (a INT, CONSTRAINT x_ne CHECK (a > 1) NOT ENFORCED)'),
        ('check', 'CREATE TABLE x_check (a INT, CHECK (a > 1))'),
        ('srid', 'CREATE TABLE x_srid (a POINT NOT NULL SRID 4326)'),
        ('0900', 'CREATE TABLE x_0900 (a CHAR(9) COLLATE utf8mb4_0900_as_cs)'),
        ('compression', "CREATE TABLE x_compression (a INT) COMPRESSION='zlib'"),
        ('vector', 'CREATE TABLE x_vector (a VECTOR(3))'),
        ('desc', 'CREATE TABLE x_desc (a INT, KEY k (a DESC))'),
        ('uuid', 'CREATE TABLE x_default_uuid (a CHAR(36) DEFAULT (UUID()))'),
        ('uuid_to_bin', 'CREATE TABLE x_default_bin (a BINARY(16) DEFAULT (UUID_TO_BIN(UUID())))'),
        ("default ", "CREATE TABLE x_text_default (a TEXT DEFAULT ('x'))"),
        ('ngram', 'CREATE TABLE x_ngram (a TEXT, FULLTEXT KEY k (a) WITH PARSER ngram)'),
        ('fulltext', 'CREATE TABLE x_fulltext (a TEXT, FULLTEXT KEY k (a))'),
        ('columns', 'CREATE TABLE x_list (a INT, b INT) PARTITION BY LIST COLUMNS (a, b) (PARTITION p VALUES IN ((1, 2)))'),
        ('geom', 'CREATE TABLE x_collection (a GEOMCOLLECTION)'),
        (r'utf8(mb3)?[ _]', 'CREATE TABLE x_utf8mb3 (a CHAR(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci)'),
        (r'\(`a`\)', 'CREATE TABLE x_long_key (a VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, KEY k (a))'),
        (r'\(`a`\)', 'CREATE TABLE x_dynamic (a VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, UNIQUE KEY k (a)) ROW_FORMAT=DYNAMIC'),
        ('spatial', 'CREATE TABLE x_spatial (a POINT NOT NULL, SPATIAL KEY k (a))'),
        ('generated', 'CREATE TABLE x_generated (a INT, b INT AS (a + 1) STORED, c INT AS (a + 2) VIRTUAL)'),
        ('key_block_size', 'CREATE TABLE x_block (a INT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8'),
        ('year', 'CREATE TABLE x_year (a YEAR)'),
        ('over', 'CREATE VIEW x_window AS SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM x_year'),
        ('json_(pretty|detailed)', "CREATE VIEW x_function AS SELECT JSON_PRETTY('[1]') AS j FROM x_year"),
        ('bin_to_uuid', "CREATE VIEW x_bin AS SELECT BIN_TO_UUID(REPEAT('a', 16)) AS u FROM x_year"),
        ('lateral', 'CREATE VIEW x_lateral AS SELECT b FROM x_year, LATERAL (SELECT x_year.a + 1 AS b) AS l'),
        ('begin', 'CREATE TRIGGER x_first AFTER UPDATE ON x_year FOR EACH ROW BEGIN SET @a = 1; END'),
        ('begin', 'CREATE TRIGGER x_second AFTER UPDATE ON x_year FOR EACH ROW BEGIN SET @a = 2; END'),
        ('json', 'CREATE FUNCTION x_json_function(a JSON) RETURNS INT DETERMINISTIC RETURN 1'),
        ('lateral', 'CREATE PROCEDURE x_procedure() BEGIN SELECT b FROM x_year, LATERAL (SELECT x_year.a + 1 AS b) AS l; END'),
        ('every', 'CREATE EVENT x_event ON SCHEDULE EVERY 1 YEAR DO BEGIN SET @a = 1; END'),
    ],
    'mysql-5.6': [
        ('myisam.*partition', 'CREATE TABLE x_myisam_parts (a INT) ENGINE=MyISAM PARTITION BY HASH (a) PARTITIONS 2'),
        ('engine=innodb', 'CREATE TABLE x_parent (a INT, KEY k (a)) ENGINE=InnoDB'),
        ('foreign', 'CREATE TABLE x_child (a INT, CONSTRAINT x_f FOREIGN KEY (a) REFERENCES x_parent (a)) ENGINE=InnoDB'),
        ('engine=archive', 'CREATE TABLE x_archive (a INT) ENGINE=ARCHIVE'),
        ('engine=blackhole', 'CREATE TABLE x_blackhole (a INT) ENGINE=BLACKHOLE'),
        ('engine=memory', 'CREATE TABLE x_memory (a INT, KEY k (a) USING BTREE) ENGINE=MEMORY'),
        ('key_block_size', 'CREATE TABLE x_block (a INT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8'),
        ('mysql500', 'CREATE TABLE x_500 (a CHAR(9) CHARACTER SET utf8 COLLATE utf8_general_mysql500_ci)'),
        ('timestamp', 'CREATE TABLE x_times (a TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), b TIME(6), c DATETIME(1))'),
        ('hash', 'CREATE TABLE x_sub (a INT) PARTITION BY RANGE (a) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 '
                 '(PARTITION p VALUES LESS THAN (5))'),
        ('comment', "CREATE TABLE x_comment (a INT) PARTITION BY LIST (a) (PARTITION p VALUES IN (1) COMMENT = 'p')"),
        ('begin', f"SET sql_mode = '{MODES}'; CREATE PROCEDURE x_modes() BEGIN SELECT 1; END"),
        ('begin', "SET sql_mode = 'ORACLE'; CREATE PROCEDURE x_oracle() BEGIN SELECT 1; END"),
        ('begin', "SET sql_mode = 'NO_FIELD_OPTIONS'; CREATE PROCEDURE x_field_options() BEGIN SELECT 1; END"),
        ('old_password', "CREATE FUNCTION x_old() RETURNS CHAR(99) DETERMINISTIC RETURN OLD_PASSWORD('x')"),
        ('encode', "CREATE VIEW x_encode AS SELECT ENCODE('x', 'y') AS e FROM x_parent"),
    ],
    'oceanbase-4.3.5': [
        (r'\bjson\b', 'CREATE TABLE x_json (a JSON)'),
        ('fulltext', 'CREATE TABLE x_fulltext (a TEXT, FULLTEXT KEY k (a))'),
        (r'\+ 1', 'CREATE TABLE x_functional (a INT, KEY k ((a + 1)))'),
        ('varchar', 'CREATE TABLE x_long (a VARCHAR(70000))'),
        ('varchar', 'CREATE TABLE x_row (a VARCHAR(40000), b VARCHAR(40000))'),
        ('generated', 'CREATE TABLE x_generated (a INT, b INT AS (a + 1) STORED, c INT AS (a + 2) VIRTUAL)'),
        ('check', 'CREATE TABLE x_check (a INT, CONSTRAINT x_c CHECK (a > 1))'),
        ('invisible', 'CREATE TABLE x_invisible_key (a INT, KEY k (a) INVISIBLE)'),
        ('global', 'CREATE TABLE x_global (a INT PRIMARY KEY, b INT, KEY k (b) GLOBAL) PARTITION BY HASH (a) PARTITIONS 2'),
        ('template', 'CREATE TABLE x_sub (a INT) PARTITION BY RANGE (a) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 '
                     '(PARTITION p VALUES LESS THAN (5))'),
        ('key', 'CREATE TABLE x_keys (a INT PRIMARY KEY, b INT, KEY k (b, a)) PARTITION BY KEY (a) PARTITIONS 2'),
        ('sequence', 'CREATE SEQUENCE x_sequence START WITH 5'),
        ('begin', 'CREATE PROCEDURE x_procedure() BEGIN SELECT 1; END'),
        ('over', 'CREATE VIEW x_window AS SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM x_keys'),
    ],
}

# Errors that say only that something else of the sample is not there.
MISSING = {1005, 1046, 1049, 1146, 1215, 1356, 1824, 4091}
KIND_WORDS = {'Table': 'TABLE', 'View': 'VIEW', 'Function': 'FUNCTION', 'Procedure': 'PROCEDURE', 'Trigger': 'TRIGGER',
              'Event': 'EVENT', 'Sequence': 'TABLE', 'Package': 'PACKAGE'}


def rows_of(server, database):
    """{table: rows and their hash}."""
    print_of = fingerprint.take(server, [database])[database]
    return {name: (what['rows'], what['row hash']) for (_, name), what in print_of.items() if 'row hash' in what}


def make_definers(server):
    """Definers of each server exist on all. A statement that a kind does not know is another's."""
    for _ in range(10):
        server.try_sql("SET GLOBAL log_bin_trust_function_creators = 1; CREATE USER 'root'@'%'; CREATE USER 'root'@'localhost'; "
                       "GRANT ALL ON *.* TO 'root'@'%'; GRANT ALL ON *.* TO 'root'@'localhost'; CREATE ROLE x_role")
        # A server that has just started may need a moment.
        if server.value("SELECT COUNT(*) FROM mysql.user WHERE User = 'root' AND Host IN ('%', 'localhost')") == '2':
            return
        time.sleep(1)
    raise AssertionError(f'{server.kind} makes no accounts')


def used(server):
    return server.rows(USED, 'xs')


def common(program, servers, folder, table):
    archives, rows, results = {}, {}, {}
    for kind, server in servers.items():
        server.run_client(COMMON)
        rows[kind], results[kind] = rows_of(server, 'xs'), used(server)
        archives[kind] = folder / f'{kind}.sql.zst'
        program.ok('dump', *server.client_options(tcp=True), 'xs', '-o', archives[kind])
    for source in servers:
        for target, server in servers.items():
            if source == target:
                continue
            server.sql('DROP DATABASE xs')
            checked = program.run('check', '--restore', archives[source], *server.client_options(tcp=True)).expect(0)
            if 'the server can hold all of it' not in checked.out:
                raise AssertionError(checked.out)
            program.run('restore', archives[source], *server.client_options(tcp=True)).expect(0)
            if rows_of(server, 'xs') != rows[source]:
                raise AssertionError(f'{source} on {target}: {rows_of(server, "xs")}, not {rows[source]}')
            if used(server) != results[source]:
                raise AssertionError(f'{source} on {target}: {used(server)}, not {results[source]}')
            # Definitions are compared as far as servers print them alike; what differs would be 4.
            program.run('diff', archives[source], *server.client_options(tcp=True)).expect(0, 3)
            program.ok('purge', *server.client_options(tcp=True), '--yes')
            table[source, target] = ['same rows, same results']


def name_of(statement):
    return re.search(r'\bx_\w+', statement.split('; CREATE')[-1].replace('DEFINER=x_role', ''))[0]


def make_special(server):
    """The sample of this kind of server, and what was found in SHOW CREATE: {name: pattern}."""
    lines = ['SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;']
    lines += ['CREATE DATABASE odd CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE odd;', 'DELIMITER //']
    for _, statement in SPECIAL[server.kind]:
        if statement.startswith('SET'):
            settings, statement = statement.split('; ', 1)
            lines += [settings, '//']
        else:
            lines += ["SET sql_mode = ''", '//']
        lines += [statement, '//']
    server.run_client('\n'.join(lines))
    return {name_of(statement): pattern for pattern, statement in SPECIAL[server.kind]}


def sections(program, archive):
    """(head, [(kind, name, text)]): the SQL text of the archive, an object each."""
    text = program.ok('cat', archive, '--schema').out
    parts = re.split(r'\n--\n-- (Stand-in for view|\w+(?: body)?) `odd`\.`(\w+)`\n--\n', text)
    found = [(parts[i], parts[i + 1], parts[i + 2]) for i in range(1, len(parts), 3)]
    return parts[0], [(kind, name, body) for kind, name, body in found if kind in KIND_WORDS]


def as_restored(kind, body, target):
    """What a restore does to the text, too: version comments opened, places of storage and a mode left out."""
    if kind == 'Table':
        body = re.sub(r'/\*M?!\d+ ?(.*?) ?\*/', r' \1 ', body, flags=re.DOTALL)
        if target != 'oceanbase-4.3.5':
            for option in (r'ORGANIZATION INDEX', r"AUTO_INCREMENT_MODE = 'ORDER'", r'BLOCK_SIZE 16384( LOCAL)?',
                           r"ROW_FORMAT = DYNAMIC COMPRESSION = 'zstd_1.3.8' REPLICA_NUM = 1 BLOCK_SIZE = 16384",
                           r'USE_BLOOM_FILTER = FALSE', r'ENABLE_MACRO_BLOCK_BLOOM_FILTER = FALSE',
                           r'TABLET_SIZE = \d+', r'PCTFREE = 0'):
                body = re.sub(option, '', body)
    if target == 'mysql-9.7':
        body = re.sub(r'(sql_mode = .*?),?NO_AUTO_CREATE_USER', r'\1', body)
    return body


def refused_by(server, head, objects, patterns):
    """{name: why}: what the client cannot make there one after the other, or makes without what it is about."""
    own = 'SET SESSION restrict_fk_on_non_standard_key = 0;\n' if server.kind == 'mysql-9.7' else ''
    if not server.kind.startswith('oceanbase'):
        own += 'SET SESSION innodb_strict_mode = 0;\n'
    start = (f'{own}DROP DATABASE IF EXISTS odd;\nCREATE DATABASE odd CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;\n'
             f'USE odd;\n{head}\n')
    lines, first = start.count('\n'), []
    script = start
    for kind, name, body in objects:
        first.append(lines + 1)
        body = as_restored(kind, body, server.kind) + '\nDELIMITER ;\n'
        lines += body.count('\n')
        script += body
    done = subprocess.run(server.client_command(options=['--force']), input=script.encode(), capture_output=True)
    refused = {}
    for error in re.finditer(r'^ERROR (\d+) \(\w+\) at line (\d+).*$', done.stderr.decode(), re.MULTILINE):
        number, line = int(error[1]), int(error[2])
        place = max((i for i, begin in enumerate(first) if begin <= line), default=None)
        if place is not None and number not in MISSING:
            refused.setdefault(objects[place][1], error[0])
    shows = ''.join(f"SELECT '@@ {name}';\nSHOW CREATE {KIND_WORDS[kind]} odd.{name};\n" for kind, name, _ in objects)
    done = subprocess.run(server.client_command(options=['--force', '--batch', '--raw', '--skip-column-names']),
                          input=shows.encode(), capture_output=True)
    for block in done.stdout.decode().split('@@ ')[1:]:
        name, shown = block.split('\n', 1)
        # Nothing is shown of what is not there, since something else was missing.
        if name not in refused and shown and not re.search(patterns[name], shown.replace(name, ''), re.IGNORECASE | re.DOTALL):
            refused[name] = f'{patterns[name]} is lost: {shown}'
    server.try_sql('DROP DATABASE odd')
    return refused


def special(program, servers, folder, table):
    for source, server in servers.items():
        patterns = make_special(server)
        archive = folder / f'odd-{source}.sql.zst'
        program.ok('dump', *server.client_options(tcp=True), 'odd', '-o', archive)
        head, objects = sections(program, archive)
        if {name for _, name, _ in objects} != set(patterns):
            raise AssertionError(f'{source}: {set(patterns) ^ {name for _, name, _ in objects}}')
        server.sql('DROP DATABASE odd')
        tables = [name for kind, name, _ in objects if kind == 'Table']
        for target, other in servers.items():
            if source == target:
                continue
            before = other.databases()
            checked = program.run('check', '--restore', archive, '--json', *other.client_options(tcp=True))
            answer = json.loads(checked.out)
            listed = {entry['object'].split('`')[3]: entry['reasons'] for entry in answer['unheld']}
            problems = answer['problems']
            checked.expect(34 if problems else 0)
            if other.databases() != before:
                raise AssertionError(f'{source} on {target}: databases are {other.databases()}')
            refused = refused_by(other, head, objects, patterns)
            if set(refused) != set(listed):
                alarms = {name: listed[name] for name in set(listed) - set(refused)}
                missed = {name: refused[name] for name in set(refused) - set(listed)}
                raise AssertionError(f'{source} on {target}: refused, but not listed: {missed}; listed, but taken: {alarms}')
            table[source, target].append(f'{len(listed)} of {len(objects)} special objects listed')


def found_in_staging(program, servers, folder):
    """What only the rows tell: one too long for InnoDB's COMPACT format. Nothing live changes."""
    source, target = servers.get('mysql-9.7'), servers.get('mysql-5.6')
    if source is None or target is None:
        return
    columns = [f'c{i}' for i in range(12)]
    values = ', '.join(["REPEAT('x', 1000)"] * 12)
    source.run_client(f"""SET NAMES utf8mb4 COLLATE utf8mb4_general_ci; CREATE DATABASE late CHARACTER SET latin1; USE late;
CREATE TABLE wide ({', '.join(f'{column} TEXT' for column in columns)}); INSERT INTO wide VALUES ({values})""")
    path = folder / 'late.sql.zst'
    program.ok('dump', *source.client_options(tcp=True), 'late', '-o', path)
    target.run_client('CREATE DATABASE late; CREATE TABLE late.kept (a INT)')
    before = target.databases()
    program.run('check', '--restore', path, *target.client_options(tcp=True)).expect(0)
    refused = program.run('restore', path, *target.client_options(tcp=True)).expect(34)
    if '`late`.`wide`' not in refused.err or 'Row size too large' not in refused.err:
        raise AssertionError(refused.err)
    if target.databases() != before or target.rows('SHOW TABLES', 'late') != [['kept']]:
        raise AssertionError(f'databases are {target.databases()}')


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
            make_definers(servers[kind])
        if len(servers) < 2:
            return SKIPPED
        table, start = {}, time.monotonic()
        common(program, servers, folder, table)
        middle = time.monotonic()
        special(program, servers, folder, table)
        found_in_staging(program, servers, folder)
        for (source, target), told in table.items():
            print(f'{source} on {target}: {"; ".join(told)}')
        print(f'{len(table)} pairs; common {middle - start:.0f} s, special {time.monotonic() - middle:.0f} s')
    return 0


if __name__ == '__main__':
    sys.exit(main())
