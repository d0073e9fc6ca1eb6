"""What databases hold, taken through the `mysql` client alone, and compared.

    before = fingerprint.take(server, ['d1', 'd2'])
    …
    fingerprint.expect_equal(before, fingerprint.take(server, ['d1', 'd2']))

A fingerprint is {database: {(kind, name): {what: text}}}: every object's definition as SHOW CREATE
prints it, its attributes in the catalogue, and for each table the number of rows and an
order-independent sum over the rows' hashes, both computed by the server. Cells are hashed as the
bytes they are stored in (HEX), numbers as the shortest text the server prints for them.

As a program: `python3 -m support.fingerprint --socket S | --port P  DB…` prints it as JSON.
"""

import argparse
import difflib
import itertools
import json
import re
import secrets
import sys
import weakref

from support.server import ClientError, Server

# What is asked of information_schema about an object, beside its definition. A server that lacks a
# column leaves it out.
_ROUTINE = ['DTD_IDENTIFIER', 'ROUTINE_BODY', 'EXTERNAL_LANGUAGE', 'PARAMETER_STYLE',
            'IS_DETERMINISTIC', 'SQL_DATA_ACCESS', 'SECURITY_TYPE', 'SQL_MODE', 'ROUTINE_COMMENT',
            'DEFINER', 'CHARACTER_SET_CLIENT', 'COLLATION_CONNECTION', 'DATABASE_COLLATION',
            'ROUTINE_DEFINITION']
_TRIGGER = ['EVENT_MANIPULATION', 'EVENT_OBJECT_TABLE', 'ACTION_ORDER', 'ACTION_STATEMENT',
            'ACTION_TIMING', 'SQL_MODE', 'DEFINER', 'CHARACTER_SET_CLIENT', 'COLLATION_CONNECTION',
            'DATABASE_COLLATION']
_EVENT = ['DEFINER', 'TIME_ZONE', 'EVENT_BODY', 'EVENT_DEFINITION', 'EVENT_TYPE', 'EXECUTE_AT',
          'INTERVAL_VALUE', 'INTERVAL_FIELD', 'SQL_MODE', 'STARTS', 'ENDS', 'STATUS',
          'ON_COMPLETION', 'EVENT_COMMENT', 'CHARACTER_SET_CLIENT', 'COLLATION_CONNECTION',
          'DATABASE_COLLATION']
_VIEW = ['VIEW_DEFINITION', 'CHECK_OPTION', 'IS_UPDATABLE', 'DEFINER', 'SECURITY_TYPE',
         'CHARACTER_SET_CLIENT', 'COLLATION_CONNECTION', 'ALGORITHM']

_SESSION = "SET sql_mode='';SET time_zone='+00:00', sql_quote_show_create=1, group_concat_max_len=4294967295;\n"


def _name(text):
    return '`' + text.replace('`', '``') + '`'


def _text(text):
    return "'" + text.replace('\\', '\\\\').replace("'", "''") + "'"


def batch(server, statements, database=None):
    """Runs many statements in one client; the rows of each, told apart by a random mark."""
    if not statements:
        return []
    mark = 'mark-' + secrets.token_hex(12)
    script = [_SESSION]
    for statement in statements:
        script.append(f"{statement};\nSELECT '{mark}';\n")
    results, current = [], []
    for row in server.rows(''.join(script), database, timeout=3600):
        if row == [mark]:
            results.append(current)
            current = []
        else:
            current.append(row)
    if current or len(results) != len(statements):
        raise AssertionError('the client left statements out')
    return results


def _answers(server, statements, database=None):
    """As batch(). Some servers show no view that lost a column or a database it stands on: it is asked alone then."""
    def is_about_a_view(error, statement):
        return error.number in (1049, 1356) and 'SHOW CREATE VIEW ' in statement

    try:
        return batch(server, statements, database)
    except ClientError as error:
        if not any(is_about_a_view(error, statement) for statement in statements):
            raise
    answers = []
    for statement in statements:
        try:
            answers += batch(server, [statement], database)
        except ClientError as error:
            if not is_about_a_view(error, statement):
                raise
            answers.append([['', f'not shown: {error.number}']])
    return answers


