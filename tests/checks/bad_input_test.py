#!/usr/bin/env python3
"""Bad input without a server: each has its documented code and a sentence one can act on."""

import gzip
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VALID = sorted((ROOT / 'formats/archive-v1/valid').glob('*.sql.zst'))


def prepare(folder):
    """The files the table below names."""
    (folder / 'empty.sql.zst').write_bytes(b'')
    (folder / 'plain.sql.gz').write_bytes(gzip.compress(b'SELECT 1;\n'))
    (folder / 'plain.sql.xz').write_bytes(lzma.compress(b'SELECT 1;\n'))
    (folder / 'foreign.sql.zst').write_bytes(
        subprocess.run(['zstd', '-c'], input=b'SELECT 1;\n', stdout=subprocess.PIPE, check=True).stdout)
    (folder / 'foreign.sql').write_text('-- MySQL dump 10.13\nINSERT INTO t VALUES (1);\n'
                                        '-- Dump completed on 2020-01-01\n')
    (folder / 'binary').write_bytes(bytes(range(256)) * 20)
    (folder / 'folder').mkdir()
    (folder / 'there.sql.zst').write_text('an older archive')
    (folder / 'only-sum.sql.zst.sha256').write_text('an older sum')
    os.symlink('there.sql.zst', folder / 'link.sql.zst')
    os.mkfifo(folder / 'fifo')
    (folder / 'password').write_text('x\n')
    if VALID:
        good = VALID[0].read_bytes()
        shutil.copy(VALID[0], folder / 'good.sql.zst')
        (folder / 'cut.sql.zst').write_bytes(good[:len(good) * 2 // 3])
        (folder / 'appended.sql.zst').write_bytes(good + b'more')
        (folder / 'twice.sql.zst').write_bytes(good + good)
        broken = bytearray(good)
        broken[len(broken) // 3] ^= 1
        (folder / 'flipped.sql.zst').write_bytes(broken)
        # Footer, index and header are as they were.
        in_frame = bytearray((ROOT / 'formats/archive-v1/valid/every-kind.sql.zst').read_bytes())
        header_bytes = 8 + int.from_bytes(in_frame[4:8], 'little')
        in_frame[header_bytes + 20] ^= 1
        (folder / 'in-frame.sql.zst').write_bytes(in_frame)


# arguments, code, what the message must name, what the hint must tell
TABLE = [
    # the command line
    ('vrify x', 2, "'vrify'", "'verify'"),
    ('--host h dump d', 2, '--host', 'COMMAND'),
    ('--verson', 2, '--verson', "'--version'"),
    ('--hlep', 2, '--hlep', "'--help'"),
    ('version', 2, "'version'", 'dbomsbak --version'),
    ('verify x --dry-run', 2, '--dry-run', 'That is an option of restore, undo, purge, prune.'),
    ('status -j 4', 2, '-j', 'That is an option of dump, verify, restore, diff, snapshot.'),
    ('dump', 2, 'no database', 'all-databases'),
    ('dump -h', 2, '--host needs a value', 'help is dbomsbak dump --help'),
    ('dump d --add-drop-table=false', 2, '--add-drop-table', 'Leave it away'),
    ('dump d --opt=false', 2, '--opt', 'Leave it away'),
    ('dump d --sngle-transaction', 2, '--sngle-transaction', "'--single-transaction'"),
    ('dump d --tab=/tmp', 2, '--tab', 'Leave --tab away'),
    ('dump d --xml', 2, '--xml', 'Leave --xml away'),
    ('dump d --master-data=2', 2, '--master-data', 'Leave'),
    ('dump d --default-character-set=latin1', 2, 'latin1', 'away'),
    ('dump -A d', 2, 'all-databases', 'away'),
    ('dump d --no-data --no-create-info', 2, 'nothing', 'away'),
    ('dump d --only e.t', 2, 'e is not among', 'Name e'),
    ('dump d --only t', 2, "'t'", 'back-ticks'),
    ('dump d --jobs 0 -o x.sql', 2, '--jobs', '--help'),
    ('dump d --jobs many -o x.sql', 2, "'many'", '--help'),
    ('dump d --max-memory lots -o x.sql', 2, "'lots'", '--help'),
    ('dump d --compress=99 -o x.sql', 2, '--compress', '--help'),
    ('dump d --compress 9 -o x.sql', 2, "'9'", '--compress=9'),
    ('dump d --triggers=maybe -o x.sql', 2, 'maybe', '--triggers=false'),
    ('dump d --port 99999 -o x.sql', 2, '99999', '--help'),
    ('dump d --output', 2, '--output', '--help'),
    ('dump d --json', 2, '--json', '-o'),
    ('dump d --progress=loud -o x.sql', 2, 'loud', 'bar'),
    ('dump d -o x.bak', 2, 'x.bak', '--format'),
    ('dump d -o x.sql.gz', 2, 'x.sql.gz', 'zst'),
    ('dump d --format=tar -o x.sql', 2, 'tar', 'away'),
    ('verify', 2, 'FILE', 'For example'),
    ('info a b', 2, "'b'", '--help'),
    ('verify a b --expect ' + 64 * '0', 2, 'one file', 'one by one'),
    ('verify a --expect 123', 2, '--expect', 'receipt'),
    ('verify a -psecret', 2, 'password', 'away'),
    ('restore a --dry-run --rehearse', 2, '--rehearse', 'plan'),
    ('help verfy', 2, "'verfy'", "'verify'"),
    ('dump d -o x.sql --defaults-file=nowhere.cnf', None, 'nowhere.cnf', ''),
    ('dump d -o x.sql --password-file=nowhere', None, 'nowhere', ''),
    ('dump d -o x.sql --ssl-mode=SOMETIMES', 2, 'SOMETIMES', ''),

    # files to write
    ('dump d -o there.sql.zst', 31, "'there.sql.zst'", '--overwrite'),
    ('dump d -o only-sum.sql.zst', 31, "'only-sum.sql.zst.sha256'", '--overwrite'),
    ('dump d -o folder --format=sql', 30, 'folder', ''),
    ('dump d -o nowhere/x.sql', 30, 'nowhere', 'path'),
    ('dump d -o link.sql.zst', 30, 'symbolic link', 'Name the file'),
    ('dump d -o link.sql.zst --overwrite', 30, 'symbolic link', 'Name the file'),
    ('dump d -o fifo --format=sql --overwrite', 30, 'fifo', ''),

    # files to read
    ('verify nowhere.sql.zst', 30, "'nowhere.sql.zst'", 'path'),
    ('verify folder', 30, 'folder', 'archive'),
    ('verify fifo', 30, 'pipe', 'archive'),
    ('verify empty.sql.zst', 21, 'empty', 'another'),
    ('verify plain.sql.gz', 12, 'gzip', 'gzip -dc'),
    ('verify plain.sql.xz', 12, 'xz', 'xz -dc'),
    ('verify foreign.sql.zst', 12, 'zstd', 'zstd -dc'),
    ('verify binary', 12, 'unknown kind', 'name'),
    ('info nowhere', 30, 'nowhere', 'path'),
    ('info folder', 30, 'folder', 'archive'),
    ('info plain.sql.gz', 12, 'gzip', 'gzip -dc'),
    ('info foreign.sql', 12, 'line 2', 'mysql client'),
    ('cat empty.sql.zst', 21, 'empty', 'another'),
    ('restore nowhere.sql.zst', 30, 'nowhere', 'path'),
    ('restore plain.sql.gz', 12, 'gzip', 'gzip -dc'),
    ('restore foreign.sql', 2, 'which database', '--into DB'),
    ('restore empty.sql.zst', 21, 'empty', 'another'),
]
TABLE_OF_ARCHIVES = [
    ('verify cut.sql.zst', 21, 'cut.sql.zst', ''),
    ('verify appended.sql.zst', 20, 'appended.sql.zst', ''),
    ('verify twice.sql.zst', 20, 'twice.sql.zst', ''),
    ('verify flipped.sql.zst', 20, 'flipped.sql.zst', ''),
    ('verify in-frame.sql.zst', 20, 'frame 0', ''),
    ('info cut.sql.zst', 21, 'cut.sql.zst', ''),
    ('restore cut.sql.zst', 21, 'cut.sql.zst', ''),
    ('diff cut.sql.zst', 21, 'cut.sql.zst', ''),
    ('diff twice.sql.zst', 20, 'twice.sql.zst', ''),
    ('diff in-frame.sql.zst', 20, 'frame 0', ''),
    ('diff good.sql.zst --into d', 2, 'good.sql.zst', 'leave it out'),
    ('restore twice.sql.zst', 20, 'twice.sql.zst', ''),
    ('restore flipped.sql.zst', 20, 'flipped.sql.zst', ''),
    ('restore in-frame.sql.zst', 20, 'frame 0', ''),
    ('verify good.sql.zst --expect ' + 64 * '0', None, 'good.sql.zst', ''),
    ('cat good.sql.zst --only no.such', 2, '`no`.`such`', ''),
    ('verify good.sql.zst plain.sql.gz', 12, 'gzip', ''),
    ('verify good.sql.zst flipped.sql.zst plain.sql.gz', 20, 'flipped', ''),
]


def main():
    program = Program()
    table = TABLE + (TABLE_OF_ARCHIVES if VALID else [])
    documented = {int(code) for code in
                  re.findall(r'^ +(\d+)  ', program.ok('help', 'exit-codes').out, re.M)}
    faults = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(folder)
        before = sorted(path.name for path in folder.iterdir())
        for arguments, code, named, hint in table:
            words = arguments.split()
            if words[0] in ('dump', 'restore', 'diff') and not {'--port', '--defaults-file=nowhere.cnf'} & {*words}:
                words[1:1] = ['--no-defaults', '-h127.0.0.1', '-P1']  # nobody listens there
            result = program.run(*words, cwd=name)

            def fault(text):
                faults.append(f'dbomsbak {arguments}\n    {text}\n    ' +
                              result.err.strip().replace('\n', '\n    '))

            if result.code == 0 or result.code not in documented:
                fault(f'ended with {result.code}')
            if code is not None and result.code != code:
                fault(f'ended with {result.code}, not {code}')
            several = words[0] == 'verify' and len(words) > 2 and not words[2].startswith('-')
            if not several or code == 2:
                lines = result.err.splitlines()
                errors = [line for line in lines if line.startswith('dbomsbak: error: ')]
                hints = [line for line in lines if line.startswith('dbomsbak: hint: ')]
                if len(errors) != 1 or named not in errors[0]:
                    fault(f'the message does not name {named}')
                elif errors[0].endswith('.'):
                    fault('the message ends with a full stop')
                if hint and not (len(hints) == 1 and hint in hints[0]):
                    fault(f'the hint does not tell {hint}')
                if hints and hints[0][-1] not in '.?' and 'For example: ' not in hints[0]:
                    fault('the hint is no sentence')
            elif named not in result.err:
                fault(f'nothing names {named}')
            if result.stdout and '--json' not in words and not several:
                fault('something was written to standard output')
            after = sorted(path.name for path in folder.iterdir())
            if after != before:
                fault(f'files were left behind: {set(after) ^ set(before)}')
                before = after
        if (folder / 'there.sql.zst').read_text() != 'an older archive':
            faults.append('an existing file was changed')

        # The same as JSON, for the commands that answer so.
        for arguments, code, named, _ in table:
            words = arguments.split()
            if '--json' in words or arguments.endswith(('dump -h', '--output')):
                continue
            result = program.run(*words, '--json', cwd=name, env={'DBOMSBAK_PASSWORD': 'x'})
            try:
                answer = json.loads(result.out)
                assert answer['code'] == result.code, 'code'
                assert answer['message'], 'message'
                assert set(answer) >= {'code', 'name', 'message', 'hint', 'object'}
            except (ValueError, AssertionError, KeyError) as problem:
                faults.append(f'dbomsbak {arguments} --json\n    {problem}\n    {result.out}')
    print('\n'.join(faults))
    print(f'{len(table)} bad inputs, {len(faults)} faults')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
