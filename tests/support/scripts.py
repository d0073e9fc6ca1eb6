"""Scripts of tests/servers and tests/oms that start what goes on behind their end."""

import subprocess
import tempfile

SKIPPED = 77  # what ctest, these scripts and our tests call a test that cannot run here


def run_script(command, what):
    """The KEY=VALUE lines it prints, as a dict; skips the test where it ends with 77."""
    # What is started inherits neither pipe: it would keep them open after the script has ended.
    with tempfile.TemporaryFile('w+') as out, tempfile.TemporaryFile('w+') as err:
        code = subprocess.run(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, start_new_session=True).returncode
        out.seek(0)
        err.seek(0)
        if code == SKIPPED:
            print(f'skipped: {err.read().strip()}', flush=True)
            raise SystemExit(SKIPPED)
        if code != 0:
            raise RuntimeError(f'{what}: {err.read()[-4000:]}')
        return dict(line.rstrip('\n').split('=', 1) for line in out if '=' in line)
