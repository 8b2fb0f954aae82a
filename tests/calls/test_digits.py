"""Collecting and sending digits."""

from __future__ import annotations

import time

import gevent
import pytest

from calls.digits import Collected, collect, send_dtmf
from calls.errors import CallGone
from tests.calls.scripted_switch import ScriptedSwitch, missing, never


@pytest.mark.parametrize(
    ("pressed", "max_digits", "terminators", "expected", "left_over"),
    [
        ("123", 3, "#", Collected("123", None), ""),
        ("12#", 5, "#", Collected("12", "#"), ""),
        ("#", 5, "#", Collected("", "#"), ""),
        ("1234", 2, "#", Collected("12", None), "34"),
        ("1*9", 5, "*0", Collected("1", "*"), "9"),
        ("12#", 3, "", Collected("12#", None), ""),
        ("1", 1, "", Collected("1", None), ""),
    ],
)
def test_a_collection_ends_by_number_or_by_key(
    pressed: str, max_digits: int, terminators: str, expected: Collected, left_over: str
) -> None:
    """The key that ends it is no part of it; what was pressed beyond is kept for later."""
    switch = ScriptedSwitch()
    call = switch.call()
    collecting = gevent.spawn(collect, call, max_digits, 5, 5, terminators)
    gevent.sleep(0)
    switch.press(pressed)
    assert collecting.get(timeout=5) == expected
    assert call.dtmf.get() == left_over


def test_nothing_pressed_is_an_empty_answer() -> None:
    """After the time for the first digit."""
    started_s = time.monotonic()
    assert collect(ScriptedSwitch().call(), 3, 0.05, 9) == Collected("", None)
    assert 0.05 <= time.monotonic() - started_s < 1


def test_a_pause_between_digits_ends_it() -> None:
    """The time for further digits counts from the last one."""
    switch = ScriptedSwitch()
    call = switch.call()
    collecting = gevent.spawn(collect, call, 9, 5, 0.05)
    for _ in range(3):
        gevent.sleep(0.02)
        switch.press("1")
    assert collecting.get(timeout=2) == Collected("111", None)


def test_the_first_digit_breaks_the_prompts() -> None:
    """Prompts not begun yet are not played."""
    switch = ScriptedSwitch()
    switch.keys = ["", "1"]
    call = switch.call()
    collected = collect(call, 1, 5, 5, media=["a.wav", "b.wav", "c.wav"])
    assert (collected.digits, switch.arguments("playback")) == ("1", ["a.wav", "b.wav"])


def test_a_missing_prompt_is_passed_over() -> None:
    """The caller can still press something."""
    switch = ScriptedSwitch()
    switch.applications["playback"] = missing
    assert collect(switch.call(), 1, 0.01, 1, media=["a.wav"]) == Collected("", None)


def test_there_is_no_time_limit_while_the_prompt_lasts() -> None:
    """The time for the first digit begins when the prompt is over."""
    switch = ScriptedSwitch()
    call = switch.call()

    def prompt() -> None:
        call.sleep(0.1)
        switch.press("7")

    assert collect(call, 1, 0.05, 5, prompt=prompt).digits == "7"


def test_digits_collected_are_not_kept_twice() -> None:
    """Those of a collection are not in the default collection as well."""
    switch = ScriptedSwitch()
    switch.keys = ["5"]
    call = switch.call()
    assert collect(call, 1, 5, 5, media=["a.wav"]).digits == "5"
    assert call.dtmf.get() == ""


def test_a_hangup_ends_a_collection() -> None:
    """As an error: there is nobody to press anything."""
    switch = ScriptedSwitch()
    switch.applications["playback"] = never
    call = switch.call()
    gevent.spawn_later(0.01, switch.hang_up)
    with pytest.raises(CallGone):
        collect(call, 1, 60, 60, media=["a.wav"])
    assert not call.dtmf.is_heard


@pytest.mark.parametrize(
    ("digits", "duration_ms", "expected"),
    [
        ("123#", 2000, ["123#@2000"]),
        ("1w2", 100, ["1w2@100"]),
        ("1+2@3~", 100, ["123@100"]),
        ("1", 1, ["1@50"]),
        ("1", 10**9, ["1@24000"]),
        ("", 2000, []),
        ("+@~", 2000, []),
        ("1" * 200, 100, ["1" * 90 + "@100", "1" * 90 + "@100", "1" * 20 + "@100"]),
    ],
)
def test_digits_are_sent_as_freeswitch_takes_them(digits: str, duration_ms: int, expected: list[str]) -> None:
    """Nothing but digits and pauses, no longer than FreeSWITCH takes at once."""
    switch = ScriptedSwitch()
    call = switch.call()
    send_dtmf(call, digits, duration_ms)
    call.execute("eval")
    assert switch.arguments("send_dtmf") == expected
