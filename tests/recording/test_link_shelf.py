"""The files behind links: found here, read back, made into another format, waited for."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import gevent
import pytest
from structlog.testing import capture_logs

from recording.decoding import Decoding
from recording.errors import LinkBusy, Unprocessable
from recording.link_shelf import Found, Shelf, Standing
from recording.link_spool import LinkSpool
from recording.request import AudioFormat
from storage.destination import Destination, Media, Receipt, Target
from storage.errors import NotFound, StoreUnavailable
from storage.media import measure
from storage.outbox import Outbox
from storage.register_row import Expected, Fate, Settled
from tests.recording.samples import write_mp3, write_wav
from tests.waiting import eventually

ID = "0123456789abcdef0123456789abcdef"
ACCOUNT = "acc"
PATIENCE_S = 20.0


class Vault:
    """A destination that gives back what it was given, unless it is told to fail."""

    def __init__(self) -> None:
        self.content = b""
        self.fault: Exception | None = None
        self.opened = 0

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Nothing is wrong."""
        del parameters
        return []

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Keep it."""
        del metadata, parameters
        self.content = media.path.read_bytes()
        return Receipt("vault")

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Give it back."""
        del media, metadata, parameters, receipt
        self.opened += 1
        if self.fault is not None:
            raise self.fault
        return io.BytesIO(self.content)


class Stock:
    """An outbox, a recordings directory, and a shelf over both."""

    def __init__(self, root: Path) -> None:
        self.recordings = root / "recordings"
        (self.recordings / "20261123").mkdir(parents=True)
        (self.recordings / "journal").mkdir()
        self.outbox = Outbox(root / "outbox.sqlite")
        self.vault = Vault()
        destinations: dict[str, Destination] = {"vault": self.vault}
        self.shelf = Shelf(self.recordings, self.outbox, destinations)

    def path(self, suffix: str) -> Path:
        """Where FreeSWITCH wrote it."""
        return self.recordings / "20261123" / f"{ID}{suffix}"

    def asked(self, age_s: float = 0.0) -> Expected:
        """Note that it was asked for."""
        expected = Expected(ID, time.time() - age_s, account_id=ACCOUNT)
        self.outbox.register.write([expected])
        return expected

    def settled(self, fate: Fate, **facts: Any) -> None:
        """Note what became of it."""
        self.outbox.register.write([Settled(self.asked(), fate, **facts)])

    def taken(self, path: Path, *kinds: str, name: str = "") -> Media:
        """Have the outbox take it over."""
        self.asked()
        measured = measure(path)
        media = Media(path, "audio/any", measured.size_bytes, measured.sha256, name or path.name)
        targets = [Target(kind) for kind in kinds]
        self.outbox.enqueue(media, {"_id": ID}, targets, recording_id=ID, account_id=ACCOUNT)
        return media

    def delivered(self, path: Path, *kinds: str) -> Media:
        """Deliver it, and delete it here."""
        media = self.taken(path, *kinds)
        while (job := self.outbox.claim("test", 60.0)) is not None:
            self.outbox.succeeded(job, self.vault.deliver(media, {}, {}))
        path.unlink()
        self.outbox.released(ID)
        return media

    def found(self) -> Found:
        """What the shelf knows of it."""
        return self.shelf.find(ID)


@pytest.fixture
def stock(tmp_path: Path) -> Iterator[Stock]:
    """Nothing but an empty shelf."""
    made = Stock(tmp_path)
    yield made
    made.shelf.close()
    made.outbox.close()


def duration_s(path: Path) -> float:
    """How much audio there is in a file."""
    decoding = Decoding(path)
    samples = sum(block.shape[1] for block in decoding.blocks())
    return samples / decoding.rate_hz


def test_nobody_knows_of_it(stock: Stock) -> None:
    """An id that was made up, or one forgotten."""
    assert stock.found().standing is Standing.UNKNOWN


