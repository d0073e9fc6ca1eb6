"""The hard cases of tests/cases: which there are, and which of them a server can hold."""

import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / 'cases'
# What a server must be started with so that every case fits.
SERVER_OPTIONS = ['--max-allowed-packet=64M']


class Case:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        self.number = path.stem[:3]
        self.database = f'case_{self.number}'
        with open(path, encoding='utf-8') as file:
            lines = [next(file) for _ in range(3)]
        self.about = lines[0].removeprefix('-- case: ').strip()
        self.servers = lines[1].removeprefix('-- servers: ').strip()

    def fits(self, kind):
        """Whether the first lines say that a server of tests/servers/kinds holds the case."""
        brand, _, version = kind.partition('-')
        wanted = self.servers.split(' (')[0].replace(' only', '')
        for part in wanted.split(','):
            name, _, least = part.strip().partition('>=')
            if name == brand or (name == 'mysql' and brand == 'oceanbase' and not least.startswith(('8', '9'))):
                have = [int(n) for n in re.findall(r'\d+', version)]
                if brand == 'oceanbase':
                    have = [5, 7]
                return not least or have >= [int(n) for n in least.split('.')][:len(have)]
        return False


def all_cases():
    return [Case(path) for path in sorted(FOLDER.glob('*.sql'))]


def load(server, case, full=False):
    """Creates the case's database. Without `full` the case of many tables makes fewer of them."""
    server.sql(f'CREATE DATABASE `{case.database}` CHARACTER SET utf8mb4')
    text = case.path.read_bytes()
    if not full:
        text = text.replace(b'SET @n := 1500;', b'SET @n := 200;')
    server.run_client(text, case.database)
