#!/usr/bin/env python3
"""A server that asks for a file of this machine gets nothing, whatever it was asked.

The protocol lets a server answer any statement with "send me that file". Restore loads rows that way, so the client
library is told that it may; what answers must be the program alone, and only for rows.
"""

import pathlib
import socket
import struct
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402

SECRET = b'what only this machine knows'
CAPABILITIES = 0x0000A2A5 | 0x00080000  # 4.1 protocol, local files, secure connection; plugin auth


def packet(number, body):
    return struct.pack('<I', len(body))[:3] + bytes([number]) + body


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
        salt = b'abcdefgh' b'ijklmnopqrst\0'
        client.sendall(packet(0, b'\x0a' b'10.11.19-MariaDB\0' + struct.pack('<I', 1) + salt[:8] + b'\0'
                              + struct.pack('<H', CAPABILITIES & 0xFFFF) + b'\x2d' + struct.pack('<H', 2)
                              + struct.pack('<H', CAPABILITIES >> 16) + bytes([21]) + bytes(10) + salt[8:]
                              + b'mysql_native_password\0'))
        self.read(stream)
        client.sendall(packet(2, b'\0\0\0\x02\0\0\0'))
        while (command := self.read(stream)) and command[0] in (3, 22):
            self.asked += 1
            client.sendall(packet(1, b'\xfb' + self.file))
            while self.read(stream):  # the file, up to an empty packet
                pass
            client.sendall(packet(3, b'\xff\x51\x04#HY000what a pity'))


def main():
    program = Program()
    with tempfile.TemporaryDirectory() as folder:
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
    print('ok')


if __name__ == '__main__':
    main()
