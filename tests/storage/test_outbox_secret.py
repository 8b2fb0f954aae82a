"""Secrets of a host: made once, shared by all its processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.storage.outbox_parts import opened

ASK = """
import sys
from pathlib import Path
from storage.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]))
print(outbox.secret("links"))
outbox.close()
"""


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """It survives a restart; one of another name is another."""
    with opened(tmp_path / "o.sqlite") as outbox:
        first = outbox.secret("links")
        assert outbox.secret("links") == first
        assert outbox.secret("others") != first
    assert len(bytes.fromhex(first)) == 32
    with opened(tmp_path / "o.sqlite") as outbox:
        assert outbox.secret("links") == first


def test_processes_that_ask_together_get_the_same(tmp_path: Path) -> None:
    """Whoever is first makes it."""
    command = [sys.executable, "-c", ASK, str(tmp_path / "o.sqlite")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    answers = {process.communicate(timeout=30)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 3
    assert len(answers) == 1