def test_a_manifest_is_enough_to_be_on_its_way(stock: Stock) -> None:
    """The register may be behind at the very beginning."""
    (stock.recordings / "journal" / f"{ID}.json").write_text("{}")
    assert stock.found().standing is Standing.PENDING


def test_what_was_asked_for_is_on_its_way(stock: Stock) -> None:
    """Until somebody tells its fate; one that nobody will tell any more is not waited for for ever."""
    stock.asked()
    assert (stock.found().standing, stock.found().account_id) == (Standing.PENDING, ACCOUNT)
    stock.asked(age_s=7200)
    assert stock.found().standing is Standing.UNKNOWN
    (stock.recordings / "journal" / f"{ID}.json").write_text("{}")
    assert stock.found().standing is Standing.PENDING


@pytest.mark.parametrize("fate", [Fate.DISCARDED, Fate.FAILED])
def test_without_audio_there_is_a_reason(stock: Stock, fate: Fate) -> None:
    """As an operator reads it in the register."""
    stock.settled(fate, reasons=("nobody spoke",), path=str(write_wav(stock.path(".wav"))))
    assert stock.found().standing is Standing.NOTHING
    assert "nobody spoke" in stock.found().reason


def test_what_no_rule_stores_is_served_from_where_it_is(stock: Stock) -> None:
    """It is nowhere else; when somebody deletes it, it is gone."""
    path = write_wav(stock.path(".wav"))
    stock.settled(Fate.KEPT, path=str(path))
    found = stock.found()
    assert (found.standing, found.path, found.format) == (Standing.READY, path, AudioFormat.WAV)
    file = stock.shelf.file(found, AudioFormat.WAV, 0.0)
    assert file is not None
    assert (file.path, file.name, file.content_type) == (path, f"{ID}.wav", "audio/wav")
    path.unlink()
    assert stock.found().standing is Standing.GONE


def test_what_is_here_is_served_from_here(stock: Stock) -> None:
    """Under the name of its delivered copy."""
    path = write_mp3(stock.path(".mp3"))
    media = stock.taken(path, "vault", name="Zoë calls.mp3")
    found = stock.found()
    file = stock.shelf.file(found, AudioFormat.MP3, 0.0)
    assert file is not None
    assert (file.path, file.name, file.tag) == (path, "Zoë calls.mp3", media.sha256)


def test_what_was_delivered_is_read_back_once(stock: Stock) -> None:
    """And kept a while for who asks next; what comes is what was recorded."""
    media = stock.delivered(write_wav(stock.path(".wav")), "vault")
    found = stock.found()
    assert (found.standing, found.path) == (Standing.READY, None)
    asked = [gevent.spawn(stock.shelf.file, found, AudioFormat.WAV, PATIENCE_S) for _ in range(3)]
    gevent.joinall(asked, raise_error=True)
    paths = {each.value.path for each in asked}
    assert len(paths) == 1
    assert measure(paths.pop()).sha256 == media.sha256
    assert stock.vault.opened == 1


def test_a_copy_that_is_another_is_not_served(stock: Stock) -> None:
    """Somebody changed it there; nothing of it is left here."""
    stock.delivered(write_wav(stock.path(".wav")), "vault")
    stock.vault.content = b"something else"
    with capture_logs(), pytest.raises(StoreUnavailable, match="checksum"):
        stock.shelf.file(stock.found(), AudioFormat.WAV, PATIENCE_S)
    eventually(lambda: list(stock.shelf.spool.directory.iterdir()) == [], what="a tidy spool")
    stock.vault.content, stock.vault.fault = b"", NotFound("vault", ID)
    with capture_logs(), pytest.raises(NotFound):
        stock.shelf.file(stock.found(), AudioFormat.WAV, PATIENCE_S)


def test_what_nobody_gives_back_is_gone(stock: Stock) -> None:
    """Delivered to a URL, say."""
    stock.delivered(write_wav(stock.path(".wav")), "http")
    assert stock.found().standing is Standing.GONE


