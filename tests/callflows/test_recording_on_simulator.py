"""Whole recorded calls on the simulated FreeSWITCH, with the real recorder: what callflows make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.simcall import SimCall
from storage.errors import NotFound
from storage.outbox import Outbox
from tests.callflows.kit import ACCOUNT, node
from tests.callflows.test_on_simulator import Exchange

SECOND = {"duration": 1}
TONE = "tone_stream://%(300,0,440)"


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """Everything connected."""
    exchange = Exchange(tmp_path)
    yield exchange
    exchange.close()


def chain(*steps: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A flow of actions one after the other."""
    flow: dict[str, Any] = {}
    for module, data in reversed(steps):
        flow = node(module, data, _=flow) if flow else node(module, data)
    return flow


def start(**data: Any) -> tuple[str, dict[str, Any]]:
    """A node that starts a WAV recording."""
    return "record_call", {"action": "start", "format": "wav", **data}


def pause(ms: int) -> tuple[str, dict[str, Any]]:
    """A node that lets time pass."""
    return "sleep", {"duration": ms, "unit": "ms"}


def stored(outbox: Outbox, recording_id: str) -> dict[str, Any] | None:
    """The document of a recording, None when nothing of it is stored."""
    try:
        return dict(outbox.recording(recording_id).metadata)
    except NotFound:
        return None


def documents(exchange: Exchange) -> list[dict[str, Any] | None]:
    """Those of the call's recordings, in the order they were started."""
    return [stored(exchange.outbox, one) for one in exchange.house.reports[0].recordings]


def timeline(document: dict[str, Any] | None) -> list[str]:
    """What happened to a recording, by name."""
    assert document is not None
    return [mark["what"] for mark in document["callflows"]["timeline"]]


def moment(call: SimCall, name: str) -> float:
    """When the channel first told of it."""
    return next(seen.at_s for seen in call.events if seen.name == name)


def test_a_sensitive_node_is_masked_and_the_recording_says_so(exchange: Exchange) -> None:
    """From its beginning to its end, with the node that asked for it."""
    secret = ("collect_dtmf", {"max_digits": 4, "timeout": 400, "sensitive": True})
    exchange.run(chain(("answer", {}), start(), pause(300), secret, pause(300)))
    (document,) = documents(exchange)
    assert document is not None
    marks = timeline(document)
    assert marks[marks.index("masked") : marks.index("masked") + 2] == ["masked", "unmasked"]
    masked = next(mark for mark in document["callflows"]["timeline"] if mark["what"] == "masked")
    assert masked["why"] == "collect_dtmf at flow.children._.children._.children._ of main"


def test_a_recording_is_masked_paused_and_toggled_by_the_document(exchange: Exchange) -> None:
    """Each step is in its timeline; the pause is not in the file."""
    steps = [start(media_name="a.wav")]
    for action in ("mask", "unmask", "pause", "resume", "toggle"):
        steps += [pause(200), ("record_call", {"action": action, "media_name": "a.wav"})]
    exchange.run(chain(("answer", {}), *steps, pause(200)))
    (document,) = documents(exchange)
    told = [what for what in timeline(document) if what not in ("started", "ended")]
    assert told == ["masked", "unmasked", "paused", "resumed"]
    assert document is not None
    assert 600 <= document["duration_ms"] <= 1000


def test_an_announcement_is_on_the_tape(exchange: Exchange) -> None:
    """The recording is running before it is played, and says that it was."""
    call = exchange.run(chain(("answer", {}), start(announcement=TONE), pause(200)))
    assert moment(call, "RECORD_START") <= moment(call, "PLAYBACK_START")
    (document,) = documents(exchange)
    marks = timeline(document)
    assert marks.index("started") < marks.index("announced")


def test_a_recording_begins_with_the_answer_and_is_announced_then(exchange: Exchange) -> None:
    """The flow does not wait for it."""
    deferred = start(record_on_answer=True, announcement=TONE)
    call = exchange.run(chain(deferred, pause(400), ("answer", {}), ("sleep", SECOND)))
    assert moment(call, "RECORD_START") >= moment(call, "CHANNEL_ANSWER")
    (document,) = documents(exchange)
    assert "announced" in timeline(document)


def test_a_call_that_is_never_answered_leaves_no_recording(exchange: Exchange) -> None:
    """Nothing is stored of it, and nothing goes wrong."""
    call = exchange.run(chain(start(record_on_answer=True), pause(300)))
    assert not [seen for seen in call.events if seen.name == "RECORD_START"]
    assert documents(exchange) == [None]


