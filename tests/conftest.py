"""Fixtures shared by all tests; gevent is patched before anything else is imported."""

from gevent import monkey

monkey.patch_all()
