"""Tables of edge values: for every column type a server has, the values at its ends, those next to
them, and some by chance.

    tables = edge_values.tables(Features(server), random.Random(seed))
    report = edge_values.create(server, 'edge', tables)     # makes the database and fills it

A table holds the values of many columns side by side. Most values know the cell they must become
(as fingerprint.cell_expression shows it); `report.not_held` names those the server made something
else of, or refused.
"""

import dataclasses
import hashlib
import math
import re
import struct
import subprocess
import uuid

from support import fingerprint

FIRST_BYTES = bytes(range(256))


@dataclasses.dataclass
class Value:
    """`sql` stores it; `cell` is what is then stored, None where the server alone knows."""
    sql: str
    cell: str | None = None

    def __str__(self):
        return self.sql if len(self.sql) <= 60 else self.sql[:57] + '...'


NULL = Value('NULL', 'NULL')


@dataclasses.dataclass
class Column:
    name: str
    type: str  # and attributes, as in CREATE TABLE
    values: list
    data_type: str = ''  # as information_schema has it; default: the first word of `type`

    def kind(self):
        return self.data_type or re.match(r'\w+', self.type)[0].lower()


@dataclasses.dataclass
class Table:
    """Row n holds the n-th value of each column; when a column has no more, NULL."""
    name: str
    columns: list
    options: str = ''
    more: str = ''  # further columns and keys: generated ones

    def rows(self):
        longest = max(len(column.values) for column in self.columns)
        for at in range(longest):
            yield [c.values[at] if at < len(c.values) else NULL for c in self.columns]
        yield [NULL] * len(self.columns)


@dataclasses.dataclass
class Report:
    columns: int = 0
    values: int = 0
    not_held: list = dataclasses.field(default_factory=list)  # (column type, value, what it became)


class Features:
    """What a server can hold, found by trying it."""

    COLUMNS = {
        'json': ('JSON', 'v JSON'), 'uuid': ('UUID', 'v UUID'), 'inet6': ('INET6', 'v INET6'), 'inet4': ('INET4', 'v INET4'),
        'vector': ('VECTOR', 'v VECTOR(3)'), 'compressed': ('COMPRESSED columns', 'v BLOB COMPRESSED'),
        'invisible': ('invisible columns', 'v INT INVISIBLE'), 'generated': ('generated columns', 'v INT AS (id) STORED'),
        'expressions': ('DEFAULT expressions', 'v INT DEFAULT (1 + 1)'), 'column_srid': ('columns of one SRID', 'v POINT SRID 4326'),
        'json_default': ('DEFAULT expressions of JSON', 'v JSON DEFAULT (JSON_OBJECT())'),
        'wide_scale': ('DECIMAL(38,38)', 'v DECIMAL(38,38)'),
    }
    ANSWERS = {
        # A type of its own keeps no blanks of the text it was given.
        'json_text': "CAST(CAST('{ }' AS JSON) AS CHAR)",
        'time_end': "CONCAT(CAST('838:59:59.999999' AS TIME(6)))",
        'late_stamp': '(SELECT v FROM late_stamps)',
        'float_zero': '(SELECT v FROM zeros)',
        'vector_bytes': '(SELECT COUNT(HEX(v)) FROM `vector`)',
        'srids': "HEX(ST_GeomFromText('POINT(0 0)', 4326))",
        'any_srid': "HEX(ST_GeomFromText('POINT(0 0)', 4294967295))",
    }
    # Of those that change what a statement means; a server may know fewer.
    MODES = ['ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES', 'PAD_CHAR_TO_FULL_LENGTH', 'NO_ZERO_DATE', 'NO_ZERO_IN_DATE',
             'ALLOW_INVALID_DATES', 'NO_AUTO_VALUE_ON_ZERO', 'PIPES_AS_CONCAT', 'STRICT_ALL_TABLES', 'STRICT_TRANS_TABLES',
             'IGNORE_SPACE', 'HIGH_NOT_PRECEDENCE', 'NO_UNSIGNED_SUBTRACTION', 'REAL_AS_FLOAT', 'ONLY_FULL_GROUP_BY',
             'ERROR_FOR_DIVISION_BY_ZERO', 'NO_DIR_IN_CREATE', 'TIME_TRUNCATE_FRACTIONAL', 'TIME_ROUND_FRACTIONAL',
             'EMPTY_STRING_IS_NULL', 'SIMULTANEOUS_ASSIGNMENT', 'ANSI', 'TRADITIONAL', 'ORACLE', 'MSSQL']

    def __init__(self, server):
        self.server = server
        script = ['CREATE DATABASE edge_probe; USE edge_probe;']
        for name, (_, column) in self.COLUMNS.items():
            script.append(f'CREATE TABLE `{name}` (id INT PRIMARY KEY, {column});')
        script.append('CREATE TABLE prefix_key (v BLOB NOT NULL, PRIMARY KEY (v(60)));')
        script.append('CREATE TABLE descending_key (v INT NOT NULL, PRIMARY KEY (v DESC));')
        script.append("CREATE TABLE zeros (v FLOAT); INSERT INTO zeros VALUES (-1e-60);")
        script.append("CREATE TABLE late_stamps (v TIMESTAMP NULL); SET sql_mode = '';")
        script.append("SET time_zone = '+00:00'; INSERT INTO late_stamps VALUES ('2106-02-07 06:28:15');")
        script.append("SELECT 'column', TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'edge_probe';")
        script.append("SELECT 'collation', COLLATION_NAME FROM information_schema.COLLATIONS;")
        script.append("SELECT 'charset', CHARACTER_SET_NAME, MAXLEN FROM information_schema.CHARACTER_SETS ORDER BY 2;")
        for name, expression in self.ANSWERS.items():
            script.append(f"SET time_zone = '+00:00'; SELECT 'answer', '{name}', {expression};")
        for mode in self.MODES:
            script.append(f"SET sql_mode = ''; SET sql_mode = '{mode}'; SELECT 'mode', '{mode}' FROM (SELECT 1) AS x WHERE LENGTH(@@sql_mode) > 0;")
        script.append("SET sql_mode = ''; DROP DATABASE edge_probe;")
        done = subprocess.run(server.client_command(None, ['--force', '--batch', '--skip-column-names']),
                              input='\n'.join(script).encode(), capture_output=True, timeout=600)
        found = [line.split('\t') for line in done.stdout.decode().splitlines()]
        held = {row[1] for row in found if row[0] == 'column'}
        answers = {row[1]: row[2] for row in found if row[0] == 'answer'}
        self.modes = [row[1] for row in found if row[0] == 'mode']
        self.charsets = {row[1]: int(row[2]) for row in found if row[0] == 'charset' and row[1] not in ('binary', 'filename')}
        self.collations = [row[1] for row in found if row[0] == 'collation']
        self.utf8mb3 = 'utf8mb3' if 'utf8mb3' in self.charsets else 'utf8'
        for name in self.COLUMNS:
            setattr(self, name, name in held)
        self.missing = [what for name, (what, _) in self.COLUMNS.items() if name not in held]
        self.missing += [f'sql_mode {mode}' for mode in self.MODES if mode not in self.modes]
        self.prefix_keys = 'prefix_key' in held
        if not self.prefix_keys:
            self.missing.append('primary keys of a BLOB')
        self.descending = 'descending_key' in held
        if not self.descending:
            self.missing.append('descending primary keys')
        if self.vector and 'vector_bytes' not in answers:
            self.vector = False
            self.missing.append('VECTOR, whose exact values it tells nobody: no dump holds them')
        self.missing += [f'charset {name}' for name in sorted(_HARD_CHARSETS - set(self.charsets))]
        self.json_is_a_type = self.json and answers.get('json_text') == '{}'
        self.decimal_scale = 38 if self.wide_scale else 30
        self.time_fraction_at_end = answers.get('time_end') == '838:59:59.999999'
        self.late_timestamps = answers.get('late_stamp') == '2106-02-07 06:28:15'
        self.srids = 'srids' in answers
        self.any_srid = 'any_srid' in answers
        # MariaDB keeps the sign in a FLOAT, but sends it to no client, in text or in binary.
        self.tells_float_minus_zero = answers.get('float_zero') == '-0'
        if not self.tells_float_minus_zero:
            self.missing.append('the sign of a FLOAT -0, which clients are not told')
        if not self.srids:
            self.missing.append('spatial reference systems')
        if not self.any_srid:
            self.missing.append('SRIDs that no list knows')

    def holds_charset(self, column_type):
        named = re.search(r'CHARACTER SET (\w+)', column_type)
        return not named or named[1] in self.charsets or named[1] == 'binary'


