"""What Kazoo's own tools read of an attachment that a handler has."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.kazoo_handler import entry


def decoded(term: bytes) -> tuple[str, str]:
    """Take `{#{bucket => B}, K}` apart as Erlang does."""
    assert term[:3] == b"\x83h\x02"
    assert term[3:8] == b"t" + struct.pack(">I", 1)
    assert term[8:16] == b"w\x06bucket"
    bucket, rest = binary(term[16:])
    key, rest = binary(rest)
    assert rest == b""
    return bucket.decode(), key.decode()


def binary(term: bytes) -> tuple[bytes, bytes]:
    """One binary, and what comes behind it."""
    assert term[:1] == b"m"
    (length,) = struct.unpack(">I", term[1:5])
    return term[5 : 5 + length], term[5 + length :]


def test_of_most_handlers_the_place_is_told() -> None:
    """As kz_att_http and kz_att_ftp do."""
    assert entry("http", "http://a.example/x.mp3") == {"kz_att_http": {"url": "http://a.example/x.mp3"}}
    assert entry("azure", "az://box/x.mp3") == {"kz_att_azure": {"url": "az://box/x.mp3"}}


@given(st.from_regex(r"[a-z0-9.-]{3,63}", fullmatch=True), st.text(st.characters(codec="utf-8"), min_size=1))
def test_of_s3_bucket_and_key_are_a_term_of_erlangs(bucket: str, key: str) -> None:
    """Whatever the key holds."""
    found = entry("s3", f"s3://{bucket}/{key}")["kz_att_s3"]
    assert decoded(base64.b64decode(found["S3"])) == (bucket, key)


def test_erlang_itself_reads_it() -> None:
    """Where it is installed."""
    erl = shutil.which("erl")
    if erl is None:
        pytest.skip("Erlang is not installed")
    term = entry("s3", "s3://records/a/b_c.mp3")["kz_att_s3"]["S3"]
    told = f'io:format("~p", [binary_to_term(base64:decode("{term}"))]), halt().'
    done = subprocess.run(
        [erl, "-noshell", "-eval", told], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == '{#{bucket => <<"records">>},<<"a/b_c.mp3">>}'
