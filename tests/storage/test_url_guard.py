"""URLs that others fetch: judged by their host, as if we went there ourselves."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import pytest

from storage.address import AddressPolicy
from storage.errors import AddressRefused
from storage.url_guard import vet
from tests.storage.receiver import resolved_here, resolved_in_public


def unknown(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """Know no name, as a policy's lookup."""
    raise socket.gaierror(socket.EAI_NONAME, f"{host}:{port}")


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://10.0.0.1:8443/x", "http://[::ffff:a00:1]/"])
def test_addresses_inside_are_refused(url: str) -> None:
    """However they are written."""
    with pytest.raises(AddressRefused):
        vet(AddressPolicy(lookup=resolved_in_public), url, 1.0)


def test_a_name_is_judged_by_its_address() -> None:
    """Whatever it looks like, and by what is allowed."""
    with pytest.raises(AddressRefused, match="loopback"):
        vet(AddressPolicy(lookup=resolved_here), "https://public.test/", 1.0)
    vet(AddressPolicy(["127.0.0.0/8"], lookup=resolved_here), "https://public.test/", 1.0)
    vet(AddressPolicy(lookup=resolved_in_public), "https://public.test/", 1.0)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "http://a b/", f"http://{'a' * 70}.test/"])
def test_what_is_no_url_is_no_url(url: str) -> None:
    """Nobody is asked for such a host."""
    with pytest.raises(ValueError, match="url: "):
        vet(AddressPolicy(), url, 1.0)


def test_an_unknown_name_is_told() -> None:
    """For FreeSWITCH it may be another one's."""
    with pytest.raises(socket.gaierror):
        vet(AddressPolicy(lookup=unknown), "http://nowhere.test/", 1.0)


def test_where_all_is_allowed_nobody_is_asked() -> None:
    """A host without a resolver can be simulated on."""
    vet(AddressPolicy(["0.0.0.0/0", "::/0"], lookup=unknown), "http://nowhere.test/", 1.0)
    with pytest.raises(socket.gaierror):
        vet(AddressPolicy(["0.0.0.0/0"], lookup=unknown), "http://nowhere.test/", 1.0)
