#!/usr/bin/env python3
# ctest: labels=slow timeout=1800
"""A restore where the server is not as one would wish: full, guarded, set up oddly, with many tables or long names.

Each test has a server of its own. What the databases hold is judged by the server and the `mysql` client. Words on the
command line choose tests by their names.
"""

import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, runner  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, Server  # noqa: E402

SMALL = """CREATE DATABASE d DEFAULT CHARACTER SET utf8mb4; USE d;
CREATE TABLE parent (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40), KEY (v));
INSERT INTO parent (v) VALUES ('a'), ('b'), (NULL);
CREATE TABLE child (id INT NOT NULL PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id));
INSERT INTO child VALUES (1, 1), (2, NULL);
CREATE VIEW both_of_them AS SELECT c.id, p.v FROM child c LEFT JOIN parent p ON p.id = c.p;
DELIMITER ;;
CREATE TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.p = COALESCE(NEW.p, 1);;
CREATE FUNCTION dice() RETURNS DOUBLE NOT DETERMINISTIC NO SQL RETURN RAND();;
DELIMITER ;
"""
RUIN = """USE d; SET FOREIGN_KEY_CHECKS = 0; DROP TABLE parent; DROP FUNCTION dice; DELETE FROM child;
CREATE TABLE extra (x INT); INSERT INTO extra VALUES (1);
"""


def take(server, databases):
    """MySQL 9.7 prints where a table of the system tablespace stands, once it has been renamed."""
    found = fingerprint.take(server, databases)
    for objects in found.values():
        for facts in objects.values():
            if 'create' in facts:
                facts['create'] = facts['create'].replace(' /*!50100 TABLESPACE `innodb_system` */', '')
    return found


