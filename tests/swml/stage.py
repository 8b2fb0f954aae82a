"""Methods run on calls of a simulated FreeSWITCH, one after the other, with the real recorder and its links.

The interpreter has tests of its own: here each step's properties are values already, as a method gets them.
"""

from __future__ import annotations

import importlib
import wave
from array import array
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from calls.call import Call
from calls.errors import CallGone
from calls.reception import receive
from calls.signaling import hangup
from config.system import SystemConfig
from esl.listener import Listener
from esl.session import Session
from recording.link import Links
from recording.link_origin import Origin
from recording.link_shelf import Shelf
from recording.recorder import Recorder
from recording.register import OutboxRegister
from recording.storage_rules import NoPlans, StorageRules
from simulator.script import read_script
from simulator.simcall import SimCall
from simulator.switch import Switch
from storage.address import AddressPolicy
from storage.notice import NewNotice
from storage.outbox import Outbox
from swml.compiling import load as load_document
from swml.fetching import Fetcher
from swml.method import NEXT, Method, Outcome
from swml.property import Reading, reading
from swml.record_status import KIND, RecordStatusSink
from swml.run import Facilities, ScriptRun
from swml.runner import ScriptEnd, ScriptRunner
from swml.variables import Variables
from swml.web import Web
from tests.callflows.kit import ACCOUNT, NoChanges
from tests.recording.house import QUICK
from tests.storage.receiver import loopback, resolved_in_public
from tests.waiting import eventually

DEADLINE_S = 15.0
CONFIG: dict[str, dict[str, Any]] = {"media": {"store_recordings": True}}
PUBLIC_URL = "http://links.test"
SESSION_ID = "00000000-0000-4000-8000-000000000000"

Properties = Mapping[str, Any] | Callable[[ScriptRun], Mapping[str, Any]]
Step = tuple[str, Properties]
"""A method's name and its properties, or what makes them of the run."""