def test_the_account_and_the_caller_are_recorded_by_themselves(exchange: Exchange) -> None:
    """From the first frames, beside the recording of the callflow."""
    yes = {"any": {"any": {"enabled": True, "format": "wav"}}}
    exchange.house.save(
        {"_id": ACCOUNT, "pvt_type": "account", "call_recording": {"account": yes, "endpoint": yes}},
        "accounts",
    )
    exchange.house.save({"_id": "d", "pvt_type": "device"})
    flow = chain(start(), ("answer", {}), pause(400), ("record_call", {"action": "stop"}), pause(400))
    call = exchange.run(flow, variables={"ecallmgr_Authorizing-ID": "d"})
    assert moment(call, "RECORD_START") < 0.3
    found = [document["origin"] for document in documents(exchange) if document]
    assert found == ["inbound from onnet to account", "outbound to onnet from endpoint", "callflow : Main"]
    lengths = [document["duration_ms"] for document in documents(exchange) if document]
    assert lengths[2] < min(lengths[:2])


# -- messages ---------------------------------------------------------------------------------------------

SAYS = {"after": {"event": "RECORD_START"}, "at": 0.0, "say": 0.8}


def message(**data: Any) -> dict[str, Any]:
    """A flow that takes a message, and goes on."""
    done = ("set_variables", {"custom_application_vars": {"done": "yes"}})
    return chain(("record_caller", {"format": "wav", **data}), done)


def is_done(call: SimCall) -> bool:
    """Whether the flow went on after the message."""
    return call.session.channel.variables.get("cav_done") == "yes"


def test_a_message_ends_by_a_key(exchange: Exchange) -> None:
    """Answered, one voice, and the flow goes on."""
    call = exchange.run(message(), SAYS, {"after": {"event": "RECORD_START"}, "at": 0.9, "press": "#"})
    assert is_done(call)
    (document,) = documents(exchange)
    assert document is not None
    assert document["origin"] == "callflow : Main"
    assert 600 <= document["duration_ms"] <= 1300


def test_a_message_ends_by_silence(exchange: Exchange) -> None:
    """After somebody spoke, and where nobody ever does."""
    call = exchange.run(message(silence_final_timeout=600, silence_initial_timeout=3000), SAYS)
    assert is_done(call)
    (document,) = documents(exchange)
    assert document is not None
    assert document["duration_ms"] <= 2500


def test_a_message_ends_by_its_limit(exchange: Exchange) -> None:
    """One below what the schema allows is told as a fault, and kept to."""
    call = exchange.run(message(time_limit=1), {"after": {"event": "RECORD_START"}, "at": 0.0, "say": 3.0})
    assert is_done(call)
    (document,) = documents(exchange)
    assert document is not None
    assert 800 <= document["duration_ms"] <= 1300


def test_a_hangup_in_the_middle_leaves_what_was_said(exchange: Exchange) -> None:
    """With a review to come, too."""
    call = exchange.run(
        message(review=True),
        SAYS,
        {"after": {"event": "RECORD_START"}, "at": 0.7, "hang_up": "NORMAL_CLEARING"},
    )
    assert not is_done(call)
    (document,) = documents(exchange)
    assert document is not None
    assert document["duration_ms"] >= 400


def test_a_review_stores_the_take_that_was_saved(exchange: Exchange) -> None:
    """The one recorded anew is stored nowhere, and its file is gone."""
    for name in ("ivr/ivr-save_review_record", "voicemail/vm-saved"):
        exchange.sound(f"{name}.wav", 0.2)
    take = {"event": "RECORD_START"}
    over = {"event": "RECORD_STOP"}
    call = exchange.run(
        message(review=True),
        {"after": take, "at": 0.0, "say": 0.6},
        {"after": take, "at": 0.7, "press": "#"},
        {"after": over, "at": 1.2, "press": "3"},
        {"after": {**take, "nth": 2}, "at": 0.0, "say": 0.6},
        {"after": {**take, "nth": 2}, "at": 0.7, "press": "#"},
        {"after": {**over, "nth": 2}, "at": 1.2, "press": "1"},
    )
    assert is_done(call)
    first, second = documents(exchange)
    assert first is None
    assert second is not None
    kept = {path.stem for path in (exchange.house.facilities.media_dir).rglob("*.wav")}
    assert kept == {exchange.house.reports[0].recordings[1]}
