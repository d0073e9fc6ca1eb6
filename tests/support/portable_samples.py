"""For the tests of `dump --ddl portable`: databases in words of one kind of server alone, and what others make of them.

Each sample is called `port`. Its tables hold what all kinds of servers can, in words that one kind prints alone; `new` are
tables that MySQL 5.6 and OceanBase cannot hold (defaults that are expressions), `alone` what stays with its own kind.
"""

import dataclasses

from support import fingerprint

# Beside the tables of each sample.
PROGRAMS = """
CREATE TABLE parent (id INT PRIMARY KEY);
INSERT INTO parent VALUES (1);
CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE);
INSERT INTO child VALUES (1, 1);
CREATE VIEW v AS SELECT k.id, k.e, c.p FROM kinds AS k LEFT JOIN child AS c ON c.id = k.id;
CREATE TRIGGER tr BEFORE INSERT ON parent FOR EACH ROW SET NEW.id = NEW.id + 1;
CREATE FUNCTION add_up(a INT, b VARCHAR(9) CHARSET utf8mb4) RETURNS INT DETERMINISTIC RETURN a + CHAR_LENGTH(b);
CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' DISABLE DO INSERT INTO parent VALUES (100);
"""
USED = "SELECT * FROM v ORDER BY id; SELECT add_up(3, '日本'); BEGIN; INSERT INTO parent VALUES (40); SELECT * FROM parent; ROLLBACK"


@dataclasses.dataclass
class Sample:
    sql: str
    told: list  # parts of what the dump says
    new: tuple = ()
    alone: tuple = ()


