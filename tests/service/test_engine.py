"""A whole engine: starting, draining, stopping, and following its documents while calls are live."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gevent
import pytest

from config.errors import SettingsError
from recording.audit import Standing
from service.auditing import Auditor
from service.engine import Engine
from service.health import State, worst
from service.stage import Stage
from simulator.script import Act, Script, Step
from storage.outbox_delivery import DeliveryState
from storage.register_row import Wanted
from tests.service.house import HANGUP, RECORD, STORED, House, lay_out, sleep
from tests.waiting import eventually

Houses = Callable[..., House]
CALL_S = 15.0


def test_a_call_is_recorded_and_delivered(house: Houses) -> None:
    """From hand-off to the document store, byte for byte what FreeSWITCH wrote."""
    home = house()
    home.flow("1000", RECORD, ("answer", {}), sleep(0.5), HANGUP)
    script = Script().with_steps(Step(Act.SAY, "0.4", at_s=0.05))
    call = home.call("1000", script)
    assert call.wait_ended(CALL_S)
    (delivery,) = home.delivered()
    assert (delivery.kind, delivery.account_id) == ("local", "demo")
    database, name = delivery.document_id.split("-")
    folder = home.stage.documents / "account" / f"demo-{database}"
    (copy,) = folder.glob(f"{database}-{name},*")
    assert copy.stat().st_size == call.recordings[0].size_bytes
    document = json.loads((folder / f"{delivery.document_id}.json").read_text(encoding="utf-8"))
    assert document["pvt_type"] == "call_recording"
    assert document["call_id"] == call.uuid


def test_draining_lets_live_calls_end_and_takes_no_new_ones(house: Houses) -> None:
    """The live call runs to its end, its recording is delivered, and a new one is not answered by us."""
    home = house()
    home.flow("1000", RECORD, ("answer", {}), sleep(1.2), HANGUP)
    engine = home.engine
    address = engine.listener.address[:2]
    live = home.call("1000")
    eventually(lambda: live.recordings, what="the recording")
    draining = gevent.spawn(engine.drain, CALL_S)
    eventually(lambda: engine.health.report()["calls"].state is State.DOWN)
    late = home.switch.place_call("1000", engine=address)
    assert late.wait_ended(CALL_S)
    assert not late.was_taken
    assert not live.session.ended.is_set()
    assert draining.get(timeout=CALL_S) is True
    assert live.wait_ended(CALL_S)
    assert live.hangup_cause == "NORMAL_CLEARING"
    engine.stop()
    outbox = home.stage.engine().outbox
    (delivery,) = outbox.list()
    assert delivery.size_bytes == live.recordings[0].size_bytes
    outbox.close()


def test_draining_in_vain_says_so(house: Houses) -> None:
    """A call that goes on for longer is cut off by `stop`, not by `drain`."""
    home = house()
    home.flow("1000", ("answer", {}), sleep(60), HANGUP)
    call = home.call("1000")
    eventually(lambda: call.was_taken)
    assert home.engine.drain(0.2) is False
    assert not call.session.ended.is_set()


def test_an_edit_of_system_config_is_in_force_within_two_seconds(house: Houses) -> None:
    """The next call is recorded in the new format, without a restart."""
    home = house()
    home.flow("1000", ("record_call", {"action": "start"}), ("answer", {}), sleep(0.3), HANGUP)
    assert home.engine.config.get("media", "call_recording", "extension") == "mp3"
    edited = {"default": {"store_recordings": True, "call_recording": {"extension": "wav"}}}
    began = time.monotonic()
    home.stage.write("system_config", "media", edited)
    eventually(lambda: home.engine.config.get("media", "call_recording", "extension") == "wav", 5)
    assert time.monotonic() - began < 2.0
    call = home.call("1000")
    assert call.wait_ended(CALL_S)
    assert [one.path.suffix for one in call.recordings] == [".wav"]


def test_an_edit_of_a_callflow_is_in_force_within_two_seconds(house: Houses) -> None:
    """A new number is reached, which was unknown before."""
    home = house()
    assert home.call("2000").wait_ended(CALL_S)
    home.flow("2000", ("answer", {}), HANGUP)
    began = time.monotonic()

    def is_reached() -> bool:
        call = home.call("2000")
        assert call.wait_ended(CALL_S)
        return call.session.answered_s is not None

    eventually(is_reached, 5)
    assert time.monotonic() - began < 3.0


def test_a_broken_edit_leaves_what_was_in_force(house: Houses) -> None:
    """A value that cannot be used is told in /healthz, and the engine goes on with its default."""
    home = house()
    engine = home.engine
    home.stage.write("system_config", "media", {"default": {"store_recordings": True, "record_min_sec": "x"}})
    condition = eventually(
        lambda: (found := engine.health.report()["system_config"]).state is State.DEGRADED and found, 5
    )
    assert "record_min_sec" in condition.detail
    assert engine.config.get("media", "record_min_sec") == 0
    assert engine.config.get("media", "store_recordings") is True
    assert worst(engine.health.report()) is State.DEGRADED


def test_calls_go_on_while_the_documents_are_away(house: Houses) -> None:
    """What is cached is served and said to be; a number nobody has asked for is refused for now."""
    home = house()
    home.flow("1000", ("answer", {}), HANGUP)
    assert home.call("1000").wait_ended(CALL_S)
    away = home.stage.documents.rename(home.stage.directory / "away")
    eventually(lambda: home.engine.health.report()["documents"].state is State.DEGRADED, 5)
    call = home.call("1000")
    assert call.wait_ended(CALL_S)
    assert call.session.answered_s is not None
    away.rename(home.stage.documents)
    eventually(lambda: home.engine.health.report()["documents"].state is State.OK, 5)


def test_an_engine_starts_without_its_documents(house: Houses) -> None:
    """It takes calls as soon as they are there; until then it refuses them as temporarily unavailable."""
    home = house()
    home.flow("1000", ("answer", {}), HANGUP)
    away = home.stage.documents.rename(home.stage.directory / "away")
    refused = home.call("1000")
    assert refused.wait_ended(CALL_S)
    assert refused.hangup_cause == "NORMAL_TEMPORARY_FAILURE"
    away.rename(home.stage.documents)

    def is_reached() -> bool:
        call = home.call("1000")
        assert call.wait_ended(CALL_S)
        return call.session.answered_s is not None

    eventually(is_reached, 10)


def test_all_is_well_at_first(house: Houses) -> None:
    """Every part has its line."""
    engine = house().engine
    assert engine.link is not None
    assert engine.link.wait_up(5)
    report = engine.health.report()
    assert set(report) == {
        "calls",
        "documents",
        "system_config",
        "outbox",
        "notices",
        "recordings",
        "disk",
        "event_socket",
        "call_events",
    }
    watch = engine.call_control.watch
    assert watch is not None
    eventually(lambda: watch.condition().state is State.OK, 5)
    report = engine.health.report()
    assert worst(report) is State.OK, report


def test_the_cache_setting_reaches_the_cache(tmp_path: Path) -> None:
    """How old a document may get without the feed is the operator's to say."""
    settings = Stage(tmp_path).settings()
    chosen = replace(settings, documents=replace(settings.documents, cache_s=7.0))
    engine = Engine(chosen)
    try:
        assert engine.store.max_age_s == 7.0
    finally:
        engine.store.close()
        engine.outbox.close()


