"""The sample OMS databases of tests/samples/oms on a server, under any names."""

import pathlib
import subprocess

from support.server import ClientError

FOLDER = pathlib.Path(__file__).resolve().parent.parent / 'samples' / 'oms'
NAMES = ('drc_rm_db', 'drc_cm_db', 'drc_cm_heartbeat_db')

# What OceanBase's parser does not take, and what is loaded there instead.
OCEANBASE = (
    # No CASE right behind RETURN.
    ('RETURN CASE p_status', 'RETURN (CASE p_status'),
    ("ELSE CONCAT('未知(', p_status, ')') END;", "ELSE CONCAT('未知(', p_status, ')') END);"),
    # Views have neither definer nor security.
    ('CREATE DEFINER=`oms_admin`@`%` SQL SECURITY INVOKER VIEW', 'CREATE VIEW'),
    # Characters that the new charset lacks are refused there, strict or not.
    ('`param_value` longtext CHARACTER SET latin1', '`param_value` longtext CHARACTER SET gbk'),
    ('ALTER TABLE `alarm_history` REMOVE PARTITIONING;', ''),
    # One kind of change a statement.
    ('`seconds_used` float DEFAULT NULL, AUTO_INCREMENT',
     '`seconds_used` float DEFAULT NULL; ALTER TABLE `verify_task` AUTO_INCREMENT'),
    ('`id` bigint(20) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT',
     '`id` bigint(20) NOT NULL AUTO_INCREMENT; ALTER TABLE `heatbeat_sequence` AUTO_INCREMENT'),
)


def _text(file, names, kind=''):
    text = (FOLDER / file).read_text()
    if kind.startswith('oceanbase'):
        for printed, instead in OCEANBASE:
            text = text.replace(printed, instead)
    # The longest first: no name is part of another, but a replacement might be.
    for number in sorted(range(3), key=lambda n: -len(NAMES[n])):
        text = text.replace(f'`{NAMES[number]}`', f'`\0{number}`')
    for number, name in enumerate(names):
        text = text.replace(f'`\0{number}`', '`' + name.replace('`', '``') + '`')
    return text


SCHEMA_TRY_AGAIN = 5627  # OceanBase has not heard of a DDL yet


def load(server, names=NAMES, rows=0):
    """Creates and fills the three databases; `rows` more from the generator."""
    for number, file in enumerate(('console.sql', 'cluster_manager.sql', 'heartbeat.sql')):
        for attempt in range(5):
            try:
                server.run_client(_text(file, names, server.connection.get('kind', '')))
                break
            except ClientError as error:
                if error.number != SCHEMA_TRY_AGAIN or attempt == 4:
                    raise
                server.sql(f'DROP DATABASE `{names[number]}`')
    if rows:
        generate(server, ['--rows', str(rows)], names)
    return list(names)


def generate(server, arguments, names=NAMES):
    """Feeds the generator's SQL to the server."""
    maker = subprocess.Popen([FOLDER / 'generate', '--names', ','.join(names), *arguments],
                             stdout=subprocess.PIPE)
    done = subprocess.run(server.client_command(), stdin=maker.stdout, capture_output=True)
    maker.stdout.close()
    if maker.wait() != 0 or done.returncode != 0:
        raise ClientError(done.stderr.decode(errors='replace')[-2000:])


def mock_upgrade(server, names=NAMES):
    """Runs the upgrade that breaks half way; anything but its planned error is a failure."""
    try:
        server.run_client(_text('mock_upgrade.sql', names, server.connection.get('kind', '')))
    except ClientError as error:
        if error.number == 1062 and 'cn-beijing' in error.text:
            return
        raise
    raise AssertionError('the mock upgrade did not break')
