"""Answers for a call that is only described: would it be recorded, by what, how, where to, and why not.

The same code decides as for a live call: admission, the policy of account and endpoints, the callflow as it
is compiled, parameters, the table of storage. Only the way through the callflow is looked at differently,
since nobody knows what a caller will do: every branch is followed (callflows.outlook).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from callflows.actions import record_call, record_caller
from callflows.admission import Admission
from callflows.automatic_recording import AT_ONCE, endpoint_of, request_for, shape_of
from callflows.described_call import DescribedCall
from callflows.discretion import is_sensitive
from callflows.document import FlowCompiler, schema_of
from callflows.errors import CallNotTaken
from callflows.expected_recording import Expected, Explanation, Note, Storage
from callflows.library import Library
from callflows.lookup import Found, Lookup
from callflows.outlook import Outlook, Reached
from callflows.parameter_source import Parameter, parameters_of
from callflows.preflow import root_of
from callflows.recording_policy import Ruling, Shape, Source, rulings
from callflows.registry import Registry
from config.redaction import without_credentials
from config.system import SystemConfig
from recording.errors import Unprocessable
from recording.naming import new_name
from recording.processing import engine
from recording.processing.offer import settings_of
from recording.request import RecordingRequest
from recording.storage_decision import Wanted
from recording.storage_rules import StorageRules
from storage.destination import Target
from storage.document import Document, DocumentStore
from storage.plan import Plans

FaultsOf = Callable[[Target], list[str]]
"""Says what keeps a target from being reached."""

TRANSCRIPT_ENGINE = ("recording", "processing", "transcript_engine")

STARTS = (record_call.START, record_call.TOGGLE)


@dataclass(frozen=True, slots=True)
class _Means:
    """What an inquiry asks. `storage`: where a request of an account goes."""

    library: Library
    lookup: Lookup
    config: SystemConfig
    registry: Registry
    storage: Callable[[str, RecordingRequest], Storage]


class Explainer:
    """Explains calls.

    Args: documents, config, registry, default_account: as for live calls; faults_of: see FaultsOf.
    """

    def __init__(
        self,
        documents: DocumentStore,
        config: SystemConfig,
        registry: Registry,
        faults_of: FaultsOf,
        default_account: str = "",
    ) -> None:
        library = Library(documents)
        lookup = Lookup(library, FlowCompiler(registry))
        self._admission = Admission(library, lookup, config, default_account)
        self._rules = StorageRules(config, Plans(documents))
        self._faults_of = faults_of
        self._means = _Means(library, lookup, config, registry, self.storage)

    def explain(self, call: DescribedCall) -> Explanation:
        """Return the answer. Raises: StoreUnavailable, BadName: no account can be called that."""
        try:
            found, account = self._admission.admit(call)
        except CallNotTaken as exc:
            refused = Note("call not taken", exc.reason, str(exc))
            findings = (f"the call is not taken: {exc}",)
            return Explanation(_known(call), otherwise=(refused,), findings=findings)
        return _Inquiry(self._means, call, found, account).answer()

    def storage(self, account_id: str, request: RecordingRequest) -> Storage:
        """Return where a recording would go. Raises: StoreUnavailable."""
        own_id = new_name(datetime.now(UTC)).document_id
        wanted = Wanted(account_id, own_id, request.media_id, request.url, request.method)
        decision = self._rules.decide(wanted)
        missing = [fault for target in decision.targets for fault in self._faults_of(target)]
        missing += self._transcript_faults(account_id, request)
        places = tuple(_place(target, own_id) for target in decision.targets)
        return Storage(decision.rule, decision.reason, places, tuple(missing))

    def _transcript_faults(self, account_id: str, request: RecordingRequest) -> list[str]:
        if request.transcript is None:
            return []
        name = request.transcript.engine or str(
            self._means.config.for_account(account_id).get(*TRANSCRIPT_ENGINE)
        )
        try:
            engine.find(name, settings_of(self._means.config, name))
        except Unprocessable as exc:
            return [f"no transcript: {exc}"]
        return []


class _Inquiry:
    """One call looked into."""

    def __init__(self, means: _Means, call: DescribedCall, found: Found, account: Document) -> None:
        self._means = means
        self._call = call
        self._found = found
        self._account = account
        self._config = means.config.for_account(call.account_id)
        self._recordings: list[Expected] = []
        self._steps: list[Note] = []
        self._otherwise: list[Note] = []

    def answer(self) -> Explanation:
        shape = self._shape()
        self._policy(shape)
        outlook = Outlook(
            self._call,
            self._means.library,
            lambda flow_id: self._means.lookup.flow(flow_id, self._call.account_id),
        )
        root = root_of(self._found.flow, self._account, self._means.registry)
        for reached in outlook.walk(self._found.flow, root):
            self._node(reached)
        recordings = tuple(self._recordings)
        return Explanation(
            call=self._facts(shape),
            recordings=recordings,
            steps=tuple(self._steps),
            otherwise=(*self._otherwise, *(Note("not followed", *note) for note in outlook.notes)),
            findings=tuple(_findings(recordings)),
        )

    def _shape(self) -> Shape:
        call = self._call
        forwarded = (
            call.custom_variable("Call-Forward") or "",
            call.custom_variable("Call-Forward-From") or "",
        )
        return shape_of(call.identity, *forwarded, is_no_match=self._found.is_no_match)

    def _facts(self, shape: Shape) -> dict[str, str]:
        flow = self._found.flow
        facts = _known(self._call) | {
            "from network": shape.from_network.value,
            "to network": shape.to_network.value,
            "callflow": flow.doc_id,
            "callflow found by": "no_match" if self._found.is_no_match else "number or pattern",
        }
        return {name: value for name, value in facts.items() if value}

    # -- rules ----------------------------------------------------------------------------------------

    def _policy(self, shape: Shape) -> None:
        account = Source(f"account {self._call.account_id}", self._account)
        endpoint_id = self._call.identity.authorizing_id
        caller = endpoint_of(self._means.library, account, self._call.account_id, endpoint_id)
        for ruling in rulings(shape, account, caller):
            if not ruling.is_on:
                self._otherwise.append(Note("setting", ruling.name, ruling.reason))
            elif ruling.leg not in AT_ONCE:
                text = f"{ruling.reason}: recorded on the legs that the forwarded call makes outside"
                self._otherwise.append(Note("setting", ruling.name, text))
            else:
                self._by_policy(ruling)

    def _by_policy(self, ruling: Ruling) -> None:
        request = request_for(ruling, self._config)
        where = ruling.reason.removeprefix("enabled by ")
        document, _, path = where.partition(": ")
        self._recordings.append(
            Expected(
                by="policy",
                rule=ruling.name,
                document=document,
                path=path,
                is_certain=True,
                way=(),
                begins=_begins(request, "the caller's leg, with the callflow"),
                parameters=tuple(parameters_of(request, ruling.parameters, ruling.sources, self._config)),
                storage=self._means.storage(self._call.account_id, request),
            )
        )

    # -- nodes ----------------------------------------------------------------------------------------

    def _node(self, reached: Reached) -> None:
        node, place = reached.node, _where(reached)
        if is_sensitive(node) and not reached.passed_over:
            self._steps.append(Note("masked", place, f"while {node.module} runs"))
        if node.module not in ("record_call", "record_caller"):
            return
        if reached.passed_over:
            self._otherwise.append(Note("node", place, f"passed over: {reached.passed_over}"))
        elif node.module == "record_caller":
            self._message(reached)
        elif node.data["action"] in STARTS:
            self._start(reached)
        else:
            self._steps.append(Note(node.data["action"], place, _whose(node.data)))

    def _start(self, reached: Reached) -> None:
        data = reached.node.data
        request = record_call.request_of(data, self._config, self._flow_name)
        begins = _begins(request, "when the call comes to the node")
        is_certain = reached.is_certain
        if data["action"] == record_call.TOGGLE and self._recordings:
            is_certain, begins = False, f"{begins}, unless a recording runs: then that one is stopped"
        self._by_node(reached, request, begins, is_certain=is_certain)

    def _message(self, reached: Reached) -> None:
        request = record_caller.request_of(reached.node.data, self._config, self._flow_name)
        storage = self._means.storage(self._call.account_id, request)
        if not storage.places:
            text = f"the message is not recorded: {storage.reason.partition(':')[0]}"
            self._otherwise.append(Note("node", _where(reached), text))
            return
        begins = "when the call comes to the node, which answers and waits for the message"
        self._by_node(reached, request, begins, is_certain=reached.is_certain)

    def _by_node(self, reached: Reached, request: RecordingRequest, begins: str, *, is_certain: bool) -> None:
        node, flow = reached.node, reached.flow
        self._recordings.append(
            Expected(
                by="node",
                rule=node.module,
                document=flow.doc_id,
                path=node.path,
                is_certain=is_certain,
                way=reached.way,
                begins=begins,
                parameters=tuple(self._parameters(reached, request)),
                storage=self._means.storage(self._call.account_id, request),
            )
        )

    def _parameters(self, reached: Reached, request: RecordingRequest) -> Iterator[Parameter]:
        data = reached.node.data
        sources = _given(reached)
        fixed = record_caller.FIXED if reached.node.module == "record_caller" else {}
        yield from parameters_of(request, {**data, **fixed}, sources, self._config)
        if "announcement" in data:
            media = data["announcement"]
            resolved = self._config.resolve("recording", "care", "announcement")
            value = resolved.value if media is None else media
            if value:
                own = sources.get("announcement")
                source = own or f"recording.care.announcement ({resolved.origin})"
                yield Parameter("announcement", without_credentials(value), source)

    @property
    def _flow_name(self) -> str:
        return self._found.flow.name or self._found.flow.doc_id


def _known(call: DescribedCall) -> dict[str, str]:
    identity = call.identity
    endpoint = f"{identity.authorizing_type} {identity.authorizing_id}".strip()
    facts = {
        "account": call.account_id,
        "number": identity.number,
        "caller": identity.caller_id_number,
        "calling endpoint": endpoint,
    }
    return {name: value for name, value in facts.items() if value}


def _given(reached: Reached) -> dict[str, str]:
    """Return which parameters the node itself gives, and where."""
    node = reached.node
    if node.action is None:
        return {}
    fields = schema_of(node.action).fields
    return {
        name: f"{reached.flow.doc_id} {node.path}.data.{name}"
        for name, value in node.data.items()
        if value not in (None, "") and (name not in fields or value != fields[name].load_default)
    }


def _begins(request: RecordingRequest, otherwise: str) -> str:
    waits = [
        word for word, is_so in (("answered", request.on_answer), ("bridged", request.on_bridge)) if is_so
    ]
    return f"when the call is {' and '.join(waits)}" if waits else otherwise


def _whose(data: Mapping[str, Any]) -> str:
    name = data["media_id"] or data["media_name"]
    return f"the recording named {name}" if name else "the newest recording"


def _where(reached: Reached) -> str:
    perhaps = "" if reached.is_certain else f" (perhaps: {'; '.join(reached.way)})"
    return f"{reached.flow.doc_id or '?'} {reached.node.path}{perhaps}"


def _place(target: Target, own_id: str) -> str:
    """Name a target in words, without secrets; the id of a recording that is not made yet is left open."""
    parameters = target.parameters
    parts = [target.kind]
    if parameters.get("url"):
        parts.append(without_credentials(str(parameters["url"])))
    if parameters.get("database"):
        doc_id = str(parameters.get("doc_id", "")).replace(own_id, f"{own_id[:6]}-<recording id>")
        parts.append(f"{parameters['database']}/{doc_id}")
    return " ".join(parts)


def _findings(recordings: tuple[Expected, ...]) -> Iterator[str]:
    for one in recordings:
        if not one.storage.places:
            yield f"{one.rule} at {one.path}: recorded, and stored nowhere: {one.storage.reason}"
        for missing in one.storage.missing:
            yield f"{one.rule} at {one.path}: {missing}"
