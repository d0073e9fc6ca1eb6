#!/usr/bin/env python3
# ctest: labels=slow timeout=1800
"""`dump --ddl portable` of OceanBase and to it, by our own reading of what it prints.

Its archive goes through `zstd -dc | mysql --comments` into MySQL and MariaDB, theirs into it, and what they hold then is
compared by what the servers themselves tell: rows, collations, keys, comments, partitions, foreign keys. It restores on
OceanBase as well, where `diff` finds it equal. What neither can hold ends the dump by name.
"""

import contextlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.portable_samples import SAMPLES, compare, expect_equal_to, held, take_there  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import SKIPPED, Server  # noqa: E402

SOURCE, OTHERS = 'oceanbase-4.3.5', ['mysql-9.7', 'mariadb-10.11', 'mysql-5.6']

# Every word of OceanBase's own that its 4.3.5 prints, beside strings and names that hold such words.
SAMPLE = """SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE port CHARACTER SET latin1 COLLATE latin1_swedish_ci; USE port;
CREATE TABLE many (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'LOCAL, GLOBAL)', a VARCHAR(40),
  bin VARCHAR(40) COLLATE utf8mb4_bin, l VARCHAR(20) CHARACTER SET latin1, lb TEXT CHARACTER SET latin1 COLLATE latin1_bin,
  e ENUM('x','y''z') CHARACTER SET binary DEFAULT 'y''z', s SET('p','q'), d VARCHAR(30) DEFAULT 'BLOCK_SIZE 16384 LOCAL',
  `global` INT SKIP_INDEX(MIN_MAX), t DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  KEY k (a) COMMENT 'WITH PARSER', UNIQUE KEY u (bin, `global`), KEY hidden (l) INVISIBLE, KEY kept (d) STORING (l),
  CONSTRAINT above CHECK (`global` > 0), CONSTRAINT off CHECK (`global` < 0) NOT ENFORCED)
  COMMENT 'PCTFREE = 20, REPLICA_NUM = 1' DEFAULT CHARSET utf8mb4;
INSERT INTO many (id, a, bin, l, lb, e, s, `global`, t) VALUES (1, 'é日本', '𝄞', 'é', 'x', 'x', 'p,q', 7, '2020-01-01 00:00:00.123'),
  (9, NULL, NULL, NULL, NULL, DEFAULT, '', NULL, '2021-01-01 00:00:00');
CREATE TABLE binary_table (id INT PRIMARY KEY, e ENUM('a'), v VARCHAR(9) CHARACTER SET utf8mb4) DEFAULT CHARSET binary;
INSERT INTO binary_table VALUES (1, 'a', 'ü');
CREATE TABLE words (a TEXT, FULLTEXT KEY k (a), FULLTEXT KEY grams (a) WITH PARSER ngram); INSERT INTO words VALUES ('some words');
CREATE TABLE hashed (a INT, b INT, c VARCHAR(9), PRIMARY KEY (a, b), KEY g (c) GLOBAL, UNIQUE KEY gu (b, a) GLOBAL,
  KEY gp (b) GLOBAL PARTITION BY RANGE (b) (PARTITION x0 VALUES LESS THAN (10), PARTITION x1 VALUES LESS THAN MAXVALUE),
  KEY l (c, b) LOCAL) PARTITION BY HASH (a) PARTITIONS 3;
INSERT INTO hashed VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 30, 'x');
CREATE TABLE templated (a INT, b INT) PARTITION BY RANGE (a) SUBPARTITION BY HASH (b) SUBPARTITIONS 2
  (PARTITION low VALUES LESS THAN (5), PARTITION `high` VALUES LESS THAN MAXVALUE);
CREATE TABLE spelled (a INT, b INT) PARTITION BY LIST (a) SUBPARTITION BY KEY (b)
  (PARTITION p VALUES IN (1, 2) (SUBPARTITION s0, SUBPARTITION s1), PARTITION q VALUES IN (3) (SUBPARTITION t0, SUBPARTITION t1));
CREATE TABLE columns_of (a INT, b VARCHAR(9)) PARTITION BY RANGE COLUMNS (a, b)
  (PARTITION p0 VALUES LESS THAN (5, 'a'), PARTITION p1 VALUES LESS THAN (MAXVALUE, MAXVALUE));
INSERT INTO templated VALUES (1, 2), (6, 7); INSERT INTO spelled VALUES (1, 1), (3, 1); INSERT INTO columns_of VALUES (4, 'x'), (6, 'y');
CREATE TABLE growing (a INT PRIMARY KEY) PARTITION BY RANGE (a) SIZE ('100MB'); INSERT INTO growing VALUES (5);
CREATE TABLE grouped (a INT) WITH COLUMN GROUP (all columns, each column);
CREATE TABLE queue (a INT) TABLE_MODE='QUEUING' LOB_INROW_THRESHOLD=0; INSERT INTO queue VALUES (1), (1);
CREATE TABLE parent (id INT PRIMARY KEY); INSERT INTO parent VALUES (1);
CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE) ORGANIZATION HEAP;
INSERT INTO child VALUES (1, 1);
CREATE VIEW v AS SELECT m.id, m.a, c.p FROM many AS m LEFT JOIN child AS c ON c.id = m.id;
SET sql_mode = 'STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER';
CREATE TRIGGER tr BEFORE INSERT ON parent FOR EACH ROW SET NEW.id = NEW.id + 1;
CREATE FUNCTION add_up(a INT, b VARCHAR(9) CHARSET utf8mb4) RETURNS INT DETERMINISTIC RETURN a + CHAR_LENGTH(b);
CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' DISABLE DO INSERT INTO parent VALUES (100);
"""

