"""Names from outside made fit to be file names."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.file_name import MAX_NAME_BYTES, safe_file_name
from storage.names import check_attachment


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("call_recording_1@host.mp3", "call_recording_1@host.mp3"),
        ("Grüße 7.wav", "Grüße 7.wav"),
        ("../../etc/passwd", "etc_passwd"),
        ("call_recording_../../x.mp3", "call_recording_._._x.mp3"),
        ("a..mp3", "a.mp3"),
        ("_design", "design"),
        ("..", "recording"),
        ("", "recording"),
        ("...", "recording"),
        (".hidden.mp3", "hidden.mp3"),
        ("a\\b:c*d.mp3", "a_b_c_d.mp3"),
        ("a\r\nb\x00.mp3", "a__b_.mp3"),
        ("right\u202eleft.mp3", "right_left.mp3"),
        ("odd\udcff.mp3", "odd_.mp3"),
        ("trailing. ", "trailing"),
    ],
)
def test_names_become_one_plain_component(name: str, safe: str) -> None:
    """Good names stay as they are, tricks lose their teeth."""
    assert safe_file_name(name) == safe


def test_a_long_name_keeps_its_extension() -> None:
    """Players and browsers go by the extension."""
    safe = safe_file_name("ä" * 300 + ".mp3")
    assert safe.endswith("ä.mp3")
    assert len(safe.encode()) <= MAX_NAME_BYTES


def test_what_only_looks_like_an_extension_may_go() -> None:
    """A dot early in a long name does not make the rest of it an extension."""
    assert len(safe_file_name("a." + "b" * 300).encode()) <= MAX_NAME_BYTES


@given(st.text(max_size=400))
def test_any_text_becomes_a_safe_name(text: str) -> None:
    """One component, never hidden or special, short enough, and stable when made safe again."""
    safe = safe_file_name(text)
    assert PurePosixPath(safe).name == safe
    assert not safe.startswith((".", "_"))
    assert ".." not in safe
    assert check_attachment(safe) == safe
    assert 0 < len(safe.encode()) <= MAX_NAME_BYTES
    assert safe_file_name(safe) == safe
