"""Writes down what the program said in a test, as tests/messages wants it, when DBOMSBAK_MESSAGES names a folder."""

import json
import os
import pathlib
import re
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent


def _test():
    """The test that is at work: "server.restore_test.test_…", or the script where its tests are no functions."""
    script, name = None, ''
    frame = sys._getframe(1)
    while frame:
        path = pathlib.Path(frame.f_code.co_filename)
        if path.parent.parent == TESTS and path.stem.endswith('_test'):
            script = f'{path.parent.name}.{path.stem}'
            if frame.f_code.co_name.startswith('test_'):
                name = f'.{frame.f_code.co_name}'
        frame = frame.f_back
    return script and script + name


def write_down(code, err, out):
    folder = os.environ.get('DBOMSBAK_MESSAGES')
    test = folder and code != 0 and _test()
    if not test:
        return
    said = re.split(r'^dbomsbak: |^  +- |^', f'{err}\n{out}', flags=re.M)
    texts = [re.sub(r'^error: ', '', line).rstrip('\n') for line in said]
    try:
        texts.append(json.loads(out)['message'])
    except (ValueError, KeyError, TypeError):
        pass
    with open(pathlib.Path(folder) / str(os.getpid()), 'a') as file:
        print(json.dumps({'test': test, 'code': code, 'texts': [text for text in texts if text]}), file=file)


class Process(subprocess.Popen):
    """What such a one said is written down when communicate() has it."""

    def communicate(self, *args, **kw):
        said = super().communicate(*args, **kw)
        out, err = (text.decode(errors='replace') if isinstance(text, bytes) else text or '' for text in said)
        write_down(self.returncode, err, out)
        return said