# {object: a word of the reason}
UNHELD = {
    'unique_over_all': ('`k`', 'CREATE TABLE unique_over_all (a INT PRIMARY KEY, b INT, UNIQUE KEY k (b) GLOBAL) PARTITION BY HASH (a) PARTITIONS 2'),
    'the_rest': ('DEFAULT', 'CREATE TABLE the_rest (a INT) PARTITION BY LIST (a) (PARTITION p VALUES IN (1), PARTITION q VALUES IN (DEFAULT))'),
    'twice_by_range': ('subpartitions by range', 'CREATE TABLE twice_by_range (a INT, b INT) PARTITION BY RANGE (a) SUBPARTITION BY RANGE (b) '
                       'SUBPARTITION TEMPLATE (SUBPARTITION s VALUES LESS THAN (9)) (PARTITION p VALUES LESS THAN (5))'),
    'uneven': ('numbers of subpartitions', 'CREATE TABLE uneven (a INT, b INT) PARTITION BY LIST (a) SUBPARTITION BY HASH (b) '
               '(PARTITION p VALUES IN (1) (SUBPARTITION s0, SUBPARTITION s1), PARTITION q VALUES IN (3) (SUBPARTITION t0))'),
    'counted': ('AUTO_INCREMENT', 'CREATE TABLE counted (a INT AUTO_INCREMENT, b INT, PRIMARY KEY (b, a))'),
    'partitioned_child': ('foreign key', 'CREATE TABLE owner (a INT PRIMARY KEY); CREATE TABLE partitioned_child (a INT PRIMARY KEY, '
                          'CONSTRAINT f FOREIGN KEY (a) REFERENCES owner (a)) PARTITION BY HASH (a) PARTITIONS 2'),
    'numbers': ('sequence', 'CREATE SEQUENCE numbers'),
}


def need(condition, message):
    if not condition:
        raise AssertionError(message)


def same(got, wanted, what):
    need(got == wanted, f'{what}: got\n{got}\nwanted\n{wanted}')


