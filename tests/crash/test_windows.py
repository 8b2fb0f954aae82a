"""The moments of a recording's life at which a kill could lose it, one by one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recording.journal import Journal
from recording.manifest import Manifest
from recording.naming import JOURNAL_DIRECTORY, new_name
from recording.request import AudioFormat
from service.stage import ACCOUNT, Stage
from simulator.script import read_script
from simulator.switch import Switch
from simulator.wire import Command
from storage import outbox_owner
from storage.names import account_db
from tests.recording.house import House
from tests.recording.samples import WAV, ticket, write_wav
from tests.service.house import RECORD, Step, callflow, chain, lay_out, sleep
from tests.service.service_process import ServiceProcess, free_ports
from tests.waiting import eventually

ANSWER: Step = ("answer", {})
TALK = [{"at": 0, "say": 5}]
DEAD_PID = 2**22
LEFT = 12


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An engine's recorder beside a simulated switch."""
    made = House(tmp_path)
    yield made
    made.close()


def _dead() -> str:
    """Return the name of a process of this host that is no more."""
    place, _, start = outbox_owner.this_process().rsplit(":", 2)
    return f"{place}:{DEAD_PID}:{start}"


def _killed(house: House) -> None:
    """Kill the recorder where it stands: what it has not written yet is never written."""
    recorder = house.recorder
    recorder._journal._writer.kill()
    recorder._care._greenlets.kill()
    if recorder._housekeeper is not None:
        recorder._housekeeper.kill()


def test_killed_as_soon_as_its_command_is_out(tmp_path: Path) -> None:
    """SIGKILL when FreeSWITCH has the command and nothing more: the next engine knows of the recording.

    The dialplan goes on without the engine, so there is a recording; it ends before another engine starts.
    """
    stage = Stage(tmp_path)
    lay_out(stage)
    stage.write(account_db(ACCOUNT), "1000", callflow("1000", chain(ANSWER, sleep(0.3), RECORD, sleep(60))))
    (port,) = free_ports(1)
    dialplan = [["socket", f"127.0.0.1:{port} async full"], ["sleep", "700"]]
    switch = Switch(script=read_script({"steps": TALK, "extensions": {"1000": dialplan}})).start()
    event_socket = "{}:{}".format(*switch.event_socket)
    engine = ServiceProcess(stage, event_socket, port=port)
    engine.wait_log("listening")
    assert switch.core.originate is not None
    leg = switch.core.originate("1000/default", {"socket_resume": "true"}, "&park()")
    take_up = leg.queue

    def taken_up(command: Command) -> None:
        take_up(command)
        if command.get("execute-app-name") == "record_session":
            os.kill(engine.process.pid, signal.SIGKILL)

    leg.queue = taken_up  # type: ignore[method-assign]
    assert engine.process.wait(20) == -signal.SIGKILL
    assert leg.ended.wait(10)
    (recording,) = leg.made
    assert recording.size_bytes > 1000
    again = ServiceProcess(stage, event_socket, port=port, run=2)
    try:
        again.wait_log("recording_delivered")
    finally:
        again.close()
        switch.stop()
    (copy,) = (stage.documents / "account").glob("demo-*/*,*")
    assert len(copy.read_bytes()) == recording.size_bytes


@pytest.mark.parametrize("is_whole", [True, False])
def test_killed_while_its_manifest_was_written(house: House, *, is_whole: bool) -> None:
    """A manifest that was not yet put in place is used when it is whole, and never left lying about."""
    one = ticket()
    write_wav(one.name.media_path(house.recordings_dir, WAV.format), 1.0)
    journal = house.recordings_dir / JOURNAL_DIRECTORY
    house.recorder._journal.note(Manifest(one, started_at_us=one.requested_at_us + 20_000, owner=_dead()))
    house.recorder._journal.flush()
    (manifest,) = journal.glob("*.json")
    text = manifest.read_bytes()
    manifest.unlink()
    unfinished = journal / f"{one.name.recording_id}.partial"
    unfinished.write_bytes(text if is_whole else text[: len(text) // 2])
    os.utime(unfinished, (0, 0))  # whoever wrote it is long gone
    _killed(house)
    house.recorder = house.new_recorder()
    house.wait(lambda: not unfinished.exists())
    if is_whole:
        house.wait(lambda: house.is_known(one.name.recording_id))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("audio_format", [AudioFormat.WAV, AudioFormat.MP4])
def test_two_processes_that_start_together_finish_each_recording_once(
    tmp_path: Path, audio_format: AudioFormat
) -> None:
    """What a dead engine left is divided between them: nothing is made twice, and nothing is left."""
    stage = Stage(tmp_path)
    lay_out(stage)
    switch = Switch().start()
    journal = Journal(stage.recordings)
    for _ in range(LEFT):
        one = replace(
            ticket(replace(WAV, format=audio_format)),
            name=new_name(datetime.now(UTC)),
            account_id=ACCOUNT,
        )
        write_wav(one.name.media_path(stage.recordings, AudioFormat.WAV), 1.0)
        journal.note(Manifest(one, owner=_dead()))
    journal.flush()
    journal.close()
    engines = ServiceProcess(stage, "{}:{}".format(*switch.event_socket), processes=2)
    try:
        engines.wait_log("recording_delivered", LEFT, timeout_s=60)
        eventually(lambda: not list((stage.recordings / JOURNAL_DIRECTORY).glob("*")), what="no manifests")
    finally:
        engines.close()
        switch.stop()
    finished = [entry["recording_id"] for entry in engines.log("recording_finished")]
    assert len(finished) == len(set(finished)) == LEFT