class Operator:
    def __init__(self, folder):
        self.program = Program()
        self.folder = pathlib.Path(folder)

    def run(self, server, command, *args, user='root'):
        return self.program.run(command, *server.client_options(user), *args)

    def prepare(self, server, databases=('d',), schema=SMALL, ruin=RUIN):
        """Good databases in an archive, ruined ones on the server: both fingerprints, and the file."""
        server.sql(schema)
        good = take(server, list(databases))
        archive = self.folder / f'{time.monotonic_ns()}.sql.zst'
        self.run(server, 'dump', *databases, '-o', archive).expect(0)
        server.sql(ruin)
        return good, take(server, list(databases)), archive

    def refused(self, server, archive, ruined, *words, code=34, user='root'):
        result = self.run(server, 'restore', '--yes', archive, user=user).expect(code)
        for word in words:
            if word not in result.err:
                raise AssertionError(f'{word!r} is not in what was said:\n{result.err}')
        fingerprint.expect_equal(ruined, take(server, ['d']), 'live, before and after a refusal')
        left = [name for name in server.databases() if 'dbomsbak' in name]
        if left:
            raise AssertionError(f'a refused restore left {left}')
        return result

    def there_and_back(self, server, good, ruined, archive, databases=('d',)):
        for command, expected in ((('restore', '--yes', archive), good), (('undo', '--yes'), ruined)):
            self.run(server, *command).expect(0)
            fingerprint.expect_equal(expected, take(server, list(databases)), command[0])
        self.run(server, 'restore', '--yes', archive).expect(0)
        self.run(server, 'purge', '--yes', '--force').expect(0)
        fingerprint.expect_equal(good, take(server, list(databases)), 'restored and purged')

    def test_the_servers_disk_is_full(self):
        # One file of bounded size holds all tables; the restore needs as much again as there is.
        options = ['--innodb-file-per-table=0', '--innodb-autoextend-increment=1']
        wide = '--innodb-data-file-path=ibdata1:12M:autoextend'
        schema = SMALL + (
            "CREATE TABLE big (id INT NOT NULL PRIMARY KEY, t TEXT); INSERT INTO big VALUES (0, REPEAT('x', 4000));" +
            ''.join(f'INSERT INTO big SELECT id + {1 << n}, t FROM big;' for n in range(13)))
        with Server(options=[*options, wide]) as server:
            good, ruined, archive = self.prepare(server, schema=schema, ruin=RUIN + 'UPDATE big SET t = NULL LIMIT 9;')
            server.stop()
            size = (pathlib.Path(server.folder) / 'data' / 'ibdata1').stat().st_size >> 20
            # A little more than is used already: the load begins, and does not end.
            server.options = [*options, f'--innodb-data-file-path=ibdata1:12M:autoextend:max:{size + 2}M']
            server.start()
            self.refused(server, archive, ruined, 'full', code=14)
            server.stop()
            server.options = [*options, wide]
            server.start()
            self.there_and_back(server, good, ruined, archive)

    def test_the_server_is_read_only(self):
        with Server() as server:
            good, ruined, archive = self.prepare(server)
            names = ['read_only'] if 'mysql-9' not in DEFAULT_KIND else ['read_only', 'super_read_only']
            for name in names:
                server.sql(f'SET GLOBAL {name} = 1')
                self.refused(server, archive, ruined, 'read-only')
            for name in reversed(names):
                server.sql(f'SET GLOBAL {name} = 0')
            self.there_and_back(server, good, ruined, archive)

    def test_functions_that_the_binary_log_does_not_trust(self):
        with Server(options=['--log-bin=bin', '--server-id=7']) as server:
            server.sql('SET GLOBAL log_bin_trust_function_creators = 1')
            good, ruined, archive = self.prepare(server)
            server.sql('SET GLOBAL log_bin_trust_function_creators = 0')
            server.create_account('few', grants=['ALL ON *.*'])
            for privilege in ('SUPER', 'BINLOG ADMIN' if 'mariadb' in DEFAULT_KIND else None):
                if privilege:
                    server.sql(f"REVOKE {privilege} ON *.* FROM 'few'@'%'")
            self.refused(server, archive, ruined, 'log_bin_trust_function_creators', user='few')
            server.sql('SET GLOBAL log_bin_trust_function_creators = 1')
            self.there_and_back(server, good, ruined, archive)

    def test_the_servers_settings_are_others(self):
        with Server() as server:
            good, ruined, archive = self.prepare(server)
            for setting in ("sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,PAD_CHAR_TO_FULL_LENGTH'",
                            'innodb_strict_mode = 1', 'sql_require_primary_key = 1', 'default_storage_engine = MyISAM',
                            'sql_generate_invisible_primary_key = 1', 'explicit_defaults_for_timestamp = 0',
                            "time_zone = '-07:00'", 'foreign_key_checks = 1', 'sql_safe_updates = 1',
                            'max_allowed_packet = 1048576', 'sql_select_limit = 1', 'autocommit = 0'):
                server.try_sql(f'SET GLOBAL {setting};')  # not every server has each
            result = self.run(server, 'restore', '--yes', archive).expect(0)
            server.sql("SET GLOBAL sql_mode = DEFAULT; SET GLOBAL sql_select_limit = DEFAULT; "
                       "SET GLOBAL sql_safe_updates = 0; SET GLOBAL autocommit = 1")
            fingerprint.expect_equal(good, take(server, ['d']), result.err)
            self.run(server, 'undo', '--yes').expect(0)
            fingerprint.expect_equal(ruined, take(server, ['d']), 'undone')

    def test_events_that_are_due_every_second(self):
        events = SMALL + """CREATE TABLE seen (at DATETIME(6) NOT NULL);
CREATE EVENT ev ON SCHEDULE EVERY 1 SECOND DO INSERT INTO d.seen VALUES (UTC_TIMESTAMP(6));
"""
        with Server(event_scheduler=True) as server:
            server.sql(events)
            server.wait_for('SELECT COUNT(*) >= 2 FROM d.seen', 1)
            archive = self.folder / 'events.sql.zst'
            self.run(server, 'dump', 'd', '-o', archive).expect(0)
            held = int(self.program.ok('cat', archive, '--data', '--only', 'd.seen').out.count("('20"))
            for _ in range(3):
                time.sleep(1.5)
                began = server.value('SELECT UTC_TIMESTAMP(6)')
                self.run(server, 'restore', '--yes', '--force', archive).expect(0)
                rows = server.rows('SELECT at FROM d.seen ORDER BY at')
                early = [row[0] for row in rows[held:] if row[0] < began]
                if len(rows) < held or early:
                    raise AssertionError(f'{held} rows were dumped, {len(rows)} are there; fired in staging or before: {early}')
                server.wait_for(f'SELECT COUNT(*) > {len(rows)} FROM d.seen', 1)
            self.run(server, 'purge', '--yes').expect(0)

    def test_three_thousand_tables(self):
        schema = 'CREATE DATABASE d; USE d;' + ''.join(
            f'CREATE TABLE t{n} (id INT NOT NULL PRIMARY KEY, v VARCHAR(20)) ; INSERT INTO t{n} VALUES (1, {n});'
            for n in range(3000))
        ruin = 'USE d;' + ''.join(f'UPDATE t{n} SET v = -1;' for n in range(0, 3000, 7)) + 'DROP TABLE t1; CREATE TABLE extra (x INT);'
        with Server() as server:
            good, ruined, archive = self.prepare(server, schema=schema, ruin=ruin)
            self.there_and_back(server, good, ruined, archive)

    def test_a_name_of_64_characters(self):
        # Characters, not bytes; and what a file system or a shell would stumble over.
        name = ("täble-of `50`% ." + 'x' * 64)[:63] + 'y'
        quoted = '`' + name.replace('`', '``') + '`'
        with Server() as server:
            good, ruined, archive = self.prepare(
                server, (name,), SMALL.replace('CREATE DATABASE d', f'CREATE DATABASE {quoted}').replace('USE d', f'USE {quoted}'),
                RUIN.replace('USE d', f'USE {quoted}'))
            self.there_and_back(server, good, ruined, archive, (name,))


def main():
    with tempfile.TemporaryDirectory() as folder:
        return runner.run(Operator(folder), sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