SAMPLES = {
    'mariadb-10.11': Sample(
        """SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE port CHARACTER SET latin1 COLLATE latin1_swedish_ci COMMENT 'it''s /* of */ MariaDB; yes'; USE port;
CREATE TABLE kinds (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, c TEXT COMPRESSED,
  c2 VARCHAR(20) COMPRESSED CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT 'x', c3 VARBINARY(9) COMPRESSED, hidden INT INVISIBLE DEFAULT 7,
  e ENUM('a','b') CHARACTER SET binary, w VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, seen INT CHECK (seen > 0),
  KEY k (w) IGNORED) ENGINE=Aria TRANSACTIONAL=1 ROW_FORMAT=PAGE COMMENT 'INVISIBLE /*! x */';
INSERT INTO kinds (id, c, c2, c3, hidden, e, w, seen) VALUES (1, 'é', '日本', x'00ff', 8, 'b', 'ü', 1), (5, NULL, '', NULL, 7, NULL, NULL, NULL);
CREATE TABLE packed (a INT PRIMARY KEY, b LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci) PAGE_COMPRESSED=1
  PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10) COMMENT 'PARTITION', PARTITION p1 VALUES LESS THAN MAXVALUE);
INSERT INTO packed VALUES (1, 'x'), (11, 'y');
CREATE TABLE fresh (a INT, u VARCHAR(9) DEFAULT lower('AB'), t TEXT DEFAULT 'long', j JSON DEFAULT '{}'); INSERT INTO fresh (a) VALUES (1);
CREATE SEQUENCE s; CREATE TABLE numbered (a INT DEFAULT nextval(s), b INT); INSERT INTO numbered (b) VALUES (1);
CREATE TABLE remembering (a INT PRIMARY KEY) WITH SYSTEM VERSIONING; INSERT INTO remembering VALUES (1);
""" + PROGRAMS,
        ['COMPRESSED of column `c2` is left out of table `port`.`kinds`', 'INVISIBLE of column `hidden` is left out',
         'IGNORED of key `k` is left out', 'ENGINE=Aria (InnoDB stands for it) is left out of table `port`.`kinds`', 'ROW_FORMAT=PAGE is left out',
         'TRANSACTIONAL=1 is left out', "`PAGE_COMPRESSED`='1' is left out of table `port`.`packed`",
         "COMMENT = 'PARTITION' of a partition is left out", 'database `port`: MariaDB alone has a COMMENT', 'sequence `port`.`s`: MySQL has no sequences',
         'table `port`.`numbered`: it takes values from `port`.`s`', 'table `port`.`remembering`: MySQL has no system-versioned tables',
         'forgets the CHECK constraints of 2 tables'],
        new=('fresh',), alone=('s', 'numbered', 'remembering')),
    'mysql-9.7': Sample(
        """SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE port CHARACTER SET latin1 COLLATE latin1_swedish_ci; USE port;
CREATE TABLE kinds (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, hidden INT INVISIBLE DEFAULT 7, e ENUM('a','b') CHARACTER SET binary,
  c VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, g VARCHAR(9) /*!50606 COLUMN_FORMAT FIXED */, seen INT, KEY k (c) INVISIBLE,
  CONSTRAINT off CHECK (seen > 0) NOT ENFORCED, CONSTRAINT held CHECK (seen < 100)) COMMENT '/*!80000 x */' AUTOEXTEND_SIZE=4M;
INSERT INTO kinds (id, hidden, e, c, g, seen) VALUES (1, 8, 'b', '日本', 'é', -5), (5, 7, NULL, NULL, NULL, NULL);
CREATE TABLE packed (a INT NOT NULL, b LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci) PARTITION BY KEY ALGORITHM=1 (a) PARTITIONS 3;
INSERT INTO packed VALUES (1, 'x'), (11, 'y');
CREATE TABLE ranged (a INT) PARTITION BY RANGE (a) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10) MAX_ROWS=9,
  PARTITION p1 VALUES LESS THAN MAXVALUE); INSERT INTO ranged VALUES (1), (11);
CREATE TABLE bytes (e ENUM('x') CHARACTER SET binary) DEFAULT CHARSET binary; INSERT INTO bytes VALUES ('x');
CREATE TABLE fresh (a INT, u VARCHAR(36) DEFAULT (lower('AB')), t TEXT DEFAULT ('long')); INSERT INTO fresh (a) VALUES (1);
CREATE TABLE expressed (a INT, KEY k ((a + 1))); INSERT INTO expressed VALUES (1);
CREATE TABLE newer (a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci); INSERT INTO newer VALUES ('x');
SET sql_generate_invisible_primary_key = 1; CREATE TABLE keyless (a INT) ROW_FORMAT=REDUNDANT; INSERT INTO keyless VALUES (3);
""" + PROGRAMS,
        ['INVISIBLE of column `hidden` is left out of table `port`.`kinds`', 'COLUMN_FORMAT FIXED of column `g` is left out',
         'INVISIBLE of key `k` is left out', 'check `off` (NOT ENFORCED) is left out', 'AUTOEXTEND_SIZE=4194304 is left out',
         'ALGORITHM = 1 of its partitions is left out of table `port`.`packed`', 'MAX_ROWS = 9 of a partition is left out',
         'key `k`: MariaDB has no keys of expressions', 'the collation utf8mb4_0900_ai_ci of table `port`.`newer`',
         'INVISIBLE of column `my_row_id` is left out of table `port`.`keyless`'],
        new=('fresh',), alone=('expressed', 'newer')),
    'mysql-5.6': Sample(
        """SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE port CHARACTER SET utf8mb4; USE port;
CREATE TABLE kinds (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9) CHARACTER SET latin1,
  e ENUM('a','b') CHARACTER SET binary, d VARCHAR(30) DEFAULT 'COLLATE', KEY (a)) ROW_FORMAT=COMPACT;
INSERT INTO kinds (id, a, b, e) VALUES (1, 'é', 'é', 'b'), (5, NULL, NULL, NULL);
CREATE TABLE packed (c INT, KEY (c)) PARTITION BY HASH (c) PARTITIONS 2; INSERT INTO packed VALUES (1), (2);
CREATE TABLE old (a CHAR(9)) ENGINE=MyISAM ROW_FORMAT=FIXED DEFAULT CHARSET=latin1; INSERT INTO old VALUES ('x');
CREATE TABLE bytes (e ENUM('x')) DEFAULT CHARSET binary; INSERT INTO bytes VALUES ('x');
SET sql_mode = 'NO_AUTO_CREATE_USER,ANSI_QUOTES';
CREATE PROCEDURE p() SELECT "a" FROM kinds;
""" + PROGRAMS,
        ['ROW_FORMAT=FIXED is left out of table `port`.`old`', 'NO_AUTO_CREATE_USER is left out of the sql_mode of 4 routines']),
}


