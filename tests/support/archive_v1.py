"""A second reader of archives, written from formats/archive-v1.md alone.

Standard library and the `zstd` program only. It shares no code with the program it judges; where the
two disagree, the page decides.

    archive_v1.py check FILE…    exit code and a line as the page says
    archive_v1.py index FILE     header and objects as JSON lines
    archive_v1.py digest FILE    table, rows and row digest, recomputed from the SQL text
"""

import hashlib
import json
import os
import re
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from xxh3 import xxh3_128  # noqa: E402

OWN, SEEK, ZSTD = 0x184D2A5B, 0x184D2A5E, 0xFD2FB528
KINDS = {"database", "sequence", "table", "view", "function", "procedure", "package", "package body",
         "trigger", "event"}
DIGEST_ID = "xxh3-128-sum/1"
PARTIAL = 1


class Refused(Exception):
    """The file is not a good archive; `code` is the exit code the page gives."""

    def __init__(self, code, what):
        super().__init__(what)
        self.code = code


class Damaged(Refused):
    def __init__(self, what):
        super().__init__(20, what)


def need(condition, what):
    if not condition:
        raise Damaged(what)


def sha256(data):
    return hashlib.sha256(data).digest()


# ---- zstd frames ---------------------------------------------------------------------------------


def zstd_frame_end(data, at):
    """End of the zstd frame at `at` by its block heads (RFC 8878, 3.1.1); None when data ends first."""
    if at + 5 > len(data):
        return None, None, False
    descriptor = data[at + 4]
    single = descriptor >> 5 & 1
    content_flag = descriptor >> 6
    content_bytes = (1 if single else 0) if content_flag == 0 else (0, 2, 4, 8)[content_flag]
    here = at + 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3]
    raw = data[here:here + content_bytes]
    if len(raw) < content_bytes:
        return None, None, False
    size = int.from_bytes(raw, "little") + (256 if content_bytes == 2 else 0) if content_bytes else None
    here += content_bytes
    checksum = bool(descriptor & 4)
    while True:
        if here + 3 > len(data):
            return None, size, checksum
        head = int.from_bytes(data[here:here + 3], "little")
        need(head >> 1 & 3 != 3, f"reserved block type at byte {here}")
        here += 3 + (1 if head >> 1 & 3 == 1 else head >> 3)
        if head & 1:
            break
    here += 4 if checksum else 0
    return (here if here <= len(data) else None), size, checksum


