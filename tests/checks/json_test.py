#!/usr/bin/env python3
"""What --json answers without a server, errors of every kind among it, is as the table in formats/json.md says.

What servers are asked is looked at by the same rules wherever a server test asks for JSON.
"""

import base64
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import json_answers  # noqa: E402
from support.program import Program  # noqa: E402
from support.runner import run  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VALID = ROOT / 'formats/archive-v1/valid'
NOBODY = ['--no-defaults', '-h127.0.0.1', '-P1']  # listens there

# Arguments, exit code, what the message must name, the object.
ERRORS = [
    ('', 'vrify x', 2, "'vrify'", 'vrify'),
    ('', 'upgrade chck', 2, "'chck'", 'chck'),
    ('', 'dump d --no-such -o x.sql', 2, '--no-such', '--no-such'),
    ('', 'dump d --jobs many -o x.sql', 2, "'many'", ''),
    ('', 'dump d --xml', 2, '--xml', '--xml'),
    ('', 'dump d', 2, '--json', ''),
    ('', 'info a b', 2, "'b'", 'b'),
    ('', 'help verify', 2, "'verify'", ''),
    ('', 'cat nowhere.sql.zst', 30, 'nowhere.sql.zst', 'nowhere.sql.zst'),
    ('', 'cat broken.sql.zst', 20, 'broken.sql.zst', 'broken.sql.zst'),
    ('', 'cat plain.sql --only d.u', 2, '`d`.`u`', 'd.u'),
    ('', 'cat plain.sql --only u', 2, '`u`', 'u'),
    ('', 'verify nowhere.sql.zst', 30, 'nowhere.sql.zst', 'nowhere.sql.zst'),
    ('', 'info nowhere.sql.zst', 30, 'nowhere.sql.zst', 'nowhere.sql.zst'),
    ('', 'restore nowhere.sql.zst', 30, 'nowhere.sql.zst', 'nowhere.sql.zst'),
    ('', 'verify cut.sql.zst', 21, 'cut.sql.zst', 'cut.sql.zst'),
    ('', 'info cut.sql.zst', 21, 'cut.sql.zst', 'cut.sql.zst'),
    ('', 'verify every-kind.sql.zst cut.sql.zst broken.sql.zst', 20, 'broken.sql.zst', 'broken.sql.zst'),
    ('', 'list nowhere', 30, 'nowhere', 'nowhere'),
    ('', 'list empty --check-age 1d', 5, 'empty', 'empty'),
    ('', 'prune empty', 2, '--keep', ''),
    ('', 'snapshot d --dir nowhere', 30, 'nowhere', 'nowhere/.dbomsbak'),
    ('', 'upgrade ha-config broken.json --enable', 12, 'broken.json', 'broken.json'),
    ('', 'upgrade connectors lacking.json', 4, '1 source lacks its dbType', ''),
    ('', 'upgrade connectors good.json broken.json', 12, 'broken.json', 'broken.json'),
    ('', 'upgrade report --state none', 40, 'none', None),
    ('connect', 'dump d -o x.sql', 10, '127.0.0.1', None),
    ('connect', 'check', 10, '127.0.0.1', None),
    ('connect', 'restore every-kind.sql.zst', 10, '127.0.0.1', None),
    ('connect', 'restore --abort', 10, '127.0.0.1', None),
    ('connect', 'check --restore every-kind.sql.zst', 10, '127.0.0.1', None),
    ('connect', 'undo', 10, '127.0.0.1', None),
    ('connect', 'purge', 10, '127.0.0.1', None),
    ('connect', 'status', 10, '127.0.0.1', None),
    ('connect', 'diff every-kind.sql.zst', 10, '127.0.0.1', None),
    ('connect', 'snapshot d --dir empty', 10, '127.0.0.1', None),
]
ANSWERS = [
    'help',
    'verify every-kind.sql.zst',
    'info every-kind.sql.zst',
    'info plain.sql --quiet',
    'list full',
    'prune full --keep 1 --dry-run',
    'upgrade ha-config ha.json --disable --refetch 95',
    'upgrade connectors good.json',
    'upgrade status --state none',
]

PLAIN = '''-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: d
-- ------------------------------------------------------
-- Server version\t8.0.36
DROP TABLE IF EXISTS `t`;
CREATE TABLE `t` (
  `a` int DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `t` VALUES (1),(2);
-- Dump completed on 2026-11-27  1:30:00
'''


