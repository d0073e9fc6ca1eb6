"""Ruins databases as a bad upgrade would: drops things, changes things, adds things."""


def _q(name):
    return '`' + name.replace('`', '``') + '`'


def ruin(server, database, every_kind=True):
    """Drops every second object of each kind, changes tables that stay, adds one of each kind, or a table alone."""
    schema = "'" + database.replace('\\', '\\\\').replace("'", "''") + "'"

    def names(query):
        # In PAD_CHAR_TO_FULL_LENGTH, should it be the server's mode, MySQL 5.6 pads names and cannot list events.
        return [row[0] for row in server.rows("SET sql_mode = '';" + query.format(schema))]

    tables = names('SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} '
                   "AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME")
    views = names('SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {} ORDER BY 1')
    triggers = names('SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {} ORDER BY 1')
    events = names('SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {} ORDER BY 1')
    routines = server.rows("SET sql_mode = ''; SELECT ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES "
                           f'WHERE ROUTINE_SCHEMA = {schema} ORDER BY 1, 2')

    # Not strict: a column may be added to a row that is too long already, and so on.
    lines = ["SET FOREIGN_KEY_CHECKS = 0, sql_mode = '';"]
    lines += [f'DROP TRIGGER IF EXISTS {_q(name)};' for name in triggers[::2]]
    lines += [f'DROP VIEW IF EXISTS {_q(name)};' for name in views[::2]]
    lines += [f'DROP {kind} IF EXISTS {_q(name)};' for name, kind in routines[::2]
              if kind in ('PROCEDURE', 'FUNCTION')]
    lines += [f'DROP EVENT IF EXISTS {_q(name)};' for name in events[::2]]
    if tables[::2]:
        lines.append(f'DROP TABLE {", ".join(map(_q, tables[::2]))};')
    # Any trigger left would fire, or refuse.
    lines += [f'DROP TRIGGER IF EXISTS {_q(name)};' for name in triggers[1::2][:1]]
    server.sql('\n'.join(lines), database)
    # Some kinds of table refuse such changes: those stay as they are.
    staying = tables[1::2][:40]
    for start in ('DELETE FROM {} LIMIT 1', 'ALTER TABLE {} ADD COLUMN `added by upgrade` INT NULL'):
        server.try_sql('SET FOREIGN_KEY_CHECKS = 0;' + ';'.join(
            start.format(_q(name)) for name in staying), database)

    server.sql('''
SET sql_mode = '';
CREATE TABLE `aaa upgrade` (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(20));
INSERT INTO `aaa upgrade` (note) VALUES ('x'), ('y');
ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german1_ci;
''', database)
    if every_kind:
        server.sql('''
SET sql_mode = '';
CREATE VIEW `zzz upgrade view` AS SELECT note FROM `aaa upgrade`;
DELIMITER ;;
CREATE TRIGGER `upgrade trigger` BEFORE INSERT ON `aaa upgrade` FOR EACH ROW SET NEW.note = 'z';;
CREATE PROCEDURE `upgrade procedure`() SELECT 1;;
CREATE FUNCTION `upgrade function`() RETURNS INT DETERMINISTIC NO SQL RETURN 1;;
CREATE EVENT `upgrade_event` ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' DO SELECT 1;;
DELIMITER ;
''', database)