# Literals -----------------------------------------------------------------------------------------


def hexed(data):
    return f'0x{data.hex()}' if data else "''"


def text(value):
    """Any text as SQL that no sql_mode and no client charset reads otherwise."""
    return f"CONVERT({hexed(value.encode())} USING utf8mb4)" if value else "''"


def in_bytes(data):
    return Value(hexed(data), data.hex().upper())


def long_cell(data):
    return f'{len(data)}:{hashlib.sha256(data).hexdigest()}'


def single(value):
    return struct.unpack('<f', struct.pack('<f', value))[0]


# Numbers ------------------------------------------------------------------------------------------


def integers(rng):
    columns = []
    for bits, name in ((8, 'TINYINT'), (16, 'SMALLINT'), (24, 'MEDIUMINT'), (32, 'INT'), (64, 'BIGINT')):
        top, width = 2 ** (bits - 1), len(str(2 ** bits - 1))
        signed = [-top, -top + 1, -1, 0, 1, top - 2, top - 1] + [rng.randrange(-top, top) for _ in range(20)]
        unsigned = [0, 1, top - 1, top, top + 1, 2 * top - 2, 2 * top - 1] + [rng.randrange(2 * top) for _ in range(20)]
        short = name.lower()
        columns += [
            Column(short, name, [Value(str(v), str(v)) for v in signed]),
            Column(short + '_u', name + ' UNSIGNED', [Value(str(v), str(v)) for v in unsigned]),
            Column(short + '_z', f'{name}({width}) ZEROFILL', [Value(str(v), str(v).zfill(width)) for v in unsigned]),
        ]
    columns.append(Column('bool', 'BOOL', [Value('TRUE', '1'), Value('FALSE', '0'), Value('-128', '-128')], 'tinyint'))
    return Table('integers', columns)


def decimals(features, rng):
    def digits(count):
        return ''.join(rng.choice('0123456789') for _ in range(count))

    columns = []
    scale = features.decimal_scale
    for precision, fraction in ((65, 30), (65, 0), (30, 30), (scale, scale), (1, 0), (10, 0), (9, 9), (18, 9), (5, 2),
                                (65, 1), (19, 10)):
        whole = precision - fraction

        def value(negative, before, after):
            """`before` and `after` are the digits around the point."""
            before = (before.lstrip('0') or '0')
            shown = before + ('.' + after if after else '')
            nothing = not (before + after).strip('0')
            return Value(('-' if negative else '') + shown, ('-' if negative and not nothing else '') + shown)

        values = [value(False, '9' * whole, '9' * fraction), value(True, '9' * whole, '9' * fraction),
                  value(False, '0', '0' * fraction), value(True, '0', '0' * fraction),
                  value(False, '1' + '0' * (whole - 1) if whole else '0', '0' * fraction)]
        if fraction:
            values += [value(False, '0', '0' * (fraction - 1) + '1'), value(True, '0', '0' * (fraction - 1) + '1'),
                       value(True, '0', '1' + '0' * (fraction - 1))]
        values += [value(rng.random() < 0.5, digits(rng.randint(0, whole)), digits(fraction)) for _ in range(12)]
        columns.append(Column(f'd{precision}_{fraction}', f'DECIMAL({precision},{fraction})', values))
    columns.append(Column('unsigned', 'DECIMAL(20,5) UNSIGNED', [Value('999999999999999.99999', '999999999999999.99999'),
                                                                Value('0.00001', '0.00001')]))
    columns.append(Column('zerofill', 'DECIMAL(8,3) ZEROFILL', [Value('12.5', '00012.500'), Value('0', '00000.000'),
                                                               Value('99999.999', '99999.999')]))
    unique = {column.name: column for column in columns}
    return Table('decimals', list(unique.values()))


def _double(value, sign=True):
    if value == 0 and math.copysign(1, value) < 0 and sign:
        return Value("'-0'", '-0')
    return Value(f"'{value!r}'", repr(value + 0.0) if value else '0')


def floats(features, rng):
    doubles = [0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 5e-324, -5e-324, 1.5e-323, 2.2250738585072014e-308,
               2.225073858507201e-308, 1.7976931348623157e308, -1.7976931348623157e308, 1.7976931348623155e308,
               9007199254740991.0, 9007199254740992.0, 9007199254740994.0, 1e15, 1e16, 1e17, 1e22, 1e23, 1e-5, 1e-15,
               123456789012345680.0, 4.35, 0.3, 0.30000000000000004, 6.02214076e23, 8.8279417262832873e-139,
               1.7320508075688772, 2.5e-8, 4.9406564584124654e-320]
    while len(doubles) < 150:
        value = struct.unpack('<d', struct.pack('<Q', rng.getrandbits(64)))[0]
        if math.isfinite(value):
            doubles.append(value)
    singles = [0.0, 1.0, -1.0, 0.1, 0.3, 1e-45, -1e-45, 3e-45, 1.1754943508222875e-38, 1.1754942106924411e-38,
               3.4028234663852886e38, -3.4028234663852886e38, 3.4028232635611926e38, 16777215.0, 16777216.0, 16777218.0,
               7e9, 1e10, 123456.7, 999999.9, 1e-5, 8388608.5, 0.333333]
    singles = [single(value) for value in singles]
    while len(singles) < 150:
        value = struct.unpack('<f', struct.pack('<I', rng.getrandbits(32)))[0]
        if math.isfinite(value):
            singles.append(value)
    # A DOUBLE that is rounded to it: the one way that gives FLOAT -0 everywhere.
    minus = [Value('-1e-60', '-0')] if features.tells_float_minus_zero else []
    rounded = [rng.randrange(-10 ** 9, 10 ** 9) / 1000 for _ in range(60)] + [0.0005, 0.001, 99999.999]
    return Table('floats', [
        Column('d', 'DOUBLE', [_double(v) for v in doubles]),
        Column('f', 'FLOAT', [_double(v, sign=False) if v else Value('0', '0') for v in singles] + minus),
        Column('f53', 'FLOAT(53)', [_double(v) for v in doubles[4:20]], 'double'),
        Column('du', 'DOUBLE UNSIGNED', [_double(abs(v)) for v in doubles[:40]]),
        Column('fu', 'FLOAT UNSIGNED', [_double(abs(v)) for v in singles[:40]]),
        Column('dz', 'DOUBLE ZEROFILL', [Value('1.5'), Value('0'), Value('1e300')]),
        Column('fz', 'FLOAT(9,2) ZEROFILL', [Value('1.5'), Value('0'), Value('1234567.25')]),
        Column('d20_6', 'DOUBLE(20,6)', [Value(repr(v)) for v in rounded]),
        Column('d15_2', 'DOUBLE(15,2)', [Value(repr(v)) for v in rounded]),
        Column('d255_30', 'DOUBLE(255,30)', [Value(v) for v in ('0.1', '1e0/3', '1e-30', '1e200')]),
        Column('f7_3', 'FLOAT(7,3)', [Value(repr(v % 9999)) for v in rounded]),
        Column('f10_0', 'FLOAT(10,0)', [Value(repr(v)) for v in (0, 1, 16777217, 999999999)]),
    ])


def bits(rng):
    columns = []
    for width in range(1, 65):
        values = []
        for number in (0, 1, 2 ** width - 1, 2 ** (width - 1), max(0, 2 ** width - 2), 0x275C1A0D27 % 2 ** width,
                       rng.getrandbits(width)):
            digits = (width + 7) // 8 * 2
            values.append(Value(str(number), f'{number:X}:{number}'))
            del digits
        columns.append(Column(f'b{width}', f'BIT({width})', values))
    return Table('bits', columns)


