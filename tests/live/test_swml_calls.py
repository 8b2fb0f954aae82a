"""SWML's methods that bring calls together, on a real FreeSWITCH: calls, conferences, queues, REFER."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gevent
import pytest

from calls.call import Call
from config.address import Address
from swml.compiling import load
from swml.methods.enter_queue import PROGRAM_VARIABLE
from swml.runner import How, ScriptEnd, ScriptRunner
from tests.callflows.kit import ACCOUNT
from tests.live.tones import heard, seconds
from tests.live.verbs import Ground, Running
from tests.swml.stage import Stage
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(90)]

URL = "https://example.com/status"
DIALLING = {"profile": "internal", "allow_private_hosts": True}


class Scripts:
    """Runs documents on calls of telephones. Attributes: ground: the telephones; stage: what is told."""

    def __init__(self, ground: Ground, root: Path) -> None:
        root.chmod(0o777)
        self.ground = ground
        self.root = root
        config = {"dialling": DIALLING, "media": {"call_recording": {"extension": "wav"}}}
        self.stage = Stage(root, config, with_switch=False)
        (root / "recordings").chmod(0o777)
        self.runner = ScriptRunner(self.stage.facilities)

    def run(
        self, *steps: Mapping[str, Any], name: str = "alice", variables: Mapping[str, str] | None = None
    ) -> Running:
        """Run steps on a call of that telephone."""

        def verb(call: Call) -> ScriptEnd:
            call.account_id = ACCOUNT
            program = call.variable(PROGRAM_VARIABLE)
            script = load(program or json.dumps({"sections": {"main": list(steps)}}))
            return self.runner.run(call, script)

        return self.ground.run(verb, name=name, variables=variables)

    def told(self, event_type: str, call_id: str = "") -> list[dict[str, Any]]:
        """What callbacks of that type said, of that call."""
        params = [body["params"] for body in self.stage.told.bodies if body["event_type"] == event_type]
        return [one for one in params if call_id in ("", one["call_id"])]

    def close(self) -> None:
        """End everything."""
        self.ground.close()
        self.stage.close()


@pytest.fixture
def scripts(freeswitch: tuple[Address, str], tmp_path: Path) -> Iterator[Scripts]:
    """A place to run documents."""
    made = Scripts(Ground(*freeswitch), tmp_path)
    yield made
    made.close()


def test_a_caller_is_connected_with_whom_says_yes(scripts: Scripts) -> None:
    """Bob is asked and plays no game; Carol is connected; each state of each is told."""
    bob, carol = scripts.ground.phone("bob"), scripts.ground.phone("carol", 800)
    heard_of = {"call_state_url": URL, "call_state_events": ["created", "ringing", "answered", "ended"]}
    step = {
        "serial": [
            {"to": bob.uri, "confirm": [{"hangup": {}}]},
            {"to": carol.uri, "confirm": [{"play": {"url": "silence:0.3"}}]},
        ],
        **heard_of,
    }
    running = scripts.run({"connect": step}, {"return": "${connect_result}"})
    carol.wait_call()
    gevent.sleep(1.5)
    carol.dialog.hang_up()
    assert running.result().value == "connected"
    told = [(one["device"]["params"]["to"], one["call_state"]) for one in scripts.told("calling.call.state")]
    states = ["created", "answered", "ended"]
    assert told == [(bob.uri, state) for state in states] + [(carol.uri, state) for state in states]


@pytest.mark.parametrize(
    ("status", "reason"), [(486, "busy"), (603, "declined"), (0, "no_answer"), (404, "error")]
)
def test_why_nobody_is_connected(scripts: Scripts, status: int, reason: str) -> None:
    """As telephones say it."""
    bob = scripts.ground.phone("bob")
    bob.refuses, bob.rings = status, not status
    step = {"connect": {"to": bob.uri, "timeout": 1}}
    running = scripts.run(step, {"return": "${connect_result} ${connect_failed_reason}"})
    assert running.result().value == f"failed {reason}"


def test_a_conference_is_told_of_and_recorded(scripts: Scripts) -> None:
    """Alice records it: herself, and Bob; his going ends it for her."""
    room = {"name": "sales team", "status_callback": URL, "status_callback_event": "start end join leave"}
    scripts.ground.phone("bob", 800)
    taping = {"record": "record-from-start", "trim": "do-not-trim", "recording_status_callback": URL}
    alice = scripts.run({"join_conference": {**room, **taping}}, {"return": "${join_conference_result}"})
    wait_status(scripts, alice, "record-start")
    bob = scripts.run({"join_conference": {**room, "end_on_exit": True}}, name="bob")
    wait_status(scripts, bob, "participant-join")
    gevent.sleep(2)
    bob.dialog.hang_up()
    assert alice.result().value == "completed"
    assert bob.result().how is How.GONE
    alice.dialog.wait_over()
    scripts.stage.wait_over()
    told = statuses(scripts, alice)
    assert told[0] == "participant-join"
    assert set(told[1:3]) == {"conference-start", "record-start"}
    assert told[3:] == ["participant-leave", "record-stop"]
    assert statuses(scripts, bob) == ["participant-join", "participant-leave", "conference-end"]
    end = scripts.told("calling.conference", bob.leg)[-1]
    assert (end["call_id_ending_conf"], end["end_on_leave"]) == (bob.leg, True)
    (tape,) = scripts.told("calling.call.record")
    assert tape["state"] == "finished"
    (sound,) = heard(scripts.stage.media_of(tape["url"]), {"A": 400, "B": 800})
    assert seconds(sound, "A") > 2, sound
    assert seconds(sound, "B") > 1.5, sound


def test_a_queue_hands_callers_over_and_takes_them_back(scripts: Scripts) -> None:
    """Alice waits, Bob takes her, hangs up, and she runs the document that was to follow."""
    after = {"sections": {"main": [{"play": {"url": "silence:0.2"}}, {"return": "after ${call.call_id}"}]}}
    enter = {"queue_name": "support", "status_url": URL, "transfer_after_bridge": json.dumps(after)}
    alice = scripts.run({"enter_queue": enter})
    eventually(lambda: scripts.told("calling.call.queue", alice.leg), what="that she waits")
    bob = scripts.run({"connect": {"to": "queue:support"}}, {"return": "${connect_result}"}, name="bob")
    assert alice.result().how is How.LEFT
    gevent.sleep(0.5)
    back = scripts.ground.again(alice)
    bob.dialog.hang_up()
    assert back.get(timeout=10).value == f"after {alice.leg}"
    assert bob.result().how is How.GONE
    told = scripts.told("calling.call.queue", alice.leg)
    assert [one["status"] for one in told] == ["enqueue", "dequeue"]


def test_a_caller_waits_in_vain(scripts: Scripts) -> None:
    """And is told so."""
    enter = {"queue_name": "nobody", "transfer_after_bridge": "https://example.com/", "wait_time": 2}
    running = scripts.run({"enter_queue": enter}, {"return": "${queue_result} ${wait_time} ${entry_size}"})
    result, wait_time, size = running.result().value.split()
    assert (result, size) == ("timeout", "1")
    assert 1 <= int(wait_time) <= 4


def test_a_telephone_is_sent_elsewhere(scripts: Scripts) -> None:
    """With what it said, and what became of its call."""
    scripts.ground.phone("alice").referrals = (202, 100, 486)
    step = {"sip_refer": {"to_uri": "sip:carol@example.com", "status_url": URL}}
    running = scripts.run({"answer": {}}, step, {"return": "${sip_refer_result}"})
    assert running.result().value == "busy"
    (told,) = scripts.told("calling.call.refer")
    assert (told["sip_refer_response_code"], told["sip_notify_response_code"]) == ("202", "486")


def statuses(scripts: Scripts, running: Running) -> list[str]:
    """What was told of a participant."""
    return [one["status"] for one in scripts.told("calling.conference", running.leg)]


def wait_status(scripts: Scripts, running: Running, status: str) -> None:
    """Wait until that was told of a participant."""
    eventually(lambda: status in statuses(scripts, running), what=status)
