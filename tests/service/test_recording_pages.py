"""Recordings over HTTP: made on the simulator or by hand, asked for through a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from recording.link import Links
from recording.link_origin import Origin
from recording.link_shelf import Shelf
from service.health import Health
from service.http import HttpServer, application
from service.recording_pages import disposition, recording_pages
from simulator.script import Act, Script, Step
from storage.destination import Media, Target
from storage.media import measure
from storage.outbox import Outbox
from storage.outbox_retention import Retention, sweep
from storage.register_row import Expected, Fate, Settled
from tests.recording.samples import write_wav
from tests.service.house import HANGUP, RECORD, House, sleep
from tests.storage.outbox_parts import Clock
from tests.storage.strain import MOST_GROWTH_BYTES, strained
from tests.waiting import eventually

ID = "0123456789abcdef0123456789abcdef"
CALL_S = 15.0
DAY_S = 86400.0


class Counter:
    """Pages over an outbox of their own, and a client at their counter."""

    def __init__(self, root: Path) -> None:
        self.recordings = root / "recordings"
        (self.recordings / "20261123").mkdir(parents=True)
        self.clock = Clock(time.time())
        self.outbox = Outbox(root / "outbox.sqlite")
        self.shelf = Shelf(self.recordings, self.outbox, {})
        origin = Origin("", lambda: self.server.address)
        self.links = Links("a secret of tests", origin, self.shelf, lifetime_s=DAY_S, clock=self.clock)
        pages = recording_pages(self.links, self.shelf, wait_s=5.0)
        self.server = HttpServer(("127.0.0.1", 0), application(Health(), CollectorRegistry(), [pages]))
        self.server.start()

    def recorded(self, path: Path, name: str = "") -> Media:
        """Have the outbox take a file over, for nowhere it can be delivered to."""
        self.outbox.register.write([Expected(ID, time.time(), account_id="acc")])
        measured = measure(path)
        media = Media(path, "audio/wav", measured.size_bytes, measured.sha256, name or path.name)
        target = Target("http", {"url": "http://a.test"})
        self.outbox.enqueue(media, {"_id": ID}, [target], recording_id=ID, account_id="acc")
        return media

    def wav(self, duration_s: float = 1.0, name: str = "") -> Media:
        """Have a real one."""
        return self.recorded(write_wav(self.path, duration_s), name)

    @property
    def path(self) -> Path:
        """Where FreeSWITCH wrote it."""
        return self.recordings / "20261123" / f"{ID}.wav"

    def get(self, extension: str = "wav", method: str = "GET", **headers: str) -> requests.Response:
        """Ask through a link; headers in Python's spelling."""
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(method, self.links.url(ID, extension), headers=spelled, timeout=20)

    def close(self) -> None:
        """Shut."""
        self.server.stop()
        self.shelf.close()
        self.outbox.close()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """Pages without a recording."""
    made = Counter(tmp_path)
    yield made
    made.close()


def test_a_recording_is_served_whole(counter: Counter) -> None:
    """With all that a browser, a player and a cache want to know; and the access is logged, not the link."""
    media = counter.wav(name='Zoë "and" Bob.wav')
    with capture_logs() as logs:
        answer = counter.get()
        eventually(lambda: logs, what="the access in the log")
    assert (answer.status_code, answer.content) == (200, counter.path.read_bytes())
    told = answer.headers
    assert told["Content-Type"] == "audio/wav"
    assert told["Content-Length"] == str(media.size_bytes)
    assert told["Accept-Ranges"] == "bytes"
    assert told["ETag"] == f'"{media.sha256}"'
    assert told["Cache-Control"].startswith("private")
    assert told["Referrer-Policy"] == "no-referrer"
    assert "filename*=UTF-8''Zo%C3%AB%20%22and%22%20Bob.wav" in told["Content-Disposition"]
    (log,) = logs
    assert log == {
        "event": "recording_served",
        "log_level": "info",
        "recording_id": ID,
        "account_id": "acc",
        "asked_by": "",
        "remote": "127.0.0.1",
        "method": "GET",
        "status": 200,
        "file": f"{ID}.wav",
        "bytes": media.size_bytes,
        "is_complete": True,
    }


def test_head_tells_the_same_without_the_sound(counter: Counter) -> None:
    """As a player asks before it begins."""
    media = counter.wav()
    answer = counter.get(method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(media.size_bytes)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=1000-", 1000, None), ("bytes=-50", -50, None)],
)
def test_a_range_is_served(counter: Counter, asked: str, start: int, end: int | None) -> None:
    """From the middle of a call, without what was before."""
    media = counter.wav()
    answer = counter.get(Range=asked)
    expected = counter.path.read_bytes()[start:end]
    assert (answer.status_code, answer.content) == (206, expected)
    first = start if start >= 0 else media.size_bytes + start
    last = first + len(expected) - 1
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{media.size_bytes}"
    assert answer.headers["Content-Length"] == str(len(expected))