def unzstd(stored, text_size, what):
    need(stored[:4] == struct.pack("<I", ZSTD), f"{what} is no zstd frame")
    end, size, checksum = zstd_frame_end(stored, 0)
    need(end == len(stored), f"{what} is not exactly one zstd frame")
    need(checksum, f"{what} has no content checksum")
    need(size == text_size, f"{what} holds {size} bytes of text, not {text_size}")
    need(text_size <= (len(stored) // 4 + 1) << 17, f"{what} is too small for its text")
    need(len(stored) <= text_size + text_size // 128 + 1024, f"{what} is too large for its text")
    done = subprocess.run(["zstd", "-dcq"], input=stored, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    need(done.returncode == 0, f"{what}: zstd: {done.stderr.decode(errors='replace').strip()}")
    need(len(done.stdout) == text_size, f"{what}: {len(done.stdout)} bytes of text")
    return done.stdout


# ---- the parts -----------------------------------------------------------------------------------


def tagged(frame, tag):
    return (len(frame) >= 20 and frame[:8] == struct.pack("<II", OWN, len(frame) - 8)
            and frame[8:20] == b"DBOMSBAK" + tag)


def parse_footer(frame):
    """The footer's fields, or None when it does not hold together."""
    if not 216 <= len(frame) <= 65536 or not tagged(frame, b"FOOT"):
        return None
    size, magic = struct.unpack("<Q8s", frame[-16:])
    if size != len(frame) or magic != b"DBOMSEND" or sha256(frame[:-48]) != frame[-48:-16]:
        return None
    names = ("version", "zero", "required", "optional", "header_size", "header_sha256", "index_offset",
             "index_size", "index_sha256", "frames", "objects", "tables", "rows", "text_size",
             "file_size")
    footer = dict(zip(names, struct.unpack_from("<HHIIQ32sQQ32sQQQQQQ", frame, 20)))
    footer["root"] = hashlib.sha256(frame).hexdigest()
    return footer


def find_tail(data):
    """(footer, its offset, offset of the seek table) from the end of the file, or None."""
    if len(data) < 9:
        return None
    count, descriptor, magic = struct.unpack("<IBI", data[-9:])
    seek = len(data) - (8 + 8 * count + 9)
    if descriptor != 0 or magic != 0x8F92EAB1 or seek < 216:
        return None
    size, end = struct.unpack("<Q8s", data[seek - 16:seek])
    if end != b"DBOMSEND" or not 216 <= size <= min(seek, 65536):
        return None
    footer = parse_footer(data[seek - size:seek])
    return footer and (footer, seek - size, seek)


def starts_as_ours(data):
    expected = struct.pack("<II", OWN, 0) + b"DBOMSBAKHEAD"
    return all(data[i] == expected[i] for i in range(min(20, len(data))) if not 4 <= i < 8)


def looks_like(data):
    if data[:4] == struct.pack("<I", ZSTD):
        return "a plain zstd file"
    if data[:2] == b"\x1f\x8b":
        return "a gzip file"
    if b"\0" not in data[:4096] and re.match(rb"\s*(--|/\*|#|[A-Za-z]+ )", data):
        return "a plain SQL file"
    return "something else"


def walk(data):
    """What is wrong with a file that begins as ours and whose end proves nothing."""
    at, expected = 0, [b"HEAD", b"INDX", b"FOOT"]
    while True:
        if at == len(data):
            raise Refused(21, f"ends at byte {at} without a footer")
        if len(data) - at < 4:
            raise Refused(21, f"ends inside a frame that begins at byte {at}")
        magic = struct.unpack_from("<I", data, at)[0]
        if magic == ZSTD and expected[0] == b"INDX":
            end, _, _ = zstd_frame_end(data, at)
        else:
            head = data[at:at + 20]
            wanted = struct.pack("<II", OWN, 0) + b"DBOMSBAK" + expected[0]
            for i, byte in enumerate(head):
                need(4 <= i < 8 or byte == wanted[i], f"no {expected[0].decode()} frame at byte {at}")
            end = at + 8 + struct.unpack_from("<I", head, 4)[0] if len(head) == 20 else None
            if end is not None and end <= len(data):
                if expected.pop(0) == b"FOOT":
                    return judge_footer(data, at, end)
        if end is None or end > len(data):
            raise Refused(21, f"ends inside the frame that begins at byte {at}")
        at = end


def judge_footer(data, at, end):
    footer = parse_footer(data[at:end])
    need(footer, f"the footer at byte {at} does not hold together")
    need(footer["index_offset"] + footer["index_size"] == at,
         f"the footer at byte {at} stood elsewhere when it was written")
    need(not end <= footer["file_size"] < len(data),
         f"bytes behind its end at byte {footer['file_size']}")
    if len(data) < footer["file_size"]:
        raise Refused(21, f"ends at byte {len(data)}, inside the seek table")
    raise Damaged(f"no seek table of this archive at byte {end}")


def check_version(version, required):
    if version > 1:
        raise Refused(22, f"format version {version}")
    if required & ~PARTIAL:
        raise Refused(22, f"unknown required flags {required:#x}")
    need(version == 1, "format version 0")


def depth_of(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


def parse_json(raw, what):
    try:
        value = json.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise Damaged(f"{what} is no JSON: {error}") from error
    need(isinstance(value, dict) and depth_of(value) <= 5, f"{what} is no such JSON object")
    return value


class Archive:
    """Open archive: header, footer, frames and objects, all checked but for the SQL text."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        data = self.data
        if not data:
            raise Refused(21, "empty")
        tail = find_tail(data)
        if not starts_as_ours(data):
            need(not tail, "its first bytes are not an archive's header")
            raise Refused(12, f"no archive but {looks_like(data)}")
        if not tail:
            walk(data)
        self.footer, self.footer_offset, self.seek_offset = tail
        check_version(self.footer["version"], self.footer["required"])
        footer = self.footer
        if (footer["file_size"] != len(data)
                or footer["index_offset"] + footer["index_size"] != self.footer_offset):
            walk(data)
        self.partial = bool(footer["required"] & PARTIAL)
        self._read_header()
        self._read_index()
        self._check_seek_table()
        self._check_objects()

    def _read_header(self):
        size = self.footer["header_size"]
        need(36 <= size <= min(self.footer["index_offset"], 4 << 20), "impossible size of the header")
        frame = self.data[:size]
        need(sha256(frame) == self.footer["header_sha256"], "header: SHA-256 differs")
        need(tagged(frame, b"HEAD"), "header does not hold together")
        version, _, required, _, length = struct.unpack_from("<HHIII", frame, 20)
        check_version(version, required)
        need(36 + length <= size, "header: JSON runs out of the frame")
        self.header = parse_json(frame[36:36 + length], "header")
        for name in ("tool", "created"):
            need(isinstance(self.header.get(name), str), f"header: {name} is missing")
        for name in ("server", "snapshot", "scope"):
            need(isinstance(self.header.get(name), dict), f"header: {name} is missing")

    def _read_index(self):
        footer, data = self.footer, self.data
        begin = footer["index_offset"]
        index = data[begin:begin + footer["index_size"]]
        need(sha256(index) == footer["index_sha256"], "index: SHA-256 differs")
        need(tagged(index, b"INDX") and len(index) >= 64, "index does not hold together")
        head, frames, objects, blocks, blocks_size, directory_size = struct.unpack_from(
            "<IQQQQQ", index, 20)
        need(head >= 64 and frames <= 1 << 24
             and head + 48 * frames + blocks_size + directory_size == len(index),
             "index: its parts do not fill it")
        need(frames == footer["frames"] and objects == footer["objects"], "index: other counts")

        self.frames = []
        at = footer["header_size"]
        for number in range(frames):
            offset, stored, text, digest = struct.unpack_from("<QII32s", index, head + 48 * number)
            need(offset == at and 0 < text < 1 << 31 and text <= (stored // 4 + 1) << 17
                 and stored <= text + text // 128 + 1024, f"frame record {number} is impossible")
            self.frames.append((offset, stored, text, digest))
            at += stored
        need(at == begin, "frames do not end where the index begins")
        need(sum(frame[2] for frame in self.frames) == footer["text_size"], "footer: other text size")

        block_at = head + 48 * frames
        directory = index[block_at + blocks_size:]
        self.objects = []
        here = 0
        for number in range(blocks):
            what = f"object block {number}"
            need(here + 20 <= len(directory), "directory ends early")
            offset, stored, text, count = struct.unpack_from("<QIII", directory, here)
            here += 20
            first = []
            for _ in range(3):
                need(here + 2 <= len(directory), "directory ends early")
                length = struct.unpack_from("<H", directory, here)[0]
                first.append(directory[here + 2:here + 2 + length])
                here += 2 + length
            need(here <= len(directory), "directory ends early")
            need(offset == begin + block_at and block_at + stored <= len(index) - directory_size,
                 f"{what} is elsewhere")
            need(0 < text <= (4 << 20) + (64 << 10), f"{what}: impossible size")
            lines = unzstd(index[block_at:block_at + stored], text, what)
            block_at += stored
            need(lines.endswith(b"\n"), f"{what}: no newline at its end")
            records = [parse_json(line, what) for line in lines[:-1].split(b"\n")]
            need(len(records) == count, f"{what}: other number of objects")
            need(self._key(records[0]) == tuple(first), f"{what}: other first object")
            self.objects += records
        need(here == len(directory), "bytes behind the last directory entry")
        need(block_at + directory_size == len(index), "object blocks do not fill their part")
        need(len(self.objects) == objects, "index: other number of objects")
        keys = [self._key(record) for record in self.objects]
        need(all(a < b for a, b in zip(keys, keys[1:])), "objects are not sorted")

    @staticmethod
    def _key(record):
        key = tuple(record.get(name) for name in ("database", "kind", "name"))
        need(all(isinstance(part, str) for part in key) and key[1] in KINDS, "an object without a name")
        return tuple(part.encode() for part in key)

    def _check_seek_table(self):
        sizes = [(self.footer["header_size"], 0)]
        sizes += [(frame[1], frame[2]) for frame in self.frames]
        sizes += [(self.footer["index_size"], 0), (self.seek_offset - self.footer_offset, 0)]
        body = b"".join(struct.pack("<II", *pair) for pair in sizes)
        body += struct.pack("<IBI", len(sizes), 0, 0x8F92EAB1)
        need(self.data[self.seek_offset:] == struct.pack("<II", SEEK, len(body)) + body,
             "seek table differs from the index")

    def _check_objects(self):
        tables = rows = omitted = 0
        for record in self.objects:
            if record.get("omitted"):
                omitted += 1
            elif record["kind"] == "table":
                need(isinstance(record.get("rows"), int), f"{name_of(record)}: no number of rows")
                tables += 1
                rows += record["rows"]
        need((tables, rows) == (self.footer["tables"], self.footer["rows"]), "footer: other counts")
        need(self.partial == bool(omitted), "footer: partial flag is wrong")

    def frame_text(self, number):
        offset, stored, text, digest = self.frames[number]
        raw = self.data[offset:offset + stored]
        need(sha256(raw) == digest, f"frame {number} at byte {offset}: SHA-256 differs")
        return unzstd(raw, text, f"frame {number} at byte {offset}")

    def text(self):
        return b"".join(self.frame_text(number) for number in range(len(self.frames)))

    def place(self, slice_, what):
        """(begin, end) of a slice in the whole text."""
        need(isinstance(slice_, list) and len(slice_) == 3
             and all(isinstance(n, int) and n >= 0 for n in slice_), f"{what}: no slice")
        frame, offset, length = slice_
        need(frame < len(self.frames) and offset < self.frames[frame][2], f"{what}: slice outside")
        begin = sum(f[2] for f in self.frames[:frame]) + offset
        need(begin + length <= self.footer["text_size"], f"{what}: slice outside")
        return begin, begin + length


def name_of(record):
    return f"{record['kind']} {record['database']}.{record['name']}"


# ---- rows ----------------------------------------------------------------------------------------

_LATIN1 = {i: i for i in range(256)}
_LATIN1.update(dict(zip(range(0x80, 0xA0), (
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
    0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178))))
_LATIN1_BYTE = {code: byte for byte, code in _LATIN1.items()}
_ALWAYS_INTRODUCED = {"swe7", "sjis", "cp932", "ucs2", "utf16", "utf16le", "utf32", "armscii8"}
_ASCII_SUPERSETS = set(
    "ascii big5 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 eucjpms euckr gb18030 "
    "gb2312 gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin2 latin5 latin7 macce macroman "
    "tis620 ujis".split())
_UNESCAPE = {b"0": b"\0", b"n": b"\n", b"r": b"\r", b"Z": b"\x1a", b"\\": b"\\", b"'": b"'"}
_STRING = re.compile(rb"'((?:[^'\\\0\n\r\x1a]|\\[0nrZ\\'])*)'")
_HEX = re.compile(rb"0x((?:[0-9A-F]{2})+)")
_INT = re.compile(rb"0|-?[1-9][0-9]*")
_DECIMAL = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_JSON_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e-?[0-9]+)?")
_FLOAT = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?e-?[0-9]+")
_TEMPORAL = re.compile(rb"'([-0-9:. ]*)'")
_INTRODUCER = re.compile(rb"_([a-z0-9_]+) ")


def _unescape(raw):
    return re.sub(rb"\\(.)", lambda m: _UNESCAPE[m.group(1)], raw)


class Rows:
    """Canonical rows of a table's INSERT statements."""

    def __init__(self, record):
        self.what = name_of(record)
        self.kinds = [kind for _, kind in record.get("columns", [])]
        quoted = ",".join("`" + name.replace("`", "``") + "`" for name, _ in record.get("columns", []))
        table = record["name"].replace("`", "``")
        self.head = f"INSERT INTO `{table}` ({quoted}) VALUES\n".encode()

    def digest(self, text):
        """(rows, sum) of whole statements."""
        rows, total, at = 0, 0, 0
        while at < len(text):
            at = self._take(text, at, self.head)
            while True:
                at, row = self._row(text, at)
                rows, total = rows + 1, (total + xxh3_128(row)) % (1 << 128)
                if text.startswith(b";\n", at):
                    at += 2
                    break
                at = self._take(text, at, b",\n")
        return rows, total

    def _bad(self, at, expected):
        raise Damaged(f"{self.what}: {expected} expected at byte {at} of its text")

    def _take(self, text, at, word):
        if not text.startswith(word, at):
            self._bad(at, repr(word.decode(errors="replace")))
        return at + len(word)

    def _row(self, text, at):
        at = self._take(text, at, b"(")
        row = []
        for number, kind in enumerate(self.kinds):
            if number:
                at = self._take(text, at, b",")
            if text.startswith(b"NULL", at):
                at += 4
                row.append(b"\xff\xff\xff\xff")
                continue
            at, value = self._value(text, at, kind)
            row.append(struct.pack("<I", len(value)) + value)
        return self._take(text, at, b")"), b"".join(row)

    def _match(self, pattern, text, at, expected):
        match = pattern.match(text, at)
        if not match:
            self._bad(at, expected)
        return match

    def _value(self, text, at, kind):
        word, _, charset = kind.partition(":")
        if word == "int":
            match = self._match(_INT, text, at, "an integer")
            return match.end(), match.group()
        if word == "decimal":
            match = self._match(_DECIMAL, text, at, "a decimal")
            if match.group()[:1] == b"-" and not match.group().strip(b"-0."):
                self._bad(at, "zero without sign")
            return match.end(), match.group()
        if word in ("float32", "float64"):
            match = self._match(_FLOAT, text, at, "a number with exponent")
            value = float(match.group())
            try:
                return match.end(), struct.pack("<f" if word == "float32" else "<d", value)
            except OverflowError:
                return self._bad(at, "a FLOAT")
        if word == "bits":
            match = self._match(_HEX, text, at, "0x")
            return match.end(), bytes.fromhex(match.group(1).decode())
        if word == "temporal":
            match = self._match(_TEMPORAL, text, at, "a date or time")
            return match.end(), match.group(1)
        if word == "bytes":
            return self._bytes(text, at)
        if word == "json":
            return self._json(text, at)
        if word in ("text", "enum"):
            if word == "enum" and text.startswith(b"0", at) and not text.startswith(b"0x", at):
                return at + 1, b""
            return self._text(text, at, charset)
        return self._bad(at, f"a known kind, not '{kind}',")

    def _json(self, text, at):
        if not text.startswith(b"JSON_REPLACE(", at):
            return self._text(text, at, "utf8mb4")
        at, value = self._text(text, at + len(b"JSON_REPLACE("), "utf8mb4")
        while not text.startswith(b")", at):
            path = self._match(_STRING, text, self._take(text, at, b","), "a path")
            if not path.group(1).startswith(b"$"):
                self._bad(at, "a path")
            number = self._match(_JSON_NUMBER, text, self._take(text, path.end(), b","), "a number")
            if number.group() not in value and number.group().removesuffix(b"e0") not in value:
                self._bad(at, "a number of the text")
            at = number.end()
        return at + 1, value

    def _introduced(self, text, at, charset):
        match = self._match(_INTRODUCER, text, at, "an introducer")
        if match.group(1) != charset.encode():
            self._bad(at, f"_{charset}")
        at = match.end()
        if text.startswith(b"0x", at):
            match = self._match(_HEX, text, at, "0x")
            return match.end(), bytes.fromhex(match.group(1).decode())
        match = self._match(_STRING, text, at, "a string")
        return match.end(), _unescape(match.group(1))

    def _bytes(self, text, at):
        if text.startswith(b"''", at):
            return at + 2, b""
        if text.startswith(b"0x", at):
            match = self._match(_HEX, text, at, "0x")
            return match.end(), bytes.fromhex(match.group(1).decode())
        return self._introduced(text, at, "binary")

    def _text(self, text, at, charset):
        if charset == "eucjpms" and text.startswith((b"0x", b"_binary "), at):
            return self._bytes(text, at)
        if not text.startswith(b"'", at):
            return self._introduced(text, at, charset)
        match = self._match(_STRING, text, at, "a string")
        value = _unescape(match.group(1))
        if charset in ("utf8mb4", "utf8mb3", "utf8"):
            try:
                longest = max((len(c.encode()) for c in value.decode()), default=0)
            except UnicodeDecodeError:
                return self._bad(at, "valid UTF-8")
            if longest > 3 and charset != "utf8mb4":
                self._bad(at, "at most 3 bytes a character")
        elif charset == "latin1":
            try:
                value = bytes(_LATIN1_BYTE[ord(c)] for c in value.decode())
            except (UnicodeDecodeError, KeyError):
                return self._bad(at, "characters of latin1")
        elif charset in _ASCII_SUPERSETS:
            if value and max(value) >= 0x80:
                self._bad(at, "ASCII")
        elif value:
            self._bad(at, "an introducer")
        return match.end(), value


# ---- everything ----------------------------------------------------------------------------------


def without_auto_increment(create):
    """Without that table option (OceanBase prints blanks around its sign), outside quotes and comments."""
    tokens = re.compile(rb"'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|\"(?:[^\"\\]|\\.|\"\")*\"|/\*.*?\*/"
                        rb"| AUTO_INCREMENT ?= ?[0-9]+|.", re.S)
    return b"".join(token for token in tokens.findall(create)
                    if not token.startswith((b" AUTO_INCREMENT=", b" AUTO_INCREMENT =")))


def table_digests(archive, text):
    """Yields (record, rows, 32 hex digits) for each table whose digest is of a known kind."""
    for record in archive.objects:
        if record["kind"] != "table" or record.get("omitted"):
            continue
        digest = record.get("row_digest")
        need(isinstance(digest, dict) and "id" in digest and "value" in digest,
             f"{name_of(record)}: no row digest")
        if digest["id"] != DIGEST_ID:
            continue
        begin, end = archive.place(record["data"], name_of(record)) if "data" in record else (0, 0)
        rows, total = Rows(record).digest(text[begin:end])
        yield record, rows, f"{total:032x}"


def check_pruned(scope, record, what):
    if record.get("omitted"):
        need("pruned" not in record, f"{what}: omitted, and yet pruned")
        return
    table = [record["database"], record["name"]]
    pruned = record.get("pruned")
    listed = record["kind"] == "table" and table in scope.get("pruned_tables", [])
    need(listed == (pruned is not None), f"{what}: pruned or not?")
    if pruned is None:
        return
    column, value = pruned
    need(re.fullmatch("-?[0-9]+", value), f"{what}: pruned by no number")
    condition = "`" + column.replace("`", "``") + "` >= " + value
    need(record.get("row_filtered") and scope.get("row_filters", {}).get(".".join(table)) == condition,
         f"{what}: not filtered as it is pruned")


def check_text(archive):
    """Everything the index says of the text."""
    text = archive.text()
    spans = []
    databases = archive.header["scope"].get("databases", [])
    need(len(archive.header["scope"].get("pruned_tables", [])) == sum("pruned" in r for r in archive.objects),
         "the scope lists other pruned tables than the index")
    for record in archive.objects:
        what = name_of(record)
        need(record["database"] in databases, f"{what}: outside the scope")
        check_pruned(archive.header["scope"], record, what)
        slices = {k: record[k] for k in ("create", "schema", "stand_in", "data") if k in record}
        if record.get("omitted"):
            need(not slices, f"{what}: omitted, and yet there")
            continue
        places = {key: archive.place(value, f"{what}: {key}") for key, value in slices.items()}
        spans += [(*places[key], what) for key in ("schema", "stand_in", "data") if key in places]
        if record["kind"] == "database":
            definition = f"{record.get('charset', '')} {record.get('collation', '')}".encode()
        elif "create" in places:
            begin, end = places["create"]
            definition = text[begin:end]
            if record["kind"] == "table":
                definition = without_auto_increment(definition)
            if "schema" in places:
                need(places["schema"][0] <= begin and end <= places["schema"][1],
                     f"{what}: definition outside its block")
        else:
            need(archive.header["scope"].get("no_create_info"), f"{what}: no definition")
            continue
        need(hashlib.sha256(definition).hexdigest() == record.get("definition_sha256"),
             f"{what}: definition differs from its SHA-256")

    spans.sort()
    at, gaps = 0, []
    for begin, end, what in spans:
        need(begin >= at, f"{what}: overlaps another object")
        gaps.append(text[at:begin])
        at = end
    gaps.append(text[at:])
    for gap in gaps:
        need(not re.search(rb"^(INSERT INTO |REPLACE INTO |CREATE TABLE )", gap, re.M),
             "a statement outside all objects")
    for database in databases:
        need(any(r["kind"] == "database" and r["name"] == database for r in archive.objects),
             f"database {database}: not in the index")

    for record, rows, value in table_digests(archive, text):
        need(rows == record["rows"], f"{name_of(record)}: {rows} rows, not {record['rows']}")
        need(value == record["row_digest"]["value"], f"{name_of(record)}: row digest {value}")


def check_plain(data):
    last = data.rstrip().rsplit(b"\n", 1)[-1]
    match = re.search(rb"\n(-- dbomsbak proof: sha256=([0-9a-f]{64}) bytes=([0-9]+)\n)"
                      rb"-- Dump completed\n\Z", data)
    if match:
        need(int(match.group(3)) == match.start(1), "proof line elsewhere than it says")
        need(hashlib.sha256(data[:match.start(1)]).hexdigest() == match.group(2).decode(),
             "SHA-256 of the proof line differs")
        return
    proof = re.search(rb"\n-- dbomsbak proof: sha256=[0-9a-f]{64} bytes=[0-9]+\n(.*)\Z",
                      data[-4096:], re.S)
    need(not proof or b"-- Dump completed\n".startswith(proof.group(1)), "bytes behind the proof line")
    if proof or not last.startswith(b"-- Dump completed"):
        raise Refused(21, "last line is not '-- Dump completed'")
    need(b"\n-- dbomsbak: {" not in data[:65536], "no proof line before its last line")
    raise Refused(23, "complete, but without proof")


def check(path):
    """(exit code, a line): 0, or 3 for a partial archive. Raises Refused."""
    with open(path, "rb") as file:
        begin = file.read(4096)
    if begin and not starts_as_ours(begin) and looks_like(begin) == "a plain SQL file":
        with open(path, "rb") as file:
            check_plain(file.read())
        return 0, "plain SQL, proved"
    archive = Archive(path)
    check_text(archive)
    footer = archive.footer
    return (3 if archive.partial else 0), (
        f"root {footer['root']}, {footer['tables']} tables, {footer['rows']} rows, "
        f"{footer['frames']} frames, {footer['text_size']} bytes of text"
        + (", partial" if archive.partial else ""))


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in ("check", "index", "digest"):
        print(__doc__, file=sys.stderr)
        return 2
    worst = 0
    for path in arguments[1:]:
        try:
            if arguments[0] == "check":
                code, line = check(path)
                print(f"{path}: {line}")
                worst = max(worst, code)
                continue
            archive = Archive(path)
            if arguments[0] == "index":
                print(json.dumps(archive.header, ensure_ascii=False))
                for record in archive.objects:
                    print(json.dumps(record, ensure_ascii=False))
            else:
                for record, rows, value in table_digests(archive, archive.text()):
                    print(f"{record['database']}.{record['name']}\t{rows}\t{value}")
        except Refused as error:
            print(f"{path}: {error}", file=sys.stderr)
            worst = max(worst, error.code)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
