"""Compares what became of a scenario's recordings with what it expects, and names every difference."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from recording.naming import CONTENT_TYPES
from recording.outcome import RecordingOutcome, Verdict
from recording.request import AudioFormat
from recording.timeline import What
from simulator.listen import STEP_MS, curves_of
from storage.outbox_delivery import Delivery, DeliveryState
from tests.scenarios.ground import Ground, Played
from tests.scenarios.outside import Copy, in_documents
from tests.scenarios.scenario import Place, Recorded, Span

LOUD = 120
"""Mean sample value of a step from which somebody talks; a line's noise is below 60."""

LOUD_SHARE, QUIET_SHARE = 0.2, 0.05
"""Of the steps of a stretch that must be, or may be, loud: speech has pauses."""

AUDIO_PLACES = frozenset(Place) - {Place.GONE, Place.DEAD, Place.HERE}


def faults(played: Played, ground: Ground) -> list[str]:
    """Return what is not as the scenario says, as sentences."""
    if played.failure is not None:
        raise played.failure
    expected = played.scenario.expected
    if len(played.outcomes) != len(expected):
        ended = [f"{one.ended_by} ({one.verdict})" for one in played.outcomes]
        return [f"{len(expected)} recordings were expected, there are {len(ended)}: {ended}"]
    found = []
    for index, want in enumerate(expected):
        about = f"recording {index + 1}: "
        found += [about + text for text in _One(played, index, ground, want).faults()]
    return found


class _One:
    """One recording beside what is expected of it."""

    def __init__(self, played: Played, index: int, ground: Ground, want: Recorded) -> None:
        self._played, self._ground, self._want = played, ground, want
        self._recording = played.recordings[index]
        self._outcome: RecordingOutcome = played.outcomes[index]
        self._deliveries: Sequence[Delivery] = played.deliveries[index]
        self._rule = played.rules[index]

    def faults(self) -> Iterator[str]:
        outcome, want = self._outcome, self._want
        if (outcome.ended_by, outcome.verdict) != (want.ended_by, want.verdict):
            yield (
                f"it is {outcome.ended_by} ({outcome.verdict}), not {want.ended_by} ({want.verdict});"
                f" {outcome.reasons}"
            )
        yield from self._length()
        yield from self._timeline()
        if want.why and want.why not in self._told():
            yield f"{want.why!r} is not among its reasons: {self._told()}"
        if want.place is Place.GONE:
            yield from self._gone()
            return
        if self._rule != want.rule:
            yield f"its rule of storage is {self._rule!r}, not {want.rule!r}"
        yield from self._place()

    def _told(self) -> str:
        return "; ".join([*self._outcome.reasons, *(one.last_error for one in self._deliveries)])

    def _length(self) -> Iterator[str]:
        seconds = self._outcome.duration_ms / 1000
        span = self._want.seconds
        if span is not None and not span[0] <= seconds <= span[1]:
            yield f"it is {seconds:.2f} s long, not {span[0]:g} to {span[1]:g}"
        for name, is_now, wanted in (
            ("Hz", self._outcome.sample_rate_hz, self._want.rate_hz),
            ("channels", self._outcome.channels, self._want.channels),
        ):
            if wanted is not None and is_now != wanted:
                yield f"it has {is_now} {name}, not {wanted}"

    def _timeline(self) -> Iterator[str]:
        told: list[What] = [mark.what for mark in self._outcome.timeline]
        rest = iter(told)
        if not all(what in rest for what in self._want.marks):
            yield f"its timeline is {[str(what) for what in told]}"

    def _gone(self) -> Iterator[str]:
        if self._deliveries:
            yield f"it was delivered: {self._deliveries}"
        if self._recording.path.exists():
            yield "its file is still there"

    def _place(self) -> Iterator[str]:
        want = self._want
        states = [one.state for one in self._deliveries]
        if want.place is Place.HERE:
            if states or not self._recording.path.exists():
                yield f"it should be here and nowhere else, deliveries: {states}"
            return
        if want.place is Place.DEAD:
            if states != [DeliveryState.DEAD] or not Path(self._deliveries[0].path).exists():
                yield f"it should be a dead letter with its file, deliveries: {states} {self._told()}"
            return
        if states != [DeliveryState.DELIVERED]:
            yield f"it was not delivered: {states} {self._told()}"
            return
        copies = self._copies()
        if len(copies) != 1:
            yield f"it is there {len(copies)} times, not once"
            return
        yield from self._copy(copies[0])

    def _copies(self) -> list[Copy]:
        outside, digest = self._ground.outside, self._outcome.sha256
        if self._want.place is Place.HTTP:
            return outside.at_receiver(digest, self._outcome.document_id)
        if self._want.place is Place.FTP:
            return outside.at_ftp(digest)
        store = self._ground.store if self._want.place is Place.STORE else outside.third
        assert store is not None
        return in_documents(store, self._played.account_id, self._outcome.document_id, self._ground.month)

    def _copy(self, copy: Copy) -> Iterator[str]:
        want, outcome = self._want, self._outcome
        if hashlib.sha256(copy.content).hexdigest() != outcome.sha256 or not copy.content:
            yield "the copy is not the file"
        if want.verdict is Verdict.OK and not copy.name.endswith(f".{want.format}"):
            yield f"the copy is called {copy.name!r}, and should be {want.format}"
        wanted_name = want.name.format(call_id=self._played.uuid)
        if wanted_name and copy.name != wanted_name:
            yield f"the copy is called {copy.name!r}, not {wanted_name!r}"
        if want.place is Place.HTTP and want.rule == "url" and copy.sent != want.sent:
            yield f"it was sent by {copy.sent}"
        yield from self._sound(copy)
        if copy.document is not None:
            yield from self._document(copy.document)

    def _document(self, document: dict[str, Any]) -> Iterator[str]:
        want, outcome = self._want, self._outcome
        media_id = self._ground.spelled(want.media_id)
        expected = {
            "_id": media_id or self._recording.ticket.name.document_id,
            "pvt_type": "call_recording",
            "pvt_account_id": self._played.account_id,
            "call_id": self._played.uuid,
            "content_type": CONTENT_TYPES[AudioFormat(want.format)],
            "duration_ms": outcome.duration_ms,
            **want.fields,
        }
        yield from _differences(document, expected)
        ours = {
            "sha256": outcome.sha256,
            "ended_by": want.ended_by.value,
            "verdict": want.verdict.value,
            **want.ours,
        }
        yield from _differences(document.get("callflows", {}), ours)

    def _sound(self, copy: Copy) -> Iterator[str]:
        if not self._want.loud and not self._want.quiet:
            return
        with tempfile.NamedTemporaryFile(suffix=f".{self._want.format}") as file:
            file.write(copy.content)
            file.flush()
            caller = curves_of(Path(file.name))[0]
        for span in self._want.loud:
            share = _loud_share(caller, span)
            if share < LOUD_SHARE:
                yield f"somebody should talk from {span[0]:g} to {span[1]:g} s: {share:.0%} of it is loud"
        for span in self._want.quiet:
            share = _loud_share(caller, span)
            if share > QUIET_SHARE:
                yield f"nobody should talk from {span[0]:g} to {span[1]:g} s: {share:.0%} of it is loud"


def _loud_share(curve: Sequence[int], span: Span) -> float:
    first, last = (round(second * 1000) // STEP_MS for second in span)
    steps = curve[first:last]
    return sum(step >= LOUD for step in steps) / len(steps) if steps else 0.0


def _differences(document: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
    for name, value in expected.items():
        if document.get(name) != value:
            yield f"its document says {name} = {document.get(name)!r}, not {value!r}"
