"""Runs the test_… methods of an object one after the other, and goes on after one that fails."""

import time
import traceback


def run(tests, words):
    """Those whose name holds one of `words`, or all; returns the exit code."""
    failed, done = [], 0
    for name in [n for n in dir(tests) if n.startswith('test_')]:
        if words and not any(word in name for word in words):
            continue
        began = time.monotonic()
        try:
            getattr(tests, name)()
            print(f'ok        {name} ({time.monotonic() - began:.1f} s)', flush=True)
        except Exception as error:  # the others still tell something
            failed.append(name)
            detail = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            print(f'FAILED    {name}\n{detail}', flush=True)
        done += 1
    print(f'{done - len(failed)} of {done} passed')
    return 1 if failed or not done else 0
