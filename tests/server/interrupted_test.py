#!/usr/bin/env python3
# ctest: cost=80 timeout=900 kinds=mariadb-10.11,mysql-9.7 others=Interrupted.test_undo_goes_no_further_than_asked
"""A command that is killed, and the command that comes next: each does what was asked for, or says that it did not.

The first is killed before its RENAME, behind it within the window, and behind the window before it has swept up. What is
live afterwards is told by the server. DBOMSBAK_PAIRS=undo/abort tries that pair alone.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import DEFAULT_KIND, Server  # noqa: E402
from support.talk import Talk  # noqa: E402

BEFORE, WITHIN, UNSWEPT = 'before its RENAME', 'within its window', 'before its sweep'
# What the first was, what comes next → what is live at the end; with its exit code where that is not 0, and `healed` where
# there was no more to do. `old` was live at first, `A` and `B` are archives. An undo takes back a restore of A.
PAIRS = {
    'restore A/restore A': ('A', 'A healed', 'A healed'),
    'restore A/restore B': ('B', 'B', 'B'),
    'restore A/prepare A': ('old', 'A', 'A'),
    'restore A/undo': ('old 34', 'old', 'old'),
    'restore A/swap': ('old 34', 'A 34', 'A 34'),
    'restore A/abort': ('old', 'old', 'A 34'),
    'swap/swap': ('A', 'A healed', 'A healed'),
    'swap/prepare A': ('old', 'A', 'A'),
    'swap/restore A': ('A', 'A healed', 'A healed'),
    'swap/undo': ('old 34', 'old', 'old'),
    'swap/abort': ('old', 'old', 'A 34'),
    'undo/undo': ('old', 'old healed', 'old healed'),
    'undo/restore A': ('A', 'A', 'A'),
    'undo/swap': ('A 34', 'old 34', 'old 34'),
    'undo/abort': ('A 34', 'old 34', 'old 34'),
    'abort/abort': ('old', 'old', 'old'),
    'abort/undo': ('old', 'old healed', 'old healed'),
    'abort/restore A': ('A', 'A', 'A'),
}


class Interrupted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.tool = pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tools' / 'swap_tool'
        cls.server = cls.enterClassContext(Server())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.files = {}
        for name in 'AB':
            cls.files[name] = cls.folder / f'{name}.sql.zst'
            cls.fresh(name)
            cls.program.ok('dump', *cls.server.client_options(), 'shop', '-o', cls.files[name])

    @classmethod
    def fresh(cls, live):
        """Views and triggers are told by their names, and stand in all states, so that a window that is half done shows."""
        ours = ''.join(f'DROP DATABASE `{name}`;' for name in cls.server.databases())
        cls.server.sql(f'''{ours} CREATE DATABASE shop; USE shop; CREATE TABLE t (v VARCHAR(9) PRIMARY KEY) ENGINE=InnoDB;
INSERT INTO t VALUES ('{live}'); CREATE VIEW v_{live} AS SELECT v FROM t;
CREATE TRIGGER t_{live} BEFORE INSERT ON t FOR EACH ROW SET @seen = 1;''')

    def live(self):
        """The one state that is live, whole."""
        row = self.server.value('SELECT v FROM shop.t')
        views = self.server.value("SELECT GROUP_CONCAT(TABLE_NAME) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'shop'")
        triggers = self.server.value("SELECT GROUP_CONCAT(TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'")
        self.assertEqual((views, triggers), (f'v_{row}', f't_{row}'))
        return row

    def run_now(self, words, code=None):
        command = {'undo': ['undo'], 'swap': ['restore', '--swap'], 'abort': ['restore', '--abort'],
                   'restore': ['restore'], 'prepare': ['restore', '--prepare']}[words.split()[0]]
        options = [*self.server.client_options(), '--yes', '--json', *(self.files[name] for name in words.split()[1:])]
        ended = self.program.run(*command, *options)
        return ended if code is None else ended.expect(code)

    def kill(self, words, where):
        first = words.split()[0]
        named = {'swap': 'swap-prepared'}.get(first, first)
        # The abort of a restore that went live heals it first, which sweeps as well.
        source = 'DROP DATABASE IF EXISTS `shop__dbomsbak_' + ('old_1`' if first in ('undo', 'abort') else 'new_')
        fate = {BEFORE: '--die-before=RENAME TABLE', WITHIN: '--die-behind=RENAME TABLE', UNSWEPT: f'--die-before={source}'}[where]
        files = [self.files[name] for name in words.split()[1:]]
        done = subprocess.run([self.tool, f'--socket={self.server.socket}', '--user=root', fate, named, *files],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, -9, done.stdout + done.stderr)

    def interrupt(self, words, where):
        self.fresh('old')
        if words == 'swap':
            self.run_now('prepare A', 0)
        elif words == 'undo':
            self.run_now('restore A', 0)
        elif words == 'abort':
            self.kill('restore A', WITHIN)
        self.kill(words, where)

    def kinds_left(self):
        answer = self.program.ok('status', *self.server.client_options(), '--json').out
        return [left['kind'] for left in json.loads(answer)['leftovers']]

    def test_what_comes_next_does_what_was_asked_for(self):
        for pair, ends in PAIRS.items():
            if os.environ.get('DBOMSBAK_PAIRS', pair) != pair:
                continue
            first, then = pair.split('/')
            for where, end in zip((BEFORE, WITHIN, UNSWEPT), ends):
                with self.subTest(f'{first} is killed {where}, then {then}'):
                    self.interrupt(first, where)
                    ended = self.run_now(then)
                    told = json.loads(ended.out)
                    words = [self.live(), *([str(ended.code)] if ended.code else []), *(['healed'] if told.get('healed') else [])]
                    self.assertEqual(' '.join(words), end, ended.err)
                    self.assertNotIn('open-window', self.kinds_left())
                    if then == 'abort' and ended.code == 0:
                        self.assertEqual((told['taken_back'], told['undone']), (where == BEFORE and first != 'abort', where != BEFORE or first == 'abort'))
                        self.assertNotIn('staging', self.kinds_left())
                    if then == 'abort' and ended.code != 0:
                        self.assertIn('nothing was aborted: the ' + first.split()[0].replace('swap', 'restore'), told['message'])
                        self.assertIn('`dbomsbak undo shop`', told['hint'])

    @unittest.skipUnless(DEFAULT_KIND.startswith('mariadb'), 'tables go in by INSERTs there')
    def test_a_table_that_is_loaded_whole_is_there_wholly_or_not_at_all(self):
        with Server(event_scheduler=False) as server:
            server.sql("""CREATE DATABASE bulk; USE bulk;
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), u VARCHAR(60), n INT UNSIGNED, UNIQUE KEY (u), KEY (n, v)) ENGINE=InnoDB;
INSERT INTO t (v, u, n) SELECT REPEAT(MD5(seq), 3), SHA1(seq), CRC32(seq) FROM seq_1_to_30000;
CREATE TABLE small (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO small VALUES (1);""")
            before = fingerprint.take(server, ['bulk'])
            archive = self.folder / 'bulk.sql.zst'
            self.program.ok('dump', *server.client_options(), 'bulk', '-o', archive)
            command = ['restore', *server.client_options(), '--yes', archive]

            def restored(what):
                loads = int(server.rows("SHOW GLOBAL STATUS LIKE 'Com_load'")[0][1])
                self.program.ok(*command)
                fingerprint.expect_equal(before, fingerprint.take(server, ['bulk']), what)
                self.assertEqual(server.rows('CHECK TABLE bulk.t EXTENDED')[-1][-2:], ['status', 'OK'])
                self.assertEqual(server.value('SELECT COUNT(*) FROM bulk.t FORCE INDEX (n) WHERE n >= 0'), '30000')
                # Nobody waits for statistics that come with the next writes.
                rows = int(server.value("SELECT stat_value FROM mysql.innodb_index_stats WHERE database_name = 'bulk' AND "
                                        "table_name = 't' AND index_name = 'PRIMARY' AND stat_name = 'n_diff_pfx01'"))
                self.assertTrue(15000 < rows < 60000, rows)
                self.program.ok('purge', *server.client_options(), '--yes')
                server.sql('DROP DATABASE bulk')
                return int(server.rows("SHOW GLOBAL STATUS LIKE 'Com_load'")[0][1]) - loads

            server.sql('DROP DATABASE bulk')
            self.assertEqual(restored('never killed'), 1)
            for fate, loads in (('behind=ALTER TABLE', 1), ('behind=LOAD DATA LOCAL', 1), ('behind=COMMIT', 0), ('before=ANALYZE', 0)):
                done = subprocess.run([self.tool, f'--socket={server.socket}', '--user=root', f'--die-{fate}', 'restore', archive],
                                      capture_output=True, text=True, timeout=120)
                self.assertEqual(done.returncode, -9, fate + done.stdout + done.stderr)
                self.assertEqual(restored(fate), loads, fate)
            def loading():
                running = self.program.start(*command)
                with Talk(server) as looker:
                    while looker("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'LOAD DATA%'") != ['1']:
                        self.assertIsNone(running.poll(), 'it is loaded already')
                return running

            running = loading()
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=60)
            self.assertEqual(running.returncode, 130)
            self.assertEqual([name for name in server.databases() if 'bulk' in name], [])
            # The server itself, in the middle of the statement.
            running = loading()
            server.kill9()
            running.communicate(timeout=60)
            self.assertEqual(running.returncode, 15)
            server.start()
            restored('the server killed')

    def test_undo_goes_no_further_than_asked(self):
        """Of a restore that never was live there is nothing to undo: an older copy is not meant, unless it is asked for again."""
        self.fresh('old')
        self.run_now('restore A', 0)
        self.kill('restore B', BEFORE)
        self.assertIn('nothing was undone', self.run_now('undo', 34).out)
        self.assertEqual(self.live(), 'A')
        self.run_now('undo', 0)
        self.assertEqual(self.live(), 'old')

    def test_what_was_interrupted_is_not_taken_for_what_is_prepared_beside_it(self):
        """Two copies are prepared; whoever names none of them is asked which, also when one swap is finished just then."""
        self.fresh('old')
        self.run_now('prepare A', 0)
        self.server.sql('CREATE DATABASE crm; CREATE TABLE crm.c (id INT PRIMARY KEY)')
        crm = self.folder / 'crm.sql.zst'
        self.program.ok('dump', *self.server.client_options(), 'crm', '-o', crm)
        self.program.ok('restore', *self.server.client_options(), '--yes', '--prepare', crm)
        for where in (WITHIN, UNSWEPT):
            with self.subTest(where):
                self.kill('swap A', where)
                self.assertIn('is prepared as well', self.run_now('swap', 2).out)
                self.assertEqual((self.live(), self.kinds_left().count('prepared')), ('A', 1))
                self.run_now('undo', 0)
                self.run_now('prepare A', 0)
                self.kill('swap A', UNSWEPT)
                self.assertIn('is staged of `crm`', self.run_now('abort', 34).out)
                self.assertEqual((self.live(), self.kinds_left().count('prepared')), ('A', 1))
                self.run_now('undo', 0)
                self.run_now('prepare A', 0)

    @unittest.skipUnless(os.environ.get('DBOMSBAK_LONG_WAITS'), 'the program waits half a minute: DBOMSBAK_LONG_WAITS=1')
    def test_a_sweep_that_was_held_up_is_no_interruption(self):
        """That swap has ended with 0, and has told what it left: the next one finds nothing prepared."""
        self.fresh('old')
        self.run_now('prepare A', 0)
        staging = next(name for name in self.server.databases() if '__dbomsbak_new_' in name)
        with Talk(self.server) as holder:
            holder.must('START TRANSACTION')
            holder.must(f'SELECT * FROM `{staging}`.`__dbomsbak_load`')
            self.assertIn('could not be dropped', self.run_now('swap', 0).err)
            self.assertIn(staging, self.server.databases())
        self.assertIn('no restore is prepared', self.run_now('swap', 34).out)
        self.assertEqual(self.live(), 'A')
        self.assertNotIn(staging, self.server.databases())


if __name__ == '__main__':
    unittest.main()
