#!/usr/bin/env python3
"""Each message that an operator may meet is in the map of tests, tests/messages.tsv, with a test that exists.

    tests/messages --update FOLDER    # takes what tests were told into it (see there)
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import messages  # noqa: E402
from support.runner import run  # noqa: E402

TESTS = messages.ROOT / 'tests'
# A new message wants a test and a hint: these numbers go down alone.
MOST_WITHOUT_TEST = 2
MOST_WITHOUT_HINT = 12


class Tests:
    def __init__(self):
        self.map = messages.read_map()
        self.told = {(one.code, one.text): one for one in messages.told()}

    def test_the_map_has_the_messages_of_the_sources(self):
        new, gone = set(self.told) - set(self.map), set(self.map) - set(self.told)
        assert not new and not gone, 'run tests/messages --update FOLDER: ' + '\n'.join(
            [f'not in the map: {one}' for one in sorted(new)] + [f'not in the sources: {one}' for one in sorted(gone)])

    def test_the_tests_that_it_names_are_there(self):
        units = set()
        for path in (TESTS / 'unit').rglob('*_test.cc'):
            units.update(re.findall(r'^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)', path.read_text(), re.M))
        missing = set()
        for test in filter(None, self.map.values()):
            group, name, *function = test.split('.')
            if group == 'unit':
                there = (name.split('/')[-1], function[0].split('/')[0]) in units
            else:
                path = TESTS / group / f'{name}.py'
                there = path.exists() and (not function or f'def {function[0]}(' in path.read_text())
            if not there:
                missing.add(test)
        assert not missing, missing

    def test_most_are_met_by_a_test(self):
        without = sum(not test for test in self.map.values())
        print(f'{len(self.map)} messages, {len(self.map) - without} met by a test')
        assert without <= MOST_WITHOUT_TEST, f'{without} messages are met by no test; there were {MOST_WITHOUT_TEST}'

    def test_what_sources_are_read_by_sees_through_them(self):
        """Known ones, each made in another way."""
        for code, text, hint in (
                ('kWouldOverwrite', "'…' already exists", 'Choose another name, or add --overwrite.'),
                ('kDamaged', "'…' is damaged: the footer at byte … contradicts itself", 'Take another copy of the file'),
                ('kUsage', '--json needs -o FILE: standard output carries the dump', 'Name a file with -o'),
                ('kUsage', 'prune is given two folders', 'For example'),
                ('kRestorePreflight', "the server is read-only (read_only=ON), as replicas are; restore on its primary, or SET "
                                      "GLOBAL read_only=OFF first", ''),
                ('kConnectionLost', 'the session was lost while the window was open: …', 'Run any dbomsbak command')):
            assert (code, text) in self.told, (code, text)
            assert hint in self.told[code, text].hint, self.told[code, text]

    def test_most_say_what_to_do(self):
        """A hint, or a reason of a refusal that tells it itself."""
        mute = [key for key, one in self.told.items() if not one.hint and not re.search(r'[:;(,.] ', one.text)]
        assert len(mute) <= MOST_WITHOUT_HINT, mute


if __name__ == '__main__':
    sys.exit(run(Tests(), sys.argv[1:]))
