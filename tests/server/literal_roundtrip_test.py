#!/usr/bin/env python3
"""Every literal form a dump writes gives the server exactly the value it stands for.

Values are made here, written as INSERT statements by the program's encoder, loaded by the `mysql`
client, and what the table then holds is asked of the server itself: HEX() of bytes, the server's
text of numbers and dates. Once with hex literals and once with `_charset '…'`, the form of rows
too long for hex.
"""

# ctest: timeout=1800

import math
import os
import pathlib
import random
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.server import ClientError, DEFAULT_KIND, Server, numbers

ENCODER = pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tests' / 'encode_literals'
SEED = int(os.environ.get('DBOMSBAK_TEST_SEED', random.SystemRandom().randrange(2**32)))
RANDOM = random.Random(SEED)

# In effect what stands at the top of a dump.
PREAMBLE = b"""SET NAMES utf8mb4;
SET TIME_ZONE='+00:00', UNIQUE_CHECKS=0, FOREIGN_KEY_CHECKS=0;
SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
"""

# What a server cannot hold is told by name.
MARIADB = DEFAULT_KIND.startswith('mariadb')

failures = []


def check(ok, what):
    if not ok:
        print('FAILED:', what)
        failures.append(what)


def encode(kind, values, max_hex=None):
    """INSERT statements for the table `t` as bytes. A value is bytes or None."""
    lines = ''.join('NULL\n' if v is None else v.hex() + '\n' for v in values)
    command = [ENCODER, 't', kind] + ([str(max_hex)] if max_hex is not None else [])
    done = subprocess.run(command, input=lines.encode(), capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f'{kind}: {done.stderr.decode()}')
    return done.stdout


def not_here(what):
    print(f'  (not on {DEFAULT_KIND}: {what})')


class Database:
    def __init__(self, server):
        self.server = server
        self.charsets = dict(server.rows('SELECT CHARACTER_SET_NAME, MAXLEN FROM information_schema.CHARACTER_SETS'))
        server.sql('CREATE DATABASE lit CHARACTER SET utf8mb4')

    def stored(self, column_type, kind, values, shown, max_hex=None):
        """What `shown` (an expression over `v`) says of the values once they are loaded."""
        text = f'DROP TABLE IF EXISTS t; CREATE TABLE t (id INT PRIMARY KEY, v {column_type});\n'.encode()
        text += PREAMBLE + encode(kind, values, max_hex)
        self.server.run_client(text, 'lit')
        rows = self.server.rows(f'SELECT id, {shown} FROM t ORDER BY id', 'lit')
        assert [int(r[0]) for r in rows] == list(
            range(1, len(values) + 1)
        ), f'rows are missing in {column_type}'
        return [r[1] for r in rows]

    def expect(self, column_type, kind, values, shown, expected, **options):
        got = self.stored(column_type, kind, values, shown, **options)
        bad = [(v, g, e) for v, g, e in zip(values, got, expected) if g != e]
        for value, is_, want in bad[:5]:
            print(f'  {column_type}: {value!r} became {is_}, not {want}')
        check(not bad, f'{column_type} ({kind}): {len(bad)} of {len(values)} values changed')

    def expect_bytes(self, column_type, kind, values, **options):
        expected = ['NULL' if v is None else v.hex().upper() for v in values]
        self.expect(column_type, kind, values, 'HEX(v)', expected, **options)

    def expect_text(self, column_type, kind, values, **options):
        """Values whose text the server prints as it was sent."""
        self.expect(
            column_type, kind, values, 'CAST(v AS CHAR)', [v.decode() for v in values], **options
        )


