"""Connects to a host that a document named: to a vetted address, or not at all.

The name is resolved and judged (storage.address) at the moment the socket is made, and the socket goes to
the very address that was judged.
"""

from __future__ import annotations

import socket

from storage.address import AddressPolicy


def connect(policy: AddressPolicy, host: str, port: int, timeout_s: float) -> socket.socket:
    """Connect to the first vetted address that answers, each given the whole timeout.

    Raises: AddressRefused; socket.gaierror: no such name; TimeoutError: of the resolver or the last
    address; OSError: why the last address could not be connected to.
    """
    failure: OSError = ConnectionError("the name has no address")
    for address in policy.resolve(host, port, timeout_s):
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout_s)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address.sockaddr)
        except OSError as exc:
            sock.close()
            failure = exc
        except BaseException:  # a deadline above us, which is no OSError
            sock.close()
            raise
        else:
            return sock
    raise failure
