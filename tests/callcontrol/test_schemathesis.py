"""The whole API against its own description, by schemathesis' own runner: all checks, good and bad requests.

test_conformance.py looks closer at single commands; this is what anybody can run against a service.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.callcontrol.controlled import CONNECTION_ID, prepare
from tests.callcontrol.place import Place

EXAMPLES = 3
TIMEOUT_S = 240.0

SPARED = "positive_data_acceptance"
"""What ids name may be over, or cannot do it: no schema can say so, and test_conformance looks at it."""

CONFIG = """\
[parameters]
"path.call_control_id" = "{call_control_id}"
"path.connection_id" = "{connection_id}"
"""


def run(place: Place, root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it against the place, with a key for everything and the id of a live call."""
    call_control_id = place.id_of(place.call([{"at": 0.0, "say": 60.0}]))
    config = root / "schemathesis.toml"
    config.write_text(
        CONFIG.format(call_control_id=call_control_id, connection_id=CONNECTION_ID), encoding="utf-8"
    )
    command: Sequence[str] = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run"),
        *(f"{place.api.url}/openapi.json", "--header", f"Authorization: Bearer {place.key()}"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--continue-on-failure"),
        *("--generation-database", "none", "--exclude-checks", SPARED, "--no-color", "--warnings", "off"),
        *options,
    ]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


@pytest.mark.timeout(TIMEOUT_S + 20)
def test_the_api_is_as_it_is_described(place: Place, tmp_path: Path) -> None:
    """No failure of ours, no status, type, header or body that is not described, nothing wrong is taken."""
    prepare(place)
    done = run(place, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