def integers(db):
    for bits, name in (
        (8, 'TINYINT'),
        (16, 'SMALLINT'),
        (24, 'MEDIUMINT'),
        (32, 'INT'),
        (64, 'BIGINT'),
    ):
        top = 2 ** (bits - 1)
        db.expect_text(name, 'int', [str(v).encode() for v in (-top, -1, 0, 1, top - 1)])
        db.expect_text(name + ' UNSIGNED', 'int', [str(v).encode() for v in (0, 1, 2 * top - 1)])
    db.expect_text('INT(10) ZEROFILL', 'int', [b'0000000042', b'0000000000', b'4294967295'])
    # ENUM with a member '' and SET are read as numbers when their text is ambiguous.
    db.expect("ENUM('a','','b')", 'int', [b'0', b'1', b'2', b'3'], 'v+0', ['0', '1', '2', '3'])


def decimals(db):
    nines = b'9' * 35 + b'.' + b'9' * 30
    db.expect_text(
        'DECIMAL(65,30)',
        'decimal',
        [nines, b'-' + nines, b'0.' + b'0' * 29 + b'1', b'0.' + b'0' * 30],
    )
    db.expect_text('DECIMAL(65,0)', 'decimal', [b'9' * 65, b'-' + b'9' * 65, b'0'])
    scale = 38 if MARIADB else 30
    db.expect_text(
        f'DECIMAL({scale},{scale})',
        'decimal',
        [b'0.' + b'9' * scale, b'-0.' + b'0' * (scale - 1) + b'1'],
    )
    db.expect_text('DECIMAL(8,3) ZEROFILL', 'decimal', [b'00012.500', b'00000.000', b'99999.999'])


def as_double(text):
    return struct.pack('<d', float(text))


def floats(db):
    doubles = [
        0.0,
        1.0,
        0.1,
        1 / 3,
        5e-324,
        2.2250738585072014e-308,
        2.225073858507201e-308,
        1.7976931348623157e308,
        9007199254740993.0,
        1e22,
        1e23,
        123456789012345680.0,
        4.35,
        0.3,
        2**-1074 * 3,
        6.02214076e23,
        1e15,
        1e16,
    ]
    while len(doubles) < 30000:
        value = struct.unpack('<d', struct.pack('<Q', RANDOM.getrandbits(64)))[0]
        if math.isfinite(value):
            doubles.append(value)
    doubles += [RANDOM.randrange(10**9) / 10 ** RANDOM.randrange(9) for _ in range(5000)]
    doubles += [-d for d in doubles[:1000] if d]
    packed = [struct.pack('<d', d) for d in doubles]
    # The server's own text of a DOUBLE reads back exactly.
    got = db.stored('DOUBLE', 'float64', packed, 'v')
    bad = [(d, g) for d, g in zip(doubles, got) if struct.pack('<d', d) != as_double(g)]
    check(not bad, f'DOUBLE: {len(bad)} of {len(doubles)} changed, such as {bad[:3]}')

    singles = [
        0.0,
        1.0,
        0.1,
        1e-45,
        1.1754943508222875e-38,
        1.1754942106924411e-38,
        3.4028234663852886e38,
        16777217.0,
        0.3,
        7e9,
    ]
    singles = [struct.unpack('<f', struct.pack('<f', s))[0] for s in singles]
    while len(singles) < 30000:
        value = struct.unpack('<f', struct.pack('<I', RANDOM.getrandbits(32)))[0]
        if math.isfinite(value):
            singles.append(value)
    packed = [struct.pack('<f', s) for s in singles]
    # v*1e0 is the FLOAT as a DOUBLE, and so exact.
    got = db.stored('FLOAT', 'float32', packed, 'v*1e0')
    bad = [(s, g) for s, g in zip(singles, got) if struct.pack('<d', s) != as_double(g)]
    check(not bad, f'FLOAT: {len(bad)} of {len(singles)} changed, such as {bad[:3]}')

    # The server prints -0 as 0; the angle tells them apart. A DOUBLE column of MariaDB never holds
    # -0.0, whichever way it is stored, so there is nothing to lose; a FLOAT column can.
    zeros = {}
    for column, kind, form in (('DOUBLE', 'float64', '<d'), ('FLOAT', 'float32', '<f')):
        got = db.stored(
            column, kind, [struct.pack(form, 0.0), struct.pack(form, -0.0)], 'ATAN2(v,-1) < 0'
        )
        zeros[column] = got
    check(zeros['FLOAT'] == ['0', '1'], f"FLOAT: the sign of zero is lost: {zeros['FLOAT']}")
    ways = ["'-0'", '-0e0', "'-0'*1e0", '-1e-400', '-5e-324/2e0']
    db.server.sql('CREATE TABLE z (v DOUBLE)', 'lit')
    for way in ways:
        db.server.sql(f'INSERT INTO z VALUES ({way})', 'lit')
    if db.server.value('SELECT SUM(ATAN2(v,-1) < 0) FROM z', 'lit') == '0':
        print('  (a DOUBLE column of this server holds no -0.0)')
    else:
        check(zeros['DOUBLE'] == ['0', '1'], f"DOUBLE: the sign of zero is lost: {zeros['DOUBLE']}")

    # Columns that round: the stored value must be rounded to itself.
    for column in ('DOUBLE(20,6)', 'FLOAT(7,3)', 'DOUBLE(15,2)'):
        kind, form = ('float64', '<d') if column.startswith('D') else ('float32', '<f')
        db.server.sql(
            f'DROP TABLE IF EXISTS r; CREATE TABLE r (id INT PRIMARY KEY, v {column});'
            f'INSERT INTO r SELECT seq, (RAND(seq)-0.5)*IF({kind == "float32"},19000,2000000000) '
            f'FROM {numbers(1, 3000)}',
            'lit',
        )
        texts = [
            r[0]
            for r in db.server.rows('SELECT v*1e0 FROM r ORDER BY id', 'lit')
        ]
        values = [struct.pack(form, float(t)) for t in texts]
        got = db.stored(column, kind, values, 'v*1e0')
        check(
            got == texts,
            f'{column}: {sum(a != b for a, b in zip(got, texts))} values were rounded again',
        )


