"""Has recordings transcribed, each in a process of its own, one at a time and for so long and no longer.

An engine may hold the interpreter for minutes, want a gigabyte or crash; none of that reaches the calls. What
goes wrong is told in the transcript, and harms nothing else.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
from gevent import subprocess
from gevent.lock import BoundedSemaphore

from recording.outcome import Transcript
from recording.processing.engine import NO_SETTINGS, REMOTE
from recording.request import Transcription

AT_ONCE = 1
"""Processes that transcribe at the same time: each takes a whole core."""

REMOTE_AT_ONCE = 8
"""The same of engines that wait for another computer; each takes some 60 MB."""

MAX_ERROR = 300
"""Characters of what a process that failed had to say."""

_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""What an engine's process is given; passwords in the environment are none of its business."""

_ROOT = Path(__file__).resolve().parents[2]

log = structlog.get_logger(__name__)


class Transcriber:
    """Runs engines. Args: at_once: processes; niceness: of each, None for the usual one."""

    def __init__(self, at_once: int = AT_ONCE, niceness: int | None = None) -> None:
        self._turn = BoundedSemaphore(at_once)
        self._remote_turn = BoundedSemaphore(max(at_once, REMOTE_AT_ONCE))
        self._niceness = niceness
        self._running: set[subprocess.Popen] = set()
        self._closed = False

    def transcribe(
        self,
        path: Path,
        wanted: Transcription,
        limit_s: float,
        hints: Sequence[str] = (),
        settings: Mapping[str, Any] = NO_SETTINGS,
    ) -> Transcript:
        """Return what was said in a file, or why that is not known. Never raises; only the greenlet waits.

        Args: limit_s: for the work; as long again is waited for one's turn; hints: what is likely to be said;
        settings: of the engine, see recording.processing.offer.
        """
        engine, language = wanted.engine, wanted.language
        if not engine:
            return Transcript("", language, failed="no transcript engine is configured")
        turn = self._remote_turn if engine in REMOTE else self._turn
        if not turn.acquire(timeout=limit_s):
            return Transcript(engine, language, failed="too many recordings wait to be transcribed")
        try:
            question = {
                "path": str(path),
                "wanted": asdict(wanted),
                "hints": list(hints),
                "settings": dict(settings),
            }
            answer = self._ask(question, limit_s)
        finally:
            turn.release()
        failed = str(answer.get("failed", ""))
        if failed:
            log.warning("transcript_failed", file=path.name, engine=engine, reason=failed)
        return Transcript(engine, language, text=str(answer.get("text", "")), failed=failed)

    def close(self) -> None:
        """End what runs; those who wait are told that it failed."""
        self._closed = True
        for process in list(self._running):
            process.kill()

    def _is_closed(self) -> bool:
        return self._closed

    def _ask(self, question: dict[str, Any], limit_s: float) -> dict[str, Any]:
        if self._is_closed():
            return {"failed": "the engine closes"}
        try:
            process = self._start()
        except OSError as exc:
            return {"failed": f"no process for it: {exc.strerror}"}
        self._running.add(process)
        try:
            if self._niceness is not None:
                question["niceness"] = self._niceness
            text = json.dumps({**question, "limit_s": limit_s + 1}).encode()
            out, errors = process.communicate(text, timeout=limit_s)
        except subprocess.TimeoutExpired:
            return {"failed": f"it took longer than {limit_s:g} s"}
        except OSError as exc:
            return {"failed": f"its process could not be talked to: {exc.strerror}"}
        finally:
            self._running.discard(process)
            _end(process)
        if self._is_closed():
            return {"failed": "the engine closes"}
        return _read(out, errors, int(process.poll() or 0))

    @staticmethod
    def _start() -> subprocess.Popen:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "recording.processing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, "PYTHONPATH": str(_ROOT)},
        )


def _end(process: subprocess.Popen) -> None:
    """See the process off, whatever state it is in."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _read(out: bytes, errors: bytes, status: int) -> dict[str, Any]:
    try:
        answer = json.loads(out)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return answer
    said = errors.decode("utf-8", "replace").strip().splitlines()
    last = said[-1][:MAX_ERROR] if said else "nothing"
    return {"failed": f"its process ended with status {status}, and said: {last}"}
