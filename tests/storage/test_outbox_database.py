"""SQLite in a thread of its own: shared commits, failures kept apart, processes that start together."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import gevent
import pytest

from storage import outbox_schema
from storage.errors import NotFound, StoreUnavailable
from storage.outbox_database import OutboxDatabase


def insert(db: sqlite3.Connection, name: str) -> str:
    """Add an attempt-like row that needs no parents."""
    values = "(?, '', '', '', '', 0, '', '', '{}', 0.0, NULL, NULL, 0.0)"
    db.execute(f"INSERT INTO recordings VALUES {values}", (name,))
    return name


def names(database: OutboxDatabase) -> list[str]:
    """What is in the file."""
    rows = database.read(lambda db: db.execute("SELECT recording_id FROM recordings ORDER BY 1").fetchall())
    return [row[0] for row in rows]


def test_writers_that_wait_share_a_commit(tmp_path: Path) -> None:
    """What queues up behind one transaction goes into the next one together."""
    database = OutboxDatabase(tmp_path / "o.sqlite")
    transactions: list[str] = []
    database.read(
        lambda db: db.set_trace_callback(lambda sql: transactions.append(sql) if "COMMIT" in sql else None)
    )
    writers = [gevent.spawn(database.write, lambda db, n=n: insert(db, f"{n:02}")) for n in range(30)]
    gevent.joinall(writers, raise_error=True)
    assert [writer.value for writer in writers] == [f"{n:02}" for n in range(30)]
    assert len(names(database)) == 30
    assert len(transactions) < 15
    database.close()


def test_one_writers_failure_is_its_own(tmp_path: Path) -> None:
    """What it wrote is undone, what the others wrote in the same transaction stays."""

    def fail(db: sqlite3.Connection) -> None:
        insert(db, "bad")
        raise NotFound("outbox", "bad")

    database = OutboxDatabase(tmp_path / "o.sqlite")
    good = [gevent.spawn(database.write, lambda db, n=n: insert(db, n)) for n in ("a", "b")]
    bad = gevent.spawn(database.write, fail)
    good.append(gevent.spawn(database.write, lambda db: insert(db, "c")))
    gevent.joinall([*good, bad])
    assert isinstance(bad.exception, NotFound)
    assert names(database) == ["a", "b", "c"]
    database.close()


def test_a_transaction_that_fails_fails_all_its_writers(tmp_path: Path) -> None:
    """Nobody is told that something is on disk which is not; the next transaction works again."""
    database = OutboxDatabase(tmp_path / "o.sqlite")
    database.write(lambda db: insert(db, "there"))
    writers = [gevent.spawn(database.write, lambda db, n=n: insert(db, n)) for n in ("a", "there", "b")]
    gevent.joinall(writers)
    failed = [writer for writer in writers if isinstance(writer.exception, StoreUnavailable)]
    assert failed
    assert set(names(database)) == {"there", *(writer.value for writer in writers if writer not in failed)}
    database.write(lambda db: insert(db, "later"))
    assert "later" in names(database)
    database.close()


def test_a_writer_killed_while_it_waits_leaves_the_others_whole(tmp_path: Path) -> None:
    """Its turn passes on, and what it wrote is written all the same."""
    database = OutboxDatabase(tmp_path / "o.sqlite")
    writers = [gevent.spawn(database.write, lambda db, n=n: insert(db, n)) for n in ("a", "b", "c")]
    gevent.idle()
    writers[0].kill()
    gevent.joinall(writers)
    assert [writer.value for writer in writers[1:]] == ["b", "c"]
    assert names(database)[-2:] == ["b", "c"]
    database.close()


def test_a_full_disk_is_reported_and_survived(tmp_path: Path) -> None:
    """Writes fail while there is no room, reads go on, writes work again when there is."""
    database = OutboxDatabase(tmp_path / "o.sqlite")
    pages = database.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    database.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchall())
    with pytest.raises(StoreUnavailable, match="full"):
        database.write(lambda db: [insert(db, f"{number}" + "x" * 1000) for number in range(1000)])
    there = len(names(database))
    database.read(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchall())
    database.write(lambda db: insert(db, "later"))
    assert len(names(database)) == there + 1
    database.close()


@pytest.mark.parametrize("content", [b"this is no database, only text " * 100, None])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    """Damaged, or a directory in its place."""
    path = tmp_path / "o.sqlite"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"o\.sqlite"):
        OutboxDatabase(path)


def test_a_file_of_a_newer_release_is_not_touched(tmp_path: Path) -> None:
    """It may hold what this release would break."""
    path = tmp_path / "o.sqlite"
    OutboxDatabase(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreUnavailable, match="version 99"):
        OutboxDatabase(path)


def test_a_file_of_an_older_release_is_brought_forward(tmp_path: Path) -> None:
    """What it holds stays, steps it has seen are not repeated, and a failed step leaves it as it was."""
    db = sqlite3.connect(tmp_path / "o.sqlite", isolation_level=None)
    outbox_schema.migrate(db)
    insert(db, "old")
    newer = (*outbox_schema.MIGRATIONS, ("ALTER TABLE recordings ADD COLUMN kept_for TEXT DEFAULT 'ever'",))
    with pytest.raises(sqlite3.OperationalError):
        outbox_schema.migrate(db, (*newer, ("CREATE TABLE", "no SQL")))
    assert db.execute("PRAGMA user_version").fetchone() == (len(outbox_schema.MIGRATIONS),)
    for _ in range(2):
        outbox_schema.migrate(db, newer)
    assert db.execute("SELECT recording_id, kept_for FROM recordings").fetchall() == [("old", "ever")]
    assert db.execute("PRAGMA user_version").fetchone() == (len(newer),)
    db.close()


def test_processes_that_start_together_make_one_file(tmp_path: Path) -> None:
    """Each creates what is missing or finds it made; all of them can write at once."""
    code = """
import sys
from pathlib import Path
from storage.outbox_database import OutboxDatabase
database = OutboxDatabase(Path(sys.argv[1]))
for number in range(20):
    database.write(lambda db: db.execute(
        "INSERT INTO recordings VALUES (?, '', '', '', '', 0, '', '', '{}', 0.0, NULL, NULL, 0.0)",
        (f"{sys.argv[2]}-{number}",)))
database.close()
"""
    path = tmp_path / "o.sqlite"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(n)], stderr=subprocess.PIPE)
        for n in range(4)
    ]
    errors = [process.communicate(timeout=30)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
    database = OutboxDatabase(path)
    assert len(names(database)) == 80
    database.close()