def bits(db):
    for width in range(1, 65):
        size = (width + 7) // 8
        numbers = sorted({0, 1, 2**width - 1, RANDOM.getrandbits(width), 1 << (width - 1)})
        values = [n.to_bytes(size, 'big') for n in numbers]
        db.expect(f'BIT({width})', 'bits', values, 'v+0', [str(n) for n in numbers])


def binaries(db):
    every = bytes(range(256))
    values = [b'', every, every * 4, b"'\\\"`;\n--", b'\0', b'\x1a\x1a', None] + [
        bytes([b]) for b in range(256)
    ]
    values += [RANDOM.randbytes(RANDOM.randrange(1, 300)) for _ in range(300)]
    for max_hex in (0, 1):
        db.expect_bytes('LONGBLOB', 'bytes', values, max_hex=max_hex)
        db.expect_bytes('VARBINARY(2000)', 'bytes', values, max_hex=max_hex)
        db.expect_bytes(
            'BINARY(4)',
            'bytes',
            [b'\0\0\0\0', b'ab\0\0', b'   \n', b"'\\\x1a\xff"],
            max_hex=max_hex,
        )

    def point(srid, x, y):
        return struct.pack('<I', srid) + struct.pack('<BIdd', 1, 1, x, y)

    db.expect_bytes(
        'GEOMETRY',
        'bytes',
        [point(0, 1, 2), point(4326, -0.5, 1e300), point(0xFFFFFFFF, 3, 4), None],
    )
    line = (
        struct.pack('<I', 4326) + struct.pack('<BII', 1, 2, 2) + struct.pack('<dddd', 0, 0, 1.5, -2)
    )
    db.expect_bytes('LINESTRING', 'bytes', [line], max_hex=1)


