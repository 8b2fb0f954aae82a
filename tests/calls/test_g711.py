"""Samples become one byte each, as the standard has it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from calls.g711 import Codec, encode

ALL = np.arange(-32_768, 32_768).astype(np.int16)


def _mu_law(byte: int) -> int:
    """Return the sample a mu-law byte stands for. Source: ITU-T G.711 table 2."""
    byte = ~byte & 0xFF
    magnitude = (((byte & 0x0F) << 3) + 0x84 << (byte >> 4 & 7)) - 0x84
    return -magnitude if byte & 0x80 else magnitude


def _a_law(byte: int) -> int:
    """Return the sample an A-law byte stands for. Source: ITU-T G.711 table 1."""
    byte ^= 0x55
    exponent, mantissa = byte >> 4 & 7, byte & 0x0F
    magnitude = (mantissa << 4) + 8 if not exponent else (mantissa << 4) + 0x108 << exponent - 1
    return magnitude if byte & 0x80 else -magnitude


@pytest.mark.parametrize(("codec", "decode"), [(Codec.PCMU, _mu_law), (Codec.PCMA, _a_law)])
def test_every_sample_comes_near(codec: Codec, decode: Callable[[int], int]) -> None:
    """What a byte says is off by a fifteenth at most, or by half of the least step; it rises as it should."""
    values = np.array([decode(byte) for byte in range(256)])
    said = values[np.frombuffer(encode(ALL, codec), np.uint8)]
    wanted = ALL.astype(np.int64)
    assert (np.abs(said - wanted) <= np.maximum(8, np.abs(wanted) / 15)).all()
    assert (np.diff(said) >= 0).all()
    assert set(said.tolist()) == set(values.tolist())


@pytest.mark.parametrize("codec", Codec)
def test_bytes_that_were_decoded_encode_to_themselves(codec: Codec) -> None:
    """A value that G.711 can say passes unharmed."""
    decode = _mu_law if codec is Codec.PCMU else _a_law
    values = np.array([decode(byte) for byte in range(256)], np.int16)
    again = encode(values, codec)
    assert [decode(byte) for byte in again] == values.tolist()


def test_known_values() -> None:
    """Silence and full scale, as every decoder knows them."""
    few = np.array([0, 32_767, -32_768], np.int16)
    assert encode(few, Codec.PCMU) == bytes([0xFF, 0x80, 0x00])
    assert encode(few, Codec.PCMA) == bytes([0xD5, 0xAA, 0x2A])
    assert (Codec.PCMU.payload_type, Codec.PCMA.payload_type) == (0, 8)
    assert encode(np.zeros(0, np.int16), Codec.PCMU) == b""
