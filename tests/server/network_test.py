#!/usr/bin/env python3
# ctest: timeout=900
"""What happens between the program and its server: cut, dripping and stalling connections, KILL, short timeouts, full disks.

A proxy stands between the two, and cuts every connection when so many bytes have come from the server, or gone to it.
DBOMSBAK_NETWORK_POINTS=500 takes so many places in the stream of each command, DBOMSBAK_KILLS=200 so many kills;
DBOMSBAK_SEED repeats a draw.
"""

import os
import pathlib
import random
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.fault_world import HANGS, SETS, World  # noqa: E402
from support.server import ClientError, Server  # noqa: E402

POINTS = int(os.environ.get('DBOMSBAK_NETWORK_POINTS', '3'))
KILLS = int(os.environ.get('DBOMSBAK_KILLS', '6'))
SEED = int(os.environ.get('DBOMSBAK_SEED', random.SystemRandom().randrange(1 << 32)))


class Proxy:
    """Passes bytes on between clients and a port. `cut`: so many bytes that came from the server ('in'), or went to it
    ('out'), and all connections end at once, with a reset or an orderly end; new ones too, where `gone`. `drip`: single
    bytes with pauses for the first so many of each direction. `stall`: every piece waits so many seconds."""

    def __init__(self, port):
        self.port_behind = port
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.begin()
        threading.Thread(target=self._accept, daemon=True).start()

    def begin(self, cut=None, reset=True, gone=False, drip=0, stall=0.0):
        self.cut, self.reset, self.gone, self.drip, self.stall = cut, reset, gone, drip, stall
        self.passed = {'in': 0, 'out': 0}
        self.ended = False
        self.lock = threading.Lock()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            if self.ended and self.gone:
                client.close()
                continue
            server = socket.create_connection(('127.0.0.1', self.port_behind))
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=(client, server), daemon=True).start()

    def _pass(self, client, server):
        begun_behind = self.ended  # after the cut connections go well
        try:
            while not (self.ended and not begun_behind):
                ready, _, _ = select.select([client, server], [], [], 0.05)
                for source in ready:
                    way, target = ('out', server) if source is client else ('in', client)
                    if not self._pass_piece(way, source, target, begun_behind):
                        return
        except OSError:
            pass
        finally:
            for side in (client, server):
                if self.reset:  # closed so, a connection is reset
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                side.close()

    def _pass_piece(self, way, source, target, begun_behind):
        drips = self.passed[way] < self.drip
        data = source.recv(1 if drips else 65536)
        if not data:
            return False
        if drips:
            time.sleep(0.0005)
        time.sleep(self.stall)
        with self.lock:
            room = self.cut[1] - self.passed[way] if self.cut and self.cut[0] == way and not begun_behind else len(data)
            self.passed[way] += len(data)
            if room < len(data):
                self.ended = True
        target.sendall(data[:max(room, 0)])
        return room >= len(data)


