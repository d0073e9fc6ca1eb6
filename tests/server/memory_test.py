#!/usr/bin/env python3
# ctest: labels=measures timeout=900
"""Memory stays bounded whatever the size of a table: dump, verify and restore with two jobs.

    memory_test.py [--bytes 160M]      SQL text of the table's rows; memory_large_test.py takes 2G
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import oms  # noqa: E402
from support.program import Program, sanitized  # noqa: E402
from support.server import DEFAULT_KIND, Server  # noqa: E402

LIMIT_KIB = 96 * 1024
SKIPPED = 77


def table_sum(server):
    return server.rows('SELECT COUNT(*), SUM(CRC32(`log_text`)), SUM(LENGTH(`log_text`)) '
                       'FROM `drc_cm_db`.`task_dispatch_log`')


def main(size):
    parser = argparse.ArgumentParser()
    parser.add_argument('--bytes', default=size)
    size = parser.parse_args().bytes
    if sanitized():
        print('skipped: a build with a sanitizer')
        return SKIPPED
    program = Program()
    failed = False
    # On disk, beside the build if there is one: a large table has no place in a small /tmp.
    root = os.environ.get('DBOMSBAK_BUILD')
    redo = '--innodb-redo-log-capacity=1G' if DEFAULT_KIND == 'mysql-9.7' else '--innodb-log-file-size=512M'
    with Server(folder_root=root, options=['--innodb-buffer-pool-size=256M', redo]) as server, \
            tempfile.TemporaryDirectory(dir=root) as folder:
        oms.load(server)
        oms.generate(server, ['--bytes', size, '--table', 'task_dispatch_log'])
        before = table_sum(server)
        archive = pathlib.Path(folder) / 'oms.sql.zst'
        connection = server.client_options()
        runs = (('dump', *connection, '--jobs', 2, '-o', archive, *oms.NAMES),
                ('verify', '--jobs', 2, archive),
                ('restore', *connection, '--jobs', 2, '--yes', archive))
        for args in runs:
            result = program.ok(*args, timeout=3000)
            within = result.peak_kib <= LIMIT_KIB
            failed |= not within
            print(f'{args[0]:8} of {size} of rows: peak {result.peak_kib / 1024:.1f} MiB '
                  f'(limit {LIMIT_KIB // 1024}), {result.seconds:.1f} s'
                  f'{"" if within else "  TOO MUCH"}', flush=True)
        text = subprocess.run(f"zstd -dc '{archive}' | wc -c", shell=True, check=True,
                              capture_output=True).stdout.decode().strip()
        print(f'text {int(text) >> 20} MiB, archive {archive.stat().st_size >> 20} MiB')
        if table_sum(server) != before:
            print('the restored table differs')
            failed = True
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main('160M'))
