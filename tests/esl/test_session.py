"""esl/session.py: a channel handed over; commands together, ends told apart by Event-UUID."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from esl import command
from esl.errors import BadCommand, CommandRefused, LinkLost, ReplyTimeout
from esl.event import Event
from esl.session import Completion, Session
from tests.esl.freeswitch_text import command_headers
from tests.esl.peer import CHANNEL_DATA, DEADLINE_S, OK, UUID, Log, Peer, api_frame, event_frame, reply_frame


class Call:
    """A session that has been handed over, and the FreeSWITCH at its other end."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.peer = Peer(theirs)
        self.session = Session(ours)
        self.session.adopt(Event(CHANNEL_DATA))
        self.events = Log()
        self.session.on_event = self.events

    def uuids(self, count: int) -> list[str]:
        """The Event-UUIDs of the next commands that FreeSWITCH gets."""
        return [command_headers(f"{line}\n\n".encode())["Event-UUID"] for line in self.peer.commands(count)]

    def complete(self, uuid: str, response: str = "_none_") -> None:
        """An application ends."""
        self.peer.send(
            event_frame("CHANNEL_EXECUTE_COMPLETE", Application_UUID=uuid, Application_Response=response)
        )


@pytest.fixture
def call() -> Iterator[Call]:
    """A session and its peer."""
    made = Call()
    yield made
    made.session.close()
    made.peer.close()


def test_begin_sends_filter_events_and_linger_at_once(call: Call) -> None:
    """The filter goes first, so that no other call's event ever arrives; nothing is waited for."""
    replies = call.session.begin(["DTMF", "CHANNEL_EXECUTE_COMPLETE"], 10)

    assert call.peer.sock.recv(65536).decode() == (
        f"filter Unique-ID {UUID}\n\nevent plain DTMF CHANNEL_EXECUTE_COMPLETE\n\nlinger 10\n\n"
    )
    call.peer.send(OK * 3)
    assert [reply.get(DEADLINE_S).text for reply in replies] == ["+OK"] * 3


def test_channel_data() -> None:
    """What the hand-over brought."""
    call = Call()

    assert call.session.uuid == UUID
    assert call.session.channel.get("Caller-Caller-ID-Name") == "Ada L"
    call.session.close()


def test_completions_are_told_apart_by_uuid(call: Call) -> None:
    """Two of the same application, ending in the other order."""
    first = call.session.execute("playback", "a.wav")
    second = call.session.execute("playback", "b.wav", lock=True)
    uuids = call.uuids(2)
    assert uuids == [first.uuid, second.uuid]

    call.peer.send(OK * 2)
    call.complete("somebody-else")
    call.complete(second.uuid, "FILE NOT FOUND")
    call.complete(first.uuid, "FILE PLAYED")

    assert first.get(DEADLINE_S).get("Application-Response") == "FILE PLAYED"
    assert second.get(DEADLINE_S).get("Application-Response") == "FILE NOT FOUND"
    assert len(call.events.items) == 3
    assert call.session._completions == {}


def test_execute_many_is_one_write(call: Call) -> None:
    """What does not depend on an answer leaves together."""
    completions = call.session.execute_many(
        [("set", "a=1", False), ("answer", "", False), ("playback", "x", True)]
    )
    data = call.peer.sock.recv(65536).decode()
    sent = [command_headers(f"{part}\n\n".encode()) for part in data.split("\n\n")[:-1]]

    assert [headers["execute-app-name"] for headers in sent] == ["set", "answer", "playback"]
    assert [headers["Event-UUID"] for headers in sent] == [completion.uuid for completion in completions]
    assert [headers.get("event-lock") for headers in sent] == [None, None, "true"]


def test_execute_many_sends_all_or_nothing(call: Call) -> None:
    """A step that cannot be written holds the others back."""
    with pytest.raises(BadCommand):
        call.session.execute_many([("answer", "", False), ("set", "a=\n", False)])
    call.session.post(command.noevents())

    assert call.peer.command() == "noevents"
    assert call.session._completions == {}


