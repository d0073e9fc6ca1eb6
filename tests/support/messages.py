"""The messages of errors, as the sources have them: what the manual page dbomsbak-messages(7) and the map of tests are made of.

A message is found where an Error is made, or where a reason is added to those that a restore or an upgrade is refused for.
What is filled in is written "…". Where a function makes errors of what it is given, its callers' texts are taken; a helper of
a variable's name or a call that cannot be seen through is "…" as well. This reads C++ as far as the sources go, not all of it.
"""

import dataclasses
import functools
import itertools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MAP = ROOT / 'tests/messages.tsv'
GAP = '…'
SEVERAL = 12  # readings of an expression that are looked at
MADE = re.compile(r'\b(?:Error|ServerError|UnprovenError)(?: \w+)?\(|\b(?:\w*[pP]roblems|open|refusals_)(?:\.|->)push_back\(|\bProblem\(')
NO_CALLS = {'if', 'for', 'while', 'switch', 'catch', 'return', 'sizeof', 'throw', 'else', 'do'}


@dataclasses.dataclass(frozen=True, order=True)
class Message:
    code: str  # "kUsage"; "" where it is another error's
    text: str
    hint: str
    file: str = dataclasses.field(compare=False)


def _string_end(text, at):
    quote = text[at]
    at += 1
    while text[at] != quote:
        at += 2 if text[at] == '\\' else 1
    return at + 1


def _is_quote(text, at):
    return text[at] == '"' or (text[at] == "'" and not text[at - 1].isalnum())


