"""Keys of SSH servers, judged by known_hosts files."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.known_hosts import HostKey, Verdict, judge, kinds_of, line_for, pin_of


def key_of(seed: bytes, kind: str = "ssh-ed25519") -> HostKey:
    """A key of a kind."""
    return HostKey(kind, len(kind).to_bytes(4, "big") + kind.encode() + seed)


def told(key: HostKey) -> str:
    """A key as files have it."""
    return f"{key.kind} {base64.b64encode(key.blob).decode()}"


KEY, OTHER, RSA = key_of(b"one"), key_of(b"two"), key_of(b"three", "ssh-rsa")
SALT = b"salt" * 5
HASHED = "|1|{}|{}".format(
    base64.b64encode(SALT).decode(),
    base64.b64encode(hmac.new(SALT, b"h.test", hashlib.sha1).digest()).decode(),
)


@pytest.mark.parametrize(
    ("text", "port", "verdict"),
    [
        ("", 22, Verdict.UNKNOWN),
        (f"h.test {told(KEY)}", 22, Verdict.KNOWN),
        (f"H.Test,1.2.3.4 {told(KEY)} a comment", 22, Verdict.KNOWN),
        (f"h.test {told(KEY)}", 2222, Verdict.UNKNOWN),
        (f"[h.test]:2222 {told(KEY)}", 2222, Verdict.KNOWN),
        (f"h.test {told(OTHER)}", 22, Verdict.CHANGED),
        (f"h.test {told(RSA)}", 22, Verdict.CHANGED),
        (f"h.test {told(OTHER)}\nh.test {told(KEY)}", 22, Verdict.KNOWN),
        (f"other.test {told(OTHER)}", 22, Verdict.UNKNOWN),
        (f"*.test {told(KEY)}", 22, Verdict.KNOWN),
        (f"?.test {told(KEY)}", 22, Verdict.KNOWN),
        (f"*.test,!h.test {told(KEY)}", 22, Verdict.UNKNOWN),
        (f"h.tes. {told(KEY)}", 22, Verdict.UNKNOWN),
        (f"{HASHED} {told(KEY)}", 22, Verdict.KNOWN),
        (f"{HASHED} {told(KEY)}", 2222, Verdict.UNKNOWN),
        (f"@revoked * {told(KEY)}\nh.test {told(KEY)}", 22, Verdict.REVOKED),
        (f"@revoked * {told(OTHER)}", 22, Verdict.UNKNOWN),
        (f"@cert-authority * {told(KEY)}", 22, Verdict.UNKNOWN),
        (f"# h.test {told(KEY)}", 22, Verdict.UNKNOWN),
        ("h.test ssh-ed25519 !!!\nh.test\n\n|1|x|y ssh-ed25519 AAAA", 22, Verdict.UNKNOWN),
        (f"h.test ssh-rsa {told(KEY).split()[1]}", 22, Verdict.UNKNOWN),  # a key of another kind than it says
    ],
)
def test_what_a_file_says_of_a_key(text: str, port: int, verdict: Verdict) -> None:
    """One table for the format; a host that is known by any other key has changed."""
    assert judge(text, "h.test", port, KEY) is verdict


def test_a_host_is_known_by_these_kinds() -> None:
    """So that it is asked for one of them."""
    assert kinds_of(
        f"h.test {told(RSA)}\nh.test {told(KEY)}\n@revoked h.test {told(OTHER)}", "h.test", 22
    ) == (
        "ssh-rsa",
        "ssh-ed25519",
    )


@given(st.from_regex(r"[a-z0-9.-]{1,30}", fullmatch=True), st.integers(1, 65535), st.binary(max_size=60))
def test_a_line_that_was_written_makes_its_key_known(host: str, port: int, seed: bytes) -> None:
    """And no other."""
    line = line_for(host, port, key_of(seed))
    assert judge(line, host, port, key_of(seed)) is Verdict.KNOWN
    assert judge(line, host, port, key_of(seed + b"x")) is Verdict.CHANGED
    assert judge(line, host + "x", port, key_of(seed)) is Verdict.UNKNOWN


@given(st.text())
def test_any_file_is_read(text: str) -> None:
    """Nonsense knows nobody."""
    assert isinstance(judge(text, "h.test", 22, KEY), Verdict)


def test_pins_are_fingerprints_or_keys() -> None:
    """Both hold for the key they name alone."""
    for pin in (
        pin_of(KEY.fingerprint),
        pin_of(KEY.fingerprint + "="),
        pin_of(told(KEY)),
        pin_of(f"{told(KEY)} c"),
    ):
        assert pin.holds_for(KEY)
        assert not pin.holds_for(OTHER)


@given(st.text())
def test_any_other_text_is_no_pin(text: str) -> None:
    """And says how one looks."""
    with pytest.raises(ValueError, match="host_key: must be"):
        pin_of(text)
