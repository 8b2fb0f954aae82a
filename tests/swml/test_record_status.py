"""Status callbacks of record and record_call: the published JSON, in order, also when engines are killed."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from calls.call import Call
from calls.signaling import hangup
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.request import AudioFormat, Direction, Observer
from recording.status import RecordingStatus, StatusState
from recording.ticket import Ticket
from simulator.script import read_script
from simulator.switch import Switch
from storage.notice import NewNotice
from storage.notice_poster import NoticePoster
from storage.notice_sender import NoticeSender
from storage.notice_worker import NoticeWorker
from storage.outbox import Outbox
from swml.record_status import KIND, RecordStatusSink, observer
from tests.recording.house import House
from tests.recording.samples import RECORDING_ID, STARTED_AT_US, UUID, WAV, ticket
from tests.storage.receiver import Receiver, loopback, serving
from tests.swml.status_engine import KNOWN, Links
from tests.waiting import eventually

STATUS_URL = "https://user:secret@app.test/status"
MONO = replace(
    WAV, stereo=False, direction=Direction.SPEAK, observers=(Observer(KIND, {"url": STATUS_URL, **KNOWN}),)
)
ENDED_AT_US = STARTED_AT_US + 15_500_000
OUTCOME = RecordingOutcome(
    RECORDING_ID, "202611-r", EndedBy.DIGIT, Verdict.OK, path=Path("/x/a.wav"),
    duration_ms=15_000, size_bytes=248_320, started_at_us=STARTED_AT_US,
)  # fmt: skip


class Posted:
    """Takes notices and keeps them."""

    def __init__(self) -> None:
        self.notices: list[NewNotice] = []

    def commit(self, notice: NewNotice) -> None:
        """Keep one that can be sent."""
        notice.written()
        self.notices.append(notice)


def status(
    state: StatusState,
    at_us: int = ENDED_AT_US,
    outcome: RecordingOutcome | None = None,
    *,
    of: Ticket | None = None,
) -> RecordingStatus:
    """One thing to tell."""
    one = of or ticket(MONO)
    return RecordingStatus(one, one.request.observers[0], state, at_us, f"id:{state}", outcome)


def told(one: RecordingStatus) -> dict[str, Any]:
    """What the receiver gets."""
    posted = Posted()
    RecordStatusSink(posted, Links(), clock=lambda: 1640000000.123).tell(one)
    body: dict[str, Any] = dict(posted.notices[0].body)
    return body


def test_finished_is_exactly_what_is_published() -> None:
    """Every field of the page's example, and no other."""
    assert told(status(StatusState.FINISHED, outcome=OUTCOME)) == {
        "event_type": "calling.call.record",
        "event_channel": "swml:s-1",
        "timestamp": 1640000000.123,
        "project_id": "p",
        "space_id": "sp",
        "params": {
            "state": "finished",
            "control_id": "c-1",
            "call_id": UUID,
            "node_id": "n",
            "url": f"http://links.test/{RECORDING_ID}.wav",
            "duration": 15.0,
            "size": 248_320,
            "recording_id": RECORDING_ID,
            "start_time": STARTED_AT_US / 1e6,
            "end_time": ENDED_AT_US / 1e6,
            "record": {"audio": {"format": "wav", "direction": "speak", "stereo": False}},
        },
    }


ALWAYS = {"state", "control_id", "call_id", "node_id", "url", "recording_id", "record"}
TIMES = {"start_time", "end_time"}


@pytest.mark.parametrize(
    ("one", "more"),
    [
        (status(StatusState.RECORDING), set()),
        (status(StatusState.PAUSED), {"pause_behavior"}),
        (status(StatusState.NO_INPUT, outcome=OUTCOME), {"duration", "size", *TIMES}),
        (status(StatusState.ERROR, outcome=OUTCOME), TIMES),
        (status(StatusState.ERROR, outcome=replace(OUTCOME, started_at_us=0)), set()),
    ],
)
def test_each_field_is_there_when_the_page_says_so(one: RecordingStatus, more: set[str]) -> None:
    """Length and size of what can be had, times of what began and ended, how a pause is handled."""
    params = told(one)["params"]
    assert set(params) == ALWAYS | more
    assert params.get("pause_behavior", "skip") == "skip"


@pytest.mark.parametrize(
    ("changes", "audio"),
    [
        ({"stereo": True, "direction": Direction.BOTH}, {"direction": "both", "stereo": True}),
        ({"stereo": True, "direction": Direction.HEAR}, {"direction": "listen", "stereo": False}),
        ({"format": AudioFormat.MP3}, {"format": "mp3"}),
    ],
)
def test_what_was_recorded_is_told_as_swml_has_it(changes: dict[str, Any], audio: dict[str, Any]) -> None:
    """Its words for directions; one direction alone is never stereo."""
    one = ticket(replace(MONO, **changes))
    found = told(status(StatusState.RECORDING, of=one))["params"]["record"]["audio"]
    assert found == {"format": "wav", "direction": "speak", "stereo": False, **audio}


def test_the_url_is_that_of_the_file_there_is() -> None:
    """Where an MP3 could not be made, what was captured is to be had; before the end nobody knows."""
    one = ticket(replace(MONO, format=AudioFormat.MP3))
    assert told(status(StatusState.RECORDING, of=one))["params"]["url"].endswith(".mp3")
    assert told(status(StatusState.FINISHED, outcome=OUTCOME, of=one))["params"]["url"].endswith(".wav")