def test_a_range_behind_the_end_is_refused(counter: Counter) -> None:
    """With the length there is."""
    media = counter.wav()
    answer = counter.get(Range=f"bytes={media.size_bytes}-")
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{media.size_bytes}"


def test_a_range_of_another_file_is_all_of_this_one(counter: Counter) -> None:
    """If-Range: what a client has of it must be of the same recording in the same format."""
    media = counter.wav()
    same = counter.get(Range="bytes=0-9", If_Range=f'"{media.sha256}"')
    other = counter.get(Range="bytes=0-9", If_Range='"another"')
    assert (same.status_code, other.status_code) == (206, 200)
    assert len(other.content) == media.size_bytes


def test_what_the_client_has_is_not_sent_again(counter: Counter) -> None:
    """If-None-Match."""
    media = counter.wav()
    answer = counter.get(If_None_Match=f'"x", W/"{media.sha256}"')
    assert (answer.status_code, answer.content) == (304, b"")


def test_another_format_is_made(counter: Counter) -> None:
    """The same recording as MP3; with a tag of its own, so that ranges of the two are never mixed."""
    media = counter.wav(2.0, "Bob.wav")
    answer = counter.get("mp3")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "audio/mpeg")
    assert answer.headers["Content-Disposition"] == 'inline; filename="Bob.mp3"'
    assert answer.headers["ETag"] == f'"{media.sha256}-mp3"'
    assert answer.content[:3] == b"ID3"


def test_what_does_not_become_another_format_is_said(counter: Counter) -> None:
    """It is our failure, and not the link's."""
    counter.path.write_bytes(b"RIFF" * 100)
    counter.recorded(counter.path)
    with capture_logs():
        answer = counter.get("mp3")
    assert (answer.status_code, answer.json()["error"]) == (500, "not_encoded")
    assert counter.get("wav").status_code == 200


def refused(url: str, status: int, error: str) -> dict[str, Any]:
    """Ask, and be refused."""
    with capture_logs() as logs:
        answer = requests.get(url, timeout=5)
        eventually(lambda: logs)
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert [(log["event"], log["status"]) for log in logs] == [("recording_not_served", status)]
    return body


def test_links_that_are_no_good_are_refused(counter: Counter) -> None:
    """Changed, made up, expired; and nobody learns from a made-up one what there is."""
    counter.wav()
    url = counter.links.url(ID, "wav")
    refused(url.replace("signature=", "signature=f"), 403, "forbidden")
    refused(url.replace("expires=1", "expires=2"), 403, "forbidden")
    refused(url.partition("?")[0], 403, "forbidden")
    refused(url.replace(f"{ID}.wav", "nothing"), 403, "forbidden")
    refused(url.replace(ID, "f" * 32), 403, "forbidden")
    counter.clock.pass_s(DAY_S)
    refused(url, 410, "expired")


def test_other_methods_are_refused(counter: Counter) -> None:
    """A link is for reading."""
    counter.wav()
    assert counter.get(method="DELETE").status_code == 405
    assert counter.path.exists()


def test_what_nobody_knows_is_not_found(counter: Counter) -> None:
    """Though the link is good: it was forgotten."""
    refused(counter.links.url(ID, "wav"), 404, "unknown")


def test_why_there_is_no_audio_is_said(counter: Counter) -> None:
    """A recording that was discarded."""
    expected = Expected(ID, time.time(), account_id="acc")
    counter.outbox.register.write([Settled(expected, Fate.DISCARDED, reasons=("nobody spoke",))])
    assert "nobody spoke" in refused(counter.links.url(ID, "wav"), 404, "no_audio")["detail"]


def test_what_is_gone_is_gone(counter: Counter) -> None:
    """Delivered to where nothing comes back from."""
    counter.wav()
    job = counter.outbox.claim("test", 60.0)
    assert job is not None
    counter.path.unlink()
    refused(counter.links.url(ID, "wav"), 410, "gone")


def test_an_outbox_that_is_away_is_503(counter: Counter) -> None:
    """Come again later."""
    url = counter.links.url(ID, "wav")
    counter.outbox.close()
    refused(url, 503, "unavailable")


def test_a_client_that_goes_away_is_no_failure(counter: Counter) -> None:
    """It is told how much it got."""
    big(counter.path, 20_000_000)
    counter.recorded(counter.path)
    with capture_logs() as logs:
        answer = requests.get(counter.links.url(ID, "wav"), stream=True, timeout=5)
        next(answer.iter_content(1000))
        answer.close()
        eventually(lambda: logs, what="the access in the log")
    assert [(log["event"], log["is_complete"]) for log in logs] == [("recording_served", False)]


