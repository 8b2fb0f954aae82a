"""Fixtures shared by all tests; gevent is patched before anything else is imported."""

from gevent import monkey

monkey.patch_all()

from hypothesis import HealthCheck, settings  # noqa: E402 - after the patching

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
"""How long an example takes says something of the machine; a pause of a busy one is no strategy's fault."""
