"""Whether anything would be done with a message, asked before a caller is made to leave one.

Where it goes is decided again when it is finished (recording.storage_decision). When it cannot be known now,
the message is recorded.
Source: Kazoo cf_record_caller, kapps_call_recording:should_store_recording (reference section 3.5).
"""

from __future__ import annotations

from datetime import UTC, datetime

from callflows.flow_run import FlowRun
from recording.naming import new_name
from recording.request import RecordingRequest
from recording.storage_decision import Wanted
from recording.storage_rules import StorageRules
from storage.errors import StoreUnavailable
from storage.plan import Plans


def would_store(run: FlowRun, request: RecordingRequest) -> bool:
    """Whether the table of storage decisions gives it a place, be it a dead letter."""
    own_id = new_name(datetime.now(UTC)).document_id
    wanted = Wanted(run.account_id, own_id, request.media_id, request.url, request.method)
    rules = StorageRules(run.facilities.config, Plans(run.facilities.library.documents))
    try:
        return bool(rules.decide(wanted).targets)
    except StoreUnavailable:
        return True
