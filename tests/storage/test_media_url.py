"""Which URLs of documents can be delivered to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import extras
from storage.destination_registry import discover
from storage.media_url import KINDS, fault_of, kind_of
from tests.storage.receiver import context_of


@pytest.mark.parametrize(
    "url",
    [
        "http://h/x",
        "https://u:p@h/x?y",
        "ftp://h/in",
        "ftps://u:p@h:990/",
        "sftp://u@h/in#host_key=SHA256:" + "A" * 43,
        "s3://k:s@calls/in?region=eu-west-1",
        "az://account:c2VjcmV0@calls/",
        "azure://account:c2VjcmV0@calls/",
        "gs://k:s@calls/in",
    ],
)
def test_good_urls_have_no_fault(url: str) -> None:
    """Each scheme in its plainest form; the destination says the same."""
    assert fault_of(url) == ""
    assert discover(context_of())[kind_of(url)].validate({"url": url, "method": "put"}) == []


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "scheme"),
        ("recordings", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("scp://h/x", "scheme"),
        ("http://", "no host"),
        ("https://[::1/", "scheme|read"),
        ("ftp://h/../x", "leads elsewhere"),
        ("sftp://h/", "no user"),
        ("s3://calls/", "no key"),
        ("az://calls/", "no key"),
        ("gs://calls/", "no key"),
    ],
)
def test_what_is_wrong_is_a_sentence(url: str, fault: str) -> None:
    """For whoever edits the document; it does not repeat the URL."""
    with pytest.raises(AssertionError, match=fault):
        assert not fault_of(url), fault_of(url)


def test_a_missing_extra_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what to install, before the first recording and again where it would be delivered."""
    monkeypatch.setitem(extras.NEEDS, "sftp", ("sftp", "no_such_library", "no_such.part"))
    fault = fault_of("sftp://u@h/")
    assert "no_such_library" in fault
    assert "callflows[sftp]" in fault
    assert discover(context_of())["sftp"].validate({"url": "sftp://u@h/"}) == [fault]


def test_every_kind_is_a_destination() -> None:
    """No scheme leads nowhere."""
    assert set(KINDS.values()) <= set(discover(context_of()))


@given(st.text() | st.builds("{}://{}".format, st.sampled_from(sorted(KINDS)), st.text()))
def test_any_text_is_judged(text: str) -> None:
    """Documents hold anything."""
    assert isinstance(fault_of(text), str)
