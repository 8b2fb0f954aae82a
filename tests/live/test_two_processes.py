"""Two processes of the real service beside a running FreeSWITCH, commanded by Telnyx' own client."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest

from config.address import Address
from esl.link import Link
from tests.callcontrol.heard import sound
from tests.callcontrol.site import Site
from tests.service.service_process import ServiceProcess
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

STATE = base64.b64encode(b"of the other").decode()
SPEAKS = "&endless_playback(tone_stream://%(1000,0,300);loops=-1)"

Caller = Callable[[ServiceProcess], tuple[str, str]]


@pytest.fixture
def site(tmp_path: Path, freeswitch: tuple[Address, str]) -> Iterator[Site]:
    """A site beside that FreeSWITCH."""
    for directory in (tmp_path, *tmp_path.parents):
        if directory.owner() == tmp_path.owner() and directory.stat().st_mode & 0o777 == 0o700:
            directory.chmod(0o755)  # FreeSWITCH may run as another user
    opened = Site(tmp_path, freeswitch[0])
    opened.stage.recordings.chmod(0o777)
    yield opened
    opened.close()


@pytest.fixture
def link(freeswitch: tuple[Address, str]) -> Iterator[Link]:
    """A connection of a third party."""
    (host, port), password = freeswitch
    made = Link(
        host,
        port,
        password,
        events=(),
        on_event=lambda _: None,
        on_gap=lambda *_: None,
        on_up=lambda: None,
    )
    made.start()
    assert made.wait_up(10)
    yield made
    made.stop()


@pytest.fixture
def call(site: Site, link: Link) -> Caller:
    """Has somebody who speaks call a process; returns the leg, and its call control id as it is told."""

    def place(process: ServiceProcess) -> tuple[str, str]:
        host, port = process.address
        dialled = f"loopback/'socket:{host}:{port} async full'/default/inline"
        gevent.spawn(
            link.bgapi, "originate", f"{{callflows_number=1000,originate_timeout=15}}{dialled} {SPEAKS}"
        )
        told = site.hooks.wait("call.initiated")
        return told["call_leg_id"], told["call_control_id"]

    return place


def test_each_commands_what_the_other_holds(site: Site, link: Link, call: Caller) -> None:
    """Answer, state, sounds, digits, a recording by turns, hangup; each is told of exactly once."""
    holder, other = site.serve(), site.serve()
    ours, theirs = site.client_of(holder).calls.actions, site.client_of(other).calls.actions
    leg, call_control_id = call(holder)
    theirs.answer(call_control_id)
    site.hooks.wait("call.answered")
    theirs.update_client_state(call_control_id, client_state=STATE)
    for actions in (theirs, ours):
        actions.start_recording(call_control_id, format="wav", channels="dual", command_id="record")
    ours.pause_recording(call_control_id)
    theirs.resume_recording(call_control_id)
    content = base64.b64encode(sound(0.6)).decode()
    theirs.start_playback(call_control_id, playback_content=content)
    site.hooks.wait("call.playback.ended")
    theirs.gather(call_control_id, minimum_digits=2, maximum_digits=2, timeout_millis=15_000)
    link.api("uuid_recv_dtmf", f"{leg} 42")
    assert site.hooks.wait("call.gather.ended")["digits"] == "42"
    ours.stop_recording(call_control_id)
    saved = site.hooks.wait("call.recording.saved")
    assert (saved["client_state"], saved["channels"]) == (STATE, "dual")
    theirs.hangup(call_control_id, command_id="end")
    site.hooks.wait("call.hangup")
    once = ("answered", "playback.started", "playback.ended", "gather.ended", "recording.saved", "hangup")
    assert {name: site.hooks.counts[f"call.{name}"] for name in once} == dict.fromkeys(once, 1)


def test_a_command_id_outlives_the_process_that_ran_it(site: Site, link: Link, call: Caller) -> None:
    """Killed in mid-recording by kill -9; neither the other one nor its successor runs the command again."""
    holder, other = site.serve(), site.serve()
    ours, theirs = site.client_of(holder).calls.actions, site.client_of(other).calls.actions
    leg, call_control_id = call(holder)
    theirs.answer(call_control_id)

    def recordings() -> int:
        return link.api("uuid_buglist", leg).count("<function>session_record</function>")

    theirs.start_recording(call_control_id, format="wav", channels="single", command_id="once")
    eventually(lambda: recordings() == 1, what="the recording")
    os.kill(other.process.pid, signal.SIGKILL)
    other.wait()
    successor = site.client_of(site.serve()).calls.actions
    for actions in (ours, successor):
        actions.start_recording(call_control_id, format="wav", channels="single", command_id="once")
    assert recordings() == 1
    successor.hangup(call_control_id)
    site.hooks.wait("call.recording.saved")
    site.hooks.wait("call.hangup")
    assert site.hooks.counts["call.recording.saved"] == site.hooks.counts["call.hangup"] == 1
