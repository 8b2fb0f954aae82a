"""Runs one call from hand-over to its end: who it is for, which callflow, the walk, the last line in the log.

Here is the catch-all per call: whatever goes wrong with one call ends that call, with a traceback in the
log, and no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from callflows.admission import Admission
from callflows.automatic_recording import start_automatic
from callflows.document import FlowCompiler
from callflows.engine import Engine, Fate
from callflows.errors import CallNotTaken
from callflows.flow_run import Facilities, FlowRun
from callflows.library import Library
from callflows.lookup import Lookup
from callflows.media import MediaCatalogue, MediaLocator
from callflows.own_program import SWML_VARIABLE, NumberOwners, flow_of, flow_of_owned
from callflows.preflow import root_of
from callflows.registry import Registry
from calls.call import Call
from calls.cause import HangupCause, Termination
from calls.ending import How
from calls.errors import CallGone
from calls.program import Program
from calls.reception import LINGER_S, receive
from calls.signaling import hangup, respond
from config.configuration import Configuration
from esl.session import Session
from recording.call_recorder import CallRecorder
from storage.document import Document, DocumentStore
from storage.errors import StoreUnavailable

RETRY_AFTER_S = 5
"""Told to the caller's side when the store is away; about how long a restart of it takes."""

COMPLETE_TIMEOUT_S = 5.0
"""CHANNEL_HANGUP_COMPLETE follows CHANNEL_HANGUP within milliseconds, unless something holds the channel."""

AWAY_TIMEOUT_S = 24 * 3600.0
"""A call that left with a recording running is listened to for as long as it lasts."""


@dataclass(frozen=True, slots=True)
class CallReport:
    """What became of one call, as the line `call_ended` says it.

    Attributes: flow_id: of the callflow it began with, "" for none; actions: run, in order (the first 200);
    recordings: ids, in the order they were started.
    """

    call_id: str
    account_id: str
    flow_id: str
    verdict: Termination
    cause: HangupCause
    duration_s: float
    actions: tuple[str, ...]
    recordings: tuple[str, ...]


