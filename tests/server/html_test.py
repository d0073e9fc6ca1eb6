#!/usr/bin/env python3
# ctest: labels=measures
"""--html: the pages of info, list and diff in a real browser: all that matters is seen at any width, nothing is fetched,
no name becomes markup."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import browser, runner  # noqa: E402
from support.program import Program, sanitized  # noqa: E402
from support.server import Server  # noqa: E402

# A name, and what a page must show of it.
NASTY = {'<script>alert(1)</script>': '<script>alert(1)</script>', '"onload=\'x\' &amp;': '"onload=\'x\' &amp;',
         'two\nlines': 'two\\u{a}lines', '\u202egnp.exe': '\\u{202e}gnp.exe', '数据表': '数据表',
         'a' * 64: 'a' * 64}
DAY = 86400


class Tests:
    def __init__(self, server, folder):
        self.server, self.folder, self.program = server, folder, Program()
        self.options = server.client_options()
        server.sql('CREATE DATABASE d; USE d; CREATE TABLE d.large (id INT PRIMARY KEY, v VARCHAR(200)); '
                   "INSERT INTO d.large SELECT seq, REPEAT(MD5(seq), 5) FROM seq_1_to_3000; CREATE DATABASE `<e>`;"
                   'CREATE VIEW d.shown AS SELECT 1 AS a')
        for name in NASTY:
            server.sql(f"USE d; CREATE TABLE `<e>`.`{name}` (id INT PRIMARY KEY, v VARCHAR(200)); INSERT INTO "
                       f"`<e>`.`{name}` SELECT seq, REPEAT('some', 40) FROM seq_1_to_500")
        self.archive = folder / 'x.sql.zst'
        self.program.ok('dump', *self.options, 'd', '<e>', '-o', self.archive)

    def page(self, *words, code=0):
        page = self.program.run(*words, '--html').expect(code).stdout
        keep = os.environ.get('DBOMSBAK_KEEP_PAGES')  # a folder: to be looked at by people
        if keep:
            pathlib.Path(keep, f'{len(page)}-{words[0]}.html').write_bytes(page)
        return page

    def look(self, page, *texts, tips=(), widths=(1280, 400)):
        assert b'<script' not in page
        seen = browser.look({'page': page}, widths)
        for one in seen:
            assert one.scripts == 0 and one.scroll_width <= one.width, (one.width, one.scroll_width)
            assert not one.sticking_out, f'{one.width}: {one.sticking_out}'
            for text in texts:
                assert text in one.text, f'{one.width}: {text!r} is not in\n{one.text[:3000]}'
            for tip in tips:
                assert any(tip in other for other in one.tips), f'{one.width}: {tip!r} is not in\n{one.tips[:20]}'

    def test_info_shows_where_the_bytes_are(self):
        page = self.page('info', self.archive)
        self.look(page, 'x.sql.zst', 'd.large', '3,000', 'Manifest', *NASTY.values(), tips=['d.large: ', *NASTY.values()])

    def test_info_of_ten_thousand_tables_is_quick_and_small(self):
        dump = self.folder / 'many.sql'
        dump.write_text('-- MariaDB dump 10.19\nCREATE DATABASE `many`;\nUSE `many`;\n' + ''.join(
            f'CREATE TABLE `a_table_with_a_usual_name_{i}` (`a` int);\nINSERT INTO `a_table_with_a_usual_name_{i}` VALUES '
            f'{",".join(["(1)"] * (1 + i % 40))};\n' for i in range(10000)) + '-- Dump completed on 2026-11-27 10:00:00\n')
        self.program.ok('info', dump)
        began = time.monotonic()
        page = self.page('info', dump)
        seconds = time.monotonic() - began
        print(f'{len(page):,} bytes in {seconds:.2f} s')
        assert len(page) < 2_000_000
        assert sanitized() or seconds < 3, seconds  # some tenths are usual; the machine may be busy
        self.look(page, 'a_table_with_a_usual_name_9999', 'a_table_with_a_usual_name_0', widths=(400,))

    def test_list_shows_gaps_and_failures(self):
        folder = self.folder / 'kept'
        folder.mkdir()
        now = int(time.time())
        good = self.archive.read_bytes()
        # Days before now; there is none on the fifth and the sixth.
        for days in (1, 2, 3, 4, 7, 8, 9, 10):
            stamp = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now - days * DAY))
            path = folder / f'oms-{stamp}.sql.zst'
            path.write_bytes(good)
            if days == 3:
                path.write_bytes(good[:-100])
            if days == 9:
                (folder / f'{path.name}.pin').write_text('before <upgrade>\n')
        (folder / 'by-hand.sql.zst').write_bytes(good)
        page = self.page('list', folder)
        self.look(page, 'gap: 3 d 0 h', 'incomplete', 'pinned: before <upgrade>', 'by-hand.sql.zst', 'unverified',
                  '1 archive cannot be restored', tips=['no whole archive from', 'before <upgrade>'])
        told = subprocess.run(['jq', '-c', '[.gaps[].seconds]'], check=True, capture_output=True, text=True,
                              input=self.program.ok('list', folder, '--json').out).stdout
        assert told.strip() == f'[{3 * DAY},{2 * DAY}]', told
        self.look(self.page('list', folder, '--check-age', '1h', code=5), 'Stale: ')

    def test_diff_shows_both_sides(self):
        equal = self.page('diff', self.archive, *self.options)
        self.look(equal, 'Equal to what is live')
        self.server.sql('ALTER TABLE d.large ADD COLUMN added INT; DELETE FROM d.large WHERE id > 2990; '
                        'DROP TABLE `<e>`.`数据表`; CREATE TABLE d.more (a INT); '
                        'UPDATE `<e>`.`two\nlines` SET v = \'<b>\' WHERE id = 7')
        page = self.page('diff', self.archive, *self.options, '--rows', code=4)
        self.look(page, 'missing live', '数据表', 'only live', 'more', '`added` int(11)', '3,000', '2,990', '−10',
                  'two\\u{a}lines', 'with other values: 1 row')

    def test_one_answer_is_enough(self):
        result = self.program.run('info', self.archive, '--html', '--json').expect(2)
        assert '--html and --json' in result.err, result.err
        self.program.run('verify', self.archive, '--html').expect(2)


def main():
    if browser.find() is None:
        print('skipped: there is no chromium')
        return 77
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        return runner.run(Tests(server, pathlib.Path(folder)), sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
