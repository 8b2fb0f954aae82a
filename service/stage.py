"""A whole engine on a directory of its own, for demo and simulate: nothing of the host is touched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from config.settings import Settings, load
from service.engine import Engine
from storage.folder_names import directory_of, document_file

ACCOUNT = "demo"


class Stage:
    """Documents, recordings, outbox and an engine below one directory.

    Args: directory: exists, may hold a folder of documents already; event_socket: of a running
    FreeSWITCH, "" when the caller brings a simulator; account: of calls that name none; port: to listen on,
    0 for any free one; max_calls, linger_s, allow_networks: see the settings.
    """

    def __init__(
        self,
        directory: Path,
        *,
        event_socket: str = "",
        password: str = "",
        account: str = ACCOUNT,
        port: int = 0,
        max_calls: int = 3000,
        linger_s: int = 10,
        allow_networks: Sequence[str] = ("127.0.0.0/8",),
    ) -> None:
        self.directory = directory
        self.documents = directory / "documents"
        self.recordings = directory / "recordings"
        self.account = account
        self._event_socket = event_socket
        self._password = password
        self._port = port
        self._max_calls = max_calls
        self._linger_s = linger_s
        self._allow_networks = ",".join(allow_networks)

    def write(self, database: str, doc_id: str, document: Mapping[str, Any]) -> Path:
        """Write one document and return its file."""
        path = self.documents / directory_of(database) / document_file(doc_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        return path

    def settings(self, documents: Path | None = None) -> Settings:
        """Return the settings of an engine on this stage; ports are any free ones of the loopback."""
        environment = {
            "CALLFLOWS_FREESWITCH_LISTEN": f"127.0.0.1:{self._port}",
            "CALLFLOWS_FREESWITCH_MAX_CALLS": str(self._max_calls),
            "CALLFLOWS_FREESWITCH_LINGER_S": str(self._linger_s),
            "CALLFLOWS_FREESWITCH_EVENT_SOCKET": self._event_socket,
            "CALLFLOWS_FREESWITCH_RECORDINGS_DIR": str(self.recordings),
            "CALLFLOWS_DOCUMENTS_URL": (documents or self.documents).resolve().as_uri(),
            "CALLFLOWS_DOCUMENTS_DEFAULT_ACCOUNT": self.account,
            "CALLFLOWS_OUTBOX_PATH": str(self.directory / "outbox.sqlite"),
            "CALLFLOWS_OUTBOX_LOCAL_DIR": str(self.directory / "delivered"),
            "CALLFLOWS_OUTBOX_ALLOW_NETWORKS": self._allow_networks,
            "CALLFLOWS_HTTP_LISTEN": "127.0.0.1:0",
        }
        if self._password:
            environment["CALLFLOWS_FREESWITCH_PASSWORD"] = self._password
        return load(None, environment)

    def engine(self, documents: Path | None = None) -> Engine:
        """Return an engine that has not been started."""
        return Engine(self.settings(documents))