def test_a_file_that_was_cut_is_read_back(stock: Stock) -> None:
    """What is here is not what was measured; what was delivered is."""
    path = write_wav(stock.path(".wav"))
    media = stock.delivered(path, "vault")
    path.write_bytes(b"RIFF")
    assert stock.found().path is None
    file = stock.shelf.file(stock.found(), AudioFormat.WAV, PATIENCE_S)
    assert file is not None
    assert measure(file.path).sha256 == media.sha256


@pytest.mark.parametrize(
    ("write", "made", "wanted"),
    [
        (write_wav, AudioFormat.WAV, AudioFormat.MP3),
        (write_wav, AudioFormat.WAV, AudioFormat.MP4),
        (write_mp3, AudioFormat.MP3, AudioFormat.WAV),
    ],
)
def test_another_format_is_made_of_it(
    stock: Stock, write: Callable[..., Path], made: AudioFormat, wanted: AudioFormat
) -> None:
    """Of what was delivered, too: the same audio, under the same name."""
    media = stock.delivered(write(stock.path(f".{made}"), 2.0), "vault")
    file = stock.shelf.file(stock.found(), wanted, PATIENCE_S)
    assert file is not None
    assert (file.name, file.tag) == (f"{ID}.{wanted}", f"{media.sha256}-{wanted}")
    assert duration_s(file.path) == pytest.approx(2.0, abs=0.2)


def test_what_cannot_be_decoded_is_said(stock: Stock) -> None:
    """The recording itself can still be had."""
    path = stock.path(".wav")
    path.write_bytes(b"RIFF but not really")
    stock.taken(path)
    assert stock.shelf.file(stock.found(), AudioFormat.WAV, 0.0) is not None
    with capture_logs(), pytest.raises(Unprocessable, match="no audio"):
        stock.shelf.file(stock.found(), AudioFormat.MP3, PATIENCE_S)


def test_who_does_not_wait_finds_it_later(stock: Stock) -> None:
    """It is made all the same."""
    stock.taken(write_wav(stock.path(".wav"), 30.0))
    found = stock.found()
    assert stock.shelf.file(found, AudioFormat.MP3, 0.0) is None
    eventually(lambda: stock.shelf.file(found, AudioFormat.MP3, 0.0), what="the MP3")


@pytest.mark.parametrize(("write", "suffix"), [(write_wav, ".wav"), (write_mp3, ".mp3")], ids=["wav", "mp3"])
def test_what_freeswitch_plays_is_given_as_it_is(
    stock: Stock, write: Callable[..., Path], suffix: str
) -> None:
    """No copy is made of a file that is here."""
    path = write(stock.path(suffix))
    stock.taken(path)
    assert stock.shelf.playable(ID, 0.0) == path


def test_of_an_mp4_a_wav_is_played(stock: Stock) -> None:
    """FreeSWITCH plays no MP4 that has no picture."""
    wav = write_wav(stock.path(".wav"), 2.0)
    stock.taken(wav)
    made = stock.shelf.file(stock.found(), AudioFormat.MP4, PATIENCE_S)
    assert made is not None
    mp4 = stock.path(".mp4")
    made.path.rename(mp4)
    stock.outbox.close()
    again = Stock(stock.recordings.parent / "again")
    again.taken(mp4)
    played = again.shelf.playable(ID, PATIENCE_S)
    again.shelf.close()
    again.outbox.close()
    assert played is not None
    assert played.suffix == ".wav"
    assert duration_s(played) == pytest.approx(2.0, abs=0.2)


def test_it_is_waited_for(stock: Stock) -> None:
    """Recorded, processed and handed over meanwhile; or given up, and then nobody waits on."""
    stock.asked()
    waiting = gevent.spawn(stock.shelf.playable, ID, PATIENCE_S)
    path = write_wav(stock.path(".wav"))
    stock.taken(path)
    assert waiting.get(timeout=PATIENCE_S) == path