def test_the_linger_setting_reaches_freeswitch(house: Houses) -> None:
    """How long FreeSWITCH keeps a call's connection after its end is the operator's to say."""
    home = house(linger_s=7)
    home.flow("1000", ("answer", {}), HANGUP)
    call = home.call("1000")
    eventually(lambda: getattr(call.session.controller, "linger_s", None) is not None)
    assert call.session.controller.linger_s == 7


def test_a_folder_without_accounts_is_well(house: Houses) -> None:
    """A database nobody has made is no fault; it is named, and looked for."""
    home = house()
    shutil.rmtree(home.stage.documents / "accounts", ignore_errors=True)
    home.flow("1000", ("answer", {}), HANGUP)
    assert home.call("1000").wait_ended(CALL_S)
    eventually(lambda: "accounts" in home.engine.health.report()["documents"].detail)
    assert home.engine.health.report()["documents"].state is State.OK


def test_a_recording_that_cannot_be_delivered_shows_in_health(house: Houses) -> None:
    """A dead letter degrades the engine until somebody has looked at it."""
    home = house()
    url = "http://192.0.2.1:1/"  # no address that documents may reach is needed: it is refused beforehand
    home.flow(
        "1000", ("record_call", {"action": "start", "url": url.replace("192.0.2.1", "10.0.0.1")}), sleep(0.3)
    )
    assert home.call("1000").wait_ended(CALL_S)
    eventually(lambda: home.engine.outbox.list(state=DeliveryState.DEAD), what="the dead letter")
    condition = eventually(
        lambda: (found := home.engine.health.report()["outbox"]).state is State.DEGRADED and found, 5
    )
    assert "1 dead" in condition.detail


