"""What the far ends of a call do and what goes wrong: the model of a script, validated with its paths.

A script is JSON: a list of steps for the caller, or an object

    {"from": {"number": "15551234567", "name": "Ada"}, "to": "1000",
     "variables": {...}, "sip_headers": {"X-Tenant": "a"}, "media": "phone",
     "steps": [{"at": 0.5, "say": 2.0},
               {"after": {"event": "PLAYBACK_START", "nth": 2}, "press": "3"},
               {"at": 6, "hold": true}, {"at": 7, "unhold": true}, {"at": 8, "transfer": "1001"},
               {"at": 9, "hang_up": "NORMAL_CLEARING"}],
     "parties": {"user/2001@*": {"answer_after": 1.5, "steps": [...]}, "*": {"refuse": "USER_BUSY"}},
     "extensions": {"tone": [["answer", ""], ["playback", "tone_stream://..."]]}, "referrals": [202, 200],
     "faults": {...}}

Source: none but the house; the names of events, applications and causes are FreeSWITCH's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from simulator.errors import ScriptError
from simulator.faults import Faults, read_faults
from simulator.reading import Reader


class Media(StrEnum):
    """How the far end sends silence: a phone sends it as sound, a loopback channel sends nothing."""

    PHONE = "phone"
    LOOPBACK = "loopback"


class Act(StrEnum):
    """What a step can do; the value is its key in the document."""

    SAY = "say"
    SILENT = "silent"
    PRESS = "press"
    PLAY = "play"
    HANG_UP = "hang_up"
    HOLD = "hold"
    UNHOLD = "unhold"
    TRANSFER = "transfer"
    CONSULT = "consult"


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event of the leg's own channel a step waits for: the `nth` of that name or application."""

    event: str
    app: str = ""
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a far end does.

    Attributes: at_s: seconds since its leg began (the caller's: hand-off; a party's: its answer), added to
    the trigger's moment when there is one; value: seconds for say and silent, digits for press, a file for
    play, a cause for hang_up, an extension for transfer (blind) and consult (attended); every_s: between
    digits; source: DTMF-Source of digits.
    """

    act: Act
    value: str
    at_s: float = 0.0
    after: Trigger | None = None
    every_s: float = 0.1
    source: str = "RTP"

    @property
    def seconds(self) -> float:
        """`value` as a time, for say and silent."""
        return float(self.value)


@dataclass(frozen=True, slots=True)
class Party:
    """A party that can be called. refuse: a cause instead of an answer; answer_after_s None: rings on."""

    answer_after_s: float | None = 1.0
    ring_after_s: float = 0.1
    early_media: bool = False
    refuse: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """Everything scripted about one call."""

    from_number: str = "15551234567"
    from_name: str = "Ada"
    to: str = "1000"
    variables: Mapping[str, str] = field(default_factory=dict)
    sip_headers: Mapping[str, str] = field(default_factory=dict)
    media: Media = Media.PHONE
    rate_hz: int = 8000
    steps: tuple[Step, ...] = ()
    parties: Mapping[str, Party] = field(default_factory=dict)
    extensions: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    referrals: tuple[int, ...] = (202, 200)
    faults: Faults = field(default_factory=Faults)

    def party(self, dialled: str) -> Party | None:
        """The party behind a dial string; the first pattern that fits, None when nobody is there."""
        return next((party for pattern, party in self.parties.items() if fnmatchcase(dialled, pattern)), None)

    def extension(self, number: str) -> tuple[tuple[str, str], ...] | None:
        """The applications of an extension; None when the script names none."""
        return next(
            (actions for pattern, actions in self.extensions.items() if fnmatchcase(number, pattern)), None
        )

    def with_steps(self, *steps: Step) -> Script:
        """The same script with these steps for the caller."""
        return replace(self, steps=steps)


def load_script(path: Path) -> Script:
    """Read a script file.

    Raises: ScriptError: unreadable, no JSON, or invalid, with the path of every fault.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ScriptError([f"{path}: {exc}"]) from exc
    return read_script(document)


def read_script(document: Any) -> Script:
    """Validate a script document.

    Raises: ScriptError: names the path of every fault.
    """
    reader = Reader()
    if isinstance(document, list):
        script = Script(steps=_steps(reader, document, "steps"))
    else:
        script = _script(reader, document)
    reader.finish()
    return script


