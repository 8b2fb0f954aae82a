"""The same scenarios on a real FreeSWITCH, with a real CouchDB as document store and as third party."""

from __future__ import annotations

import pytest

from tests.scenarios.catalogue import BY_NAME
from tests.scenarios.conftest import Results
from tests.scenarios.judgement import faults

pytestmark = [pytest.mark.live, pytest.mark.couch, pytest.mark.timeout(300)]


@pytest.mark.parametrize("name", BY_NAME)
def test_scenario(name: str, on_peers: Results) -> None:
    """What became of its recordings is what it says."""
    ground, played = on_peers
    assert faults(played[name], ground) == []
