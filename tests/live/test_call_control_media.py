"""Sounds, speech and digits by Telnyx' client on a running FreeSWITCH."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from telnyx import Telnyx

from service.stage import ACCOUNT
from tests.callcontrol.heard import sound
from tests.live.beside import Beside
from tests.live.test_call_control import client_of, id_of
from tests.service.house import Step, sleep
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

Houses = Callable[..., Beside]
ANSWER: Step = ("answer", {})
LISTENS = "&park()"
FOREVER = {"initial_timeout_millis": 60_000, "inter_digit_timeout_millis": 60_000}


class Line:
    """A call that is told of, under its callflow. Attributes: client; id: of call control; uuid."""

    def __init__(self, home: Beside, client: Telnyx) -> None:
        self.home, self.client = home, client
        self.actions = client.calls.actions
        home.document(
            "crm", {"_id": "crm", "pvt_type": "connection", "webhook_event_url": "http://127.0.0.1:9/hooks"}
        )
        connections = home.engine.call_control.facilities.connections
        eventually(lambda: connections.of_id(ACCOUNT, "crm"), what="the connection")
        self.caller = home.call("1000", LISTENS).caller
        self.uuid = eventually(lambda: next(iter(home.handovers), ""), what="the call")
        self.id = id_of(home.engine, self.uuid)
        eventually(self._is_answered, what="the answer")
        for name, value in (("connection_id", "crm"), ("account_id", ACCOUNT)):
            home.link.api("uuid_setvar", f"{self.uuid} callcontrol_{name} {value}")

    def _is_answered(self) -> bool:
        dumped = self.home.link.api("uuid_dump", self.uuid)
        return "Answer-State: answered" in dumped

    def press(self, digits: str) -> None:
        """The far end presses keys."""
        self.home.link.api("uuid_recv_dtmf", f"{self.uuid} {digits}")

    def told(self, count: int, *types: str) -> list[dict[str, Any]]:
        """Wait for so many webhooks of these types; return their payloads, with their type as `is`."""
        box = self.home.engine.outbox.notices

        def found() -> list[dict[str, Any]]:
            rows = [row for row in box.list() if row.kind in types]
            bodies = [dict(box.show(row.id).body or {})["data"] for row in reversed(rows)]
            return (
                [{"is": one["event_type"], **one["payload"]} for one in bodies] if len(rows) >= count else []
            )

        return eventually(found, 20, f"{count} of {', '.join(types)}")

    def sounds(self, count: int) -> list[tuple[str, str]]:
        """Wait for so many webhooks of sounds; return type and status of each."""
        types = ("playback.started", "playback.ended", "speak.started", "speak.ended")
        told = self.told(count, *(f"call.{one}" for one in types))
        return [(one["is"].removeprefix("call."), one.get("status", "")) for one in told]

    def hears(self, word: str) -> None:
        """Wait until a sound is being played whose name has this in it."""

        def heard() -> bool:
            dumped = self.home.link.api("uuid_dump", self.uuid).splitlines()
            is_ours = any(line.startswith("scope_variable_callcontrol_sound") for line in dumped)
            return is_ours and any(
                line.startswith("variable_current_application_data") and word in line for line in dumped
            )

        eventually(heard, what=f"the sound {word}")

    def variables(self) -> list[str]:
        """Names of the leg's variables that only sounds and gathers under way should have."""
        dumped = self.home.link.api("uuid_dump", self.uuid).splitlines()
        names = [line.partition(":")[0].removeprefix("variable_callcontrol_") for line in dumped]
        return [name for name in names if name.startswith(("void", "gather"))]


@contextmanager
def line_of(beside: Houses) -> Iterator[Line]:
    """Such a call."""
    home = beside()
    home.flow("1000", ANSWER, sleep(60))
    with client_of(home.engine) as client:
        yield Line(home, client)


def content(seconds: float) -> str:
    """A sound of so many seconds, in base64."""
    return base64.b64encode(sound(seconds)).decode()


