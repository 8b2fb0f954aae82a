"""Everything a callflow runs in, real but for the channel: a folder of documents, system_config, engine.

The recorder is a notebook: what reaches the switch of a recording is the recorder's own tests' affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event

from callflows.document import Flow, FlowCompiler, compile_flow
from callflows.engine import Engine, Walk
from callflows.flow_run import Facilities, FlowRun
from callflows.library import Library
from callflows.lookup import Lookup
from callflows.media import MediaCatalogue
from callflows.registry import Registry, discover
from callflows.runner import CallflowRunner, CallReport
from calls.call import Call
from calls.program import Program
from config.source import Document as ConfigDocument
from config.system import SystemConfig
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.request import RecordingRequest
from recording.timeline import What
from storage.cache import CachedStore
from storage.document import Document, DocumentStore
from storage.folder import FolderStore
from storage.names import account_db
from tests.calls.scripted_switch import ScriptedSwitch

ACCOUNT = "a" * 32
REGISTRY = discover()


class NoChanges:
    """A ConfigSource of documents given once."""

    def __init__(self, documents: dict[tuple[str, str], ConfigDocument]) -> None:
        self.documents = documents

    def read(self, database: str, doc_id: str) -> ConfigDocument | None:
        """Return a document."""
        return self.documents.get((database, doc_id))

    def follow(self, database: str, on_change: Callable[[str], None]) -> Callable[[], None]:
        """Nothing ever changes."""
        return lambda: None

    def account_database(self, account_id: str) -> str | None:
        """As documents name it."""
        return account_db(account_id)


@dataclass
class NotedRecording:
    """A recording that exists on paper. `call`: whose; `verdict`: what looking at it will find."""

    id: str
    call: Call
    request: RecordingRequest
    review: bool = False
    is_over: bool = False
    fate: str = ""
    verdict: Verdict = Verdict.OK
    begins: Event = field(default_factory=Event)

    @property
    def path(self) -> Path:
        """Where it would be."""
        return Path(f"/recordings/{self.id}.{self.request.capture_format}")

    def answers_to(self, name: str) -> bool:
        """As the recorder has it."""
        return name in ("", self.request.media_name, self.request.media_id, self.id)

    def wait_started(self, timeout_s: float) -> bool:
        """Begun when the test says so."""
        return bool(self.begins.wait(timeout_s)) and not self.is_over

    def wait_verified(self, timeout_s: float) -> RecordingOutcome | None:
        """At once."""
        return RecordingOutcome(self.id, self.id, EndedBy.STOPPED, self.verdict)

    def keep(self) -> None:
        """Note it, unless it is settled."""
        self.fate = self.fate or "kept"

    def discard(self, why: str) -> None:
        """Note it, unless it is settled."""
        self.fate = self.fate or why


@dataclass
class Notebook:
    """A CallRecorder that notes what is asked of it.

    Attributes: started, running: recordings; steered: (verb, id) in order; guards: why recordings were
    masked, in order; worn: those guards that are not lifted; marks: (what, detail).
    """

    started: list[NotedRecording] = field(default_factory=list)
    running: list[NotedRecording] = field(default_factory=list)
    steered: list[tuple[str, str]] = field(default_factory=list)
    guards: list[str] = field(default_factory=list)
    worn: list[str] = field(default_factory=list)
    marks: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def start(self, call: Call, request: RecordingRequest, *, review: bool = False) -> NotedRecording:
        """Note a request."""
        recording = NotedRecording(f"{len(self.started):032x}", call, request, review)
        self.started.append(recording)
        self.running.append(recording)
        return recording

    def stop(self, call: Call, name: str = "") -> NotedRecording | None:
        """The newest first."""
        recording = self._newest(name)
        if recording is not None:
            self.running.remove(recording)
            recording.is_over = True
        return recording

    def pause(self, call: Call, name: str = "") -> NotedRecording | None:
        """Note it."""
        return self._steer("pause", name)

    def resume(self, call: Call, name: str = "") -> NotedRecording | None:
        """Note it."""
        return self._steer("resume", name)

    def mask(self, call: Call, name: str = "") -> NotedRecording | None:
        """Note it."""
        return self._steer("mask", name)

    def unmask(self, call: Call, name: str = "") -> NotedRecording | None:
        """Note it."""
        return self._steer("unmask", name)

    @contextmanager
    def guard(self, call: Call, why: str) -> Iterator[None]:
        """Note it, and whether it is lifted."""
        self.guards.append(why)
        self.worn.append(why)
        try:
            yield
        finally:
            self.worn.remove(why)

    def mark(self, call: Call, what: What, **detail: str) -> None:
        """Note it."""
        self.marks.append((what.value, detail))

    def _steer(self, verb: str, name: str) -> NotedRecording | None:
        recording = self._newest(name)
        if recording is not None:
            self.steered.append((verb, recording.id))
        return recording

    def _newest(self, name: str) -> NotedRecording | None:
        return next((one for one in reversed(self.running) if one.answers_to(name)), None)


class FolderLocator:
    """A MediaLocator that names attachments as a folder of documents would."""

    def locate(self, database: str, document: Document, attachment: str) -> str:
        """Return a path that nobody opens."""
        return f"/media/{document['_id']}/{attachment}"


class House:
    """Documents, configuration and a recorder, and calls run in them."""

    def __init__(
        self,
        root: Path,
        config: dict[str, dict[str, Any]] | None = None,
        registry: Registry = REGISTRY,
        media_dir: Path | None = None,
    ) -> None:
        """Args: config: what system_config says, by category, in its section `default`."""
        self._folder = CachedStore(FolderStore(root))
        self.store: DocumentStore = self._folder
        self.store.create_database(account_db(ACCOUNT))
        source = NoChanges(
            {("system_config", key): {"default": body} for key, body in (config or {}).items()}
        )
        self.config = SystemConfig(source, node="test@localhost")
        self.config.start()
        self.recorder = Notebook()
        self.programs: dict[str, Program] = {}
        self.registry = registry
        self.reports: list[CallReport] = []
        library = Library(self.store)
        self.facilities = Facilities(
            library=library,
            lookup=Lookup(library, FlowCompiler(registry)),
            media=MediaCatalogue(library, FolderLocator()),
            config=self.config,
            recorder=self.recorder,
            media_dir=media_dir or root / "recordings",
            programs=self.programs,
        )

    def close(self) -> None:
        """Stop what follows changes."""
        self.config.stop()
        self._folder.close()

    def save(self, document: Document, database: str = account_db(ACCOUNT)) -> None:
        """Save a document, replacing one of its id."""
        self.store.create_database(database)
        self.store.save(database, document)

    def callflow(self, doc_id: str, flow: Any, **fields: Any) -> None:
        """Save a callflow."""
        self.save({"_id": doc_id, "pvt_type": "callflow", "flow": flow, **fields})

    def flow(self, root: Any) -> Flow:
        """Compile a flow that is in no store."""
        return compile_flow({"_id": "main", "name": "Main", "flow": root}, self.registry)

    def run_on(self, call: Call, root: Any) -> FlowRun:
        """Return a run of a flow, not begun."""
        call.account_id = ACCOUNT
        return FlowRun(call, self.facilities, self.flow(root))

    def walk(self, call: Call, root: Any, max_branch_count: int = 50) -> tuple[Walk, FlowRun]:
        """Walk a flow on a call."""
        run = self.run_on(call, root)
        return Engine(run, max_branch_count).walk(run.flow), run

    def walking(self, switch: ScriptedSwitch, root: Any, until: str) -> gevent.Greenlet:
        """Begin a walk, and return when it has come to an action; the walk's end is the greenlet's value."""
        run = self.run_on(switch.call(), root)
        greenlet = gevent.spawn(lambda: (Engine(run, 50).walk(run.flow), run))
        switch.wait_for(lambda: until in run.walked)
        gevent.sleep(0)
        return greenlet

    def runner(self, **options: Any) -> CallflowRunner:
        """A runner of whole calls in this house."""
        return CallflowRunner(
            self.store,
            self.config,
            self.recorder,
            self.registry,
            FolderLocator(),
            media_dir=self.facilities.media_dir,
            programs=self.programs,
            on_report=self.reports.append,
            **options,
        )


def node(module: str, data: dict[str, Any] | None = None, **children: Any) -> dict[str, Any]:
    """A node of a flow; `_` and other keys as keyword arguments."""
    return {"module": module, "data": data or {}, "children": children}