def _together(server, dialogues):
    """{database: what its dialogue returns}. A dialogue yields statements and is sent their answers. Its first ones need no
    database; before the others it is taken up. One client asks for all: starting one costs more than a question."""
    found, wanted = {}, {database: next(dialogue) for database, dialogue in dialogues.items()}
    # The client reads USE by itself, and not every name as the server would.
    by_use = all(re.fullmatch(r'\w+', database) for database in dialogues)
    first = True
    while wanted:
        if first:
            answers = _answers(server, [statement for statements in wanted.values() for statement in statements])
        elif by_use:
            answers = _answers(server, [f'USE {_name(database)};\n{statement}' for database, statements in wanted.items()
                                        for statement in statements])
        else:
            answers = [answer for database, statements in wanted.items()
                       for answer in _answers(server, statements, database)]
        first, answers = False, iter(answers)
        for database, statements in list(wanted.items()):
            try:
                wanted[database] = dialogues[database].send(list(itertools.islice(answers, len(statements))))
            except StopIteration as end:
                found[database] = end.value
                del wanted[database]
    return found


_KNOWN = weakref.WeakKeyDictionary()  # what a server's catalogue holds does not change


def _catalogue_columns(server):
    if server in _KNOWN:
        return _KNOWN[server]
    rows = batch(server, ['SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS '
                          "WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME IN "
                          "('ROUTINES', 'TRIGGERS', 'EVENTS', 'VIEWS', 'COLUMNS')"])[0]
    known = {}
    if 'oceanbase' in server.value('SELECT @@version_comment').lower():
        known['own lists'] = {'DBA_SEQUENCES'}
    for table, column in rows:
        known.setdefault(table.upper(), set()).add(column.upper())
    _KNOWN[server] = known
    return known


def cell_expression(column, data_type):
    """SQL text that gives a cell as ASCII text without loss, never NULL."""
    quoted, data_type = _name(column), data_type.lower()
    if data_type in ('float', 'double'):
        # FLOAT's own text has six digits only, and that of DOUBLE(M,D) D decimals; MySQL 9 cuts an expression's to 22
        # characters: together they tell every value. The angle tells -0 from 0, which MariaDB prints alike.
        own = f"{quoted}, ':', " if data_type == 'double' else ''
        text = f"IF({quoted} = 0, IF(ATAN2({quoted}, -1) < 0, '-0', '0'), CONCAT({own}{quoted}*1e0))"
    elif data_type == 'bit':
        text = f"CONCAT(HEX({quoted}), ':', {quoted}+0)"
    elif data_type in ('enum', 'set'):
        # Not +0, which is a DOUBLE and has no room for a SET of 64 members.
        text = f"CONCAT(HEX({quoted}), ':', CAST({quoted} AS UNSIGNED))"
    elif data_type in ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year', 'date',
                       'datetime', 'timestamp', 'time', 'uuid', 'inet4', 'inet6'):
        text = f'CONCAT({quoted})'
    elif data_type in ('tinyblob', 'blob', 'mediumblob', 'longblob', 'tinytext', 'text', 'mediumtext',
                       'longtext', 'json', 'vector'):
        # Twice the size in HEX may pass max_allowed_packet; the hash is of the same bytes.
        text = f"CONCAT(LENGTH({quoted}), ':', SHA2({quoted}, 256))"
    else:
        text = f'HEX({quoted})'
    return f"IFNULL(CONCAT('=', {text}), 'NULL')"


def _rows_query(database, table, columns, versioned):
    row = "CONCAT_WS(',', " + ', '.join(cell_expression(c, t) for c, t in columns) + ')'
    # Two sums over 15 hex digits each: equal rows cannot cancel each other out as under a XOR.
    parts = [f'IFNULL(SUM(CAST(CONV(SUBSTR(h, {at}, 15), 16, 10) AS DECIMAL(65))), 0)'
             for at in (1, 16)]
    history = ' FOR SYSTEM_TIME ALL' if versioned else ''
    return (f"SELECT COUNT(*), {', '.join(parts)} FROM (SELECT SHA2({row}, 256) AS h "
            f'FROM {_name(database)}.{_name(table)}{history}) AS hashed')


