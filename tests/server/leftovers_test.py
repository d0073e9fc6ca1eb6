#!/usr/bin/env python3
# ctest: cost=80 labels=pipeline timeout=600 kinds=mariadb-10.11,mysql-9.7,mysql-5.6,oceanbase-4.3.5 others.oceanbase-4.3.5=Leftovers.test_advice_can_be_followed_to_the_letter_where_there_are_several_sets,Leftovers.test_a_table_that_was_dropped_since_does_not_hold_up_a_forced_purge
"""What status, undo and purge say of copies: to accounts that see all or part, of one set or several.

On OceanBase, where each test takes a quarter of a minute to prepare, those run that follow all the advice and drop what
is left; which account sees what is missing_privileges_test's there.
"""

import json
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program  # noqa: E402
from support.server import Server  # noqa: E402

SETS = (('solo',), ('duo_a', 'duo_b'))
GRANT = "GRANT SELECT, SHOW DATABASES ON *.* TO 'few'@'%';"


class Leftovers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.server = cls.enterClassContext(Server())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def setUp(self):
        """Two copies of each set."""
        self.server.sql('SET FOREIGN_KEY_CHECKS = 0;' + ''.join(f'DROP DATABASE `{name}`;' for name in self.server.databases()))
        self.server.drop_account('few')
        self.server.create_account('few', 'x')
        for names in SETS:
            for name in names:
                self.server.sql(f'CREATE DATABASE `{name}`; CREATE TABLE `{name}`.`t` (`id` int PRIMARY KEY);'
                                f'CREATE TABLE `{name}`.`u` (`id` int PRIMARY KEY); INSERT INTO `{name}`.`t` VALUES (1)')
            archive = self.folder / f'{names[0]}.sql.zst'
            self.run_code(0, 'dump', '--overwrite', *names, '-o', archive)
            for _ in range(2):
                self.run_code(0, 'restore', '--yes', archive)

    def run_code(self, code, command, *args):
        return self.program.run(command, *self.server.client_options(), *args).expect(code)

    def few(self, code, command, *args):
        return self.program.run(command, *self.server.client_options('few', 'x'), *args).expect(code)

    def copies(self, command='status'):
        return json.loads(self.run_code(0, command, '--json').out)['leftovers']

    def ours(self):
        return [name for name in self.server.databases() if 'dbomsbak' in name]

    def test_an_account_that_may_not_see_all_is_never_told_that_there_is_nothing(self):
        status = self.few(0, 'status')
        self.assertNotIn("is left there", status.out.replace('that this account may see is left there', ''))
        self.assertIn('that this account may see', status.out)
        self.assertIn(GRANT, status.err)
        for command in ('undo', 'purge'):
            refused = self.few(34, command)
            self.assertIn('that this account may see', refused.err)
            self.assertIn(GRANT, refused.err)
            self.assertIn(GRANT, self.few(34, command, 'solo').err)

    def test_nobody_is_told_to_drop_what_a_hidden_journal_may_explain(self):
        self.server.sql("CREATE DATABASE `duo_b__dbomsbak_new_0000000a`")
        before = self.ours()
        # The journal of the set stands with the first database, which this account does not see; then it sees all
        # names, but no journals.
        for grant in (r"GRANT ALL ON `duo\_b%`.* TO 'few'@'%'", "GRANT SHOW DATABASES ON *.* TO 'few'@'%'"):
            self.server.sql(grant)
            status = self.few(0, 'status')
            self.assertIn('duo_b__dbomsbak_old_', status.out)
            self.assertNotIn('DROP DATABASE', status.out)
            self.assertNotIn('sweep', status.out)
            self.assertIn(GRANT, status.out + status.err)
            self.few(34, 'purge', '--yes')
            self.few(34, 'purge', '--yes', 'duo_b')
            self.assertEqual(self.ours(), before)
        self.server.sql(GRANT)
        seen = self.program.run('status', *self.server.client_options('few', 'x')).expect(0)
        self.assertEqual(seen.out, self.run_code(0, 'status').out)
        self.assertEqual(seen.err, '')

    def test_advice_can_be_followed_to_the_letter_where_there_are_several_sets(self):
        for command in ('undo', 'purge'):
            refused = self.run_code(2, command)
            self.assertIn('Name the databases of one set: duo_a duo_b, or: solo', refused.err)
        copies = self.copies()
        self.assertEqual([copy['generation'] for copy in copies], sorted(copy['generation'] for copy in copies))
        newest = {}
        for copy in copies:
            newest[tuple(copy['databases'])] = copy['generation']
        for copy in copies:
            purge = re.search('`dbomsbak (purge [^`]*)`', copy['advice'])[1]
            undo = re.search('`dbomsbak (undo [^`]*)`', copy['advice'])
            self.assertEqual(bool(undo), copy['generation'] == newest[tuple(copy['databases'])], copy)
            for words in filter(None, (purge, undo and undo[1])):
                self.run_code(0, *shlex.split(words), '--dry-run')
        for copy in copies:
            self.run_code(0, *shlex.split(re.search('`dbomsbak (purge [^`]*)`', copy['advice'])[1]), '--yes')
        self.assertEqual(self.ours(), [])

    def test_status_tells_a_machine_what_the_account_may_not_see(self):
        self.assertEqual(json.loads(self.run_code(0, 'status', '--json').out)['unseen'], '')
        self.assertIn(GRANT, json.loads(self.few(0, 'status', '--json').out)['unseen'])

    def test_purge_waits_for_locks_within_bounds_and_names_who_holds_them(self):
        session = subprocess.Popen(self.server.client_command(options=['--unbuffered', '--batch']), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        copy = [copy for copy in self.copies() if copy['generation'] == 1][0]
        try:
            session.stdin.write(f'START TRANSACTION; SELECT * FROM `{copy["holders"][0]}`.`t`; SELECT "held";\n')
            session.stdin.flush()
            while 'held' not in session.stdout.readline():
                pass
            arguments = ['--yes', '--lock-wait', '1', '--generation', '1', *copy['databases']]
            busy = self.run_code(33, 'purge', *arguments)
            self.assertIn('session', busy.err)
            began = time.monotonic()
            waiting = self.program.start('purge', *self.server.client_options(), *arguments)
            time.sleep(1)
            waiting.send_signal(signal.SIGTERM)
            waiting.communicate(timeout=60)
            self.assertEqual(waiting.returncode, 143)
            self.assertLess(time.monotonic() - began, 9, 'Ctrl-C was not obeyed')
        finally:
            session.kill()
            session.communicate()
        self.run_code(0, 'purge', *arguments)
        self.assertNotIn(1, [left['generation'] for left in self.copies() if left['databases'] == copy['databases']])

    def test_a_table_that_was_dropped_since_does_not_hold_up_a_forced_purge(self):
        self.server.sql('DROP TABLE `solo`.`u`')
        refused = self.run_code(34, 'purge', '--yes', 'solo')
        self.assertIn('`solo`.`u`', refused.err)
        self.assertIn('--force', refused.err)
        self.assertEqual(len(self.ours()), 6)
        self.run_code(0, 'purge', '--yes', '--force', 'solo')
        self.assertEqual(len(self.ours()), 4)
        # A key from outside is no matter of force.
        self.server.sql('CREATE DATABASE `out`; CREATE TABLE `out`.`c` (`id` int, CONSTRAINT `k` FOREIGN KEY (`id`) REFERENCES '
                        f'`{self.ours()[0]}`.`t` (`id`))')
        self.assertIn('`k`', self.run_code(34, 'purge', '--yes', '--force', 'duo_a', 'duo_b').err)
        self.assertEqual(len(self.ours()), 4)

    def test_staging_without_a_journal_is_swept_as_status_says(self):
        self.server.sql("CREATE DATABASE `solo__dbomsbak_new_0000000a`; CREATE DATABASE `odd''one__dbomsbak_new_0000000b`;"
                        "CREATE TABLE `solo__dbomsbak_new_0000000a`.`t` (`id` int)")
        advice = {copy['run']: copy['advice'] for copy in self.copies() if copy['kind'] == 'staging'}
        # A name alone proves nothing: unasked, what holds tables stays.
        self.assertIn('solo__dbomsbak_new_0000000a', self.run_code(2, 'purge', '--dry-run').err)
        self.assertNotIn('purge', ' '.join(advice.values()))  # that drops displaced copies as well
        self.run_code(0, *shlex.split(re.search('`dbomsbak ([^`]*)`', advice['0000000b'])[1]), '--yes')
        self.assertEqual(len(self.ours()), 7)
        self.server.sql(re.search('DROP DATABASE `.*', advice['0000000a'])[0])
        self.assertEqual(len(self.ours()), 6)
        self.run_code(34, 'restore', '--abort', '--yes')


if __name__ == '__main__':
    unittest.main(verbosity=2)
