"""What a recording's document says of its call for call control alone (`callflows.tags`)."""

from __future__ import annotations

CALL_SESSION_ID = "call_session_id"
CONNECTION_ID = "connection_id"
