"""Says whether a transcript that is asked for can be had here, before a recording is begun for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gevent

from recording.errors import NoEngine, NoLanguage
from recording.parameters import Configuration
from recording.processing import engine
from recording.request import Transcription


def settings_of(config: Configuration, name: str) -> Mapping[str, Any]:
    """Return what the operator says of an engine.

    Args: config: the system's, never an account's: the settings name files of this host and addresses that
    are asked from it.
    """
    if name not in engine.REMOTE:
        return engine.NO_SETTINGS
    settings: Mapping[str, Any] = config.get("recording", "processing", name)
    return settings


def offered(wanted: Transcription, config: Configuration) -> Transcription:
    """Return a wish by the engine's own names; the hub goes on while its library is read.

    Args: wanted: with an engine; config: the system's.
    Raises: NoEngine, NoLanguage: with what there is.
    """
    settings = settings_of(config, wanted.engine)
    found: Transcription | NoEngine | NoLanguage = gevent.get_hub().threadpool.apply(
        _chosen, (wanted, settings)
    )
    if isinstance(found, NoEngine | NoLanguage):
        raise found
    return found


def _chosen(wanted: Transcription, settings: Mapping[str, Any]) -> Transcription | NoEngine | NoLanguage:
    try:
        found = engine.find(wanted.engine, settings)
        return replace(wanted, language=engine.language_of(found, wanted.language))
    except (NoEngine, NoLanguage) as exc:
        return exc
