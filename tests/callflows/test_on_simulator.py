"""Whole calls on the simulated FreeSWITCH: its event socket, its timing, its sound, the real recorder."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calls.cause import HangupCause
from esl.listener import Listener
from recording.recorder import Recorder, Timing
from recording.storage_rules import NoPlans, StorageRules
from recording.watch import Patience
from simulator.script import read_script
from simulator.simcall import SimCall
from simulator.switch import Switch
from storage.outbox import Outbox
from tests.callflows.kit import ACCOUNT, House, node
from tests.waiting import eventually

DEADLINE_S = 15.0
CONFIG = {"media": {"store_recordings": True}, "callflow.menu": {"min_greeting_length": 300}}
TONE = "tone_stream://%(100,0,440)"
LONG_TONE = "tone_stream://%(8000,0,440)"


class Exchange:
    """A switch, an engine, an account."""

    def __init__(self, root: Path) -> None:
        self.sounds = root / "sounds"
        self.sounds.mkdir()
        self.house = House(root / "documents", CONFIG, media_dir=root / "recordings")
        self.outbox = Outbox(root / "outbox.sqlite")
        patience = Patience(start=1.0, media=0.1, stop=0.4, hangup=0.5, poll=0.5, still=0.6)
        self.recorder = Recorder(
            root / "recordings",
            config=self.house.config,
            outbox=self.outbox,
            storage=StorageRules(self.house.config, NoPlans()),
            timing=Timing(patience, stray_s=0.3, housekeeping_s=3600.0),
        )
        self.recorder.open()
        self.house.recorder = self.recorder  # type: ignore[assignment]  # the real one, in place of the notebook
        self.listener = Listener("127.0.0.1", 0, self.house.runner().handle)
        self.listener.start()
        self.switch = Switch(self.listener.address, sounds_dir=self.sounds).start()

    def close(self) -> None:
        """Take everything down."""
        self.switch.stop()
        self.listener.close()
        self.recorder.close()
        self.outbox.close()
        self.house.close()

    def sound(self, name: str, seconds: float = 0.2) -> str:
        """Make a sound file of the switch."""
        path = self.sounds / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(b"\1\1" * int(8000 * seconds))
        return str(path)

    def run(self, flow: Any, *steps: dict[str, Any], variables: dict[str, str] | None = None) -> SimCall:
        """Run a callflow on a call whose caller does these steps; returns when both have ended."""
        self.house.callflow("main", flow, name="Main", numbers=["1000"])
        script = read_script([*steps] or [{"at": 0.0, "say": 5.0}])
        given = {"callflows_account_id": ACCOUNT, **(variables or {})}
        call = self.switch.place_call("1000", script=script, variables=given)
        assert call.wait_ended(DEADLINE_S), [str(line) for line in call.log]
        eventually(lambda: self.house.reports and not self.recorder.live, DEADLINE_S)
        return call


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """Everything connected."""
    exchange = Exchange(tmp_path)
    yield exchange
    exchange.close()


def applications(call: SimCall) -> list[str]:
    """What the channel ran, as `application argument`, settings aside."""
    return [
        f"{seen.headers['Application']} {seen.headers.get('Application-Data', '')}".strip()
        for seen in call.events
        if seen.name == "CHANNEL_EXECUTE" and seen.headers["Application"] not in ("set", "socket")
    ]


def test_answer_play_and_hang_up(exchange: Exchange) -> None:
    """The plainest callflow there is."""
    path = exchange.sound("hello.wav")
    call = exchange.run(node("answer", {}, _=node("play", {"id": path})))
    assert applications(call) == ["answer", f"playback {path}", "hangup NORMAL_CLEARING"]
    assert call.hangup_cause == "NORMAL_CLEARING"
    assert exchange.house.reports[0].actions == ("answer", "play")


def test_a_key_ends_the_prompt_and_is_collected(exchange: Exchange) -> None:
    """Pressed during one action, found by the next, with the rest of the digits."""
    flow = node(
        "play",
        {"id": LONG_TONE},
        _=node(
            "collect_dtmf",
            {"max_digits": 4, "timeout": 2000, "collection_name": "pin"},
            _=node("set_variables", {"custom_application_vars": {"done": "yes"}}),
        ),
    )
    started_s = time.monotonic()
    call = exchange.run(
        flow, {"after": {"event": "PLAYBACK_START"}, "at": 0.2, "press": "42"}, {"at": 0.9, "press": "7#"}
    )
    assert time.monotonic() - started_s < 4
    assert call.session.channel.variables.get("cav_done") == "yes"


@pytest.mark.parametrize(
    ("pressed", "expected"),
    [("1", "one"), ("9", "late"), ("", "late")],
    ids=["a choice", "no choice", "nothing"],
)
def test_a_menu_goes_where_the_digits_lead(exchange: Exchange, pressed: str, expected: str) -> None:
    """A choice at once; after one failure too many, the exit."""
    exchange.house.save(
        {
            "_id": "m",
            "pvt_type": "menu",
            "retries": 1,
            "timeout": 300,
            "interdigit_timeout": 200,
            "max_extension_length": 1,
            "media": {"greeting": TONE, "exit_media": False, "invalid_media": False, "transfer_media": False},
        }
    )
    mark = {
        name: node("set_variables", {"custom_application_vars": {"went": name}}) for name in ("one", "late")
    }
    flow = node("menu", {"id": "m"}, **{"1": mark["one"], "max_retries": mark["late"]})
    steps = [{"after": {"event": "PLAYBACK_START"}, "at": 0.1, "press": pressed}] if pressed else []
    call = exchange.run(flow, *steps)
    assert call.session.channel.variables.get("cav_went") == expected


def test_a_call_is_refused_by_its_status(exchange: Exchange) -> None:
    """Unanswered, with the cause FreeSWITCH gives that status."""
    call = exchange.run(node("response", {"code": 486, "message": "Busy Here"}))
    assert applications(call)[0] == "respond 486 Busy Here"
    assert call.hangup_cause == "USER_BUSY"
    assert exchange.house.reports[0].cause is HangupCause.USER_BUSY


def test_an_unknown_number_is_not_found(exchange: Exchange) -> None:
    """404, which FreeSWITCH calls an unallocated number."""
    call = exchange.switch.place_call("2000", variables={"callflows_account_id": ACCOUNT})
    assert call.wait_ended(DEADLINE_S)
    assert call.hangup_cause == "UNALLOCATED_NUMBER"


def test_a_hangup_by_the_caller_ends_the_flow(exchange: Exchange) -> None:
    """In the middle of a prompt."""
    flow = node("play", {"id": LONG_TONE}, _=node("answer"))
    call = exchange.run(flow, {"after": {"event": "PLAYBACK_START"}, "at": 0.1, "hang_up": "NORMAL_CLEARING"})
    assert call.hangup_cause == "NORMAL_CLEARING"
    assert exchange.house.reports[0].actions == ("play",)


def test_speech_and_digits_do_no_harm(exchange: Exchange) -> None:
    """tts, send_dtmf, language, sleep: all of them pass."""
    flow = node(
        "tts",
        {"text": "Hello"},
        _=node(
            "language",
            {"language": "fr-fr"},
            _=node("send_dtmf", {"digits": "1#"}, _=node("sleep", {"duration": 50, "unit": "ms"})),
        ),
    )
    call = exchange.run(flow)
    assert exchange.house.reports[0].actions == ("tts", "language", "send_dtmf", "sleep")
    assert call.session.channel.variables.get("default_language") == "fr-fr"


def test_missing_media_falls_back_and_never_fails_the_call(exchange: Exchange) -> None:
    """A stock sound if the switch has it, silence if not."""
    stock = exchange.sound("ivr/ivr-no_menu_items.wav", 0.1)
    exchange.sound("ivr/ivr-hold_connect_call.wav", 0.1)
    exchange.house.save(
        {"_id": "m", "pvt_type": "menu", "retries": 1, "timeout": 100, "media": {"exit_media": False}}
    )
    call = exchange.run(node("menu", {"id": "m"}, _=node("play", {"id": "no/such.wav"})))
    played = [
        seen.headers.get("Playback-File-Path", "") for seen in call.events if seen.name == "PLAYBACK_START"
    ]
    assert any(stock.endswith(path) or path.endswith("ivr-no_menu_items.wav") for path in played)
    assert exchange.house.reports[0].actions == ("menu", "play")
    assert call.hangup_cause == "NORMAL_CLEARING"


def test_a_call_that_begins_with_record_call_is_recorded_from_its_first_frames(exchange: Exchange) -> None:
    """RECORD_START within two slots of 20 ms of the hand-over, and some for a busy machine."""
    flow = node(
        "record_call",
        {"action": "start", "format": "wav", "label": "all of it"},
        _=node(
            "answer",
            {},
            _=node(
                "play",
                {"id": TONE},
                _=node("record_call", {"action": "stop"}, _=node("sleep", {"duration": 1})),
            ),
        ),
    )
    call = exchange.run(flow)
    start = next(seen for seen in call.events if seen.name == "RECORD_START")
    assert start.at_s < 0.3
    recording_id = exchange.house.reports[0].recordings[0]
    stored = exchange.outbox.recording(recording_id)
    assert stored.metadata["origin"] == "callflow : all of it"
    stop = next(seen for seen in call.events if seen.name == "RECORD_STOP")
    assert stop.at_s < call.log[-1].at_s - 0.5


def test_the_time_limit_ends_a_recording_and_not_the_call(exchange: Exchange) -> None:
    """A limit below what the schema allows is told as a fault, and kept to."""
    flow = node(
        "record_call", {"action": "start", "format": "wav", "time_limit": 1}, _=node("sleep", {"duration": 2})
    )
    call = exchange.run(flow)
    start, stop = (
        next(seen for seen in call.events if seen.name == name) for name in ("RECORD_START", "RECORD_STOP")
    )
    assert abs(stop.at_s - start.at_s - 1.0) < 0.4
    assert call.log[-1].at_s > stop.at_s + 0.5


def test_hostile_headers_change_nothing(exchange: Exchange) -> None:
    """Line breaks in what the caller controls make no other account, number or variable."""
    evil = "x\nvariable_callflows_account_id: " + "b" * 32 + "\nvariable_callflows_number: 911"
    flow = node("branch_variable", {"variable": "owned"}, _=node("answer"), yes=node("hangup"))
    exchange.run(flow, variables={"sip_h_X-Evil": evil, "effective_caller_id_name": evil})
    assert exchange.house.reports[0].actions == ("branch_variable", "answer")
    assert exchange.house.reports[0].account_id == ACCOUNT


def test_a_greeting_is_recorded_by_telephone(exchange: Exchange) -> None:
    """The menu's pin, a beep, some speech, a key, `save`, and the menu has its greeting."""
    for name in (
        "voicemail/vm-record_greeting",
        "ivr/ivr-save_review_record",
        "voicemail/vm-saved",
        "voicemail/vm-goodbye",
    ):
        exchange.sound(f"{name}.wav", 0.1)
    spoken = {"pvt_type": "media", "prompt_id": "menu-return", "language": "en", "tts": {"text": "Back."}}
    exchange.house.save({"_id": "menu-return", **spoken})
    exchange.house.save(
        {
            "_id": "m",
            "pvt_type": "menu",
            "record_pin": "999",
            "retries": 1,
            "timeout": 800,
            "interdigit_timeout": 300,
            "media": {"greeting": TONE, "exit_media": False},
        }
    )
    steps = (
        {"after": {"event": "PLAYBACK_START"}, "at": 0.05, "press": "999#"},
        {"after": {"event": "CHANNEL_EXECUTE", "app": "record"}, "at": 0.0, "say": 3.0},
        {"after": {"event": "CHANNEL_EXECUTE", "app": "record"}, "at": 0.7, "press": "#"},
        {"after": {"event": "CHANNEL_EXECUTE_COMPLETE", "app": "record"}, "at": 0.3, "press": "1"},
    )
    exchange.run(node("menu", {"id": "m"}), *steps)
    database = f"account/aa/aa/{'a' * 28}"
    greeting = exchange.house.store.get(database, "m")["media"]["greeting"]
    assert greeting != TONE
    media = exchange.house.store.get(database, greeting)
    (attachment,) = media["_attachments"].values()
    assert (attachment["content_type"], attachment["length"] > 200) == ("audio/mpeg", True)
