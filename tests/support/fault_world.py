"""Two databases with a few objects of each kind, in two states, `good` and `ruined`, of which one must be live, whole.

For tests of what fails: calls of files and sessions (tests/faults), the network, the server's timeouts.
"""

import json
import os
import pathlib
import time

from support import fingerprint
from support.program import Program

HANGS = 120  # seconds

SETS = ['fault_a', 'fault_b']
GOOD = '''
CREATE DATABASE fault_a CHARACTER SET latin1; CREATE DATABASE fault_b; USE fault_a;
CREATE TABLE parent (id INT PRIMARY KEY, note VARCHAR(50), f FLOAT) ENGINE=InnoDB;
CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent INT, txt TEXT,
  CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES parent (id)) ENGINE=InnoDB AUTO_INCREMENT=70;
CREATE TABLE heap (what VARCHAR(100)) ENGINE=MyISAM;
INSERT INTO parent VALUES (1, 'eins', 0.1), (2, 'zwei', 1e20); INSERT INTO child VALUES (1, 1, 'a'), (2, 1, NULL), (69, 2, '');
INSERT INTO heap VALUES ('x'), ('x');
CREATE VIEW v AS SELECT id, note FROM parent; CREATE VIEW over_v AS SELECT id + 1 AS i FROM v;
CREATE FUNCTION f (x INT) RETURNS INT DETERMINISTIC RETURN x * 2; CREATE PROCEDURE p () SELECT 1;
CREATE TRIGGER t BEFORE INSERT ON parent FOR EACH ROW SET NEW.note = CONCAT(NEW.note, '!');
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 10:00:00' DO DELETE FROM heap;
USE fault_b;
CREATE SEQUENCE s START WITH 100 INCREMENT BY 7 NOCACHE; DO nextval(s);
CREATE TABLE across (id INT PRIMARY KEY, p INT, CONSTRAINT across_parent FOREIGN KEY (p) REFERENCES fault_a.parent (id)) ENGINE=InnoDB;
INSERT INTO across VALUES (1, 1), (2, 2);
CREATE VIEW far AS SELECT c.txt FROM fault_a.child c;
'''
RUIN = '''
USE fault_a; ALTER TABLE parent ADD COLUMN added INT DEFAULT 5; INSERT INTO parent (id, note) VALUES (77, 'new');
DROP VIEW over_v; CREATE OR REPLACE VIEW v AS SELECT note FROM parent; DROP FUNCTION f; DROP TRIGGER t;
CREATE TRIGGER t2 AFTER DELETE ON parent FOR EACH ROW DELETE FROM heap; CREATE PROCEDURE p2 () SELECT 2;
DROP EVENT e; CREATE EVENT e2 ON SCHEDULE EVERY 2 DAY STARTS '2037-01-01 10:00:00' DO DELETE FROM heap; DELETE FROM heap;
CREATE TABLE extra (a INT PRIMARY KEY, p INT, CONSTRAINT extra_parent FOREIGN KEY (p) REFERENCES parent (id)) ENGINE=InnoDB;
USE fault_b; DROP TABLE across; DO nextval(s); DO nextval(s);
'''

# What nobody needs to notice.
HARMLESS = {'files:short', 'files:eintr', 'files:crumbs', 'files:signals', 'clock:back', 'clock:right'}
LOST = {'sessions:lost', 'sessions:behind', 'sessions:gone'}