class CallflowRunner:
    """Handles calls; one instance for all of them, shared by their greenlets.

    Args: documents: where callflows, menus and media are, with a cache (storage.cache) in front; config:
    system_config; recorder: of all calls; registry: the actions; media: where FreeSWITCH finds
    attachments; media_dir: where FreeSWITCH writes, and we read, what callers record into documents;
    programs: other languages that calls may run, by name; owners: of numbers that are client programs';
    default_account: of calls that name none; linger_s: see calls.reception;
    on_report: told of every call's end, must not wait.
    """

    def __init__(
        self,
        documents: DocumentStore,
        config: Configuration,
        recorder: CallRecorder,
        registry: Registry,
        media: MediaLocator,
        *,
        media_dir: Path,
        programs: Mapping[str, Program] | None = None,
        owners: NumberOwners | None = None,
        default_account: str = "",
        linger_s: int = LINGER_S,
        on_report: Callable[[CallReport], None] | None = None,
    ) -> None:
        self._linger_s = linger_s
        library = Library(documents)
        lookup = Lookup(library, FlowCompiler(registry))
        self.facilities = Facilities(
            library=library,
            lookup=lookup,
            media=MediaCatalogue(library, media),
            config=config,
            recorder=recorder,
            media_dir=media_dir,
            programs=programs or {},
        )
        self._registry = registry
        owned = (owners, flow_of_owned(registry)) if owners is not None else None
        self._admission = Admission(library, lookup, config, default_account, owned)
        self._on_report = on_report

    def handle(self, session: Session) -> None:
        """Run one call to its end; returns when the connection is no longer needed. Never raises."""
        passage = _Passage(receive(session, self._linger_s))
        call = passage.call
        try:
            self._serve(passage)
        except CallNotTaken as exc:
            call.log.info("call_not_taken", reason=exc.reason, detail=str(exc), sip_code=exc.sip_code)
            respond(call, exc.sip_code, exc.sip_text)
        except StoreUnavailable as exc:
            passage.verdict = Termination.OURS
            call.log.error("call_refused", reason=str(exc), sip_code=503)  # noqa: TRY400 - nothing is wrong here
            respond(call, 503, "Service Unavailable", {"Retry-After": str(RETRY_AFTER_S)})
        except CallGone:
            pass
        except Exception:  # the catch-all per call
            passage.verdict = Termination.OURS
            call.log.exception("call_failed", outcome="hung up")
            hangup(call, HangupCause.NORMAL_TEMPORARY_FAILURE)
        finally:
            self._leave(passage)

    def _serve(self, passage: _Passage) -> None:
        call = passage.call
        run, account = self._admitted(call)
        passage.run, flow = run, run.flow
        for finding in flow.faults:
            call.log.debug("callflow_fault", document=flow.doc_id, fault=str(finding))
        call.log.debug("callflow_found", document=flow.doc_id, no_match=run.kvs.no_match)
        if (
            not call.identity.is_onnet
            and not call.is_answered
            and run.config("callflow", "ring_ready_offnet")
        ):
            call.submit("ring_ready")  # callers from outside hear that somebody is there
        start_automatic(run, account)
        engine = Engine(run, run.config("callflow", "max_branch_count"))
        walk = engine.walk(flow, root_of(flow, account, self._registry))
        if walk.fate is Fate.HANG_UP:
            hangup(call, walk.cause)
        elif run.kvs.recordings and not call.wait_complete(AWAY_TIMEOUT_S):
            call.log.warning("call_away_too_long", outcome="no longer listened to")
        self._see_off(call, run)

    def _admitted(self, call: Call) -> tuple[FlowRun, Document]:
        """Return the run of what the call brings along or has dialled, and its account's document.

        Raises: as Admission.admit.
        """
        flow = flow_of(call, self._registry)
        if flow is not None:
            call.set({SWML_VARIABLE: ""})  # a call that comes back is to be run by what it says then
            account = self._admission.account_of(call)
            return FlowRun(call, self.facilities, flow), account
        found, account = self._admission.admit(call)
        run = FlowRun(call, self.facilities, found.flow)
        run.kvs.no_match = found.is_no_match
        run.kvs.capture_group, run.kvs.capture_groups = found.capture_group, found.capture_groups
        return run, account

    def _see_off(self, call: Call, run: FlowRun) -> None:
        """Wait for the last events, then run what wanted to be run at the end of a call of ours."""
        if call.end is None or call.end.how is not How.HANGUP:
            return
        call.wait_complete(COMPLETE_TIMEOUT_S)
        for handler in run.take_handlers():
            handler(call.end)

    def _leave(self, passage: _Passage) -> None:
        """Let the connection go, and say what became of the call."""
        call, run = passage.call, passage.run
        end = call.end
        if end is not None and end.how is How.HANGUP:
            call.wait_complete(COMPLETE_TIMEOUT_S)
        call.close()
        report = CallReport(
            call_id=call.uuid,
            account_id=call.account_id,
            flow_id=run.kvs.flow_id if run else "",
            verdict=passage.verdict or (end.verdict if end else Termination.INDETERMINATE),
            cause=end.cause if end else HangupCause.UNKNOWN,
            duration_s=round(time.monotonic() - call.received_at_s, 3),
            actions=tuple(run.walked) if run else (),
            recordings=tuple(run.kvs.recordings) if run else (),
        )
        call.log.info(
            "call_ended",
            verdict=report.verdict.value,
            cause=report.cause.value,
            how=end.how.value if end else "released",
            duration_s=report.duration_s,
            callflow=report.flow_id,
            actions=list(report.actions),
            actions_count=run.walked_count if run else 0,
            recordings=list(report.recordings),
        )
        if self._on_report is not None:
            self._on_report(report)


class _Passage:
    """One call on its way through. `verdict`: of what went wrong here, None when nothing did."""

    __slots__ = ("call", "run", "verdict")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.run: FlowRun | None = None
        self.verdict: Termination | None = None
