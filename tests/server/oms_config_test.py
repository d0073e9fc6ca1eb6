#!/usr/bin/env python3
# ctest: cost=120 kinds=mariadb-10.11,mysql-9.7 others=test_the_whole_story,test_old_heartbeats_are_left_out_and_missed_by_nobody
"""Dump, restore and undo of OMS's databases with nothing but OMS's own config.yaml, as an operator does it.

What the databases hold is judged by the server and the `mysql` client. Words on the command line choose tests by their
names.
"""

import json
import pathlib
import re
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import fingerprint, oms, runner  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402
from support.talk import Talk  # noqa: E402
from support.terminal import on_terminal  # noqa: E402

NAMES = ('oms_rm', '331', 'oms_cm_hb')
REGION = 'oms_cm_hb_1'  # the heartbeats of another region
USER, PASSWORD = 'root@oms#ob', "it's #1: ${x}"
CONFIG = """# OMS
oms_meta_host: {host}
oms_meta_port: {port}
oms_meta_user: {user}
oms_meta_password: 'it''s #1: ${{x}}'
drc_rm_db: oms_rm
drc_cm_db: 331
drc_cm_heartbeat_db: {heartbeats}
cm_url: http://127.0.0.1:8088
cm_nodes:
 - 127.0.0.1
   - 127.0.0.2
tsdb_password: ${{tsdb_password}}
"""


