#!/usr/bin/env python3
# ctest: cost=50 labels=pipeline,measures timeout=600 kinds=mariadb-10.11,mysql-9.7,mysql-5.6,oceanbase-4.3.5 others=changes_are,as_it_is,restored,plain,event others.oceanbase-4.3.5=as_it_is,rows_by_key
"""diff: exactly what was changed by the `mysql` client is named, and nothing else; undone, all is equal."""

import gzip
import json
import pathlib
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import dumpers, runner  # noqa: E402
from support.program import Program, sanitized  # noqa: E402
from support.server import Server, portable  # noqa: E402

SAMPLE = r"""
CREATE DATABASE d1 DEFAULT CHARACTER SET latin1;
CREATE DATABASE `d 2` DEFAULT CHARACTER SET utf8mb4;
USE d1;
CREATE TABLE parent (id INT NOT NULL PRIMARY KEY, name VARCHAR(20), KEY by_name (name)) DEFAULT CHARSET=utf8mb4;
INSERT INTO parent VALUES (1, 'one'), (2, 'two'), (3, NULL);
CREATE TABLE child (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, p INT, v VARCHAR(30), d DECIMAL(8,2), f DOUBLE,
  FOREIGN KEY (p) REFERENCES parent (id)) DEFAULT CHARSET=utf8mb4;
INSERT INTO child (p, v, d, f) VALUES (1, 'a', 1.5, 0.1), (2, 'it''s', -2, -1e100), (NULL, 'naïve 数据', NULL, NULL);
CREATE TABLE pairs (a INT NOT NULL, b VARCHAR(10) NOT NULL, v INT, PRIMARY KEY (a, b)) DEFAULT CHARSET=utf8mb4;
INSERT INTO pairs VALUES (1, 'x', 1), (1, 'y', 2), (-20, 'z', 3);
CREATE TABLE keyless (v VARCHAR(10)) DEFAULT CHARSET=utf8mb4;
INSERT INTO keyless VALUES ('twin'), ('twin'), ('single');
CREATE TABLE nothing_in_it (a INT);
CREATE VIEW names AS SELECT p.id AS id, p.name AS name FROM parent p WHERE p.name IS NOT NULL;
DELIMITER ;;
CREATE TRIGGER first_one BEFORE INSERT ON pairs FOR EACH ROW BEGIN SET NEW.v = NEW.v + 1; END;;
CREATE PROCEDURE pr(x INT) BEGIN SELECT x; END;;
CREATE FUNCTION fu(x INT) RETURNS INT DETERMINISTIC RETURN x + 1;;
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM nothing_in_it;;
DELIMITER ;
USE `d 2`;
CREATE TABLE `odd ``name` (`key` VARBINARY(8) NOT NULL PRIMARY KEY, v TEXT) DEFAULT CHARSET=utf8mb4;
INSERT INTO `odd ``name` VALUES (0x00FF, 'a'), ('b', 'c');
"""

