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
    (folder / 'long').write_text(5000 * 'x' + '\n')
    for file in ('password', 'long'):
        (folder / file).chmod(0o600)
    (folder / 'nokey').write_text('no key\n')
    (folder / 'comment').write_text('# a key will stand here\n')
    (folder / 'plugin').write_text('AGE-PLUGIN-X-1\n')
    for file in ('nokey', 'comment', 'plugin'):
        (folder / file).chmod(0o600)
    (folder / 'unclosed.cnf').write_text('[client\n')
    (folder / 'early.cnf').write_text('host=h\n')
    (folder / 'directive.cnf').write_text('!included x\n')
    (folder / 'itself.cnf').write_text('!include itself.cnf\n')
    (folder / 'no-folder.cnf').write_text('!includedir nowhere\n')
    (folder / 'port.cnf').write_text('[client]\nport=66000\n')
    for name, text in (('tls', '[client]\nssl-mode=SOME'), ('protocol', '[client]\nprotocol=udp'),
                       ('misplaced', '[dbomsbak-snapshot]\nhost=h'), ('unknown', '[dbomsbak-snapshot]\nnosuch=1')):
        (folder / f'{name}.cnf').write_text(text + '\n')
    (folder / 'large.cnf').write_text((1 << 20) * '#' + '\n')
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
    ('help nonsense', 2, "'nonsense'", 'purge, status, diff'),
    ('status --no-defaults -h127.0.0.1 -P1 -p secret', 2, "'secret'", '-pSECRET'),
    ('dump d -p secret -o x.sql', 2, 'password', '-pSECRET'),
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
    ('status --defaults-file=folder', 30, 'option file folder is a folder', '!includedir'),
    ('status --defaults-file=unclosed.cnf', 2, 'unclosed.cnf, line 1', '[client]'),
    ('status --defaults-file=early.cnf', 2, 'early.cnf, line 1', 'Put [client]'),
    ('status --defaults-file=directive.cnf', 2, 'directive.cnf, line 1', 'Correct that line'),
    ('status --defaults-file=itself.cnf', 2, 'include each other too deeply', 'include itself'),
    ('status --defaults-file=no-folder.cnf', 30, 'cannot read folder nowhere', 'Check the path'),
    ('status --defaults-file=large.cnf', 2, 'large.cnf is too large', 'Is it the file'),
    ('status --defaults-file=port.cnf', 2, "'66000' is no number in range", 'from 0 to 65535'),
    ('status --defaults-file=tls.cnf', 2, "'SOME' is no TLS mode", 'VERIFY_CA'),
    ('status --defaults-file=protocol.cnf', 2, "'udp' is no protocol", 'tcp or socket'),
    ('snapshot d --defaults-file=misplaced.cnf', 2, 'host does not belong in [dbomsbak-snapshot]', '[client]'),
    ('snapshot d --defaults-file=unknown.cnf', 2, 'snapshot has no option nosuch', 'snapshot --help'),
    ('status --no-defaults --oms-config folder', 2, 'folder is a folder', 'config.yaml'),
    ('status --no-defaults --password-file=folder', 2, 'password file folder is a folder', 'Name the file itself'),
    ('status --no-defaults --password-file=long', 2, 'password file long holds no password', 'longer than'),
    ('dump d -o x.sql --ssl-mode=SOMETIMES', 2, 'SOMETIMES', ''),
    ('restore', 2, 'restore needs FILE', '--swap and --abort'),
    ('restore x --prepare --abort', 2, 'exclude each other', '--prepare loads'),
    ('restore --swap --allow-partial', 2, '--allow-partial says nothing to --swap', '--prepare'),
    ('restore x --as a=b --as a=c', 2, "--as names 'a' twice", 'one name'),
    ('restore x --confirm lag', 2, '--confirm lag confirms nothing', 'ha-off'),
    ('restore x --safety-dump y', 2, '--safety-dump goes with --in-place', 'dbomsbak dump'),
    ('restore x --in-place --prepare', 2, '--in-place goes with none', 'put right'),
    ('restore x --in-place --repoint-foreign-keys', 2, '--in-place and --repoint-foreign-keys', 'drop such keys'),
    ('restore - --in-place', 2, '--in-place from a pipe', 'dumped to that file'),
    ('check --into d', 2, '--into goes with --restore', 'names none'),
    ('check --restore', 2, 'check --restore needs FILE', 'archives or plain dumps'),
    ('dump d --ddl other', 2, "--ddl is native or portable, not 'other'", 'Leave it away'),
    ('dump d --throttle fast', 2, '--throttle wants a limit', 'load='),
    ('dump d --prune-heartbeat --no-data', 2, '--prune-heartbeat goes with', 'which rows'),
    ('dump d --passphrase-file password', 2, '--passphrase-file goes with', 'not be encrypted'),
    ('dump d -o x.sql.zst.age --encrypt-passphrase --encrypt-to age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
     2, 'to recipients, or with one passphrase', 'Leave'),
    ('dump d -o x.sql.zst --sign-password-file password', 2, '--sign-password-file goes with --sign-key', 'secret key'),
    ('dump d --sign-key key', 2, '--sign-key needs -o FILE', 'minisign -S'),
    ('dump d -o x.sql.zst.age --encrypt-to ssh-ed25519', 2, 'a recipient is wrong: it is an SSH key', 'age-keygen'),
    ('dump d -o x.sql.zst.age --encrypt-to age1plugin1x', 2, 'a recipient is wrong: it is', 'age-keygen'),
    ('dump d -o x.sql.zst.age --encrypt-to age1pq1x', 2, 'a recipient is wrong: it is a post-quantum key', 'age-keygen'),
    ('dump d --triggers=perhaps', 2, '--triggers is on or off', '--triggers=false'),
    ('snapshot d', 2, 'snapshot needs --dir DIR', 'For example'),
    ('snapshot d --dir folder --label /', 2, "'/' cannot be a label", 'letters, digits'),
    ('snapshot d --dir folder --metrics x.txt', 2, 'does not end in .prom', 'textfile collector'),
    ('snapshot d --dir folder --throwaway', 2, '--throwaway goes with --deep N', 'Nth'),
    ('snapshot d --dir folder --pin ' + 201 * 'x', 2, '--pin wants one line', 'why the archive stays'),
    ('prune', 2, 'prune needs DIR', 'For example'),
    ('prune folder --dir folder --keep 1', 2, 'prune is given two folders', 'For example'),
    ('upgrade ha-config --enable --disable', 2, '--enable and --disable are both given', 'For example'),
    ('upgrade ha-config', 2, 'needs --enable or --disable', 'For example'),
    ('upgrade check --confirm lagg', 2, "--confirm: 'lagg' is no step", "'lag'"),
    ('upgrade plan --container a --new-container b --image i --state none --from 4',
     2, "--from '4' is no version", 'three numbers'),
    ('upgrade check --state none --health-timeout 0', 2, '--health-timeout wants a number from 1', 'upgrade --help'),
    ('upgrade check --state none --console-port x', 2, '--console-port wants a number from 1', 'upgrade --help'),
    ('upgrade check --state none --stop-timeout x', 2, '--stop-timeout wants a number from 1', 'upgrade --help'),
    ('upgrade check --state none --node-role third', 2, '--node-role is database or other', 'One node'),
    ('upgrade status more --state none', 2, "upgrade status takes no argument 'more'", 'upgrade --help'),
    ('upgrade check --state folder', 2, 'upgrade check needs', ''),
    ('upgrade start --state none', 40, 'no upgrade has begun in', 'upgrade check'),

    # files to write
    ('dump d -o there.sql.zst', 31, "'there.sql.zst'", '--overwrite'),
    ('dump d -o only-sum.sql.zst', 31, "'only-sum.sql.zst.sha256'", '--overwrite'),
    ('dump d -o folder --format=sql', 30, 'folder', ''),
    ('dump d -o nowhere/x.sql', 30, "there is no folder 'nowhere'", 'mkdir -p'),
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
    ('info good.sql.zst --html --json', 2, '--html and --json are two answers', '--html for a browser'),
    ('cat good.sql.zst --identity comment', 2, "'comment' holds no identity", 'age-keygen'),
    ('cat good.sql.zst --identity plugin', 2, "but a plugin's, which is not taken here", 'age-keygen'),
    ('restore good.sql.zst good.sql.zst', 2, "'good.sql.zst' is given twice", 'one file for each'),
    ('verify good.sql.zst --deep', 2, 'verify wants --deep and --throwaway together', '--rehearse'),
    ('verify good.sql.zst --verify-key nokey', 2, 'is no public key of minisign', 'minisign -G'),
    ('cat good.sql.zst --identity nokey', 2, 'no identity of age', 'age-keygen'),
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
    ('cat good.sql.zst --only no', 2, 'no database `no`', 'info'),
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
