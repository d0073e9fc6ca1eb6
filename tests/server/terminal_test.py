#!/usr/bin/env python3
"""On a terminal: plans are shown and asked for, passwords are asked for without echo, a bar tells
how far it is. Without one, nothing is asked."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402
from support.terminal import on_terminal  # noqa: E402

SECRET = 'geheim-42'


def rows(server):
    return server.rows('SELECT * FROM d.t ORDER BY id')


def main():
    program = Program()
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        server.sql("""CREATE DATABASE d; USE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(20));
                      INSERT INTO d.t SELECT seq, CONCAT('row ', seq) FROM seq_1_to_20000;""")
        server.create_account('full', SECRET, grants=['ALL PRIVILEGES ON *.*'])
        options = ['--no-defaults', *server.client_options(tcp=True)]
        as_full = ['--no-defaults', '-h', server.host, '-P', server.port, '-ufull']
        before = rows(server)

        # -p asks, what is typed is not shown, and the word behind it is a database.
        code, shown = on_terminal(program, [('assword', SECRET + '\n')], 'dump', *as_full, '-p', 'd',
                                  '-o', 'd.sql.zst', cwd=folder)
        assert code == 0, shown
        assert SECRET not in shown, shown
        assert 'receipt:' in shown, shown
        code, shown = on_terminal(program, [('assword', 'wrong\n')], 'status', *as_full, '-p', cwd=folder)
        assert code in (10, 11), (code, shown)
        # Ctrl-C at the prompt: out at once, and the terminal echoes again (the shell sees to the rest).
        code, shown = on_terminal(program, [('assword', '\x03')], 'status', *as_full, '-p', cwd=folder)
        assert code == 130, (code, shown)
        # No dump onto a terminal.
        code, shown = on_terminal(program, [], 'dump', *options, 'd', cwd=folder)
        assert code == 2 and 'terminal' in shown, (code, shown)

        server.sql('DELETE FROM d.t WHERE id % 2; CREATE TABLE d.added (id INT PRIMARY KEY)')
        ruined = rows(server)

        # "no" and Ctrl-C leave everything; the plan names what would go.
        for answer in ('n\n', '\n', '\x03'):
            code, shown = on_terminal(program, [('[y/N]', answer)], 'restore', *options, 'd.sql.zst', cwd=folder)
            assert code == 130, (code, shown)
            assert '`d`.`added`' in shown, shown
            assert rows(server) == ruined
            assert [d for d in server.databases() if 'dbomsbak' in d] == [], server.databases()

        code, shown = on_terminal(program, [('[y/N]', 'y\n')], 'restore', *options, 'd.sql.zst', cwd=folder)
        assert code == 0, shown
        assert '100 %' in shown or 'proved' in shown, shown
        assert rows(server) == before

        code, shown = on_terminal(program, [('[y/N]', 'n\n')], 'undo', *options, cwd=folder)
        assert code == 130 and rows(server) == before, (code, shown)
        code, shown = on_terminal(program, [('[y/N]', 'yes\n')], 'undo', *options, cwd=folder)
        assert code == 0 and rows(server) == ruined, (code, shown)

        copies = [d for d in server.databases() if 'dbomsbak' in d]
        assert copies
        code, shown = on_terminal(program, [('[y/N]', '\n')], 'purge', *options, cwd=folder)
        assert code == 130, (code, shown)
        assert [d for d in server.databases() if 'dbomsbak' in d] == copies
        code, shown = on_terminal(program, [('[y/N]', 'y\n')], 'purge', *options, cwd=folder)
        assert code == 0, (code, shown)
        assert server.databases() == ['d'], server.databases()

        # --yes asks nothing on a terminal, and without a terminal nothing is asked at all.
        code, shown = on_terminal(program, [], 'restore', '--yes', *options, 'd.sql.zst', cwd=folder)
        assert code == 0 and rows(server) == before, (code, shown)
        result = program.ok('undo', *options, cwd=folder)
        assert '[y/N]' not in result.err and rows(server) == ruined
        quiet = program.ok('purge', '-q', *options, cwd=folder)
        assert quiet.out == '' and quiet.err == '', (quiet.out, quiet.err)
        print('ok')


if __name__ == '__main__':
    main()