def _without_comments(text):
    """Raw strings are as empty as comments: no message is one."""
    tokens = re.compile(r'//[^\n]*|R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'')
    return tokens.sub(lambda found: {'/': '', 'R': '""'}.get(found.group()[0], found.group()), text)


def _parts(text, at, separator):
    """What stands between the bracket at `at` and its other one, cut at `separator` outside of further brackets; the end."""
    depth, begin, parts = 0, at + 1, []
    while True:
        if _is_quote(text, at):
            at = _string_end(text, at)
            continue
        if text[at] in '([{':
            depth += 1
        elif text[at] in ')]}':
            depth -= 1
            if depth == 0:
                parts.append(text[begin:at].strip())
                return parts, at + 1
        elif depth == 1 and text.startswith(separator, at):
            parts.append(text[begin:at].strip())
            begin = at + len(separator)
        at += 1


def _until_semicolon(text, at):
    begin = at
    while at < len(text) and text[at] != ';':
        if _is_quote(text, at):
            at = _string_end(text, at)
        elif text[at] in '([{':
            try:
                at = _parts(text, at, ',')[1]
            except IndexError:  # the text ends within
                return ''
        else:
            at += 1
    return text[begin:at].strip()


def _cut(expression, separator):
    return _parts(f'({expression})', 0, separator)[0]


def _literal(text):
    """The value of "one" "or more" literals, or None."""
    if not re.fullmatch(r'(?:"(?:\\.|[^"\\])*"\s*)+', text, re.S):
        return None
    value = ''.join(re.findall(r'"((?:\\.|[^"\\])*)"', text, re.S))
    return re.sub(r'\\(.)', lambda found: {'n': '\n', 't': '\t'}.get(found.group(1), found.group(1)), value)


@dataclasses.dataclass
class Function:
    name: str
    parameters: list
    begin: int
    end: int


class Source:
    def __init__(self, path):
        self.path = path
        self.text = _without_comments(path.read_text())
        self.constants = {}
        for found in re.finditer(r'\bconstexpr (?:char|std::string_view) (k\w+)(?:\[\])?\s*(?:=|\{)\s*((?:"(?:\\.|[^"\\])*"\s*)+)', self.text):
            self.constants[found.group(1)] = _literal(found.group(2))
        self.functions = list(self._functions())

    def _functions(self):
        opened = []
        for found in re.finditer(r'"(?:\\.|[^"\\])*"|(?<!\w)\'(?:\\.|[^\'\\])+\'|[{}]', self.text):
            if found.group() == '{':
                opened.append((found.start(), self._head(found.start())))
            elif found.group() == '}' and opened:
                begin, head = opened.pop()
                if head:
                    yield Function(*head, begin, found.start())

    def _head(self, brace):
        """Name and parameters of the function whose body begins here."""
        before = self.text[max(0, brace - 1500):brace]
        tail = re.search(r'\)\s*(?:const|noexcept|override|mutable|->\s*[\w:]+|\s)*\Z', before[-80:])
        if not tail:
            return None
        closing = max(0, len(before) - 80) + tail.start()
        depth, at = 0, closing
        while at >= 0:
            depth += {')': 1, '(': -1}.get(before[at], 0)
            if depth == 0:
                break
            at -= 1
        name = re.search(r'(?:(\w+)|(\w+) = \[[^\[\]]*\])\s*\Z', before[:at])
        if not name:
            return None
        name_text = name.group(1) or name.group(2)
        if name_text in NO_CALLS:
            return None
        try:
            parameters = [re.sub(r'\s*=.*', '', one, flags=re.S) for one in _cut(before[at + 1:closing], ',')]
        except IndexError:  # brackets that belong to a string
            return None
        return name_text, [(re.findall(r'\w+', one) or [''])[-1] for one in parameters]

    def around(self, at):
        """The functions that hold this place, the inmost first."""
        return sorted((one for one in self.functions if one.begin < at < one.end), key=lambda one: one.end - one.begin)


class Readings:
    """What an expression may give; what functions of `others` do is seen as well."""

    def __init__(self, source, at, given, others=()):
        self.source, self.at, self.given, self.others = source, at, given, others

    def of(self, expression, depth=0):
        expression = expression.strip()
        found = list(dict.fromkeys(self._of(expression, depth)))
        if GAP in found and '' in found:  # a variable that is empty at first
            found.remove('')
        return found[:SEVERAL] if found else [GAP]

    def _of(self, expression, depth):
        if depth > 12:
            return [GAP]
        again = functools.partial(self.of, depth=depth + 1)
        value = _literal(expression)
        if value is not None:
            return [value]
        if expression in ('', '{}'):
            return ['']
        choice = self._choice(expression)
        if choice:
            return again(choice[0]) + again(choice[1])
        added = _cut(expression, ' + ')
        if len(added) > 1:
            return [''.join(one) for one in itertools.islice(itertools.product(*map(again, added)), SEVERAL)]
        wrapped = re.match(r'(?:std::move|std::string|std::string_view)\(', expression)
        if wrapped and _parts(expression, wrapped.end() - 1, ',')[1] == len(expression):
            return again(expression[wrapped.end():-1])
        if expression.startswith('(') and _parts(expression, 0, ',')[1] == len(expression):
            return again(expression[1:-1])
        formatted = re.match(r'fmt::format\(', expression)
        if formatted and _parts(expression, formatted.end() - 1, ',')[1] == len(expression):
            return self._formatted(_parts(expression, formatted.end() - 1, ',')[0], again)
        counted = re.fullmatch(r'Counted\(.*, "([\w ]+)"\)', expression, re.S)
        if counted and _parts(expression, len('Counted'), ',')[1] == len(expression):
            return [f'{GAP} {counted[1]}s']
        if expression in self.given:
            return self.given[expression]
        system = re.match(r'HintOfErrno\(', expression)  # by the system's reason, or else what it is given
        if system and depth < 6:
            return again(_parts(expression, system.end() - 1, ',')[0][-1]) + self._returned('HintOfErrno', depth)
        called = re.match(r'(\w+)\(', expression)
        if called and depth < 6 and _parts(expression, called.end() - 1, ',')[1] == len(expression):
            return self._returned(called.group(1), depth)
        for name in (expression, expression.removeprefix('*')):
            if name in self.source.constants:
                return [self.source.constants[name]]
            if re.fullmatch(r'\w+', name) and depth < 6:
                values = self._assigned(name)
                if values:
                    return [one for value in values for one in again(value)]
        return [GAP]

    def _returned(self, name, depth):
        """What a function of this file may return, or else of others."""
        texts = []
        for source in (self.source, *self.others):
            for function in source.functions:
                if function.name != name:
                    continue
                body = source.text[function.begin:function.end]
                for found in re.finditer(r'\breturn\s', body):
                    inner = Readings(source, function.begin + found.start(), {})
                    texts += inner.of(_until_semicolon(body, found.end()), depth + 1)
            if texts:
                break
        return texts or [GAP]

    def _choice(self, expression):
        parts = _cut(expression, ' ? ')
        if len(parts) < 2:
            return None
        rest = expression[len(parts[0]) + 3:]
        for place in range(1, len(_cut(rest, ' : '))):
            ways = _cut(rest, ' : ')
            first, second = ' : '.join(ways[:place]), ' : '.join(ways[place:])
            if len(_cut(first, ' ? ')) == place:
                return first, second
        return None

    def _formatted(self, arguments, again):
        text = _literal(arguments[0])
        if text is None:
            return [GAP]
        pieces = re.split(r'\{(\d*)(?::(?:[^{}]|\{[^{}]*\})*)?\}', text.replace('{{', '\1').replace('}}', '\2'))
        choices, count = [], 0
        for i, piece in enumerate(pieces):
            if i % 2 == 0:
                choices.append([piece.replace('\1', '{').replace('\2', '}')])
                continue
            number = int(piece) if piece else count
            count += 1
            choices.append(again(arguments[number + 1]) if number + 1 < len(arguments) else [GAP])
        return [''.join(one) for one in itertools.islice(itertools.product(*choices), SEVERAL)]

    def _assigned(self, name):
        """What a local variable is given before this place."""
        around = self.source.around(self.at)
        begin = around[-1].begin if around else max(0, self.at - 2000)
        text = self.source.text[begin:self.at]
        values = []
        for found in re.finditer(rf'(?<![\w.>])(?:std::string |auto |std::string_view ){name}\s*(=|\()', text):
            values = []  # a variable of the same name, further up
            end = self._end(text, found)
            values.append(end)
        for found in re.finditer(rf'(?<![\w.>]){name} (=)(?!=)', text):
            value = self._end(text, found)
            if value not in values:
                values.append(value)
        return [value for value in values if value]

    @staticmethod
    def _end(text, found):
        if found.group(1) == '(':
            return ', '.join(_parts(text, found.end() - 1, ',')[0])
        return _until_semicolon(text, found.end())


def _calls(sources, source, function):
    """Where a function is called: place and arguments, in its own file, or in all when it is of none alone."""
    pattern = re.compile(rf'(?<!\w){function.name}(?: \w+)?\(')
    for one in sources:
        if one is not source and function.name not in one.text:
            continue
        for found in pattern.finditer(one.text):
            arguments, end = _parts(one.text, found.end() - 1, ',')
            is_head = re.match(r'\s*(?:const|noexcept|override|->[^;{]*)*\s*[{:]', one.text[end:]) is not None
            if not is_head and len(arguments) <= len(function.parameters) and '' not in arguments:
                yield one, found.start(), arguments


def _is_open(text):
    return GAP in text


def _messages_of(sources, source, at, code, text, hint, given, depth=0):
    readings = Readings(source, at, given)
    codes = re.findall(r'ErrorCode::(k\w+)', code) or given.get(code, [''])
    # What a function is given decides, where one is named in the message.
    if depth < 3:
        for function in source.around(at):
            used = [name for name in function.parameters
                    if name and name not in given and re.search(rf'(?<![\w.>"]){name}(?![\w"(])(?!\.\w+\()', f'{text} , {hint} , {code}')]
            used = [name for name in used if not re.search(rf'\b{name}(\.|->|\[)', text + hint)]
            calls = list(_calls([source] if source.path.suffix == '.cc' else sources, source, function)) if used else []
            if not calls:
                continue
            found = []
            for place, where, arguments in calls:
                if place is source and function.begin < where < function.end:
                    continue
                outer = Readings(place, where, {})
                filled = dict(given)
                for name, argument in itertools.zip_longest(function.parameters, arguments, fillvalue=''):
                    if name in used:
                        filled[name] = re.findall(r'ErrorCode::(k\w+)', argument) if name == code else outer.of(argument)
                found += _messages_of(sources, source, at, code, text, hint, filled, depth + 1)
            if found:
                return found
    told = ''
    shared = [one for one in sources if one.path.stem == 'errno_hint']
    for others in (shared, sources):  # functions of other files where nothing is seen without them
        hints = [_shown(one) for one in Readings(source, at, given, others).of(hint)]
        told = told or ' Or: '.join(one for one in hints if letters(one) >= 4)
    texts = {re.sub(rf"{GAP}(?:/{GAP})+|(?<=')(?:/tmp|/|\.)(?=')", GAP, _shown(one)) for one in readings.of(text)}
    return [Message(one_code, one_text, told, str(source.path.relative_to(ROOT)))
            for one_code in codes for one_text in texts if letters(one_text) >= 6]


def letters(text):
    """How much of it is no gap."""
    return sum(c.isalpha() for c in text)


def _shown(text):
    text = re.sub(r'\s+', ' ', text).strip()
    return re.sub(f'{GAP}(?:[ ]?{GAP})+', GAP, text)


def _refusal_code(path):
    return 'kUpgradePreflight' if path.name.startswith('upgrade') else 'kRestorePreflight'


@functools.cache
def messages():
    """All of them that say something themselves, sorted."""
    sources = [Source(path) for path in sorted((ROOT / 'src').rglob('*.cc'))]
    found = set()
    for source in sources:
        for made in MADE.finditer(source.text):
            arguments, _ = _parts(source.text, made.end() - 1, ',')
            is_error = 'Error' in made.group()
            if is_error:
                if len(arguments) < 2 or re.match(r'ErrorCode code$|std::\w+ ', arguments[0]) or arguments[0].startswith('Error('):
                    continue
                code, rest = arguments[0], arguments[1:]
                if made.group().startswith('ServerError') and len(rest) > 2:
                    rest = rest[2:]
            elif len(arguments) == 4:  # of check, with a code, a topic and a remedy
                code, rest = arguments[0], arguments[2:]
            elif len(arguments) == 1 and not re.match(r'std::move|std::string text|\w+$', arguments[0]):
                code, rest = f'ErrorCode::{_refusal_code(source.path)}', arguments
            else:
                continue
            found.update(_messages_of(sources, source, made.start(), code, rest[0], rest[1] if len(rest) > 1 else '', {}))
    return sorted(found)


def told():
    """Those that an operator may meet: faults of the program alone are but one."""
    return [one for one in messages() if one.code != 'kInternal' or one.hint]


def pattern(message):
    """Finds the message in what was said; what was being done may stand before it."""
    def open_(text):  # what is counted may be one
        first, *others = (re.escape(part) for part in text.split(GAP))
        return '(?:.|\n)*?'.join((first, *(re.sub(r'\A((?:\\ \w+){1,2}?)s\b', r'\1s?', part) for part in others)))

    # As one reason of several its hint is a further sentence of it. What begins with a gap is nothing that another error tells of.
    hint = '|'.join(map(open_, filter(None, message.hint.split(' Or: '))))
    text = open_(message.text)
    if message.text.startswith(GAP):
        text = text.replace('(?:.|\n)*?', '(?:(?!: )(?:.|\n))*?', 1)
    return re.compile(rf'(?:\A|: |\n){text}(?:\. (?:{hint}))?\Z' if hint else rf'(?:\A|: |\n){text}\Z')


@functools.cache
def exit_codes():
    """kUsage to 2."""
    text = (ROOT / 'include/dbomsbak/base/error.h').read_text()
    return {name: int(number) for name, number in re.findall(r'^  (k\w+) = (\d+),', text, re.M)}


def read_map():
    """Code and text of each message to the test that meets it, or to nothing."""
    rows = {}
    for line in MAP.read_text().splitlines() if MAP.exists() else []:
        code, text, test = line.split('\t')
        rows[code.removeprefix('-'), text] = test
    return rows


def write_map(rows):
    MAP.write_text(''.join(f'{code or "-"}\t{text}\t{test}\n' for (code, text), test in sorted(rows.items())))


# Server errors ------------------------------------------------------------------------------------


def server_hints():
    """Numbers of server errors and the hint to each."""
    source = Source(ROOT / 'src/transport/server_error.cc')
    body = source.text[source.text.index('std::string HintOfServerNumber('):]
    body = body[:body.index('\n}\n')]
    rows = []
    for found in re.finditer(r'((?:case \d+:\s*)+)return ((?:"(?:\\.|[^"\\])*"\s*)+);', body):
        rows.append((re.findall(r'\d+', found.group(1)), _literal(found.group(2))))
    return rows


# The manual page ----------------------------------------------------------------------------------

HEAD = r"""\" Rendered from the sources: tests/checks/documents_test.py --update
.TH DBOMSBAK\-MESSAGES 7 "" "dbomsbak {version}" "Miscellaneous"
.SH NAME
dbomsbak\-messages \- what dbomsbak says when something stands in its way, and what to do about it
.SH DESCRIPTION
What ends a command is told on standard error: a line that begins with
.BR "dbomsbak: error:" ,
and mostly one behind it that begins with
.B dbomsbak: hint:
and says what to do next. With
.B \-\-json
they are
.IR message " and " hint
of the answer. The exit code says of what kind it is; here are the messages of each, and what helps. Three dots stand for what
is filled in: names, numbers, what a server or the system said. What was being done may stand before a message, with a colon.
A restore or an upgrade that is refused (34, 40) names all reasons at once, each on a line of its own.
"""
SERVER = r""".SH SERVER ERRORS
What a server refuses is told in its own words, with its number: "... (error 1114)". What helps with some:
"""
FOOT = r""".SH SEE ALSO
.BR dbomsbak (1),
.BR dbomsbak\-check (1)
"""


def _roff(text):
    text = text.replace('\\', '\\e').replace('-', '\\-').replace("'", '\\(aq').replace(GAP, '...')
    return f'\\&{text}' if text.startswith('.') else text


def _name(code):
    """"would-overwrite" of kWouldOverwrite."""
    return re.sub(r'(?<!\A)([A-Z])', r'-\1', code[1:]).lower()


def man_page(version, exit_codes):
    """`exit_codes` as help --json has them."""
    by_code = {}
    for message in told():
        by_code.setdefault(_name(message.code) if message.code else '', {}).setdefault(message.hint, []).append(message.text)
    page = HEAD.format(version=version)
    for row in [*exit_codes, {'code': '', 'name': '', 'meaning': 'Of the code of what they tell of'}]:
        hints = by_code.pop(row['name'], {})
        if not hints:
            continue
        title = f'{row["code"]} {row["name"]}: ' if row['name'] else ''
        page += f'.SH "{_roff(title + row["meaning"])}"\n'
        for hint, texts in sorted(hints.items(), key=lambda item: item[1]):
            for i, text in enumerate(sorted(set(texts))):
                page += f'{".TQ" if i else ".TP"}\n.B {_roff(text)}\n'
            page += f'{_roff(hint) or chr(92) + "&"}\n'
    assert not by_code, f'no exit codes: {list(by_code)}'
    page += SERVER
    for numbers, hint in server_hints():
        page += f'.TP\n.B {", ".join(numbers)}\n{_roff(hint)}\n'
    return page + FOOT