def temporals(db):
    db.expect_text(
        'DATE',
        'temporal',
        [
            b'0000-00-00',
            b'2000-02-31',
            b'2026-00-00',
            b'0000-01-01',
            b'9999-12-31',
            b'1000-01-01',
            b'2024-02-29',
        ],
    )
    db.expect_text(
        'DATETIME(6)',
        'temporal',
        [
            b'0000-00-00 00:00:00.000000',
            b'2000-02-31 23:59:59.999999',
            b'9999-12-31 23:59:59.999999',
            b'0001-01-01 00:00:00.000001',
        ],
    )
    db.expect_text('DATETIME', 'temporal', [b'0000-00-00 00:00:00', b'2000-04-31 10:11:12'])
    db.expect_text(
        'TIME(6)',
        'temporal',
        [
            *((b'-838:59:59.999999', b'838:59:59.999999') if MARIADB else ()),  # MySQL: no fraction there
            b'-838:59:59.000000',
            b'838:59:59.000000',
            b'-00:00:00.000001',
            b'00:00:00.000000',
            b'25:00:00.500000',
        ],
    )
    db.expect_text('TIME', 'temporal', [b'-838:59:59', b'838:59:59', b'100:00:00'])
    db.expect_text('YEAR', 'temporal', [b'0000', b'1901', b'2000', b'2155'])
    db.expect_text('YEAR', 'int', [b'0000', b'1901', b'2000', b'2155'])
    db.server.sql("SET GLOBAL time_zone='+00:00'")
    db.expect_text(
        'TIMESTAMP(6) NULL',
        'temporal',
        [
            b'0000-00-00 00:00:00.000000',
            b'1970-01-01 00:00:01.000000',
            b'2038-01-19 03:14:07.999999',
        ],
    )


def mariadb_types(db):
    if not MARIADB:
        not_here('UUID, INET4, INET6')
        if DEFAULT_KIND == 'mysql-5.6':
            not_here('JSON')
            return
        # Of a type of its own: what the server shows of it comes back as that.
        texts = [
            r'{"a": "line\nnext \"quoted\" \\ back\\slash \u0000 \/", "b": [1.10, -0.0, 1e308, "it' + "'s" + '"]}',
            '""',
            '{}',
            '"表 😀"',
            ' [ 1 ,\t2, 18446744073709551615, 5e-324, 0.30000000000000004 ] ',
        ]
        hexed = [f"0x{t.encode().hex()}" for t in texts]
        shown = [
            bytes.fromhex(db.server.value(f'SELECT HEX(CAST(CAST(CONVERT({h} USING utf8mb4) AS JSON) AS CHAR))'))
            for h in hexed
        ]
        db.expect('JSON', 'text:utf8mb4', shown, 'HEX(CAST(v AS CHAR))', [s.hex().upper() for s in shown])
        return
    db.expect_text(
        'UUID',
        'text:ascii',
        [
            b'123e4567-e89b-12d3-a456-426655440000',
            b'00000000-0000-0000-0000-000000000000',
            b'ffffffff-ffff-ffff-ffff-ffffffffffff',
        ],
    )
    db.expect_text(
        'INET6',
        'text:ascii',
        [
            b'::',
            b'2001:db8::ff00:42:8329',
            b'::ffff:192.0.2.1',
            b'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
        ],
    )
    db.expect_text('INET4', 'text:ascii', [b'0.0.0.0', b'255.255.255.255', b'127.0.0.1'])
    texts = [
        r'{"a": "line\nnext \"quoted\" \\ back\\slash \u0000 \/", "b": [1.10, -0.0, 1e400, "'
        + "it's"
        + '"]}',
        '""',
        '{}',
        '"' + r'{\"inner\": \"{\\\"deep\\\": \\\"\\\\\\\\\\\"}\"}' + '"',
        '"表 😀"',
        ' [ 1 ,\t2 ] ',
    ]
    db.expect_bytes('JSON', 'text:utf8mb4', [t.encode() for t in texts])


