"""connect: who is called, what comes of it, what is told of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swml.compiling import load
from swml.errors import BadDocument
from swml.runner import How
from tests.swml.script_stage import ScriptStage

SHORT, LONG = "+15550001111", "+15550011111"
GOES = {"after": {"event": "CHANNEL_BRIDGE"}, "hang_up": "NORMAL_CLEARING"}
RESULT = {"return": "${connect_result} ${connect_failed_reason}"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ScriptStage]:
    """A stage for documents."""
    made = ScriptStage(tmp_path)
    yield made
    made.close()


def connect(**properties: Any) -> dict[str, Any]:
    """Return the step."""
    return {"connect": properties}


def test_the_published_example_connects(stage: ScriptStage) -> None:
    """A number, and the number shown to it."""
    done = stage.do([{"connect": {"from": "+15553214321", "to": SHORT}}, RESULT])
    assert (done.end.how, done.end.value) == (How.FINISHED, "connected ")
    assert done.dialled == [f"sofia/gateway/carrier/{SHORT}"]


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("sip:busy@example.com", "busy"),
        ("sip:declines@example.com", "declined"),
        ("sip:nobody@example.com", "error"),
    ],
)
def test_why_nobody_was_connected(stage: ScriptStage, to: str, reason: str) -> None:
    """In the language's words; the script goes on."""
    done = stage.do([connect(to=to), RESULT])
    assert done.end.value == f"failed {reason}"


def test_nobody_answers_within_the_timeout(stage: ScriptStage) -> None:
    """And the next destination is called."""
    serial = [{"to": "sip:away@example.com", "timeout": 1}, {"to": "/private/busy"}]
    done = stage.do([connect(serial=serial), RESULT])
    assert done.end.value == "failed busy"
    assert done.dialled == ["sofia/external/sip:away@example.com", "user/busy@pbx.example.com"]


def test_destinations_at_once_and_in_groups(stage: ScriptStage) -> None:
    """The first that answers has the caller."""
    groups = [[{"to": "sip:busy@example.com"}], [{"to": "sip:away@example.com"}, {"to": SHORT}]]
    done = stage.do([connect(serial_parallel=groups), RESULT])
    assert done.end.value == "connected "
    done = stage.do([connect(parallel=groups[1]), RESULT])
    assert done.end.value == "connected "


def test_whom_the_configuration_bars_is_not_called(stage: ScriptStage) -> None:
    """The reason is a sentence; the caller is not hung up for it."""
    done = stage.do([connect(to="sip:a@192.168.0.1"), RESULT])
    assert done.end.value.startswith("failed 'sip:a@192.168.0.1' is not called:")
    assert done.dialled == []


@pytest.mark.parametrize("to", ["loopback/1000", "error/USER_BUSY", "stream:wss://example.com", "${nothing}"])
def test_nothing_else_is_called(stage: ScriptStage, to: str) -> None:
    """A dial string in a document is no dial string."""
    done = stage.do([connect(to=to), RESULT])
    assert done.end.value.startswith("failed")
    assert done.dialled == []


def test_the_caller_is_answered_first_unless_told_otherwise(stage: ScriptStage) -> None:
    """answer_on_bridge leaves that to whoever answers."""
    names = [seen.name for seen in stage.do([connect(to="sip:busy@example.com")]).sim.events]
    assert "CHANNEL_ANSWER" in names
    done = stage.do([connect(to="sip:busy@example.com", answer_on_bridge=True), {"hangup": {}}])
    assert "CHANNEL_ANSWER" not in [seen.name for seen in done.sim.events]
    done = stage.do([connect(to=SHORT, answer_on_bridge=True), {"hangup": {}}])
    names = [seen.name for seen in done.sim.events]
    assert names.index("CHANNEL_PROGRESS") < names.index("CHANNEL_ANSWER") < names.index("CHANNEL_BRIDGE")


def test_a_ringback_is_heard(stage: ScriptStage) -> None:
    """Of several things one; what cannot be sounded is passed over."""
    sim = stage.begin([connect(to="sip:away@example.com", timeout=1, ringback=["ring:us", "say:wait"])])
    stage.finish(sim)
    assert sim.session.channel.get("transfer_ringback") == "tone_stream://%(2000,4000,440,480);loops=1"


def test_what_a_sip_leg_is_told(stage: ScriptStage) -> None:
    """Headers, codecs, credentials, its account; its own values before those for all."""
    step = connect(
        serial=[
            {"to": "sip:busy@example.com", "codecs": "PCMU", "headers": [{"name": "X-A", "value": "a, b"}]}
        ],
        codecs="PCMA",
        username="u",
        password="p",
        encryption="mandatory",
        session_timeout=1800,
        webrtc_media=True,
        **{"from": "sip:ada@example.com"},
    )
    heard = stage.hear_channels()
    stage.do([step])
    told = next(one for one in heard if one.get("direction") == "outbound")
    assert told["sip_h_X-A"] == "a, b"
    assert told["absolute_codec_string"] == "PCMU"
    assert (told["sip_auth_username"], told["sip_auth_password"]) == ("u", "p")
    assert told["rtp_secure_media"] == "mandatory"
    assert told["sofia_session_timeout"] == "1800"
    assert told["media_webrtc"] == "true"
    assert told["origination_caller_id_number"] == "ada"
    assert told["callflows_account_id"] == "a" * 32


def test_the_result_chooses_what_follows(stage: ScriptStage) -> None:
    """In the form of switch, and in that of cond."""
    switch = {"case": {"failed": [{"set": {"way": "switch"}}]}}
    cond = [{"when": "connect_result == 'failed'", "then": [{"set": {"way": "cond"}}]}]
    for result, way in ((switch, "switch"), (cond, "cond")):
        done = stage.do([connect(to="sip:busy@example.com", result=result), {"return": "${way}"}])
        assert done.end.value == way


