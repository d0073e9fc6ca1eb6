"""A throwaway object store that speaks S3 and checks signatures: moto's server, from PyPI, in a cached folder. With the
path of a versitygw in DBOMSBAK_OBJECT_STORE that one, on a folder of files (go install
github.com/versity/versitygw/cmd/versitygw@latest).

    with ObjectStore() as store:
        program.ok('verify', 's3://bucket/x.sql.zst', env=store.environment())
        store.call('list_objects_v2', Bucket='bucket')      # by boto3, AWS's own client
"""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import venv

PACKAGES = ['moto[s3]==5.2.5', 'flask', 'flask-cors']
CACHE = pathlib.Path(os.environ.get('XDG_CACHE_HOME', os.path.expanduser('~/.cache'))) / 'dbomsbak'

# Runs in that Python. One JSON object a line in and out; ends with its standard input.
SERVER = r'''
import base64, json, logging, secrets, socket, subprocess, sys, tempfile, time
import boto3
from botocore.config import Config

program = sys.argv[1]
if program:
    folder = tempfile.TemporaryDirectory(prefix='dbs3-')
    with socket.create_server(('127.0.0.1', 0)) as free:
        address = '127.0.0.1:%d' % free.getsockname()[1]
    endpoint = 'http://' + address
    key = ['AKIA' + secrets.token_hex(8).upper(), secrets.token_hex(20)]
    keys = {'writer': key}
    child = subprocess.Popen([program, '--port', address, '--access', key[0], '--secret', key[1], 'posix', folder.name],
                             stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(address.split(':')).close()
            break
        except OSError:
            time.sleep(0.1)
else:
    from moto import settings
    from moto.server import ThreadedMotoServer
    logging.getLogger('werkzeug').setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
    server.start()
    endpoint = 'http://%s:%d' % server.get_host_and_port()

def client(service, key='x', secret='x'):
    return boto3.client(service, endpoint_url=endpoint, region_name='us-east-1', aws_access_key_id=key,
                        aws_secret_access_key=secret, config=Config(retries={'max_attempts': 1}))

if not program:
    iam = client('iam')
    keys = {}
    for user, actions in (('writer', ['s3:*']), ('reader', ['s3:GetObject', 's3:ListBucket'])):
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName='p', PolicyDocument=json.dumps(
            {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': actions, 'Resource': '*'}]}))
        made = iam.create_access_key(UserName=user)['AccessKey']
        keys[user] = [made['AccessKeyId'], made['SecretAccessKey']]
s3 = client('s3', *keys['writer'])
s3.create_bucket(Bucket='bucket')
if not program:
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0  # from here on every request must be signed, and allowed
print(json.dumps({'endpoint': endpoint, 'keys': keys}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        if 'Body' in asked['arguments']:
            asked['arguments']['Body'] = base64.b64decode(asked['arguments']['Body'])
        answer = getattr(s3, asked['call'])(**asked['arguments'])
        if 'Body' in answer:
            answer['Body'] = base64.b64encode(answer['Body'].read()).decode()
        answer.pop('ResponseMetadata', None)
        print(json.dumps({'answer': answer}, default=str), flush=True)
    except Exception as error:
        print(json.dumps({'error': str(error)}), flush=True)
if program:
    child.terminate()
    child.wait()
'''


