#!/usr/bin/env python3
"""Shells complete commands, options and values: asked of real ones, into which somebody types.

bash is always asked, zsh and fish where they are.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402
from support.runner import run  # noqa: E402
from support.shells import Bash, Zsh  # noqa: E402

COMPLETIONS = pathlib.Path(__file__).resolve().parent.parent.parent / 'packaging/completions'
BASH_COMPLETION = pathlib.Path('/usr/share/bash-completion/bash_completion')

# What is typed, and what stands there behind a TAB, in all shells.
TABLE = [
    ('ver', 'verify '),
    ('pru', 'prune '),
    ('dump --outp', 'dump --output '),
    ('dump d --skip-tri', 'dump d --skip-triggers '),
    # files where a file is wanted
    ('verify on', 'verify one.sql.zst '),
    ('verify wi', r'verify with\ blank.sql '),
    ('verify folder/tw', 'verify folder/two.sql.zst '),
    ('verify x one.sql.zst --identity k', 'verify x one.sql.zst --identity key.txt '),
    ('verify --identity=k', 'verify --identity=key.txt '),
    ('dump d -o on', 'dump d -o one.sql.zst '),
    ('dump d --result-file=on', 'dump d --result-file=one.sql.zst '),
    ('dump d --ssl-ca k', 'dump d --ssl-ca key.txt '),
    ('restore --prepare -h 10.0.0.5 on', 'restore --prepare -h 10.0.0.5 one.sql.zst '),
    ('upgrade connectors on', 'upgrade connectors one.sql.zst '),
    ('check --restore on', 'check --restore one.sql.zst '),
    ('verify --throwaway=on', 'verify --throwaway=one.sql.zst '),
    # folders where one is wanted
    ('list fo', 'list folder/'),
    ('list on', 'list on'),
    ('snapshot --dir fo', 'snapshot --dir folder/'),
    ('snapshot --dir=fo', 'snapshot --dir=folder/'),
    ('snapshot --dir on', 'snapshot --dir on'),
    # neither where it is a name, a number or a text
    ('dump on', 'dump on'),
    ('check on', 'check on'),
    ('dump -h on', 'dump -h on'),
    ('dump --where on', 'dump --where on'),
    ('dump d --label=on', 'dump d --label=on'),
    ('status on', 'status on'),
    # words where there are some
    ('dump --format a', 'dump --format archive '),
    ('dump --format=a', 'dump --format=archive '),
    ('dump --ddl=p', 'dump --ddl=portable '),
    ('verify --progress=n', 'verify --progress=none '),
    ('restore --confirm h', 'restore --confirm ha-off '),
    ('dump --ssl-mode R', 'dump --ssl-mode REQUIRED '),
    ('help exit', 'help exit-codes '),
    ('help topi', 'help topics '),
    ('upgrade rep', 'upgrade report '),
    ('upgrade ha', 'upgrade ha-config '),
    ('upgrade --state folder rollb', 'upgrade --state folder rollback '),
    # options of the command alone
    ('upgrade ha-config --en', 'upgrade ha-config --enable '),
    ('upgrade backup --en', 'upgrade backup --en'),
    ('cat one.sql.zst --js', 'cat one.sql.zst --json '),
]
# Of several with commas between.
LISTS = [
    ('upgrade check --confirm sw', 'upgrade check --confirm switchover'),
    ('upgrade check --confirm lag,sw', 'upgrade check --confirm lag,switchover'),
    ('upgrade check --confirm=lag,sw', 'upgrade check --confirm=lag,switchover'),
]
ONLY_BASH = [
    ('verify "with bl', 'verify "with blank.sql" '),
    ('verify ~/.no-such', 'verify ~/.no-such'),
    ('dump d --triggers=f', 'dump d --triggers=false '),
    ('verify -- --od', 'verify -- --odd.sql '),
    ('dump ümlaut --form', 'dump ümlaut --format '),
    ('dump -o one.sql.zst --no-such=x', 'dump -o one.sql.zst --no-such=x'),
    ('upgrade report rep', 'upgrade report rep'),
]


class Tests:
    def __init__(self):
        self.program = Program()
        self.options = {}  # the long ones of a command, as README lists them
        table = self.program.ok('help', '--markdown', 'options').out
        for row in table[:table.index('**mysqldump')].splitlines():
            cells = re.split(r'(?<!\\)\|', row)
            if row.startswith('| `'):
                for command in cells[2].split(','):
                    self.options.setdefault(command.strip(), set()).update(re.findall(r'--[a-z0-9-]+', cells[1]))
        rows = self.program.ok('help', '--markdown', 'commands').out.splitlines()[2:]
        self.commands = {re.match(r'\| `([a-z]+)', row).group(1) for row in rows}
        self._folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._folder.name)
        for name in ('one.sql.zst', 'with blank.sql', 'key.txt', '--odd.sql', 'folder/two.sql.zst'):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text('')

    def ask(self, shell, table):
        faults = []
        for line, wanted in table:
            got = shell.completed('dbomsbak ' + line)
            if got != 'dbomsbak ' + wanted:
                faults.append(f'{line!r} became {got!r}, not {wanted!r}')
        assert not faults, '\n'.join(faults)

    def ask_for_all(self, shell):
        offered = set(shell.offered('dbomsbak '))
        assert offered - {'--help', '--version'} == self.commands, offered ^ self.commands
        for command, options in self.options.items():
            offered = {word.rstrip('=') for word in shell.offered(f'dbomsbak {command} --')} - {'--odd.sql'}
            assert offered == options, f'{command}: {sorted(offered ^ options)}'

    def bash(self, more=''):
        return Bash(COMPLETIONS / 'dbomsbak.bash', self._folder.name, more)

    def test_bash_completes_what_is_wanted(self):
        with self.bash() as shell:
            self.ask(shell, TABLE + LISTS + ONLY_BASH)

    def test_bash_offers_all_commands_and_options(self):
        with self.bash() as shell:
            self.ask_for_all(shell)

    def test_bash_that_does_not_split_at_equals_signs(self):
        table = [(line, wanted) for line, wanted in TABLE + LISTS if '=' in line]
        with self.bash('COMP_WORDBREAKS=${{COMP_WORDBREAKS//[=:]}}\n'.format()) as shell:
            self.ask(shell, table)

    def test_bash_with_bash_completion_loads_it_by_name(self):
        if not BASH_COMPLETION.exists():
            print(f'skipped: there is no {BASH_COMPLETION}')
            return
        # As it is installed: found by the name of the command at the first TAB.
        folder = pathlib.Path(self._folder.name) / 'xdg/bash-completion/completions'
        folder.mkdir(parents=True)
        shutil.copy(COMPLETIONS / 'dbomsbak.bash', folder / 'dbomsbak')
        more = f'BASH_COMPLETION_USER_DIR={folder.parent}\n'
        with Bash(BASH_COMPLETION, self._folder.name, more) as shell:
            self.ask(shell, TABLE[:8] + LISTS)
            assert shell.completed('sudo dbomsbak verify --identity=k') == 'sudo dbomsbak verify --identity=key.txt '

    def test_what_is_offered_is_taken(self):
        for command, options in self.options.items():
            values = [word for option in sorted(options) for word in (option, 'x')]
            self.program.ok(*command.split(), *values, '--help')

    def test_zsh_completes_what_is_wanted(self):
        if not Zsh.is_there():
            print('skipped: there is no zsh')
            return
        with Zsh(COMPLETIONS / '_dbomsbak', self._folder.name) as shell:
            # A comma or "=" goes by itself when what comes next is none of the word.
            typed = {'dump --outp', *(line for line, _ in LISTS)}
            self.ask(shell, [(line, wanted) for line, wanted in TABLE + LISTS if line not in typed])
            self.ask(shell, [('dump --outp', 'dump --output='), *((line, wanted + ',') for line, wanted in LISTS)])
            self.ask_for_all(shell)

    def test_fish_completes_what_is_wanted(self):
        if shutil.which('fish') is None:
            print('skipped: there is no fish')
            return
        lines = [line for line, _ in TABLE + LISTS]
        asked = ''.join(f'echo "= {i}"; complete -C "dbomsbak {line}"\n' for i, line in enumerate(lines))
        asked += 'echo "= all"; complete -C "dbomsbak "\n'
        asked += ''.join(f'echo "= {c}"; complete -C "dbomsbak {c} --"\n' for c in self.options)
        done = subprocess.run(['fish', '--no-config', '-c', f'source {COMPLETIONS / "dbomsbak.fish"}\n{asked}'],
                              capture_output=True, text=True, cwd=self._folder.name,
                              env={**self.program.environment(), 'TERM': 'dumb'}, check=False)
        assert not done.stderr, done.stderr
        found = {}
        for part in done.stdout.split('= ')[1:]:
            name, *words = part.splitlines()
            found[name] = {word.split('\t')[0] for word in words}
        faults = []
        for i, (line, wanted) in enumerate(TABLE + LISTS):
            # fish tells the last word, of "--x=y" whole.
            word = wanted.rstrip().replace('\\ ', ' ').split(' ', len(line.split()) - 1)[-1]
            expected = set() if wanted == line else {word.replace('\\ ', ' ')}
            if found[str(i)] != expected:
                faults.append(f'{line!r}: {found[str(i)]}, not {expected}')
        for command, options in self.options.items():
            offered = {word.rstrip('=') for word in found[command]} - {'--odd.sql'}
            if offered != options:
                faults.append(f'{command}: {sorted(offered ^ options)}')
        if not found['all'] == self.commands:
            faults.append(str(found['all'] ^ self.commands))
        assert not faults, '\n'.join(faults)


if __name__ == '__main__':
    sys.exit(run(Tests(), sys.argv[1:]))
