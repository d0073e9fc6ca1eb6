"""What the tests of packages share: packages made of the build, and folders that programs take for the whole machine."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from support.scripts import SKIPPED
from support.server import TESTS

SOURCE = TESTS.parent
BUILD = pathlib.Path(os.environ.get('DBOMSBAK_BUILD', SOURCE / 'build/dev')).resolve()
CACHE = pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache') / 'dbomsbak'
ENVIRONMENT = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C.UTF-8', 'SOURCE_DATE_EPOCH': '1767225600'}
# Mounts end with the command.
IN_ROOT = ('mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"')


def skip(why):
    print(f'skipped: {why}', flush=True)
    raise SystemExit(SKIPPED)


def need_root():
    if os.geteuid() != 0:
        skip('it needs root')
    if subprocess.run(['unshare', '--mount', 'true'], capture_output=True).returncode != 0:
        skip('this machine allows no mount namespace')


def call(*words, code=0, **how):
    done = subprocess.run([str(word) for word in words], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=how.pop('env', ENVIRONMENT), **how)
    assert done.returncode == code, f'{" ".join(map(str, words))}\nended with {done.returncode}, not {code}\n{done.stdout[-4000:]}'
    return done.stdout


def unpacked(name, package):
    """What a Debian package holds, in the cache."""
    call('bash', '-c', f'. {TESTS}/packages.sh; unpack_packages {CACHE}/{name} {package}')
    return CACHE / name


class Root:
    """A folder that programs take for the whole machine."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        for name in ('dev', 'proc', 'tmp'):
            (self.path / name).mkdir(exist_ok=True, parents=True)

    def run(self, *words, **how):
        environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C.UTF-8',
                       'HOME': '/root'}
        return call('unshare', '--mount', 'sh', '-c', IN_ROOT, self.path, *words, env=environment, **how)

    def install(self, *files):
        """By apt, with all they need; lists of packages that are too old are fetched anew."""
        words = ('apt-get', '-q', '-y', '--no-install-recommends', 'install', *files)
        try:
            return self.run(*words)
        except AssertionError:
            self.run('apt-get', '-q', 'update')
            return self.run(*words)

    def files(self):
        """All but what apt and dpkg write for themselves."""
        found = set()
        for folder, names, files in os.walk(self.path):
            at = '/' + os.path.relpath(folder, self.path)
            names[:] = [n for n in names if os.path.join(at, n) not in (
                '/./dev', '/./proc', '/./tmp', '/./var/cache', '/./var/log', '/var/lib/apt', '/var/lib/dpkg', '/var/cache', '/var/log')]
            found.update(os.path.normpath(f'{at}/{name}') for name in [*names, *files])
        return {p for p in found if not re.match(r'/(dev|proc|tmp|var/cache|var/log|etc/(passwd|group|g?shadow|sub[ug]id)-)', p)}


def bare_debian():
    """A tar of a bare Debian 12 that has fetched what dbomsbak depends on, made once."""
    kept = CACHE / 'bare-bookworm.tar'
    if kept.exists():
        return kept
    if not shutil.which('debootstrap'):
        skip('debootstrap is not installed')
    sites = call('apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Codename: bookworm').split()
    if not sites:
        skip('this machine knows no mirror of Debian 12')
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='bare-', dir=CACHE) as folder:
        path = pathlib.Path(folder) / 'root'
        try:
            call('debootstrap', '--variant=minbase', 'bookworm', path, sites[0])
        except AssertionError as error:
            skip(f'debootstrap could not fetch a Debian: {str(error)[-300:]}')
        for name in pathlib.Path('/etc/apt/apt.conf.d').iterdir():  # proxies and the like
            if 'Acquire::' in name.read_text() and 'docker' not in name.name:
                shutil.copy(name, path / 'etc/apt/apt.conf.d')
        shutil.copy('/etc/resolv.conf', path / 'etc/resolv.conf')
        call('tar', '-C', path, '-cf', kept.with_suffix('.partial'), '.')
    kept.with_suffix('.partial').rename(kept)
    return kept


def debian_packages(folder):
    """dbomsbak and libdbomsbak-dev, made of the build."""
    call('cpack', '--config', BUILD / 'CPackConfig.cmake', '-B', folder, '-D', 'CPACK_DEBIAN_COMPRESSION_TYPE=gzip', cwd=BUILD)
    return [next(folder.glob(f'{name}_*.deb')) for name in ('dbomsbak', 'libdbomsbak-dev')]


def check_archive(path):
    """Asked of others: its sum, and its rows."""
    call('sha256sum', '-c', path.name + '.sha256', cwd=path.parent)
    assert "(3,'c')" in re.sub(r'\s', '', call('zstd', '-dc', path)), path


def small_shop(server):
    """A database, and what an account that may do all with it gives on the command line."""
    server.sql("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20)); "
               "INSERT INTO shop.t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    server.create_account('backup', 'secret-word', grants=['ALL PRIVILEGES ON *.*'])
    return '-h', '127.0.0.1', '-P', server.port, '-u', 'backup', '-psecret-word'
