"""Two processes of the real service beside one FreeSWITCH: each commands what the other holds; all once.

Telnyx' own client commands, one client each process; webhooks come to a server of the client's.
"""

from __future__ import annotations

import base64
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telnyx import AuthenticationError, Telnyx

from callcontrol import tokens
from simulator.simcall import SimCall
from storage.open_store import open_store
from tests.callcontrol.heard import sound
from tests.callcontrol.site import CALL_S, Site
from tests.service.service_process import free_ports
from tests.waiting import eventually

STATE = base64.b64encode(b"of the other").decode()
COUNT = re.compile(r'callflows_api_request_seconds_count\{page="(\w+)",status="200"\} (\S+)')

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """One, closed at the end."""
    opened = Site(tmp_path)
    yield opened
    opened.close()


def wait_frames(call: SimCall, count: int = 1) -> None:
    """Wait until so many recordings have sound in them."""
    eventually(
        lambda: len(call.recordings) == count and call.recordings[-1]._capture.frames > 5,
        CALL_S,
        "the recording",
    )


def test_each_commands_what_the_other_holds(site: Site) -> None:
    """Answer, state, sounds, digits, a recording by turns, hangup; each is told of exactly once."""
    holder, other = site.serve(), site.serve()
    ours, theirs = site.client_of(holder).calls.actions, site.client_of(other).calls.actions
    call, call_control_id = site.call(holder)

    theirs.answer(call_control_id)
    site.hooks.wait("call.answered")
    theirs.update_client_state(call_control_id, client_state=STATE)

    theirs.start_recording(call_control_id, format="wav", channels="dual", command_id="record")
    ours.start_recording(call_control_id, format="wav", channels="dual", command_id="record")
    wait_frames(call)
    ours.pause_recording(call_control_id)
    theirs.resume_recording(call_control_id)

    content = base64.b64encode(sound(0.6)).decode()
    theirs.start_playback(call_control_id, playback_content=content)
    site.hooks.wait("call.playback.ended")
    theirs.gather(call_control_id, minimum_digits=2, maximum_digits=2, timeout_millis=10_000)
    eventually(lambda: call.session.channel.is_verbose, what="a leg whose digits are heard")
    call.press("42")
    assert site.hooks.wait("call.gather.ended")["digits"] == "42"
    theirs.send_dtmf(call_control_id, digits="1")

    ours.stop_recording(call_control_id)
    saved = site.hooks.wait("call.recording.saved")
    assert (saved["client_state"], saved["channels"]) == (STATE, "dual")
    theirs.hangup(call_control_id, command_id="end")
    site.hooks.wait("call.hangup")
    assert call.wait_ended(CALL_S)
    assert site.hooks.counts == {
        "call.initiated": 1,
        "call.answered": 1,
        "call.playback.started": 1,
        "call.playback.ended": 1,
        "call.dtmf.received": 2,
        "call.gather.ended": 1,
        "call.recording.saved": 1,
        "call.hangup": 1,
    }
    assert len(call.recordings) == 1
    for process in (holder, other):
        assert "Traceback" not in process.text


def test_a_command_id_outlives_the_process_that_ran_it(site: Site) -> None:
    """Killed in mid-recording by kill -9; neither the other one nor its successor runs the command again."""
    holder, other = site.serve(), site.serve()
    ours, theirs = site.client_of(holder).calls.actions, site.client_of(other).calls.actions
    call, call_control_id = site.call(holder)
    theirs.answer(call_control_id)

    def record(actions: Any) -> None:
        actions.start_recording(call_control_id, format="wav", channels="single", command_id="once")

    record(theirs)
    wait_frames(call)
    os.kill(other.process.pid, signal.SIGKILL)
    other.wait()
    record(ours)
    successor = site.client_of(site.serve()).calls.actions
    record(successor)
    assert len(call.recordings) == 1
    successor.hangup(call_control_id, command_id="end")
    site.hooks.wait("call.recording.saved")
    site.hooks.wait("call.hangup")
    successor.hangup(call_control_id, command_id="end")
    assert site.hooks.counts["call.recording.saved"] == site.hooks.counts["call.hangup"] == 1


def test_a_revoked_key_is_refused_by_all(site: Site) -> None:
    """Within seconds, whichever process revoked it; a new one is let in as soon."""
    first, second = site.serve(), site.serve()
    key, kept = site.new_key()
    ports = [process.wait_log("http_listening")[0]["port"] for process in (first, second)]
    clients = [site.client(port, key) for port in ports]

    def is_known(client: Telnyx) -> bool:
        try:
            client.connections.list_active_calls(site.connection_id)
        except AuthenticationError:
            return False
        return True

    eventually(lambda: all(map(is_known, clients)), 5.0, "a new key")
    store = open_store(site.stage.documents.as_uri(), cache=False)
    tokens.revoke(store, kept.id)
    store.close()
    eventually(lambda: not any(map(is_known, clients)), 5.0, "its end")
    assert is_known(site.client(ports[0]))


def test_processes_at_one_address_are_as_one(site: Site) -> None:
    """The system deals connections out to two processes; every command works, and both have worked."""
    port, http_port, *own = free_ports(4)
    service = site.serve(processes=2, port=port, http_port=http_port, own_port=own[0])
    service.wait_log("engine_started", 2)
    service.wait_log("calls_compared", 2)
    call, call_control_id = site.call(service)
    site.client(http_port).calls.actions.answer(call_control_id)
    site.hooks.wait("call.answered")

    def commands_of(each: int) -> float:
        told = service.get_at(each, "/metrics").text
        return sum(float(count) for page, count in COUNT.findall(told) if page == "client_state_update")

    def both_have_worked() -> bool:
        actions = site.client(http_port).calls.actions  # on a connection of its own, so with either
        actions.update_client_state(call_control_id, client_state=STATE)
        sent.append(call_control_id)
        return all(map(commands_of, own))

    sent: list[str] = []
    eventually(both_have_worked, CALL_S, "both processes")
    assert sum(map(commands_of, own)) == len(sent)
    actions = [site.client(http_port).calls.actions for _ in range(8)]
    for each in actions:
        each.start_recording(call_control_id, format="wav", channels="dual", command_id="one")
    wait_frames(call)
    actions[0].stop_recording(call_control_id)
    site.hooks.wait("call.recording.saved")
    actions[-1].hangup(call_control_id)
    site.hooks.wait("call.hangup")
    assert site.hooks.counts["call.recording.saved"] == site.hooks.counts["call.hangup"] == 1
    assert len(call.recordings) == 1
