"""Databases on which the window has everything to do, for tests of swap, undo and purge.

`GOOD` is what shall come back, `RUINED` what an upgrade made of it. Both are SQL for the `mysql` client with
names filled in by `named`: two databases with every kind of object, foreign keys in a circle and
across, views on views, on nothing and on a database that is gone, a sequence that a column default uses, names nobody wants to quote.
"""

import os
import pathlib
import re
import subprocess
import tempfile

from support import fingerprint, messages_seen

LONG = 'l' + 'ong_' * 15 + 'xyz'           # 64 characters
ODD = 'wei`rd "d\'b" 库'

_GOOD_A = r'''
DROP DATABASE IF EXISTS @A@; CREATE DATABASE @A@ CHARACTER SET latin1 COLLATE latin1_german1_ci;
USE @A@;
SET sql_mode='';
CREATE SEQUENCE seq START WITH 100 INCREMENT BY 7;
CREATE TABLE parent (id INT PRIMARY KEY, child_id INT, note VARCHAR(50)) ENGINE=InnoDB CHARSET utf8mb4;
CREATE TABLE child (id INT DEFAULT nextval(seq) PRIMARY KEY, parent_id INT, txt VARCHAR(30) DEFAULT 'x',
  CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id)) ENGINE=InnoDB;
INSERT INTO parent VALUES (1, NULL, 'eins'), (2, NULL, 'zwei 库');
INSERT INTO child (parent_id) VALUES (1), (1), (2);
ALTER TABLE parent ADD CONSTRAINT parent_child FOREIGN KEY (child_id) REFERENCES child (id);
UPDATE parent SET child_id = 100 WHERE id = 1;
CREATE TABLE `t``b 'q' "x" 库` (`a``b` INT PRIMARY KEY AUTO_INCREMENT, v TEXT) ENGINE=InnoDB AUTO_INCREMENT=50;
INSERT INTO `t``b 'q' "x" 库` (v) VALUES ('1'), (NULL), ('');
CREATE TABLE log (at TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6), what VARCHAR(100)) ENGINE=MyISAM;
CREATE TABLE was_view_in_upgrade (id INT);
CREATE VIEW v1 AS SELECT id, note FROM parent;
CREATE VIEW v0_on_v1 AS SELECT id + 1 AS next_id FROM v1;
CREATE VIEW was_table_in_upgrade AS SELECT * FROM v0_on_v1;
CREATE DEFINER='maker'@'%' SQL SECURITY INVOKER VIEW cross_view AS SELECT p.id, o.v FROM parent p JOIN @B@.other o ON o.id = p.id;
CREATE VIEW kept_view AS SELECT 1 AS one;
CREATE TABLE gone (a INT, b INT); CREATE VIEW broken AS SELECT a, b FROM gone; CREATE VIEW on_broken AS SELECT a FROM broken;
DROP TABLE gone;
CREATE TABLE less (a INT, b INT); CREATE VIEW lost_column AS SELECT a, b FROM less; ALTER TABLE less DROP COLUMN b; INSERT INTO less VALUES (1);
CREATE VIEW less_view AS SELECT 1 AS x, 2 AS y; CREATE VIEW lost_in_view AS SELECT x, y FROM less_view; CREATE OR REPLACE VIEW less_view AS SELECT 1 AS x;
CREATE FUNCTION f_gone (x INT) RETURNS INT DETERMINISTIC RETURN x; CREATE VIEW lost_function AS SELECT f_gone(id) AS y FROM parent; DROP FUNCTION f_gone;
CREATE DATABASE swap_gone; CREATE TABLE swap_gone.t (a INT); CREATE VIEW lost_database AS SELECT a FROM swap_gone.t; DROP DATABASE swap_gone;
DELIMITER ;;
SET NAMES latin1;;
CREATE DEFINER='maker'@'%' TRIGGER t_first BEFORE INSERT ON parent FOR EACH ROW SET NEW.note = CONCAT(NEW.note, ' first ä');;
SET NAMES utf8mb4;;
CREATE TRIGGER t_third BEFORE INSERT ON parent FOR EACH ROW SET NEW.note = CONCAT(NEW.note, ' third');;
SET sql_mode='PIPES_AS_CONCAT,ANSI_QUOTES';;
CREATE TRIGGER t_second BEFORE INSERT ON parent FOR EACH ROW FOLLOWS t_first SET NEW.note = NEW.note || ' second';;
SET sql_mode='';;
CREATE TRIGGER t_after AFTER DELETE ON child FOR EACH ROW BEGIN INSERT INTO log (what) VALUES ('gone; really'); END;;
CREATE TRIGGER `t``odd 库` AFTER UPDATE ON `t``b 'q' "x" 库` FOR EACH ROW INSERT INTO log (what) VALUES ('库');;
CREATE DEFINER='maker'@'%' PROCEDURE p_grants (IN x INT) SQL SECURITY INVOKER COMMENT 'it''s' BEGIN SELECT x; END;;
CREATE PROCEDURE p_kept () SELECT 2;;
CREATE FUNCTION f_used (x INT) RETURNS INT DETERMINISTIC RETURN x * 2;;
SET sql_mode='ORACLE';;
CREATE PACKAGE pack AS FUNCTION g RETURN INT; PROCEDURE h; END;;
CREATE PACKAGE BODY pack AS FUNCTION g RETURN INT AS BEGIN RETURN 1; END; PROCEDURE h AS BEGIN SELECT 1; END; END;;
SET sql_mode='';;
SET time_zone='+03:00';;
CREATE DEFINER='maker'@'%' EVENT e_on ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 10:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'on ENABLE DISABLE' DO INSERT INTO log (what) VALUES ('event');;
SET time_zone='SYSTEM';;
CREATE EVENT e_off ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 10:00:00' DISABLE DO DELETE FROM log;;
CREATE EVENT e_once ON SCHEDULE AT '2037-05-05 05:05:05' DO DELETE FROM log;;
SET NAMES latin1;; SET sql_mode='NO_BACKSLASH_ESCAPES';;
CREATE EVENT e_changed ON SCHEDULE EVERY 2 DAY STARTS '2037-01-01 10:00:00' DO INSERT INTO log (what) VALUES ('a\ä');;
SET NAMES utf8mb4;; SET sql_mode='';;
DELIMITER ;
CREATE VIEW uses_f AS SELECT f_used(id) AS twice FROM parent;
GRANT EXECUTE ON PROCEDURE @A@.p_grants TO 'caller'@'%' WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION @A@.f_used TO 'caller'@'%';
GRANT EXECUTE ON PROCEDURE @A@.p_kept TO 'caller'@'%';
'''
_GOOD_B = r'''
DROP DATABASE IF EXISTS @B@; CREATE DATABASE @B@ CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
USE @B@;
SET sql_mode='';
CREATE TABLE other (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB;
INSERT INTO other VALUES (1, 'other'), (2, 'two');
'''
# After both are there: keys and routines across.
_GOOD_ACROSS = r'''
USE @B@;
CREATE TABLE across (id INT PRIMARY KEY, p INT, CONSTRAINT across_parent FOREIGN KEY (p) REFERENCES @A@.parent (id)) ENGINE=InnoDB;
INSERT INTO across VALUES (1, 1), (2, 2);
DELIMITER ;;
CREATE TRIGGER tb AFTER INSERT ON across FOR EACH ROW INSERT INTO @A@.log (what) VALUES ('across');;
CREATE EVENT eb ON SCHEDULE EVERY 5 HOUR STARTS '2037-01-01 10:00:00' ENABLE DO DELETE FROM across WHERE id = 0;;
DELIMITER ;
'''
_RUIN = r'''
SET foreign_key_checks=0; SET sql_mode='';
USE @A@;
ALTER DATABASE @A@ CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
DROP VIEW was_table_in_upgrade; CREATE TABLE was_table_in_upgrade (x INT);
DROP TABLE was_view_in_upgrade; CREATE VIEW lends AS SELECT 5 AS five, 6 AS six; CREATE VIEW was_view_in_upgrade AS SELECT five, six FROM lends; CREATE OR REPLACE VIEW lends AS SELECT 5 AS five;
DROP VIEW v0_on_v1; CREATE OR REPLACE VIEW v1 AS SELECT note FROM parent; DROP VIEW broken, on_broken, lost_column, lost_function, lost_in_view, lost_database;
CREATE VIEW extra_view AS SELECT * FROM v1;
DROP TRIGGER t_second; DROP TRIGGER t_after;
DELIMITER ;;
CREATE TRIGGER new_one BEFORE INSERT ON parent FOR EACH ROW FOLLOWS t_first SET NEW.note = 'upgraded';;
CREATE OR REPLACE PROCEDURE p_grants (IN x INT, IN y INT) SELECT x + y;;
CREATE PROCEDURE extra_proc () SELECT 3;;
DROP FUNCTION f_used;;
SET sql_mode='ORACLE';; DROP PACKAGE pack;; SET sql_mode='';;
CREATE EVENT extra_event ON SCHEDULE EVERY 3 DAY STARTS '2037-01-01 10:00:00' DO DELETE FROM parent;;
DROP EVENT e_once;; SET NAMES latin1;; ALTER EVENT e_changed ON SCHEDULE EVERY 4 DAY;; SET NAMES utf8mb4;; ALTER EVENT e_off ENABLE;;
DELIMITER ;
DELETE FROM child WHERE id > 100; ALTER TABLE parent ADD COLUMN added INT DEFAULT 5;
INSERT INTO parent (id, note) VALUES (77, 'new');
CREATE TABLE extra_table (a INT PRIMARY KEY, p INT, CONSTRAINT extra_parent FOREIGN KEY (p) REFERENCES parent (id)) ENGINE=InnoDB;
DO nextval(seq); DO nextval(seq);
USE @B@;
DROP TABLE across; UPDATE other SET v = 'ruined';
CREATE EVENT eb2 ON SCHEDULE EVERY 1 HOUR STARTS '2037-01-01 10:00:00' DO DELETE FROM other;
'''