def _objects(database, known):
    """The dialogue that tells {(kind, name): {what: text}} of one database."""
    schema = _text(database)
    found = {}

    questions = [
        'SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA '
        f'WHERE SCHEMA_NAME = {schema}',
        f'SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {schema}',
        # By type as declared: I_S calls MariaDB's JSON a longtext, which is what it is.
        'SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS '
        f'WHERE TABLE_SCHEMA = {schema} ORDER BY TABLE_NAME, ORDINAL_POSITION']
    if known.get('own lists'):
        questions += [
            'SELECT SEQUENCE_NAME, MIN_VALUE, MAX_VALUE, INCREMENT_BY, CYCLE_FLAG, ORDER_FLAG, CACHE_SIZE, LAST_NUMBER '
            f'FROM oceanbase.DBA_SEQUENCES WHERE SEQUENCE_OWNER = {schema}',
            # I_S.EVENTS says the same sql_mode of all, and no charset.
            "SELECT SUBSTRING_INDEX(job_name, '.', -1), exec_env FROM oceanbase.__all_tenant_scheduler_job "
            f"WHERE job > 0 AND job_class = 'MYSQL_EVENT_JOB_CLASS' AND cowner = {schema}"]
    attributes = []

    def ask(kind, view, wanted, name_column, schema_column):
        use = [c for c in wanted if c in known.get(view, ())]
        if use:
            attributes.append((use, f'SELECT {name_column}, {kind}, {", ".join(use)} '
                                    f'FROM information_schema.{view} WHERE {schema_column} = {schema}'))

    ask("'view'", 'VIEWS', _VIEW, 'TABLE_NAME', 'TABLE_SCHEMA')
    ask('LOWER(ROUTINE_TYPE)', 'ROUTINES', _ROUTINE, 'ROUTINE_NAME', 'ROUTINE_SCHEMA')
    ask("'trigger'", 'TRIGGERS', _TRIGGER, 'TRIGGER_NAME', 'TRIGGER_SCHEMA')
    ask("'event'", 'EVENTS', _EVENT, 'EVENT_NAME', 'EVENT_SCHEMA')
    answers = yield questions + [query for _, query in attributes]
    charset, tables, listed = answers[:3]
    if not charset:
        raise AssertionError(f'there is no database {database}')
    found['database', database] = {'charset': ' '.join(charset[0])}
    columns = {}
    for table, column, data_type in listed:
        columns.setdefault(table, []).append((column, data_type))

    creates, counts = [], []  # (key, statement)
    for table, table_type in tables:
        if 'VIEW' in table_type:
            creates.append((('view', table), f'SHOW CREATE VIEW {_name(table)}'))
            continue
        kind = 'sequence' if table_type == 'SEQUENCE' else 'table'
        creates.append(((kind, table), f'SHOW CREATE {kind.upper()} {_name(table)}'))
        read, versioned = list(columns[table]), table_type == 'SYSTEM VERSIONED'
        names = {column.lower() for column, _ in read}
        found[kind, table] = {'type': table_type}
        if versioned and not names & {'row_start', 'row_end'}:
            found[kind, table]['implicit'] = 'maybe'
        counts.append(((kind, table), _rows_query(database, table, read, versioned)))

    for (use, _), rows in zip(attributes, answers[len(questions):]):
        for name, kind, *values in rows:
            entry = found.setdefault((kind, name), {})
            entry.update(zip(map(str.lower, use), values))
            # OceanBase has no SHOW CREATE EVENT: the attributes say all.
            if kind != 'view' and not (kind == 'event' and known.get('own lists')):
                creates.append(((kind, name), f'SHOW CREATE {kind.upper()} {_name(name)}'))

    if known.get('own lists'):
        for name, *values in answers[3]:
            found['sequence', name] = {'values': ' '.join(values)}
        for name, settings in answers[4]:
            found.setdefault(('event', name), {})['settings'] = settings

    # The words of SHOW CREATE, all but the object's name and the moment a trigger was made.
    shown = yield [statement for _, statement in creates]
    for (key, _), rows in zip(creates, shown):
        cells = rows[0][1:]
        if key[0] == 'trigger':
            cells = cells[:5]
        found.setdefault(key, {})['create'] = '\n'.join(cells)

    # Implicit row_start and row_end of a system-versioned table are in no catalogue table.
    for at, (key, query) in enumerate(counts):
        if found[key].pop('implicit', None) and 'PERIOD FOR SYSTEM_TIME' not in found[key]['create']:
            read = [*columns[key[1]], ('row_start', 'timestamp'), ('row_end', 'timestamp')]
            counts[at] = key, _rows_query(database, key[1], read, True)
    counted = yield [query for _, query in counts]
    for (key, _), rows in zip(counts, counted):
        found[key]['rows'] = rows[0][0]
        found[key]['row hash'] = '-'.join(rows[0][1:])
    return found