def utf8(db):
    values = [
        b'',
        b' ',
        b'a ',
        "表 é \U0001f600".encode(),
        b"\\'\"`%_\0\n\r\t\x08\x1a\x1b\x7f",
        b'\\',
        b"'",
        b'\\\\n',
        b'-- x\n/* ; */',
        b';',
        b'\\N',
        b'NULL',
        b'0x41',
        None,
    ]
    try:
        db.server.sql("SELECT _utf8mb4 0x61EDA08062")
        values += [b'a\xed\xa0\x80b', b'\xed\xbf\xbf']
    except ClientError:
        not_here('single surrogates in utf8mb4')
    values += [chr(c).encode() for c in range(0x80)]
    values += [
        ''.join(
            chr(
                RANDOM.choice(
                    [
                        RANDOM.randrange(32),
                        RANDOM.randrange(0x80, 0xD800),
                        RANDOM.randrange(0xE000, 0x10000),
                        RANDOM.randrange(0x10000, 0x110000),
                    ]
                )
            )
            for _ in range(RANDOM.randrange(50))
        ).encode()
        for _ in range(500)
    ]
    for max_hex in (0, 1):
        db.expect_bytes('TEXT CHARACTER SET utf8mb4', 'text:utf8mb4', values, max_hex=max_hex)
        three = [v for v in values if v is None or len(v) == 0 or max(v) < 0xF0]
        # The names of one charset, before and since MySQL 8.0.24.
        for name in ('utf8mb3', 'utf8'):
            column = 'utf8mb3' if 'utf8mb3' in db.charsets else 'utf8'
            db.expect_bytes(f'TEXT CHARACTER SET {column}', f'text:{name}', three, max_hex=max_hex)
    # Bytes that are no UTF-8 cannot get into such a column by SQL; should they be there all the same, the
    # load must stop and not store something else.
    for max_hex in (0, 1):
        try:
            db.stored(
                'TEXT CHARACTER SET utf8mb4', 'text:utf8mb4', [b'a\xff'], 'HEX(v)', max_hex=max_hex
            )
            check(False, 'invalid UTF-8 was loaded as something')
        except ClientError as error:
            check(error.number == 1300, f'invalid UTF-8: {error}')


def characters(db, charset, longest):
    """All codes of one and two bytes (for wide sets: two and four) that the server takes for characters."""
    sizes = {1: [(0, 255, 2)], 2: [(0, 255, 2), (0x8000, 0xFFFF, 4)], 4: [(0, 0xFFFF, 8)]}[longest]
    if charset in ('ucs2', 'utf16', 'utf16le'):
        sizes = [(0, 0xFFFF, 4)]
    found = []
    for low, high, digits in sizes:
        hexed = f"LPAD(HEX(seq),{digits},'0')"
        # What a column of the charset holds as it was given, that the server takes.
        db.server.sql(
            f'DROP TABLE IF EXISTS c; CREATE TABLE c (h VARCHAR(8), v VARCHAR(9) CHARACTER SET {charset});'
            f"SET sql_mode=''; INSERT INTO c SELECT {hexed}, UNHEX({hexed}) FROM {numbers(low, high)}",
            'lit',
        )
        rows = db.server.rows('SELECT h FROM c WHERE HEX(v) = h ORDER BY h', 'lit')
        found += [bytes.fromhex(r[0]) for r in rows]
    return found


def all_charsets(db):
    tested = 0
    for charset, maxlen in sorted(db.charsets.items()):
        if charset in ('binary', 'utf8mb3', 'utf8mb4', 'utf8', 'filename'):
            continue
        longest = {'1': 1, '2': 2, '3': 2, '4': 4}[maxlen]
        if charset in ('utf16', 'utf16le', 'gb18030'):
            longest = 2
        values = characters(db, charset, longest)
        assert len(values) >= 128, charset
        if charset in ('ujis', 'eucjpms'):  # three bytes: 8F and two of A1 to FE
            values += [bytes([0x8F, a, b]) for a in range(0xA1, 0xFF, 7) for b in range(0xA1, 0xFF)]
        if charset in ('utf16', 'utf16le'):
            values += [
                c.encode('utf-16-be' if charset == 'utf16' else 'utf-16-le')
                for c in '\U00010000\U0001f600\U0010ffff'
            ]
        # Also side by side, where half a character could meet the next.
        values += [
            b''.join(RANDOM.choice(values) for _ in range(RANDOM.randrange(2, 12)))
            for _ in range(500)
        ]
        values += [b'', None]
        for max_hex in (0, 1):
            db.expect_bytes(
                f'TEXT CHARACTER SET {charset}', f'text:{charset}', values, max_hex=max_hex
            )
        tested += 1
    print(f'  {tested} character sets')
    check(tested >= 30, 'too few character sets were tested')