def test_callbacks_of_a_control_id_are_one_stream() -> None:
    """Whatever characters it has, and however long it is; another script's is another stream."""
    posted = Posted()
    sink = RecordStatusSink(posted, Links())
    for control_id, session_id in (("c" * 1000, "s"), ("c" * 1000, "s"), ("é", "s"), ("é", "t")):
        data = {"url": STATUS_URL, **KNOWN, "control_id": control_id, "session_id": session_id}
        one = ticket(replace(MONO, observers=(Observer(KIND, data),)))
        sink.tell(status(StatusState.RECORDING, of=one))
    streams = [notice.stream for notice in posted.notices]
    assert streams[0] == streams[1]
    assert len(set(streams)) == 3
    assert max(map(len, streams)) < 256
    assert {notice.url for notice in posted.notices} == {STATUS_URL}
    assert posted.notices[0].notice_id == "id:recording"


def test_an_observer_carries_what_a_callback_says() -> None:
    """From the script that records, and from the settings."""
    facilities = SimpleNamespace(space_id="sp", node="n")
    run: Any = SimpleNamespace(session_id="s-1", project_id="p", facilities=facilities)
    assert observer(run, STATUS_URL, "c-1") == Observer(KIND, {"url": STATUS_URL, **KNOWN})


# -- whole recordings ----------------------------------------------------------------------------------


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    """What a receiver got, in order."""
    return [json.loads(request.body) for request in receiver.requests]


def states(receiver: Receiver) -> list[str]:
    """The states it was told."""
    return [body["params"]["state"] for body in bodies(receiver)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where callbacks go."""
    with serving() as one:
        yield one


def test_a_recording_is_told_from_start_to_end(tmp_path: Path, receiver: Receiver) -> None:
    """Over the simulator, the outbox and HTTP: recording, paused, recording, finished."""
    outbox = Outbox(tmp_path / "notices.sqlite")
    poster = NoticePoster(outbox.notices)
    worker = NoticeWorker(outbox.notices, NoticeSender(loopback(), {}))
    worker.start()
    house = House(tmp_path, observers={KIND: RecordStatusSink(poster, Links())})
    request = replace(MONO, observers=(Observer(KIND, {"url": receiver.url(), **KNOWN}),), terminators="#")

    def flow(call: Call) -> None:
        recording = house.recorder.recordings(call)[0]
        recording.wait_started(5)
        house.recorder.pause(call)
        call.sleep(0.2)
        house.recorder.resume(call)
        recording.wait_verified(5)
        hangup(call)

    recording, _ = house.record(request, flow, [{"at": 0, "say": 5}, {"at": 0.8, "press": "#"}])
    receiver.wait_for(lambda: len(receiver.requests) == 4)
    house.close()
    poster.close()
    worker.stop()
    outbox.close()
    assert states(receiver) == ["recording", "paused", "recording", "finished"]
    last = bodies(receiver)[-1]["params"]
    outcome = recording.outcome
    assert outcome is not None
    assert outcome.ended_by is EndedBy.DIGIT
    assert (last["duration"], last["size"]) == (outcome.duration_ms / 1000, outcome.size_bytes)
    assert last["url"] == f"http://links.test/{recording.id}.wav"
    assert 0.5 < last["end_time"] - last["start_time"] < 1.5


@pytest.fixture
def engine(tmp_path: Path, receiver: Receiver) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """Starts engines beside a FreeSWITCH, by its event socket's port; all are killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(event_socket_port: int) -> subprocess.Popen[str]:
        arguments = [str(tmp_path), str(event_socket_port), receiver.url()]
        with (tmp_path / "engine.log").open("a") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.swml.status_engine", *arguments],
                    stdout=subprocess.PIPE, stderr=log, text=True,
                )
            )  # fmt: skip
        return started[-1]

    yield start
    for one in started:
        killed(one)


def killed(process: subprocess.Popen[str]) -> None:
    """End an engine at once, without a word."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def is_written(directory: Path) -> bool:
    """Whether a recording has more than a header by now; what has not is nothing to be finished."""
    return any(path.stat().st_size > 4096 for path in directory.rglob("*.wav"))


@pytest.mark.timeout(60)
def test_an_engine_that_is_killed_tells_the_end_by_the_next(
    tmp_path: Path, receiver: Receiver, engine: Callable[[int], subprocess.Popen[str]]
) -> None:
    """SIGKILL while it records: whoever finishes the recording tells that it is finished, once."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        event_socket_port = reserved.getsockname()[1]
    first = engine(event_socket_port)
    assert first.stdout is not None
    port = int(first.stdout.readline())
    switch = Switch(("127.0.0.1", port), listen=("127.0.0.1", event_socket_port), sounds_dir=tmp_path).start()
    call = switch.place_call(script=read_script([{"at": 0, "say": 30}]))
    receiver.wait_for(lambda: receiver.requests)
    eventually(lambda: is_written(tmp_path / "recordings"), what="there is sound in the file")
    killed(first)
    assert call.wait_ended(15)
    second = engine(event_socket_port)
    receiver.wait_for(lambda: states(receiver)[-1] != "recording")
    journal = tmp_path / "recordings" / "journal"
    eventually(lambda: not list(journal.glob("*.json")), what="its manifest is forgotten")
    outbox = Outbox(tmp_path / "outbox.sqlite")
    eventually(lambda: outbox.notices.counts().oldest_unsettled_at is None)
    outbox.close()
    killed(second)
    switch.stop()
    assert list(dict.fromkeys(states(receiver))) == ["recording", "finished"]
    assert len([one for one in states(receiver) if one == "finished"]) == 1
    last = bodies(receiver)[-1]["params"]
    assert last["size"] > 0
    assert last["control_id"] == "c-1"
