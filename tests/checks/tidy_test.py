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
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'dbomsbak' / 'tidy'
KEPT = 5000  # answers, a few bytes each


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def headers_of(build):
    """{object file: the project's files it was made of}, as the compiler said."""
    found, files = {}, None
    for line in output_of('ninja', '-C', str(build), '-t', 'deps').splitlines():
        if line.startswith(' '):
            path = (build / line.strip()).resolve()
            if SOURCE in path.parents and files is not None:
                files.append(path)
        elif ': #deps' in line:
            files = found.setdefault(line.split(':')[0], [])
    return found


class Tidy:
    def __init__(self, build):
        self.build = build
        self.commands = {pathlib.Path(entry['file']): entry
                         for entry in json.loads((build / 'compile_commands.json').read_text())
                         if SOURCE / 'src' in pathlib.Path(entry['file']).parents}
        self.headers = headers_of(build)
        self.common = output_of('clang-tidy', '--version') + (SOURCE / '.clang-tidy').read_text()
        self.digests = {}

    def digest(self, path):
        if path not in self.digests:
            self.digests[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.digests[path]

    def key(self, source):
        entry = self.commands[source]
        files = self.headers.get(re.search(r' -o (\S+)', entry['command'])[1])
        if files is None:
            return None  # not compiled yet: nobody knows what it includes
        said = [self.common, entry['command'].replace(str(self.build), '').replace(str(SOURCE), '')]
        said += [f'{path.relative_to(SOURCE)} {self.digest(path)}' for path in sorted({source, *files})]
        return hashlib.sha256('\n'.join(said).encode()).hexdigest()

    def findings(self, source, key):
        """What clang-tidy says of one file; empty, and kept in mind, when that is nothing."""
        done = subprocess.run(['clang-tidy', '-p', str(self.build), '--quiet', str(source)],
                              capture_output=True, text=True)
        if done.returncode or re.search(r': (warning|error): ', done.stdout):
            return done.stdout or done.stderr
        if key:
            CACHE.mkdir(parents=True, exist_ok=True)
            (CACHE / key).touch()
        return ''


def changed_last_first(sources):
    said = subprocess.run(['git', '-C', str(SOURCE), 'log', '-n', '300', '--format=', '--name-only', '--', 'src'],
                          capture_output=True, text=True).stdout.split()
    place = {SOURCE / name: number for number, name in reversed(list(enumerate(said)))}
    return sorted(sources, key=lambda source: (place.get(source, len(said)), source))


def is_known(key):
    if not key or not (CACHE / key).exists():
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
    tidy = Tidy(pathlib.Path(os.environ.get('DBOMSBAK_BUILD') or SOURCE / 'build' / 'dev').resolve())
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