def _script(reader: Reader, document: Any) -> Script:
    whole = reader.table(
        document,
        "",
        {
            "from",
            "to",
            "variables",
            "sip_headers",
            "media",
            "rate_hz",
            "steps",
            "parties",
            "extensions",
            "referrals",
            "faults",
        },
    )
    default = Script()
    caller = reader.table(whole.get("from", {}), "from", {"number", "name"})
    rate_hz = reader.number(whole, "rate_hz", default.rate_hz, low=8000, high=48000)
    if rate_hz not in (8000, 16000, 32000, 48000):
        reader.fault("rate_hz", "must be 8000, 16000, 32000 or 48000")
    parties = reader.table(whole.get("parties", {}), "parties")
    extensions = reader.table(whole.get("extensions", {}), "extensions")
    return Script(
        from_number=reader.text(caller, "number", default.from_number, under="from"),
        from_name=reader.text(caller, "name", default.from_name, under="from"),
        to=reader.text(whole, "to", default.to),
        variables=reader.texts(whole.get("variables", {}), "variables"),
        sip_headers=reader.texts(whole.get("sip_headers", {}), "sip_headers"),
        media=Media(reader.choice(whole, "media", Media.PHONE, [str(media) for media in Media])),
        rate_hz=int(rate_hz),
        steps=_steps(reader, whole.get("steps", []), "steps"),
        parties={
            pattern: _party(reader, party, f"parties[{pattern!r}]") for pattern, party in parties.items()
        },
        extensions={
            name: _extension(reader, applications, f"extensions[{name!r}]")
            for name, applications in extensions.items()
        },
        referrals=tuple(
            _status(reader, each) for each in reader.items(whole.get("referrals", [202, 200]), "referrals")
        ),
        faults=read_faults(reader, whole.get("faults", {})),
    )


def _status(reader: Reader, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 699:
        return value
    reader.fault("referrals", "must be SIP statuses: the answer to REFER, then what became of the new call")
    return 603


def _party(reader: Reader, document: Any, path: str) -> Party:
    table = reader.table(
        document, path, {"answer_after", "ring_after", "early_media", "refuse", "steps", "never_answers"}
    )
    answer: float | None = reader.number(table, "answer_after", 1.0, under=path, high=3600)
    if reader.flag(table, "never_answers", under=path):
        answer = None
    return Party(
        answer_after_s=answer,
        ring_after_s=reader.number(table, "ring_after", 0.1, under=path, high=3600),
        early_media=reader.flag(table, "early_media", under=path),
        refuse=reader.cause(table, "refuse", "", under=path),
        steps=_steps(reader, table.get("steps", []), f"{path}.steps"),
    )


def _extension(reader: Reader, document: Any, path: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for number, entry in enumerate(reader.items(document, path)):
        if isinstance(entry, list) and len(entry) == 2 and all(isinstance(part, str) for part in entry):
            pairs.append((entry[0], entry[1]))
        else:
            reader.fault(f"{path}[{number}]", "must be [application, argument]")
    return tuple(pairs)


def _steps(reader: Reader, document: Any, path: str) -> tuple[Step, ...]:
    steps = []
    for number, entry in enumerate(reader.items(document, path)):
        step = _step(reader, entry, f"{path}[{number}]")
        if step is not None:
            steps.append(step)
    return tuple(steps)


def _step(reader: Reader, document: Any, path: str) -> Step | None:
    acts = [str(act) for act in Act]
    table = reader.table(document, path, {"at", "after", "every", "source", *acts})
    if "at" not in table and "after" not in table:
        reader.fault(path, "needs `at` (seconds) or `after` (an event)")
    chosen = [act for act in acts if act in table]
    if len(chosen) != 1:
        reader.fault(path, f"must do exactly one of {', '.join(acts)}")
        return None
    act = Act(chosen[0])
    if act in (Act.SAY, Act.SILENT):
        value = str(reader.number(table, act, 0.0, under=path, high=86_400))
    elif act is Act.HANG_UP:
        value = reader.cause(table, act, "NORMAL_CLEARING", under=path)
    elif act is Act.PRESS:
        value = reader.digits(table, act, under=path)
    elif act in (Act.HOLD, Act.UNHOLD):
        value = ""
        if not reader.flag(table, act, under=path):
            reader.fault(f"{path}.{act}", "must be true")
    else:
        value = reader.text(table, act, "", under=path)
    return Step(
        act,
        value,
        at_s=reader.number(table, "at", 0.0, under=path, high=86_400),
        after=_trigger(reader, table["after"], f"{path}.after") if "after" in table else None,
        every_s=reader.number(table, "every", 0.1, under=path, high=60),
        source=reader.choice(table, "source", "RTP", ["RTP", "APP", "INBAND_AUDIO", "ENDPOINT"], under=path),
    )


def _trigger(reader: Reader, document: Any, path: str) -> Trigger:
    table = reader.table(document, path, {"event", "app", "nth"})
    app = reader.text(table, "app", "", under=path)
    event = reader.text(table, "event", "CHANNEL_EXECUTE" if app else "", under=path)
    if not event:
        reader.fault(path, "needs `event` or `app`")
    return Trigger(event, app, int(reader.number(table, "nth", 1, under=path, low=1, high=100_000)))
