#!/usr/bin/env python3
# ctest: cost=70 labels=unsanitized timeout=600 kinds=mariadb-10.11,mysql-9.7 others=tarball
"""What is shipped works where nothing of this machine is: the Debian packages in a bare Debian, the tarball beside nothing but a
busybox, the library in another project.
"""

import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.packages import (BUILD, SOURCE, Root, bare_debian, call, check_archive, debian_packages, need_root,  # noqa: E402
                              small_shop, unpacked)
from support.program import Program  # noqa: E402
from support.runner import run  # noqa: E402
from support.server import DEFAULT_KIND, Server  # noqa: E402


class Tests:
    def __init__(self):
        need_root()
        self.program = Program()
        self.version = self.program.ok('--version').out.split()[1]
        self._folder = tempfile.TemporaryDirectory(prefix='dbp-')
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o755)
        # caching_sha2_password lets no new password in without TLS.
        self.server = Server(options=['--tls-version=TLSv1.2,TLSv1.3'] if DEFAULT_KIND.startswith('mysql-9') else [])
        self.account = small_shop(self.server)
        self._packages = None

    def close(self):
        self.server.remove()
        self._folder.cleanup()

    def packages(self):
        """dbomsbak and libdbomsbak-dev."""
        if self._packages is None:
            self._packages = debian_packages(self.folder / 'packages')
        return self._packages

    def test_deb_is_installed_upgraded_and_removed(self):
        package = self.packages()[0]
        root = Root(self.folder / 'debian')
        call('tar', '-C', root.path, '-xf', bare_debian())
        before = root.files()
        name = '/tmp/dbomsbak.deb'
        shutil.copy(package, root.path / name[1:])
        (root.path / 'var/lib/dbomsbak').mkdir(mode=0o700)  # by a command of root's before
        root.install(name)
        assert root.run('dbomsbak', '--version') == f'dbomsbak {self.version}\n'
        here = root.path

        # What stands around it.
        for page in ('dbomsbak', 'dbomsbak-dump', 'dbomsbak-upgrade'):
            assert '.TH' in call('gzip', '-dc', here / f'usr/share/man/man1/{page}.1.gz'), page
        call('gzip', '-t', here / 'usr/share/man/man7/dbomsbak-messages.7.gz')
        completion = root.run('bash', '-c', '. /usr/share/bash-completion/completions/dbomsbak && complete -p dbomsbak')
        assert completion.endswith(' dbomsbak\n'), completion
        assert (here / 'usr/share/zsh/vendor-completions/_dbomsbak').exists()
        unit = (here / 'lib/systemd/system/dbomsbak-snapshot.service').read_text()
        assert '/usr/bin/dbomsbak snapshot --defaults-file=/etc/dbomsbak/snapshot.cnf' in unit, unit
        assert root.run('stat', '-c', '%U %a', '/var/lib/dbomsbak', '/etc/dbomsbak') == 'dbomsbak 700\nroot 750\n'
        assert not (here / 'etc/systemd/system/timers.target.wants/dbomsbak-snapshot.timer').is_symlink()

        # As the operator sets it up.
        options = here / 'etc/dbomsbak/snapshot.cnf'
        shutil.copy(here / 'usr/share/doc/dbomsbak/examples/snapshot.cnf', options)
        options.write_text(f'[client]\nhost = 127.0.0.1\nport = {self.server.port}\nuser = backup\npassword = secret-word\n'
                           '[dbomsbak-snapshot]\ndir = /var/lib/dbomsbak\nlabel = shop\ndatabase = shop\n')
        root.run('sh', '-c', 'chown dbomsbak /etc/dbomsbak/snapshot.cnf && chmod 600 /etc/dbomsbak/snapshot.cnf')
        wants = here / 'etc/systemd/system/timers.target.wants'
        wants.mkdir(parents=True, exist_ok=True)
        (wants / 'dbomsbak-snapshot.timer').symlink_to('/lib/systemd/system/dbomsbak-snapshot.timer')
        (here / 'var/lib/dbomsbak').chmod(0o750)
        root.run('runuser', '-u', 'dbomsbak', '--', 'dbomsbak', 'snapshot', '--defaults-file=/etc/dbomsbak/snapshot.cnf')
        archive = next((here / 'var/lib/dbomsbak').glob('shop-*.sql.zst'))
        check_archive(archive)
        text = options.read_text()

        # A higher version leaves all that as it is.
        work = self.folder / 'newer'
        call('dpkg-deb', '-R', package, work)
        control = work / 'DEBIAN/control'
        control.write_text(re.sub(r'(?m)^Version: .*', 'Version: 99.0-1', control.read_text()))
        call('dpkg-deb', '-Znone', '-b', work, here / 'tmp/newer.deb')
        root.install('/tmp/newer.deb')
        assert root.run('dpkg-query', '-W', '-f', '${Version}', 'dbomsbak') == '99.0-1'
        assert options.read_text() == text and archive.exists()
        assert root.run('stat', '-c', '%U %a', '/var/lib/dbomsbak', '/etc/dbomsbak/snapshot.cnf') == 'dbomsbak 750\ndbomsbak 600\n'
        assert (wants / 'dbomsbak-snapshot.timer').is_symlink()

        (here / 'etc/cron.d').mkdir(exist_ok=True)
        (here / 'etc/cron.d/dbomsbak').write_text('# the operator\'s\n')
        said = root.run('apt-get', '-q', '-y', 'remove', 'dbomsbak')
        assert '/etc/cron.d/dbomsbak is yours' in said, said
        assert not (here / 'usr/bin/dbomsbak').exists()
        assert not (wants / 'dbomsbak-snapshot.timer').is_symlink()
        assert options.read_text() == text and archive.exists()

        said = root.run('apt-get', '-q', '-y', 'purge', 'dbomsbak')
        assert archive.exists() and options.exists()
        for kept in ('/var/lib/dbomsbak', '/etc/dbomsbak', '/etc/cron.d/dbomsbak', 'the account dbomsbak'):
            assert kept in re.search(r'dbomsbak: kept.*', said, re.S)[0], said

        # Where the operator has taken away what was his, nothing is left but the account.
        root.run('sh', '-c', 'rm -r /etc/cron.d/dbomsbak /etc/dbomsbak/* /var/lib/dbomsbak/* /var/lib/dbomsbak/.[!.]*')
        root.run('dpkg', '-i', name)
        said = root.run('apt-get', '-q', '-y', '--autoremove', 'purge', 'dbomsbak')
        assert 'archives' not in said, said
        left = root.files() - before - {str(pathlib.Path('/') / p.relative_to(here)) for p in (wants, wants.parent)}
        named = {path for path in left if 'dbomsbak' in path}
        assert not named, sorted(named)
        others = {path for path in left if not path.startswith(('/etc/ssl', '/usr/lib/ssl', '/usr/local', '/etc/ld.so'))}
        assert not others, sorted(others)

    def test_lintian_finds_nothing(self):
        if shutil.which('lintian') is None:
            print('skipped: lintian is not installed')
            return
        call('lintian', '--allow-root', '--fail-on', 'error,warning', *self.packages())

    def test_tarball_runs_where_there_is_no_c_library(self):
        out = self.folder / 'dbomsbak.tar.gz'
        said = call(SOURCE / 'packaging/tarball', BUILD, out)
        assert 'libraries of' in said, said
        busybox = unpacked('busybox', 'busybox-static')
        root = Root(self.folder / 'busybox')
        for name in ('bin', 'opt', 'usr/local/bin', 'root'):
            (root.path / name).mkdir(parents=True, exist_ok=True)
        program = next(p for p in (busybox / 'bin/busybox', busybox / 'usr/bin/busybox') if p.exists())
        shutil.copy(program, root.path / 'bin/busybox')
        for applet in ('sh', 'tar', 'gzip', 'readlink', 'grep'):
            (root.path / 'bin' / applet).symlink_to('busybox')
        shutil.copy(out, root.path / 'tmp/dbomsbak.tar.gz')
        root.run('tar', '-C', '/opt', '-xzf', '/tmp/dbomsbak.tar.gz')
        assert root.run('/opt/dbomsbak/bin/dbomsbak', '--version') == f'dbomsbak {self.version}\n'
        # By a chain of links, and by PATH.
        (root.path / 'opt/here').symlink_to('dbomsbak/bin/dbomsbak')
        (root.path / 'bin/dbomsbak').symlink_to('../opt/here')
        assert root.run('sh', '-c', 'cd /tmp && dbomsbak --version') == f'dbomsbak {self.version}\n'
        root.run('dbomsbak', 'dump', *self.account, 'shop', '-o', '/tmp/shop.sql.zst')
        check_archive(root.path / 'tmp/shop.sql.zst')
        assert ': ok:' in root.run('dbomsbak', 'verify', '/tmp/shop.sql.zst')
        root.run('dbomsbak', 'restore', *self.account, '--yes', '/tmp/shop.sql.zst')
        root.run('dbomsbak', 'verify', '/tmp/none.sql.zst', code=30)

        # Authorities stand where other systems have them, unless the operator names some: asked in the loader's place.
        shutil.copytree(root.path / 'opt/dbomsbak/bin', root.path / 'opt/told/bin')
        told = root.path / 'opt/told/lib/dbomsbak/loader'
        told.parent.mkdir(parents=True)
        told.write_text('#!/bin/sh\necho "${AWS_CA_BUNDLE-}"\n')
        told.chmod(0o755)

        def authorities(words=''):
            return root.run('sh', '-c', f'{words} /opt/told/bin/dbomsbak').strip()

        assert authorities() == ''
        theirs = root.path / 'etc/pki/tls/certs/ca-bundle.crt'
        theirs.parent.mkdir(parents=True)
        theirs.write_text('')
        (root.path / 'tmp/config').write_text('[default]\nca_bundle = /tmp/profile.pem\n')
        assert authorities() == '/etc/pki/tls/certs/ca-bundle.crt'
        assert authorities('AWS_CA_BUNDLE=/tmp/mine.pem') == '/tmp/mine.pem'
        assert authorities('AWS_CONFIG_FILE=/tmp/config') == ''

        # What is somebody else's is named with its licence; each library has a package.
        documents = root.path / 'opt/dbomsbak/share/doc/dbomsbak'
        bundled = (documents / 'BUNDLED').read_text()
        for package in ('libc6', 'libmariadb3', 'libssl3', 'libstdc++6'):
            assert re.search(rf'(?m)^{re.escape(package)}(:\w+)? \S+ \(source: ', bundled), bundled
            assert 'opyright' in (documents / 'licences' / package).read_text()

        # A password does not stay on the command line.
        with socket.create_server(('127.0.0.1', 0)) as silent:
            words = [root.path / 'opt/dbomsbak/bin/dbomsbak', 'dump', '-h127.0.0.1', f'-P{silent.getsockname()[1]}', '-psecret-word', 'd',
                     '-o', self.folder / 'd.sql.zst']
            process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
            silent.accept()
            line = pathlib.Path(f'/proc/{process.pid}/cmdline').read_bytes()
            process.terminate()
            process.wait()
        assert b'dump' in line and b'secret-word' not in line, line

        # The same bytes once more.
        again = self.folder / 'again.tar.gz'
        call(SOURCE / 'packaging/tarball', BUILD, again)
        assert out.read_bytes() == again.read_bytes()

    def test_library_is_used_by_another_project(self):
        prefix, build = self.folder / 'prefix', self.folder / 'build'
        call('cmake', '--install', BUILD, '--prefix', prefix, '--component', 'development')
        call('cmake', '-S', SOURCE / 'tests/library', '-B', build, '-G', 'Ninja', f'-DCMAKE_PREFIX_PATH={prefix}',
             '-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror')
        call('cmake', '--build', build)
        archive = self.folder / 'library.sql.zst'
        (self.folder / '.my.cnf').write_text(f'[client]\nhost=127.0.0.1\nport={self.server.port}\nuser=backup\npassword=secret-word\n')
        (self.folder / '.my.cnf').chmod(0o600)
        environment = {**self.program.environment(), 'HOME': str(self.folder)}
        call(build / 'dump_one', 'shop', archive, env=environment)
        check_archive(archive)
        self.program.ok('verify', archive)
        said = call(build / 'dump_one', 'none', self.folder / 'none.sql.zst', env=environment, code=1)
        assert 'none' in said, said


if __name__ == '__main__':
    tests = Tests()
    try:
        sys.exit(run(tests, sys.argv[1:]))
    finally:
        tests.close()
