"""Killed at any moment: no notice that was taken is lost, and none overtakes another one of its stream."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.outbox import Outbox
from tests.storage.notice_engine import STREAMS
from tests.storage.receiver import Answer, Receiver, serving

KILLS = 8
DRAIN_S = 30


def engine(folder: Path, receiver: Receiver, first: int) -> subprocess.Popen[str]:
    """Start an engine that posts from a number on."""
    command = [sys.executable, "-m", "tests.storage.notice_engine", str(folder), receiver.url(), str(first)]
    with (folder / "engine.log").open("a") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)


def killed_after(process: subprocess.Popen[str], notices: int) -> int:
    """Kill an engine when it has taken so many. Returns: the last one that it acknowledged."""
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(notices)]
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    assert all(acknowledged), "it ended by itself: see engine.log"
    whole = rest.splitlines() if rest.endswith("\n") else rest.splitlines()[:-1]
    return int([*acknowledged, *whole][-1])


@pytest.mark.timeout(120)
def test_killed_again_and_again_it_loses_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    """Every notice acknowledged arrives; again at most as often as engines were killed while they sent it."""
    chance = random.Random(11)
    flaky = [Answer(chance.choice([200, 200, 200, 200, 503])) for _ in range(3000)]
    last = -1
    with serving(*flaky, Answer(200)) as receiver:
        for _ in range(KILLS):
            last = killed_after(engine(tmp_path, receiver, last + 1), chance.randint(1, 80))
        drain = engine(tmp_path, receiver, -1)
        drain.communicate(timeout=DRAIN_S)
        assert drain.returncode == 0, (tmp_path / "engine.log").read_text()[-3000:]
        arrived = [json.loads(request.body) for request in receiver.requests]
    outbox = Outbox(tmp_path / "outbox.sqlite")
    counts = outbox.notices.counts()
    outbox.close()
    assert (counts.pending, counts.delivering, counts.dead) == (0, 0, 0)
    assert {one["number"] for one in arrived} >= set(range(last + 1))
    for stream in range(STREAMS):
        numbers = [one["number"] for one in arrived if one["stream"] == stream]
        assert numbers == sorted(numbers)