# How to change something, and what diff must then say: objects with their verdicts, and words of the definition's diff.
CHANGES = [
    ('DROP TABLE d1.nothing_in_it', {('table', 'nothing_in_it'): 'missing'}, []),
    ('DROP VIEW d1.names', {('view', 'names'): 'missing'}, []),
    ('DROP TRIGGER d1.first_one', {('trigger', 'first_one'): 'missing'}, []),
    ('DROP PROCEDURE d1.pr', {('procedure', 'pr'): 'missing'}, []),
    ('USE d1; DROP EVENT ev', {('event', 'ev'): 'missing'}, []),
    ('DROP DATABASE `d 2`', {('database', 'd 2'): 'missing', ('table', 'odd `name'): 'missing'}, []),
    ('CREATE TABLE d1.more (a INT)', {('table', 'more'): 'extra'}, []),
    ('CREATE VIEW `d 2`.more AS SELECT 1 AS a', {('view', 'more'): 'extra'}, []),
    ('CREATE FUNCTION d1.more(x INT) RETURNS INT DETERMINISTIC RETURN x', {('function', 'more'): 'extra'}, []),
    ('ALTER TABLE d1.nothing_in_it ADD COLUMN b INT', {('table', 'nothing_in_it'): 'differs'}, ['+  `b` int']),
    ('ALTER TABLE d1.parent DROP KEY by_name', {('table', 'parent'): 'differs'}, ['-  KEY `by_name`']),
    ('ALTER DATABASE d1 CHARACTER SET utf8mb4', {('database', 'd1'): 'differs'},
     ['-# CHARACTER SET: latin1', '+# CHARACTER SET: utf8mb4']),
    ('CREATE OR REPLACE VIEW d1.names AS SELECT p.id AS id FROM d1.parent p', {('view', 'names'): 'differs'}, ['-  where']),
    ("DROP TRIGGER d1.first_one; USE d1; CREATE TRIGGER first_one BEFORE INSERT ON pairs FOR EACH ROW SET NEW.v = 7",
     {('trigger', 'first_one'): 'differs'}, ['SET NEW.v = 7']),
    ("DROP FUNCTION d1.fu; USE d1; CREATE FUNCTION fu(x INT) RETURNS INT DETERMINISTIC RETURN x + 2",
     {('function', 'fu'): 'differs'}, ['x + 2']),
    ("DROP PROCEDURE d1.pr; USE d1; SET sql_mode='ANSI_QUOTES';\nDELIMITER ;;\n"
     "CREATE PROCEDURE pr(x INT) BEGIN SELECT x; END;;\nDELIMITER ;", {('procedure', 'pr'): 'differs'},
     ['+# sql_mode: ANSI_QUOTES']),
    ('USE d1; ALTER EVENT ev ON SCHEDULE EVERY 2 DAY', {('event', 'ev'): 'differs'}, ['2 DAY']),
]


