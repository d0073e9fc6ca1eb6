"""The sample OMS databases of tests/samples/oms on a server, under any names."""

import pathlib
import subprocess

from support.server import ClientError

FOLDER = pathlib.Path(__file__).resolve().parent.parent / 'samples' / 'oms'
NAMES = ('drc_rm_db', 'drc_cm_db', 'drc_cm_heartbeat_db')


def _text(file, names):
    text = (FOLDER / file).read_text()
    # The longest first: no name is part of another, but a replacement might be.
    for number in sorted(range(3), key=lambda n: -len(NAMES[n])):
        text = text.replace(f'`{NAMES[number]}`', f'`\0{number}`')
    for number, name in enumerate(names):
        text = text.replace(f'`\0{number}`', '`' + name.replace('`', '``') + '`')
    return text


def load(server, names=NAMES, rows=0):
    """Creates and fills the three databases; `rows` more from the generator."""
    for file in ('console.sql', 'cluster_manager.sql', 'heartbeat.sql'):
        server.run_client(_text(file, names))
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
        server.run_client(_text('mock_upgrade.sql', names))
    except ClientError as error:
        if error.number == 1062 and 'cn-beijing' in error.text:
            return
        raise
    raise AssertionError('the mock upgrade did not break')