def test_a_file_that_shrinks_is_cut_off(counter: Counter) -> None:
    """The client sees an answer that is not whole, and an operator why."""
    big(counter.path, 20_000_000)
    counter.recorded(counter.path)
    with capture_logs() as logs:
        answer = requests.get(counter.links.url(ID, "wav"), stream=True, timeout=5)
        with counter.path.open("rb+") as file:
            file.truncate(10_000_000)
        with pytest.raises(requests.RequestException):
            answer.content  # noqa: B018 - reads it
        eventually(lambda: logs, what="the access in the log")
    assert logs[0]["event"] == "recording_cut_off"


def big(path: Path, size: int) -> None:
    """A file that holds nothing, and takes no disk."""
    with path.open("wb") as file:
        file.truncate(size)


def test_a_big_one_costs_neither_memory_nor_the_hub(counter: Counter) -> None:
    """A hundred megabytes to each of four clients, through one process that is client and server."""
    size = 100_000_000
    big(counter.path, size)
    media = counter.recorded(counter.path)

    def fetch() -> int:
        answer = requests.get(counter.links.url(ID, "wav"), stream=True, timeout=20)
        return sum(len(block) for block in answer.iter_content(65536))

    with strained() as strain:
        clients = [gevent.spawn(fetch) for _ in range(4)]
        gevent.joinall(clients, timeout=60, raise_error=True)
    assert [client.value for client in clients] == [media.size_bytes] * 4
    assert strain.growth_bytes < MOST_GROWTH_BYTES
    assert strain.stall_s < 0.25


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a.wav", 'inline; filename="a.wav"'),
        ('a"b\\c.wav', "inline; filename=\"a_b_c.wav\"; filename*=UTF-8''a%22b%5Cc.wav"),
        ("☎.wav", "inline; filename=\"_.wav\"; filename*=UTF-8''%E2%98%8E.wav"),
        ("a\r\nb.wav", "inline; filename=\"a__b.wav\"; filename*=UTF-8''a%0D%0Ab.wav"),
    ],
)
def test_names_are_told_safely(name: str, plain: str) -> None:
    """No name ends the header, or begins another."""
    assert disposition(name) == plain


def test_a_recording_of_a_call_is_had_from_its_beginning_on(house: Callable[..., House]) -> None:
    """202 while it runs, 200 when it is over, and still when it is delivered and gone from here."""
    home = house()
    home.flow("1000", RECORD, ("answer", {}), sleep(3.5), HANGUP)
    engine = home.engine
    script = Script().with_steps(Step(Act.SAY, "0.8", at_s=0.05))
    call = home.call("1000", script)
    eventually(lambda: call.recordings, what="the recording")
    recording_id = call.recordings[0].path.stem
    url = engine.links.url(recording_id, "wav")
    running = requests.get(url, timeout=5)
    assert (running.status_code, running.json()["error"]) == (202, "pending")
    assert int(running.headers["Retry-After"]) > 0
    waiting = gevent.spawn(engine.links.path_of, recording_id, CALL_S)
    assert call.wait_ended(CALL_S)
    home.delivered()
    path = waiting.get(timeout=CALL_S)
    original = path.read_bytes()
    assert requests.get(url, timeout=5).content == original
    assert sweep(engine.outbox, Retention()) == (1, 0)
    assert not path.exists()
    answer = requests.get(url, timeout=5, headers={"Range": "bytes=0-99"})
    assert (answer.status_code, answer.content) == (206, original[:100])
    played = engine.links.path_of(recording_id, CALL_S)
    assert played is not None
    assert played.read_bytes() == original
    assert engine.links.recording_of(url) == recording_id
    assert json.loads(requests.get(f"{url}0", timeout=5).text)["error"] == "forbidden"


def test_another_process_of_the_host_serves_it_too(house: Callable[..., House]) -> None:
    """It shares the outbox, the recordings and the secret, and nothing else."""
    home = house()
    home.flow("1000", RECORD, ("answer", {}), sleep(0.5), HANGUP)
    call = home.call("1000", Script().with_steps(Step(Act.SAY, "0.4", at_s=0.05)))
    assert call.wait_ended(CALL_S)
    home.delivered()
    recording_id = call.recordings[0].path.stem
    url = home.engine.links.url(recording_id, "wav")
    other = home.stage.engine()
    (server,) = other.pages
    server.start()
    elsewhere = url.replace(str(home.engine.pages[0].address[1]), str(server.address[1]))
    assert requests.get(elsewhere, timeout=5).content == requests.get(url, timeout=5).content
    other.stop()
