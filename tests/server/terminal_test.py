#!/usr/bin/env python3
"""On a terminal: plans are shown and asked for, passwords are asked for without echo, a bar tells
how far it is, as wide as there is room. Without one, nothing is asked."""

import json
import os
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import tmux  # noqa: E402
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402
from support.talk import Talk  # noqa: E402
from support.terminal import on_terminal  # noqa: E402

SECRET = 'geheim-42'


def rows(server):
    return server.rows('SELECT * FROM d.t ORDER BY id')


def bars(lines):
    return [line for line in lines if ' %' in line]


def jobs(lines):
    """Those that tell what one job has in hand, by their numbers."""
    return {int(match[1]): match[2] for line in lines if (match := re.match(r' {1,2}(\d+)  (table .*|waiting|prove .*)', line))}


def jobs_in_tmux(program, server, options, folder):
    """A line for each job where the terminal has room, and none where it has not, while its size changes."""
    server.sql("""CREATE DATABASE j; USE j; CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(200));
                  INSERT INTO a SELECT seq, REPEAT('a', 150) FROM seq_1_to_60000; CREATE TABLE b LIKE a; INSERT INTO b SELECT * FROM a;
                  CREATE TABLE c LIKE a; INSERT INTO c SELECT * FROM a; CREATE TABLE e LIKE a; INSERT INTO e SELECT * FROM a;""")
    with tmux.Tmux(program, folder, 80, 24) as pane:
        pane.start('dump', *options, 'j', '-o', 'jobs.sql.zst', '--jobs', '4', '--throttle', '12000rows')
        for width, height, lines_of_jobs in ((80, 24, 4), (120, 40, 4), (40, 10, 0), (80, 24, 4), (80, 7, 0)):
            pane.resize(width, height)
            time.sleep(0.4)  # a redraw or two
            lines = pane.wait(lambda lines, wanted=lines_of_jobs: len(bars(lines)) == 1 and len(jobs(lines)) == wanted, 10)
            assert all(len(line) < width for line in (*bars(lines), *jobs(lines).values())), '\n'.join(lines)
            if lines_of_jobs:
                assert list(jobs(lines)) == [1, 2, 3, 4], '\n'.join(lines)
                at = lines.index(bars(lines)[0])
                assert not any(lines[at + 1:]) and len(jobs(lines[at - 4:at])) == 4, '\n'.join(lines)
                assert any('table `j`.' in job and 'rows' in job for job in jobs(lines).values()), '\n'.join(lines)
                assert 'table' not in bars(lines)[0], bars(lines)
            print('\n'.join([f'{width}x{height}', *(line for line in lines if line)]))
        pane.resize(120, 40)
        lines = pane.wait(lambda lines: any('ended with 0' in line for line in lines), 60)
        assert not bars(lines) and not jobs(lines), '\n'.join(lines)
        assert 'dumped 4 tables' in ''.join(lines), '\n'.join(lines)

        # A restore shows the same, and Ctrl-C leaves a clean screen that says what the server is left with.
        slow = ['restore', *options, '--yes', 'jobs.sql.zst', '--jobs', '2']
        pane.start(*slow)
        pane.wait(lambda lines: jobs(lines) and any(line.startswith('load') for line in bars(lines)), 30)
        pane.call('send-keys', 'C-c')
        lines = pane.wait(lambda lines: any('ended with' in line for line in lines), 30)
        assert not bars(lines) and not jobs(lines), '\n'.join(lines)
        if any('ended with 130' in line for line in lines):
            text = ' '.join(''.join(lines).split())
            assert 'Nothing live was changed' in text, '\n'.join(lines)
            assert [d for d in server.databases() if 'dbomsbak' in d] == [], server.databases()
        else:
            print('the restore was faster than Ctrl-C')


