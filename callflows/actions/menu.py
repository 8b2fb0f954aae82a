"""Asks the caller to choose: plays a greeting, collects digits, goes where they lead.

A choice is a child of exactly those digits (an empty one does not count, and `_` is no choice), else,
where the menu hunts, a callflow of that number. Nothing pressed leads to the child `timeout`; too many
failures lead to `max_retries`, else to `_`. The menu's pin lets somebody record its greeting.
Source: Kazoo cf_menu (reference section 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.actions._menu_greeting import record_greeting
from callflows.actions._menu_profile import Media, MenuProfile, read_profile
from callflows.flow_run import FlowRun
from callflows.lookup import compile_regex, matches
from callflows.playing import play_first, play_prompt, play_reference
from calls.digits import collect
from calls.signaling import answer

TIMEOUT = "timeout"
MAX_RETRIES = "max_retries"


class MenuData(ActionData):
    """Which menu."""

    id = _fields.text("The menu's document.", load_default="")
    interdigit_timeout = _fields.whole(
        "How long to wait for each further digit, in ms, if the menu's document does not say.",
        load_default=None,
    )


def run(run: FlowRun, data: Data) -> Next:
    """Answer, and ask until there is a choice or no retry is left."""
    answer(run.call, wait=False)
    profile, failures = _profile(run, data), 0
    while failures < profile.retries:
        digits = _ask(run, profile)
        choice = _no_digits(run, profile) if not digits else _choice(run, profile, digits)
        if choice is not None:
            return choice
        if digits and _may_record(run, profile, digits):
            record_greeting(run, profile)
            play_prompt(run, "menu-return")
            profile = _profile(run, data)
            continue
        if digits:
            _say(run, profile.invalid_media, "menu-invalid_entry")
        failures += 1
    return _give_up(run, profile)


def _profile(run: FlowRun, data: Data) -> MenuProfile:
    document = run.document(data["id"])
    if document is None:
        run.call.log.warning("menu_missing", menu=data["id"], outcome="a menu of defaults is run")
    return read_profile(
        document, data["interdigit_timeout"], run.config("call_command", "interdigit_timeout")
    )


def _ask(run: FlowRun, profile: MenuProfile) -> str:
    def greet() -> None:
        if profile.greeting:
            play_reference(run, profile.greeting)
        else:
            play_prompt(run, "menu-no_prompt")

    collected = collect(
        run.call,
        profile.max_digits,
        profile.timeout_ms / 1000,
        profile.interdigit_timeout_ms / 1000,
        prompt=greet,
    )
    return collected.digits


def _no_digits(run: FlowRun, profile: MenuProfile) -> Next | None:
    return _choice(run, profile, TIMEOUT)


def _choice(run: FlowRun, profile: MenuProfile, digits: str) -> Next | None:
    """Return where the digits (or the word `timeout`) lead, None for nowhere."""
    return run.attempt(digits) or (_hunt(run, profile, digits) if _may_hunt(run, profile, digits) else None)


def _may_hunt(run: FlowRun, profile: MenuProfile, digits: str) -> bool:
    if not profile.is_hunting:
        return False
    if profile.hunt_allow and not _hits(run, profile.hunt_allow, digits):
        return False
    return not (profile.hunt_deny and _hits(run, profile.hunt_deny, digits))


def _hits(run: FlowRun, expression: str, digits: str) -> bool:
    """Whether a hunting expression of the menu hits; one that is no expression hits nothing, as in Kazoo."""
    try:
        return matches(compile_regex(expression), digits)
    except ValueError as exc:
        run.call.log.warning("menu_expression_skipped", reason=str(exc))
        return False


def _hunt(run: FlowRun, profile: MenuProfile, digits: str) -> Next | None:
    found = run.lookup(digits)
    if found is None or found.is_no_match:
        return None
    run.call.dtmf.flush()
    _say(run, profile.transfer_media, "menu-transferring_call")
    return run.enter_found(found)


def _may_record(run: FlowRun, profile: MenuProfile, digits: str) -> bool:
    if not profile.record_pin or digits != profile.record_pin:
        return False
    return profile.may_record_from_offnet or run.call.identity.is_onnet


def _give_up(run: FlowRun, profile: MenuProfile) -> Next:
    run.call.dtmf.flush()
    _say(run, profile.exit_media, "menu-exit")
    last = run.attempt(MAX_RETRIES)
    if last is not None:
        return last
    if run.is_wildcard_empty:
        play_prompt(run, "vm-goodbye")
    else:
        _say(run, profile.transfer_media, "menu-transferring_call")
    return CONTINUE


def _say(run: FlowRun, media: Media, prompt_id: str) -> None:
    """Play what the menu has for an occasion: its own media, the stock prompt, or nothing."""
    if media is True:
        play_prompt(run, prompt_id)
    elif media is not False:
        play_first(run, run.facilities.media.document(media, run.audience))


def _doubts(data: Data) -> Iterator[Doubt]:
    if not data["id"]:
        yield Doubt("id", "missing: a menu of defaults is run")


ACTION = Action(
    schema=MenuData,
    run=run,
    summary="Plays a menu's greeting and goes where the digits pressed lead.",
    branches=r"_|timeout|max_retries|[0-9*]+",
    doubts=_doubts,
)