def test_another_document_follows_the_talk(stage: ScriptStage) -> None:
    """Only a talk; the result's steps go first."""
    after = '{"sections": {"main": [{"return": "after ${first}"}]}}'
    result = {"case": {"connected": [{"set": {"first": "result"}}]}}
    done = stage.do([connect(to=SHORT, result=result, transfer_after_bridge=after), {"return": "no"}])
    assert done.end.value == "after result"
    done = stage.do([connect(to="sip:busy@example.com", transfer_after_bridge=after), {"return": "no"}])
    assert done.end.value == "no"


def test_a_connection_has_a_longest_time(stage: ScriptStage) -> None:
    """FreeSWITCH sees to it by itself."""
    done = stage.do([connect(to=LONG, max_duration=1), RESULT])
    assert done.end.value == "connected "
    assert [line for line in done.said("hangup") if "ALLOTTED_TIMEOUT" in line]


def test_the_caller_hangs_up_meanwhile(stage: ScriptStage) -> None:
    """The script is over."""
    done = stage.do(
        [connect(to=LONG), RESULT], {"after": {"event": "CHANNEL_BRIDGE"}, "hang_up": "NORMAL_CLEARING"}
    )
    assert done.end.how is How.GONE


def test_states_of_legs_are_told(stage: ScriptStage) -> None:
    """Those asked for, in order, with who was called; `ended` alone where nothing is asked for."""
    events = ["created", "ringing", "answered", "ended"]
    url = "https://example.com/state"
    stage.do([connect(to=SHORT, call_state_url=url, call_state_events=events, **{"from": "+15553214321"})])
    told = stage.callbacks("calling.call.state")
    assert [one["call_state"] for one in told] == events
    assert [one["end_reason"] for one in told] == [None, None, None, "hangup"]
    assert told[0]["device"] == {
        "type": "phone",
        "params": {"from_number": "+15553214321", "to_number": SHORT},
    }
    assert (told[0]["direction"], told[0]["node_id"]) == ("outbound", "node-1")
    assert len({one["call_id"] for one in told}) == 1
    stage.do([connect(to="sip:busy@example.com", call_state_url=url)])
    last = stage.callbacks("calling.call.state")[-1]
    assert (last["call_state"], last["end_reason"], last["device"]["type"]) == ("ended", "busy", "sip")


def test_a_leg_s_end_is_told_when_the_caller_hangs_up(stage: ScriptStage) -> None:
    """The script is over, the leg's end is told all the same."""
    step = connect(to=LONG, call_state_url="https://example.com/state")
    stage.do([step], GOES)
    assert [one["call_state"] for one in stage.callbacks("calling.call.state")] == ["ended"]


def test_a_leg_confirms_by_a_script(stage: ScriptStage) -> None:
    """It runs on the leg, with variables of the caller's script; what it sets is its own."""
    asked = [
        {"play": {"url": "silence:0.2"}},
        {"cond": [{"when": "vars.wish == 'no'", "then": [{"hangup": {}}]}]},
        {"set": {"wish": "changed"}},
    ]
    for wish, result in (("yes", "connected"), ("no", "failed")):
        main = [
            {"set": {"wish": wish}},
            connect(to=SHORT, confirm=asked),
            {"return": "${connect_result} ${wish}"},
        ]
        assert stage.do(main).end.value == f"{result} {wish}"


def test_a_confirmation_that_fails_connects_nobody(stage: ScriptStage) -> None:
    """Nor does one that takes too long; the next destination is called."""
    endless = [{"play": {"url": "silence:20"}}]
    serial = [
        {"to": LONG, "confirm": [{"cond": [{"when": "nothing.at.all", "then": []}]}]},
        {"to": LONG, "confirm": endless, "confirm_timeout": 1},
        {"to": SHORT},
    ]
    done = stage.do([connect(serial=serial), RESULT])
    assert done.end.value == "connected "
    assert len(done.dialled) == 3


def test_a_call_is_taken_out_of_a_queue_or_none_is(stage: ScriptStage) -> None:
    """Nobody waits there: no_answer, after the timeout."""
    step = connect(to="queue:support", timeout=0, transfer_after_bridge="https://example.com")
    assert stage.do([step, RESULT]).end.value == "failed no_answer"


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"to": "1", "serial": []},
        {"serial": [{"from": "1"}]},
        {"serial": {"to": "1"}},
        {"to": "1", "timeout": "ten"},
        {"to": "1", "encryption": "maybe"},
        {"to": "1", "call_state_events": ["begun"]},
        {"to": "1", "headers": [{"name": "X"}]},
        {"to": "1", "session_timeout": 0},
        {"to": "1", "confirm": [{"connect": {"to": "2"}}]},
        {"to": "1", "result": [{"when": "true"}]},
        {"to": "1", "status_url": "https://example.com"},
    ],
)
def test_faults_are_told_before_the_call_is_touched(properties: dict[str, Any]) -> None:
    """Each by its property."""
    with pytest.raises(BadDocument):
        load(json.dumps({"sections": {"main": [{"connect": properties}]}}))


def test_doubts_are_told_too() -> None:
    """Of what may be called and will not be."""
    steps = [{"connect": {"to": to}} for to in ("stream:wss://example.com", "queue:x", "loopback/1")]
    script = load(json.dumps({"sections": {"main": [*steps, {"connect": {"to": "1", "ringback": ["x"]}}]}}))
    assert [finding.path for finding in script.findings] == ["to", "to", "to", "ringback[0]"]