# What the above is where a server lacks MariaDB's sequences, packages and CREATE OR REPLACE of all but views.
_MYSQL = (
    ('CREATE SEQUENCE seq START WITH 100 INCREMENT BY 7;\n', ''),
    ('id INT DEFAULT nextval(seq) PRIMARY KEY', 'id INT AUTO_INCREMENT PRIMARY KEY'),
    ('INSERT INTO child (parent_id) VALUES (1), (1), (2);',
     'ALTER TABLE child AUTO_INCREMENT=100; INSERT INTO child (parent_id) VALUES (1), (1), (2);'),
    ('DO nextval(seq); DO nextval(seq);', 'ALTER TABLE child AUTO_INCREMENT=150;'),
    ("""SET sql_mode='ORACLE';;
CREATE PACKAGE pack AS FUNCTION g RETURN INT; PROCEDURE h; END;;
CREATE PACKAGE BODY pack AS FUNCTION g RETURN INT AS BEGIN RETURN 1; END; PROCEDURE h AS BEGIN SELECT 1; END; END;;
SET sql_mode='';;
""", ''),
    ("SET sql_mode='ORACLE';; DROP PACKAGE pack;; SET sql_mode='';;\n", ''),
    ('CREATE OR REPLACE PROCEDURE p_grants (IN x INT, IN y INT) SELECT x + y;;',
     "DROP PROCEDURE p_grants;; CREATE PROCEDURE p_grants (IN x INT, IN y INT) SELECT x + y;;"
     "GRANT EXECUTE ON PROCEDURE p_grants TO 'caller'@'%' WITH GRANT OPTION;;"),
)
# MySQL 5.6 has one trigger for each time and event, and shows no view that lost a column.
_MYSQL_56 = (
    ("""CREATE TRIGGER t_third BEFORE INSERT ON parent FOR EACH ROW SET NEW.note = CONCAT(NEW.note, ' third');;
""", ''),
    ("""CREATE TRIGGER t_second BEFORE INSERT ON parent FOR EACH ROW FOLLOWS t_first SET NEW.note""",
     'CREATE TRIGGER t_second BEFORE UPDATE ON parent FOR EACH ROW SET NEW.note'),
    ('CREATE TRIGGER new_one BEFORE INSERT ON parent FOR EACH ROW FOLLOWS t_first SET',
     'CREATE TRIGGER new_one BEFORE UPDATE ON parent FOR EACH ROW SET'),
    ('CREATE VIEW lost_column AS SELECT a, b FROM less; ', ''),
    ('CREATE VIEW lost_in_view AS SELECT x, y FROM less_view; ', ''),
    ('lost_column, lost_function, lost_in_view, lost_database;', 'lost_function, lost_database;'),
)


