#!/usr/bin/env python3
# ctest: timeout=600
"""Archives in an object store: S3 as moto's server speaks it, with signatures checked; what is in it is judged by AWS's
own client (boto3), sha256sum, zstd and mysql.
"""

import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.objects import Gate, ObjectStore, answer, python_with_moto  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402

ROWS = 17_500  # more than two parts
KEY = 'backups/shop.sql.zst'
URL = f's3://bucket/{KEY}'


class Objects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = cls.enterClassContext(ObjectStore())
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.server.sql(f'''CREATE DATABASE shop; USE shop;
CREATE TABLE small (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO small VALUES (1, 'a'), (2, 'b'), (3, 'c');
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(1100));
INSERT INTO t SELECT seq, CONCAT(MD5(seq), REPEAT('x', 968)) FROM seq_1_to_{ROWS};''')
        with tempfile.TemporaryDirectory() as folder:
            whole, small = (pathlib.Path(folder) / name for name in ('whole.sql.zst', 'small.sql.zst'))
            for path, options in ((whole, ['--compress=0']), (small, ['--only', 'shop.small'])):
                cls.program.run('dump', *cls.server.client_options(), 'shop', '-o', path, *options).expect(0)
            cls.whole, cls.small = whole.read_bytes(), small.read_bytes()

    def setUp(self):
        self.store.empty()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_program(self, *arguments, code=0, user='writer', endpoint=None, env=None, timeout=120):
        environment = self.store.environment(user, endpoint) if env is None else env
        return self.program.run(*arguments, env=environment, timeout=timeout).expect(code)

    def dump(self, *options, url=URL, **how):
        return self.run_program('dump', *self.server.client_options(), 'shop', '-o', url, *options, **how)

    def fetched(self, key=KEY):
        path = self.folder / pathlib.Path(key).name
        path.write_bytes(self.store.read(key))
        return path

    def checksum(self):
        return self.server.rows('CHECKSUM TABLE shop.t, shop.small')

    def test_the_object_is_the_file_that_a_dump_writes(self):
        told = self.dump('--compress=0')  # several parts
        self.assertEqual(self.store.names(), [KEY, KEY + '.sha256'])
        self.assertEqual(self.store.uploads(), [])
        path = self.fetched()
        self.assertGreater(path.stat().st_size, 16 << 20)
        self.fetched(KEY + '.sha256')
        subprocess.run(['sha256sum', '--quiet', '-c', path.name + '.sha256'], cwd=self.folder, check=True)
        subprocess.run(['zstd', '-tq', path], check=True)
        receipt = told.err.split('sha256:')[1].split()[0]
        for place in (path, URL):
            self.run_program('verify', '--expect', receipt, place)
        whole = self.run_program('cat', path).stdout
        self.assertEqual(self.run_program('cat', URL).stdout, whole)
        self.assertIn(URL, self.run_program('info', URL).out)

    def test_restored_and_compared_straight_from_the_store(self):
        self.store.write(KEY, self.whole)
        before = self.checksum()
        self.run_program('diff', *self.server.client_options(), URL)
        self.server.sql("DELETE FROM shop.t WHERE id % 2; INSERT INTO shop.small VALUES (4, 'd'); CREATE TABLE shop.u (a INT);")
        self.run_program('diff', *self.server.client_options(), URL, code=4)
        self.run_program('restore', '--yes', *self.server.client_options(), URL)
        self.assertEqual(self.checksum(), before)
        self.run_program('purge', '--yes', *self.server.client_options())

    def test_a_small_table_is_read_without_the_rest(self):
        self.store.write(KEY, self.whole)
        asked = []
        with Gate(self.store, lambda number, method, target: asked.append(method)) as gate:
            told = self.run_program('cat', '--only', 'shop.small', URL, endpoint=gate.endpoint)
        self.assertIn("(3,'c')", told.out)
        self.assertLessEqual(len(asked), 8)
        self.assertLess(gate.answered, len(self.whole) // 2)

    def test_an_object_that_is_there_is_kept(self):
        self.store.write(KEY, b'mine')
        self.dump(code=31)
        self.assertEqual(self.store.read(KEY), b'mine')
        with Gate(self.store, lambda n, method, target: answer(400, 'InvalidPart') if method == 'POST' and 'uploadId' in target
                  else None) as gate:
            self.dump('--overwrite', code=30, endpoint=gate.endpoint)
        self.assertEqual((self.store.read(KEY), self.store.uploads()), (b'mine', []))
        self.dump('--overwrite', '--only', 'shop.small')
        self.run_program('verify', URL)

    def test_encrypted_and_signed(self):
        keys = [self.folder / name for name in ('age.key', 'minisign.pub', 'minisign.key')]
        subprocess.run(['age-keygen', '-o', keys[0]], check=True, capture_output=True)
        subprocess.run(['minisign', '-G', '-W', '-f', '-p', keys[1], '-s', keys[2]], check=True, capture_output=True)
        recipient = subprocess.run(['age-keygen', '-y', keys[0]], check=True, capture_output=True, text=True).stdout.strip()
        self.dump('--encrypt-to', recipient, '--sign-key', keys[2], url=URL + '.age')
        path = self.fetched(KEY + '.age')
        self.fetched(KEY + '.age.minisig')
        subprocess.run(['minisign', '-Vq', '-p', keys[1], '-m', path], check=True)
        with open(self.folder / 'plain', 'wb') as out:
            subprocess.run(['age', '-d', '-i', keys[0], path], check=True, stdout=out)
        subprocess.run(['zstd', '-tq', self.folder / 'plain'], check=True)
        self.run_program('verify', '--identity', keys[0], '--verify-key', keys[1], URL + '.age')
        self.run_program('verify', URL + '.age', code=25)

    def test_what_is_wrong_is_told_by_its_code(self):
        self.store.write(KEY, self.small)
        environment = self.store.environment()
        wrong = dict(environment, AWS_SECRET_ACCESS_KEY='wrongwrongwrong')
        told = self.run_program('verify', URL, env=wrong, code=10)
        self.assertIn('SignatureDoesNotMatch', told.err)
        if 'reader' in self.store.keys:  # versitygw has words of its own
            self.assertIn('InvalidAccessKeyId', self.run_program('verify', URL, env=dict(
                environment, AWS_ACCESS_KEY_ID='AKIANOBODY'), code=10).err)
            self.run_program('verify', URL, user='reader')
            self.assertIn('AccessDenied', self.dump(url=URL + '2.sql.zst', user='reader', code=11).err)
        self.assertIn('NoSuchBucket', self.run_program('verify', 's3://nobucket/x.sql.zst', code=30).err)
        self.assertIn('NoSuchBucket', self.dump(url='s3://nobucket/x.sql.zst', code=30).err)
        self.assertIn('no such object', self.run_program('verify', URL + 'x', code=30).err)
        self.run_program('verify', 's3://bucket/', code=2)
        self.run_program('verify', URL, env=dict(environment, AWS_ENDPOINT_URL='store'), code=2)
        self.assertIn('no credentials', self.run_program('verify', URL, env={
            'AWS_ENDPOINT_URL': self.store.endpoint, 'AWS_EC2_METADATA_DISABLED': 'true'}, code=2).err)
        data = bytearray(self.small)
        data[len(data) // 2] ^= 1
        self.store.write(KEY, bytes(data))
        self.run_program('verify', URL, code=20)
        self.store.write(KEY, bytes(data[:-100]))
        self.run_program('verify', URL, code=21)

    def test_no_secret_is_told(self):
        environment = self.store.environment(AWS_SESSION_TOKEN='tokentokentoken')
        told = self.dump('--verbose', env=environment, code=10)
        told = [told, self.dump('--verbose'), self.dump('--verbose', code=31)]
        for text in (each.out + each.err for each in told):
            self.assertNotIn(environment['AWS_SECRET_ACCESS_KEY'], text)
            self.assertNotIn('tokentokentoken', text)

    def test_profiles_and_the_option(self):
        self.store.write(KEY, self.small)
        key, secret = self.store.keys['writer']
        home = pathlib.Path(self.program.home) / '.aws'
        home.mkdir()
        (home / 'credentials').write_text(f'[backup]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n')
        (home / 'config').write_text(f'[profile backup]\nendpoint_url = {self.store.endpoint}\n')
        try:
            self.run_program('verify', URL, env={'AWS_PROFILE': 'backup'})
            self.run_program('verify', '--s3-endpoint', self.store.endpoint, URL,
                             env={'AWS_PROFILE': 'backup', 'AWS_ENDPOINT_URL': 'http://127.0.0.1:1'})
            self.run_program('verify', URL, env={'AWS_PROFILE': 'other'}, code=2)
        finally:
            (home / 'credentials').unlink()
            (home / 'config').unlink()
            home.rmdir()

    def test_a_store_that_cannot_prove_who_it_is_gets_nothing(self):
        self.store.write(KEY, self.small)
        certificate, key = self.folder / 'c.pem', self.folder / 'k.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days',
                        '2', '-subj', '/CN=store', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', certificate, '-keyout', key],
                       check=True, capture_output=True)
        with Gate(self.store, certificate=certificate, key=key) as gate:
            told = self.run_program('verify', URL, endpoint=gate.endpoint, code=10)
            self.assertIn('self-signed certificate', told.err)
            self.assertIn('AWS_CA_BUNDLE', told.err)
            self.assertEqual(gate.seen, [])
            environment = self.store.environment(endpoint=gate.endpoint, AWS_CA_BUNDLE=str(certificate))
            self.run_program('verify', URL, env=environment)
            self.run_program('verify', URL, code=10, env=dict(
                environment, AWS_ENDPOINT_URL=gate.endpoint.replace('127.0.0.1', 'localhost'), no_proxy='localhost'))
            self.assertIn('AWS_CA_BUNDLE', self.run_program('verify', URL, code=10, env=dict(
                environment, AWS_CA_BUNDLE=str(self.folder / 'none'))).err)

    def test_any_name_will_do(self):
        key = "odd names/a b+c%20d'e&f=g(1)ü~.sql.zst"
        self.dump('--only', 'shop.small', url=f's3://bucket/{key}')
        self.assertEqual(self.store.names(), [key, key + '.sha256'])
        self.run_program('verify', f's3://bucket/{key}')
        self.run_program('list', 's3://bucket/odd names')

    def test_accidents_on_the_way_change_nothing(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        kinds = [answer(503, 'SlowDown'), answer(500), answer(429, headers='Retry-After: 0\r\n'), 'reset', 'lose', 'cut']
        with Gate(self.store) as gate, self.subTest(seed=seed):
            self.dump('--only', 'shop.small', endpoint=gate.endpoint)
            asked = set(gate.seen)
            self.store.empty()
            met = {}

            def judge(number, method, target):
                where = (method, target.split('uploadId')[0])
                if where in met:
                    return None
                met[where] = chance.choice(kinds)
                return met[where]

            gate.judge = judge  # every request fails once
            self.dump('--only', 'shop.small', endpoint=gate.endpoint)
            self.assertGreaterEqual(set(met), {(method, target.split('uploadId')[0]) for method, target in asked})
            self.assertEqual(self.store.names(), [KEY, KEY + '.sha256'])
            # Only uploads whose number was lost with the answer may be left; nothing is in them.
            lost = [where for where, kind in met.items() if where[1].endswith('?uploads=') and kind in ('lose', 'cut')]
            self.assertEqual(len(self.store.uploads()), len(lost), met)
            gate.judge = lambda number, method, target: chance.choice(kinds) if chance.random() < 0.1 else None
            self.dump('--overwrite', '--compress=0', endpoint=gate.endpoint)
            self.run_program('verify', URL, endpoint=gate.endpoint)
        self.run_program('verify', URL)

    def test_a_store_that_fails_for_good_leaves_nothing(self):
        with Gate(self.store, lambda number, method, target: answer(507) if 'partNumber' in target else None) as gate:
            told = self.dump(endpoint=gate.endpoint, code=30)
        self.assertIn('507', told.err)
        self.assertEqual((self.store.names(), self.store.uploads()), ([], []))

    def stopped(self, number):
        """A dump that is sent a signal while its second part is on its way."""
        process = None

        def judge(_, method, target):
            if 'partNumber=2' in target:
                process.send_signal(number)
                time.sleep(0.5)
                return 'reset'
            return None

        with Gate(self.store, judge) as gate:
            process = self.program.start('dump', *self.server.client_options(), 'shop', '--compress=0', '-o', URL,
                                         env=self.store.environment(endpoint=gate.endpoint))
            process.communicate(timeout=60)
        return process.returncode

    def test_stopped_or_killed_nothing_is_there(self):
        self.assertEqual(self.stopped(signal.SIGINT), 130)
        self.assertEqual((self.store.names(), self.store.uploads()), ([], []))
        self.assertEqual(self.stopped(signal.SIGKILL), -signal.SIGKILL)
        self.assertEqual(self.store.names(), [])
        self.dump()  # what it left of its upload is in nobody's way

    def test_stopped_at_its_very_end_it_tells_what_is_there(self):
        """The upload is completed, and nobody hears of it: the old object is not said to be there."""
        self.store.write(KEY, b'mine')
        process, asked = None, []

        def judge(_, method, target):
            if method == 'POST' and 'uploadId' in target:
                if asked:  # it was completed, and is asked for again
                    process.send_signal(signal.SIGTERM)
                    time.sleep(0.5)
                asked.append(target)
                return 'lose'
            return None

        with Gate(self.store, judge) as gate:
            process = self.program.start('dump', *self.server.client_options(), 'shop', '--overwrite', '-o', URL,
                                         env=self.store.environment(endpoint=gate.endpoint))
            told = process.communicate(timeout=60)[1].decode()
        self.assertEqual(process.returncode, 143, told)
        self.assertNotEqual(self.store.read(KEY), b'mine')
        self.assertIn(f"'{URL}' itself is there, and whole", told)
        self.assertNotIn('as it was before', told)
        self.run_program('verify', URL)

    def test_data_that_an_object_may_not_hold_is_warned_of(self):
        self.server.sql('CREATE DATABASE huge; CREATE TABLE huge.big (id INT NOT NULL) ENGINE=MyISAM; FLUSH TABLES huge.big')
        with open(pathlib.Path(self.server.value('SELECT @@datadir')) / 'huge' / 'big.MYI', 'r+b') as file:
            file.seek(68)  # where its head says how long it is
            file.write((1 << 40).to_bytes(8, 'big'))
        try:
            told = self.run_program('dump', *self.server.client_options(), 'huge', '-o', URL, code=14)  # its head lies
        finally:
            self.server.sql('DROP DATABASE huge')
        self.assertIn('the tables hold about 1.0 TiB, and an object takes 78.1 GiB', told.err)

    def snapshot(self, *options, **how):
        return self.run_program('snapshot', '--dir', 's3://bucket/folder', '--label', 'shop', *self.server.client_options(),
                                '--only', 'shop.small', *options, **how)

    def archives(self):
        return [name for name in self.store.names('folder/') if name.endswith('.sql.zst')]

    def test_snapshots_are_kept_in_a_folder_of_the_store(self):
        told = [self.snapshot('--keep', 2), self.snapshot('--keep', 2, '--pin', 'before 4.2.6')]
        first, second = [each.err.split('s3://bucket/')[1].split(',')[0] for each in told]
        self.assertEqual(self.store.names('folder/'), sorted(
            [name + suffix for name in (first, second) for suffix in ('', '.sha256', '.verified')] + [second + '.pin']))
        self.run_program('verify', *(f's3://bucket/{name}' for name in (first, second)))
        listed = json.loads(self.run_program('list', '--json', 's3://bucket/folder').out)
        self.assertEqual([entry['state'] for entry in listed['archives']], ['good', 'good'])
        self.run_program('list', '--check-age', '1h', 's3://bucket/folder')
        self.run_program('list', '--check-age', '1h', 's3://bucket/elsewhere', code=5)
        self.snapshot('--keep', 1)
        kept = self.archives()
        self.assertEqual((len(kept), first in kept, second in kept), (2, False, True))  # it is pinned
        self.run_program('prune', '--keep', 1, 's3://bucket/folder')
        self.assertEqual(self.archives(), kept)
        self.assertEqual(self.store.uploads(), [])

    def snapshot_that_ends(self, how):
        """A snapshot that `how` ends when its archive is completed in the work folder, and the answer is lost."""
        seen = []

        def judge(number, method, target):
            if 'uploadId' in target and method == 'POST' and '/.dbomsbak/' in target:
                seen.append(target)
                process.send_signal(how)
                time.sleep(0.5)
                return 'reset'
            return None

        with Gate(self.store, judge) as gate:
            process = self.program.start('snapshot', '--dir', 's3://bucket/folder', *self.server.client_options(), 'shop',
                                         env=self.store.environment(endpoint=gate.endpoint))
            process.communicate(timeout=60)
        self.assertTrue(seen)
        return process

    def test_a_snapshot_that_is_stopped_publishes_nothing(self):
        process = self.snapshot_that_ends(signal.SIGTERM)
        self.assertEqual(process.returncode, 143)
        # A store that takes longer than a stopped run waits may keep its lock and what it was writing.
        self.assertEqual(self.archives(), [])

    def test_a_snapshot_that_is_killed_is_swept_by_the_next(self):
        self.snapshot_that_ends(signal.SIGKILL)
        self.assertEqual(self.archives(), [])
        self.assertIn('process', self.snapshot(code=32).err)  # for ten minutes it may still be alive
        self.store.call('delete_object', Bucket='bucket', Key='folder/.dbomsbak/lock')
        self.snapshot()
        self.assertEqual(len(self.archives()), 1)
        self.assertEqual((self.store.names('folder/.dbomsbak/'), self.store.uploads()), ([], []))


if __name__ == '__main__':
    try:
        python_with_moto()
    except unittest.SkipTest as reason:
        print(f'objects_test: skipped: {reason}')
        sys.exit(77)
    unittest.main(verbosity=2)
