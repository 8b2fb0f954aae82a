"""esl/link.py: up again after every loss, and telling from when to when events may be missing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gevent
import pytest
from structlog.testing import capture_logs

from esl import command
from esl.errors import CommandRefused, LinkLost, ReplyTimeout
from esl.event import Event
from esl.link import Backoff, Link
from tests.esl.peer import (
    AUTH_REQUEST,
    DEADLINE_S,
    OK,
    Log,
    Peer,
    Switch,
    api_frame,
    event_frame,
    reply_frame,
)

DATA = Path(__file__).parents[1] / "data" / "esl"
SOON = Backoff(first_s=0.002, longest_s=0.01, refused_s=0.01)


class Linked:
    """A link to a scripted FreeSWITCH, and what it tells."""

    def __init__(self, port: int, **options: object) -> None:
        self.events, self.gaps, self.ups = Log(), Log(), Log()
        self.link = Link(
            "127.0.0.1",
            port,
            "ClueCon",
            **{
                "events": ["RECORD_STOP"],
                "on_event": self.events,
                "on_gap": self.gaps,
                "on_up": self.ups,
                "backoff": SOON,
                "timeout_s": DEADLINE_S,
                **options,
            },  # type: ignore[arg-type]
        )

    def __enter__(self) -> Linked:
        self.link.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.link.stop()
        assert not self.link.is_up


def _log_in(peer: Peer, subscription: str = "event plain RECORD_STOP BACKGROUND_JOB") -> None:
    peer.send(AUTH_REQUEST)
    assert peer.command() == "auth ClueCon"
    peer.send(reply_frame("+OK accepted"))
    for line in subscription.split(" | "):
        assert peer.command() == line
        peer.send(OK)


def _silent(peer: Peer) -> None:
    peer.wait_closed()


def _answering(answer: Callable[[Peer, str], None]) -> Callable[[Peer], None]:
    """A FreeSWITCH that logs us in and answers each command."""

    def serve(peer: Peer) -> None:
        _log_in(peer)
        while line := peer.command():
            answer(peer, line)

    return serve


def test_up_and_events() -> None:
    """Logged in, subscribed with filters first, events delivered; the first time there is no gap."""

    def subscribed(peer: Peer) -> None:
        peer.send(AUTH_REQUEST)
        peer.command()
        peer.send(reply_frame("+OK accepted"))
        assert peer.commands(2) == [
            "filter variable_x y",
            "event plain RECORD_STOP BACKGROUND_JOB CUSTOM a::b",
        ]
        peer.send(OK * 2 + event_frame("RECORD_STOP", Unique_ID="u"))
        peer.command()

    with (
        Switch(subscribed) as switch,
        Linked(switch.port, events=["RECORD_STOP", "CUSTOM a::b"], filters=[("variable_x", "y")]) as linked,
    ):
        (event,) = linked.events.wait(1)
        assert isinstance(event, Event)
        assert event.uuid == "u"
        assert linked.link.is_up
        assert linked.link.wait_up(0)
        assert linked.ups.items == [None]
        assert linked.gaps.items == []


def test_down_before_it_is_up() -> None:
    """Commands fail at once."""
    with Switch(_silent) as switch, Linked(switch.port) as linked:
        assert not linked.link.is_up
        assert not linked.link.wait_up(0.01)
        with pytest.raises(LinkLost):
            linked.link.api("status")
        with pytest.raises(LinkLost):
            linked.link.bgapi("status")
        with pytest.raises(LinkLost):
            linked.link.post(command.noevents())


def test_reconnects_and_tells_the_gap() -> None:
    """After a loss it logs in and subscribes again, then says since when and until when."""
    times = iter(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n) for n in range(100))

    def serve(peer: Peer) -> None:
        _log_in(peer)
        peer.send(event_frame("RECORD_STOP"))
        if len(connections.items) < 2:
            connections()
            peer.close()
        peer.command()

    connections = Log()
    with Switch(serve) as switch, Linked(switch.port, now=lambda: next(times)) as linked:
        gaps = linked.gaps.wait(2)
        linked.ups.wait(3)
        linked.events.wait(3)

    for gap in gaps:
        assert isinstance(gap, tuple)
        start, end = gap
        assert timedelta(0) < end - start < timedelta(minutes=3)
    assert gaps[0][1] < gaps[1][0]  # type: ignore[index]


def test_gap_begins_when_the_link_was_last_heard_of() -> None:
    """A peer that vanished is noticed late; what came in between may be missing all the same."""
    started = datetime.now(UTC)

    def serve(peer: Peer) -> None:
        _log_in(peer)
        peer.command()
        silence()
        peer.wait_closed()

    silence = Log()
    with (
        capture_logs() as logs,
        Switch(serve) as switch,
        Linked(switch.port, keepalive_s=0.05, timeout_s=0.05) as linked,
    ):
        ((start, end),) = linked.gaps.wait(1)  # type: ignore[misc]

    assert started < start < end
    assert end - start >= timedelta(seconds=0.09)
    assert "link_silent" in [entry["event"] for entry in logs]


def test_gap_stays_on_record_until_it_is_dealt_with() -> None:
    """A reconciliation that fails is tried again, with the same times."""

    def serve(peer: Peer) -> None:
        _log_in(peer)
        if not connections.items:
            connections()
            peer.close()
        while peer.command():
            peer.send(api_frame("UP"))

    def reconcile(start: datetime, end: datetime) -> None:
        gaps((start, end))
        if len(gaps.items) < 3:
            raise ZeroDivisionError

    connections, gaps = Log(), Log()
    with (
        capture_logs() as logs,
        Switch(serve) as switch,
        Linked(switch.port, on_gap=reconcile, keepalive_s=0.01) as linked,
    ):
        first, second, third = gaps.wait(3)
        linked.link.api("status")
        linked.link.api("status")

    assert first == second == third
    assert len(gaps.items) == 3
    assert [entry["event"] for entry in logs].count("gap_not_handled") == 2


def test_quiet_link_is_asked_and_a_refusal_is_an_answer() -> None:
    """The link stays up as long as anything comes back."""
    asked = Log()

    def answer(peer: Peer, line: str) -> None:
        asked(line)
        peer.send(api_frame("-ERR status Command not found!\n"))

    with Switch(_answering(answer)) as switch, Linked(switch.port, keepalive_s=0.01) as linked:
        assert set(asked.wait(3)) == {"api status"}
        assert linked.ups.items == [None]


def test_api() -> None:
    """Its output, or its refusal."""

    def answer(peer: Peer, line: str) -> None:
        peer.send(api_frame("-ERR no such thing\n" if "bad" in line else "UP\n"))

    with Switch(_answering(answer)) as switch, Linked(switch.port) as linked:
        assert linked.link.wait_up(DEADLINE_S)
        assert linked.link.api("status") == "UP"
        with pytest.raises(CommandRefused):
            linked.link.api("bad")


def test_bgapi() -> None:
    """The output is that of its own job, other jobs' events are nobody's."""

    def answer(peer: Peer, line: str) -> None:
        asked, _, job = line.partition("\nJob-UUID: ")
        body = b"-ERR busy\n" if "bad" in asked else b"+OK done\n"
        peer.send(event_frame("BACKGROUND_JOB", b"other", Job_UUID="other"))
        # the job may be done before the reply says that it has begun
        peer.send(event_frame("BACKGROUND_JOB", body, Job_UUID=job) + reply_frame(f"+OK Job-UUID: {job}"))

    with Switch(_answering(answer)) as switch, Linked(switch.port) as linked:
        assert linked.link.wait_up(DEADLINE_S)
        assert linked.link.bgapi("originate", "x &park()") == "+OK done"
        with pytest.raises(CommandRefused) as caught:
            linked.link.bgapi("bad")
        assert (caught.value.command, caught.value.reply) == ("bgapi bad", "-ERR busy")
        assert linked.events.items == []
        assert linked.link._jobs == {}


def test_other_jobs_for_whoever_asked_for_them() -> None:
    """BACKGROUND_JOB may be subscribed to like any other event."""

    def answer(peer: Peer, line: str) -> None:
        job = line.partition("\nJob-UUID: ")[2]
        peer.send(reply_frame("+OK") + event_frame("BACKGROUND_JOB", b"theirs", Job_UUID="other"))
        peer.send(event_frame("BACKGROUND_JOB", b"ours", Job_UUID=job))

    def serve(peer: Peer) -> None:
        _log_in(peer, "event plain BACKGROUND_JOB BACKGROUND_JOB")
        while line := peer.command():
            answer(peer, line)

    with Switch(serve) as switch, Linked(switch.port, events=["BACKGROUND_JOB"]) as linked:
        assert linked.link.wait_up(DEADLINE_S)
        assert linked.link.bgapi("status") == "ours"
        (event,) = linked.events.wait(1)
        assert isinstance(event, Event)
        assert event.body == b"theirs"


@pytest.mark.parametrize("replies", [True, False])
def test_bgapi_that_does_not_end(replies: bool) -> None:
    """One deadline for the reply and the job together."""

    def answer(peer: Peer, _line: str) -> None:
        if replies:
            peer.send(reply_frame("+OK"))

    with Switch(_answering(answer)) as switch, Linked(switch.port) as linked:
        assert linked.link.wait_up(DEADLINE_S)
        with pytest.raises(ReplyTimeout) as caught:
            linked.link.bgapi("originate", timeout_s=0.05)
        assert (caught.value.command, caught.value.waited_s) == ("bgapi originate", 0.05)
        assert linked.link._jobs == {}


def test_loss_fails_whoever_waits() -> None:
    """A job whose connection is gone may still run; nobody can tell."""

    def answer(peer: Peer, _line: str) -> None:
        peer.send(reply_frame("+OK"))
        peer.close()

    with Switch(_answering(answer)) as switch, Linked(switch.port) as linked:
        assert linked.link.wait_up(DEADLINE_S)
        with pytest.raises(LinkLost):
            linked.link.bgapi("originate")


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        ((DATA / "password_refused.bin").read_bytes(), "freeswitch.password"),
        ((DATA / "rude_rejection.bin").read_bytes(), "access list"),
        (AUTH_REQUEST + reply_frame("+OK accepted") + reply_frame("-ERR no keywords supplied"), "events"),
    ],
)
def test_refusal_is_told_with_its_remedy_and_tried_again(data: bytes, remedy: str) -> None:
    """An operator can cure it, without a restart of ours; the password is not told."""
    tries = Log()

    def serve(peer: Peer) -> None:
        tries()
        if len(tries.items) < 3:
            peer.play(data)
            peer.wait_closed()
        else:
            _log_in(peer)
            peer.command()

    with capture_logs() as logs, Switch(serve) as switch, Linked(switch.port) as linked:
        assert linked.link.wait_up(DEADLINE_S)
        assert linked.gaps.items == []

    refused = [entry for entry in logs if entry["event"] == "link_refused"]
    assert len(refused) == 2
    assert all(entry["log_level"] == "error" and remedy in entry["remedy"] for entry in refused)
    assert "ClueCon" not in str(logs)


def test_failing_callback_costs_the_connection_only() -> None:
    """on_up that fails is logged; the link comes up again."""
    ups = Log()

    def fail_once() -> None:
        ups()
        if len(ups.items) == 1:
            raise ZeroDivisionError

    def serve(peer: Peer) -> None:
        _log_in(peer)
        peer.command()

    with capture_logs() as logs, Switch(serve) as switch, Linked(switch.port, on_up=fail_once) as linked:
        ups.wait(2)
        linked.gaps.wait(1)

    assert "link_broken" in [entry["event"] for entry in logs]


def test_unreachable_freeswitch_is_tried_for_ever() -> None:
    """And found when it is there at last."""
    with Switch(lambda _peer: None) as switch:
        port = switch.port

    def serve(peer: Peer) -> None:
        _log_in(peer)
        peer.command()

    with capture_logs() as logs, Linked(port) as linked:
        with gevent.Timeout(DEADLINE_S):
            while [entry["event"] for entry in logs].count("link_failed") < 3:
                gevent.sleep(0.002)
        with Switch(serve, port):
            assert linked.link.wait_up(DEADLINE_S)


def test_start_and_stop_again() -> None:
    """start() twice is start() once; after stop() the link may be started again, and tells the gap."""

    def serve(peer: Peer) -> None:
        _log_in(peer)
        peer.command()

    with Switch(serve) as switch:
        linked = Linked(switch.port)
        linked.link.stop()
        for _ in range(2):
            linked.link.start()
        assert linked.link.wait_up(DEADLINE_S)
        linked.link.stop()
        assert not linked.link.is_up
        with linked:
            linked.gaps.wait(1)
    assert len(linked.ups.items) == 2


def test_backoff_grows_to_its_limit_with_jitter() -> None:
    """Twice as long each time, never less than half nor more than the whole."""
    backoff = Backoff(first_s=1, longest_s=8, rng=random.Random(1))
    for attempt, full in enumerate([1, 2, 4, 8, 8]):
        delays = {backoff.delay_s(attempt) for _ in range(50)}
        assert full / 2 <= min(delays) < max(delays) <= full
        assert len(delays) == 50
    assert backoff.delay_s(10**6) <= 8