def test_sounds_wait_are_stopped_and_told(beside: Houses) -> None:
    """In order; the current one stopped, then all; rounds too short for FreeSWITCH; a hangup."""
    with line_of(beside) as line:
        play, stop = line.actions.start_playback, line.actions.stop_playback
        play(line.id, playback_content=content(0.6), client_state="eA==", loop=2)
        line.actions.speak(line.id, payload="One ${uuid}, 'two' | three", voice="female")
        play(line.id, playback_content=content(0.2), loop=3)
        assert line.sounds(6) == [
            ("playback.started", ""),
            ("playback.ended", "completed"),
            ("speak.started", ""),
            ("speak.ended", "completed"),
            ("playback.started", ""),
            ("playback.ended", "completed"),
        ]
        assert line.told(2, "call.playback.started")[0]["client_state"] == "eA=="
        (spoken,) = line.home.events("CHANNEL_EXECUTE_COMPLETE", Application="speak")
        assert spoken.get("Application-Data").endswith("|One ${uuid}, 'two' | three")
        play(line.id, playback_content=content(30), loop="infinity")
        play(line.id, playback_content=content(0.3))
        line.hears("playback-")
        stop(line.id, stop="current")
        assert line.sounds(10)[6:] == [
            ("playback.started", ""),
            ("playback.ended", "cancelled"),
            ("playback.started", ""),
            ("playback.ended", "completed"),
        ]
        play(line.id, playback_content=content(30))
        play(line.id, playback_content=content(31))
        line.actions.speak(line.id, payload="Never heard", voice="male")
        stop(line.id)
        play(line.id, playback_content=content(0.4))
        eventually(lambda: line.sounds(12)[-1] == ("playback.ended", "completed"), what="the last sound")
        assert len(line.sounds(12)) in (12, 14)  # the first of three may have begun before it was stopped
        eventually(lambda: line.variables() == [], what="a tidy leg")
        play(line.id, playback_content=content(30))
        line.hears("playback-")
        line.actions.hangup(line.id)
        eventually(lambda: line.sounds(14)[-1] == ("playback.ended", "call_hangup"), what="the hangup")


def test_overlays(beside: Houses) -> None:
    """Mixed in over a sound, told, and stopped by themselves."""
    with line_of(beside) as line:
        line.actions.start_playback(line.id, playback_content=content(20))
        line.hears("playback-")
        line.actions.start_playback(line.id, playback_content=content(0.3), overlay=True, loop=2)
        line.actions.start_playback(
            line.id, playback_content=content(5), overlay=True, loop="infinity", client_state="eA=="
        )
        overlays = [
            one for one in line.told(4, "call.playback.started", "call.playback.ended") if one["overlay"]
        ]
        assert [one.get("status") for one in overlays] == [None, None, "completed"]
        line.actions.stop_playback(line.id, overlay=True)
        last = line.told(5, "call.playback.started", "call.playback.ended")[-1]
        assert (last["status"], last["overlay"], last["client_state"]) == ("cancelled", True, "eA==")
        line.hears("playback-")


def test_digits_are_gathered(beside: Houses) -> None:
    """Over a sound, after a prompt that the first key breaks off, in several tries, stopped, hung up."""
    with line_of(beside) as line:
        line.actions.start_playback(line.id, playback_content=content(20))
        line.hears("playback-")
        line.actions.gather(line.id, gather_id="over", maximum_digits=3, **FOREVER)
        line.press("12#")
        told = line.told(1, "call.gather.ended")[0]
        assert (told["status"], told["digits"], told["gather_id"]) == ("valid", "12", "over")
        line.actions.stop_playback(line.id)
        ask = line.actions.gather_using_speak
        prompt = "Please enter your number, all of it, and then press the pound key, thank you"
        ask(
            line.id,
            payload=prompt,
            voice="female",
            invalid_payload="That was wrong, I am afraid",
            valid_digits="12345",
            maximum_digits=2,
            timeout_millis=20_000,
        )
        line.hears("Please")
        line.press("9")
        line.press("9")
        line.hears("That")
        line.press("4")
        line.press("2")
        told = line.told(2, "call.gather.ended")[1]
        assert (told["status"], told["digits"]) == ("valid", "42")
        eventually(lambda: line.variables() == [], what="a tidy leg")
        ask(line.id, payload=prompt, voice="male", timeout_millis=400, maximum_tries=1)
        line.hears("Please")
        line.actions.stop_gather(line.id)
        assert line.told(3, "call.gather.ended")[2]["status"] == "cancelled"
        line.actions.gather(line.id, **FOREVER)
        line.press("7")
        eventually(lambda: "gathered" in line.variables(), what="the digit")
        line.actions.hangup(line.id)
        told = line.told(4, "call.gather.ended")[3]
        assert (told["status"], told["digits"]) == ("call_hangup", "7")


def test_digits_are_sent(beside: Houses) -> None:
    """The far end hears them."""
    with line_of(beside) as line:
        line.home.link.api("uuid_broadcast", f"{line.caller} start_dtmf aleg")
        line.actions.send_dtmf(line.id, digits="1w5#", duration_millis=120)
        heard = line.home.wait_event("DTMF", 3)
        assert [one.get("DTMF-Digit") for one in heard[:3]] == ["1", "5", "#"]
