#!/usr/bin/env python3
"""The program is built as a packager would harden it: readelf (binutils) says so."""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import Program, sanitized  # noqa: E402


def readelf(path, *options):
    return subprocess.run(['readelf', '-W', *options, path], check=True, capture_output=True, text=True).stdout


def main():
    path = Program().path
    if sanitized():
        print('a build for sanitizers is not what is shipped')
        return 77
    dynamic, segments = readelf(path, '-d'), readelf(path, '-l')
    symbols = readelf(path, '--dyn-syms')
    faults = []
    if not re.search(r'FLAGS_1.*\bPIE\b', dynamic):
        faults.append('not position independent')
    if not re.search(r'FLAGS_1.*\bNOW\b', dynamic) or 'GNU_RELRO' not in segments:
        faults.append('its table of addresses stays writable (RELRO with BIND_NOW)')
    stack = re.search(r'GNU_STACK.*?([RWE ]{3})\s+0x', segments)
    if not stack or 'E' in stack[1]:
        faults.append('the stack can be executed')
    if re.search(r'LOAD.*\bRWE\b', segments):
        faults.append('a segment is writable and can be executed')
    for symbol, flag in (('__stack_chk_fail', '-fstack-protector-strong'), ('__memcpy_chk', '-D_FORTIFY_SOURCE')):
        if symbol not in symbols:
            faults.append(f'{symbol} is never called ({flag})')
    if 'RPATH' in dynamic or 'RUNPATH' in dynamic:
        faults.append('it looks for libraries where a build machine had them')
    print('\n'.join(faults) or 'hardened: PIE, RELRO, BIND_NOW, no executable stack, stack protector, fortified calls')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
