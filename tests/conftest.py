"""Fixtures shared by all tests; gevent is patched before anything else is imported."""

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402 - after the patching
from collections.abc import Iterator  # noqa: E402

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
"""How long an example takes says something of the machine; a pause of a busy one is no strategy's fault."""


@pytest.fixture(autouse=True, scope="module")
def short_collections() -> Iterator[None]:
    """Set aside what earlier tests left: going through all of it would stop a simulated call for a second."""
    yield
    gc.collect()
    gc.freeze()