class Tests:
    def __init__(self):
        self.program = Program()
        self._folder = tempfile.TemporaryDirectory()
        self.folder = folder = pathlib.Path(self._folder.name)
        good = (VALID / 'every-kind.sql.zst').read_bytes()
        (folder / 'every-kind.sql.zst').write_bytes(good)
        (folder / 'cut.sql.zst').write_bytes(good[:-100])
        broken = bytearray(good)
        broken[8 + int.from_bytes(good[4:8], 'little') + 20] ^= 1
        (folder / 'broken.sql.zst').write_bytes(broken)
        (folder / 'plain.sql').write_text(PLAIN)
        (folder / 'empty').mkdir()
        (folder / 'full').mkdir()
        for name in ('a-20261127T013000Z.sql.zst', 'a-20261126T013000Z.sql.zst', 'other.sql.zst'):
            (folder / 'full' / name).write_bytes(good)
        shutil.copy(folder / 'cut.sql.zst', folder / 'full/a-20261125T013000Z.sql.zst')
        (folder / 'ha.json').write_text('{"enable": true, "refetchStoreIntervalMin": 30}')
        (folder / 'broken.json').write_text('{"enable": tru')
        (folder / 'good.json').write_text('[{"name": "a", "config": {"source": {"dbType": "OB_MYSQL"}}}]')
        (folder / 'lacking.json').write_text('[{"name": "a", "config": {"source": {"host": "h"}}}]')

    def ask(self, *words):
        return self.program.run(*words, cwd=self.folder, env={'DBOMSBAK_PASSWORD': 'x'})

    def test_errors_of_every_kind_are_objects(self):
        faults = []
        for kind, arguments, code, named, object_ in ERRORS:
            words = arguments.split()
            try:
                result = self.ask(*words, *(NOBODY if kind == 'connect' else []), '--json').expect(code)
                answer = json_answers.check(words, code, result.out)
                assert named in answer['message'], answer
                assert object_ is None or answer['object'] == object_, answer
                told = result.err.replace('\n  - ', ' ')
                assert answer['message'].split('\n')[0] in told or code == 4, told  # for people, too
            except AssertionError as fault:
                faults.append(f'{arguments}: {fault}')
        assert not faults, '\n'.join(faults)

    def test_answers_are_as_documented(self):
        for arguments in ANSWERS:
            result = self.ask(*arguments.split(), '--json').expect(0)
            answer = json_answers.check(arguments.split(), 0, result.out)
            assert set(answer) - set(json_answers.ERROR), answer

    def test_json_is_on_and_off_as_other_flags_are(self):
        for spelled, wanted in (('--json=true', True), ('--json=false', False), ('--json=off', False)):
            for words in (['verify', 'nowhere'], ['verify', 'nowhere', '--no-such']):
                out = self.ask(*words, spelled).out
                assert bool(out) == wanted, (spelled, out)
        # A word behind "--" is none of the program's options.
        assert self.ask('verify', 'nowhere', '--', '--json=true').out == ''

    def test_the_pieces_of_cat_are_its_text(self):
        latin = self.folder / 'latin.sql'
        latin.write_bytes(PLAIN.encode().replace(b'(1),(2)', b"(_binary '\xff\xe9'),('\xc3\xa9')"))
        objects = set()
        for path in (*sorted(VALID.glob('*.zst')), self.folder / 'plain.sql', latin):
            for options in ([], ['--schema'], ['--data'], ['--data', '--schema']):
                text = self.ask('cat', path, *options).expect(0).stdout
                lines = self.ask('cat', path, *options, '--json').expect(0).out
                pieces = json_answers.pieces(lines)
                assert b''.join(piece['sql'].encode() if 'sql' in piece else base64.b64decode(piece['sql_base64'])
                                for piece in pieces) == text, (path, options)
                kinds = {piece['part'] for piece in pieces if piece['kind']}
                assert '--schema' in options or '--data' not in options or kinds <= {'data'}, (path, kinds)
                assert '--data' in options or '--schema' not in options or 'data' not in kinds, (path, kinds)
                objects |= {(piece['kind'], piece['part']) for piece in pieces}
                assert any('sql_base64' in piece for piece in pieces) == (path == latin and options != ['--schema'])
        assert {('table', 'schema'), ('table', 'data'), ('view', 'schema'), ('trigger', 'schema'),
                ('function', 'schema'), ('event', 'schema'), (None, None)} <= objects, objects
        # A program that knows JSON gets at the same text, and at one object's.
        archive = VALID / 'every-kind.sql.zst'
        lines = self.ask('cat', archive, '--json').stdout
        jq = lambda what: subprocess.run(['jq', '-j', what], input=lines, stdout=subprocess.PIPE, check=True).stdout  # noqa: E731
        assert jq('.sql // empty') == self.ask('cat', archive).stdout
        triggers = jq('select(.kind == "trigger").sql').decode()
        assert 'TRIGGER `tr`' in triggers and 'CREATE TABLE' not in triggers and 'INSERT INTO' not in triggers, triggers

    def test_an_option_file_asks_for_json_as_well(self):
        (self.folder / 'my.cnf').write_text('[dbomsbak-snapshot]\njson\ndir=nowhere\n')
        out = self.ask('snapshot', '--defaults-file=my.cnf', 'd').out
        assert json_answers.check(['snapshot'], 30, out)['object'] == 'nowhere/.dbomsbak', out

    def test_help_tells_all_that_the_documents_do(self):
        answer = json.loads(self.ask('help', '--json').out)
        codes = {entry['code']: entry['name'] for entry in answer['exit_codes']}
        assert codes == json_answers.codes()
        rows = self.program.ok('help', '--markdown', 'json').out
        assert all(f'| `{field["path"]}` |' in rows for field in answer['fields'])
        options = self.program.ok('help', '--markdown', 'options').out
        for option in answer['options']:
            assert all(name in options for name in option['names']), option

    def test_what_is_not_as_documented_is_noticed(self):
        text = self.ask('verify', 'every-kind.sql.zst', '--json').expect(0).out
        for change in (lambda a: a.update(more=1), lambda a: a['files'][0].update(more=1), lambda a: a.pop('files'),
                       lambda a: a['files'][0].pop('encrypted'), lambda a: a['files'][0].update(rows='3'),
                       lambda a: a['files'][0].update(rows=True), lambda a: a.update(name='io'),
                       lambda a: a.update(message='m'), lambda a: a.update(files={})):
            answer = json.loads(text)
            change(answer)
            try:
                json_answers.check(['verify'], 0, json.dumps(answer) + '\n')
            except AssertionError:
                continue
            raise AssertionError(f'not noticed: {answer}')


if __name__ == '__main__':
    sys.exit(run(Tests(), sys.argv[1:]))