def test_a_taken_port_is_an_error_of_ours(tmp_path: Path) -> None:
    """Whoever starts it is told which address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        stage = Stage(tmp_path, port=taken.getsockname()[1])
        lay_out(stage, STORED)
        engine = stage.engine()
        with pytest.raises(SettingsError, match=str(taken.getsockname()[1])):
            engine.start()
        engine.stop()


def test_two_engines_of_a_host_finish_a_recording_once(house: Houses) -> None:
    """Both hear its end on their links; the one that started it delivers it, the other leaves it alone."""
    home = house()
    home.flow("1000", RECORD, ("answer", {}), sleep(0.4), HANGUP)
    first = home.engine
    second = Engine(home.stage.settings(), process=1)
    second.start()
    for engine in (first, second):
        assert engine.link is not None
        assert engine.link.wait_up(10)
    call = home.switch.place_call("1000", engine=second.listener.address[:2])
    assert call.wait_ended(CALL_S)
    (delivery,) = home.delivered()
    assert delivery.size_bytes == call.recordings[0].size_bytes
    assert second.drain(5)
    second.stop()
    assert first.recorder.live == 0
    assert first.metrics.registry.get_sample_value("callflows_recordings_started_total") == 0
    assert len(first.outbox.list()) == 1


def test_every_recording_is_in_the_register(house: Houses) -> None:
    """What was stored and what was discarded by its rule; the audit finds no gap, and says so in figures."""
    home = house()
    short = ("record_call", {"action": "start", "format": "wav", "record_min_sec": 5})
    home.flow("1000", RECORD, ("answer", {}), sleep(0.5), HANGUP)
    home.flow("2000", short, ("answer", {}), sleep(0.3), HANGUP)
    for number in ("1000", "2000"):
        assert home.call(number).wait_ended(CALL_S)
    home.delivered()
    auditor = Auditor(home.engine.outbox, home.stage.recordings)
    counted = eventually(lambda: _settled(auditor), what="both in the register")
    assert (counted[Standing.STORED], counted[Standing.DISCARDED]) == (1, 1)
    findings = auditor.run(Wanted())
    assert (findings.audit.completeness, findings.is_clean) == (1.0, True)
    entries = list(home.engine.outbox.register.entries(Wanted()))
    assert {entry.row.rule for entry in entries} == {"local", "discarded"}
    assert all(entry.row.expected.account_id == "demo" for entry in entries)


def _settled(auditor: Auditor) -> Counter[Standing] | None:
    """Return the counts of an audit once nothing is live any more."""
    counts = auditor.run(Wanted()).audit.counts
    return counts if sum(counts.values()) == 2 and not counts[Standing.LIVE] else None


def test_health_tells_of_disks_and_recordings(house: Houses) -> None:
    """Each is a part of its own."""
    engine = house().engine
    report = eventually(lambda: engine.health.report() if engine.disks.states()["outbox"].room else None)
    assert report["recordings"].state is State.OK
    assert "% free" in report["disk"].detail
