"""Makes of record_start's parameters how a recording is to be transcribed, or says that it cannot be.

| `transcription_engine` | engine here |
|---|---|
| `A`, `Google` | google |
| `B`, `Telnyx`, or none | what recording.processing.transcript_engine names; google where that is empty |
| `deepgram/nova-3` | none |
| google, http, pocketsphinx | that one |

An engine that is not installed or not configured, and a language that it does not know, are told before
anything is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcontrol.errors import invalid
from recording.errors import NoEngine, NoLanguage
from recording.parameters import Configuration
from recording.processing import engine
from recording.processing.offer import offered
from recording.request import Transcription

GOOGLE = "google"
OWN = ""
"""The engine that the operator chose."""

ENGINES: Mapping[str, str] = {
    "A": GOOGLE,
    "Google": GOOGLE,
    "B": OWN,
    "Telnyx": OWN,
    "deepgram/nova-3": "deepgram",
    **{name: name for name in engine.names()},
}
"""As clients name them."""


def transcript_of(
    data: Mapping[str, Any], config: Configuration, system: Configuration
) -> Transcription | None:
    """Return how to transcribe, None where that is not asked for.

    Args: data: as RecordStartData loaded it; config: as the account sees it; system: for all accounts.
    Raises: Unprocessable: no such engine here, or not for this language; more speakers at least than at most.
    """
    if not data.get("transcription"):
        return None
    least, most = data["transcription_min_speaker_count"], data["transcription_max_speaker_count"]
    if least > most:
        raise invalid(
            "/transcription_min_speaker_count", "Must not be more than transcription_max_speaker_count."
        )
    chosen = ENGINES[data.get("transcription_engine", "B")]
    chosen = chosen or str(config.get("recording", "processing", "transcript_engine") or GOOGLE)
    wanted = Transcription(
        language=data["transcription_language"],
        engine=chosen,
        profanity_filter=data["transcription_profanity_filter"],
        diarization=data["transcription_speaker_diarization"],
        min_speakers=least,
        max_speakers=most,
    )
    try:
        return offered(wanted, system)
    except NoEngine as exc:
        raise invalid("/transcription_engine", _sentence(exc)) from exc
    except NoLanguage as exc:
        raise invalid("/transcription_language", _sentence(exc)) from exc


def _sentence(exc: Exception) -> str:
    told = str(exc)
    return f"{told[:1].upper()}{told[1:]}."
