"""`python -m recording.processing`: transcribes one file and ends; what to do comes as JSON on its input.

Asked `{"path", "wanted", "settings", "hints", "limit_s"}`, it answers `{"text"}` or `{"failed"}` in one line.
It steps back behind everything else on the machine (as far as `niceness` says, if it is there), and ends
itself when its time is over, even if nobody is left to end it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from recording.errors import Unprocessable
from recording.processing import engine
from recording.processing.transcript import transcribe
from recording.request import Transcription

NICENESS = 15
"""Calls come first: 19 would be the last of all."""


def answer(question: dict[str, Any]) -> dict[str, str]:
    """Return the answer to a question."""
    try:
        wanted = Transcription(**question["wanted"])
        found = engine.find(wanted.engine, question.get("settings", {}))
        return {"text": transcribe(Path(question["path"]), found, wanted, question.get("hints", ()))}
    except (Unprocessable, OSError) as exc:
        return {"failed": str(exc)}


def main() -> None:
    """Answer one question. What libraries print goes where errors go."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    question = json.loads(sys.stdin.buffer.read())
    os.nice(question.get("niceness", NICENESS))
    signal.alarm(int(question["limit_s"]))
    with out:
        json.dump(answer(question), out)


if __name__ == "__main__":
    main()
