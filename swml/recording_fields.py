"""The properties that `record` and `record_call` share, each with the method's own default."""

from __future__ import annotations

from recording.request import AudioFormat
from swml.properties import Flag, Number, Text, WebUrl, flag, number, text, web_url
from swml.sensitivity import DEFAULT, LEAST, MOST

MAX_SECONDS = 7 * 24 * 3600
"""Of timeouts and limits; media.max_recording_time_limit is at most that."""

KEYS = r"^[0-9*#ABCDabcd]*$"


def stereo() -> Flag:
    """Two channels."""
    return flag("The party left, the rest right; counts only where both directions are recorded.")


def format_() -> Text:
    """The file's format."""
    return text("The file's format.", one_of=tuple(AudioFormat), default="wav")


def direction(*directions: str, default: str) -> Text:
    """Whose voice."""
    return text(
        "speak: what the party says; listen: what it hears; both.", one_of=directions, default=default
    )


def terminators(default: str) -> Text:
    """The keys that end it."""
    return text("The keys that end it.", pattern=KEYS, default=default)


def beep() -> Flag:
    """A tone before it."""
    return flag("Sound a tone before it.")


def input_sensitivity() -> Number:
    """How little is speech."""
    description = "How little is taken for speech; more is more sensitive."
    return number(description, default=DEFAULT, minimum=LEAST, maximum=MOST)


def initial_timeout(default: float) -> Number:
    """Silence at first."""
    description = "How long nobody may speak at first, in s; 0: for ever."
    return number(description, default=default, minimum=0, maximum=MAX_SECONDS)


def end_silence_timeout(default: float) -> Number:
    """Silence afterwards."""
    description = "How long nobody may speak once somebody did, in s; 0: for ever."
    return number(description, default=default, minimum=0, maximum=MAX_SECONDS)


def max_length() -> Number:
    """The longest it may be."""
    description = "How long it may be, in s; media.max_recording_time_limit."
    return number(description, minimum=0, maximum=MAX_SECONDS)


def status_url() -> WebUrl:
    """Where to tell."""
    return web_url("Where to tell what becomes of it.", default="")
