"""The hard cases of tests/cases: which there are, and which of them a server can hold."""

import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / 'cases'
# What a server must be started with so that every case fits.
SERVER_OPTIONS = ['--max-allowed-packet=64M']

# What OceanBase cannot hold: why a case is not for it, or what of its text is written otherwise there.
OCEANBASE = {
    '016': [(', 4326', '')],  # it has no spatial reference systems
    '023': 'it has no utf32, ucs2 or utf16le',
    '058': [(""" COMMENT = 'it''s old; "x"'""", '')],  # partitions have no comments
    '069': [('odd ``trg', 'odd trg')],  # no back-tick in the name of a trigger
    '074': [('old-host.example', 'old_host.example'),  # no hyphen in a host
            # A view has no definer, and that of an event must be there.
            ('CREATE DEFINER=`left_company`@`old_host.example` VIEW', 'CREATE VIEW'),
            ('CREATE DEFINER=`nobody`@`` EVENT', 'CREATE EVENT')],
    '075': [("EVERY '1:30' HOUR_MINUTE", 'EVERY 90 MINUTE'),  # intervals are of one unit, and no weeks
            ('EVERY 1 WEEK', 'EVERY 7 DAY'),
            ('`событие ``1`', '`ev_second`'), ('"ev mode"', '"ev_mode"'),  # letters and digits only
            # In an event's body a backslash escapes under NO_BACKSLASH_ESCAPES, too.
            ("""WHERE "t" = '\\'; END""", """WHERE "t" = '/'; END"""),
            ],
    '080': 'lower_case_table_names is 1 there',
    '082': 'names of routines are of 64 bytes there',
    '085': 'it has none of these table options',
    '107': [('CREATE DEFINER=`app`@`%` SQL SECURITY INVOKER VIEW', 'CREATE VIEW')],
    '109': [('c CHAR BYTE, ', 'c BINARY(1), ')],
}


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

    def why_not(self, kind):
        """Why a server of this kind does not hold the case."""
        limit = OCEANBASE.get(self.number)
        if kind.startswith('oceanbase') and isinstance(limit, str):
            return limit
        return f'for {self.servers}'

    def fits(self, kind):
        """Whether the first lines say that a server of tests/servers/kinds holds the case."""
        brand, _, version = kind.partition('-')
        if brand == 'oceanbase' and isinstance(OCEANBASE.get(self.number), str):
            return False
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
    text, few = case.path.read_bytes(), b'200'
    if server.connection.get('kind', '').startswith('oceanbase'):
        for printed, instead in OCEANBASE.get(case.number, []):
            text = text.replace(printed.encode(), instead.encode())
        few = b'20'  # each takes a tenth of a second
    if not full:
        text = text.replace(b'SET @n := 1500;', b'SET @n := ' + few + b';')
    server.run_client(text, case.database)
