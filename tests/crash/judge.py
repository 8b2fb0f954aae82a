"""Compares what the switch finished with what arrived, and names every difference.

| fault | means |
|---|---|
| lost | finished by the switch, at no destination |
| doubled | at its destination under two names, or in two documents |
| altered | what arrived, or what lies here, is not what the switch wrote |
| unasked | at a destination, and no recording of the switch's |
| misplaced | at another destination than its own |
| left | something waits that nobody will do: a delivery, a manifest, a file |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recording.probe import Examiner
from recording.request import AudioFormat
from tests.crash.copies import Copies
from tests.crash.plan import is_processed
from tests.crash.witness import Heard

LENGTH_APART_MS = 150
"""What an encoder may add or take at the ends of a file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `about`: what to look for in the logs, "" for nothing."""

    kind: str
    text: str
    about: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class Left:
    """What is left on the engine's host.

    Attributes: deliveries: not delivered, in words; manifests, files: paths.
    """

    deliveries: tuple[str, ...] = ()
    manifests: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()


@dataclass(slots=True)
class Verdict:
    """`finished`: recordings the switch finished; `delivered`: once and whole where they belong."""

    finished: int = 0
    delivered: int = 0
    faults: list[Fault] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """Return how many faults are of a kind."""
        return sum(fault.kind == kind for fault in self.faults)


def judge(
    heard: Iterable[Heard], at_receiver: Mapping[str, Copies], in_store: Mapping[str, Copies], left: Left
) -> Verdict:
    """Return what is wrong. Args: at_receiver, in_store: copies by document id."""
    verdict = Verdict()
    expected: set[str] = set()
    for one in heard:
        document_id = one.ticket.document_id
        expected.add(document_id)
        if not one.is_finished:
            continue
        verdict.finished += 1
        own, other = (at_receiver, in_store) if one.ticket.request.url else (in_store, at_receiver)
        faults = list(_faults_of(one, own.get(document_id)))
        if document_id in other:
            faults.append(Fault("misplaced", f"{_called(one)} is at the other destination, too", one.id))
        verdict.delivered += not faults
        verdict.faults += faults
    for document_id in sorted((at_receiver.keys() | in_store.keys()) - expected):
        verdict.faults.append(
            Fault("unasked", f"{document_id!r} is no recording of the switch's", document_id)
        )
    verdict.faults += _left(left)
    return verdict


def _faults_of(one: Heard, copies: Copies | None) -> Iterator[Fault]:
    if one.digest_now() != one.digest:
        yield Fault(
            "altered", f"{_called(one)}: the file was changed after the switch had finished it", one.id
        )
    if copies is None or not copies.names:
        yield Fault("lost", f"{_called(one)} is nowhere", one.id)
        return
    if len(copies.names) > 1 or copies.documents > 1:
        yield Fault("doubled", f"{_called(one)} is there as {sorted(copies.names)}", one.id)
    if len(copies.digests) > 1:
        yield Fault("altered", f"{_called(one)} arrived with different contents", one.id)
    elif not _is_same(one, copies):
        yield Fault("altered", f"{_called(one)} is not what the switch wrote", one.id)


def _is_same(one: Heard, copies: Copies) -> bool:
    """Whether what arrived is what was written, or of its length where it was made of it."""
    if not is_processed(one.ticket.request.format):
        return copies.digests == {one.digest}
    assert copies.file is not None
    written = length_ms(one.kept, one.ticket.request.capture_format)
    arrived = length_ms(copies.file, one.ticket.request.format)
    return arrived > 0 and abs(arrived - written) <= LENGTH_APART_MS


def length_ms(path: Path, audio_format: AudioFormat) -> int:
    """Return the length of a file's sound, 0 when it has none."""
    examiner = Examiner()
    try:
        return examiner.examine(path, audio_format).duration_ms
    finally:
        examiner.close()


def _left(left: Left) -> Iterator[Fault]:
    for text in left.deliveries:
        yield Fault("left", f"a delivery: {text}")
    for path in left.manifests:
        yield Fault("left", f"a manifest: {path.name}", path.stem)
    for path in left.files:
        yield Fault("left", f"a file: {path.name} ({path.stat().st_size} bytes)", path.stem)


def _called(one: Heard) -> str:
    request = one.ticket.request
    where = "to the URL" if request.url else "to the store"
    return f"{one.id}.{request.format} {where}, {one.size} bytes, ended {one.ended_at_s:.3f} ({one.cause})"
