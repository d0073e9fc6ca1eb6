"""Whether an answer of --json is what the table in formats/json.md says: none missing, none more, each of its type.

Program.run asks this of every answer it sees.
"""

import functools
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ERROR = ['code', 'name', 'message', 'hint', 'object']
TYPES = {'string': str, 'number': (int, float), 'boolean': bool, 'object': dict, 'null': type(None)}
PARTS = {'check': '--restore', 'restore': '--abort'}  # options that ask for another answer


class Field:
    def __init__(self):
        self.type = None  # of a leaf
        self.optional = self.is_list = False
        self.members = {}


@functools.cache
def _rows():
    """Path, type and answers of each field."""
    rows = []
    text = (ROOT / 'formats/json.md').read_text()
    table = text[text.index('<!-- dbomsbak help --markdown json -->'):]
    for row in table[:table.index('<!-- end -->')].splitlines():
        cells = [cell.strip() for cell in re.split(r'(?<!\\)\|', row)]
        if len(cells) > 4 and cells[1].startswith('`'):
            rows.append((cells[1].strip('`'), cells[2], cells[3].split(', ')))
    return rows


@functools.cache
def codes():
    """The names of the exit codes."""
    text = (ROOT / 'README.md').read_text()
    table = text[text.index('<!-- dbomsbak help --markdown exit-codes -->'):]
    return {int(code): name for code, name in
            re.findall(r'^\| (\d+) \| ([a-z-]+) \|', table[:table.index('<!-- end -->')], re.M)}


@functools.cache
def fields(answer):
    """The tree of the fields of "dump", "restore --abort"."""
    top = Field()
    for path, type_, answers in _rows():
        if answer not in answers:
            continue
        field = top
        for step in path.split('.'):
            name, optional, is_list = re.fullmatch(r'(\w+)(\??)((?:\[\])?)', step).groups()
            field = field.members.setdefault(name, Field())
            field.optional |= bool(optional)
            field.is_list |= bool(is_list)
        field.type = type_
    assert top.members, f'formats/json.md has no field of {answer}'
    return top


def answer_of(words):
    """"dump" or "upgrade report", for the words of a command line."""
    words = [str(word) for word in words]
    for name in (' '.join(words[:2]), words[0]):
        part = PARTS.get(name)
        if part and part in words:
            return f'{name} {part}'
        if any(name in answers for _, _, answers in _rows()):
            return name
    return words[0]


def _check(value, field, where, is_list=False):
    if field.is_list and not is_list:
        assert isinstance(value, list), f'{where} is no list'
        for i, one in enumerate(value):
            _check(one, field, f'{where}[{i}]', True)
    elif field.members:
        assert isinstance(value, dict), f'{where} is no object'
        more = set(value) - set(field.members)
        assert not more, f'{where} has {sorted(more)}, which formats/json.md does not tell of'
        for name, member in field.members.items():
            if name in value:
                _check(value[name], member, f'{where}.{name}')
            else:
                assert member.optional, f'{where} lacks {name}'
    else:
        wanted = [TYPES[word] for word in field.type.split(' or ')]
        is_one = any(isinstance(value, type_) for type_ in wanted)
        assert is_one and (bool in wanted or not isinstance(value, bool)), f'{where} is {value!r}, no {field.type}'


def pieces(text):
    """The lines of `cat --json` before the last, each held against the table."""
    found = []
    for line in text.splitlines()[:-1]:
        piece = json.loads(line)
        known = fields('cat').members
        assert list(piece)[-1] in ('sql', 'sql_base64'), list(piece)
        assert list(piece)[:-1] == ['database', 'kind', 'name', 'part'], list(piece)
        for name, value in piece.items():
            _check(value, known[name], f'cat.{name}')
        found.append(piece)
    return found


def check(words, code, text):
    """Fails by AssertionError; returns the answer, that of cat being its last line."""
    if words and words[0] == 'cat':
        pieces(text)
        text = text[text.rfind('\n', 0, -1) + 1:]
        assert list(json.loads(text)) == (ERROR if code else ERROR[:2]), text
    assert text.count('\n') == 1 and text.endswith('\n'), f'not one line: {text[:2000]!r}'
    answer = json.loads(text)
    assert list(answer)[:2] == ERROR[:2], list(answer)
    assert (answer['code'], answer['name']) == (code, codes()[code]), f'{answer["code"]} {answer["name"]}, not {code}'
    if code != 0:
        assert list(answer)[:5] == ERROR, list(answer)
        assert answer['message'] and not answer['message'].endswith('.'), answer['message']
    else:
        assert not set(answer) & set(ERROR[2:]), list(answer)
    if list(answer) == ERROR:
        assert all(isinstance(answer[name], str) for name in ERROR[1:]), answer
    else:
        _check(answer, fields(answer_of(words)), answer_of(words))
    return answer
