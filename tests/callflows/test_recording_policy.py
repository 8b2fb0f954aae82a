"""What documents say is recorded by itself: Kazoo's matrices and its rules of merging (reference 3.1)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflows.recording_policy import (
    NOBODY,
    Endpoint,
    Leg,
    Network,
    Ruling,
    Shape,
    Source,
    endpoint_settings,
    ruling_for_callee,
    rulings,
)
from tests.calls.test_variables import JSON

ON, OFF = Network.ONNET, Network.OFFNET
YES = {"enabled": True}
FOUR = [("inbound", ON), ("inbound", OFF), ("outbound", ON), ("outbound", OFF)]
CALLS = [Shape(ON, ON), Shape(ON, OFF), Shape(OFF, ON), Shape(OFF, OFF)]
NO_ACCOUNT = Source("account", {})


def account_with(*keys: tuple[str, Network], part: str = "account") -> Source:
    """An account that records exactly these."""
    said: dict[str, Any] = {}
    for direction, network in keys:
        said.setdefault(direction, {})[network.value] = YES
    return Source("account", {"call_recording": {part: said}})


def on(found: Any) -> list[Ruling]:
    """Those that are on."""
    return [ruling for ruling in found if ruling.is_on]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (CALLS[0], [("inbound", ON), ("outbound", ON)]),
        (CALLS[1], [("inbound", ON), ("outbound", OFF)]),
        (CALLS[2], [("inbound", OFF), ("outbound", ON)]),
        (CALLS[3], [("inbound", OFF), ("outbound", OFF)]),
    ],
    ids=["on to on", "on to off", "off to on", "off to off"],
)
@pytest.mark.parametrize("enabled", range(16))
def test_the_account_matrix(shape: Shape, expected: list[tuple[str, Network]], enabled: int) -> None:
    """Whatever is enabled, the first that fits the call decides, and only one starts."""
    keys = [key for index, key in enumerate(FOUR) if enabled >> index & 1]
    found = on(rulings(shape, account_with(*keys), Endpoint(NO_ACCOUNT, why_none="nobody")))
    first = next((key for key in expected if key in keys), None)
    assert [ruling.name for ruling in found] == ([f"account.{first[0]}.{first[1]}"] if first else [])
    assert all(ruling.leg is Leg.ACCOUNT for ruling in found)


@pytest.mark.parametrize(
    ("shape", "caller", "callee"),
    [
        (Shape(ON, ON), "outbound.onnet", "inbound.onnet"),
        (Shape(ON, OFF), "outbound.offnet", "inbound.onnet"),
        (Shape(OFF, ON), "", "inbound.offnet"),
        (Shape(OFF, OFF), "", "inbound.offnet"),
        (Shape(ON, OFF, forwarded_from=OFF), "inbound.offnet", "inbound.onnet"),
        (Shape(OFF, OFF, forwarded_from=ON), "inbound.onnet", "inbound.offnet"),
    ],
)
@pytest.mark.parametrize("key", FOUR)
def test_the_endpoint_matrix(shape: Shape, caller: str, callee: str, key: tuple[str, Network]) -> None:
    """A caller inside is recorded as outbound, whoever is called as inbound; a forwarded call as inbound."""
    name = f"{key[0]}.{key[1]}"
    endpoint = Endpoint(account_with(key, part="endpoint"), device=Source("device d"))
    expected = [f"endpoint.{name}"] if name == caller else []
    found = on(rulings(shape, NO_ACCOUNT, endpoint))
    assert [ruling.name for ruling in found] == expected
    forwarded = shape.forwarded_from is not None
    assert all(ruling.leg is (Leg.FORWARDED if forwarded else Leg.CALLER) for ruling in found)
    called = ruling_for_callee(shape.from_network, endpoint)
    assert (called.is_on, called.name) == (name == callee, f"endpoint.{callee}")
    assert called.leg.begins_answered


@pytest.mark.parametrize(
    ("ruling", "origin"),
    [
        (
            on(rulings(CALLS[2], account_with(FOUR[1]), Endpoint(NO_ACCOUNT)))[0],
            "inbound from offnet to account",
        ),
        (
            on(rulings(CALLS[1], account_with(FOUR[3]), Endpoint(NO_ACCOUNT)))[0],
            "outbound to offnet from account",
        ),
        (
            ruling_for_callee(OFF, Endpoint(account_with(FOUR[1], part="endpoint"))),
            "inbound from offnet to endpoint",
        ),
        (
            on(rulings(CALLS[0], NO_ACCOUNT, Endpoint(account_with(FOUR[2], part="endpoint"))))[0],
            "outbound to onnet from endpoint",
        ),
    ],
)
def test_the_origin_says_what_started_it(ruling: Ruling, origin: str) -> None:
    """In Kazoo's words, which its tools show."""
    assert ruling.origin == origin


def settled(account: Any = None, user: Any = None, device: Any = None) -> dict[str, Any]:
    """What holds for a device; each argument is the call_recording (or another field) of its document."""

    def source(name: str, said: Any) -> Source:
        if said is None:
            return NOBODY
        return Source(name, said if "record_call" in said else {"call_recording": said})

    above = Source("account", {"call_recording": {"endpoint": account}} if account is not None else {})
    endpoint = Endpoint(above, source("user", user), source("device", device))
    found = endpoint_settings(endpoint)
    return {f"{key[0]}.{key[1]}": dict(setting.values) for key, setting in found.items()}


def enabled(**layers: Any) -> list[str]:
    """Which of the four are on."""
    return [name for name, values in settled(**layers).items() if values.get("enabled") is True]


