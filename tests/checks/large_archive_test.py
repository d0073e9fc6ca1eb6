#!/usr/bin/env python3
"""What asks for little of a large archive reads little of it: `info`, `list` and `cat --only` of 10 GB, most of which
are holes that no reader takes for frames."""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import runner  # noqa: E402
from support.program import Program, sanitized  # noqa: E402

BUILD = os.environ.get('DBOMSBAK_BUILD', 'build/dev')
MOST_READ = 4 << 20    # libraries, index, a frame or two; the holes are 10 GB
MOST_SECONDS = 1.0     # of the processor; a few milliseconds are usual, and 10 GB take several seconds


class Tests:
    def __init__(self, program, archive):
        self.program, self.archive = program, archive

    def measured(self, *words):
        """Output, bytes read by whatever call, seconds of the processor."""
        with tempfile.TemporaryFile() as out:
            process = self.program.start(*words, stdout=out, stderr=subprocess.STDOUT)
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            counts = dict(line.split(': ') for line in
                          pathlib.Path(f'/proc/{process.pid}/io').read_text().splitlines())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            return process.returncode, out.read().decode(), int(counts['rchar']), usage.ru_utime + usage.ru_stime

    def expect_little(self, said, *words):
        code, out, read, seconds = self.measured(*words)
        print(f'{words[0]}: {read / 1e6:.2f} MB read, {seconds * 1000:.0f} ms')
        assert code == 0 and said in out, (code, out)
        assert read < MOST_READ, f'{words[0]} has read {read} bytes'
        assert sanitized() or seconds < MOST_SECONDS, f'{words[0]} took {seconds:.2f} s of the processor'

    def test_info_reads_the_index_alone(self):
        self.expect_little('large', 'info', self.archive)

    def test_list_reads_the_index_alone(self):
        self.expect_little(self.archive.name, 'list', self.archive.parent)

    def test_cat_of_a_small_table_reads_its_frame_alone(self):
        self.expect_little('(7)', 'cat', '--only', 'sparse.small', self.archive)

    def test_holes_are_damage_for_who_reads_them(self):
        code, out, read, _ = self.measured('cat', '--only', 'sparse.large', self.archive)
        assert code == 20 and read >= MOST_READ, (code, out, read)


def main():
    with tempfile.TemporaryDirectory() as folder:
        archive = pathlib.Path(folder) / 'sparse.sql.zst'
        subprocess.run([os.path.join(BUILD, 'tests', 'golden_archives'), '--sparse', archive], check=True)
        assert archive.stat().st_size > 10_000_000_000 and archive.stat().st_blocks * 512 < 10_000_000
        return runner.run(Tests(Program(), archive), sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main())