# Bytes and text -----------------------------------------------------------------------------------


def binaries(features, rng):
    odd = [b'', FIRST_BYTES, b"'\\\"`;\n--", b'\0', b'\0\0', b'\x1a', b' ', b'\\', b"'", b'\xff', b'0x', b'NULL', b'\\N']
    every = [bytes([b]) for b in range(256)] + [rng.randbytes(rng.randrange(1, 200)) for _ in range(20)]
    long_blob = FIRST_BYTES * (5 * 2 ** 20 // 256)

    def repeated(length):
        data = (FIRST_BYTES * (length // 256 + 1))[:length]
        unit = hexed(FIRST_BYTES)
        return Value(f'LEFT(REPEAT({unit}, {length // 256 + 1}), {length})', long_cell(data))

    def long(values):
        return [Value(hexed(v), long_cell(v)) for v in values]

    def padded(length):
        return [Value(hexed(v[:length]), v[:length].ljust(length, b'\0').hex().upper()) for v in odd]

    columns = [
        Column('varbinary', 'VARBINARY(300)', [in_bytes(v) for v in odd + every]),
        Column('blob', 'BLOB', long(odd + every) + [repeated(n) for n in (255, 256, 65534, 65535)]),
        Column('tinyblob', 'TINYBLOB', long([v[:255] for v in odd]) + [repeated(254), repeated(255)]),
        Column('mediumblob', 'MEDIUMBLOB', [repeated(n) for n in (255, 256, 65535, 65536, 70001)] + long(odd)),
        Column('longblob', 'LONGBLOB', [repeated(65536), repeated(len(long_blob))] + long(odd)),
        Column('binary', 'BINARY(4)', padded(4)),
        Column('binary255', 'BINARY(255)', padded(255)),
        Column('binary1', 'BINARY(1)', [in_bytes(bytes([b])) for b in range(256)]),
        Column('binary0', 'BINARY(0)', [in_bytes(b'')]),
        Column('varbinary0', 'VARBINARY(0)', [in_bytes(b'')]),
        Column('varbinary255', 'VARBINARY(255)', [in_bytes(FIRST_BYTES[1:]), in_bytes(b'')]),
        Column('varbinary256', 'VARBINARY(256)', [in_bytes(FIRST_BYTES)]),
    ]
    if features.compressed:
        columns += [
            Column('blob_compressed', 'BLOB COMPRESSED', long(odd + every[:5]) + [repeated(65534)]),
            Column('varbinary_compressed', 'VARBINARY(4000) COMPRESSED', [in_bytes(v) for v in odd]),
        ]
    return Table('binaries', columns)


def longest(features):
    """Columns as wide as a row may be: each in a table of its own."""
    tables = []
    for charset, unit in (('latin1', b'\xe9'), ('utf8mb4', '😀'.encode()), (features.utf8mb3, '表'.encode()),
                          ('binary', b'\xff')):
        length = 65527 // len(unit)
        kind = f'VARCHAR({length}) CHARACTER SET {charset}' if charset != 'binary' else f'VARBINARY({length})'
        data = unit * length
        tables.append(Table(f'longest_{charset}', [Column('v', kind, [
            Value(f'REPEAT(_{charset} {hexed(unit)}, {length})', data.hex().upper()),
            Value("''", '')])]))
    columns = []
    for name, limit in (('TINYTEXT', 255), ('TEXT', 65535), ('MEDIUMTEXT', 70000), ('LONGTEXT', 2 ** 20 * 2)):
        for charset, unit in (('latin1', b'\xe9'), ('utf8mb4', 'é'.encode()), ('utf16', '表'.encode('utf-16-be'))):
            values = [Value("''", long_cell(b''))]
            for size in (254, 255, 256, 65534, 65535, 65536, 2 ** 20):
                count = size // len(unit)
                if size <= limit:
                    values.append(Value(f'REPEAT(_{charset} {hexed(unit)}, {count})', long_cell(unit * count)))
            columns.append(Column(f'{name.lower()}_{charset}', f'{name} CHARACTER SET {charset}', values))
    tables.append(Table('texts', columns))
    return tables


UTF8_EDGES = ['\0', '\x01', '\b', '\t', '\n', '\r', '\x1a', '\x1b', ' ', '"', "'", '\\', '`', '%', '_', '\x7f', '\x80', '\xa0', 'é',
              '߿', 'ࠀ', '퟿', '', '�', '￿', '\U00010000', '\U0001f600', '\U0010ffff', '﻿', '\u2028', '\u202e', 'é',
              'ß', 'İ', 'ı', '表', '‍', 'a ', ' a', "\\'", "''", '\\\\n', '-- x', '/*!50000 x */', ';', '\\N', 'NULL', '0x41',
              '', 'x\n\ndelimiter ;;\n']


def characters(charset, longest, rng):
    """Byte strings around the first and last characters of a charset, valid ones and others."""
    if charset in ('utf8mb4', 'utf8mb3', 'utf8'):
        found = [c.encode() for c in UTF8_EDGES]
        found += [chr(rng.choice((rng.randrange(0x80, 0x800), rng.randrange(0xe000, 0x10000),
                                  rng.randrange(0x10000, 0x110000)))).encode() for _ in range(60)]
        return found + [b'a\xed\xa0\x80b', b'\xed\xbf\xbf']  # half of a pair, which MariaDB holds
    if charset in ('ucs2', 'utf16', 'utf16le', 'utf32'):
        python = {'ucs2': 'utf-16-be', 'utf16': 'utf-16-be', 'utf16le': 'utf-16-le', 'utf32': 'utf-32-be'}[charset]
        found = [c.encode(python) for c in UTF8_EDGES]
        return found + [chr(rng.randrange(0x100, 0xd800)).encode(python) for _ in range(60)]
    singles = [bytes([b]) for b in range(256)]
    if longest == 1:
        mixed = [rng.randbytes(rng.randrange(2, 10)) for _ in range(20)]
        return singles + [FIRST_BYTES[:128], FIRST_BYTES[128:], FIRST_BYTES] + mixed
    trails = [0x21, 0x30, 0x39, 0x40, 0x5b, 0x5c, 0x5d, 0x60, 0x7c, 0x7e, 0x7f, 0x80, 0x81, 0xa0, 0xa1, 0xdf, 0xe0, 0xfc, 0xfd, 0xfe]
    trails.append(rng.randrange(0x40, 0xff))
    pairs = [bytes([lead, trail]) for lead in range(0x81, 0xff) for trail in rng.sample(trails, 6)]
    # Leads at the ends of what any charset has, with all the trails.
    pairs += [bytes([lead, trail]) for lead in (0x81, 0x8e, 0x8f, 0x95, 0xa1, 0xdf, 0xe0, 0xf0, 0xf7, 0xf9, 0xfa, 0xfc, 0xfe)
              for trail in trails]
    if longest >= 3 and charset in ('ujis', 'eucjpms'):
        pairs += [bytes([0x8f, a, b]) for a in (0xa1, 0xa2, 0xb0, 0xf3, 0xfe) for b in (0xa1, 0xa2, 0xdc, 0xfd, 0xfe)]
    if charset == 'gb18030':
        pairs += [bytes([a, b, c, d]) for a in (0x81, 0x84, 0x90, 0xe3, 0xfe) for b in (0x30, 0x32, 0x39)
                  for c in (0x81, 0xfe) for d in (0x30, 0x39)]
    return singles[:128] + singles[128:] + pairs + [b"\x95\x5c'", b'\x83\x5c\x83\x5c']


def charsets(features, rng):
    """The characters of all charsets, and columns filled to the last with their longest character."""
    columns, full = [], {'CHAR': [], 'VARCHAR': []}
    for charset, longest in features.charsets.items():
        chars = characters(charset, longest, rng)
        # Nobody but the server says which are characters of its charset.
        values = [Value(f'UNHEX({text(c.hex())})') if c else Value("''", '') for c in chars]
        columns.append(Column(charset, f'VARCHAR(300) CHARACTER SET {charset}', values))
        biggest = {'utf8mb4': '\U0010ffff'.encode(), 'utf8mb3': '表'.encode(), 'utf8': '表'.encode(),
                   'utf16': b'\xd8\x3d\xde\x00', 'utf16le': b'\x3d\xd8\x00\xde', 'utf32': b'\0\x01\xf6\0',
                   'ucs2': b'\x88\x68', 'ujis': b'\x8f\xb0\xa1', 'eucjpms': b'\x8f\xb0\xa1',
                   'gb18030': b'\x81\x30\x81\x30', 'sjis': b'\x95\x5c', 'cp932': b'\x95\x5c', 'big5': b'\xa5\x5c',
                   'gbk': b'\x95\x5c', 'gb2312': b'\xb0\xa1', 'euckr': b'\xb0\xa1'}.get(charset, b'z')
        for size in (255, 30):
            kind = 'VARCHAR' if size == 255 else 'CHAR'
            shown = (biggest * size).hex().upper()
            full[kind].append(Column(charset, f'{kind}({size}) CHARACTER SET {charset}',
                               [Value(f'REPEAT(_{charset} {hexed(biggest)}, {size})', shown)], kind.lower()))
    # One column a row: a row of all would be too long.
    for group in full.values():
        for at, column in enumerate(group):
            column.values = [NULL] * at + column.values
    blanks = [Column(f'{kind.lower()}_{charset}', f'{kind}(5) CHARACTER SET {charset}',
                     [Value(text(v)) for v in ('', 'a', 'a  ', '  a', '     ', 'a\t', 'a\0', '\\', "'")], kind.lower())
              for kind in ('CHAR', 'VARCHAR') for charset in ('latin1', 'utf8mb4', 'ucs2', 'sjis')]
    blanks += [Column(f'bin_{charset}', f'CHAR(5) CHARACTER SET {charset} COLLATE {charset}_bin',
                      [Value(text(v)) for v in ('', 'a', 'a  ', '  a', 'a\t')]) for charset in ('utf8mb4', 'latin1')]
    blanks += [Column('char0', 'CHAR(0)', [Value("''", '')], 'char'), Column('national', 'NATIONAL CHAR(3)', [Value(text('é表'))], 'char')]
    return [Table('charset_characters', columns), Table('chars_full', full['CHAR']), Table('varchars_full', full['VARCHAR']),
            Table('blanks', blanks)]


# Dates --------------------------------------------------------------------------------------------


def temporals(features, rng):
    columns = []
    dates = ['0000-00-00', '0000-01-01', '0000-00-01', '0001-01-01', '1000-01-01', '1582-10-10', '1969-12-31',
             '1970-01-01', '2000-02-29', '2000-02-30', '2000-02-31', '2001-02-29', '2026-00-00', '2026-05-00', '2026-00-05',
             '2026-04-31', '9999-12-30', '9999-12-31']
    columns.append(Column('date', 'DATE', [Value(f"'{d}'", d) for d in dates]))
    years = [0, 1901, 1902, 1969, 1970, 2000, 2154, 2155]
    columns.append(Column('year', 'YEAR', [Value(f"'{y:04}'", f'{y:04}') for y in years]))
    for digits in range(7):
        ends = sorted({'0' * digits, '9' * digits, '0' * (digits - 1) + '1' if digits else '',
                       ''.join(rng.choice('0123456789') for _ in range(digits))})

        def cells(moments):
            for moment in moments:
                for fraction in ends:
                    shown = moment + ('.' + fraction if digits else '')
                    yield Value(f"'{shown}'", shown)

        times = ['-838:59:58', '838:59:58', '-00:00:00', '00:00:00', '-00:00:01', '00:00:01', '23:59:59', '24:00:00', '25:00:00',
                 '-100:00:00', '99:59:59']
        values = [v for v in cells(times) if not re.fullmatch(r"'-00:00:00(\.0*)?'", v.sql)]
        end = '838:59:59' + ('.' + ('9' if features.time_fraction_at_end else '0') * digits if digits else '')
        values += [Value(f"'{end}'", end), Value(f"'-{end}'", '-' + end)]
        columns.append(Column(f'time{digits}', f'TIME({digits})', values))
        moments = [d + ' ' + t for d in dates for t in ('00:00:00', '23:59:59')] + [
            '2023-03-26 02:30:00', '2023-10-29 02:30:00', '2023-11-05 01:30:00']
        columns.append(Column(f'datetime{digits}', f'DATETIME({digits})', list(cells(moments))))
        # Hours of summer time's ends in many zones, as UTC.
        stamps = ['1970-01-01 00:00:01', '2001-09-09 01:46:40', '2023-03-26 00:59:59', '2023-03-26 01:00:00',
                  '2023-10-29 00:30:00', '2023-10-29 01:30:00', '2023-11-05 05:30:00', '2023-11-05 06:30:00',
                  '2038-01-19 03:14:06', '2038-01-19 03:14:07']
        zero = '0000-00-00 00:00:00' + ('.' + '0' * digits if digits else '')
        values = [Value(f"'{zero}'", zero)] + list(cells(stamps))
        if features.late_timestamps:
            values += list(cells(['2038-01-19 03:14:08', '2106-02-07 06:28:15']))
        columns.append(Column(f'timestamp{digits}', f'TIMESTAMP({digits}) NULL DEFAULT NULL', values))
    return Table('temporals', columns)


# Types of their own -------------------------------------------------------------------------------


def enums(features, rng):
    hostile = ['a', 'b c', "it''s", '1', '2', '0', 'NULL', '\\\\', 'x\\\\y', 'é', '表', '"', '`', '%', '\\n', '\\t', ';', '--', '/*', "'''"]
    hostile = [m.replace("'''", "''") for m in hostile]
    members = ','.join(f"'{m}'" for m in hostile)

    def by_number(count, kind='enum'):
        top = range(count + 1) if kind == 'enum' else [0, *[1 << i for i in range(count)], 2 ** count - 1,
                                                        *[rng.getrandbits(count) for _ in range(20)]]
        return [Value(str(n)) for n in top]

    set_members = ','.join(f"'m{i}'" for i in range(63)) + ",'é'"
    odd_set = ','.join(f"'{m}'" for m in hostile)
    columns = [
        Column('hostile', f'ENUM({members})', by_number(len(hostile))),
        Column('with_empty', "ENUM('a','','b')", by_number(3)),
        Column('only_empty', "ENUM('')", by_number(1)),
        Column('bin', "ENUM('a','A','b') COLLATE utf8mb4_bin", by_number(3)),
        Column('many', 'ENUM(' + ','.join(f"'m{i}'" for i in range(300)) + ')', by_number(300)),
        Column('set64', f'SET({set_members})', by_number(64, 'set')),
        Column('set_odd', f'SET({odd_set})', by_number(len(hostile), 'set')),
        Column('set_empty', "SET('','a')", by_number(2, 'set')),
        Column('set1', "SET('x')", by_number(1, 'set')),
        Column('enum_not_null', "ENUM('x','y') NOT NULL DEFAULT 'y'", by_number(2) + [Value("'x'")] * 400),
    ]
    for charset, words in (('latin1', 'é,€,a'), ('sjis', 'ソ,表,a'), ('gbk', '誠,a,Ж'), ('ucs2', 'é,表,a'), ('utf32', 'é,a'),
                           ('cp1251', 'Ж,я'), ('big5', '功,a'), ('swe7', 'a,b'), (features.utf8mb3, '表,é'), ('binary', 'a,b')):
        names = ','.join(f"'{w}'" for w in words.split(','))
        count = len(words.split(','))
        columns.append(Column(f'enum_{charset}', f'ENUM({names}) CHARACTER SET {charset}', by_number(count)))
        # With a member more: MySQL 5.6 garbles wide members that an ENUM and a SET of a table have in common.
        columns.append(Column(f'set_{charset}', f"SET({names},'z') CHARACTER SET {charset}", by_number(count + 1, 'set')))
    return Table('enums', columns)


JSON_TEXTS = [
    '{}', '[]', '""', 'null', 'true', '0', '-0.0', '1', '-1', '"a"',
    '[9223372036854775807, -9223372036854775808, 18446744073709551615, 9007199254740993]',
    '[18446744073709551616, -9223372036854775809]',
    '[0.1, 0.30000000000000004, 1.0, 100.0, 1e15, 1e16, 1e22, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 1E+2]',
    '[1.10, 100.00, 0.0, -0.0, 1e0, 123456789012345678901234567890, 0.1000000000000000055511151231257827]',
    '{"a": "line\\nnext \\"quoted\\" \\\\ back\\\\slash \\u0001 \\/ \\t", "": 1, " ": 2, "é表😀": "é表😀", "it\'s": "x"}',
    '{"b": 1, "a": 2, "aa": 3, "B": 4}', '{"a": {"b": {"c": [[[[[[]]]]]]}}}', '"' + '\\ud83d\\ude00' + '"',
    '"{\\"inner\\": \\"{\\\\\\"deep\\\\\\": \\\\\\"\\\\\\\\\\\\\\\\\\\\\\"}\\"}"',
    '[' * 31 + ']' * 31, '[' * 90 + ']' * 90,
    '"' + 'x' * 70000 + '"',
]


def json(features, rng):
    values = [Value(text(t)) for t in JSON_TEXTS]
    if not features.json_is_a_type:
        odd = [' [ 1 ,\t2 ] ', '[1e400, 0.10, 1E5]', '{"a":1,"a":2}', '"\\/"', '[1.10]', ' 1 ']
        values = [Value(text(t), long_cell(t.encode())) for t in JSON_TEXTS + odd]
    else:
        def numbers_in(make, count):
            return 'JSON_ARRAY(' + ', '.join(make() for _ in range(count)) + ')'

        def double():
            while True:
                value = struct.unpack('<d', struct.pack('<Q', rng.getrandbits(64)))[0]
                if math.isfinite(value):
                    return f'{value!r}' + ('' if 'e' in repr(value) else 'e0')

        def decimal():
            whole = str(rng.randrange(10 ** rng.randrange(1, 30)))
            return rng.choice(['', '-']) + whole + '.' + ''.join(rng.choice('0012345') for _ in range(rng.randrange(1, 20)))

        values += [Value(v) for v in (
            # Values that stand in a JSON column as another type than their text's.
            "JSON_ARRAY(1.10, 100.00, 0.00, -0.50, 1.0, 12345678901234567890123456789.50)",
            "JSON_OBJECT('a', JSON_ARRAY(JSON_OBJECT('b c', 1.00), 2.50, 'x'), 'it''s \"x\" \\\\', 3.000, '', 4.0)",
            'CAST(CAST(7.100 AS DECIMAL(10,3)) AS JSON)', 'JSON_ARRAY(CAST(123456789012345678901234567890 AS DECIMAL(30)))',
            "JSON_ARRAY(CAST('2020-01-01' AS DATE), CAST('2020-01-01 01:02:03.45' AS DATETIME(3)), CAST('-1:2:3' AS TIME))",
            "JSON_ARRAY(CAST('x' AS BINARY), b'101', 0x00FF275C, CAST('' AS BINARY))", 'JSON_ARRAY(TRUE, NULL, FALSE)',
            'JSON_ARRAY(1e0, 100e0, 1e15, 1e14, 123456789012345680e0, 1e-5, 1e-15, 1e-16, -0e0, 0.1e0)',
            numbers_in(double, 200), numbers_in(decimal, 100), numbers_in(lambda: rng.choice([double, decimal])(), 50),
            "JSON_OBJECT('" + "', 1.50, '".join(f'k{i}' for i in range(50)) + "', 1.50)",
            'ST_AsGeoJSON(ST_GeomFromText(\'POINT(1 2)\'))',
        )]
    columns = [Column('j', 'JSON', values)]
    if not features.json_is_a_type:
        columns.append(Column('plain', 'LONGTEXT', [Value(text(t)) for t in JSON_TEXTS]))
    return Table('json', columns)


def geometries(features):
    kinds = {
        'POINT': ['POINT(0 0)', 'POINT(-180 -90)', 'POINT(1e-300 1e300)', 'POINT(0.1 0.30000000000000004)',
                  'POINT(1.7976931348623157e308 5e-324)', 'POINT(-0.0 1)'],
        'LINESTRING': ['LINESTRING(0 0,1 1,2 0.1)', 'LINESTRING(1 1,1 1)'],
        'POLYGON': ['POLYGON((0 0,10 0,10 10,0 10,0 0),(2 2,2 4,4 4,4 2,2 2))'],
        'MULTIPOINT': ['MULTIPOINT(0 0,1 1)'],
        'MULTILINESTRING': ['MULTILINESTRING((0 0,1 1),(2 2,3 3))'],
        'MULTIPOLYGON': ['MULTIPOLYGON(((0 0,1 0,1 1,0 1,0 0)),((5 5,6 5,6 6,5 6,5 5)))'],
        'GEOMETRYCOLLECTION': ['GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(3 4,5 6))', 'GEOMETRYCOLLECTION EMPTY',
                               'GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 2)))'],
    }
    columns, everything = [], []
    srids = [4326, 3857] if features.srids else []
    if features.any_srid:
        srids.append(4294967295)
    for kind, shapes in kinds.items():
        values = [Value(f"ST_GeomFromText('{shape}')") for shape in shapes]
        values += [Value(f"ST_GeomFromText('{shapes[0]}', {srid})") for srid in srids]
        columns.append(Column(kind.lower(), kind, values, 'geometry'))
        everything += values
    columns.append(Column('geometry', 'GEOMETRY', everything))
    if features.column_srid:
        columns.append(Column('with_srid', 'POINT SRID 4326', [Value("ST_GeomFromText('POINT(12.5 -98.75)', 4326)"),
                                                               Value("ST_GeomFromText('POINT(-90 180)', 4326)")]))
    return Table('geometries', columns)


def addresses(features, rng):
    columns = []
    if features.uuid:
        values = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
                  '123e4567-e89b-12d3-a456-426655440000', '00000000-0000-0000-0000-000000000001']
        values += [str(uuid.UUID(int=rng.getrandbits(128), version=rng.choice((1, 4)))) for _ in range(20)]
        columns.append(Column('uuid', 'UUID', [Value(f"'{v}'", v) for v in values]))
    if features.inet6:
        values = ['::', '::1', '2001:db8::ff00:42:8329', '::ffff:192.0.2.1', '::192.0.2.1', 'fe80::1',
                  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '1:0:0:1::', '0:1:0:1:0:1:0:1']
        columns.append(Column('inet6', 'INET6', [Value(f"'{v}'") for v in values]))
    if features.inet4:
        columns.append(Column('inet4', 'INET4', [Value(f"'{v}'", v) for v in ('0.0.0.0', '255.255.255.255', '127.0.0.1', '0.0.0.1')]))
    if features.vector:
        def packed(values):
            return b''.join(struct.pack('<f', v) for v in values)

        lists = [(0, 0, 0), (0.1, -0.2, 3.4028234663852886e38), (1e-45, -1e-45, 1.1754943508222875e-38), (-0.0, 1, 16777217),
                 (-3.4028234663852886e38, 0.3, 1 / 3)]
        lists += [[rng.uniform(-1, 1) for _ in range(3)] for _ in range(10)]
        columns.append(Column('vector', 'VECTOR(3)', [Value(hexed(packed(v)), long_cell(packed(v))) for v in lists]))
        long = packed([rng.uniform(-1, 1) for _ in range(2048)])
        columns.append(Column('vector_long', 'VECTOR(2048)', [Value(hexed(long), long_cell(long))]))
    return Table('addresses', columns) if columns else None


def _base_columns(features):
    """(name, type, values): one of each family, for what is made of columns."""
    bases = [
        ('i', 'BIGINT', ['-9223372036854775808', '0', '9223372036854775807']),
        ('u', 'BIGINT UNSIGNED', ['0', '18446744073709551615']),
        ('d', 'DECIMAL(65,30)', ['-1.5', '0.000000000000000000000000000001']),
        ('f', 'FLOAT', ["'0.1'", "'3.4028234663852886e38'", "'1e-45'"]),
        ('db', 'DOUBLE', ["'0.1'", "'5e-324'", "'1.7976931348623157e308'"]),
        ('b', 'BIT(64)', ['0', '18446744073709551615']),
        ('vb', 'VARBINARY(300)', [hexed(FIRST_BYTES), "''"]),
        ('t', 'VARCHAR(50) CHARACTER SET utf8mb4', [text("it's \\ 😀\n"), "''"]),
        ('sj', 'VARCHAR(50) CHARACTER SET sjis', ['0x955C', "''"]),
        ('dt', 'DATETIME(6)', ["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59.999999'", "'2000-02-31 01:02:03'"]),
        ('da', 'DATE', ["'0000-00-00'", "'2026-00-00'"]),
        ('ti', 'TIME(3)', ["'-838:59:58.999'", "'00:00:00.001'"]),
        ('y', 'YEAR', ['0', '2155']),
        ('e', "ENUM('a','','b')", ['0', '1', '2', '3']),
        ('s', "SET('a','b')", ['0', '3']),
    ]
    if features.json_is_a_type:
        bases.append(('j', 'JSON', [text('{"a": [1, 2.5]}'), 'JSON_ARRAY(1.10)']))
    elif features.json:
        bases.append(('j', 'JSON', [text('{"a": [1, 2.50]}')]))
    if features.uuid:
        bases.append(('uu', 'UUID', ["'123e4567-e89b-12d3-a456-426655440000'"]))
    if features.inet6:
        bases.append(('i6', 'INET6', ["'::1'"]))
    if features.vector:
        bases.append(('ve', 'VECTOR(2)', [hexed(struct.pack('<ff', 0.1, -1e-45))]))
    return bases


def made_of(features):
    """Generated columns of every type, invisible columns, defaults that are expressions."""
    bases = _base_columns(features)
    tables = []
    if features.generated:
        more = []
        columns = [Column(n, k, [Value(v) for v in vs]) for n, k, vs in bases if not k.startswith('VECTOR')]
        for column in columns:
            more.append(f'{column.name}_s {column.type} AS ({column.name}) STORED')
            more.append(f'{column.name}_v {column.type} AS ({column.name}) VIRTUAL')
        tables.append(Table('generated', columns, more=', '.join(more)))
    if features.invisible:
        tables.append(Table('invisible', [Column(n, k + ' INVISIBLE', [Value(v) for v in vs]) for n, k, vs in bases]))
    if features.expressions:
        # A default that a restore would see, were a column left out: each differs from what is stored.
        columns = []
        for name, kind, values in bases:
            if kind == 'JSON' and not features.json_default:
                continue
            expression = values[-1] if not kind.startswith(('UUID', 'INET6', 'VECTOR')) else values[0]
            expression = {'t': "CONCAT('d', 'e''f')", 'sj': "CONCAT('x', 'y')", 'j': "JSON_OBJECT('k', 1)",
                          'vb': "UNHEX('275C')", 'e': "CONCAT('', 'b')", 's': "CONCAT('a', ',b')"}.get(name, expression)
            columns.append(Column(name, f'{kind} DEFAULT ({expression})', [Value(v) for v in values]))
        tables.append(Table('defaults', columns))
    literal = [Column('i', 'INT DEFAULT -7', [Value('0')]), Column('d', 'DECIMAL(5,2) DEFAULT 1.50', [Value('0')]),
               Column('t', "VARCHAR(20) DEFAULT 'it''s \\\\ \"x\"\\n'", [Value("''")]), Column('b', "BIT(9) DEFAULT b'100000001'", [Value('0')]),
               Column('vb', 'VARBINARY(9) DEFAULT 0x275C00FF', [Value("''")]), Column('da', "DATE DEFAULT '0000-00-00'", [Value("'2020-01-01'")]),
               Column('dt', "DATETIME(6) DEFAULT '9999-12-31 23:59:59.999999'", [Value("'2020-01-01'")]),
               Column('now', 'DATETIME(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)', [Value("'2020-01-01'")]),
               Column('e', "ENUM('a','','b') DEFAULT ''", [Value('1')]), Column('s', "SET('a','b') DEFAULT 'a,b'", [Value('0')]),
               Column('f', "FLOAT DEFAULT '0.1'", [Value('1')]), Column('db', "DOUBLE DEFAULT '1e-300'", [Value('1')]),
               Column('sj', "VARCHAR(9) CHARACTER SET sjis DEFAULT '表'", [Value("''")]),
               Column('y', "YEAR DEFAULT '2155'", [Value('0')]), Column('ti', "TIME(2) DEFAULT '-838:59:58.99'", [Value("'1:1:1'")])]
    tables.append(Table('default_literals', literal))
    return tables


def tables(features, rng):
    found = [integers(rng), decimals(features, rng), floats(features, rng), bits(rng), binaries(features, rng), *longest(features),
             *charsets(features, rng), temporals(features, rng), enums(features, rng)]
    if features.json:
        found.append(json(features, rng))
    found += [geometries(features), addresses(features, rng), *made_of(features)]
    found = [table for table in found if table is not None]
    for table in found:
        table.columns = [column for column in table.columns if features.holds_charset(column.type)]
    return [table for table in found if table.columns]


# Keys ---------------------------------------------------------------------------------------------

# Enough for three chunks, which have 64 rows at least when rows are as large as these.
_KEY_ROWS = 135
_BODY = 7900

# Whose characters and orders have led somebody wrong; of the others a few by chance.
_HARD_CHARSETS = {'big5', 'sjis', 'gbk', 'gb18030', 'euckr', 'ujis', 'ucs2', 'utf16', 'utf16le', 'utf32', 'utf8mb4', 'swe7',
                  'tis620', 'cp1251', 'latin1'}
_HARD_COLLATIONS = {
    'utf8mb4_bin', 'utf8mb4_unicode_ci', 'utf8mb4_german2_ci', 'utf8mb4_0900_as_cs', 'utf8mb4_nopad_bin', 'sjis_bin', 'utf16_bin',
    'utf8mb4_ja_0900_as_cs_ks', 'utf8mb4_0900_bin', 'utf8mb4_uca1400_nopad_ai_ci', 'latin1_german2_ci', 'cp1250_czech_cs',
    'latin2_czech_cs', 'utf8mb4_thai_520_w2', 'utf8mb4_myanmar_ci', 'utf8mb4_croatian_ci'}


def key_tables(features, rng, every=False):
    """(table, SQL type of its key, values, key part): tables with a primary key of each type. With `every`, of each
    charset."""
    def spread(edges, more):
        """Distinct values, the edges first."""
        found = dict.fromkeys(edges)
        while len(found) < _KEY_ROWS:
            found[more()] = None
        return list(found)

    found = []

    def add(name, kind, values, key='k'):
        found.append((f'k_{name}', kind, values, key))

    for bits, name in ((8, 'TINYINT'), (16, 'SMALLINT'), (24, 'MEDIUMINT'), (32, 'INT'), (64, 'BIGINT')):
        top = 2 ** (bits - 1)
        # Dense at both ends and nothing between, but for a few.
        signed = [-top + i for i in range(65)] + [top - 1 - i for i in range(65)] + [-1, 0, 1]
        add(name.lower(), name, spread(map(str, signed), lambda t=top: str(rng.randrange(-t, t))))
        unsigned = [*range(65)] + [2 * top - 1 - i for i in range(65)] + [top - 1, top, top + 1]
        add(name.lower() + '_u', name + ' UNSIGNED', spread(map(str, unsigned), lambda t=top: str(rng.randrange(2 * t))))
    add('zerofill', 'BIGINT(20) ZEROFILL', spread(['0', '18446744073709551615'], lambda: str(rng.getrandbits(64))))
    nines = '9' * 35 + '.' + '9' * 30
    add('decimal', 'DECIMAL(65,30)', spread([nines, '-' + nines, '0', '0.' + '0' * 29 + '1', '-0.' + '0' * 29 + '1'],
                                            lambda: f'{rng.randrange(-10**30, 10**30)}.{rng.randrange(10**9):09}'))
    add('decimal65', 'DECIMAL(65)', spread(['9' * 65, '-' + '9' * 65, '0'], lambda: str(rng.randrange(-10**64, 10**64))))

    def date():
        return f"'{rng.randrange(10000):04}-{rng.randrange(13):02}-{rng.randrange(32):02}'"

    add('date', 'DATE', spread(["'0000-00-00'", "'9999-12-31'", "'2000-02-31'", "'0000-01-01'", "'2026-00-00'"], date))
    add('datetime', 'DATETIME(6)', spread(["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59.999999'", "'2000-02-31 00:00:00.000001'"],
        lambda: date()[:-1] + f" {rng.randrange(24):02}:{rng.randrange(60):02}:00.{rng.randrange(10**6):06}'"))
    add('timestamp', 'TIMESTAMP(6)', spread(["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999999'"],
        lambda: f"'{rng.randrange(1971, 2037)}-10-{rng.randrange(1, 32):02} {rng.randrange(4):02}:30:00.{rng.randrange(10**6):06}'"))
    add('time', 'TIME(6)', spread(["'-838:59:59'", "'838:59:59'", "'-00:00:00.000001'", "'00:00:00.000001'", "'00:00:00'"],
        lambda: f"'{rng.choice(['', '-'])}{rng.randrange(838):02}:{rng.randrange(60):02}:01.{rng.randrange(10**6):06}'"))
    add('year', 'YEAR', ['0', *map(str, range(1901, 2156))])
    add('bit64', 'BIT(64)', spread(['0', '1', str(2**64 - 1), str(2**63), str(2**63 - 1)], lambda: str(rng.getrandbits(64))))
    add('bit9', 'BIT(9)', spread(['0', '511', '39', '92', '256', '255'], lambda: str(rng.getrandbits(9))))
    binary = ["''", '0x00', '0x0000', '0x275C', '0xFF', '0xFFFF', '0x20', '0x2000', '0x1A'] + [f'0x{i:02X}{i:02X}' for i in range(0, 256, 3)]
    add('varbinary', 'VARBINARY(50)', spread(binary, lambda: hexed(rng.randbytes(rng.randrange(1, 50)))))
    add('binary', 'BINARY(16)', spread(['0x00', '0x' + 'FF' * 16, '0x27', '0x' + '5C27' * 8], lambda: hexed(rng.randbytes(16))))
    if features.prefix_keys:
        add('blob_prefix', 'BLOB NOT NULL', spread(binary, lambda: hexed(rng.randbytes(rng.randrange(1, 30)))), 'k(60)')
    add('double', 'DOUBLE', spread(["'5e-324'", "'1.7976931348623157e308'", '0', '0.1e0'], lambda: repr(rng.uniform(-1e9, 1e9)) + 'e0'))
    add('float', 'FLOAT', spread(["'1e-45'", '0', "'3.4028234e38'"], lambda: repr(single(rng.uniform(-1e9, 1e9)))))
    members = ','.join(f"'m{rng.randrange(10**6)}_{i}'" for i in range(_KEY_ROWS))
    add('enum', f'ENUM({members})', [str(i) for i in range(_KEY_ROWS)])
    sets = ','.join(f"'m{i}'" for i in range(64))
    add('set', f'SET({sets})', spread(['0', '1', str(2**64 - 1), str(2**63)], lambda: str(rng.getrandbits(64))))
    if features.uuid:
        add('uuid', 'UUID', spread(["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
                                   lambda: f"'{uuid.UUID(int=rng.getrandbits(128), version=rng.choice((1, 4)))}'"))
    if features.inet6:
        add('inet6', 'INET6', spread(["'::'", "'::1'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'::ffff:192.0.2.1'"],
                                     lambda: f"'{rng.getrandbits(16):x}::{rng.getrandbits(16):x}'"))
    if features.inet4:
        add('inet4', 'INET4', spread(["'0.0.0.0'", "'255.255.255.255'"],
                                     lambda: "'" + '.'.join(str(rng.getrandbits(8)) for _ in range(4)) + "'"))
    if features.descending:
        add('descending', 'BIGINT', spread(['-9223372036854775808', '9223372036854775807'], lambda: str(rng.randrange(-2**63, 2**63))),
            'k DESC')

    # Text keys: of each charset what its characters are, by its own order.
    others = sorted(set(features.charsets) - _HARD_CHARSETS)
    chosen = _HARD_CHARSETS | set(others if every else rng.sample(others, 4))
    for charset, longest in features.charsets.items():
        if charset not in chosen:
            continue
        chars = [c for c in characters(charset, longest, rng) if len(c) < 9]
        few = rng.sample(chars, min(len(chars), 120))
        values = [f'UNHEX({text(c.hex())})' if c else "''" for c in few]
        values += [f'CONVERT({text(f"{chr(97 + i % 26)}{i}")} USING {charset})' for i in range(90)]
        add(charset, f'VARCHAR(40) CHARACTER SET {charset}', values)
    for collation in sorted(_HARD_COLLATIONS & set(features.collations)):
        charset = collation.split('_')[0]
        chars = [c for c in characters(charset, features.charsets.get(charset, 4), rng) if len(c) < 9]
        values = [f'UNHEX({text(c.hex())})' if c else "''" for c in rng.sample(chars, min(len(chars), 120))]
        values += [f'CONVERT({text(v)} USING {charset})' for v in ('a', 'a ', 'A', 'a\0', 'a\t', 'ch', 'cz', 'h', 'ss', 'SS')]
        values += [f'CONVERT({text(f"{chr(97 + i % 26)}{i}")} USING {charset})' for i in range(90)]
        add(collation, f'VARCHAR(40) CHARACTER SET {charset} COLLATE {collation}', values)
    return found


def create_keys(server, database, found):
    """Makes the tables of key_tables() with a body that makes them large; a value that a key holds already is
    passed over. Returns the rows of each."""
    server.sql(f'CREATE DATABASE `{database}` CHARACTER SET utf8mb4')
    script = [_SESSION]
    for name, kind, _, key in found:
        not_null = '' if 'NOT NULL' in kind else ' NOT NULL'
        script.append(f'CREATE TABLE `{name}` (k {kind}{not_null}, body LONGTEXT CHARACTER SET latin1, PRIMARY KEY ({key}));')
    server.run_client('\n'.join(script), database)
    lines = []
    for name, _, values, _ in found:
        lines += [f"INSERT IGNORE INTO `{name}` VALUES ({value}, REPEAT('{at % 10}', {_BODY}));" for at, value in enumerate(values)]
    errors = _run(server, database, lines)
    if errors:
        raise AssertionError('\n'.join(f'{error}: {lines[line]}' for line, error in list(errors.items())[:5]))
    names = [name for name, *_ in found]
    server.sql('ANALYZE TABLE ' + ', '.join(f'`{name}`' for name in names), database)
    counts = fingerprint.batch(server, [f'SELECT COUNT(*) FROM `{name}`' for name in names], database)
    return {name: int(rows[0][0]) for name, rows in zip(names, counts)}


# Into the server ----------------------------------------------------------------------------------

# As lax as a server gets.
_SESSION = "SET time_zone='+00:00', sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';"


def _run(server, database, lines):
    """Runs statements, one a line, and goes on after errors: {number of the line: error}."""
    done = subprocess.run(server.client_command(database, ['--force']),
                          input='\n'.join([_SESSION, 'START TRANSACTION;', *lines, 'COMMIT;', '']).encode(errors='surrogateescape'),
                          capture_output=True, timeout=600)
    errors = re.findall(r'ERROR (\d+ .*?) at line (\d+):?(.*)', done.stderr.decode(errors='replace'))
    return {int(line) - 3: f'{number}{what}' for number, line, what in errors}


def create(server, database, found):
    """Makes the database with these tables, fills them, and looks at what they now hold."""
    server.sql(f'CREATE DATABASE `{database}` CHARACTER SET utf8mb4')
    script = [_SESSION]
    for table in found:
        body = ', '.join(f'`{c.name}` {c.type}' for c in table.columns)
        more = f', {table.more}' if table.more else ''
        script.append(f'CREATE TABLE `{table.name}` (id INT PRIMARY KEY, {body}{more}) {table.options};')
    server.run_client('\n'.join(script), database)

    lines, where = [], []
    for table in found:
        names = ', '.join(f'`{c.name}`' for c in table.columns)
        for at, row in enumerate(table.rows()):
            lines.append(f"INSERT INTO `{table.name}` (id, {names}) VALUES ({at}, {', '.join(v.sql for v in row)});")
            where.append((table, at, row))
    report = Report(columns=sum(len(table.columns) for table in found))
    # Of a row that is refused, all cells that are not.
    again, cells = [], []
    for line in _run(server, database, lines):
        table, at, row = where[line]
        again.append(f'INSERT INTO `{table.name}` (id) VALUES ({at});')
        cells.append(None)
        for column, value in zip(table.columns, row):
            if value.sql != 'NULL':
                again.append(f'UPDATE `{table.name}` SET `{column.name}` = {value.sql} WHERE id = {at};')
                cells.append((table, column, value))
    refused = set()
    for line, error in (_run(server, database, again) if again else {}).items():
        if cells[line] is None:
            raise AssertionError(f'{error}: {again[line]}')
        table, column, value = cells[line]
        refused.add((table.name, column.name, value.sql))
        report.not_held.append((column.type, value, f'refused: {error}'))

    queries = []
    for table in found:
        shown = ', '.join(fingerprint.cell_expression(c.name, c.kind()) for c in table.columns)
        queries.append(f'SELECT id, {shown} FROM `{table.name}` ORDER BY id')
    for table, stored in zip(found, fingerprint.batch(server, queries, database)):
        rows = list(table.rows())
        if len(stored) != len(rows):
            raise AssertionError(f'{table.name} has {len(stored)} rows, not {len(rows)}')
        for line, row in zip(stored, rows):
            for column, value, cell in zip(table.columns, row, line[1:]):
                if value.sql == 'NULL':
                    continue
                report.values += 1
                if value.cell is None or (table.name, column.name, value.sql) in refused:
                    continue
                if not _same(column.kind(), cell, value.cell):
                    report.not_held.append((column.type, value, cell.lstrip('=')[:60]))
    return report


def _same(kind, cell, wanted):
    if kind not in ('float', 'double'):
        return cell == '=' + wanted
    form = '<d' if kind == 'double' else '<f'  # bit for bit, however the server writes it
    try:
        return struct.pack(form, float(cell[1:].split(':')[0])) == struct.pack(form, float(wanted))
    except ValueError:
        return False


def different_cells(one, other, database):
    """Where two servers hold other cells in the tables both have with a key `id`, for people."""
    lines, columns = [], {}
    for table, column, kind in fingerprint.batch(one, [
            'SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS '
            f"WHERE TABLE_SCHEMA = '{database}' ORDER BY 1, ORDINAL_POSITION"])[0]:
        columns.setdefault(table, {})[column] = kind
    for table, found in columns.items():
        if 'id' not in found:
            continue
        shown = ', '.join(fingerprint.cell_expression(c, k) for c, k in found.items())
        query = [f'SELECT {shown} FROM `{table}` ORDER BY `id`']
        for a, b in zip(fingerprint.batch(one, query, database)[0], fingerprint.batch(other, query, database)[0]):
            lines += [f'{table}.{c} at {a[0]}: {x[:200]} and {y[:200]}' for c, x, y in zip(found, a, b) if x != y]
    return lines


# Modes --------------------------------------------------------------------------------------------


def mode_groups(modes):
    """Each of the modes at least once, many at a time."""
    groups = [['ANSI_QUOTES', 'PIPES_AS_CONCAT', 'IGNORE_SPACE', 'NO_BACKSLASH_ESCAPES', 'PAD_CHAR_TO_FULL_LENGTH', 'REAL_AS_FLOAT',
               'HIGH_NOT_PRECEDENCE', 'NO_UNSIGNED_SUBTRACTION', 'NO_DIR_IN_CREATE', 'ANSI'],
              ['STRICT_ALL_TABLES', 'STRICT_TRANS_TABLES', 'NO_ZERO_DATE', 'NO_ZERO_IN_DATE', 'ERROR_FOR_DIVISION_BY_ZERO',
               'ONLY_FULL_GROUP_BY', 'TRADITIONAL', 'TIME_TRUNCATE_FRACTIONAL', 'TIME_ROUND_FRACTIONAL'],
              ['ALLOW_INVALID_DATES', 'NO_AUTO_VALUE_ON_ZERO', 'ORACLE', 'EMPTY_STRING_IS_NULL', 'SIMULTANEOUS_ASSIGNMENT'],
              ['MSSQL', 'NO_BACKSLASH_ESCAPES', 'STRICT_ALL_TABLES']]
    left = set(modes) - {mode for group in groups for mode in group}
    if left:
        raise AssertionError(f'in no group: {left}')
    return [','.join(m for m in group if m in modes) for group in groups]


def create_in_modes(server, database, modes):
    """Objects whose text means something else in each mode, made and filled in it. Returns what the server refused:
    [(mode, error)]."""
    refused = []
    for mode in modes:
        name = f'm_{mode}'
        generated = ", g VARCHAR(20) GENERATED ALWAYS AS (CONCAT(s, 'x')) STORED, p VARCHAR(20) GENERATED ALWAYS AS (s || 'x') VIRTUAL"
        lines = [
            f"SET time_zone = '+00:00', sql_mode = '{mode}';",
            f"CREATE TABLE `{name}` (`id` INT AUTO_INCREMENT PRIMARY KEY, `c` CHAR(5) NOT NULL DEFAULT 'a\\\\b', "
            f"`r` REAL NULL DEFAULT 0.1, `d` DATE NULL DEFAULT '2020-01-01', `e` ENUM('x','a\\\\b','q\"q') DEFAULT 'x', `u` INT UNSIGNED NULL, "
            f"`t` TIME NULL, `s` VARCHAR(20) NULL DEFAULT '' COMMENT 'c\\\\d''\"' {{generated}}) COMMENT 'e\\\\f''\"';",
            f"INSERT INTO `{name}` (`c`, `r`, `d`, `t`, `s`) VALUES ('ab ', 0.1, '2020-02-02', '01:02:03.7', 'x\\\\y');",
            f"INSERT INTO `{name}` (`id`, `c`, `s`) VALUES (0, 'zero', '');",
            f"INSERT INTO `{name}` (`c`, `d`) VALUES ('dates', '0000-00-00');",
            f"INSERT INTO `{name}` (`c`, `d`) VALUES ('dates', '2000-02-31');",
            f"INSERT INTO `{name}` (`c`, `e`) VALUES ('enum', 'unknown');",
            f"INSERT INTO `{name}` (`c`, `u`) VALUES ('unsig', -1);",
            f"CREATE VIEW `v_{mode}` AS SELECT 'a\\\\b' AS `x`, `c` || 'y' AS `p`, NOT 1 BETWEEN -5 AND 5 AS `n`, COUNT(*) AS `k`, "
            f"`c` = \"c\" AS `q` FROM `{name}` GROUP BY `c`;",
            f"CREATE TRIGGER `t_{mode}` BEFORE INSERT ON `{name}` FOR EACH ROW SET NEW.`s` = CONCAT(NEW.`s`, 'a\\\\b', \"s\" || 'x');",
            f"CREATE PROCEDURE `p_{mode}` () SELECT 'a\\\\b', 'x' || 'y', \"dq\", NOT 1 BETWEEN -5 AND 5;",
            f"CREATE EVENT `e_{mode}` ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' DO SET @x = 'a\\\\b' || \"c\";",
        ]
        # Where a server has no such column, the table is made without.
        with_generated = [line.replace('{generated}', generated) for line in lines]
        without = [line.replace('{generated}', '') for line in lines[:2]]
        script = [with_generated[0], with_generated[1], *without[1:], *with_generated[2:]]
        script[2] = script[2].replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS')
        done = subprocess.run(server.client_command(database, ['--force']), input='\n'.join(script).encode(),
                              capture_output=True, timeout=600)
        for number, line, what in re.findall(r'ERROR (\d+) .*? at line (\d+): (.*)', done.stderr.decode(errors='replace')):
            refused.append((mode, f'{number} {what[:80]} ({script[int(line) - 1][:60]}…)'))
    return refused