class Beat:
    """An OMS that writes heartbeats, from a session that uses no database."""

    def __init__(self, server, statement='INSERT INTO `oms_cm_hb`.`heatbeat_sequence` () VALUES ()'):
        self.server, self.statement = server, statement
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.beat)

    def beat(self):
        while not self.ended.is_set():
            self.server.sql(self.statement)
            self.ended.wait(0.2)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class OmsConfig:
    def __init__(self, folder, server):
        self.program = Program()
        self.folder = pathlib.Path(folder)
        self.server = server
        self.config = self.write()
        server.create_account(USER, PASSWORD.replace("'", "''"), grants=['ALL PRIVILEGES ON *.*'])
        # The client library fails the first login with caching_sha2_password over TLS, later ones not.
        server.value('SELECT 1', user=USER, password=PASSWORD)
        oms.load(server, NAMES)
        server.sql(f'CREATE DATABASE `{REGION}`; USE `{REGION}`; CREATE TABLE heart_beat (id INT PRIMARY KEY, '
                   'gmt_modified DATETIME); INSERT INTO heart_beat VALUES (1, NOW())')
        self.archive = self.folder / 'oms.sql.zst'
        self.run('dump', '-o', self.archive, '--overwrite').expect(0)

    def write(self, name='config.yaml', heartbeats='oms_cm_hb', **other):
        path = self.folder / name
        path.write_text(CONFIG.format(**{'host': self.server.host, 'port': self.server.port, 'user': USER,
                                         'heartbeats': heartbeats, **other}))
        path.chmod(0o600)
        return path

    def run(self, command, *args, config=None, **kw):
        result = self.program.run(command, '--oms-config', config or self.config, *args, **kw)
        said = result.err + result.out
        if PASSWORD in said or "it''s #1" in said:
            raise AssertionError(f'the password was told:\n{said}')
        return result

    def says(self, result, *words, never=()):
        said = result.err + result.out
        for word in words:
            if word not in said:
                raise AssertionError(f'{word!r} is not in what was said:\n{said}')
        for word in never:
            if word in said:
                raise AssertionError(f'{word!r} is in what was said:\n{said}')
        return result

    def take(self):
        return fingerprint.take(self.server, list(NAMES))

    def test_the_whole_story(self):
        before = self.take()
        self.says(self.run('dump', '-o', self.archive, '--overwrite').expect(0),
                  'databases=331,oms_cm_hb,oms_rm', never=['heartbeats into', 'of OMS'])
        self.run('verify', self.archive).expect(0)
        self.run('check').expect(0)
        oms.mock_upgrade(self.server, NAMES)
        upgraded = self.take()
        self.run('diff', self.archive).expect(4)
        self.run('restore', '--yes', self.archive).expect(0)
        fingerprint.expect_equal(before, self.take(), 'restored')
        self.run('diff', self.archive).expect(0)
        self.run('undo', '--yes').expect(0)
        fingerprint.expect_equal(upgraded, self.take(), 'undone')
        self.run('restore', '--yes', self.archive).expect(0)
        self.run('purge', '--yes').expect(0)
        self.says(self.run('status').expect(0), 'nothing of dbomsbak')
        fingerprint.expect_equal(before, self.take(), 'restored again')

    def test_the_operator_says_that_ha_is_off(self):
        command = ['restore', '--oms-config', self.config, self.archive]
        asked = '"enable": false'
        ended, shown = on_terminal(self.program, [('HA off? Restore this? [y/N]', 'y\n')], *command, cwd=self.folder)
        if ended != 0 or asked not in shown:
            raise AssertionError(f'{ended}: {shown}')
        ended, shown = on_terminal(self.program, [('Restore this?', 'n\n')], *command, '--confirm', 'ha-off', cwd=self.folder)
        if ended != 130 or asked in shown:
            raise AssertionError(f'{ended}: {shown}')
        # Without a terminal nothing is refused, and it is told; where nothing goes live there is nothing to confirm.
        self.says(self.run('restore', '--prepare', self.archive).expect(0), never=['HA of'])
        self.says(self.run('restore', '--swap').expect(0), 'nobody has confirmed that HA of OMS is off (--confirm ha-off)')
        self.says(self.run('restore', '--confirm', 'ha-on', self.archive).expect(2), '--confirm ha-on', '--confirm ha-off')
        self.run('purge', '--yes').expect(0)

    def test_other_regions_and_parts(self):
        out = self.folder / 'part.sql.zst'
        part = self.run('dump', '331', '-o', out, '--overwrite').expect(0)
        self.says(part, 'databases=331 ', '`oms_rm`, `oms_cm_hb` of', 'are not dumped')
        self.says(self.run('verify', out).expect(4), '`oms_rm`, `oms_cm_hb` of', 'are not in')
        other = self.folder / 'oms_rm.sql.zst'
        self.run('dump', 'oms_rm', '-o', other, '--overwrite').expect(0)
        self.says(self.run('verify', out, other).expect(4), '`oms_cm_hb` of', 'not in the files', 'dbomsbak dump --oms-config')
        self.says(self.run('restore', '--dry-run', out).expect(34), '`oms_rm`, `oms_cm_hb` of', 'config.yaml', '--only')
        self.run('restore', '--dry-run', '--only', '331', '--repoint-foreign-keys', out).expect(0)
        self.says(self.run('diff', out).expect(0), 'are not in the file')
        region = self.write('region.yaml', REGION)
        all_four = 'databases=331,oms_cm_hb,oms_cm_hb_1,oms_rm'
        for more in ([REGION], ['--oms-config', region]):
            self.says(self.run('dump', *more, '-o', out, '--overwrite').expect(0), all_four, never=['of OMS'])
        self.run('verify', '--oms-config', region, out).expect(0)
        self.run('restore', '--dry-run', out).expect(0)
        self.says(self.run('restore', '--dry-run', '--oms-config', region, self.archive).expect(34), f'`{REGION}` of')

    def test_snapshots_take_it_from_their_option_group_as_well(self):
        folder = self.folder / 'snapshots'
        folder.mkdir()
        self.run('snapshot', '--dir', folder).expect(0)
        options = self.folder / 'snapshot.cnf'
        options.write_text(f'[dbomsbak-snapshot]\noms-config={self.config}\ndir={folder}\nlabel=nightly\n')
        self.program.run('snapshot', f'--defaults-file={options}').expect(0)
        archives = sorted(folder.glob('*.sql.zst'))
        if len(archives) != 2:
            raise AssertionError(f'{archives} in {folder}')
        self.run('verify', *archives).expect(0)

    def test_what_is_named_wins(self):
        wrong = self.write('wrong.yaml', host='${host}', port='${port}', user='nobody')
        tcp = self.server.client_options(tcp=True)
        self.says(self.run('dump', config=wrong).expect(2), 'line 2: oms_meta_host is a placeholder')
        self.says(self.run('status', *tcp, config=wrong).expect(0), 'nothing of dbomsbak')
        self.run('status', '-u', 'root', '-P', '1').expect(10)
        self.run('status', '-ppassword').expect(10, 11)
        # The file's password is not sent for another account: root has none here.
        self.run('status', '-u', 'root').expect(0)

    def test_wrong_files_are_refused_before_the_server_is_asked(self):
        twice = self.folder / 'twice.yaml'
        twice.write_text(self.config.read_text() + 'oms_meta_password: other\n')
        for command in (['dump', '-o', self.folder / 'x.sql.zst'], ['restore', self.archive], ['undo'], ['purge'],
                        ['status'], ['check'], ['diff', self.archive]):
            self.says(self.run(*command, config=twice).expect(2), f'{twice}, line 14: oms_meta_password is given twice')
        self.says(self.run('status', '--json', config=twice).expect(2), '"usage"', 'line 14')
        self.run('status', config=self.folder / 'none.yaml').expect(30)
        self.run('status', config=self.folder).expect(2)

    def test_a_database_that_is_not_there_is_told_with_its_line(self):
        wrong = self.write('other.yaml', 'oms_hb')
        line = 1 + [row.split(':')[0] for row in wrong.read_text().split('\n')].index('drc_cm_heartbeat_db')
        folder = self.folder / 'other'
        folder.mkdir()
        for command in (['dump', '-o', self.folder / 'other.sql.zst'], ['check'], ['snapshot', '--dir', folder]):
            self.says(self.run(*command, config=wrong).expect(2), f'{wrong}, line {line}: drc_cm_heartbeat_db: there is no database `oms_hb`')
        # One that is there, and is refused for something else, is not.
        part = self.folder / 'part_again.sql.zst'
        self.run('dump', 'oms_rm', '-o', part).expect(0)
        self.says(self.run('restore', '--dry-run', self.archive, part).expect(2), f"database `oms_rm` is in '{self.archive}' and in '{part}'",
                  never=['line '])

    def test_a_comment_behind_a_password_is_told_where_the_login_is_refused(self):
        text = self.config.read_text()
        cut = self.write('cut.yaml')
        [line] = [row for row in text.splitlines() if row.startswith('oms_meta_password')]
        cut.write_text(text.replace(line, 'oms_meta_password: geheim #1'))
        number = 1 + text.splitlines().index(line)
        self.says(self.run('status', config=cut).expect(10), f"In {cut}, line {number} a '#' ends the password and begins a comment",
                  never=['geheim'])
        cut.write_text(text.replace(line, "oms_meta_password: 'geheim #1' # of OMS"))
        self.says(self.run('status', config=cut).expect(10), 'Check user and password', never=['begins a comment'])

    def test_an_oms_that_beats_is_not_quiet(self):
        out = self.folder / 'beats.sql.zst'
        hb = '`oms_cm_hb`.`heatbeat_sequence`'
        with Beat(self.server):
            self.says(self.run('dump', '-o', out).expect(0), f'OMS still writes heartbeats into {hb}')
            for how in ([], ['--dry-run'], ['--in-place', '--safety-dump', self.folder / 'safety.sql.zst']):
                self.says(self.run('restore', '--yes', *how, out).expect(34), f'OMS still writes heartbeats into {hb}',
                          '--force')
            self.run('restore', '--yes', '--prepare', out).expect(0)
            self.says(self.run('restore', '--yes', '--swap').expect(34), f'heartbeats into {hb}')
            self.run('restore', '--yes', '--abort').expect(0)
            self.says(self.run('restore', '--yes', '--force', out).expect(0), f'heartbeats into {hb}')
        self.run('purge', '--yes').expect(0)
        # Seconds are all that this table tells of a change.
        with Beat(self.server, f'UPDATE `{REGION}`.heart_beat SET gmt_modified = NOW()'):
            self.says(self.run('dump', REGION, '--oms-config', self.write('region.yaml', REGION), '-o', out,
                               '--overwrite').expect(0), f'`{REGION}`.`heart_beat`')

    def test_an_oms_that_beats_is_seen_without_its_config(self):
        """Its table is known by its name, where nobody has said that these databases are OMS's."""
        beats = 'OMS still writes heartbeats into `oms_cm_hb`.`heatbeat_sequence`'

        def run(command, *words):
            return self.program.run(command, *self.server.client_options(tcp=True), *words)

        run('restore', '--yes', '--prepare', self.archive).expect(0)
        with Beat(self.server):
            self.says(run('restore', '--yes', '--swap').expect(34), beats, '--force')
            self.says(run('restore', '--yes', '--swap', '--force').expect(0), never=['heartbeats'])
            self.says(run('restore', '--yes', '--dry-run', self.archive).expect(34), beats)
            for how in ([], ['--dry-run']):
                self.says(run('undo', '--yes', *how).expect(34), beats, '--force', 'Nothing was changed')
            self.says(self.run('undo', '--yes').expect(34), beats)
        with Talk(self.server, 'oms_rm') as talk:
            talk.must('SELECT 1')
            self.says(run('undo', '--yes').expect(34), 'a session of others uses these databases: session ', ' in `oms_rm`')
            self.says(run('undo', '--yes', '--force').expect(0))
        self.says(run('restore', '--yes', self.archive).expect(0), 'looking for 3 s whether OMS still writes heartbeats')
        self.says(run('undo', '--yes').expect(0), 'looking for 3 s')
        run('restore', '--yes', self.archive).expect(0)
        run('purge', '--yes').expect(0)
        self.run('diff', self.archive).expect(0)

    def test_an_oms_that_is_started_while_the_restore_loads(self):
        """The window comes later than the look: what was written meanwhile is seen there."""
        self.server.sql('CREATE TABLE large AS SELECT seq FROM seq_1_to_300000', 'oms_rm')
        large = self.folder / 'large.sql.zst'
        self.run('dump', '-o', large).expect(0)
        process = self.program.start('restore', '--oms-config', self.config, '--yes', '--progress=json', large)
        for line in process.stderr:
            if b'"load"' in line or b'loading' in line:
                break
        self.server.sql('INSERT INTO `oms_cm_hb`.`heatbeat_sequence` () VALUES ()')
        rest = process.communicate()[1].decode()
        if process.returncode != 34 or 'heatbeat_sequence' not in rest:
            raise AssertionError(f'{process.returncode}: {rest}')
        self.run('restore', '--yes', '--abort').expect(0)

    def test_old_heartbeats_are_left_out_and_missed_by_nobody(self):
        """Of the sequence the newest row is dumped, as the snapshot has it; the rest is as without the option."""
        hb = '`oms_cm_hb`.`heatbeat_sequence`'
        live = self.server.rows(f'SELECT * FROM {hb} ORDER BY id')
        newest = self.server.value(f'SELECT MAX(id) FROM {hb}')
        counter = self.counter()
        if len(live) < 2:
            raise AssertionError(f'{hb} has {len(live)} rows')
        before = self.take()
        out = self.folder / 'pruned.sql.zst'
        self.says(self.run('dump', '--prune-heartbeat', '-o', out).expect(0), f'of table {hb} only the newest row',
                  'pruned=oms_cm_hb.heatbeat_sequence')
        fingerprint.expect_equal(before, self.take(), 'live')
        self.says(self.run('verify', out).expect(0), 'pruned=oms_cm_hb.heatbeat_sequence')
        self.says(self.program.ok('info', out), f'oms_cm_hb.heatbeat_sequence where `id` >= {newest}')
        info = json.loads(self.program.ok('info', '--json', out).out)
        [table] = [each for each in info['objects'] if 'pruned' in each]
        if (table['name'], table['rows'], table['pruned'], table['row_filtered'], info['receipt']['pruned']) != (
                'heatbeat_sequence', 1, {'column': 'id', 'from': newest}, True, ['oms_cm_hb.heatbeat_sequence']):
            raise AssertionError(f'{table}, {info["receipt"]}')
        # Rows below the newest are no differences; what came since is one, and what has gone.
        self.says(self.run('diff', out).expect(0), f'{hb} was pruned', 'no others are compared')
        self.server.sql(f'INSERT INTO {hb} () VALUES ()')
        self.says(self.run('diff', '--rows=5', out).expect(4), 'heatbeat_sequence')
        self.server.sql(f'DELETE FROM {hb} WHERE id >= {newest}')
        self.run('diff', out).expect(4)
        oms.mock_upgrade(self.server, NAMES)
        # No leave is needed, but it is told; what the server holds then is judged by the server.
        self.says(self.run('restore', '--yes', '--rehearse', out).expect(0), f'{hb} was pruned')
        self.says(self.run('restore', '--yes', '--prepare', out).expect(0), f'{hb} was pruned')
        self.says(self.run('restore', '--yes', '--swap').expect(0), f'{hb} was pruned')
        kept = self.server.rows(f'SELECT * FROM {hb}')
        if kept != live[-1:] or self.counter() != counter:
            raise AssertionError(f'{kept} with {self.counter()}, not {live[-1:]} with {counter}')
        self.run('diff', out).expect(0)
        self.run('undo', '--yes').expect(0)
        self.run('restore', '--yes', self.archive).expect(0)
        self.run('purge', '--yes').expect(0)
        # By its text any client loads the same; and no reader of plain SQL takes it for whole.
        plain = self.folder / 'pruned.sql'
        self.run('dump', '--prune-heartbeat', 'oms_cm_hb', '-o', plain).expect(0)
        self.says(self.program.run('restore', '--dry-run', '--only', 'oms_cm_hb', *self.server.client_options(),
                                   plain).expect(34), 'does not hold all rows')

    def counter(self):
        created = self.server.rows('SHOW CREATE TABLE `oms_cm_hb`.`heatbeat_sequence`')[0][1]
        found = re.search(r'AUTO_INCREMENT=(\d+)', created)
        return found and found.group(1)

    def test_what_cannot_be_pruned_is_dumped_whole_and_told(self):
        self.server.sql('''CREATE DATABASE odd_a; CREATE TABLE odd_a.heatbeat_sequence (id VARCHAR(9) PRIMARY KEY);
INSERT INTO odd_a.heatbeat_sequence VALUES (1), (2);
CREATE DATABASE odd_b; CREATE TABLE odd_b.heatbeat_sequence (seq INT PRIMARY KEY); INSERT INTO odd_b.heatbeat_sequence VALUES (1), (2);
CREATE DATABASE odd_c; CREATE TABLE odd_c.heatbeat_sequence (id INT PRIMARY KEY); INSERT INTO odd_c.heatbeat_sequence VALUES (1), (2);
CREATE TABLE odd_c.child (p INT, FOREIGN KEY (p) REFERENCES heatbeat_sequence (id)); INSERT INTO odd_c.child VALUES (1);
CREATE DATABASE odd_d; CREATE TABLE odd_d.heatbeat_sequence (ID INT NOT NULL, KEY (ID)) ENGINE=MyISAM;
INSERT INTO odd_d.heatbeat_sequence VALUES (-3), (-3), (-4);
CREATE DATABASE odd_e; CREATE TABLE odd_e.heatbeat_sequence (id INT PRIMARY KEY); CREATE DATABASE odd_f;
CREATE DATABASE odd_g; CREATE TABLE odd_g.heatbeat_sequence (id BIGINT UNSIGNED PRIMARY KEY); CREATE DATABASE odd_h;
INSERT INTO odd_g.heatbeat_sequence VALUES (18446744073709551615);
CREATE TABLE odd_h.heatbeat_sequence (id INT); INSERT INTO odd_h.heatbeat_sequence VALUES (NULL), (1), (2);''')
        out = self.folder / 'odd.sql.zst'
        names = [f'odd_{letter}' for letter in 'abcdefgh']
        tcp = self.server.client_options(tcp=True)
        config = self.write('odd.yaml', 'odd_f', host='${host}', port='${port}', user='nobody')
        told = self.run('dump', '--prune-heartbeat', *tcp, *names, '-o', out, config=config).expect(0)
        self.says(told, '`odd_a`.`heatbeat_sequence` is dumped whole: its column `id` is no integer',
                  '`odd_b`.`heatbeat_sequence` is dumped whole: it has no column `id`',
                  '`odd_c`.`heatbeat_sequence` is dumped whole: rows of table `odd_c`.`child` refer to',
                  'of table `odd_d`.`heatbeat_sequence` only the newest row is dumped: `ID` >= -3',
                  'table `odd_e`.`heatbeat_sequence` has no rows to prune',
                  '`odd_f`.`heatbeat_sequence` is no table of this dump: nothing of `odd_f` is pruned',
                  'of table `odd_g`.`heatbeat_sequence` only the newest row is dumped: `id` >= 18446744073709551615',
                  '`odd_h`.`heatbeat_sequence` is dumped whole: its column `id` is no integer that is always there',
                  'pruned=odd_d.heatbeat_sequence pruned=odd_g.heatbeat_sequence')
        info = json.loads(self.program.ok('info', '--json', out).out)
        rows = {each['database']: each['rows'] for each in info['objects'] if each['name'] == 'heatbeat_sequence'}
        if rows != {'odd_a': 2, 'odd_b': 2, 'odd_c': 2, 'odd_d': 2, 'odd_e': 0, 'odd_g': 1, 'odd_h': 3}:
            raise AssertionError(f'{rows}')
        part = [word for name in names for word in ('--only', name)]  # not OMS's
        self.program.run('restore', '--yes', *tcp, *part, out).expect(0)
        if self.server.rows('SELECT * FROM odd_d.heatbeat_sequence') != [['-3'], ['-3']]:
            raise AssertionError(self.server.rows('SELECT * FROM odd_d.heatbeat_sequence'))
        # An upgrade that takes the column away: not to be compared, not an error.
        self.server.sql('ALTER TABLE odd_d.heatbeat_sequence CHANGE ID other INT NOT NULL')
        self.says(self.program.run('diff', *tcp, '--only', 'odd_d.heatbeat_sequence', out).expect(4), 'by which the archive was pruned, is missing live')
        self.program.run('purge', '--yes', *tcp).expect(0)
        for bad in ('--no-data', '--where=id>1'):
            self.program.run('dump', '--prune-heartbeat', bad, *tcp, 'odd_d', '-o', '-').expect(2)
        self.server.sql(''.join(f'DROP DATABASE {name};' for name in names))

    def test_others_sessions_are_told_by_a_dump(self):
        with Talk(self.server, 'oms_rm') as talk:
            talk.must('SELECT 1')
            self.says(self.run('dump', '-o', self.folder / 'used.sql.zst').expect(0),
                      'another session uses these databases: session ', ' in `oms_rm`')
        self.says(self.run('dump', '331', '-o', self.folder / 'used.sql.zst', '--overwrite').expect(0),
                  never=['session '])

    def test_schemas_without_heartbeats_are_not_asked(self):
        began = time.monotonic()
        result = self.run('dump', '-o', self.folder / 'other.sql.zst',
                          config=self.write('other.yaml', 'oms_rm')).expect(0)
        self.says(result, never=['heartbeats', 'heart_beat'])
        if time.monotonic() - began > 3:
            print(f'took {time.monotonic() - began:.1f} s')


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder, Server() as server:
        sys.exit(runner.run(OmsConfig(folder, server), sys.argv[1:]))
