"""The TLS settings of connections to hosts that documents name: certificates are always verified.

Loading the authorities takes 20 ms of CPU and a megabyte, so each purpose has one context for all.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH


@lru_cache(maxsize=8)
def context_for(purpose: str, ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the context of one purpose. Args: ca_file: None for the bundle that comes with requests.

    Purposes are apart because HTTP's names itself to the peer (ALPN), which servers of FTP refuse.
    """
    del purpose  # part of the cache's key alone
    return ssl.create_default_context(cafile=str(ca_file or DEFAULT_CA_BUNDLE_PATH))