class Told:
    """Takes notices, and shows them. Attributes: bodies: of all, in order."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._known: set[str] = set()

    def post(self, notice: NewNotice) -> None:
        """Note one."""
        self.bodies.append(dict(notice.body))

    def commit(self, notice: NewNotice) -> None:
        """Note one for certain, once."""
        if notice.notice_id not in self._known:
            self._known.add(notice.notice_id)
            self.post(notice)

    @property
    def states(self) -> list[str]:
        """What each said."""
        return [body["params"]["state"] for body in self.bodies]


class Stage:
    """A switch, an engine, an account; scripts are lists of steps."""

    def __init__(
        self,
        root: Path,
        config: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        with_switch: bool = True,
    ) -> None:
        """Args: config: what system_config says besides, by category, in its section `default`; with_switch:
        calls come from a simulated FreeSWITCH.
        """
        self.sounds = root / "sounds"
        self.sounds.mkdir()
        documents = {
            ("system_config", name): {"default": {**CONFIG.get(name, {}), **(config or {}).get(name, {})}}
            for name in {*CONFIG, *(config or {})}
        }
        self.config = SystemConfig(NoChanges(documents), node="test@localhost")
        self.config.start()
        self.outbox = Outbox(root / "outbox.sqlite")
        self.register = OutboxRegister(self.outbox.register)
        self.shelf = Shelf(root / "recordings", self.outbox, {})
        links = Links("0123456789abcdef", Origin(PUBLIC_URL, lambda: None), self.shelf, lifetime_s=3600)
        self.told = Told()
        self.recorder = Recorder(
            root / "recordings",
            config=self.config,
            outbox=self.outbox,
            storage=StorageRules(self.config, NoPlans()),
            register=self.register,
            timing=QUICK,
            observers={KIND: RecordStatusSink(self.told, links)},
        )
        self.recorder.open()
        self.web = Web(loopback(), longest_s=5.0)
        self.facilities = Facilities(
            config=self.config,
            recorder=self.recorder,
            links=links,
            notices=self.told,
            fetcher=Fetcher(self.web, lambda *_: None, timeout_s=2.0, max_bytes=1000, request_timeout_s=2.0),  # type: ignore[arg-type,return-value]
            media_dir=root / "recordings",
            node="node-1",
            project_id="project-1",
            space_id="space-1",
            addresses=AddressPolicy(["127.0.0.0/8"], lookup=resolved_in_public),
        )
        self.runs: list[ScriptRun] = []
        self.failures: list[BaseException] = []
        self._script: Sequence[Step] | str = ()
        self.ends: list[ScriptEnd] = []
        self._running = 0
        self.listener = Listener("127.0.0.1", 0, self._serve)
        self.listener.start()
        self._switch = Switch(self.listener.address, sounds_dir=self.sounds).start() if with_switch else None

    def close(self) -> None:
        """Take everything down."""
        if self._switch is not None:
            self._switch.stop()
        self.listener.close()
        self.recorder.close()
        self.register.close()
        self.shelf.close()
        self.web.close()
        self.outbox.close()
        self.config.stop()

    def run(
        self, script: Sequence[Step] | str, *caller: dict[str, Any], faults: Mapping[str, Any] | None = None
    ) -> SimCall:
        """Run steps, or a document, on a call whose caller does what is said; returns when all has ended.

        Args: faults: see simulator.faults.
        """
        assert self._switch is not None
        self.expect(script)
        far_end = {"steps": [*caller] or [{"at": 0.0, "say": 20.0}], "faults": dict(faults or {})}
        call = self._switch.place_call("1000", script=read_script(far_end))
        assert call.wait_ended(DEADLINE_S), [str(line) for line in call.log]
        self.wait_over()
        return call

    def expect(self, script: Sequence[Step] | str) -> None:
        """Have the next call run these steps, or a document."""
        self._script = script
        self._running += 1

    def wait_over(self, timeout_s: float = DEADLINE_S) -> None:
        """Wait until the call and its recordings have ended."""
        eventually(lambda: not self._running and not self.recorder.live, timeout_s)
        assert not self.failures, self.failures

    @property
    def variables(self) -> Variables:
        """Those of the script run last."""
        return self.runs[-1].variables

    def recording_of(self, url: str) -> dict[str, Any]:
        """The document of the recording behind a link."""
        return dict(self.outbox.recording(self.facilities.links.recording_of(url)).metadata)

    def media_of(self, url: str) -> Path:
        """The file behind a link."""
        return self.outbox.recording(self.facilities.links.recording_of(url)).media.path

    def samples_of(self, url: str) -> array[int]:
        """What is in the WAV file behind a link, channels in turn."""
        with wave.open(str(self.media_of(url))) as file:
            return array("h", file.readframes(file.getnframes()))

    def _serve(self, session: Session) -> None:
        call = receive(session)
        call.account_id = ACCOUNT
        try:
            self._perform(call)
            hangup(call)
        except CallGone:
            pass
        except Exception as exc:  # noqa: BLE001 - shown by the test that waits
            self.failures.append(exc)
            hangup(call)
        finally:
            self._running -= 1
        call.wait_complete(DEADLINE_S)

    def _perform(self, call: Call) -> None:
        if isinstance(self._script, str):
            self.ends.append(ScriptRunner(self.facilities).run(call, load_document(self._script)))
            return
        run = new_run(call, self.facilities)
        self.runs.append(run)
        for name, properties in self._script:
            perform(run, name, properties)


def new_run(call: Call, facilities: Facilities) -> ScriptRun:
    """A run of a script that sets nothing itself."""
    return ScriptRun(call, facilities, Variables(), SESSION_ID, lambda *_: NEXT)


def perform(run: ScriptRun, name: str, properties: Properties) -> Outcome | None:
    """Run one method with properties that are values."""
    method = importlib.import_module(f"swml.methods.{name}").METHOD
    given = properties(run) if callable(properties) else properties
    return method.run(run, method.schema().load(given))


def load(method: Method, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Load properties as they stand in a document. Raises: ValidationError."""
    token = reading.set(Reading(lambda *_: ()))
    try:
        return dict(method.schema().load(properties))
    finally:
        reading.reset(token)


def applications(call: SimCall) -> list[str]:
    """What the channel ran, as `application argument`, settings aside."""
    return [
        f"{seen.headers['Application']} {seen.headers.get('Application-Data', '')}".strip()
        for seen in call.events
        if seen.name == "CHANNEL_EXECUTE" and seen.headers["Application"] not in ("set", "socket")
    ]
