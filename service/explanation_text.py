"""Writes an explanation of a recording down for people."""

from __future__ import annotations

from collections.abc import Iterator

from callflows.expected_recording import Answer, Expected, Explanation, Note

ANSWERS = {
    Answer.YES: "The call would be recorded.",
    Answer.PERHAPS: "The call would perhaps be recorded: it depends on the way it takes.",
    Answer.NO: "The call would not be recorded.",
}


def lines_of(explanation: Explanation) -> Iterator[str]:
    """Yield the lines."""
    yield ANSWERS[explanation.answer]
    yield ""
    for name, value in explanation.call.items():
        yield f"  {name:<18} {value}"
    for number, one in enumerate(explanation.recordings, 1):
        yield ""
        yield from _recording(number, one)
    yield from _notes("On the way:", explanation.steps)
    yield from _notes("Not otherwise, because:", explanation.otherwise)
    if explanation.findings:
        yield ""
        yield "To be looked at:"
        for finding in explanation.findings:
            yield f"  - {finding}"


def _recording(number: int, one: Expected) -> Iterator[str]:
    certain = "" if one.is_certain else ", perhaps"
    yield f"Recording {number}: by {one.rule}{certain}"
    yield f"  said by            {one.document} {one.path}"
    for way in one.way:
        yield f"  if                 {way}"
    yield f"  begins             {one.begins}"
    yield f"  stored             {one.storage.rule}: {one.storage.reason}"
    for place in one.storage.places:
        yield f"    to               {place}"
    for missing in one.storage.missing:
        yield f"    missing          {missing}"
    yield "  with"
    for each in one.parameters:
        yield f"    {each.name:<24} {_shown(each.value):<24} {each.source}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _notes(title: str, notes: tuple[Note, ...]) -> Iterator[str]:
    if notes:
        yield ""
        yield title
    for note in notes:
        yield f"  - {note.what} {note.place}: {note.text}"