def python_with_moto():
    folder = CACHE / f'venv-moto-5.2.5-{sys.version_info.major}.{sys.version_info.minor}'
    python = folder / 'bin' / 'python'
    if python.exists():
        return python
    new = folder.with_name(f'{folder.name}.{os.getpid()}')
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        venv.create(new, with_pip=True)
        subprocess.run([new / 'bin' / 'python', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check',
                        *PACKAGES], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with contextlib.suppress(OSError):  # another one was quicker
            new.rename(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise unittest.SkipTest(f'moto cannot be had here: {getattr(error, "stderr", error)!s:.300}') from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return python


class ObjectStore:
    """Has an empty `bucket`; `keys` of a writer, who may do everything there, and of a reader."""

    def __enter__(self):
        self._log = tempfile.TemporaryFile()  # of requests that the program gives up, too
        self._process = subprocess.Popen([python_with_moto(), '-c', SERVER, os.environ.get('DBOMSBAK_OBJECT_STORE', '')],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
                                         env=dict(os.environ, no_proxy='127.0.0.1'))
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            raise RuntimeError(f'the object store does not start: {self._log.read()[-3000:]}')
        told = json.loads(line)
        self.endpoint, self.keys = told['endpoint'], told['keys']
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def environment(self, user='writer', endpoint=None, **more):
        key, secret = self.keys[user]
        return {'AWS_ACCESS_KEY_ID': key, 'AWS_SECRET_ACCESS_KEY': secret, 'AWS_REGION': 'us-east-1',
                'AWS_ENDPOINT_URL': endpoint or self.endpoint, 'no_proxy': '127.0.0.1', **more}

    def call(self, call, **arguments):
        if 'Body' in arguments:
            arguments['Body'] = base64.b64encode(arguments['Body']).decode()
        print(json.dumps({'call': call, 'arguments': arguments}), file=self._process.stdin, flush=True)
        told = json.loads(self._process.stdout.readline())
        if 'error' in told:
            raise RuntimeError(f'{call}: {told["error"]}')
        return told['answer']

    def read(self, key, bucket='bucket'):
        return base64.b64decode(self.call('get_object', Bucket=bucket, Key=key)['Body'])

    def write(self, key, data, bucket='bucket'):
        self.call('put_object', Bucket=bucket, Key=key, Body=data)

    def names(self, prefix='', bucket='bucket'):
        return [o['Key'] for o in self.call('list_objects_v2', Bucket=bucket, Prefix=prefix).get('Contents', [])]

    def uploads(self, bucket='bucket'):
        return [u['Key'] for u in self.call('list_multipart_uploads', Bucket=bucket).get('Uploads', [])]

    def empty(self, bucket='bucket'):
        for name in self.names(bucket=bucket):
            self.call('delete_object', Bucket=bucket, Key=name)
        for upload in self.call('list_multipart_uploads', Bucket=bucket).get('Uploads', []):
            self.call('abort_multipart_upload', Bucket=bucket, Key=upload['Key'], UploadId=upload['UploadId'])


class Gate:
    """Stands before the store, and may do wrong: `judge(request)`, given the number (from 0), method and target of
    each, answers None (pass on), bytes (answer with them), 'reset', 'lose' (pass on, and lose the answer) or 'cut'
    (half of the answer). With `certificate` and its key, files in PEM, it speaks TLS."""

    def __init__(self, store, judge=lambda number, method, target: None, certificate=None, key=None):
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate, key)
        self.judge = judge
        self.seen = []
        self.answered = 0  # bytes
        self._target = store.endpoint.split('//')[1].split(':')
        self._lock = threading.Lock()

    def __enter__(self):
        self._socket = socket.create_server(('127.0.0.1', 0))
        self.endpoint = f'http{"s" if self._tls else ""}://127.0.0.1:%d' % self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    @staticmethod
    def _message(connection, held, bodyless=False):
        """The next message of a connection, whole; b'' at its end."""
        while b'\r\n\r\n' not in held:
            more = connection.recv(1 << 16)
            if not more:
                return b''
            held += more
        head, body = held.split(b'\r\n\r\n', 1)
        size = 0
        for line in head.split(b'\r\n')[1:]:
            name, value = line.split(b':', 1)
            if name.lower() == b'content-length':
                size = int(value)
        if bodyless or b' 204 ' in head.split(b'\r\n')[0] + b' ':
            size = 0
        while len(body) < size:
            more = connection.recv(1 << 16)
            if not more:
                break
            body += more
        return head + b'\r\n\r\n' + body

    def _serve(self, client):
        with contextlib.suppress(OSError), self._tls.wrap_socket(client, server_side=True) if self._tls else client as client:
            while True:
                request = self._message(client, b'')
                if not request:
                    return
                method, target = request.split(b' ', 2)[:2]
                with self._lock:
                    number = len(self.seen)
                    self.seen.append((method.decode(), target.decode()))
                    verdict = self.judge(number, method.decode(), target.decode())
                if isinstance(verdict, bytes):
                    client.sendall(verdict)
                    continue
                if verdict == 'reset':
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
                    return
                with socket.create_connection((self._target[0], int(self._target[1]))) as store:
                    store.sendall(request)
                    answer = self._message(store, b'', method == b'HEAD')
                if verdict == 'lose':
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
                    return
                if verdict == 'cut':
                    client.sendall(answer[:len(answer) // 2])
                    return
                self.answered += len(answer)
                client.sendall(answer)


def answer(status, code='', headers=''):
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>as the test wants</Message></Error>' if code else ''
    return (f'HTTP/1.1 {status} X\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}'
            ).encode()
