#!/usr/bin/env python3
"""Golden files of formats/archive-v1: judged by the Python reader, which knows the page only, and by
the program; the bytes on the page; what the generator makes; and XXH3 itself."""

import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(ROOT, "formats", "archive-v1")
READER = os.path.join(ROOT, "tests", "support", "archive_v1.py")
DBOMSBAK = os.environ.get("DBOMSBAK", os.path.join(ROOT, "build/dev/dbomsbak"))
BUILD = os.environ.get("DBOMSBAK_BUILD", os.path.join(ROOT, "build/dev"))

sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import archive_v1  # noqa: E402
from xxh3 import xxh3_128  # noqa: E402


def golden(folder):
    return sorted(glob.glob(os.path.join(GOLDEN, folder, "*")))


def released():
    return sorted(glob.glob(os.path.join(GOLDEN, "released", "*", "*")))


def expected_code(path):
    if os.path.dirname(path).endswith("invalid"):
        return int(os.path.basename(path)[:2])
    return 3 if os.path.basename(path).startswith("partial") else 0


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          errors="replace", check=False)


def page():
    with open(os.path.join(ROOT, "formats", "archive-v1.md"), encoding="utf-8") as file:
        return file.read()


class GoldenFilesTest(unittest.TestCase):
    def test_archives_of_every_release_are_kept_as_they_were(self):
        """What SHA256SUMS holds was written by programs that people have. A writer that makes other bytes fails the
        comparison with the generator below; this says what to do instead of writing the golden files anew."""
        with open(os.path.join(GOLDEN, "SHA256SUMS"), encoding="utf-8") as file:
            kept = dict(reversed(line.split()) for line in file)
        for path, digest in kept.items():
            with self.subTest(path=path), open(os.path.join(GOLDEN, path), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), digest,
                                 "this archive was written by a version that is out. Move the old file to "
                                 "released/VERSION/ beside it, and SHA256SUMS's line with it; tell the change in the "
                                 "History of the page; and where a reader of before cannot take it, raise the version")
        self.assertEqual(set(kept), {os.path.relpath(path, GOLDEN) for path in golden("valid") + released()},
                         "SHA256SUMS does not list these")
        with open(os.path.join(ROOT, "CHANGELOG.md"), encoding="utf-8") as file:
            versions = re.findall(r"^## v?([0-9][0-9.]*)", file.read(), re.M)
        for version in versions:
            self.assertTrue(glob.glob(os.path.join(GOLDEN, "released", version, "*.sql.zst")),
                            f"no archive that {version} has written is kept in formats/archive-v1/released/{version}/")

    def test_the_python_reader_judges_as_the_names_say(self):
        files = golden("valid") + golden("invalid") + released()
        self.assertGreaterEqual(len(files), 60)
        for path in files:
            with self.subTest(path=os.path.relpath(path, GOLDEN)):
                done = run(sys.executable, READER, "check", path)
                self.assertEqual(done.returncode, expected_code(path), done.stdout + done.stderr)

    def test_the_program_judges_as_the_names_say(self):
        for path in golden("valid") + golden("invalid") + released():
            with self.subTest(path=os.path.relpath(path, GOLDEN)):
                done = run(DBOMSBAK, "verify", path)
                self.assertEqual(done.returncode, expected_code(path), done.stdout + done.stderr)
                if expected_code(path) not in (0, 3):
                    self.assertIn(os.path.basename(path), done.stderr)

    def test_the_page_shows_the_bytes_of_its_example(self):
        path = os.path.join(GOLDEN, "valid", "one-table.sql.zst")
        with open(path, "rb") as file:
            data = file.read()
        lines = re.findall(r"^    ([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)", page(), re.M)
        self.assertGreater(len(lines), 60)
        for offset, shown in lines:
            shown = bytes.fromhex(shown)
            self.assertEqual(data[int(offset, 16):][:len(shown)], shown, f"at {offset}")
        archive = archive_v1.Archive(path)
        self.assertIn(archive.footer["root"], page())
        for record in archive.objects:
            for key in ("create", "schema", "data"):
                if key in record:
                    self.assertIn(str(record[key]), page())

    def test_the_canonical_rows_on_the_page_have_these_hashes(self):
        rows = re.findall(r"^    \(.*?\)  +((?:[0-9a-f]{2} )+) +([0-9a-f]{32})$", page(), re.M)
        total = re.search(r"sum modulo 2\^128 +([0-9a-f]{32})", page()).group(1)
        self.assertEqual(len(rows), 2)
        for shown, digest in rows:
            self.assertEqual(f"{xxh3_128(bytes.fromhex(shown)):032x}", digest)
        self.assertEqual(f"{sum(int(digest, 16) for _, digest in rows) % 2**128:032x}", total)

    def test_xxh3_gives_the_values_of_xxhsum(self):
        self.assertEqual(f"{xxh3_128(b''):032x}", "99aa06d3014798d86001c324468d497f")
        if run("sh", "-c", "command -v xxhsum").returncode != 0:
            self.skipTest("xxhsum is not installed")
        for size in (1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1024, 1025, 5000):
            data = bytes(i * 7 % 251 for i in range(size))
            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                self.assertIn(f"{xxh3_128(data):032x}", run("xxhsum", "-H2", file.name).stdout)

    def test_the_generator_makes_these_files(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run(os.path.join(BUILD, "tests", "golden_archives"), folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            made = {os.path.relpath(path, folder)
                    for path in glob.glob(os.path.join(folder, "*", "*"))}
            self.assertEqual(made, {os.path.relpath(path, GOLDEN)
                                    for path in golden("valid") + golden("invalid")})
            if done.stdout.strip() != "libzstd 1.5.4":
                self.skipTest("the golden files were compressed by libzstd 1.5.4")
            for path in made:
                with self.subTest(path=path), open(os.path.join(folder, path), "rb") as new, \
                        open(os.path.join(GOLDEN, path), "rb") as old:
                    self.assertEqual(new.read(), old.read())


if __name__ == "__main__":
    unittest.main()
