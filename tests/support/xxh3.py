"""XXH3-128, seed 0, as the xxHash project specifies it. Plain Python, for checking, not for speed."""

import struct

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_P32_1, _P32_2, _P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
_P64_1, _P64_2, _P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P64_4, _P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_PMX1, _PMX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
_M32, _M64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
_STRIPE = 64


def _u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def _u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]


def _swap32(value):
    return int.from_bytes(value.to_bytes(4, "little"), "big")


def _swap64(value):
    return int.from_bytes(value.to_bytes(8, "little"), "big")


def _rotl32(value, bits):
    return (value << bits | value >> (32 - bits)) & _M32


def _fold(a, b):
    product = a * b
    return (product & _M64) ^ (product >> 64)


def _avalanche3(value):
    value ^= value >> 37
    value = value * _PMX1 & _M64
    return value ^ value >> 32


def _avalanche64(value):
    value ^= value >> 33
    value = value * _P64_2 & _M64
    value ^= value >> 29
    value = value * _P64_3 & _M64
    return value ^ value >> 32


def _to_16(data):
    n = len(data)
    if n == 0:
        low = _avalanche64(_u64(_SECRET, 64) ^ _u64(_SECRET, 72))
        high = _avalanche64(_u64(_SECRET, 80) ^ _u64(_SECRET, 88))
    elif n < 4:
        combined = data[0] << 16 | data[n >> 1] << 24 | data[-1] | n << 8
        swapped = _rotl32(_swap32(combined), 13)
        low = _avalanche64(combined ^ _u32(_SECRET, 0) ^ _u32(_SECRET, 4))
        high = _avalanche64(swapped ^ _u32(_SECRET, 8) ^ _u32(_SECRET, 12))
    elif n <= 8:
        both = _u32(data, 0) | _u32(data, n - 4) << 32
        keyed = both ^ _u64(_SECRET, 16) ^ _u64(_SECRET, 24)
        product = keyed * (_P64_1 + (n << 2))
        low, high = product & _M64, product >> 64 & _M64
        high = (high + (low << 1)) & _M64
        low ^= high >> 3
        low ^= low >> 35
        low = low * _PMX2 & _M64
        low ^= low >> 28
        high = _avalanche3(high)
    else:
        first, last = _u64(data, 0), _u64(data, n - 8)
        low_flip = _u64(_SECRET, 32) ^ _u64(_SECRET, 40)
        high_flip = _u64(_SECRET, 48) ^ _u64(_SECRET, 56)
        product = (first ^ last ^ low_flip) * _P64_1
        low, high = product & _M64, product >> 64
        low = (low + (n - 1 << 54)) & _M64
        last ^= high_flip
        high = (high + last + (last & _M32) * (_P32_2 - 1)) & _M64
        low ^= _swap64(high)
        product = low * _P64_2
        mixed_low, mixed_high = product & _M64, product >> 64
        mixed_high = (mixed_high + high * _P64_2) & _M64
        low, high = _avalanche3(mixed_low), _avalanche3(mixed_high)
    return high << 64 | low


def _mix16(data, at, secret_at):
    return _fold(
        _u64(data, at) ^ _u64(_SECRET, secret_at), _u64(data, at + 8) ^ _u64(_SECRET, secret_at + 8)
    )


def _mix32(low, high, data, first, second, secret_at):
    low = (low + _mix16(data, first, secret_at)) & _M64
    low ^= (_u64(data, second) + _u64(data, second + 8)) & _M64
    high = (high + _mix16(data, second, secret_at + 16)) & _M64
    high ^= (_u64(data, first) + _u64(data, first + 8)) & _M64
    return low, high


def _to_240(data):
    n = len(data)
    low, high = n * _P64_1 & _M64, 0
    if n <= 128:
        for i in reversed(range((n - 1) // 32 + 1)):
            low, high = _mix32(low, high, data, 16 * i, n - 16 * (i + 1), 32 * i)
    else:
        for i in range(4):
            low, high = _mix32(low, high, data, 32 * i, 32 * i + 16, 32 * i)
        low, high = _avalanche3(low), _avalanche3(high)
        for i in range(4, n // 32):
            low, high = _mix32(low, high, data, 32 * i, 32 * i + 16, 3 + 32 * (i - 4))
        low, high = _mix32(low, high, data, n - 16, n - 32, 136 - 17 - 16)
    result_low = (low + high) & _M64
    result_high = (low * _P64_1 + high * _P64_4 + n * _P64_2) & _M64
    return (-_avalanche3(result_high) & _M64) << 64 | _avalanche3(result_low)


def _accumulate(acc, data, at, secret_at):
    values = struct.unpack_from("<8Q", data, at)
    keys = struct.unpack_from("<8Q", _SECRET, secret_at)
    for i in range(8):
        keyed = values[i] ^ keys[i]
        acc[i ^ 1] = (acc[i ^ 1] + values[i]) & _M64
        acc[i] = (acc[i] + (keyed & _M32) * (keyed >> 32)) & _M64


def _merge(acc, secret_at, start):
    for i in range(0, 8, 2):
        start += _fold(
            acc[i] ^ _u64(_SECRET, secret_at + 8 * i), acc[i + 1] ^ _u64(_SECRET, secret_at + 8 * i + 8)
        )
    return _avalanche3(start & _M64)


def _long(data):
    n = len(data)
    acc = [_P32_3, _P64_1, _P64_2, _P64_3, _P64_4, _P32_2, _P64_5, _P32_1]
    stripes = (len(_SECRET) - _STRIPE) // 8
    blocks = (n - 1) // (_STRIPE * stripes)
    for block in range(blocks):
        for stripe in range(stripes):
            _accumulate(acc, data, (block * stripes + stripe) * _STRIPE, 8 * stripe)
        keys = struct.unpack_from("<8Q", _SECRET, len(_SECRET) - _STRIPE)
        for i in range(8):
            acc[i] = (acc[i] ^ acc[i] >> 47 ^ keys[i]) * _P32_1 & _M64
    done = blocks * stripes * _STRIPE
    for stripe in range((n - 1 - done) // _STRIPE):
        _accumulate(acc, data, done + stripe * _STRIPE, 8 * stripe)
    _accumulate(acc, data, n - _STRIPE, len(_SECRET) - _STRIPE - 7)
    low = _merge(acc, 11, n * _P64_1 & _M64)
    high = _merge(acc, len(_SECRET) - _STRIPE - 11, ~(n * _P64_2) & _M64)
    return high << 64 | low


def xxh3_128(data):
    """The hash as one number: high64 * 2**64 + low64."""
    if len(data) <= 16:
        return _to_16(data)
    return _to_240(data) if len(data) <= 240 else _long(data)