def test_refused_execute(call: Call) -> None:
    """The refusal of the command is the failure of its completion."""
    completion = call.session.execute("answer")
    call.peer.send(reply_frame("-ERR invalid session id [x]"))

    with pytest.raises(CommandRefused) as caught:
        completion.get(DEADLINE_S)
    assert caught.value.command == "execute answer"
    assert call.session._completions == {}


def test_completion_that_does_not_come(call: Call) -> None:
    """It is not looked out for any longer; should it come, it is an event like others."""
    completion = call.session.execute("sleep", "90000")
    call.peer.send(OK)

    with pytest.raises(ReplyTimeout) as caught:
        completion.get(0.01)

    assert (caught.value.command, caught.value.waited_s) == ("execute sleep", 0.01)
    assert call.session._completions == {}
    call.complete(completion.uuid)
    call.events.wait(1)
    assert not completion.is_done


def test_completions_after_the_linger_notice(call: Call) -> None:
    """The channel has ended, its last applications still do; then the connection's end fails the rest."""
    first, second = call.session.execute("playback", "a"), call.session.execute("playback", "b", lock=True)
    call.peer.send(OK * 2 + b"Content-Type: text/disconnect-notice\nContent-Disposition: linger\n\n")
    call.complete(first.uuid, "PLAYBACK ERROR")
    assert first.get(DEADLINE_S).get("Application-Response") == "PLAYBACK ERROR"
    assert call.session.lingering
    assert not call.session.closed

    call.uuids(2)
    call.peer.close()

    with pytest.raises(LinkLost):
        second.get(DEADLINE_S)
    assert call.session.closed
    assert call.session.close_reason == "the peer closed"
    assert call.session._completions == {}


def test_on_done_is_called_once_after_on_event(call: Call) -> None:
    """With the event, with a refusal, and at the connection's end."""
    order: list[str] = []
    done = Log()
    call.session.on_event = lambda event: order.append(event.name)

    def note(completion: Completion) -> None:
        order.append("done")
        done(completion)

    completions = [call.session.execute("playback", name) for name in "abc"]
    for completion in completions:
        completion.on_done = note
    call.peer.send(OK + reply_frame("-ERR no") + OK)
    call.complete(completions[0].uuid)
    done.wait(2)
    assert order == ["done", "CHANNEL_EXECUTE_COMPLETE", "done"]
    call.peer.close()
    done.wait(3)

    assert done.items == [completions[1], completions[0], completions[2]]
    assert completions[0].get(0).name == "CHANNEL_EXECUTE_COMPLETE"
    with pytest.raises(LinkLost):
        completions[2].get(0)


def test_end_of_the_connection(call: Call) -> None:
    """on_close comes once, whoever waits for the end is woken, and nothing can be sent."""
    closes = Log()
    call.session.on_close = closes
    assert not call.session.wait_closed(0.01)
    call.peer.close()

    assert call.session.wait_closed(DEADLINE_S)
    assert call.session.wait_closed(0)
    for send in (
        lambda: call.session.execute("answer"),
        lambda: call.session.begin(["DTMF"], 1),
        lambda: call.session.api("status"),
        lambda: call.session.execute_many([("answer", "", False)]),
    ):
        with pytest.raises(LinkLost):
            send()
    call.session.close()
    assert closes.items == [None]


def test_api(call: Call) -> None:
    """The output of an API command, or its refusal."""
    call.peer.send(b"")
    with pytest.raises(ReplyTimeout):
        call.session.api("status", timeout_s=0.01)
    call.peer.send(api_frame("UP"))
    assert call.peer.command() == "api status"
    reply = call.session.post(command.api("version"))[0]
    call.peer.send(api_frame("1.10\n"))

    assert reply.get(DEADLINE_S).text == "1.10"


def test_events_before_anybody_listens_do_no_harm(call: Call) -> None:
    """They go nowhere."""
    call.session.on_event = None
    completion = call.session.execute("answer")
    call.peer.send(OK)
    call.complete(completion.uuid)

    assert completion.get(DEADLINE_S).name == "CHANNEL_EXECUTE_COMPLETE"
