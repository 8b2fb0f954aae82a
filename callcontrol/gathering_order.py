"""A gather as it travels: to every process that tells of the leg, and on the leg for those that start later.

The command puts it into the variable GATHER and fires an event of ours, which every process hears, in order
with the keys that are pressed. Each follows it from there (callcontrol.gathering_following).

    callcontrol::gather   the headers of the leg, as any event of it has them; variable GATHER
    callcontrol::gather   the same, and Gather-Stop: the gather is not wanted any more
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from callcontrol import variables
from callcontrol.channel import built, packed, unpacked
from callcontrol.gathering import Terms
from callcontrol.playing import Kind, Playable
from callcontrol.snapshot import LEG, Snapshot
from esl import command
from esl.command import Command

GATHER = "callcontrol_gather"
GATHERED = "callcontrol_gathered"
"""How far it has come: `<number of the try>.<digits>`."""

SUBCLASS = "callcontrol::gather"
STOP = "Gather-Stop"

_COPIED = re.compile(r"(Caller|Channel|Other-Leg|Call|Unique|Answer|variable_(sip_|direction|callcontrol))")
_BREAKS = re.compile(r"[\x00-\x1f\x7f]")
_SIZES = {"minimum", "maximum", "first_ms", "digit_ms", "total_ms", "tries"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sound of a gather. Attributes: media_url, media_name: see callcontrol.playing.Sound."""

    kind: Kind
    playable: Playable
    media_url: str = ""
    media_name: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A gather.

    Attributes: id: unique on the leg; gather_id: what webhooks call it, which clients may use again;
    client_state: as it was when it was ordered; prompt, wrong: what is played at the beginning of a try, and
    ahead of it after wrong input.
    """

    id: str
    gather_id: str
    terms: Terms
    client_state: str = ""
    prompt: Spoken | None = None
    wrong: Spoken | None = None

    def text(self) -> str:
        """Return it as GATHER has it."""
        sounds = [_written(self.prompt), _written(self.wrong)]
        return packed([self.id, self.gather_id, asdict(self.terms), self.client_state, *sounds])


def order_of(text: str) -> Order | None:
    """Return the gather that a text is, None for none."""
    said = unpacked(text) if text else None
    if not isinstance(said, list) or len(said) != 6:
        return None
    order_id, gather_id, terms, client_state, prompt, wrong = said
    if not all(isinstance(text, str) for text in (order_id, gather_id, client_state)) or not order_id:
        return None
    try:
        return Order(order_id, gather_id, _terms(terms), client_state, _read(prompt), _read(wrong))
    except (TypeError, ValueError, KeyError):
        return None


def telling(snapshot: Snapshot, account_id: str, *, order: Order | None = None, state: str = "") -> Command:
    """Return the event that has all processes begin a gather on a leg, or, without one, stop it.

    Args: snapshot: of the leg; state: the client's, for the webhook of one that is stopped.
    """
    headers = {
        name: _BREAKS.sub(" ", value)
        for name, value in snapshot.event.headers().items()
        if _COPIED.match(name) and value
    }
    headers[f"variable_{variables.ACCOUNT}"] = account_id
    headers.pop("Unique-ID", None)
    headers[LEG] = snapshot.uuid
    if order is not None:
        headers[f"variable_{GATHER}"] = order.text()
    else:
        headers[STOP] = state or "true"
    plain = {name: value for name, value in headers.items() if re.fullmatch(r"[A-Za-z0-9_.:-]+", name)}
    return built(lambda: command.sendevent(SUBCLASS, plain))


def _written(spoken: Spoken | None) -> list[str] | None:
    if spoken is None:
        return None
    playable = spoken.playable
    return [spoken.kind, playable.app, playable.argument, spoken.media_url, spoken.media_name]


def _read(written: Any) -> Spoken | None:
    if written is None:
        return None
    kind, app, argument, media_url, media_name = (str(text) for text in written)
    return Spoken(Kind(kind), Playable(app, argument), media_url, media_name)


def _terms(said: Mapping[str, Any]) -> Terms:
    values = {field.name: said[field.name] for field in fields(Terms)}
    for name, value in values.items():
        wanted = int if name in _SIZES else bool if name == "has_prompt" else str
        if not isinstance(value, wanted):
            raise TypeError(name)
    return Terms(**values)
