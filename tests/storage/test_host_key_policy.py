"""Whom we trust among SSH servers, and what is remembered of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage.errors import DeliveryFailed, StoreUnavailable
from storage.host_key_policy import HostKeyPolicy, _written_down
from storage.known_hosts import HostKey, Verdict, line_for, pin_of

KEY = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519one")
OTHER = HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519two")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A known_hosts file, not there yet."""
    return tmp_path / "known_hosts"


def test_a_first_meeting_is_remembered_and_told(path: Path) -> None:
    """The file is the operator's alone, and the log says whom it was."""
    policy = HostKeyPolicy(path)
    with capture_logs() as logs:
        policy.check("h.test", 22, KEY, None)
        policy.check("h.test", 22, KEY, None)
    assert path.read_text() == line_for("h.test", 22, KEY)
    assert path.stat().st_mode & 0o077 == 0
    assert [(log["event"], log["host"]) for log in logs] == [("ssh_host_met", "h.test")]
    assert policy.kinds_of("h.test", 22) == ("ssh-ed25519",)


def test_what_the_file_has_stays_as_it_is(path: Path) -> None:
    """Also where its last line has no end."""
    path.write_text("# mine\nother.test ssh-ed25519 AAAA")
    HostKeyPolicy(path).check("h.test", 2222, KEY, None)
    assert path.read_text() == "# mine\nother.test ssh-ed25519 AAAA\n" + line_for("h.test", 2222, KEY)


def test_a_changed_key_is_refused_for_good(path: Path) -> None:
    """An operator hears of it, and the file keeps what it had."""
    policy = HostKeyPolicy(path)
    policy.check("h.test", 22, KEY, None)
    with capture_logs() as logs, pytest.raises(DeliveryFailed, match="changed") as caught:
        policy.check("h.test", 22, OTHER, None)
    assert not caught.value.retryable
    assert [(log["event"], log["log_level"]) for log in logs] == [("ssh_host_refused", "error")]
    assert path.read_text() == line_for("h.test", 22, KEY)


def test_who_comes_second_does_not_overrule(path: Path) -> None:
    """Two processes meet a host at once: what the first wrote holds for the second."""
    assert _written_down(path, "h.test", 22, KEY) is Verdict.KNOWN
    assert _written_down(path, "h.test", 22, KEY) is Verdict.KNOWN
    assert _written_down(path, "h.test", 22, OTHER) is Verdict.CHANGED
    assert path.read_text() == line_for("h.test", 22, KEY)


def test_a_named_key_needs_no_file() -> None:
    """It alone is accepted."""
    policy = HostKeyPolicy(None)
    policy.check("h.test", 22, KEY, pin_of(KEY.fingerprint))
    with pytest.raises(DeliveryFailed, match="than host_key says"):
        policy.check("h.test", 22, OTHER, pin_of(KEY.fingerprint))
    with pytest.raises(DeliveryFailed, match="unknown"):
        policy.check("h.test", 22, KEY, None)


def test_a_file_that_cannot_be_used_is_no_permission(tmp_path: Path) -> None:
    """It is tried again when it can be."""
    (tmp_path / "known_hosts").mkdir()
    with pytest.raises(StoreUnavailable):
        HostKeyPolicy(tmp_path / "known_hosts").check("h.test", 22, KEY, None)
    with pytest.raises(StoreUnavailable):
        HostKeyPolicy(tmp_path / "absent" / "known_hosts").check("h.test", 22, KEY, None)
