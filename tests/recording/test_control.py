"""What FreeSWITCH answers about a recording is understood, whatever its version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from calls.errors import CallLeft
from esl.errors import CommandRefused, EslError, LinkLost, ReplyTimeout
from recording.control import Control, Presence
from tests.recording.samples import RECORDING_ID, UUID, ticket

PATH = Path("/var/rec/20261120") / f"{RECORDING_ID}.wav"
BUG = """<media-bugs>
 <media-bug>
  <function>session_record</function>
  <target>{path}</target>
  <thread-locked>0</thread-locked>
 </media-bug>
</media-bugs>"""
NO_SUCH_COMMAND = CommandRefused("api uuid_buglist", "-ERR uuid_buglist Command not found!")


class _Switch:
    """A FreeSWITCH that answers api commands from a table."""

    def __init__(self, answers: Mapping[str, str | EslError]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def api(self, command: str, arg: str, timeout_s: float, /) -> str:
        """Answer, or fail."""
        assert timeout_s > 0
        self.asked.append(f"{command} {arg}")
        answer = self.answers[command]
        if isinstance(answer, EslError):
            raise answer
        return answer


def _control(switch: _Switch | None) -> Control:
    return Control(ticket(), PATH, lambda: None, lambda: switch)


@pytest.mark.parametrize(
    ("answers", "presence"),
    [
        ({"uuid_buglist": BUG.format(path=PATH)}, Presence.RECORDING),
        ({"uuid_buglist": BUG.format(path="/var/rec/other.wav")}, Presence.STOPPED),
        ({"uuid_buglist": "<media-bugs>\n</media-bugs>"}, Presence.STOPPED),
        ({"uuid_buglist": ""}, Presence.GONE),
        ({"uuid_buglist": LinkLost("gone")}, Presence.UNKNOWN),
        ({"uuid_buglist": ReplyTimeout("api", 5)}, Presence.UNKNOWN),
        ({"uuid_buglist": NO_SUCH_COMMAND, "uuid_exists": "true"}, Presence.RECORDING),
        ({"uuid_buglist": NO_SUCH_COMMAND, "uuid_exists": "false"}, Presence.GONE),
        ({"uuid_buglist": NO_SUCH_COMMAND, "uuid_exists": LinkLost("gone")}, Presence.UNKNOWN),
    ],
)
def test_presence(answers: dict[str, str | EslError], presence: Presence) -> None:
    """Recording, stopped on a live channel, gone with it, or not to be known."""
    switch = _Switch(answers)
    assert _control(switch).presence() is presence
    assert switch.asked[0] == f"uuid_buglist {UUID}"


def test_nobody_to_ask() -> None:
    """Without an inbound connection nothing is known, and nothing can be told."""
    control = _control(None)
    assert control.presence() is Presence.UNKNOWN
    assert "no inbound connection" in control.stop_by_link()
    assert not control.stop(is_running=True)
    with pytest.raises(CallLeft):
        control.start()


def test_commands_over_the_link() -> None:
    """Start has everything that record_session has; stop names the path, never nothing."""
    switch = _Switch({"uuid_record": "+OK Success"})
    control = _control(switch)
    assert (control.start_by_link(), control.stop_by_link()) == ("", "")
    start, stop = switch.asked
    assert start.startswith(f"uuid_record {UUID} start {PATH} 31 {{callflows_recording_id={RECORDING_ID},")
    assert stop == f"uuid_record {UUID} stop {PATH}"


def test_refusal_is_told() -> None:
    """What FreeSWITCH answers is passed on."""
    refusal = CommandRefused("api uuid_record", "-ERR Cannot locate session!")
    assert "Cannot locate session" in _control(_Switch({"uuid_record": refusal})).stop_by_link()
