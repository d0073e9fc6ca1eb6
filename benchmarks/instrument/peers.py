"""Other people's programs that do the same, as command lines."""

import re
import shlex
import shutil
import subprocess


def find(name):
    """Where a program is; nothing when it is not on PATH."""
    return shutil.which(name)


def version_of(program):
    done = subprocess.run([program, '--version'], capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().split('\n')[0]


def mysqldump(login, databases, program='mysqldump'):
    return [program, '--no-defaults', *login, '--single-transaction', *databases]


def piped(command, packer, path):
    """`packer` None: as it comes."""
    return f'{shlex.join(command)} {f"| {packer} " if packer else ""}> {shlex.quote(str(path))}'


def load(login, database, path, unpacker='zstd -dcq'):
    """`unpacker` None: a plain file."""
    client = shlex.join(['mysql', '--no-defaults', *login, '--comments', database])
    path = shlex.quote(str(path))
    return f'{unpacker} {path} | {client}' if unpacker else f'{client} < {path}'


def mydumper(program, login, database, folder, threads):
    # Up to 0.10 it packs with its own gzip; later ones start the zstd program.
    old = re.search(r'\bv?0\.(\d|10)\.', version_of(program))
    packing = ['--trx-consistency-only', '--compress'] if old else ['--trx-tables', '--compress=zstd', '--clear']
    return [program, *login, '-B', database, '-o', folder, '-t', str(threads), *packing, '-v', '1']


def myloader(program, login, database, folder, threads):
    return [program, *login, '-B', database, '-d', folder, '-t', str(threads), '-v', '1']
