"""What a running FreeSWITCH carries of a recording until its end: addresses, states, numbers, times."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import datetime

import pytest

from callcontrol.channel import packed
from callcontrol.field import MAX_CLIENT_STATE, MAX_URL
from recording.patience import DEFAULT_PATIENCE
from tests.live.beside import Beside
from tests.live.test_call_control_media import content, line_of
from tests.live.tones import heard, seconds
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

STATE = base64.b64encode(b"x" * (MAX_CLIENT_STATE // 4 * 3)).decode()
URL = "http://127.0.0.1:9/".ljust(MAX_URL, "x")


def test_all_that_a_client_may_say_travels(beside: Callable[..., Beside]) -> None:
    """The longest address and state, who calls whom, and a pause that is part of the recording's time."""
    with line_of(beside) as line:
        told = {
            "webhook": packed({"url": URL, "urls": {"call.recording.error": [URL[: MAX_URL // 2]]}}),
            "from": "+15550100",
            "to": "+15550199",
        }
        for name, value in told.items():
            line.home.link.api("uuid_setvar", f"{line.uuid} callcontrol_{name} {value}")
        line.actions.start_recording(line.id, format="wav", channels="single", client_state=STATE)
        line.home.wait_event("RECORD_START", Unique_ID=line.uuid)
        eventually(lambda: sizes(line.home) > 30_000, what="two seconds of sound")
        line.actions.pause_recording(line.id)
        line.actions.speak(line.id, payload="This is left out of it, all of it, word by word", voice="male")
        line.told(1, "call.speak.ended")
        line.actions.stop_recording(line.id)
        (saved,) = line.told(1, "call.recording.saved")
        assert saved["client_state"] == STATE
        box = line.home.engine.outbox.notices
        (row,) = [row for row in box.list() if row.kind == "call.recording.saved"]
        assert box.show(row.id).url == URL
        line.home.delivered()
        (one,) = line.client.recordings.list(filter={"from": "+15550100", "to": "+15550199"})
        times = [str(one.recording_started_at), str(one.recording_ended_at)]
        assert times == [saved["recording_started_at"], saved["recording_ended_at"]]
        began, over = map(datetime.fromisoformat, times)
        assert (over - began).total_seconds() > (one.duration_millis or 0) / 1000 + 1.5


@pytest.mark.parametrize("is_playing", [True, False])
def test_a_beep_is_recorded_whatever_is_heard(beside: Callable[..., Beside], *, is_playing: bool) -> None:
    """At its beginning, over a sound that has no end as well; and it is saved when FreeSWITCH has stopped."""
    with line_of(beside) as line:
        if is_playing:
            line.actions.start_playback(line.id, playback_content=content(30), loop="infinity")
            line.hears("playback-")
        line.actions.start_recording(line.id, format="wav", channels="dual", play_beep=True)
        line.home.wait_event("RECORD_START", Unique_ID=line.uuid)
        eventually(lambda: sizes(line.home) > 60_000, what="two seconds of sound")
        line.actions.stop_recording(line.id)
        stopped_s = line.home.wait_event("RECORD_STOP", Unique_ID=line.uuid)[0].at_s
        line.told(1, "call.recording.saved")
        assert time.monotonic() - stopped_s < DEFAULT_PATIENCE.stop / 2
        line.home.delivered()
        (copy,) = line.home.copies()
        _, right = heard(copy, {"B": 1400})
        assert seconds(right, "B") >= 0.2
        assert sum(length_s for who, length_s in right[:1] if not who) < 0.5


def sizes(home: Beside) -> int:
    """How many bytes FreeSWITCH has written so far."""
    return sum(each.stat().st_size for each in home.stage.recordings.glob("[0-9]*/*.wav"))
