#!/usr/bin/env python3
"""Tables in the documents are what the program renders; links lead somewhere.

    tests/checks/documents_test.py            # checks
    tests/checks/documents_test.py --update   # writes the tables anew

A rendered block stands between `<!-- dbomsbak help --markdown TOPIC -->` and `<!-- end -->`; in manual pages, which groff must
take without a warning, between `.\\" dbomsbak help --man TOPIC` and `.\\" end`. The pages of commands, and what completes in shells,
are rendered whole; dbomsbak-messages(7) is, from the sources (tests/support/messages.py).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import messages  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r'(<!-- dbomsbak (help --markdown [a-z-]+) -->\n)(.*?)(<!-- end -->)', re.S)
MAN_BLOCK = re.compile(r'(\.\\" dbomsbak (help --man [a-z -]+)\n)(.*?)(\.\\" end\n)', re.S)
LINK = re.compile(r'\]\(([^)#]+?)(?:#[^)]*)?\)')
DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'formats/json.md']
MAN = ROOT / 'packaging/man'
WRITTEN_PAGES = [MAN / 'dbomsbak.1', MAN / 'dbomsbak-upgrade.1']  # by people, but for their blocks
COMPLETIONS = {'bash': 'dbomsbak.bash', 'zsh': '_dbomsbak', 'fish': 'dbomsbak.fish'}
TOPICS = {'commands', 'exit-codes', 'options', 'json', 'events'}


def render(arguments):
    program = os.environ.get('DBOMSBAK', ROOT / 'build/dev/dbomsbak')
    return subprocess.run([program, *arguments.split()], check=True, capture_output=True,
                          text=True).stdout


def man_faults(path):
    """What groff says of a page; nothing where there is no groff."""
    groff = shutil.which('groff')
    if groff is None:
        print(f'{path.name} was not formatted: there is no groff')
        return []
    if path.read_text().startswith('.so '):
        return [] if (MAN / path.read_text().split('/')[1].strip()).exists() else [f'{path.name} leads nowhere']
    done = subprocess.run([groff, '-man', '-Tutf8', '-ww', '-P-c', path], capture_output=True, text=True)
    return [f'{path.name}: {line}' for line in done.stderr.splitlines()]


def rendered_files():
    """All that is rendered whole, as it shall be."""
    files = {ROOT / 'packaging/completions' / name: render(f'help --completion {shell}') for shell, name in COMPLETIONS.items()}
    for row in render('help --markdown commands').splitlines()[2:]:
        words = re.match(r'\| `([a-z-]+(?: [a-z-]+)?)(?= [^a-z]|`)|\| `([a-z-]+)', row)
        command = words.group(1) or words.group(2)
        path = MAN / f'dbomsbak-{command.replace(" ", "-")}.1'
        if path not in WRITTEN_PAGES:
            files[path] = render(f'help --man-page {command}')
    version = render('--version').split()[1]
    files[MAN / 'dbomsbak-messages.7'] = messages.man_page(version, json.loads(render('help --json'))['exit_codes'])
    return files


def main():
    update = '--update' in sys.argv[1:]
    faults, seen = [], set()
    for name in DOCUMENTS:
        path = ROOT / name
        text = path.read_text()

        def block(match):
            seen.add(match.group(2).split()[-1])
            rendered = '\n' + render(match.group(2)) + '\n'
            if rendered != match.group(3) and not update:
                faults.append(f'{name}: the block "{match.group(2)}" is not what the program '
                              'renders; run tests/checks/documents_test.py --update')
            return match.group(1) + rendered + match.group(4)

        fresh = BLOCK.sub(block, text)
        if update and fresh != text:
            path.write_text(fresh)
            print(f'{name} written')
        for target in LINK.findall(text):
            if '://' not in target and not (path.parent / target).exists():
                faults.append(f'{name}: the link {target} leads nowhere')
    files = rendered_files()
    for path, fresh in files.items():
        if path.exists() and path.read_text() == fresh:
            continue
        if update:
            path.write_text(fresh)
            print(f'{path.name} written')
        else:
            faults.append(f'{path.name} is not as rendered; run tests/checks/documents_test.py --update')
    for path in {*MAN.iterdir(), *(ROOT / 'packaging/completions').iterdir()} - {*files, *WRITTEN_PAGES}:
        faults.append(f'{path.name} belongs to no command')
    for path in files:
        if path.parent == MAN:
            faults += man_faults(path)
    for path in WRITTEN_PAGES:
        fresh = MAN_BLOCK.sub(lambda match: match.group(1) + render(match.group(2)) + match.group(4), path.read_text())
        if fresh != path.read_text():
            if update:
                path.write_text(fresh)
                print(f'{path.name} written')
            else:
                faults.append(f'{path.name}: a block is not what the program renders; run '
                              'tests/checks/documents_test.py --update')
        faults += man_faults(path)
    missing = TOPICS - seen
    if missing:
        faults.append(f'no document has the table of {", ".join(sorted(missing))}')
    print('\n'.join(faults) or f'{len(seen)} tables are as rendered')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