def help_in_tmux(program, folder):
    """A page is broken as it is meant to be, not by the terminal."""
    with tmux.Tmux(program, folder, 80, 100) as pane:
        for width in (80, 60):
            pane.resize(width, 100)
            for words in (['verify', '--help'], ['--help'], ['help', 'exit-codes']):
                page = ' '.join(program.ok(*words).out.split()).split(' Example')[0]
                pane.start(*words)
                lines = pane.wait(lambda lines, page=page: page in ' '.join(' '.join(lines).split()))
                assert any(width - 9 < len(line) for line in lines), '\n'.join(lines)
            assert all(re.match(r' {2,4}\d+  \S| {26}\S', line) for line in lines if line.startswith(' ')), '\n'.join(lines)
            print('\n'.join(lines[:8]))


def phases_end_whole(program, server, options, folder):
    """Each phase that counts comes to its end, and says which table each job has in hand."""
    server.sql("""CREATE DATABASE p; USE p; CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=InnoDB;
                  INSERT INTO a SELECT seq, REPEAT('a', 190) FROM seq_1_to_49999; CREATE TABLE b LIKE a; INSERT INTO b SELECT * FROM a;
                  CREATE TABLE few (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO few VALUES (1); ANALYZE TABLE a, b;""")

    def last(phase, *words):
        jobs = [] if words[0] == 'check' else ['--jobs', '2']
        told = program.ok(*words, '--progress=json', *jobs, cwd=folder).err
        events = [event for event in map(json.loads, filter(lambda line: line.startswith('{'), told.splitlines()))
                  if event['event'] == 'progress']
        phases = [event['phase'] for event in events]
        assert phases == sorted(phases, key=phases.index), (words[0], phases)  # none comes again
        events = [event for event in events if event['phase'] == phase]
        end = events[-1]
        assert end['rows_done'] == end['rows_total'] == 99_999, (words[0], end)
        assert end['objects_done'] == end['objects_total'], (words[0], end)
        at_work = {job['object'] for event in events for job in event['jobs']}
        assert {'table `p`.`a`', 'table `p`.`b`'} & at_work, (words[0], at_work)

    last('dump', 'dump', *options, 'p', '-o', 'p.sql.zst')
    last('verify', 'verify', 'p.sql.zst')
    last('check', 'check', *options, '--restore', 'p.sql.zst')
    last('compare', 'diff', *options, 'p.sql.zst')
    for phase in ('check', 'load'):
        last(phase, 'restore', *options, '--yes', '--force', 'p.sql.zst')
    last('prove', 'restore', *options, '--prepare', 'p.sql.zst')
    program.ok('restore', *options, '--abort')
    program.ok('dump', *options, 'p', '-o', 'p.sql', cwd=folder)
    last('load', 'restore', *options, '--yes', '--force', 'p.sql')
    program.ok('purge', *options, '--yes')
    server.sql('DROP DATABASE p')


def stopped_too_late(program, server, options, folder):
    """Ctrl-C while the RENAME waits: what comes behind it is done, and the operator is told so."""
    server.sql('CREATE DATABASE late; CREATE TABLE late.t (id INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO late.t VALUES (1)')
    program.ok('dump', *options, 'late', '-o', 'late.sql.zst', cwd=folder)
    with tmux.Tmux(program, folder, 80, 24) as pane, Talk(server) as holder, Talk(server) as looker:
        for words, finished in ((['restore', 'late.sql.zst'], 'the restore is finished'), (['undo', 'late'], 'the undo is finished')):
            holder('START TRANSACTION')
            holder('SELECT COUNT(*) FROM late.t')
            pane.start(words[0], *options, '--yes', '--force', '--lock-wait', '60', *words[1:])
            until = time.monotonic() + 30
            while looker("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'RENAME TABLE%'") != ['1']:
                assert time.monotonic() < until, '\n'.join(pane.screen())
            pane.call('send-keys', 'C-c')
            pane.wait(lambda lines: any('at the next safe point' in line for line in lines))
            holder('COMMIT')
            lines = pane.wait(lambda lines: any('ended with 0' in line for line in lines))
            text = ' '.join(' '.join(lines).split())
            print('\n'.join(line for line in lines if line))
            assert f'too late to stop: the swap was under way, and {finished}' in text, text
            assert text.index('too late') < text.index('dbomsbak undo late swaps it back'), text
    program.ok('purge', *options, '--yes')
    server.sql('DROP DATABASE late')


