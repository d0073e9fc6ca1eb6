"""Other programs' dumps, made by the programs themselves."""

import os
import pathlib
import shutil
import subprocess

CACHE = pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'dbomsbak/servers'

# Where each kind of server gets its dump program from: None is this machine's own, else the root of a kind.
# The package of MySQL 5.6 has no client programs, so that server is dumped by the newest mysqldump; OceanBase by mariadb-dump.
_ROOTS = {'mariadb-10.11': None, 'mariadb-11.8': 'root-trixie-mariadb', 'mysql-9.7': 'root-sid-mysql',
          'mysql-5.6': 'root-sid-mysql', 'oceanbase-4.3.5': None}


def is_mysqldump(kind):
    """Is the program Oracle's? Else it is mariadb-dump."""
    return kind.startswith('mysql')


def command(server):
    """The dump program for this server, with its connection; None when it is not to be had here."""
    root = _ROOTS.get(server.kind, '')
    if root == '':
        return None
    if root is None:
        program = [shutil.which('mariadb-dump') or shutil.which('mysqldump')]
        if program[0] is None:
            return None
    else:
        name = 'mysqldump' if is_mysqldump(server.kind) else 'mariadb-dump'
        if not (CACHE / root / 'usr/bin' / name).exists():
            return None
        program = ['chroot', str(CACHE / root), name]
    options = ['--no-defaults', '--protocol=tcp', '-h', server.host, '-P', str(server.port), '-u', 'root']
    if server.kind == 'mysql-5.6':
        options += ['--column-statistics=0', '--set-gtid-purged=OFF']
    elif not is_mysqldump(server.kind):
        options += ['--skip-ssl']
    return program + options


def dump(server, *options):
    """The text, as bytes."""
    done = subprocess.run([*command(server), *options], capture_output=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f'{options}: {done.stderr.decode(errors="replace")}')
    return done.stdout
