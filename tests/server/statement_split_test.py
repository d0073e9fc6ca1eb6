#!/usr/bin/env python3
"""SQL text is cut where the `mysql` client cuts it: the server's general log says what that client sent."""

# ctest: timeout=300

import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.server import DEFAULT_KIND, Server

TOOL = pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tests' / 'split_statements'
SEED = int(os.environ.get('DBOMSBAK_TEST_SEED', random.SystemRandom().randrange(2**32)))
RANDOM = random.Random(SEED)

# Comments are marked, so that both sides can be compared without them: the client strips them.
HAND_WRITTEN = r"""/*M!999999\- enable the sandbox mode */ 
-- C a comment; with 'a quote C
SELECT 1;SELECT 2 ; SELECT 'a;b', "c;d", `e;f`;
SELECT 'it''s; \'; \\', "say ""; \"; ";
SELECT 1 /*C ; ' C*/ + 2;
SELECT 3 -- C ; ' C
  + 4;
SELECT 5 #C ; " C
;
--C no blank here C
SELECT 5--1;
/*!40101 SET @a = 'x;y' */;
/*!50003 SELECT 7 */ ;
;;
DELIMITER ;;
CREATE PROCEDURE d.p() BEGIN SELECT 1; SELECT ';;'; END ;;
/*!50003 SELECT 8 */;;
DELIMITER $$
SELECT 9 $ 1; $$ SELECT 10 $$
delimiter ;
SELECT 'over
two lines;
-- no comment
DELIMITER //
', 11;
SELECT `\`, 12;
SELECT '表;', N'x', _latin1'é;', X'41';
"""


def normal(statement):
    """Without the marked comments, and with one blank for each run of white space. Of the sandbox
    line the client obeys the command in it and sends the rest as a comment, which means nothing."""
    statement = statement.replace(b'\r\n', b'\n').replace(
        b'/*M!999999 enable the sandbox mode */', b''
    )
    statement = re.sub(rb'/\*C.*?C\*/|(?:-- ?|#)C[^\n]* C(?=\n|$)', b' ', statement, flags=re.S)
    # The server's log has no ; at the end.
    return b' '.join(statement.split()).rstrip(b'; ')


def split(text, piece):
    done = subprocess.run([TOOL, str(piece)], input=text, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return [s for s in done.stdout.split(b'\0')[:-1]]


def sent_by_client(server, text):
    server.sql("SET GLOBAL general_log=0; TRUNCATE mysql.general_log; SET GLOBAL general_log=1")
    client = server.client_command('d', ['--force', '--batch'])
    subprocess.run(client, input=text, capture_output=True)
    server.sql('SET GLOBAL general_log=0')
    rows = server.rows("SELECT HEX(argument) FROM mysql.general_log WHERE command_type='Query'")
    own = [bytes.fromhex(r[0]) for r in rows]
    return [
        s for s in own if not s.startswith((b'SET GLOBAL general_log', b'select @@version_comment'))
    ]


def random_script():
    # A client keeps 15 bytes of a delimiter; ours may be longer.
    parts = [
        "'a;b'",
        '"c;\\"d"',
        '`e;`',
        ' /*C ; C*/ ',
        ' -- C ; \' C\n',
        ' #C ; C\n',
        '\n',
        ' + 1',
        ' - 2',
        '--3',
        ' / 4',
        "'it''s'",
        ' ',
        "'\\\\'",
        "'x\ny'",
        ' /*!40000 , 5 */',
    ]
    text, delimiter = '', ';'
    for number in range(60):
        if RANDOM.random() < 0.2:
            delimiter = RANDOM.choice([';', ';;', '//', '$$', 'END_OF_IT', '|'])
            text += f'\nDELIMITER {delimiter}\n'
        text += f'SELECT {number}' + ''.join(
            ', ' + p if p[0] in '\'"`' else p for p in RANDOM.choices(parts, k=RANDOM.randrange(6))
        )
        if text.endswith('*/'):
            text += ' '  # or "*/" and "//" would be taken for "*", "//", "/", by the client, too
        text += RANDOM.choice(
            [delimiter, ' ' + delimiter, delimiter + '\n', '\n' + delimiter + ' ']
        )
    return text.encode()


def compare(what, client, ours):
    # A comment alone is at times sent as a statement; it is none.
    # USE is a command of the client, which asks the server for the old database before it.
    client = [s for s in map(normal, client) if s and s != b'SELECT DATABASE()']
    ours = [s for s in map(normal, ours) if not s.startswith(b'USE ')]
    if client == ours:
        return True
    for i, (a, b) in enumerate(zip(client + [None], ours + [None])):
        if a != b:
            print(f'FAILED: {what}, statement {i}:\n  client {a}\n  ours   {b}')
            break
    return False


def main():
    print('seed', SEED)
    good = True
    options = ['--log-output=TABLE']
    if DEFAULT_KIND.startswith('mysql'):
        options.append('--log-raw')  # or it keeps to itself what it cannot parse
    with Server(options=options) as server:
        server.sql('CREATE DATABASE d')
        texts = [
            ('by hand', HAND_WRITTEN.encode()),
            ('by hand, CRLF', HAND_WRITTEN.replace('\n', '\r\n').encode()),
        ]
        texts += [(f'random {i}', random_script()) for i in range(20)]
        server.sql(
            "CREATE TABLE t (a TEXT, b INT DEFAULT 1); INSERT INTO t VALUES ('it''s; \\\\', 1), ('-- x\\n/*', 2);"
            "CREATE VIEW v AS SELECT a FROM t;\nDELIMITER //\nCREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = ';'; SET @b = 1; END//\n"
            "CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC BEGIN RETURN 'x;'; END//\nCREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO BEGIN SELECT 1; END//",
            'd',
        )
        dump = subprocess.run(
            [
                shutil.which('mariadb-dump') or 'mysqldump',
                '--no-defaults',
                *server.client_options(),
                '--routines',
                '--events',
                '--databases',
                'd',
            ],
            capture_output=True,
            check=True,
        ).stdout
        texts.append(('a dump', re.sub(rb'^--.*$', b'-- C C', dump, flags=re.M)))
        for what, text in texts:
            client = sent_by_client(server, text)
            for piece in (1 << 20, 1, 7):
                good = compare(f'{what}, pieces of {piece}', client, split(text, piece)) and good
            print(f'  {what}: {len(client)} statements', flush=True)
    print('cut as the client cuts' if good else f'seed {SEED}')
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