class Diff:
    def __init__(self, server, folder):
        self.server, self.folder, self.program = server, folder, Program()
        self.options = server.client_options()
        self.archive = folder / 'd.sql.zst'
        self.as_it_was()
        self.dump(self.archive)

    def as_it_was(self):
        for database in self.server.databases():
            self.server.sql(f'DROP DATABASE `{database}`')
        self.server.sql(portable(SAMPLE, self.server.kind))

    def dump(self, path, *more, databases=('d1', 'd 2')):
        self.program.ok('dump', *self.options, *databases, '-o', path, '--overwrite', *more)
        return path

    def diff(self, *more, code, file=None):
        """What --json tells; the text for people must end with the same code."""
        shown = self.program.run('diff', file or self.archive, *self.options, *more).expect(code)
        told = json.loads(self.program.run('diff', file or self.archive, *self.options, '--json', *more)
                          .expect(code).out)
        if told['code'] != code or bool(code == 4) != (': differs: ' in shown.out):
            raise AssertionError(f'{told["code"]}: {shown.out}')
        self.text = shown.out
        return told

    def verdicts(self, told):
        return {(o['kind'], o['name']): o['verdict'] for o in told['objects'] if o['verdict'] != 'equal'}

    def one(self, told, name):
        return next(o for o in told['objects'] if o['name'] == name)

    def expect(self, about, found, wanted):
        if found != wanted:
            raise AssertionError(f'{about}: found {found}, expected {wanted}\n{self.text}')

    # ------------------------------------------------------------------------------------------

    def test_as_it_is_everything_is_equal(self):
        self.as_it_was()
        told = self.diff(code=0)
        self.expect('equal', self.verdicts(told), {})
        if self.server.kind != 'oceanbase-4.3.5':  # there the names of constraints tell when they were made
            self.expect('one line', self.text.count('\n'), 1)
        self.expect('rows', told['compared']['rows'], 14)
        # The server made a constraint's name, and counts: no difference, but told.
        self.server.sql("INSERT INTO d1.child (v) VALUES ('1'); DELETE FROM d1.child WHERE v = '1'")
        told = self.diff(code=0)
        if 'AUTO_INCREMENT' not in ''.join(self.one(told, 'child')['notes']) and self.server.kind != 'oceanbase-4.3.5':
            raise AssertionError(self.text)
        name = self.server.value("SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA "
                                 "= 'd1' AND TABLE_NAME = 'child' AND CONSTRAINT_TYPE = 'FOREIGN KEY'")
        self.server.sql('USE d1; ALTER TABLE child ADD FOREIGN KEY (p) REFERENCES parent (id); '
                        f'ALTER TABLE d1.child DROP FOREIGN KEY `{name}`')
        told = self.diff('--only', 'd1.child', code=0)
        if 'other names to constraints' not in self.text:
            raise AssertionError(self.text)

    def test_changes_are_named_and_nothing_else(self):
        self.as_it_was()
        for change, wanted, words in CHANGES:
            self.as_it_was()
            self.server.sql(change)
            told = self.diff(code=4)
            self.expect(change, self.verdicts(told), wanted)
            definitions = '\n'.join(o['definition'] for o in told['objects'])
            for word in words:
                if word not in definitions or word not in self.text:
                    raise AssertionError(f'{change}: no {word!r} in {definitions}\n{self.text}')
        self.as_it_was()
        self.diff(code=0)

    def test_changes_of_rows_by_key(self):
        self.as_it_was()
        self.server.sql("""
            UPDATE d1.parent SET name = 'TWO' WHERE id = 2; INSERT INTO d1.parent VALUES (10, 'ten'), (9, 'nine');
            DELETE FROM d1.parent WHERE id = 3;
            DELETE FROM d1.pairs WHERE a = -20; INSERT INTO d1.pairs VALUES (-3, 'it''s', 0);
            INSERT INTO d1.keyless VALUES ('twin'); DELETE FROM d1.keyless WHERE v = 'single';
            UPDATE `d 2`.`odd ``name` SET v = 'other' WHERE `key` = 0x00FF""")
        told = self.diff(code=4)
        self.expect('tables', set(self.verdicts(told)),
                    {('table', name) for name in ('parent', 'pairs', 'keyless', 'odd `name')})
        told = self.diff('--rows', code=4)
        parent = self.one(told, 'parent')
        self.expect('counts', (parent['rows']['archive'], parent['rows']['live']), (3, 4))
        self.expect('parent', (parent['keys']['columns'], parent['keys']['only_archive'], parent['keys']['only_live'],
                               parent['keys']['changed']), (['id'], ['3'], ['9', '10'], ['2']))
        pairs = self.one(told, 'pairs')['keys']
        self.expect('pairs', (pairs['columns'], pairs['only_archive'], pairs['only_live'], pairs['changed']),
                    (['a', 'b'], ["-20,'z'"], ["-3,'it\\'s'"], []))
        keyless = self.one(told, 'keyless')['keys']
        self.expect('keyless', (keyless['columns'], keyless['only_archive'], keyless['only_live']),
                    ([], ["'single'"], ["'twin'"]))
        self.expect('binary key', self.one(told, 'odd `name')['keys']['changed'], ['0x00FF'])
        told = self.diff('--rows=1', '--only', 'd1.parent,`d 2`.`odd ``name`', code=4)
        self.expect('only', set(self.verdicts(told)), {('table', 'parent'), ('table', 'odd `name')})
        keys = self.one(told, 'parent')['keys']
        self.expect('one key', (keys['only_live'], keys['only_live_count']), (['9'], 2))

    def test_added_column_leaves_the_rows_comparable(self):
        self.as_it_was()
        self.server.sql("ALTER TABLE d1.parent ADD COLUMN more INT DEFAULT 5 FIRST; ALTER TABLE d1.pairs DROP COLUMN v")
        told = self.diff(code=4)
        self.expect('parent', self.one(told, 'parent')['rows']['verdict'], 'equal')
        self.expect('pairs', self.one(told, 'pairs')['rows']['verdict'], 'not-comparable')

    def test_order_of_triggers(self):
        if self.server.kind == 'mysql-5.6':
            return print('skipped: it knows one trigger a moment')
        self.as_it_was()
        self.server.sql('USE d1; CREATE TRIGGER second_one BEFORE INSERT ON pairs FOR EACH ROW SET NEW.v = NEW.v * 2')
        path = self.dump(self.folder / 'triggers.sql.zst', databases=['d1'])
        self.diff(code=0, file=path)
        self.server.sql('USE d1; DROP TRIGGER second_one; CREATE TRIGGER second_one BEFORE INSERT ON pairs '
                        'FOR EACH ROW PRECEDES first_one SET NEW.v = NEW.v * 2')
        told = self.diff(code=4, file=path)
        self.expect('order', {name for _, name in self.verdicts(told)}, {'first_one', 'second_one'})
        if '-# order: `first_one`, `second_one`' not in self.text:
            raise AssertionError(self.text)
        # One that is gone changes nothing about the other.
        self.server.sql('DROP TRIGGER d1.first_one')
        self.expect('gone', self.verdicts(self.diff(code=4, file=path)), {('trigger', 'first_one'): 'missing'})

    def test_filtered_archives_within_their_scope(self):
        self.as_it_was()
        some = self.dump(self.folder / 'some.sql.zst', '--where', 'id > 1', '--only', 'd1.parent', databases=['d1'])
        self.diff(code=0, file=some)
        self.server.sql("UPDATE d1.parent SET name = 'other' WHERE id = 1; INSERT INTO d1.keyless VALUES ('x'); "
                        "DROP PROCEDURE d1.pr")
        self.diff(code=0, file=some)
        self.server.sql("UPDATE d1.parent SET name = 'other' WHERE id = 2")
        told = self.diff('--rows', code=4, file=some)
        self.expect('filtered', self.one(told, 'parent')['keys']['changed'], ['2'])
        self.as_it_was()
        bare = self.dump(self.folder / 'bare.sql.zst', '--no-data', '--triggers=false', databases=['d1'])
        self.server.sql('DELETE FROM d1.keyless; DROP TRIGGER d1.first_one')
        self.diff(code=0, file=bare)
        rows = self.dump(self.folder / 'rows.sql.zst', '--no-create-info', databases=['d1'])
        self.server.sql('ALTER TABLE d1.nothing_in_it COMMENT = "x"')
        self.diff(code=0, file=rows)
        self.server.sql("INSERT INTO d1.keyless VALUES ('x')")
        told = self.diff('--rows', code=4, file=rows)
        self.expect('rows alone', self.verdicts(told), {('table', 'keyless'): 'differs'})

    def test_what_the_account_may_not_see(self):
        self.as_it_was()
        self.server.create_account('reader', 'secret', grants=['SELECT, SHOW VIEW, LOCK TABLES ON d1.*'])
        options = self.server.client_options(user='reader', password='secret')
        result = self.program.run('diff', self.archive, *options).expect(11)
        if 'GRANT' not in result.err or '`d 2`' not in result.err:
            raise AssertionError(result.err)
        result = self.program.run('diff', self.dump(self.folder / 'd1.sql.zst', databases=['d1']), *options).expect(11)
        if 'TRIGGER' not in result.err:
            raise AssertionError(result.err)
        self.server.drop_account('reader')

    def test_misspelt_tables(self):
        self.as_it_was()
        result = self.program.run('diff', self.archive, *self.options, '--only', 'd1.parents').expect(2)
        if "'parent'" not in result.err:
            raise AssertionError(result.err)
        self.program.run('diff', self.archive, *self.options, '--only', 'd3.parent').expect(2)

    def test_nothing_is_live(self):
        self.as_it_was()
        for database in self.server.databases():
            self.server.sql(f'DROP DATABASE `{database}`')
        told = self.diff('--rows', code=4)
        self.expect('verdicts', set(self.verdicts(told).values()), {'missing'})
        self.expect('objects', told['missing'], told['compared']['objects'])

    def test_restored_all_is_equal(self):
        self.as_it_was()
        self.server.sql('DROP TABLE d1.child; DELETE FROM d1.pairs; CREATE TABLE d1.more (a INT)')
        self.diff(code=4)
        self.program.ok('restore', self.archive, *self.options, '--yes')
        self.diff(code=0)
        self.program.ok('undo', *self.options, '--yes')
        self.expect('undone', self.verdicts(self.diff(code=4)), {
            ('table', 'child'): 'missing', ('table', 'pairs'): 'differs', ('table', 'more'): 'extra'})
        self.program.ok('purge', *self.options, '--yes', '--force')

    def test_tables_without_transactions(self):
        self.as_it_was()
        self.server.sql("CREATE TABLE d1.m (a INT NOT NULL PRIMARY KEY) ENGINE=MyISAM; INSERT INTO d1.m VALUES (1), (2)")
        path = self.dump(self.folder / 'm.sql.zst', databases=['d1'])
        self.server.sql('DELETE FROM d1.m WHERE a = 1')
        told = self.diff('--rows', code=4, file=path)
        self.expect('MyISAM', self.one(told, 'm')['keys']['only_archive'], ['1'])
        # The table is not read once more, without the column of which a dump of others tells too little.
        self.server.sql("ALTER TABLE d1.m ADD COLUMN g VARCHAR(9) CHARACTER SET gbk; UPDATE d1.m SET g = '数'")
        path = self.folder / 'm.sql'
        path.write_bytes(dumpers.dump(self.server, 'd1', 'm'))
        told = self.diff('--into', 'd1', '--only', 'd1.m', code=3, file=path)
        self.expect('unclear', self.one(told, 'm')['rows']['verdict'], 'not-comparable')
        told = self.diff('--into', 'd1', '--only', 'd1.m', '--rows', code=3, file=path)
        self.expect('unclear, still locked', self.one(told, 'm')['rows']['verdict'], 'equal')

    def test_plain_dumps(self):
        self.as_it_was()
        if self.server.kind == 'oceanbase-4.3.5':
            return print('skipped: dumps of OceanBase by mysqldump')
        self.server.sql(r"""USE d1;
            CREATE TABLE kinds (id INT NOT NULL PRIMARY KEY, l VARCHAR(20) CHARACTER SET latin1, b BLOB, bits BIT(13),
              t TIMESTAMP NULL, dt DATETIME, n DECIMAL(20,5), e ENUM('a', 'b c'), u BIGINT UNSIGNED,
              y YEAR, g VARCHAR(20) CHARACTER SET gbk) DEFAULT CHARSET=utf8mb4;
            INSERT INTO kinds VALUES (1, 'é€ü', 0x00FF27225C0A0D1A, b'1000000000101', '2020-06-01 12:00:00',
              '0001-02-03 04:05:06', -1.5, 'b c', 18446744073709551615, 1999, '数'), (2, '', '', 0, NULL, NULL, 0, 'a', 0, 0, ''),
              (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
              (4, 'tab\\t "quoted" %_\\\\', 'plain', 1, NULL, NULL, 99999.00001, NULL, 7, 2155, 'a')""")
        every = ['--databases', 'd1', 'd 2', '--routines', '--events', '--triggers']
        path = self.folder / 'plain.sql'
        for form in [[], ['--hex-blob', '--skip-extended-insert', '--complete-insert']]:
            path.write_bytes(dumpers.dump(self.server, *every, *form))
            told = self.diff(code=3, file=path)
            self.expect(f'plain {form}', self.verdicts(told),
                        {('table', 'child'): 'not-comparable', ('table', 'kinds'): 'not-comparable'})
            for column, name, why in [('f', 'child', 'dump programs round'), ('g', 'kinds', 'cannot be told to be a text')]:
                self.expect(name, self.one(told, name)['rows']['verdict'], 'equal')  # but for that column
                if f'column `{column}`: ' not in self.text or why not in self.text:
                    raise AssertionError(self.text)
        packed = self.folder / 'plain.sql.gz'
        packed.write_bytes(gzip.compress(path.read_bytes(), 1))
        self.server.sql("USE d1; UPDATE kinds SET l = 'é' WHERE id = 4; DELETE FROM kinds WHERE id = 2; "
                        "INSERT INTO keyless VALUES ('it''s'); ALTER TABLE parent ADD KEY more (id, name); "
                        "DROP FUNCTION fu; CREATE VIEW more AS SELECT 1 AS a; DROP VIEW names; "
                        "CREATE VIEW names AS SELECT p.id AS id, p.name AS name, 1 AS one FROM parent p WHERE p.name IS NOT NULL")
        told = self.diff('--rows', code=4, file=packed)
        self.expect('plain, changed', self.verdicts(told), {
            ('table', 'child'): 'not-comparable', ('table', 'kinds'): 'differs', ('table', 'keyless'): 'differs',
            ('table', 'parent'): 'differs', ('function', 'fu'): 'missing', ('view', 'more'): 'extra',
            ('view', 'names'): 'differs'})
        keys = self.one(told, 'kinds')['keys']
        self.expect('kinds', (keys['columns'], keys['only_archive'], keys['changed']), (['id'], ['2'], ['4']))
        self.expect('keyless', self.one(told, 'keyless')['keys']['only_live'], ["'it\\'s'"])
        # One that names no database, from a pipe; it does not speak of routines and events.
        one = self.folder / 'one.sql'
        one.write_bytes(dumpers.dump(self.server, 'd1', '--ignore-table=d1.child', '--skip-tz-utc'))
        self.program.run('diff', one, *self.options).expect(2)
        result = self.program.run('diff', '-', *self.options, '--into', 'd1', input=one.read_bytes())
        if 'table `d1`.`child`: only live' not in result.expect(4).out or 'does not speak of routines' not in result.out:
            raise AssertionError(result.out)
        if 'column `t`: the dump does not tell the time zone' not in result.out:
            raise AssertionError(result.out)
        self.program.run('diff', self.archive, *self.options, '--into', 'd1').expect(2)
        # Our own are exact.
        own = self.folder / 'own.sql'
        self.program.ok('dump', *self.options, 'd1', 'd 2', '-o', own)
        self.diff(code=0, file=own)
        if self.server.kind == 'mysql-9.7':  # an archive and a plain dump both tell its DECIMALs beside the text
            self.server.sql("CREATE TABLE d1.j (id INT NOT NULL PRIMARY KEY, j JSON); INSERT INTO d1.j VALUES "
                            "(1, JSON_ARRAY(1.10, 'it''s', JSON_OBJECT('a', 2.50))), (2, '{}'), (3, NULL)")
            own_json = self.folder / 'json.sql'
            self.program.ok('dump', *self.options, 'd1', '-o', own_json)
            if 'JSON_REPLACE(' not in own_json.read_text():
                raise AssertionError('no DECIMAL beside a JSON text')
            for file in [own_json, self.dump(self.folder / 'json.sql.zst', databases=['d1'])]:
                self.diff(code=0, file=file)
            self.server.sql("UPDATE d1.j SET j = JSON_ARRAY(1.10, 'it''s', JSON_OBJECT('a', 2.51)) WHERE id = 1")
            for file in [own_json, self.folder / 'json.sql.zst']:
                told = self.diff('--rows', code=4, file=file)
                self.expect('JSON', self.one(told, 'j')['keys']['changed'], ['1'])
            self.server.sql('DROP TABLE d1.j')
        cut = self.folder / 'cut.sql'
        cut.write_bytes(path.read_bytes()[:-200])
        self.program.run('diff', cut, *self.options).expect(21)

    def test_plain_dumps_show_what_is_said_live_alone(self):
        """All that the dump says is there in each case; what was added is a difference all the same."""
        if self.server.kind == 'oceanbase-4.3.5':
            return print('skipped: dumps of OceanBase by mysqldump')
        self.as_it_was()
        checks = self.server.kind != 'mysql-5.6'  # which forgets them
        self.server.sql(f"""CREATE DATABASE alter_me DEFAULT CHARACTER SET latin1; USE alter_me;
            CREATE TABLE t (a INT, b INT, KEY ia (a){', CHECK (a > 1)' if checks else ''}) COLLATE latin1_general_ci
              PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (9));
            CREATE TABLE untouched (a INT, l CHAR(1) COLLATE latin1_general_ci, KEY (a))""")
        self.server.sql("""DELIMITER ;;
            CREATE PROCEDURE pr(x INT) BEGIN IF x > 1 THEN SELECT (x + 1) * 2; END IF; END;;""", 'alter_me')
        plain = self.folder / 'alter.sql'
        plain.write_bytes(dumpers.dump(self.server, '--databases', 'alter_me', '--routines', '--events', '--triggers'))
        name = 'CONSTRAINT_1' if self.server.kind.startswith('mariadb') else 't_chk_1'
        self.diff(code=0, file=plain)
        changes = ['MODIFY b INT NOT NULL', 'MODIFY b INT UNSIGNED', 'MODIFY b INT DEFAULT 4', "MODIFY b INT COMMENT 'c'",
                   'DROP KEY ia, ADD UNIQUE KEY ia (a)', 'ADD PARTITION (PARTITION q VALUES LESS THAN (12))',
                   "COMMENT 'two'", 'COLLATE latin1_swedish_ci']
        if checks:
            changes += ['ADD CHECK (b > 1)', f'DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK (a > 2)',
                        f'DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK (a >= 1)']
        made = self.server.rows('SHOW CREATE TABLE alter_me.t')[0][1]
        for change in changes:
            self.server.sql(f'ALTER TABLE alter_me.t {change}')
            self.expect(change, self.verdicts(self.diff(code=4, file=plain)), {('table', 't'): 'differs'})
            self.server.sql('DROP TABLE alter_me.t')
            self.server.sql(made.replace('\\n', '\n'), 'alter_me')
        self.diff(code=0, file=plain)
        for body in ('IF x >= 1 THEN SELECT (x + 1) * 2; END IF', 'IF x > 1 THEN SELECT x + 1 * 2; END IF'):
            self.server.sql(f'DROP PROCEDURE pr;\nDELIMITER ;;\nCREATE PROCEDURE pr(x INT) BEGIN {body}; END;;', 'alter_me')
            self.expect(body, self.verdicts(self.diff(code=4, file=plain)), {('procedure', 'pr'): 'differs'})
        self.server.sql('DROP DATABASE alter_me')

    def test_an_event_is_over_by_its_own_clock_alone(self):
        if self.server.kind == 'oceanbase-4.3.5':
            return print('skipped: events of OceanBase tell no state')
        self.as_it_was()
        # Ahead of UTC by 13 hours and behind it by 12: in one of both it is another day.
        for zone in ('+13:00', '-12:00'):
            self.server.sql(f"""SET time_zone = '{zone}'; CREATE DATABASE timed; USE timed;
                CREATE EVENT once ON SCHEDULE AT NOW() + INTERVAL 15 MINUTE DO DO 1;
                CREATE EVENT soon ON SCHEDULE EVERY 1 MINUTE ENDS NOW() + INTERVAL 15 MINUTE ON COMPLETION PRESERVE DO DO 1;
                CREATE EVENT last ON SCHEDULE EVERY 1 DAY ENDS NOW() + INTERVAL 15 MINUTE ON COMPLETION PRESERVE DO DO 1""")
            path = self.dump(self.folder / 'timed.sql.zst', databases=['timed'])
            plain = self.folder / 'timed.sql'
            plain.write_bytes(dumpers.dump(self.server, '--databases', 'timed', '--routines', '--events', '--triggers'))
            self.diff(code=0, file=path)
            self.server.sql('USE timed; ALTER EVENT soon DISABLE; ALTER EVENT last DISABLE; DROP EVENT once')
            for file in (path, plain):
                told = self.diff(code=4, file=file)
                # The server itself may have disabled the last one: its next day is behind its end.
                self.expect(zone, self.verdicts(told), {
                    ('event', 'once'): 'missing', ('event', 'soon'): 'differs', ('event', 'last'): 'not-comparable'})
                self.expect('notes', [o['notes'] for o in told['objects']], [[], [], []])
            self.server.sql('DROP DATABASE timed')
        # Over: the server drops the one and disables the other.
        self.server.sql("""CREATE DATABASE timed; USE timed;
            CREATE EVENT once ON SCHEDULE AT NOW() + INTERVAL 2 SECOND DO DO 1;
            CREATE EVENT kept ON SCHEDULE AT NOW() + INTERVAL 2 SECOND ON COMPLETION PRESERVE DO DO 1""")
        self.dump(path, databases=['timed'])
        self.server.sql('USE timed; SELECT SLEEP(3); ALTER EVENT kept DISABLE; DROP EVENT once')
        told = self.diff(code=0, file=path)
        self.expect('over', sorted(o['name'] for o in told['objects'] if o['notes']), ['kept', 'once'])
        self.server.sql('DROP DATABASE timed')

    def test_what_the_file_does_not_hold_is_told(self):
        self.as_it_was()
        for options, wanted in [
                (['--no-data'], ['holds no rows']),
                (['--triggers=false', '--routines=false', '--events=false'], ['of routines', 'of triggers', 'of events']),
                (['--no-create-info'], ['holds no definitions']),
                (['--where', '1 = 1'], ['1 = 1']),
                (['--only', 'd1.pairs'], ['`d1`.`pairs`']),
                (['--ignore-table', 'd1.pairs'], ['`d1`.`pairs`'])]:
            path = self.dump(self.folder / 'less.sql.zst', *options, databases=['d1'])
            notes = '\n'.join(self.diff(code=0, file=path)['notes'])
            for words in wanted:
                if words not in notes or words not in self.text:
                    raise AssertionError(f'{options}: no {words!r} in {notes!r}\n{self.text}')
        self.expect('all', self.diff(code=0)['notes'], [])

    def test_large_tables_in_bounded_memory(self):
        """150,000 rows of 300 bytes, most of them changed; and, of as many, few."""
        self.as_it_was()
        self.server.sql(portable("""
            CREATE DATABASE big DEFAULT CHARACTER SET utf8mb4; USE big;
            CREATE TABLE few (id INT NOT NULL PRIMARY KEY, v VARCHAR(300) NOT NULL);
            INSERT INTO few SELECT seq, REPEAT(MD5(seq), 9) FROM seq_1_to_150000;
            CREATE TABLE most (id INT NOT NULL PRIMARY KEY, v VARCHAR(300) NOT NULL);
            INSERT INTO most SELECT * FROM few""", self.server.kind))
        path = self.dump(self.folder / 'big.sql.zst', databases=['big'])
        self.server.sql("UPDATE big.few SET v = 'x' WHERE id IN (7, 149999); DELETE FROM big.few WHERE id = 90000; "
                        "INSERT INTO big.few VALUES (150001, ''); UPDATE big.most SET v = 'y'")
        result = self.program.run('diff', path, *self.options, '--rows=3', '--json').expect(4)
        told = json.loads(result.out)
        few, most = (self.one(told, name)['keys'] for name in ('few', 'most'))
        self.text = result.out
        self.expect('few', (few['only_archive'], few['only_live'], few['changed'], few['complete']),
                    (['90000'], ['150001'], ['7', '149999'], True))
        self.expect('most', (most['complete'], len(most['changed']), most['only_archive_count']), (False, 3, 0))
        if result.peak_kib > 64 * 1024 and not sanitized():
            raise AssertionError(f'{result.peak_kib} KiB for two tables of 45 MB')
        self.server.sql('CREATE TABLE big.m (a INT NOT NULL PRIMARY KEY) ENGINE=MyISAM')
        self.writers_go_on_while_a_file_is_read()
        self.server.sql('DROP DATABASE big')

    def writers_go_on_while_a_file_is_read(self):
        path = self.folder / 'big.sql'
        self.program.ok('dump', *self.options, 'big', '--only', 'big.m', '--only', 'big.few', '-o', path)
        process = self.program.start('diff', path, *self.options, '--only', 'big.m,big.few', '-v')
        try:
            while 'reading the rows of' not in (line := process.stderr.readline().decode()):
                if not line:
                    raise AssertionError(process.stdout.read())
            process.send_signal(signal.SIGSTOP)  # 45 MB are to be read
            self.server.sql('SET lock_wait_timeout = 2; INSERT INTO big.m VALUES (1)')
        finally:
            process.send_signal(signal.SIGCONT)
            process.communicate(timeout=120)
        self.expect('code', process.returncode, 0)


def main():
    with Server(event_scheduler=False) as server, tempfile.TemporaryDirectory(prefix='dbd-') as folder:
        return runner.run(Diff(server, pathlib.Path(folder)), sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
