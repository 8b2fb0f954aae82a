"""system_config/recording: what this project offers beyond Kazoo's recordings. Kazoo has no such category."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import flag, group, text, texts, whole

_WEB = r"https?://[A-Za-z0-9._:\[\]-]+(?:/[!-~]*)?"
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


class GoogleSpeech(Schema):
    """Google's Cloud Speech-to-Text, the transcript engine `google`."""

    credentials_file = text(
        "",
        "File with a service account's key, as Google gives it, on every engine host; empty: the engine "
        "google cannot be used.",
    )
    bucket = text(
        "",
        "A Cloud Storage bucket through which recordings of more than a minute go, to be deleted at once; "
        "empty: they are transcribed in pieces.",
        like=r"(?:[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])?",
    )
    model = text("", "One of Google's models, such as phone_call; empty: its default.", like=r"[a-z0-9_]*")
    endpoint = text(
        "https://speech.googleapis.com",
        "Where it is asked; such as https://eu-speech.googleapis.com, which keeps speech in Europe.",
        like=_WEB,
    )
    storage_endpoint = text("https://storage.googleapis.com", "Where the bucket is.", like=_WEB)


class HttpSpeech(Schema):
    """Any server with OpenAI's audio transcriptions, the transcript engine `http`."""

    url = text(
        "",
        "The whole URL, such as http://127.0.0.1:8000/v1/audio/transcriptions; empty: the engine http cannot "
        "be used.",
        like=f"(?:{_WEB})?",
    )
    model = text("whisper-1", "The model to ask for, as the server names it.")
    api_key = text("", "Sent as bearer token; empty: none.", secret=True)
    languages = texts((), "Languages it knows, such as en; empty: those of Whisper.")


class Processing(Schema):
    """What is done with a recording that has ended."""

    trim_silence = flag("Cut silence off at both ends.", default=False)
    peaks = whole(
        100, "How many points of a waveform its document has, for each channel; 0: none.", low=0, high=2000
    )
    transcript_engine = text(
        "", "What transcribes recordings: pocketsphinx, google or http; empty: nothing does."
    )
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
    google = group(GoogleSpeech)
    http = group(HttpSpeech)


class Recording(Schema):
    """Keys of the recording document."""

    care = group(Care)
    processing = group(Processing)


CATEGORY = Category("recording", Recording, "Announcements, masking and processing of recordings.")
