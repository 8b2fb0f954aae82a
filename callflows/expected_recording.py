"""What `explain-recording` answers: the recordings to be expected of a call, and what else decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from callflows.parameter_source import Parameter


class Answer(StrEnum):
    """Whether a call would be recorded."""

    YES = "yes"  # by something that comes to pass unless somebody hangs up
    PERHAPS = "perhaps"  # only behind a branch
    NO = "no"


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a recording would go.

    Attributes: rule, reason: of recording.storage_decision; places: in words, without secrets; missing: what
    keeps it from arriving there as asked, in sentences.
    """

    rule: str
    reason: str
    places: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """One recording.

    Attributes: by: `policy` or `node`; rule: the setting's name, or the action; document: where that stands;
    path: in the document; is_certain: see Answer.YES; way: the branches that lead to it; begins: when;
    parameters: as resolved, each with its source; storage: see there.
    """

    by: str
    rule: str
    document: str
    path: str
    is_certain: bool
    way: tuple[str, ...]
    begins: str
    parameters: tuple[Parameter, ...]
    storage: Storage


@dataclass(frozen=True, slots=True)
class Note:
    """Something that decided, or happens to recordings on the way.

    Attributes: what: in a word; place: setting or node; text: why, or what of it.
    """

    what: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer.

    Attributes: call: what is known of it, by name; recordings: to be expected, in order; steps: what is done
    to recordings on the way (stopped, masked ...); otherwise: every rule and node that asks for no recording,
    with the reason; findings: what somebody should look at.
    """

    call: dict[str, str]
    recordings: tuple[Expected, ...] = ()
    steps: tuple[Note, ...] = ()
    otherwise: tuple[Note, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer:
        """See there."""
        if any(one.is_certain for one in self.recordings):
            return Answer.YES
        return Answer.PERHAPS if self.recordings else Answer.NO

    def data(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "recorded": self.answer.value,
            "call": self.call,
            "recordings": [_recording(one) for one in self.recordings],
            "steps": [_note(one) for one in self.steps],
            "not_otherwise": [_note(one) for one in self.otherwise],
            "findings": list(self.findings),
        }


def _recording(one: Expected) -> dict[str, Any]:
    return {
        "by": one.by,
        "rule": one.rule,
        "document": one.document,
        "path": one.path,
        "certain": one.is_certain,
        "way": list(one.way),
        "begins": one.begins,
        "parameters": {each.name: {"value": each.value, "source": each.source} for each in one.parameters},
        "storage": {
            "rule": one.storage.rule,
            "reason": one.storage.reason,
            "places": list(one.storage.places),
            "missing": list(one.storage.missing),
        },
    }


def _note(note: Note) -> dict[str, str]:
    return {"what": note.what, "place": note.place, "text": note.text}
