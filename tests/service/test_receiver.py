"""The receiver of the demo takes files, whole, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from service.receiver import Receiver


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """One that listens."""
    made = Receiver(tmp_path / "received")
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_body_is_kept_under_its_name(receiver: Receiver, method: str) -> None:
    """Byte for byte, whatever its size."""
    body = bytes(range(256)) * 4000
    answer = requests.request(method, f"{receiver.url}/a%20b.wav", data=body, timeout=5)
    assert answer.status_code == 201
    (path,) = receiver.received
    assert (path.name, path.read_bytes()) == ("a b.wav", body)


def test_a_name_does_not_leave_the_directory(receiver: Receiver, tmp_path: Path) -> None:
    """Only the last part of a path counts."""
    requests.put(f"{receiver.url}/..%2F..%2Fx.wav", data=b"x", timeout=5)
    assert [path.parent for path in receiver.received] == [tmp_path / "received"]
    assert requests.put(f"{receiver.url}/%2e%2e", data=b"x", timeout=5).status_code >= 400


def test_other_methods_are_refused(receiver: Receiver) -> None:
    """There is nothing to read here."""
    assert requests.get(f"{receiver.url}/a.wav", timeout=5).status_code == 405