def in_tmux(program, server, options, folder):
    """The bar as it is seen, at three sizes, and while the size changes."""
    server.sql('CREATE TABLE d.`a table with quite a long name` (id INT PRIMARY KEY, v VARCHAR(200)); USE d; '
               "INSERT INTO d.`a table with quite a long name` SELECT seq, REPEAT('x', 150) FROM seq_1_to_20000")
    dump = ['dump', *options, 'd', '--only', 'd.a table with quite a long name', '--overwrite', '-o', 'slow.sql.zst',
            '--throttle', '4000rows', '--jobs', '1']
    with tmux.Tmux(program, folder, 200, 50) as pane:
        began = time.monotonic()
        pane.start(*dump)
        seen = {}
        for width, height, words in ((200, 50, ['[#', '] ', 'rows', 'MiB', '/s', 'ETA', 'table `d`.`a table with quite']),
                                     (80, 24, ['[#', 'rows', 'ETA', 'a long name`']), (40, 12, ['%', 'ETA', 'name`']),
                                     (100, 30, ['[#', 'rows', 'ETA', 'long name`'])):  # of one job
            if width != 200:
                pane.resize(width, height)
                time.sleep(0.4)
            lines = pane.wait(lambda lines, words=words: any(all(word in line for word in words) for line in bars(lines)), 6)
            assert len(bars(lines)) == 1, '\n'.join(lines)
            assert all(len(line) < width for line in bars(lines)), '\n'.join(lines)
            seen[width] = bars(lines)[0]
        lines = pane.wait(lambda lines: any('ended with 0' in line for line in lines))
        text = ''.join(lines)  # long lines are wrapped
        assert not bars(lines) and 'dumped 1 table with 20,000 rows in ' in text and 'SQL text' in text, text
        assert 'nothing in its scope was left out' in text and 'receipt: ' in text, text
        for width, bar in seen.items():
            print(f'{width:4} {bar}')

        # Ctrl-C: out within a second, and it says what is left.
        pane.start(*dump, '--throttle', '1000rows')
        pane.wait(bars)
        began = time.monotonic()
        pane.call('send-keys', 'C-c')
        lines = pane.wait(lambda lines: any('ended with 130' in line for line in lines))
        assert time.monotonic() - began < 2, time.monotonic() - began  # a second is promised; tmux takes some
        text = ''.join(lines)
        assert not bars(lines) and "'slow.sql.zst' is as it was before" in text, text
        assert not [name for name in os.listdir(folder) if 'partial' in name], os.listdir(folder)

        # Colour only where it is wanted.
        for env, coloured in (({}, True), ({'NO_COLOR': '1'}, False), ({'TERM': 'dumb'}, False)):
            pane.start('info', 'nowhere', env=env)
            lines = pane.wait(lambda lines: any('ended with 30' in line for line in lines), colours=True)
            text = '\n'.join(lines)
            assert ('\x1b[' in text.split('nowhere')[0].split('dbomsbak: ')[-1]) == coloured, (env, text)


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
            assert ('Nothing on the server was changed' if answer == '\x03' else 'nothing was changed') in shown, shown
            assert rows(server) == ruined
            assert [d for d in server.databases() if 'dbomsbak' in d] == [], server.databases()

        # Who would keep the swap waiting is named before anything is asked.
        with Talk(server) as holder:
            session = holder('SELECT CONNECTION_ID()')[0]
            holder('START TRANSACTION')
            holder('SELECT COUNT(*) FROM d.t')
            told = program.run('restore', '--dry-run', *options, 'd.sql.zst', cwd=folder).expect(0).out
            assert 'in the way of the swap' in told and f'session {session} of' in told, told
            code, shown = on_terminal(program, [('[y/N]', 'n\n')], 'restore', *options, 'd.sql.zst', cwd=folder)
            assert code == 130 and f'session {session} of' in shown, shown

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
        phases_end_whole(program, server, options, folder)
        if tmux.find() is None:
            print('the bar was not looked at: there is no tmux')
        else:
            help_in_tmux(program, folder)
            stopped_too_late(program, server, options, folder)
            in_tmux(program, server, options, folder)
            jobs_in_tmux(program, server, options, folder)
        print('ok')


if __name__ == '__main__':
    main()
