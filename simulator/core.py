"""What all parts of one simulated switch share: clock, bus, the channels there are, what is loaded."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from simulator.clock import Clock
from simulator.events import Bus, Identity

if TYPE_CHECKING:
    from simulator.conference import Conference
    from simulator.script import Script
    from simulator.session import Session


# What every FreeSWITCH has until somebody changes it.
DEFAULT_PASSWORD = "ClueCon"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Application:
    """A dialplan application.

    Attributes: needs_media: pre-answers a channel without media; zombie: runs on a channel that is down.
    """

    name: str
    run: Callable[[Session, str], None]
    needs_media: bool = False
    zombie: bool = False
    description: str = ""
    syntax: str = ""
    module: str = "mod_dptools"


@dataclass(frozen=True, slots=True)
class Api:
    """An api command; `run` gets its argument and returns its output."""

    name: str
    run: Callable[[Core, str], str]
    description: str = ""
    syntax: str = ""
    module: str = "mod_commands"


_Named = TypeVar("_Named", Application, Api)


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one simulated switch.

    Attributes: engine: (host, port) calls are handed to; password: of the inbound event socket; sounds_dir:
    where relative file names are looked for; rejects_inbound: refuse controllers rudely.
    """

    engine: tuple[str, int] = ("127.0.0.1", 8084)
    password: str = DEFAULT_PASSWORD
    sounds_dir: Path = Path("/usr/share/freeswitch/sounds")
    rejects_inbound: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


class Core:
    """The shared state of one switch."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        applications: Iterable[Application],
        apis: Iterable[Api],
        script: Script,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.identity = Identity()
        self.bus = Bus(clock, self.identity)
        self.script = script
        self.sessions: dict[str, Session] = {}
        self.applications = _by_name(applications)
        self.apis = _by_name(apis)
        self.table: dict[str, str] = {}  # of mod_hash
        self.sessions_made = self.members_made = 0
        self.conferences: dict[str, Conference] = {}
        self.queues: dict[str, list[Session]] = {}
        self.on_die: list[Callable[[], None]] = []
        # Set by Switch: makes a call that is handed to the engine, for the api of that name.
        self.originate: Callable[[str, Mapping[str, str], str], Session] | None = None

    def new_uuid(self) -> str:
        """A channel's or job's id."""
        return str(uuid.uuid4())

    def register(self, session: Session) -> None:
        """A channel exists from now on."""
        self.sessions_made += 1
        self.sessions[session.channel.uuid] = session

    def forget(self, session: Session) -> None:
        """A channel is destroyed."""
        self.sessions.pop(session.channel.uuid, None)

    def located(self, uuid: str) -> Session | None:
        """The channel that commands from outside reach; one that is down is none any more.

        Source: FreeSWITCH switch_core_rwlock.c, switch_core_session_read_lock.
        """
        session = self.sessions.get(uuid)
        return None if session is None or session.channel.is_down else session

    def route(self, script: Script, extension: str) -> list[tuple[str, str]]:
        """The dialplan: an extension of the script, else the hand-off to the engine."""
        scripted = script.extension(extension)
        if scripted is not None:
            return list(scripted)
        host, port = self.settings.engine
        return [("socket", f"{host}:{port} async full")]

    def die(self) -> None:
        """The process is killed: connections break, files stay as they are, nothing says goodbye."""
        for call in list(self.on_die):
            call()


def _by_name(things: Iterable[_Named]) -> dict[str, _Named]:
    found: dict[str, _Named] = {}
    for thing in things:
        if thing.name in found:
            raise ValueError(f"{thing.name} is defined twice")
        found[thing.name] = thing
    return found