def held(server, used=USED):
    """What the server says of `port`, in words that do not depend on its kind."""
    rows = server.rows
    prints = fingerprint.take(server, ['port'])['port']
    facts = {'rows': {name: (what['rows'], what['row hash']) for (_, name), what in prints.items() if 'row hash' in what}}
    # (Of bytes, MySQL says of a column what others say with the word NULL.)
    facts['columns'] = rows(
        "SELECT TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, DATA_TYPE, NULLIF(COLLATION_NAME, 'binary'), IS_NULLABLE, COLUMN_COMMENT "
        "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'port' AND TABLE_NAME <> 'v' ORDER BY BINARY TABLE_NAME, ORDINAL_POSITION")
    facts['tables'] = rows("SELECT TABLE_NAME, TABLE_COLLATION, TABLE_COMMENT FROM information_schema.TABLES "
                           "WHERE TABLE_SCHEMA = 'port' AND TABLE_TYPE = 'BASE TABLE' ORDER BY BINARY TABLE_NAME")
    # (Of FULLTEXT keys, OceanBase tells columns of its own.)
    facts['keys'] = rows("SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME FROM information_schema.STATISTICS "
                         "WHERE TABLE_SCHEMA = 'port' AND INDEX_NAME <> 'fk' AND TABLE_NAME <> 'words' ORDER BY BINARY TABLE_NAME, BINARY INDEX_NAME, SEQ_IN_INDEX")
    facts['partitions'] = rows(
        "SELECT TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = 'port' "
        "AND PARTITION_NAME IS NOT NULL AND TABLE_NAME <> 'growing' ORDER BY BINARY TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME")
    facts['foreign keys'] = rows("SELECT TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME, DELETE_RULE FROM "
                                 "information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'port'")
    facts['used'] = rows(used, 'port')
    return facts


def without(facts, tables):
    """The same without some tables."""
    left = {fact: [row for row in rows if row[0] not in tables] if fact != 'used' else rows
            for fact, rows in facts.items() if fact != 'rows'}
    return {**left, 'rows': {name: what for name, what in facts['rows'].items() if name not in tables}}


def compare(got, wanted, what):
    for fact in wanted:
        if got[fact] != wanted[fact]:
            raise AssertionError(f'{what}: {fact}: got\n{got[fact]}\nwanted\n{wanted[fact]}')


def dump(program, source, archive, told=(), left_out=()):
    """A portable dump of `port` with its CREATE DATABASE, which says all that is `told`."""
    ignored = [f'--ignore-table=port.{name}' for name in left_out]
    done = program.run('dump', *source.client_options(tcp=True), '--ddl', 'portable', '-B', 'port', *ignored, '-o', archive).expect(0)
    for part in told:
        if part not in done.err:
            raise AssertionError(f'{part!r} is not told of {source.kind}:\n{done.err}')
    return archive


def expect_equal_to(program, server, archive):
    """`diff` finds nothing, for what is live says the same in portable words."""
    program.run('diff', archive, *server.client_options(tcp=True)).expect(0)


def take_there(program, source, targets, sample, folder):
    """The sample of `source`: restored where it comes from, and loaded by the mysql client into each of the others."""
    source.run_client(sample.sql)
    wanted = held(source)
    whole = dump(program, source, folder / f'{source.kind}.sql.zst', sample.told)
    expect_equal_to(program, source, whole)
    everywhere = dump(program, source, folder / f'{source.kind}-all.sql.zst', left_out=sample.new + sample.alone)
    recent = dump(program, source, folder / f'{source.kind}-new.sql.zst', left_out=sample.alone)
    for target in targets:
        old = target.kind.startswith(('mysql-5', 'oceanbase'))
        target.load(everywhere if old else recent)
        compare(held(target), without(wanted, sample.alone + (sample.new if old else ())), f'{source.kind} on {target.kind}')
        target.sql('DROP DATABASE port')
    restore_at_home(program, source, whole, wanted)
    source.sql('DROP DATABASE port')


def restore_at_home(program, source, archive, wanted):
    options = source.client_options(tcp=True)
    source.sql('DROP TABLE port.packed; DELETE FROM port.kinds; CREATE TABLE port.more (a INT)')
    program.run('restore', archive, *options, '--yes').expect(0)
    compare(held(source), wanted, f'restored on {source.kind}')
    expect_equal_to(program, source, archive)
    program.ok('purge', *options, '--yes', 'port')
