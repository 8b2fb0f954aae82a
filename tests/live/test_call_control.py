"""Call control on a running FreeSWITCH, driven by Telnyx' own client."""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from flask import Flask
from gevent.pywsgi import WSGIServer
from telnyx import Telnyx, UnprocessableEntityError

from callcontrol.call_control_id import CallControlId
from callcontrol.channel import channel_of
from callcontrol.errors import CallEnded
from callcontrol.idempotency import CommandIds
from callcontrol.token import Scope, new_token
from callcontrol.tokens import keep
from service.engine import Engine
from service.stage import ACCOUNT
from tests.live.beside import Beside
from tests.service.house import Step, sleep
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

Houses = Callable[..., Beside]
ANSWER: Step = ("answer", {})
SPEAKS = "&endless_playback(tone_stream://%(1000,0,300);loops=-1)"


@contextmanager
def client_of(engine: Engine) -> Iterator[Telnyx]:
    """Telnyx' client of an engine, with a key for everything."""
    text, kept = new_token(ACCOUNT, [Scope.ADMIN])
    keep(engine.store, kept)
    eventually(lambda: engine.call_control.tokens.find(text), what="the key")
    app = Flask("callflows", static_folder=None)
    for blueprint in engine.call_control.blueprints:
        app.register_blueprint(blueprint)
    server = WSGIServer(("127.0.0.1", 0), app, log=None, error_log=None)
    server.start()
    with Telnyx(api_key=text, base_url=f"http://127.0.0.1:{server.server_port}/v2", max_retries=0) as client:
        yield client
    server.stop(timeout=1)


def id_of(engine: Engine, uuid: str) -> str:
    """The call control id of a channel."""
    node = engine.settings.freeswitch.node_name
    return engine.call_control.facilities.ids.text(CallControlId(ACCOUNT, node, uuid))


def test_a_call_under_its_callflow_is_commanded(beside: Houses) -> None:
    """Its state is told, it is recorded twice over a pause, and hung up; a repeated command is run once."""
    home = beside()
    home.flow("1000", ANSWER, sleep(30))
    home.call("1000", SPEAKS)
    uuid = eventually(lambda: next(iter(home.handovers), ""), what="the call")
    call_control_id = id_of(home.engine, uuid)
    with client_of(home.engine) as client:
        eventually(lambda: client.calls.retrieve_status(call_control_id).data.is_alive)  # type: ignore[union-attr]
        facilities = home.engine.call_control.facilities
        channel = channel_of(facilities.switches, facilities.node, uuid)
        for text in ("it's \\ 'q'", 'say "hi"; b=c', " both ends ", "Jürgen €", "tab\tand $5"):
            channel.run(channel.assigning("told", text))
            assert channel.snapshot().variable("told") == text
        for _ in range(2):
            client.calls.actions.start_recording(
                call_control_id,
                format="wav",
                channels="dual",
                command_id="one",
                client_state="eA==",
                play_beep=True,
                custom_file_name="live",
            )
        home.wait_event("RECORD_START", Unique_ID=uuid)
        told = client.calls.retrieve_status(call_control_id).data
        assert told is not None
        assert told.client_state == "eA=="
        assert told.start_time is not None
        age = datetime.now(UTC) - datetime.fromisoformat(told.start_time)
        assert abs(age.total_seconds()) < 20
        client.calls.actions.pause_recording(call_control_id)
        client.calls.actions.resume_recording(call_control_id)
        client.calls.actions.stop_recording(call_control_id)
        home.wait_event("RECORD_STOP", Unique_ID=uuid)
        client.calls.actions.hangup(call_control_id, command_id="end")
        home.wait_event("CHANNEL_HANGUP_COMPLETE", Unique_ID=uuid)
        client.calls.actions.hangup(call_control_id, command_id="end")
        with pytest.raises(UnprocessableEntityError) as refused:
            client.calls.actions.answer(call_control_id)
        assert refused.value.response.json()["errors"][0]["code"] == "90018"
    assert len(home.events("RECORD_START", Unique_ID=uuid)) == 1
    home.delivered()
    (copy,) = home.copies()
    with wave.open(str(copy), "rb") as file:
        assert file.getnchannels() == 2


def test_every_way_to_say_that_a_leg_is_gone(beside: Houses) -> None:
    """FreeSWITCH has many; each of them is the end of the call, and no table entry stays behind."""
    home = beside()
    facilities = home.engine.call_control.facilities
    channel = channel_of(facilities.switches, facilities.node, "5f7a3c1e-0000-4000-8000-000000000000")
    asked: list[Callable[[], object]] = [
        lambda: channel.api("uuid_answer"),
        lambda: channel.api("uuid_kill"),
        lambda: channel.api("uuid_record", "start /tmp/x.wav"),
        lambda: channel.api("uuid_broadcast", "x"),
        lambda: channel.api("uuid_break", "all"),
        lambda: channel.api("uuid_send_dtmf", "1"),
        lambda: channel.api("uuid_transfer", "1000"),
        lambda: channel.api("uuid_bridge", "x"),
        lambda: channel.execute("answer"),
        lambda: channel.get("x"),
        lambda: channel.set({"x": "y"}),
        channel.snapshot,
        lambda: CommandIds().run(channel, "a", dict),
    ]
    for ask in asked:
        with pytest.raises(CallEnded):
            ask()
    claim = f"callcontrol_{hashlib.sha256(channel.uuid.encode()).hexdigest()[:32]}"
    eventually(lambda: claim not in home.link.api("hash_dump", "db"), what="the end of the claim")
