"""Fixtures shared by all tests; gevent is patched before anything else is imported."""

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402 - after the patching
import logging  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402

import pytest  # noqa: E402
import structlog  # noqa: E402
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


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Put logging back as it was, in loggers kept by modules too: it belongs to the whole process.

    What `config.logging` sets up is kept by each logger that is used under it, so that a later test, in
    whichever folder, would neither see its lines nor have them captured.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    if not structlog.is_configured():
        return
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    for module in list(sys.modules.values()):
        for value in list(vars(module).values()):
            if isinstance(value, structlog._config.BoundLoggerLazyProxy):
                value.__dict__.pop("bind", None)  # what cache_logger_on_first_use leaves
