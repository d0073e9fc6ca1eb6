#!/usr/bin/env python3
# ctest: cost=190 timeout=1500 parts=2
"""clang-tidy finds nothing in src, by the small set of .clang-tidy.

What was looked at is not looked at again: a source is the same when its text, those of the project's headers that
it includes, the flags it is compiled with, .clang-tidy and the version of clang-tidy are. Such answers are kept in
${XDG_CACHE_HOME:-~/.cache}/dbomsbak/tidy. A file takes some seconds, so that from an empty cache all of them take a
quarter of an hour: of those that nothing is known of, the ones changed last come first, and after DBOMSBAK_TIDY_SECONDS
(100) a test looks at no more and says how many are left. By hand, `tests/checks/tidy_test.py` looks at all of them, or at
the files it is given; `--anew` forgets what is known.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'dbomsbak' / 'tidy'
KEPT = 5000  # answers, a few bytes each


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commands_of(build):
    """{source: its command}; where several are compiled at once, as if each were by itself."""
    commands = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        path = pathlib.Path(entry['file'])
        together = path.parent.name == 'Unity' and path.exists()
        for name in re.findall(r'#include "(/.+)"', path.read_text()) if together else [entry['file']]:
            if SOURCE / 'src' in pathlib.Path(name).parents:
                command = entry['command'].replace(entry['file'], name).replace(' -Wno-subobject-linkage', '')  # GCC's
                commands[pathlib.Path(name)] = {**entry, 'file': name, 'command': command}
    return commands


class Tidy:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.commands = commands_of(build)
        (folder / 'compile_commands.json').write_text(json.dumps(list(self.commands.values())))
        self.headers = {}
        self.common = output_of('clang-tidy', '--version') + (SOURCE / '.clang-tidy').read_text()
        self.digests = {}

    def digest(self, path):
        if path not in self.digests:
            self.digests[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.digests[path]

    def included(self, path):
        """The project's files that this one includes by itself."""
        if path not in self.headers:
            names = re.findall(r'^#include "(.+)"', path.read_text(), re.M)
            found = [SOURCE / root / name for name in names for root in ('src', 'include')]
            self.headers[path] = [file for file in found if file.exists()]
        return self.headers[path]

    def files_of(self, source):
        files, new = {source}, [source]
        while new:
            for file in self.included(new.pop()):
                if file not in files:
                    files.add(file)
                    new.append(file)
        return sorted(files)

    def key(self, source):
        command = re.sub(r' -(o|MT|MF) \S+', '', self.commands[source]['command'])
        said = [self.common, command.replace(str(self.build), '').replace(str(SOURCE), '')]
        said += [f'{path.relative_to(SOURCE)} {self.digest(path)}' for path in self.files_of(source)]
        return hashlib.sha256('\n'.join(said).encode()).hexdigest()

    def findings(self, source, key):
        """What clang-tidy says of one file; empty, and kept in mind, when that is nothing."""
        done = subprocess.run(['clang-tidy', '-p', str(self.folder), '--quiet', str(source)],
                              capture_output=True, text=True)
        if done.returncode or re.search(r': (warning|error): ', done.stdout):
            return done.stdout or done.stderr
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / key).touch()
        return ''


def changed_last_first(sources):
    said = subprocess.run(['git', '-C', str(SOURCE), 'log', '-n', '300', '--format=', '--name-only', '--', 'src'],
                          capture_output=True, text=True).stdout.split()
    place = {SOURCE / name: number for number, name in reversed(list(enumerate(said)))}
    return sorted(sources, key=lambda source: (place.get(source, len(said)), source))


def is_known(key):
    if not (CACHE / key).exists():
        return False
    os.utime(CACHE / key)
    return True


def forget_oldest():
    try:
        kept = sorted(CACHE.iterdir(), key=lambda path: path.stat().st_mtime)
    except OSError:  # none yet, or another part is at it
        return
    for path in kept[:max(0, len(kept) - KEPT)]:
        path.unlink(missing_ok=True)


def main(arguments):
    if not shutil.which('clang-tidy'):
        print('clang-tidy is not installed')
        return 77
    with tempfile.TemporaryDirectory() as folder:
        return look_at(arguments, pathlib.Path(folder))


def look_at(arguments, folder):
    tidy = Tidy(pathlib.Path(os.environ.get('DBOMSBAK_BUILD') or SOURCE / 'build' / 'dev').resolve(), folder)
    sources, jobs, until = changed_last_first(tidy.commands), os.cpu_count(), None
    if arguments[:1] == ['--part']:
        part, parts = map(int, arguments[1].split('/'))
        sources, jobs = sources[part - 1::parts], 1
        until = time.monotonic() + int(os.environ.get('DBOMSBAK_TIDY_SECONDS', 100))
    elif names := [name for name in arguments if name != '--anew']:
        sources = [pathlib.Path(name).resolve() for name in names]
        strangers = [str(path) for path in sources if path not in tidy.commands]
        if strangers:
            print('not compiled here: ' + ', '.join(strangers))
            return 2
    if not sources:
        print('no source was found')
        return 1
    keys = {source: tidy.key(source) for source in sources}
    unknown = [source for source in sources if '--anew' in arguments or not is_known(keys[source])]
    bad = late = 0

    def look(source):
        return None if until and time.monotonic() > until else tidy.findings(source, keys[source])

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for said in pool.map(look, unknown):
            late += said is None
            if said:
                bad += 1
                print(said, flush=True)
    forget_oldest()
    print(f'{len(sources)} files, {len(unknown) - late} of them looked at now, {late} left for another time, '
          f'{bad} with findings')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
