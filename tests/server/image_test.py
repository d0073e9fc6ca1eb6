#!/usr/bin/env python3
# ctest: labels=slow,unsanitized timeout=900
"""packaging/Dockerfile makes an image of the Debian package, in a real engine that reaches no registry of images: the base is a
bare Debian.
"""

import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.engine import Engine  # noqa: E402
from support.packages import SOURCE, bare_debian, debian_packages, need_root, small_shop  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402


def main():
    need_root()
    version = Program().ok('--version').out
    base = bare_debian()
    with tempfile.TemporaryDirectory() as name, Engine() as engine, Server() as server:
        account = small_shop(server)
        folder = pathlib.Path(name)
        context = folder / 'context'
        context.mkdir()
        shutil.copy(debian_packages(folder / 'packages')[0], context)
        engine.docker('import', base, 'bare:bookworm', timeout=300)
        engine.docker('build', '--network', 'host', '--build-arg', 'BASE=bare:bookworm', '-f', SOURCE / 'packaging/Dockerfile',
                      '-t', 'dbomsbak', context, timeout=600)
        started = ('run', '--rm', '--network', 'host')
        told = engine.docker(*started, 'dbomsbak', '--version')
        assert told == version, told
        told = engine.docker(*started, 'dbomsbak', 'dump', *account, 'shop')
        assert "(3,'c')" in re.sub(r'\s', '', told), told
        told = engine.docker(*started, '--entrypoint', 'id', 'dbomsbak', '-un')
        assert told == 'dbomsbak\n', told
    print('ok')
    return 0


if __name__ == '__main__':
    sys.exit(main())