def for_kind(text, kind):
    """The SQL of this file for a kind of server."""
    changes = () if kind.startswith('mariadb') else _MYSQL + (_MYSQL_56 if kind == 'mysql-5.6' else ())
    for printed, instead in changes:
        if text.count(printed) > 1:
            raise AssertionError(f'more than once: {printed}')
        text = text.replace(printed, instead)
    return text


def quoted(name):
    return '`' + name.replace('`', '``') + '`'


def staging(name, run):
    return f'{name}__dbomsbak_new_{run}'


class World:
    """Two live databases on `server`, which can be put into any of the two states."""

    def __init__(self, server, a='swap_a', b='swap_b'):
        self.server, self.a, self.b = server, a, b
        self.databases = [a, b]
        self.tool = pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tools' / 'swap_tool'
        self.file = pathlib.Path(tempfile.mkstemp(prefix='swap-set-')[1])
        for name in ('maker', 'caller'):
            server.drop_account(name)
            server.create_account(name)
        server.sql("GRANT ALL ON *.* TO 'maker'@'%'")
        self.has_sequences = server.kind.startswith('mariadb')
        # What a BEFORE INSERT makes of the note 'x', and the next id of a child.
        self.noted = 'x first Ã¤' + (' second third' if server.kind != 'mysql-5.6' else '')
        self.next_child = 121 if self.has_sequences else 103

    def named(self, text):
        return for_kind(text, self.server.kind).replace('@A@', quoted(self.a)).replace('@B@', quoted(self.b))

    def make_good(self):
        self.server.sql(self.named(_GOOD_B + _GOOD_A + _GOOD_ACROSS))

    def ruin(self):
        self.server.sql(self.named(_RUIN))

    def print(self):
        """What is live, with grants on routines."""
        return fingerprint.take(self.server, self.databases, grants=True)

    def remember(self):
        """What swap shall make of the databases is what they are now."""
        self.run('snapshot', self.file, *self.databases)

    def prepare(self):
        """Live databases are ruined, and what shall come back stands in staging: what that is, and what is live."""
        self.make_good()
        good = self.print()
        self.remember()
        self.stage('00000001')
        self.ruin()
        return good, self.print()

    def stage(self, run):
        """Copies the tables of the live databases into staging, as a restore loads them."""
        names = {name: staging(name, run) if len(name) < 30 else None for name in self.databases}
        for name in self.databases:
            if names[name] is None:
                names[name] = self.value_of_staging(name, run)
        script = ['SET foreign_key_checks=0;']
        for name, new in names.items():
            script.append(f'DROP DATABASE IF EXISTS {quoted(new)};')
            charset = self.server.rows(f'SHOW CREATE DATABASE {quoted(name)}')[0][1]
            script.append(charset.replace(quoted(name), quoted(new), 1) + ';')
        self.server.sql('\n'.join(script))
        for name, new in names.items():
            relations = self.server.rows(
                'SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = '
                + "'" + name.replace("'", "''") + "'" + " ORDER BY TABLE_TYPE = 'SEQUENCE' DESC, TABLE_NAME")
            script = [f'SET foreign_key_checks=0, sql_mode=\'NO_AUTO_VALUE_ON_ZERO\'; USE {quoted(new)};']
            for table, kind in relations:
                if kind == 'VIEW':
                    continue
                what = 'SEQUENCE' if kind == 'SEQUENCE' else 'TABLE'
                create = self.server.rows(f'SHOW CREATE {what} {quoted(table)}', name)[0][1]
                if self.server.kind == 'mysql-9.7':
                    # Which collations were given, and which only come from the table, is remembered there.
                    create = re.sub(r'(?m)^(  `(?:(?! CHARACTER SET ).)*) COLLATE \w+', r'\1', create)
                for live, other in names.items():
                    create = create.replace(quoted(live) + '.', quoted(other) + '.')
                script.append(create + ';')
                if kind == 'SEQUENCE':
                    value = self.server.value(f'SELECT next_not_cached_value FROM {quoted(table)}', name)
                    script.append(f'DO SETVAL({quoted(table)}, {value}, 0);')
                else:
                    script.append(f'INSERT INTO {quoted(table)} SELECT * FROM {quoted(name)}.{quoted(table)};')
            self.server.sql('\n'.join(script))
        self.staged = list(names.values())

    def value_of_staging(self, name, run):
        raise NotImplementedError('long names are staged by the test that has them')

    def run(self, *words, die_at=None, die_before=None, lock_wait=2, lock_tries=2, expect=0, options=()):
        """Runs the tool; `expect` is the exit code, -9 for a death at the N-th statement, or at the
        first that begins with `die_before`."""
        command = [self.tool, f'--socket={self.server.socket}', '--user=root', '--count',
                   f'--lock-wait={lock_wait}', f'--lock-tries={lock_tries}', *options]
        if die_at is not None:
            command.append(f'--die-at={die_at}')
        if die_before is not None:
            command.append(f'--die-before={die_before}')
        done = subprocess.run([*map(str, command), *map(str, words)], capture_output=True, text=True,
                              timeout=300)
        code = done.returncode
        messages_seen.write_down(code, done.stderr, done.stdout)
        if code != expect and not (die_at is not None and code in (0, -9)):
            raise AssertionError(f'{words} ended with {code}, not {expect}:\n{done.stdout}{done.stderr}')
        self.killed = code == -9
        self.output = done.stdout + done.stderr
        return code

    def statements(self):
        return int(self.output.rsplit('statements ', 1)[1].split()[0])

    def ours(self):
        """Names of this program's databases on the server, with those that it makes for the moment."""
        return sorted(name for name in self.server.databases() if '__dbomsbak_' in name or name == 'swap_gone')

    def close(self):
        self.file.unlink(missing_ok=True)
