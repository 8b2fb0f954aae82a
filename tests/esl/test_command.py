"""esl/command.py: what goes onto the wire, and what no value can make of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl import command
from esl.command import Command
from esl.errors import BadCommand
from tests.esl import freeswitch_text as freeswitch
from tests.esl import trace
from tests.esl.test_quoting import HOSTILE


@pytest.mark.parametrize(
    ("built", "wire", "summary"),
    [
        (command.connect(), "connect", "connect"),
        (command.auth("ClueCon"), "auth ClueCon", "auth"),
        (command.exit_(), "exit", "exit"),
        (command.linger(3), "linger 3", "linger"),
        (command.noevents(), "noevents", "noevents"),
        (command.events(["DTMF", "RECORD_STOP"]), "event plain DTMF RECORD_STOP", "event"),
        (command.events(["DTMF"], "json"), "event json DTMF", "event"),
        (
            command.events(["CUSTOM sofia::register", "DTMF", "CUSTOM conference::maintenance x"]),
            "event plain DTMF CUSTOM sofia::register conference::maintenance x",
            "event",
        ),
        (command.events(["CUSTOM"]), "event plain CUSTOM", "event"),
        (command.nixevent(["DTMF"]), "nixevent DTMF", "nixevent"),
        (command.filter_present("variable_a"), "filter variable_a /./", "filter"),
        (command.filter_header("Unique-ID", "a-b c"), "filter Unique-ID a-b c", "filter"),
        (command.delete_filter("Unique-ID", "a-b"), "filter delete Unique-ID a-b", "filter delete"),
        (
            command.execute("answer", event_uuid="u-1"),
            "sendmsg\ncall-command: execute\nexecute-app-name: answer\nEvent-UUID: u-1",
            "execute answer",
        ),
        (
            command.execute("playback", "a.wav", event_uuid="u", lock=True, loops=-1),
            (
                "sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: a.wav\n"
                "Event-UUID: u\nevent-lock: true\nloops: -1"
            ),
            "execute playback",
        ),
        (
            command.execute("log", "INFO ${caller_id_name}", event_uuid="u", expand=True),
            (
                "sendmsg\ncall-command: execute\nexecute-app-name: log\n"
                "execute-app-arg: INFO ${caller_id_name}\nEvent-UUID: u"
            ),
            "execute log",
        ),
        (
            command.hangup("USER_BUSY"),
            "sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY",
            "hangup",
        ),
        (
            command.execute("answer", event_uuid="u-1", uuid="c-1"),
            "sendmsg c-1\ncall-command: execute\nexecute-app-name: answer\nEvent-UUID: u-1",
            "execute answer",
        ),
        (command.api("status"), "api status", "api status"),
        (command.api("uuid_kill", "a b"), "api uuid_kill a b", "api uuid_kill"),
        (command.bgapi("status"), "bgapi status", "bgapi status"),
        (command.bgapi("originate", "x y", "j-1"), "bgapi originate x y\nJob-UUID: j-1", "bgapi originate"),
    ],
)
def test_wire(built: Command, wire: str, summary: str) -> None:
    """Each command as FreeSWITCH reads it."""
    assert built == Command(f"{wire}\n\n".encode(), summary)


def test_executes_are_those_of_the_traces() -> None:
    """A builder gives the very bytes that a real FreeSWITCH has obeyed."""
    sent = trace.stream("record_stop", "out")
    for message in sent.decode().split("\n\n"):
        if message.startswith("sendmsg"):
            headers = freeswitch.command_headers(f"{message}\n\n".encode())
            built = command.execute(
                headers["execute-app-name"],
                headers.get("execute-app-arg", ""),
                event_uuid=headers["Event-UUID"],
            )
            assert built.wire in sent


_BREAKS = ["a\nb", "a\rb", "a\0b", "\n", "a\n\napi reload"]


@pytest.mark.parametrize("value", _BREAKS)
@pytest.mark.parametrize(
    "build",
    [
        command.auth,
        lambda value: command.execute(value, event_uuid="u"),
        lambda value: command.execute("a", value, event_uuid="u"),
        lambda value: command.execute("a", value, event_uuid="u", expand=True),
        lambda value: command.execute("a", event_uuid=value),
        lambda value: command.execute("a", event_uuid="u", uuid=value),
        command.hangup,
        command.api,
        lambda value: command.api("a", value),
        command.bgapi,
        lambda value: command.bgapi("a", value),
        lambda value: command.bgapi("a", "b", value),
        lambda value: command.events([value]),
        lambda value: command.nixevent([value]),
        lambda value: command.filter_header("A", value),
        lambda value: command.delete_filter("A", value),
        lambda value: command.filter_header(value, "a"),
    ],
)
def test_no_value_breaks_out(build: Callable[[str], Command], value: str) -> None:
    """A line break or NUL is refused, wherever it comes from."""
    with pytest.raises(BadCommand):
        build(value)


@pytest.mark.parametrize(
    "build",
    [
        lambda: command.auth(""),
        lambda: command.auth("pass word"),
        lambda: command.linger(0),
        lambda: command.events([]),
        lambda: command.events(["DTMF sub"]),
        lambda: command.events(["DTMF"], "xml"),
        lambda: command.events([""]),
        lambda: command.filter_header("Unique-ID", ""),
        lambda: command.filter_header("Unique-ID", "/.*/"),
        lambda: command.filter_header("Unique-ID", "-x"),
        lambda: command.filter_header("delete", "all"),
        lambda: command.filter_present("delete"),
        lambda: command.filter_header("Add", "x y"),
        lambda: command.execute("a b", event_uuid="u"),
        lambda: command.execute("a", "%[x=1]b", event_uuid="u"),
        lambda: command.execute("a", "%;[x=1]b", event_uuid="u"),
        lambda: command.execute("a", "\ud800", event_uuid="u"),
        lambda: command.execute("a", "x" * command.MAX_COMMAND_BYTES, event_uuid="u"),
        lambda: command.bgapi("a", "", "x" * 37),
        lambda: command.api("a b"),
        lambda: command.execute("speak", "now Reload MOD_EVENT_socket please", event_uuid="u"),
        lambda: command.filter_header("X", "unload mod_event_socket"),
    ],
)
def test_what_is_refused(build: Callable[[], Command]) -> None:
    """Values that mean something else to FreeSWITCH than to us."""
    with pytest.raises(BadCommand):
        build()


def test_the_password_is_not_told() -> None:
    """Neither in the summary nor in the refusal."""
    assert "ClueCon" not in command.auth("ClueCon").summary
    with pytest.raises(BadCommand) as caught:
        command.auth("Clue Con")
    assert "Clue" not in str(caught.value)


@given(st.text() | st.sampled_from(HOSTILE))
def test_arguments_arrive_as_given(arg: str) -> None:
    """Through the socket and the expansion, into the application; or they are refused before."""
    try:
        wire = command.execute("app", arg, event_uuid="u").wire
    except BadCommand:
        assert set(arg) & set("\r\n\0") or arg[0] == "%"
        return
    headers = freeswitch.command_headers(wire)

    assert freeswitch.expand(headers.get("execute-app-arg", "")) == arg
    assert list(headers) == [
        "Command",
        "call-command",
        "execute-app-name",
        *(["execute-app-arg"] if arg else []),
        "Event-UUID",
    ]
    assert wire.count(b"\n\n") == 1


@given(st.text())
def test_any_text_is_one_command_or_none(text: str) -> None:
    """Nothing but BadCommand escapes, and one command stays one."""
    for build in (
        lambda: command.api("x", text),
        lambda: command.bgapi("x", text, "j"),
        lambda: command.filter_header("X", text),
        lambda: command.execute("x", text, event_uuid="u", expand=True),
    ):
        try:
            wire = build().wire
        except BadCommand:
            continue
        assert wire.endswith(b"\n\n")
        assert wire.count(b"\n\n") == 1
        assert b"\r" not in wire
        assert b"\0" not in wire