class Network(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f'seed {SEED}', flush=True)
        memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None  # nobody waits for a disk there
        cls.server = cls.enterClassContext(Server(folder_root=memory))
        cls.server.create_account('far')
        cls.server.sql("GRANT ALL ON *.* TO 'far'@'%'")
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(dir=memory))
        cls.world = World(cls.server, folder, random.Random(SEED))
        cls.proxy = Proxy(cls.server.port)

    def through(self, command, *args, env=None, **how):
        """The command with all its connections through the proxy."""
        options = ['--protocol=tcp', '-h', '127.0.0.1', '-P', str(self.proxy.port), '-u', 'far']
        return self.world.program.run(command, *options, *args, env=env, timeout=HANGS, **how)

    def restore_words(self):
        return ['restore', '--yes', '--jobs', 1, self.world.archive['good']]

    def dump_words(self, path):
        return ['dump', *SETS, '--jobs', 2, '--overwrite', '-o', path]

    def places(self, command, count):
        """Where to cut: everywhere in the stream, and often in its beginning, where connections are made."""
        self.proxy.begin()
        self.through(*command).expect(0)
        dice = self.world.dice
        places = []
        for way, size in self.proxy.passed.items():
            places += [(way, dice.randrange(size)) for _ in range(count)] + [(way, dice.randrange(min(size, 300)))]
        return places

    def test_a_dump_whose_connection_is_cut_publishes_nothing(self):
        path = self.world.place / 'far.sql.zst'
        self.world.to_ruined()
        for place in self.places(self.dump_words(path), POINTS):
            reset, gone = self.world.dice.choice((True, False)), self.world.dice.choice((True, False))
            with self.subTest(cut=place, reset=reset, gone=gone):
                for left in self.world.place.glob('far.sql.zst*'):
                    left.unlink()
                self.proxy.begin(cut=place, reset=reset, gone=gone)
                ended = self.through(*self.dump_words(path))
                if not self.proxy.ended:
                    self.assertEqual(ended.code, 0, ended.err)
                    continue
                # Behind the last row nobody needs the server.
                self.assertIn(ended.code, (0, 10, 15), ended.err)
                self.assertEqual(sorted(p.name for p in self.world.place.glob('far.sql.zst*')),
                                 [] if ended.code else ['far.sql.zst', 'far.sql.zst.sha256'])
                if ended.code == 0:
                    self.assertEqual(self.world.text_of(path), self.world.text['ruined'])

    def test_a_restore_whose_connection_is_cut_changes_nothing_or_all(self):
        self.world.to_ruined()
        places = self.places(self.restore_words(), POINTS)
        for place in places:
            reset, gone = self.world.dice.choice((True, False)), self.world.dice.choice((True, False))
            with self.subTest(cut=place, reset=reset, gone=gone):
                self.world.to_ruined()
                self.proxy.begin(cut=place, reset=reset, gone=gone)
                ended = self.through(*self.restore_words())
                # 42: all is live, but could not be looked at any more.
                self.assertIn(ended.code, (0, 10, 15, 42) if self.proxy.ended else (0,), ended.err)
                self.world.need_live(*(('good',) if ended.code == 0 else ('good', 'ruined')))
                if ended.code:
                    self.world.run(*self.restore_words()).expect(0)
                self.world.need_live('good')
                self.world.need_no_staging()

    def test_dripping_and_stalling_connections_only_take_longer(self):
        self.world.to_ruined()
        path = self.world.place / 'slow.sql.zst'
        for how in ({'drip': 4000}, {'stall': 0.003}):
            self.proxy.begin(**how)
            self.through(*self.dump_words(path)).expect(0)
            self.assertEqual(self.world.text_of(path), self.world.text['ruined'])
        self.proxy.begin(drip=2000)
        self.through(*self.restore_words()).expect(0)
        self.world.need_live('good')

    def kill_one(self, process):
        """KILLs one of the program's sessions by its number, at a random moment, as soon as there is one."""
        time.sleep(self.world.dice.uniform(0, 0.4))
        while process.poll() is None:
            ids = [row[0] for row in self.server.rows("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'far'")]
            if ids:
                try:
                    self.server.sql(f'KILL {self.world.dice.choice(ids)}')
                    return True
                except ClientError as error:
                    self.assertEqual(error.number, 1094)  # it has ended meanwhile
            time.sleep(0.005)
        return False

    def test_killed_sessions_end_a_command_and_leave_one_state(self):
        killed = 0
        path = self.world.place / 'killed.sql.zst'
        self.proxy.begin(stall=0.001)
        for number in range(KILLS):
            dumps = number % 3 == 0
            self.world.to_ruined()
            path.unlink(missing_ok=True)
            words = self.dump_words(path) if dumps else self.restore_words()
            options = ['--protocol=tcp', '-h', '127.0.0.1', '-P', str(self.proxy.port), '-u', 'far']
            process = self.world.program.start(words[0], *options, *words[1:])
            was_killed = self.kill_one(process)
            _, err = process.communicate(timeout=HANGS)
            killed += was_killed
            # The session may have had nothing to do any more. 1317 is what MariaDB says to some of the killed.
            self.assertIn(process.returncode, (0, 14, 15, 42) if was_killed else (0,), err.decode())
            if dumps:
                self.assertEqual(path.exists(), process.returncode == 0)
                continue
            self.world.need_live(*(('good',) if process.returncode == 0 else ('good', 'ruined')))
            if process.returncode:
                self.world.run(*self.restore_words()).expect(0)
            self.world.need_live('good')
            self.world.need_no_staging()
        print(f'{killed} of {KILLS} killed')
        self.assertGreater(killed, 0)

    def test_a_slow_reader_of_a_dump_outlasts_the_servers_timeouts(self):
        """Sessions that wait longer than wait_timeout and net_write_timeout allow, because nobody reads the pipe."""
        names = ('wait_timeout', 'interactive_timeout', 'net_write_timeout', 'net_read_timeout')
        before = {name: self.server.value(f'SELECT @@GLOBAL.{name}') for name in names}
        self.server.sql('CREATE DATABASE wide; CREATE TABLE wide.t (id INT PRIMARY KEY, v LONGBLOB)')
        self.server.sql('INSERT INTO t SELECT seq, RANDOM_BYTES(4096) FROM seq_1_to_6000', 'wide')
        for name in names:
            self.server.sql(f'SET GLOBAL {name} = 2')
        try:
            process = self.world.program.start('dump', *self.server.client_options(), '--max-memory', '32M', 'wide', stderr=subprocess.PIPE)
            time.sleep(5)
            out, err = process.communicate(timeout=HANGS)
            self.assertEqual(process.returncode, 0, err.decode())
            self.assertIn(b'-- Dump completed', out[-200:])
            self.assertEqual(self.world.program.run('verify', '-', input=out).code, 0)
        finally:
            for name, value in before.items():
                self.server.sql(f'SET GLOBAL {name} = {value}')
            self.server.sql('DROP DATABASE wide')

    def test_a_full_disk_ends_a_restore_before_anything_is_changed(self):
        """Where standard input is put aside, and where the safety dump of a restore in place is to be."""
        self.world.to_ruined()
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4k', 'dbomsbak', folder], capture_output=True).returncode:
            self.skipTest('no small disk can be mounted here')
        try:
            (folder / 'filler').write_bytes(bytes(4096))
            good = self.world.archive['good']
            piped = self.world.program.start('restore', *self.server.client_options(), '--yes', '-', stdin=subprocess.PIPE,
                                             env={'TMPDIR': str(folder)})
            _, err = piped.communicate(good.read_bytes(), timeout=HANGS)
            self.assertEqual(piped.returncode, 30, err)
            self.assertIn(b'no space to put standard input aside', err)
            self.world.need_live('ruined')
            ended = self.world.run('restore --in-place', '--yes', '--safety-dump', folder / 's.sql.zst', good).expect(30)
            self.assertIn('No space left on device', ended.err)
            self.world.need_live('ruined')
            self.world.need_nothing_left()
            self.assertEqual(os.listdir(folder), ['filler'])
        finally:
            subprocess.run(['umount', folder], check=True)


if __name__ == '__main__':
    unittest.main(verbosity=2)
