"""Links to recordings of a running FreeSWITCH: had when the file is gone, and played again."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import requests

from storage.outbox_retention import Retention, sweep
from tests.live.beside import Beside
from tests.service.house import HANGUP, RECORD, Step, sleep

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

ANSWER: Step = ("answer", {})
AS_MP3: Step = ("record_call", {"action": "start", "format": "mp3"})
WAIT_S = 20.0


@pytest.mark.parametrize("start", [RECORD, AS_MP3], ids=["wav", "mp3"])
def test_what_a_link_gives_is_what_freeswitch_plays(beside: Callable[..., Beside], start: Step) -> None:
    """Delivered, deleted, read back into the spool: a file that FreeSWITCH may read, and can."""
    home = beside()
    home.flow("1000", ANSWER, start, sleep(2), HANGUP)
    home.call("1000")
    home.delivered()
    outcome = home.outcome()
    extension = start[1]["format"]
    url = home.engine.links.url(outcome.recording_id, extension)
    assert sweep(home.engine.outbox, Retention()) == (1, 0)
    answer = requests.get(url, timeout=WAIT_S)
    assert answer.status_code == 200
    assert len(answer.content) == outcome.size_bytes
    path = home.engine.links.path_of(home.engine.links.recording_of(url), WAIT_S)
    assert path is not None
    listener = str(uuid.uuid4())
    home.link.api("originate", f"{{origination_uuid={listener}}}null/x &playback({path})")
    (done,) = home.wait_event("CHANNEL_EXECUTE_COMPLETE", Unique_ID=listener)
    assert done.get("Application-Response") == "FILE PLAYED"