ALL_FOUR = ["inbound.onnet", "inbound.offnet", "outbound.onnet", "outbound.offnet"]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ({}, []),
        ({"account": {}}, []),
        ({"account": {"any": {"any": YES}}}, ALL_FOUR),
        ({"account": {"inbound": {"any": YES}}}, ALL_FOUR[:2]),
        ({"account": {"any": {"onnet": YES}}}, ["inbound.onnet", "outbound.onnet"]),
        ({"account": {"any": {"any": YES}, "inbound": {"onnet": {"enabled": False}}}}, ALL_FOUR[1:]),
        (
            {"account": {"any": {"onnet": YES}, "inbound": {"any": {"enabled": False}}}},
            [ALL_FOUR[0], ALL_FOUR[2]],
        ),
        # what a layer leaves out is off, and goes before the layers beneath
        ({"account": {"any": {"any": YES}}, "device": {"inbound": {"onnet": YES}}}, ["inbound.onnet"]),
        ({"user": {"any": {"any": YES}}, "device": {"inbound": {"onnet": YES}}}, ["inbound.onnet"]),
        ({"account": {"any": {"any": YES}}, "user": {"any": {"any": {"enabled": False}}}}, []),
        # an empty object says nothing, an `any` without `enabled` leaves that open
        ({"account": {"any": {"any": YES}}, "user": {}}, ALL_FOUR),
        ({"user": {"any": {"any": YES}}, "device": {"any": {"any": {"format": "wav"}}}}, ALL_FOUR),
        ({"user": {"any": {"any": YES}}, "device": {"inbound": {"any": {"format": "wav"}}}}, ALL_FOUR[:2]),
        # legacy: everything on, unless there is a call_recording
        ({"user": {"record_call": True}}, ALL_FOUR),
        ({"user": {"record_call": "true"}}, ALL_FOUR),
        ({"device": {"record_call": {"format": "wav"}}}, ALL_FOUR),
        ({"device": {"record_call": {"record_call": False, "format": "wav"}}}, []),
        ({"user": {"record_call": False}}, []),
        ({"user": {"record_call": {}}}, []),
        ({"user": {"record_call": 5}}, []),
        ({"user": {"record_call": True, "call_recording": {"inbound": {"onnet": YES}}}}, ["inbound.onnet"]),
    ],
)
def test_documents_are_merged_as_in_kazoo(layers: dict[str, Any], expected: list[str]) -> None:
    """account.endpoint, then user, then device; the more specific before `any`."""
    assert enabled(**layers) == expected


def test_true_may_be_written_as_text() -> None:
    """Kazoo's readers take both."""
    account = Source("account", {"call_recording": {"account": {"any": {"any": {"enabled": "true"}}}}})
    assert on(rulings(CALLS[0], account, Endpoint(NO_ACCOUNT, why_none="nobody")))


def test_parameters_are_merged_key_by_key() -> None:
    """A device may change the format and keep the user's url; each key knows where it is from."""
    user = Source(
        "user u", {"call_recording": {"any": {"any": {**YES, "url": "https://a/", "time_limit": 60}}}}
    )
    device = Source("device d", {"call_recording": {"outbound": {"any": {**YES, "format": "wav"}}}})
    found = on(rulings(CALLS[0], NO_ACCOUNT, Endpoint(NO_ACCOUNT, user, device)))[0]
    assert dict(found.parameters) == {"url": "https://a/", "time_limit": 60, "format": "wav"}
    assert dict(found.sources) == {
        "url": "user u: call_recording.any.any.url",
        "time_limit": "user u: call_recording.any.any.time_limit",
        "format": "device d: call_recording.outbound.any.format",
    }
    assert found.reason == "enabled by device d: call_recording.outbound.any.enabled"


def test_what_is_off_says_why() -> None:
    """For whoever asks why a call was not recorded."""
    user = Source("user u", {"call_recording": {"any": {"any": {"enabled": False}}}})
    found = {
        ruling.name: ruling.reason for ruling in rulings(CALLS[0], NO_ACCOUNT, Endpoint(NO_ACCOUNT, user))
    }
    assert found == {
        "account.inbound.onnet": "no document says anything of it",
        "account.outbound.onnet": "no document says anything of it",
        "endpoint.outbound.onnet": "not enabled by user u: call_recording.any.any.enabled",
    }
    both = list(rulings(CALLS[0], account_with(FOUR[0], FOUR[2]), Endpoint(NO_ACCOUNT, why_none="nobody")))
    assert [ruling.reason for ruling in both][1:] == [
        "account.inbound.onnet is on already, and of the account's only one starts",
        "nobody",
    ]
    outside = list(rulings(CALLS[2], NO_ACCOUNT, Endpoint(NO_ACCOUNT)))
    assert "begins outside" in outside[-1].reason


@settings(max_examples=200)
@given(account=JSON, user=JSON, device=JSON, legacy=JSON, shape=st.sampled_from(CALLS))
def test_any_documents_are_read(account: Any, user: Any, device: Any, legacy: Any, shape: Shape) -> None:
    """Whatever stands there, there is a ruling with a reason for every rule, and no exception."""
    endpoint = Endpoint(
        Source("account", {"call_recording": account}),
        Source("user", {"call_recording": user, "record_call": legacy}),
        Source("device", {"call_recording": {"any": device, "inbound": {"any": device}}}),
    )
    found = [*rulings(shape, endpoint.account, endpoint), ruling_for_callee(ON, endpoint)]
    assert len(found) == 4
    assert all(ruling.reason and (ruling.is_on is bool(ruling.origin)) for ruling in found)
