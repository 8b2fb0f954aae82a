"""system_config/speech: text to speech. Source: Kazoo kazoo_speech."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import text


class Speech(Schema):
    """Keys of the speech document."""

    tts_provider = text("flite", "Engine of tts actions that name none.", like=r"[a-z0-9_]{1,64}")
    tts_language = text(
        "en-us", "Language of tts whose call has none.", like=r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?"
    )
    tts_voice = text("male", "Voice of tts actions that name none.", like=r"[A-Za-z0-9_. -]{1,64}")


CATEGORY = Category("speech", Speech, "Text to speech.")
