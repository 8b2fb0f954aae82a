"""Every scenario on the simulator, with a folder of documents."""

from __future__ import annotations

import pytest

from tests.scenarios.catalogue import BY_NAME
from tests.scenarios.conftest import Results
from tests.scenarios.judgement import faults


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", BY_NAME)
def test_scenario(name: str, on_simulator: Results) -> None:
    """What became of its recordings is what it says."""
    ground, played = on_simulator
    if name not in played:
        pytest.skip("npm and node are not installed, which express-pouchdb needs: no third party's CouchDB")
    assert faults(played[name], ground) == []
