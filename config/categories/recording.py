"""system_config/recording: what this project offers beyond Kazoo's recordings. Kazoo has no such category."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import flag, group, text, whole

_LANGUAGE = r"(?:[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?)?"


class Care(Schema):
    """What those who talk are told, and what must not be heard."""

    announcement = text(
        "",
        "Played as a recording of record_call begins: a prompt, a media id or a tone, as in `play`; empty: "
        "nothing. A node's own `announcement` goes before.",
    )
    beep_every_s = whole(
        0,
        "How often a beep tells those who talk that it is recorded; 0: never.",
        low=0,
        high=3600,
        unit="s",
    )
    mask_limit_s = whole(
        300,
        "How long a recording stays masked at the longest while a node marked sensitive runs; then it "
        "goes on by itself.",
        low=1,
        high=3600,
        unit="s",
    )


class Processing(Schema):
    """What is done with a recording that has ended."""

    trim_silence = flag("Cut silence off at both ends.", default=False)
    peaks = whole(
        100, "How many points of a waveform its document has, for each channel; 0: none.", low=0, high=2000
    )
    transcript_engine = text("", "What transcribes recordings: the name of an engine; empty: nothing does.")
    transcript_language = text(
        "",
        "The language to transcribe, such as en-US; empty: recordings are not transcribed.",
        like=_LANGUAGE,
    )
    transcript_limit_s = whole(
        1800,
        "How long transcribing one recording may take; as long again it waits for its turn.",
        low=1,
        high=86_400,
        unit="s",
    )


class Recording(Schema):
    """Keys of the recording document."""

    care = group(Care)
    processing = group(Processing)


CATEGORY = Category("recording", Recording, "Announcements, masking and processing of recordings.")
