"""A call that is told of, for tests of what is played and gathered: its sounds, its keys, its webhooks."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any

from telnyx import Telnyx

from simulator.simcall import SimCall
from storage.names import account_db
from storage.open_store import open_store
from tests.callcontrol.place import ApiProcess, Place
from tests.recording.samples import ACCOUNT_ID
from tests.waiting import eventually

STATE = base64.b64encode(b"first").decode()
OTHER = base64.b64encode(b"second").decode()
CONNECTION = {
    "_id": "crm",
    "pvt_type": "connection",
    "webhook_event_url": "https://crm.example/hooks",
}
TALE, NOTE, CLICK = "tale", "note", "click"
LENGTHS_S = {TALE: 20.0, NOTE: 0.6, CLICK: 0.1}
SOUND_TYPES = ("call.playback.started", "call.playback.ended", "call.speak.started", "call.speak.ended")


def sound(seconds: float) -> bytes:
    """A WAV file of so many seconds."""
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(b"\x10\x20" * int(8000 * seconds))
    return file.getvalue()


def write_media(place: Place) -> None:
    """Put a long, a short and a very short sound into the account, as media documents."""
    store = open_store(place.documents.as_uri(), cache=False)
    for name, seconds in LENGTHS_S.items():
        place.write({"_id": name, "pvt_type": "media", "name": f"the {name}"})
        content, database = sound(seconds), account_db(ACCOUNT_ID)
        store.put_attachment(database, name, f"{name}.wav", "audio/x-wav", io.BytesIO(content), len(content))
    store.close()


class Line:
    """An answered call of a connection, with a client for it.

    Args: process: whose client; is_told: whether the call belongs to the connection.
    """

    def __init__(self, place: Place, *, process: ApiProcess | None = None, is_told: bool = True) -> None:
        self.place = place
        place.write(CONNECTION)
        write_media(place)
        first = process or place.api
        self.client: Telnyx = first.client(place.key())
        self.actions = self.client.calls.actions
        self.call: SimCall = place.call([{"at": 0.0, "say": 60.0}])
        channel = self.call.session.channel
        channel.set("callcontrol_account_id", ACCOUNT_ID)
        if is_told:
            channel.set("callcontrol_connection_id", "crm")
        self.id = place.id_of(self.call)
        self.actions.answer(self.id)
        if is_told:
            eventually(lambda: channel.is_verbose, what="a leg whose digits are heard")

    def told(self, *types: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many webhooks of some types; return their payloads, with their type as `is`."""
        box = self.place.house.outbox.notices

        def found() -> list[dict[str, Any]]:
            rows = [row for row in box.list() if row.kind in types]
            bodies = [dict(box.show(row.id).body or {})["data"] for row in reversed(rows)]
            return (
                [{"is": one["event_type"], **one["payload"]} for one in bodies] if len(rows) >= count else []
            )

        return eventually(found, what=f"{count} of {', '.join(types)}")

    def sounds(self, count: int) -> list[tuple[str, str]]:
        """Wait for so many webhooks of sounds; return type and status of each, in order."""
        told = self.told(*SOUND_TYPES, count=count)
        return [(one["is"].removeprefix("call."), one.get("status", "")) for one in told]

    def gathered(self, count: int = 1) -> list[tuple[str, str]]:
        """Wait for the ends of so many gathers; return status and digits of each."""
        return [(one["status"], one["digits"]) for one in self.told("call.gather.ended", count=count)]

    def press(self, digits: str) -> None:
        """The caller presses keys, which are told of."""
        before = len(self._pressed())
        self.call.press(digits)
        eventually(lambda: len(self._pressed()) >= before + len(digits), what="the digits")

    def _pressed(self) -> list[str]:
        return [row.id for row in self.place.house.outbox.notices.list() if row.kind == "call.dtmf.received"]

    def is_hearing(self, word: str = "") -> bool:
        """Whether a sound of ours is being played. Args: word: part of its name."""
        channel = self.call.session.channel
        return bool(channel.scopes) and word in (channel.get("current_application_data") or "")

    def hears(self, word: str = "") -> None:
        """Wait until it is."""
        eventually(lambda: self.is_hearing(word), what=f"the sound {word}")

    def is_quiet(self) -> None:
        """Wait until none is."""
        eventually(lambda: not self.is_hearing(), what="silence")
