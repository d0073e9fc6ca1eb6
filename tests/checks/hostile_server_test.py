#!/usr/bin/env python3
"""Servers that are not what they should be: what they get of this machine, and of the password.

The protocol lets a server answer any statement with "send me that file". Restore loads rows that way, so the client
library is told that it may; what answers must be the program alone, and only for rows. It also lets a server say in
which way the password shall come, clear text included.
"""

import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402

SECRET = b'what only this machine knows'
PASSWORD = 'Geheim-4711'
CAPABILITIES = 0x0000A2A5 | 0x00080000  # 4.1 protocol, local files, secure connection; plugin auth
TLS = 0x0800
SALT = b'abcdefgh' b'ijklmnopqrst\0'


def packet(number, body):
    return struct.pack('<I', len(body))[:3] + bytes([number]) + body


def greeting(capabilities=CAPABILITIES, version=b'10.11.19-MariaDB', plugin=b'mysql_native_password'):
    return (b'\x0a' + version + b'\0' + struct.pack('<I', 1) + SALT[:8] + b'\0'
            + struct.pack('<H', capabilities & 0xFFFF) + b'\x2d' + struct.pack('<H', 2)
            + struct.pack('<H', capabilities >> 16) + bytes([21]) + bytes(10) + SALT[8:] + plugin + b'\0')


class HostileServer(threading.Thread):
    """Speaks as much of the protocol as a client must see."""

    def __init__(self, file):
        super().__init__(daemon=True)
        self.file = str(file).encode()
        self.received, self.asked = b'', 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]

    def read(self, stream):
        head = stream.read(4)
        if len(head) < 4:
            return None
        body = stream.read(int.from_bytes(head[:3], 'little'))
        self.received += body
        return body

    def run(self):
        while True:
            client, _ = self.listener.accept()
            with client, client.makefile('rb') as stream:
                try:
                    self.serve(client, stream)
                except OSError:
                    pass

    def serve(self, client, stream):
        client.sendall(packet(0, greeting()))
        self.read(stream)
        client.sendall(packet(2, b'\0\0\0\x02\0\0\0'))
        while (command := self.read(stream)) and command[0] in (3, 22):
            self.asked += 1
            client.sendall(packet(1, b'\xfb' + self.file))
            while self.read(stream):  # the file, up to an empty packet
                pass
            client.sendall(packet(3, b'\xff\x51\x04#HY000what a pity'))


class PasswordThief(HostileServer):
    """Greets with `first` bytes and asks for the password by `plugin`; `dripping` byte by byte; `context` speaks TLS."""

    def __init__(self, first=None, plugin=b'mysql_clear_password', more=b'', dripping=False, context=None):
        super().__init__('')
        self.first = packet(0, greeting()) if first is None else first
        self.plugin, self.more, self.dripping, self.context = plugin, more, dripping, context
        self.raw = b''
        self.start()

    def read(self, stream):
        head = stream.read(4)
        self.raw += head
        body = stream.read(int.from_bytes(head[:3], 'little')) if len(head) == 4 else b''
        self.raw += body
        return body

    def serve(self, client, stream):
        for piece in [self.first[i:i + 1] for i in range(len(self.first))] if self.dripping else [self.first]:
            client.sendall(piece)
            if self.dripping:
                time.sleep(0.001)
        number = 1
        if self.context:
            request = b''  # unbuffered: what follows is the handshake's
            while len(request) < 36 and (piece := client.recv(36 - len(request))):
                request += piece
            if len(request) < 36:
                return
            client = self.context.wrap_socket(client, server_side=True)
            stream, number = client.makefile('rb'), 2
        if self.read(stream):
            client.sendall(packet(number + 1, b'\xfe' + self.plugin + b'\0' + self.more))
            if self.read(stream):
                client.sendall(packet(number + 3, b'\xff\x15\x04#28000no'))

    def rob(self, program, *options):
        ended = program.run('check', '--no-defaults', '-h', '127.0.0.1', '-P', self.port, '-u', 'annabel',
                            '--connect-timeout=5', *options, 'd', env={'DBOMSBAK_PASSWORD': PASSWORD}, timeout=60)
        if ended.code != 10 or PASSWORD in ended.out + ended.err:
            raise SystemExit(f'{options}: {ended.code}\n{ended.out}{ended.err}')
        return ended.err