def from_oceanbase(program, source, targets, folder):
    source.run_client(SAMPLE)
    options = source.client_options(tcp=True)
    wanted = held(source)
    archive, shown = folder / 'port.sql.zst', source.rows('SHOW CREATE TABLE many; SHOW CREATE TABLE hashed', 'port')
    dumped = program.run('dump', *options, '--ddl', 'portable', 'port', '-o', archive).expect(0)
    for told in ("TABLE_MODE = 'QUEUING' is left out of table `port`.`queue`", "size ('100MB') is left out of table `port`.`growing`",
                 'check `off` (NOT ENFORCED) is left out of table `port`.`many`', 'INVISIBLE of key `hidden` is left out of table `port`.`many`'):
        need(told in dumped.err, f'{told} is not told: {dumped.err}')
    expect_equal_to(program, source, archive)
    program.ok('verify', archive)
    need('ddl = portable' in program.ok('info', archive).out, 'info does not tell --ddl')
    for target in targets:
        kind = target.kind
        target.sql('CREATE DATABASE port CHARACTER SET latin1 COLLATE latin1_swedish_ci')
        target.load(archive, database='port')
        compare(held(target), wanted, f'zstd -dc | mysql on {kind}')
        created = target.rows('SHOW CREATE TABLE many', 'port')[0][1]
        need(kind == 'mysql-5.6' or 'CHECK (' in created, created)
        for told in ("DEFAULT 'BLOCK_SIZE 16384 LOCAL'", "enum('x','y''z') CHARACTER SET binary"):
            need(told in created, created)
        words = target.rows('SHOW CREATE TABLE words', 'port')[0][1]
        need('FULLTEXT KEY `k` (`a`)' in words and (kind == 'mysql-9.7') == ('ngram' in words), words)
        target.sql('DROP DATABASE port')

    # Here it is exact as well, by what was archived, and its own dump says what it then has.
    source.sql('DROP TABLE port.hashed; DELETE FROM port.many')
    checked = program.ok('check', '--restore', archive, *options).out
    need('the server can hold all of it' in checked, checked)
    program.run('restore', archive, *options, '--yes').expect(0)
    compare(held(source), wanted, 'restored on OceanBase')
    expect_equal_to(program, source, archive)
    need('GLOBAL' not in source.rows('SHOW CREATE TABLE hashed', 'port')[0][1], 'the archive says nothing of GLOBAL')
    program.run('undo', *options, '--yes', 'port').expect(0)
    program.ok('purge', *options, '--yes', 'port')

    # Native is what it was: the server's own words, whether it is asked for or not.
    source.sql('DROP DATABASE port')
    source.run_client(SAMPLE)
    same(source.rows('SHOW CREATE TABLE many; SHOW CREATE TABLE hashed', 'port'), shown, 'the sample, again')
    stamp = {'SOURCE_DATE_EPOCH': '1'}
    texts = []
    for more in ([], ['--ddl', 'native']):
        path = folder / f'native-{len(more)}.sql.zst'
        program.run('dump', *options, *more, 'port', '-o', path, env=stamp).expect(0)
        texts.append(path.read_bytes())
    need(texts[0] == texts[1], 'native is not the default')
    native = program.ok('cat', folder / 'native-0.sql.zst', '--schema').out
    for table in shown:
        # Comments and defaults have no quotes in them here, so the text stands there as it is but for the charset of `e`.
        text = table[1].replace("enum('x','y'z')", "enum('x','y''z') CHARACTER SET binary").replace("DEFAULT 'y'z'", "DEFAULT 'y\\'z'")
        need(text in native, f'{text}\nis not in\n{native}')


def what_neither_holds(program, source, folder):
    options = source.client_options(tcp=True)
    source.run_client('CREATE DATABASE hard; USE hard; CREATE TABLE easy (a INT, KEY k ((a + 1)));\n'
                      + ';\n'.join(statement for _, statement in UNHELD.values()))
    refused = program.run('dump', *options, '--ddl', 'portable', 'hard', '-o', folder / 'hard.sql.zst').expect(12)
    need(not (folder / 'hard.sql.zst').exists(), 'an archive was published')
    partial = program.run('dump', *options, '--ddl', 'portable', '--allow-partial', 'hard', '-o', folder / 'hard.sql.zst').expect(3)
    for name, (word, _) in UNHELD.items():
        for told in (refused.err, partial.err):
            lines = [line for line in told.split('\n') if f'`hard`.`{name}`' in line and word in line]
            need(lines, f'{name} ({word}) is not told:\n{told}')
    need('key `k`: MariaDB has no keys of expressions' in refused.err, refused.err)
    # Left out by name, it is no loss.
    left_out = [f'--ignore-table=hard.{name}' for name in UNHELD]
    program.run('dump', *options, '--ddl', 'portable', *left_out, 'hard', '-o', folder / 'easy.sql.zst').expect(0)


def main():
    program = Program()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='dba-')))
        source = stack.enter_context(Server(SOURCE))
        # The definer of the others' programs is there, and the other way round.
        source.sql("CREATE USER 'root'@'localhost'; GRANT ALL ON *.* TO 'root'@'localhost'")
        others = []
        for kind in OTHERS:
            try:
                others.append(stack.enter_context(Server(kind)))
            except SystemExit as skipped:  # it has said which and why
                if skipped.code != SKIPPED:
                    raise
        for server in others:
            server.try_sql("SET GLOBAL log_bin_trust_function_creators = 1; CREATE USER 'root'@'%'; GRANT ALL ON *.* TO 'root'@'%'")
        from_oceanbase(program, source, others, folder)
        what_neither_holds(program, source, folder)
        source.sql('DROP DATABASE port')
        for server in others:
            take_there(program, server, [source], SAMPLES[server.kind], folder)
        print(f'with {", ".join([SOURCE] + [server.kind for server in others])}')


if __name__ == '__main__':
    sys.exit(main())