def enums_and_sets(db):
    db.expect(
        "ENUM('a','b c','it''s','1','2','表','😀','x\\\\y')",
        'enum:utf8mb4',
        [b'a', b'b c', b"it's", b'1', b'2', '表'.encode(), '😀'.encode(), b'x\\y', b''],
        'v+0',
        ['1', '2', '3', '4', '5', '6', '7', '8', '0'],
    )
    db.expect(
        "ENUM('a','é','€') CHARACTER SET latin1",
        'enum:latin1',
        [b'a', b'\xe9', b'\x80', b''],
        'v+0',
        ['1', '2', '3', '0'],
    )
    db.expect(
        "ENUM('a','ソ','表') CHARACTER SET sjis",
        'enum:sjis',
        [b'a', b'\x83\x5c', b'\x95\x5c', b''],
        'v+0',
        ['1', '2', '3', '0'],
    )
    db.expect(
        "ENUM('a','誠') CHARACTER SET gbk",
        'enum:gbk',
        [b'a', '誠'.encode('gbk'), b''],
        'v+0',
        ['1', '2', '0'],
    )
    db.expect(
        "ENUM('a','é') CHARACTER SET ucs2",
        'enum:ucs2',
        [b'\0a', b'\0\xe9', b''],
        'v+0',
        ['1', '2', '0'],
    )
    db.expect(
        "SET('a','b','it''s','1',' lead','表','x;y')",
        'enum:utf8mb4',
        [
            b'',
            b'a',
            b'a,b',
            b"it's,1",
            b' lead',
            '表,x;y'.encode(),
            "a,b,it's,1, lead,表,x;y".encode(),
        ],
        'v+0',
        ['0', '1', '3', '12', '16', '96', '127'],
    )
    db.expect(
        "SET('a','ソ') CHARACTER SET sjis", 'enum:sjis', [b'', b'a,\x83\x5c'], 'v+0', ['0', '3']
    )
    members = ','.join(f"'m{i}'" for i in range(64))
    db.expect(
        f'SET({members})',
        'enum:utf8mb4',
        [','.join(f'm{i}' for i in range(64)).encode(), b'm63'],
        'CAST(v AS UNSIGNED)',
        [str(2**64 - 1), str(2**63)],
    )
    db.expect(
        f'SET({members})',
        'int',
        [b'18446744073709551615', b'9223372036854775808', b'5'],
        'CAST(v AS UNSIGNED)',
        ['18446744073709551615', '9223372036854775808', '5'],
    )
    for max_hex in (0, 1):
        db.expect_bytes(
            "ENUM('表') CHARACTER SET sjis", 'enum:sjis', [b'\x95\x5c'], max_hex=max_hex
        )


def main():
    print('seed', SEED)
    with Server(options=['--max-allowed-packet=64M']) as server:
        db = Database(server)
        for part in (
            integers,
            decimals,
            floats,
            bits,
            binaries,
            temporals,
            mariadb_types,
            utf8,
            all_charsets,
            enums_and_sets,
        ):
            print(part.__name__, flush=True)
            part(db)
    if failures:
        print(f'{len(failures)} failures, seed {SEED}')
        return 1
    print('all values came back')
    return 0


if __name__ == '__main__':
    sys.exit(main())
