#!/usr/bin/env python3
"""Includes point downwards: cli -> app -> {engine, envelope, objects} -> {catalog, sql, archive, transport} -> base.

Besides: only transport knows the client library, only archive knows zstd, only objects knows libcurl, only envelope (and the digests of base)
know cryptography, only cli prints, and no
public header drags in the JSON library.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

BELOW = {
    'base': set(),
    'transport': {'base'},
    'sql': {'base'},
    'archive': {'base'},
    'envelope': {'base'},
    'objects': {'base'},
    'catalog': {'transport', 'sql', 'base'},
    'engine': {'catalog', 'sql', 'archive', 'transport', 'base'},
    'app': {'engine', 'envelope', 'objects', 'catalog', 'sql', 'archive', 'transport', 'base'},
    'cli': {'app', 'engine', 'envelope', 'objects', 'catalog', 'sql', 'archive', 'transport', 'base'},
}
OWNED_HEADERS = {'transport': re.compile(r'^(mysql|mariadb)|errmsg\.h$|mysqld_error\.h$'),
                 'archive': re.compile(r'^(zstd|zdict)'),
                 'objects': re.compile(r'^curl/'),
                 'envelope': re.compile(r'^openssl/(?!(crypto|evp)\.h$)')}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
PRINTING = re.compile(r'\bstd::(cout|cerr|clog|puts|printf|fprintf|vprintf|putchar|fputs)\b|'
                      r'\bfmt::print\b|(?<![\w:.])(printf|puts|putchar|perror)\s*\(|'
                      r'(?<!\w)fprintf\s*\(|\bSTD(OUT|ERR)_FILENO\b|#\s*include\s*<iostream>')
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/', re.S)


def layer_of_include(name):
    match = re.match(r'dbomsbak/(\w+)/', name) or re.match(r'(\w+)/', name)
    return match.group(1) if match and match.group(1) in BELOW else None


def faults(layer, text, public):
    """What is wrong with one file of a layer."""
    found = []
    for bracket, name in INCLUDE.findall(text):
        for owner, pattern in OWNED_HEADERS.items():
            if bracket == '<' and layer != owner and pattern.search(name):
                found.append(f'includes <{name}>, which belongs to {owner}')
        if public and name.startswith('nlohmann/'):
            found.append('is a public header and includes the JSON library')
        target = layer_of_include(name)
        if bracket == '"' and target and target != layer and target not in BELOW[layer]:
            found.append(f'{layer} includes "{name}" of {target}')
    if layer != 'cli':
        code = COMMENT.sub('', text)
        for match in PRINTING.finditer(code):
            found.append(f'prints: {match.group(0).strip()}')
    return found


def check_the_check():
    bad = [('base', '#include "dbomsbak/sql/quote.h"', False), ('sql', '#include <zstd.h>', False),
           ('sql', '#include "transport/mysql_session.h"', False), ('engine', '#include <mysql.h>', False),
           ('engine', '#include "cli/console.h"', False), ('app', 'void f() { std::puts("x"); }', False),
           ('engine', 'fmt::print("x");', False), ('archive', '#include <nlohmann/json.hpp>', True),
           ('catalog', '#include "dbomsbak/archive/records.h"', False),
           ('engine', '#include "dbomsbak/envelope/age.h"', False), ('app', '#include <openssl/kdf.h>', False),
           ('engine', '#include "dbomsbak/objects/object_files.h"', False), ('app', '#include <curl/curl.h>', False)]
    good = [('cli', '#include "dbomsbak/engine/dump.h"\nstd::puts("x");', False),
            ('catalog', '#include "dbomsbak/sql/quote.h"', False), ('transport', '#include <mysql.h>', False),
            ('archive', '#include <nlohmann/json.hpp>', False), ('engine', '// printf(', False),
            ('engine', 'log.printf("x")', False)]
    for case in bad:
        assert faults(*case), f'not noticed: {case}'
    for case in good:
        assert not faults(*case), f'wrongly noticed: {case}'


def main():
    check_the_check()
    failed = files = 0
    for layer in BELOW:
        for folder, public in ((ROOT / 'src' / layer, False), (ROOT / 'include/dbomsbak' / layer, True)):
            for path in sorted(folder.rglob('*')):
                if path.suffix not in ('.h', '.cc'):
                    continue
                files += 1
                for fault in faults(layer, path.read_text(), public):
                    failed += 1
                    print(f'{path.relative_to(ROOT)}: {fault}')
    assert files > 40, f'only {files} files found'
    print(f'{files} files, {failed} faults')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