def test_waiting_has_an_end(stock: Stock) -> None:
    """And so has waiting for what turns out to be nothing; each says why, once."""
    with capture_logs() as logs:
        stock.asked()
        assert stock.shelf.playable(ID, 0.1) is None
        waiting = gevent.spawn(stock.shelf.playable, ID, PATIENCE_S)
        stock.settled(Fate.DISCARDED, reasons=("too short",))
        assert waiting.get(timeout=PATIENCE_S) is None
    told = [log["reason"] for log in logs if log["event"] == "recording_not_playable"]
    assert told == ["it is not finished", "the recording was discarded: too short"]


def test_an_outbox_that_is_away_is_waited_for(stock: Stock) -> None:
    """As a recording is; never an exception in a call."""
    stock.outbox.close()
    with capture_logs() as logs:
        assert stock.shelf.playable(ID, 0.1) is None
    assert "closed" in logs[-1]["reason"]


def test_the_spool_forgets_what_nobody_uses(tmp_path: Path) -> None:
    """The oldest first where there is too much; what is used stays, however much it is."""
    spool = LinkSpool(tmp_path, keep_s=100.0, max_bytes=250)
    spool.directory.mkdir()
    now = time.time()
    for name, age_s in (("a", 101), ("b", 90), ("c", 80), ("d", 70), ("e", 1)):
        path = spool.directory / name
        path.write_bytes(bytes(100 if name != "e" else 1000))
        os.utime(path, (now - age_s, now - age_s))
    assert spool.tidy() == 4
    assert [path.name for path in spool.directory.iterdir()] == ["e"]
    spool.get("e", lambda _: None, 0.0)
    assert spool.tidy() == 0


def test_the_spool_keeps_what_freeswitch_reads(tmp_path: Path) -> None:
    """A sound that is played over and over is opened anew for each round, and nobody asks here for it."""
    spool = LinkSpool(tmp_path, keep_s=60.0)
    path = spool.get("loop.wav", lambda part: part.write_bytes(b"x") and None, PATIENCE_S)
    assert path is not None
    long_ago, lately = time.time() - 7_200, time.time() - 30
    for _ in range(2):
        os.utime(path, (lately, long_ago))  # as the system notes that it was read
        assert spool.tidy() == 0
        status = path.stat()
        assert status.st_atime <= status.st_mtime  # or it would not note it once more (relatime)
    os.utime(path, (long_ago, long_ago))
    assert spool.tidy() == 1


def test_a_spool_that_is_not_there_is_tidy(tmp_path: Path) -> None:
    """It is made with its first file."""
    assert LinkSpool(tmp_path).tidy() == 0


def test_too_much_at_once_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is being made goes on."""
    monkeypatch.setattr("recording.link_spool.MAX_WAITING", 1)
    spool = LinkSpool(tmp_path)
    gate = gevent.event.Event()

    def make(path: Path) -> None:
        gate.wait()
        path.write_bytes(b"made")

    assert spool.get("a", make, 0.0) is None
    with pytest.raises(LinkBusy):
        spool.get("b", make, 0.0)
    gate.set()
    path = spool.get("a", make, PATIENCE_S)
    assert path is not None
    assert path.read_bytes() == b"made"


def test_a_failure_is_everybodys_who_waits_and_nobodys_after(tmp_path: Path) -> None:
    """The next who asks tries anew."""
    spool = LinkSpool(tmp_path)

    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise Unprocessable("no")

    with capture_logs() as logs:
        waiting = [gevent.spawn(_failure, spool, fail) for _ in range(2)]
        gevent.joinall(waiting)
    assert [each.value for each in waiting] == ["no", "no"]
    assert [log["event"] for log in logs] == ["link_file_not_made"]
    path = spool.get("a.wav", lambda part: part.write_bytes(b"whole"), PATIENCE_S)
    assert path is not None
    assert path.read_bytes() == b"whole"
    eventually(lambda: [each.name for each in spool.directory.iterdir()] == ["a.wav"])


def _failure(spool: LinkSpool, make: Callable[[Path], None]) -> str:
    try:
        spool.get("a.wav", make, PATIENCE_S)
    except Unprocessable as exc:
        return str(exc)
    return ""
