"""Sounds that a running FreeSWITCH fetches: names that say little, servers that say less; what it keeps."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from gevent.pywsgi import WSGIServer

from tests.callcontrol.heard import sound
from tests.live.beside import Beside
from tests.live.test_call_control_media import content, line_of
from tests.live.test_recording_told import STATE
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


class Sounds:
    """A server whose every file is a short WAV of no particular type. `asked`: the queries of GETs."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = WSGIServer(("127.0.0.1", 0), self._give, log=None, error_log=None)
        self._server.start()
        self.base = f"http://127.0.0.1:{self._server.server_port}/{uuid.uuid4().hex}"

    def _give(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = sound(0.6)
        headers = [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        if environ["REQUEST_METHOD"] != "GET":
            return []
        self.asked.append(environ["QUERY_STRING"])
        return [body]

    def close(self) -> None:
        """Take it down."""
        self._server.stop(timeout=1)


@pytest.fixture
def sounds() -> Iterator[Sounds]:
    """Such a server."""
    server = Sounds()
    yield server
    server.close()


@pytest.mark.parametrize("use_http_cache", [True, False])
def test_whatever_an_address_looks_like(
    beside: Callable[..., Beside], sounds: Sounds, *, use_http_cache: bool
) -> None:
    """By its name, else by audio_type; kept, or fetched again; mixed in."""
    with line_of(beside) as line:
        config = line.home.engine.config
        line.home.stage.write("system_config", "ecallmgr", {"default": {"use_http_cache": use_http_cache}})
        eventually(lambda: config.get("ecallmgr", "use_http_cache") == use_http_cache, what="the setting")
        play = line.actions.start_playback
        play(line.id, audio_url=f"{sounds.base}/a.wav?v=1.2")
        play(line.id, audio_url=f"{sounds.base}/b?key=x/y", audio_type="wav")
        play(line.id, audio_url=f"{sounds.base}/nothing-says-what-it-is")
        told = line.told(3, "call.playback.ended")
        assert [one["status"] for one in told] == ["completed", "completed", "file_not_found"]
        assert told[0]["media_url"] == f"{sounds.base}/a.wav?v=1.2"
        assert "v=1.2" in sounds.asked
        play(line.id, playback_content=content(20))
        line.hears("playback-")
        url = f"{sounds.base}/a.wav?v=1.2"
        play(line.id, audio_url=url, overlay=True, loop=2, cache_audio=False, client_state=STATE)
        over = line.told(4, "call.playback.ended")[-1]
        assert (over["status"], over["overlay"], over["client_state"]) == ("completed", True, STATE)


def test_what_is_kept_and_what_is_not(beside: Callable[..., Beside], sounds: Sounds) -> None:
    """Asked for once, unless the client wants it anew."""
    with line_of(beside) as line:
        play, url = line.actions.start_playback, f"{sounds.base}/a.wav"
        wanted = [(True, 1), (True, 1), (False, 2), (False, 3), (True, 3)]
        for number, (cache_audio, count) in enumerate(wanted, 1):
            play(line.id, audio_url=url, cache_audio=cache_audio)
            assert line.told(number, "call.playback.ended")[-1]["status"] == "completed"
            assert len(sounds.asked) == count
