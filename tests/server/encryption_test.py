#!/usr/bin/env python3
# ctest: labels=measures cost=45 timeout=300
"""Encrypted and signed: what `age` and `minisign` make of our files, and we of theirs."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, runner  # noqa: E402
from support.program import Program, sanitized  # noqa: E402
from support.server import Server  # noqa: E402
from support.terminal import on_terminal  # noqa: E402

SCHEMA = """CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t VALUES (1, 'a'), (2, 'b');
CREATE VIEW w AS SELECT v FROM t; CREATE TABLE big (id INT PRIMARY KEY, v BLOB);
INSERT INTO big SELECT seq, RANDOM_BYTES(1000) FROM seq_1_to_12000;"""
FORMATS = pathlib.Path(__file__).resolve().parent.parent.parent / 'formats'
GOLDEN = FORMATS / 'minisign'
PHRASE = 'four words are enough'


def call(*words, **how):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, **how).stdout


class Tests:
    def __init__(self, server, folder):
        self.server, self.folder, self.program = server, folder, Program()
        self.options = ['--no-defaults', *server.client_options()]
        for name in ('key', 'other'):
            call('age-keygen', '-o', folder / f'{name}.txt')
        self.key, self.other = folder / 'key.txt', folder / 'other.txt'
        self.recipient, self.stranger = (call('age-keygen', '-y', key).decode().strip() for key in (self.key, self.other))
        for name in ('sign', 'rogue'):
            call('minisign', '-G', '-W', '-p', folder / f'{name}.pub', '-s', folder / f'{name}.key')
        self.sign, self.public = folder / 'sign.key', folder / 'sign.pub'
        server.sql(SCHEMA)
        self.good = fingerprint.take(server, ['d'])
        self.archive = folder / 'd.sql.zst.age'
        self.dump('d', '-o', self.archive, '--encrypt-to', self.recipient, '--encrypt-to', self.stranger,
                  '--sign-key', self.sign)

    def dump(self, *words, code=0):
        return self.program.run('dump', *self.options, *words).expect(code)

    def ruin(self):
        self.server.sql('USE d; DELETE FROM t; DROP VIEW w; CREATE TABLE extra (x INT)')

    def restore(self, *words, code=0):
        return self.program.run('restore', '--yes', *self.options, *words).expect(code)

    def test_age_opens_what_dump_writes(self):
        call('sha256sum', '-c', '--quiet', 'd.sql.zst.age.sha256', cwd=self.folder)
        assert self.archive.stat().st_mode & 0o777 == 0o600
        # The stranger is a recipient as well.
        for key in (self.key, self.other):
            inner = call('age', '-d', '-i', key, self.archive)
            text = call('zstd', '-dc', input=inner).decode(errors='surrogateescape')
            assert 'INSERT INTO `t`' in text
        self.ruin()
        self.server.sql(text, 'd')
        assert self.server.value('SELECT COUNT(*) FROM d.t') == '2'
        # Plain SQL, and into a pipe.
        plain = self.folder / 'p.sql.age'
        self.dump('d', '-o', plain, '--encrypt-to', self.recipient)
        piped = self.dump('d', '--encrypt-to', self.recipient).stdout
        for text in (call('age', '-d', '-i', self.key, plain), call('age', '-d', '-i', self.key, input=piped)):
            assert text.endswith(b'-- Dump completed\n') or b'Dump completed' in text[-200:], text[-300:]
        assert b'Dump completed' not in piped and b'Dump completed' not in plain.read_bytes()
        self.server.sql('DROP TABLE d.extra')

    def test_restore_is_exact_with_either_key(self):
        self.ruin()
        self.restore(self.archive, '--identity', self.key)
        fingerprint.expect_equal(self.good, fingerprint.take(self.server, ['d']), 'restored')
        self.program.ok('purge', *self.options)
        self.program.ok('diff', *self.options, self.archive, '--identity', self.other)
        self.program.ok('check', '--restore', self.archive, '--identity', self.key, *self.options)

    def test_files_of_age_are_read(self):
        inner = self.folder / 'inner.sql.zst'
        inner.write_bytes(call('age', '-d', '-i', self.key, self.archive))
        receipt = self.program.ok('verify', inner).out.split('sha256:')[1].split()[0]
        for name, options in (('theirs.age', []), ('armored.age', ['-a'])):
            theirs = self.folder / name
            call('age', '-e', *options, '-r', self.recipient, '-o', theirs, inner)
            shown = self.program.ok('verify', theirs, '--identity', self.key, '--expect', receipt).out
            assert receipt in shown, shown
            assert self.program.ok('cat', '--only', 'd.t', theirs, '--identity', self.key).out.count("'b'") == 1
        # By standard input, which is put aside.
        self.program.ok('verify', '-', '--identity', self.key, input=theirs.read_bytes())

    def test_a_wrong_key_is_told_at_once(self):
        lonely = self.folder / 'lonely.sql.zst.age'
        self.dump('d', '-o', lonely, '--encrypt-to', self.recipient)
        for command in (['verify'], ['info'], ['cat'], ['diff', *self.options], ['restore', '--yes', *self.options]):
            for given, said in (([], 'no key is given'), (['--identity', self.other], 'encrypted for others')):
                result = self.program.run(*command, lonely, *given).expect(25)
                assert said in result.err and 'hint:' in result.err and '--identity' in result.err, result.err
        assert 'd' in self.server.databases() and not [x for x in self.server.databases() if 'dbomsbak' in x]
        self.program.run('verify', lonely, '--identity', self.folder / 'nothing').expect(30)
        # Keys by a pipe, and such as others may read.
        shared = self.folder / 'shared.txt'
        shutil.copy(self.key, shared)
        shared.chmod(0o640)
        told = self.program.ok('info', lonely, '--identity', shared)
        assert f'others may read key file {shared}' in told.err, told.err
        pipe = self.folder / 'pipe'
        os.mkfifo(pipe)
        with subprocess.Popen(['cp', self.key, pipe]):
            told = self.program.ok('info', lonely, '--identity', pipe)
        assert 'others may read' not in told.err, told.err
        self.program.run('verify', lonely, '--identity', self.public).expect(2)

    def read_by(self, *words):
        """Bytes, by whatever call."""
        process = self.program.start(*words, stdout=subprocess.DEVNULL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        counts = dict(line.split(': ') for line in pathlib.Path(f'/proc/{process.pid}/io').read_text().splitlines())
        process.communicate()
        assert process.returncode == 0, words
        return int(counts['rchar'])

    def test_little_is_read_of_a_large_file(self):
        plain, size = self.folder / 'plain.sql.zst', self.archive.stat().st_size
        plain.write_bytes(call('age', '-d', '-i', self.key, self.archive))
        assert size > 12_000_000, size
        for words in (['info'], ['cat', '--only', 'd.t']):
            read = self.read_by(*words, self.archive, '--identity', self.key)
            usual = self.read_by(*words, plain)
            print(f'{words[0]}: {read / 1e6:.2f} MB read of {size / 1e6:.1f}, {usual / 1e6:.2f} where it is not encrypted')
            assert read < usual + (1 << 20) and read < size / 2, (read, usual, size)

    def test_passphrases_come_from_a_file_or_the_terminal(self):
        # Asked for twice, and the same.
        file = self.folder / 'x.sql.zst.age'
        words = ['dump', *self.options, 'd', '--only', 'd.t', '-o', file, '--encrypt-passphrase']
        for first, again, why in (('one', 'two', 'these are two passphrases'), ('', '', 'the passphrase is empty')):
            code, shown = on_terminal(self.program, [('New passphrase', first + '\n'), ('again', again + '\n')], *words, cwd=self.folder)
            assert code == 2 and not file.exists(), (code, shown)
            assert why in shown and 'Run it again; nothing was written.' in shown, shown
        code, shown = on_terminal(self.program, [('New passphrase', PHRASE + '\n'), ('again', PHRASE + '\n')], *words,
                                  cwd=self.folder)
        assert code == 0 and PHRASE not in shown, shown
        age = Program(shutil.which('age'))
        code, shown = on_terminal(age, [('passphrase', PHRASE + '\n')], '-d', '-o', 'x.sql.zst', 'x.sql.zst.age', cwd=self.folder)
        assert code == 0, shown
        call('zstd', '-t', '-q', self.folder / 'x.sql.zst')
        code, shown = on_terminal(self.program, [('Passphrase of', PHRASE + '\n'), ('[y/N]', 'n\n')], 'restore', *self.options,
                                  '--only', 'd.t', file, cwd=self.folder)
        assert code == 130 and PHRASE not in shown, (code, shown)
        key = FORMATS / 'age/valid/key.age'  # encrypted itself, with little work
        for phrase in ('wrong', 'correct horse'):
            (self.folder / phrase).write_text(phrase + '\r\n')
        result = self.program.run('verify', key, '--passphrase-file', self.folder / 'wrong').expect(25)
        assert 'not opened by this passphrase' in result.err, result.err
        # Nobody to ask.
        result = self.program.run('info', file).expect(25)
        assert '--passphrase-file' in result.err, result.err
        self.dump('d', '-o', self.folder / 'z.sql.zst.age', '--encrypt-passphrase', code=2)
        # An identity that is encrypted itself.
        theirs = self.folder / 'golden.sql.zst.age'
        recipient = call('age-keygen', '-y', FORMATS / 'age/valid/key.txt').decode().strip()
        call('age', '-r', recipient, '-o', theirs, self.folder / 'x.sql.zst')
        self.program.ok('info', theirs, '--identity', key, '--passphrase-file', self.folder / 'correct horse')

    def test_names_tell_whether_a_file_is_encrypted(self):
        result = self.dump('d', '-o', self.folder / 'n.sql.zst', '--encrypt-to', self.recipient, code=2)
        assert 'n.sql.zst.age' in result.err, result.err
        result = self.dump('d', '-o', self.folder / 'n.sql.zst.age', code=2)
        assert '--encrypt-to' in result.err, result.err
        secret = [line for line in self.key.read_text().splitlines() if line.startswith('AGE')][0]
        result = self.dump('d', '-o', self.folder / 'n.sql.zst.age', '--encrypt-to', secret, code=2)
        assert secret not in result.err and 'secret key' in result.err, result.err
        # Who may write such files chooses who reads the dump, or whose word is taken.
        for name, words in (('list', ['dump', *self.options, 'd', '-o', self.folder / 'n.sql.zst.age', '--recipients-file']),
                            ('all.pub', ['verify', self.archive, '--verify-key'])):
            path = self.folder / name
            path.write_text(self.recipient + '\n' if name == 'list' else self.public.read_text())
            path.chmod(0o646)
            result = self.program.run(*words, path).expect(2)
            assert 'everybody may write it' in result.err and 'chmod o-w' in result.err, result.err
            path.unlink()
        (self.folder / 'list').write_text(f'# both\n{self.recipient}\n{self.stranger}\n')
        self.dump('d', '--only', 'd.t', '-o', self.folder / 'n.sql.zst.age', '--recipients-file', self.folder / 'list')
        call('age', '-d', '-i', self.other, self.folder / 'n.sql.zst.age')
        # What fails leaves nothing.
        self.dump('no_such_database', '-o', self.folder / 'q.sql.zst.age', '--encrypt-to', self.recipient, '--sign-key',
                  self.sign, code=2)
        assert not list(self.folder.glob('q.*')) and not list(self.folder.glob('n.*.partial'))

    def test_minisign_takes_our_signature_and_we_take_its(self):
        told = call('minisign', '-V', '-p', self.public, '-m', self.archive).decode()
        assert 'verified' in told and 'file:d.sql.zst.age' in told, told
        line = self.public.read_text().splitlines()[1]
        for key in (self.public, line):
            shown = self.program.ok('verify', self.archive, '--identity', self.key, '--verify-key', key).out
            assert 'signed with key' in shown, shown
        theirs = self.folder / 'theirs.sql.zst'
        theirs.write_bytes(call('age', '-d', '-i', self.key, self.archive))
        for options in ([], ['-l']):
            call('minisign', '-S', *options, '-s', self.sign, '-m', theirs, '-t', 'by hand')
            told = json.loads(self.program.ok('verify', theirs, '--json', '--verify-key', self.folder / 'rogue.pub',
                                              '--verify-key', self.public).out)['files'][0]
            assert (told['signature'], told['trusted_comment'], told['encrypted']) == ('good', 'by hand', False), told
        self.program.run('verify', theirs, '--verify-key', self.folder / 'rogue.pub').expect(25)

    def test_verify_tells_damage_from_forgery(self):
        sound, forged = self.folder / 's.sql.zst', self.folder / 'f.sql.zst'
        self.dump('d', '--only', 'd.t', '-o', sound, '--sign-key', self.sign)
        self.server.sql("UPDATE d.t SET v = 'forged' WHERE id = 1")
        self.dump('d', '--only', 'd.t', '-o', forged)
        self.server.sql("UPDATE d.t SET v = 'a' WHERE id = 1")
        shutil.copy(f'{sound}.minisig', f'{forged}.minisig')

        def verdict(path, code, *words):
            return json.loads(self.program.run('verify', path, '--json', '--verify-key', self.public, *words)
                              .expect(code).out)['files'][0]
        assert verdict(sound, 0)['signature'] == 'good'
        told = verdict(forged, 25)
        assert told['signature'] == 'bad' and 'not what was signed' in told['message'], told
        assert 'rows' in told, told
        damaged = bytearray(sound.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        (self.folder / 'dam.sql.zst').write_bytes(damaged)
        shutil.copy(f'{sound}.minisig', self.folder / 'dam.sql.zst.minisig')
        assert verdict(self.folder / 'dam.sql.zst', 20)['signature'] == 'bad'
        os.remove(f'{forged}.minisig')
        assert verdict(forged, 25)['signature'] == 'missing'
        # Nothing of an unsigned or forged file gets to a server.
        for words in (['--verify-key', self.public], ['--require-signature'],
                      ['--require-signature', '--verify-key', self.public]):
            self.restore(forged, *words, code=25)
        # Of several files one is not signed, or cannot be opened.
        lonely = self.folder / 'e.sql.zst.age'
        self.server.sql('CREATE DATABASE e; CREATE TABLE e.t (id INT PRIMARY KEY)')
        self.dump('e', '-o', lonely, '--encrypt-to', self.recipient)
        for words in (['--identity', self.key, '--verify-key', self.public], []):
            result = self.restore(sound, lonely, *words, code=25)
            assert 'e.sql.zst.age' in result.err, result.err
        self.server.sql('DROP DATABASE e')
        assert not [x for x in self.server.databases() if 'dbomsbak' in x]
        assert self.server.value('SELECT v FROM d.t WHERE id = 1') == 'a'
        result = self.restore(sound, '--only', 'd.t', '--require-signature', '--verify-key', self.public, '--dry-run')
        assert 'is signed with key' in result.err, result.err
        # A dump that replaces a signed one, and is not signed, leaves no signature of what was there.
        self.dump('d', '--only', 'd.t', '-o', sound, code=31)
        self.dump('d', '--only', 'd.t', '-o', sound, '--overwrite')
        assert not pathlib.Path(f'{sound}.minisig').exists()

    def test_a_folder_is_kept_without_a_key_that_opens_it(self):
        folder = self.folder / 'nightly'
        folder.mkdir()

        def snapshot(*words):
            return json.loads(self.program.ok('snapshot', '--json', '--dir', folder, '--label', 'oms', *self.options,
                                              '--only', 'd.t', *words).out)
        first = snapshot('--encrypt-to', self.recipient, '--sign-key', self.sign)
        second = snapshot('--encrypt-to', self.recipient, '--sign-key', self.sign, '--deep', '1')
        name = pathlib.Path(second['file']).name
        assert name.endswith('.sql.zst.age'), second
        call('sha256sum', '-c', '--quiet', name + '.sha256', cwd=folder)
        call('minisign', '-V', '-q', '-p', self.public, '-m', folder / name)
        for words in ([], ['--identity', self.key]):
            listed = json.loads(self.program.ok('list', folder, '--json', *words).out)['archives']
            assert [(x['state'], x['tables'], x['rows'], x['root']) for x in listed] == [
                ('good', 1, 2, made['receipt']['root']) for made in (first, second)], listed
        self.program.ok('list', folder, '--check-age', '1h')
        # A file of another size is not what the proof speaks of.
        with open(first['file'], 'ab') as file:
            file.write(b'x')
        listed = json.loads(self.program.ok('list', folder, '--json').out)['archives']
        assert [x['state'] for x in listed] == ['unreadable', 'good'], listed
        os.truncate(first['file'], os.path.getsize(first['file']) - 1)
        third = snapshot('--encrypt-to', self.recipient, '--keep', '1')
        left = sorted(path.name for path in folder.iterdir() if path.is_file())
        name = pathlib.Path(third['file']).name
        assert left == [name, name + '.sha256', name + '.verified'], left
        self.program.ok('verify', third['file'], '--identity', self.key)

    def test_a_key_may_have_a_password(self):
        # One that minisign made where there was little memory, and one with its usual 1 GiB, which takes seconds.
        for name in ['little-memory'] if sanitized() else ['little-memory', 'locked']:
            (self.folder / 'pw').write_text('geheim\n')
            file = self.folder / f'{name}.sql.zst'
            result = self.dump('d', '--only', 'd.t', '-o', file, '--sign-key', GOLDEN / f'{name}.key', '--sign-password-file',
                               self.folder / 'pw', '-v')
            assert 'geheim' not in result.err + result.out
            call('minisign', '-V', '-q', '-p', GOLDEN / f'{name}.pub', '-m', file)
        (self.folder / 'pw').write_text('falsch\n')
        result = self.dump('d', '-o', self.folder / 'm.sql.zst', '--sign-key', GOLDEN / 'little-memory.key', '--sign-password-file',
                           self.folder / 'pw', code=25)
        assert 'falsch' not in result.err, result.err
        assert not list(self.folder.glob('m.sql*')), 'files of a dump that never began'


def main():
    for program in ('age', 'minisign'):
        if shutil.which(program) is None:
            print(f'skipped: there is no {program}')
            return 77
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        return runner.run(Tests(server, pathlib.Path(folder)), sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