def _grants(server, database):
    """Grants on routines and tables of a database, by account."""
    schema = _text(database)
    tables = {row[0] for row in batch(server, [
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'mysql'"])[0]}
    queries = []
    if 'procs_priv' in tables:
        queries.append("SELECT CONCAT('routine ', Routine_type, ' ', Routine_name), User, Host, Proc_priv "
                       f'FROM mysql.procs_priv WHERE Db = {schema}')
    if 'tables_priv' in tables:
        queries.append("SELECT CONCAT('table ', Table_name), User, Host, CONCAT(Table_priv, '/', Column_priv) "
                       f'FROM mysql.tables_priv WHERE Db = {schema}')
    if 'columns_priv' in tables:
        queries.append("SELECT CONCAT('column ', Table_name, '.', Column_name), User, Host, Column_priv "
                       f'FROM mysql.columns_priv WHERE Db = {schema}')
    found = {}
    for rows in batch(server, queries):
        for what, user, host, rights in rows:
            found['grant', f'{what} to {user}@{host}'] = {'rights': rights}
    return found


def take(server, databases, grants=False):
    """The fingerprint of these databases; `grants` adds the grants on their objects."""
    if isinstance(databases, str):
        databases = [databases]
    known = _catalogue_columns(server)
    result = _together(server, {database: _objects(database, known) for database in databases})
    if grants:
        for database in databases:
            result[database].update(_grants(server, database))
    return result


def differences(before, after, ignore=()):
    """Readable lines, none when equal. `ignore` holds (kind, what) pairs not to compare."""
    lines = []
    for database in sorted(before.keys() | after.keys()):
        if database not in after or database not in before:
            lines.append(f'{database}: {"gone" if database not in after else "new"}')
            continue
        old, new = before[database], after[database]
        for key in sorted(old.keys() | new.keys()):
            name = f'{key[0]} {database}.{key[1]}'
            if key not in new:
                lines.append(f'{name}: gone')
            elif key not in old:
                lines.append(f'{name}: new')
            else:
                for what in sorted(old[key].keys() | new[key].keys()):
                    one, other = old[key].get(what), new[key].get(what)
                    if one == other or (key[0], what) in ignore:
                        continue
                    lines.append(f'{name}: {what} differs')
                    if one is None or other is None or '\n' not in one + other:
                        lines += [f'    - {one!r}'[:2000], f'    + {other!r}'[:2000]]
                    else:
                        lines += ['    ' + line.rstrip('\n')[:400] for line in difflib.unified_diff(
                            one.split('\n'), other.split('\n'), lineterm='', n=0)][2:60]
    return lines


def expect_equal(before, after, about='', ignore=()):
    lines = differences(before, after, ignore)
    if lines:
        raise AssertionError('\n'.join([f'{about or "the databases"} differ:', *lines[:200]]))


def as_json(print_of):
    return json.dumps({database: {f'{kind} {name}': values for (kind, name), values in objects.items()}
                       for database, objects in print_of.items()},
                      indent=1, sort_keys=True, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser(description='Print the fingerprint of databases as JSON.')
    parser.add_argument('--socket', default='')
    parser.add_argument('--port', default='3306')
    parser.add_argument('--grants', action='store_true')
    parser.add_argument('databases', nargs='+')
    given = parser.parse_args()
    server = Server.at(port=given.port, socket=given.socket)
    sys.stdout.write(as_json(take(server, given.databases, given.grants)) + '\n')


if __name__ == '__main__':
    main()