def files_stay_here(program, folder):
    secret = pathlib.Path(folder) / 'secret'
    secret.write_bytes(SECRET)
    server = HostileServer(secret)
    server.start()
    archive = next((pathlib.Path(__file__).resolve().parent.parent.parent / 'formats/archive-v1/valid').glob('*.sql.zst'))
    for command in (['dump', 'd'], ['restore', '--yes', archive], ['check'], ['status']):
        asked = server.asked
        ended = program.run(command[0], '-h', '127.0.0.1', '-P', server.port, '-u', 'root', '--ssl-mode=DISABLED', *command[1:], timeout=60)
        if ended.code == 0 or server.asked == asked:
            raise SystemExit(f'{command[0]}: {ended.code}, the server was not asked\n{ended.err}')
        if SECRET in server.received:
            raise SystemExit(f'{command[0]} sent the file')


def no_password_in_clear(program):
    for plugin, more in ((b'mysql_clear_password', b''), (b'dialog', b'\x04password?')):
        for options in ([], ['--ssl-mode=PREFERRED'], ['--ssl-mode=DISABLED']):
            thief = PasswordThief(plugin=plugin, more=more)
            said = thief.rob(program, *options)
            if b'annabel' not in thief.raw or PASSWORD.encode() in thief.raw:
                raise SystemExit(f'{plugin}, {options}: it got {thief.raw}')
            # Oracle's library has words of its own.
            if 'clear text' not in said and 'plugin' not in said:
                raise SystemExit(f'{plugin}, {options}: {said}')
    # One that proves the password without sending it is spoken.
    thief = PasswordThief(plugin=b'caching_sha2_password', more=SALT)
    thief.rob(program)
    if len(thief.raw) < 4 + 4 + 32:
        raise SystemExit(f'caching_sha2_password is not spoken: {thief.raw}')


def nothing_without_tls(program, folder):
    """Where TLS was asked for, a server that offers none gets nothing, whatever its greeting looks like."""
    no = greeting()
    authority = f'--ssl-ca={folder}/one.pem'
    behind = b'\x0a10.11.19-MariaDB\0' + bytes(12)  # ends before its capabilities
    greetings = {
        'plain': packet(0, no), 'in short': packet(0, no[:no.index(b'\0') + 16]),
        'a long version': packet(0, greeting(version=b'8.' + b'0' * 60000)),
        'an endless version': packet(0, greeting(CAPABILITIES | TLS, version=b'8.' + b'0' * 600000)),
        'TLS in the next packet': packet(0, behind) + b'\xff\xff\xff\xff' + packet(1, greeting(CAPABILITIES | TLS)),
        'MySQL': packet(0, greeting(version=b'9.7.0', plugin=b'mysql_clear_password')),
    }
    for name, first in greetings.items():
        for options in (['--ssl-mode=REQUIRED'], ['--ssl-mode=VERIFY_CA', authority], ['--ssl-mode=VERIFY_IDENTITY', authority]):
            thief = PasswordThief(first, dripping=name == 'plain')
            said = thief.rob(program, *options)
            if thief.raw:
                raise SystemExit(f'{name}, {options}: it got {thief.raw}')
            if name == 'plain' and 'TLS is required' not in said and 'SSL' not in said:
                raise SystemExit(f'{name}, {options}: {said}')
    # What a server that takes nobody says is still told.
    said = PasswordThief(packet(0, b'\xff\x10\x04Too many connections')).rob(program, '--ssl-mode=REQUIRED')
    if 'Too many connections' not in said:
        raise SystemExit(said)


def nothing_to_a_stranger(program, folder):
    """A man in the middle who speaks TLS, with a certificate of another name, or of another authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f'{folder}/one.pem', f'{folder}/one.key')
    offer = packet(0, greeting(CAPABILITIES | TLS))
    for mode, authority, gets_it in (('REQUIRED', None, True), ('VERIFY_CA', 'one', True), ('VERIFY_CA', 'other', False),
                                     ('VERIFY_IDENTITY', 'one', False), ('VERIFY_IDENTITY', 'other', False)):
        thief = PasswordThief(offer, context=context)
        thief.rob(program, f'--ssl-mode={mode}', *([f'--ssl-ca={folder}/{authority}.pem'] if authority else []))
        if (b'annabel' in thief.raw) != gets_it or (not gets_it and thief.raw):
            raise SystemExit(f'{mode}, {authority}: it got {thief.raw}')


def main():
    program = Program()
    with tempfile.TemporaryDirectory() as folder:
        files_stay_here(program, folder)
        no_password_in_clear(program)
        if shutil.which('openssl') is None:
            raise SystemExit('openssl is missing')
        for name in ('one', 'other'):
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', f'{name}.key',
                            '-out', f'{name}.pem', '-subj', f'/CN={name}.invalid'], cwd=folder, check=True, capture_output=True)
        nothing_without_tls(program, folder)
        nothing_to_a_stranger(program, folder)
    print('ok')


if __name__ == '__main__':
    main()
