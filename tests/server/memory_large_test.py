#!/usr/bin/env python3
# ctest: labels=slow timeout=3600
"""memory_test.py with a table of 2 GB; takes minutes and 8 GB of disk."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import memory_test  # noqa: E402

if __name__ == '__main__':
    sys.exit(memory_test.main('2G'))
