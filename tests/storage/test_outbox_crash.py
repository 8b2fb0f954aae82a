"""Killed at any moment: nothing that was taken over is lost, nothing arrives under two names."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.outbox import Outbox
from storage.outbox_delivery import AttemptOutcome
from tests.storage.outbox_engine import content_of
from tests.storage.receiver import Answer, Receiver, serving

KILLS = 10
DRAIN_S = 30


def engine(folder: Path, receiver: Receiver, mode: str) -> subprocess.Popen[str]:
    """Start an engine on the folder."""
    command = [sys.executable, "-m", "tests.storage.outbox_engine", str(folder), receiver.url("/in"), mode]
    with (folder / "engine.log").open("a") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)


def killed_after(process: subprocess.Popen[str], recordings: int) -> list[str]:
    """Kill an engine when it has taken over so many recordings. Returns: the ids of all it acknowledged."""
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(recordings)]
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    assert all(acknowledged), "it ended by itself: see engine.log"
    acknowledged += [line for line in rest.splitlines() if len(line) == 32]
    return acknowledged


def drain(folder: Path, receiver: Receiver) -> None:
    """Let an engine deliver what is left."""
    process = engine(folder, receiver, "drain")
    process.communicate(timeout=DRAIN_S)
    assert process.returncode == 0, (folder / "engine.log").read_text()[-3000:]


@pytest.mark.timeout(120)
def test_killed_again_and_again_it_loses_nothing_and_renames_nothing(tmp_path: Path) -> None:
    """Every recording acknowledged by any of the engines is at both destinations, whole, under its name."""
    (tmp_path / "recordings").mkdir()
    chance = random.Random(7)
    acknowledged: list[str] = []
    flaky = [Answer(chance.choice([201, 201, 201, 503])) for _ in range(1000)]
    with serving(*flaky, Answer(201)) as receiver:
        for _ in range(KILLS):
            acknowledged += killed_after(engine(tmp_path, receiver, "queue"), chance.randint(1, 30))
        drain(tmp_path, receiver)
        arrived: dict[str, set[str]] = {}
        for request in receiver.requests:
            if request.size == int(request.headers["content-length"]):
                arrived.setdefault(request.sha256, set()).add(request.target)
    names = {hashlib.sha256(content_of(one)).hexdigest(): {f"/in/{one}.mp3"} for one in acknowledged}
    for digest, name in names.items():
        assert arrived.get(digest) == name
    unasked = set(arrived) - set(names)
    assert len(unasked) <= KILLS  # committed, and killed before it could say so: one a kill at most
    kept = {path.name: path.read_bytes() for path in (tmp_path / "delivered" / "kept").iterdir()}
    assert {f"{one}.mp3": content_of(one) for one in acknowledged}.items() <= kept.items()
    assert len(kept) == len(arrived)
    assert len(list((tmp_path / "recordings").iterdir())) <= KILLS  # written, not yet queued: never deleted
    outbox = Outbox(tmp_path / "outbox.sqlite")
    assert outbox.counts().dead == 0
    lost = [
        attempt
        for one in outbox.list(limit=1000)
        for attempt in outbox.show(one.id).history
        if attempt.outcome is AttemptOutcome.LOST
    ]
    assert len(lost) <= KILLS * 4  # those under way when it was killed, and no others
    outbox.close()
