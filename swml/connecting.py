"""Makes legs of what `connect` says, has each asked as `confirm` says, and tells of them.

What a destination says of itself goes before what is said for all of them. A script of its own is run for
each leg that is asked: it has its own `call`, begins with the variables set so far, and what it sets is its
own. The leg is connected when its script comes to its end with the leg still there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from calls.call import Call
from calls.destination import parse_destination
from calls.errors import CallError
from calls.leg import Encryption, Leg
from calls.leg_door import Ask
from calls.leg_watch import LegStory
from esl.errors import EslError
from swml.call_state import Listener, tell
from swml.document import Script, Step
from swml.errors import BadDocument, DocumentNotFetched, ScriptError
from swml.expressions import Expressions
from swml.interpreter import Interpreter
from swml.method import Way
from swml.payload import call_source, payload_of
from swml.run import ScriptRun
from swml.variables import Variables

Confirm = str | tuple[Step, ...]
"""A URL, or steps; empty: nobody is asked."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """The legs of a step.

    Attributes: groups: as calls.bridge takes them; listeners: by the legs' uuids; confirms: likewise.
    """

    groups: tuple[tuple[Leg, ...], ...]
    listeners: Mapping[str, Listener]
    confirms: Mapping[str, Confirm]

    def tell(self, run: ScriptRun, story: LegStory) -> None:
        """Tell whoever listens of a state a leg has reached. Never waits."""
        listener = self.listeners.get(story.leg.uuid)
        if listener is not None:
            tell(run, listener, story)

    def asking(self, run: ScriptRun) -> AbstractContextManager[None]:
        """Expect the legs that are to be asked, while the context lasts."""
        asks = {uuid: _ask(run, confirm) for uuid, confirm in self.confirms.items()}
        return run.facilities.legs.expecting(asks) if asks else nullcontext()


def dialled(
    run: ScriptRun, common: Mapping[str, Any], groups: Sequence[Sequence[Mapping[str, Any]]]
) -> Dialled:
    """Return the legs of groups of destinations.

    Args: common: what is said for all of them. Raises: NotDialable: somebody who cannot be.
    """
    legs: list[tuple[Leg, ...]] = []
    listeners: dict[str, Listener] = {}
    confirms: dict[str, Confirm] = {}
    for group in groups:
        made = []
        for device in group:
            said = _Said(device, common)
            confirm: Confirm = said("confirm") or ()
            leg = _leg(run, said, is_asked=bool(confirm))
            made.append(leg)
            if confirm:
                confirms[leg.uuid] = confirm
            if url := said("call_state_url"):
                events = frozenset(said("call_state_events") or ("ended",))
                listeners[leg.uuid] = Listener(url, events, leg.caller or run.call.identity.caller_id_number)
        legs.append(tuple(made))
    return Dialled(tuple(legs), listeners, confirms)


class _Said:
    """What is said of a destination: by itself, else for all."""

    def __init__(self, device: Mapping[str, Any], common: Mapping[str, Any]) -> None:
        self._device, self._common = device, common

    def __call__(self, name: str) -> Any:
        value = self._device.get(name)
        return self._common.get(name) if value is None else value


def _leg(run: ScriptRun, said: _Said, *, is_asked: bool) -> Leg:
    timeout_s = said("timeout")
    encryption = said("encryption")
    confirm_s = said("confirm_timeout") or timeout_s
    return Leg(
        parse_destination(said("to")),
        caller=said("from") or "",
        timeout_s=timeout_s,
        max_duration_s=max(0, said("max_duration")),
        headers={header["name"]: header["value"] for header in said("headers") or ()},
        codecs=tuple(name.strip() for name in (said("codecs") or "").split(",") if name.strip()),
        encryption=Encryption(encryption) if encryption else None,
        username=said("username") or "",
        password=said("password") or "",
        session_timeout_s=max(0, said("session_timeout") or 0),
        is_webrtc=bool(said("webrtc_media")),
        confirmation=run.facilities.legs.confirmation(run.call, max(1, confirm_s)) if is_asked else None,
        variables={"callflows_account_id": run.account_id} if run.account_id else {},
    )


def _ask(run: ScriptRun, confirm: Confirm) -> Ask:
    """Return what asks a leg: it runs the script, on a greenlet of its own."""

    def ask(call: Call) -> bool:
        call.account_id = run.account_id
        interpreter = Interpreter()
        own = ScriptRun(
            call,
            run.facilities,
            Variables(
                call_source(call, run.facilities),
                params=run.variables.params,
                envs=run.variables.envs,
                given=run.variables.vars,
            ),
            run.session_id,
            interpreter.nested,
            Expressions() if run.expressions is None else run.expressions,
        )
        try:
            outcome = interpreter.main(own, _script(own, confirm))
        except (ScriptError, BadDocument, DocumentNotFetched) as exc:
            own.log.warning("confirm_failed", reason=str(exc), outcome="hung up")
            return False
        finally:
            _clean_up(own)
        return outcome.way is Way.RETURN and not call.is_ended

    return ask


def _script(run: ScriptRun, confirm: Confirm) -> Script:
    """Return the script of a confirmation. Raises: DocumentNotFetched, BadDocument, CallGone."""
    if isinstance(confirm, str):
        return run.facilities.fetcher.fetch(confirm, payload_of(run), run.call)
    return Script({"main": confirm})


def _clean_up(run: ScriptRun) -> None:
    for finish in run.at_end:
        with suppress(CallError, EslError):
            finish()
