"""esl/identifier.py: identifiers that nobody else has."""

from __future__ import annotations

import os
import re

from esl.identifier import new_identifier


def test_identifiers_look_like_uuids_and_differ() -> None:
    """FreeSWITCH keeps 36 characters of them."""
    found = [new_identifier() for _ in range(1000)]

    assert len(set(found)) == 1000
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in found)


def test_forked_processes_do_not_share_them() -> None:
    """Several engines on one host are forks of one."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, new_identifier().encode())
        os._exit(0)
    theirs = os.read(reading, 36).decode()
    os.wait()
    os.close(reading)
    os.close(writing)

    assert theirs[:24] != new_identifier()[:24]
