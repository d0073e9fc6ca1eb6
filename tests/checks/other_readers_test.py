#!/usr/bin/env python3
"""Archives open with other people's programs: zstd, pzstd, bsdcat, and for seeking pyzstd and
indexed_zstd, which are taken from PyPI into a cached folder."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
import venv

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("DBOMSBAK_BUILD", os.path.join(ROOT, "build/dev"))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "dbomsbak")
VALID = os.path.join(ROOT, "formats", "archive-v1", "valid")

sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import archive_v1  # noqa: E402

# Reads FILE at the places given (offset:length), by the library named; prints each piece in hex.
SEEKER = """
import sys
library, path, places = sys.argv[1], sys.argv[2], sys.argv[3:]
if library == "pyzstd":
    import pyzstd
    file = pyzstd.SeekableZstdFile(path, "r")
else:
    import indexed_zstd
    file = indexed_zstd.IndexedZstdFile(path)
print(file.seek(0, 2) or file.tell())
for place in places:
    offset, length = map(int, place.split(":"))
    file.seek(offset)
    print(file.read(length).hex())
"""


def run(*command, data=None):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)


def python_with(package):
    """A Python that can import `package`, or None when it cannot be had here."""
    folder = os.path.join(CACHE, f"venv-{package}-{sys.version_info.major}.{sys.version_info.minor}")
    python = os.path.join(folder, "bin", "python")
    module = package.replace("-", "_")
    if not os.path.exists(python) or run(python, "-c", f"import {module}").returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(CACHE, exist_ok=True)
        try:
            venv.create(folder, with_pip=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        done = run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package)
        if done.returncode != 0 or run(python, "-c", f"import {module}").returncode != 0:
            return None
    return python


class OtherReadersTest(unittest.TestCase):
    """On small golden archives and on a larger one of many frames."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        big = os.path.join(cls.folder.name, "big.sql.zst")
        subprocess.run([os.path.join(BUILD, "tests", "golden_archives"), "--big", big], check=True,
                       stdout=subprocess.DEVNULL)
        names = ("every-kind.sql.zst", "one-table.sql.zst", "later-additions.sql.zst")
        cls.archives = {path: archive_v1.Archive(path)
                        for path in [os.path.join(VALID, name) for name in names] + [big]}
        cls.texts = {path: archive.text() for path, archive in cls.archives.items()}
        cls.big = big

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_larger_one_has_many_frames_and_the_python_reader_proves_it(self):
        self.assertGreater(len(self.archives[self.big].frames), 50)
        archive_v1.check_text(self.archives[self.big])

    def _same_text(self, *command):
        if shutil.which(command[0]) is None:
            self.skipTest(f"{command[0]} is not installed")
        for path, text in self.texts.items():
            with self.subTest(path=os.path.basename(path)):
                done = run(*command, path)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout == text)

    def test_zstd(self):
        self._same_text("zstd", "-dc")

    def test_zstd_from_a_pipe(self):
        for path, text in self.texts.items():
            with open(path, "rb") as file:
                done = run("zstd", "-dc", data=file.read())
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout == text)

    def test_zstd_proves_it(self):
        for path, archive in self.archives.items():
            self.assertEqual(run("zstd", "-t", "-q", path).returncode, 0)
            data = bytearray(archive.data)
            data[archive.frames[0][0] + 30] ^= 1
            self.assertNotEqual(run("zstd", "-t", "-q", "-", data=bytes(data)).returncode, 0)

    def test_zstdcat(self):
        self._same_text("zstdcat")

    def test_pzstd(self):
        self._same_text("pzstd", "-dc", "-q")

    def test_bsdcat(self):
        self._same_text("bsdcat")

    def _seek(self, package):
        python = python_with(package)
        if python is None:
            self.skipTest(f"{package} cannot be installed here")
        seed = random.SystemRandom().randrange(1 << 32)
        chance = random.Random(seed)
        for path, text in self.texts.items():
            places = [(0, 100), (len(text) - 50, 50)]
            for _ in range(50):
                offset = chance.randrange(len(text))
                places.append((offset, min(chance.randrange(1, 5000), len(text) - offset)))
            with self.subTest(path=os.path.basename(path), seed=seed):
                done = run(python, "-c", SEEKER, package.replace("-", "_"), path,
                           *(f"{offset}:{length}" for offset, length in places))
                self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
                size, *pieces = done.stdout.decode().split()
                self.assertEqual(int(size), len(text))
                for (offset, length), piece in zip(places, pieces, strict=True):
                    self.assertTrue(bytes.fromhex(piece) == text[offset:offset + length])

    def test_pyzstd_seeks(self):
        self._seek("pyzstd")

    def test_indexed_zstd_seeks(self):
        self._seek("indexed-zstd")


if __name__ == "__main__":
    unittest.main()