class World:
    def __init__(self, server, folder, dice, alone=False):
        """alone: nothing changes what is live but what is run here."""
        self.server, self.folder, self.dice = server, pathlib.Path(folder), dice
        self.program = Program()
        self.faulty = Program(pathlib.Path(os.environ['DBOMSBAK_BUILD']) / 'tools' / 'faulty_dbomsbak')
        self.place = self.folder / 'struck'  # where calls fail
        self.report = self.folder / 'report'
        self.calls, self.struck, self.last = 0, '', None  # of the last strike
        self.alone, self.known = alone, None  # what is live, if nothing was run since it was seen
        server.sql(GOOD)
        self.states = {'good': self.take()}
        self.archive = {'good': self.place / 'good.sql.zst', 'ruined': self.place / 'ruined.sql.zst'}
        self.place.mkdir()
        self.dump_to(self.archive['good'])
        server.sql(RUIN)
        self.states['ruined'] = self.take()
        self.dump_to(self.archive['ruined'])
        self.text = {name: self.text_of(path) for name, path in self.archive.items()}

    # What is there ---------------------------------------------------------------------------------

    def take(self):
        """All but what an interrupted restore in place has there for a while."""
        return {database: {key: facts for key, facts in objects.items() if '__dbomsbak_' not in str(key)}
                for database, objects in fingerprint.take(self.server, SETS).items()}

    def reset(self):
        """After a failure: ruined, and nothing of ours."""
        self.known = None
        self.server.sql('SET foreign_key_checks=0;' + ''.join(f'DROP DATABASE `{name}`;' for name in [*self.ours(), *SETS]))
        self.server.sql(GOOD)
        self.server.sql(RUIN)

    def to_ruined(self):
        """Ruined, and nothing else."""
        if self.live() == 'good':
            self.run('restore', '--yes', self.archive['ruined']).expect(0)
            self.need_live('ruined')
        if self.ours():
            self.run('purge', '--yes', '--force').expect(0)

    def to_good(self):
        """Good, and a displaced copy."""
        if self.live() == 'good' and not self.ours():
            self.to_ruined()
        if self.live() == 'ruined':
            if self.ours():
                self.run('purge', '--yes', '--force').expect(0)
            self.run('restore', '--yes', self.archive['good']).expect(0)
            self.need_live('good')

    def window_is_open(self):
        told = json.loads(self.program.ok('status', *self.server.client_options(), '--json').out)
        return any(left['kind'] == 'open-window' for left in told['leftovers'])

    def live(self):
        if self.known:
            return self.known
        now = self.take()
        for name, state in self.states.items():
            if state == now:
                self.known = name if self.alone else None
                return name
        if self.window_is_open():  # around the one instant at which tables switch, all else follows one by one
            for name, state in self.states.items():
                if rows(state) == rows(now):
                    return name
        texts = [f'--- against {name}:\n' + '\n'.join(fingerprint.differences(state, now)[:20])
                 for name, state in self.states.items()]
        raise AssertionError('neither old nor new:\n' + '\n'.join(texts))

    def need_live(self, *states):
        live = self.live()
        if live not in states:
            raise AssertionError(f'{live} is live, not {" or ".join(states)}')
        return live

    def ours(self):
        return sorted(name for name in self.server.databases() if '__dbomsbak_' in name)

    def need_nothing_left(self):
        if self.ours():
            raise AssertionError(f'left on the server: {self.ours()}')

    def empty(self, database):
        return self.server.value(f"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{database}'") == '0'

    def need_no_staging(self):
        left = self.ours()
        if self.last is not None and 'could not be dropped' in self.last.err:  # that was told
            left = [name for name in left if '_new_' not in name and not self.empty(name)]
        if len(left) % len(SETS) or any('_new_' in name for name in left):
            raise AssertionError(f'left on the server: {left}')

    def text_of(self, path):
        """SQL text without comments: these name moment and method."""
        return [line for line in self.program.ok('cat', path).out.splitlines() if not line.startswith('--')]

    def dump_to(self, path):
        self.run('dump', *SETS, '-o', path).expect(0)

    # Running ---------------------------------------------------------------------------------------

    def words(self, command, *args):
        options = [] if command in ('verify', 'cat', 'list') else self.server.client_options()
        return [*command.split(), *options, *args]

    def run(self, command, *args):
        """As it is; waits for the lock of a session whose end the server has not seen yet."""
        self.known = None
        for _ in range(100):
            result = self.program.run(*self.words(command, *args), timeout=HANGS)
            if result.code not in (32, 33):
                break
            time.sleep(0.1)
        return result

    def strike(self, kind, number, command, *args, stdout=False, at=None):
        env = {'DBOMSBAK_FAULT': f'{kind}:{number}', 'DBOMSBAK_FAULT_REPORT': str(self.report),
               'DBOMSBAK_FAULT_FOLDER': str(self.place)}
        if at:
            env['DBOMSBAK_FAULT_AT'] = at
        if stdout:
            env['DBOMSBAK_FAULT_STDOUT'] = '1'
        self.report.unlink(missing_ok=True)
        self.known = None
        self.last = result = self.faulty.run(*self.words(command, *args), env=env, timeout=HANGS)
        told = dict(line.split(' ', 1) for line in self.report.read_text(errors='replace').splitlines()
                    if line.startswith(('calls ', 'struck ', 'renamed ')))
        self.calls, self.struck = int(told['calls']), told.get('struck', '')
        self.published = 'renamed' in told or not self.struck  # before it
        return result

    def judge(self, kind, result, others=()):
        """The code is one that fits what failed."""
        code = result.code
        if not self.struck:
            if code not in (0, *others):
                raise AssertionError(f'ended with {code} though nothing failed\n{result.err}')
            return
        if kind in HARMLESS:
            fits = {0}
        elif kind == 'files:cut':
            fits = {0, 20, 21, 30}
        elif kind.startswith('files:'):
            fits = {0, 30}
        elif kind in LOST:
            fits = {0, 10, 15}
        elif kind == 'sessions:timeout' or kind == 'sessions:deadlock':
            fits = {0, 10, 33}
        else:
            fits = {0, 10, 14}
        if kind in ('sessions:full', 'sessions:ended'):  # these say nothing of an archive, or of what is live
            others = set(others) - {24, 34}
        if code not in fits | set(others):
            raise AssertionError(f'ended with {code}, which does not fit')
        if kind == 'files:full' and code == 30 and 'No space left on device' not in result.err:
            raise AssertionError('no word of a full disk')
        if code not in (0, 4) and 'dbomsbak: ' not in result.err:
            raise AssertionError('no word of what happened')

    def whole_under_its_name(self, path, optional=True):
        """An archive, or nothing; and no file beside it that speaks for another."""
        if not path.exists():
            if not optional:
                raise AssertionError(f'{path.name} is gone')
            if path.with_name(path.name + '.sha256').exists():
                raise AssertionError('a checksum of nothing')
            return False
        self.program.ok('verify', path)
        return True

    def files_in(self, folder):
        return sorted(p.name for p in folder.iterdir())


def rows(state):
    return {database: {key: (facts.get('rows'), facts.get('row hash')) for key, facts in objects.items()
                       if key[0] in ('table', 'sequence')} for database, objects in state.items()}
