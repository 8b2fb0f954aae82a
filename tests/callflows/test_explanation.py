"""What is said of a call nobody makes: the rules and nodes that record it, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from callflows.described_call import DescribedCall, Description
from callflows.expected_recording import Answer, Expected, Explanation
from callflows.explanation import Explainer
from storage.destination import Target
from tests.callflows.kit import ACCOUNT, House, node

YES = {"any": {"any": {"enabled": True}}}


@pytest.fixture
def office(house: House) -> House:
    """An account, a user, her device."""
    house.save({"_id": ACCOUNT, "pvt_type": "account"}, "accounts")
    house.save({"_id": "u", "pvt_type": "user"})
    house.save({"_id": "d", "pvt_type": "device", "owner_id": "u"})
    return house


def explained(
    house: House, number: str = "1000", faults: dict[str, list[str]] | None = None, **said: Any
) -> Explanation:
    """Explain a call of the account."""
    explainer = Explainer(
        house.store, house.config, house.registry, lambda target: (faults or {}).get(target.kind, [])
    )
    return explainer.explain(DescribedCall(Description(number, ACCOUNT, **said)))


def named(one: Expected) -> dict[str, tuple[Any, str]]:
    """Value and source of each parameter."""
    return {each.name: (each.value, each.source) for each in one.parameters}


def test_a_node_that_certainly_records(office: House) -> None:
    """Where it stands, with what, each value with who says it."""
    data = {"action": "start", "format": "wav", "time_limit": 20000, "label": "all", "record_sample_rate": 7}
    office.callflow("main", node("answer", {}, _=node("record_call", data)), numbers=["1000"], name="Main")
    found = explained(office)
    assert found.answer is Answer.YES
    (one,) = found.recordings
    assert (one.by, one.rule, one.document, one.path) == ("node", "record_call", "main", "flow.children._")
    assert (one.is_certain, one.way, one.begins) == (True, (), "when the call comes to the node")
    values = named(one)
    assert values["origin"] == ("callflow : all", "the engine")
    assert values["format"] == ("wav", "main flow.children._.data.format")
    assert values["time_limit"] == (
        10800,
        (
            "media.max_recording_time_limit (built-in default); "
            "main flow.children._.data.time_limit says 20000, which is not taken as it is"
        ),
    )
    assert values["record_sample_rate"][0] == 16000
    assert "says 7" in values["record_sample_rate"][1]
    assert values["should_follow_transfer"] == (True, "built-in default")
    assert one.storage.rule == "nowhere"
    assert any("stored nowhere" in finding for finding in found.findings)


def test_the_configuration_is_named_as_a_source(tmp_path: Any) -> None:
    """Document and section."""
    config = {
        "media": {"store_recordings": True, "call_recording": {"extension": "wav"}},
        "recording": {"care": {"announcement": "told", "beep_every_s": 15}},
    }
    house = House(tmp_path, config)
    try:
        house.callflow("main", node("record_call", {"action": "start"}), numbers=["1000"])
        found = explained(house)
        values = named(found.recordings[0])
        assert values["format"] == ("wav", "media.call_recording.extension (system_config/media default)")
        assert values["beep_every_s"][0] == 15
        assert values["announcement"] == (
            "told",
            "recording.care.announcement (system_config/recording default)",
        )
        storage = found.recordings[0].storage
        assert storage.rule == "local"
        assert "<recording id>" in storage.places[0]
        assert (found.answer, found.findings) == (Answer.YES, ())
    finally:
        house.close()


def test_silence_and_deferral_are_told(office: House) -> None:
    """With the reading of a time that nobody can have meant."""
    data = {
        "action": "start",
        "record_on_answer": True,
        "record_on_bridge": True,
        "silence_detection": True,
        "silence_final_timeout": 3,
        "media_name": "x.mp4",
    }
    office.callflow("main", node("record_call", data), numbers=["1000"])
    (one,) = explained(office).recordings
    assert one.begins == "when the call is answered and bridged"
    values = named(one)
    assert values["silence_final_timeout"] == (
        3000,
        "main flow.data.silence_final_timeout, 3 taken for seconds",
    )
    assert values["format"] == ("mp4", "the extension of media_name (main flow.data.media_name)")


def test_credentials_are_never_told(office: House) -> None:
    """Neither of a document's URL nor of a target's."""
    data = {"action": "start", "url": "https://user:geheim@example.com/in?token=geheim"}
    office.callflow("main", node("record_call", data), numbers=["1000"])
    found = explained(office)
    assert found.recordings[0].storage.rule == "url"
    assert "geheim" not in repr(found)
    assert "example.com" in found.recordings[0].storage.places[0]


def test_what_is_missing_is_a_finding(office: House) -> None:
    """The recording would be made, and would not arrive."""
    office.callflow(
        "main", node("record_call", {"action": "start", "url": "https://x.example/"}), numbers=["1000"]
    )
    found = explained(office, faults={"http": ["x.example is a private address"]})
    assert found.recordings[0].storage.missing == ("x.example is a private address",)
    assert found.findings == ("record_call at flow: x.example is a private address",)


def test_behind_a_branch_it_is_perhaps_recorded(office: House) -> None:
    """With the way there."""
    start = node("record_call", {"action": "start"})
    office.callflow("main", node("menu", {}, **{"1": start, "2": node("answer")}), numbers=["1000"])
    found = explained(office)
    assert found.answer is Answer.PERHAPS
    assert found.recordings[0].way == ("menu goes to 1 at flow of main",)


def test_the_policy_is_told_with_its_sources(office: House) -> None:
    """By setting, document and key; what is off says why."""
    account = {"_id": ACCOUNT, "call_recording": {"account": YES}}
    office.save({**office.store.get("accounts", ACCOUNT), **account}, "accounts")
    device = {"outbound": {"onnet": {"enabled": True, "format": "wav", "url": "ftp://a.example/"}}}
    office.save({**office.store.get(f"account/aa/aa/{'a' * 28}", "d"), "call_recording": device})
    office.callflow("main", node("answer"), numbers=["1000"])
    found = explained(office, endpoint_id="d", endpoint_type="device")
    first, second = found.recordings
    assert (first.by, first.rule, first.document) == ("policy", "account.inbound.onnet", f"account {ACCOUNT}")
    assert first.path == "call_recording.account.any.any.enabled"
    assert (second.rule, second.document) == ("endpoint.outbound.onnet", "device d")
    assert named(second)["format"] == ("wav", "device d: call_recording.outbound.onnet.format")
    assert named(second)["should_follow_transfer"][0] is False
    assert [(note.what, note.place) for note in found.otherwise] == [("setting", "account.outbound.onnet")]
    outside = explained(office, is_onnet=False, endpoint_id="r", endpoint_type="resource")
    assert [one.rule for one in outside.recordings] == ["account.inbound.offnet"]


def test_a_forwarded_call_is_recorded_on_its_legs(office: House) -> None:
    """Which the explanation says, and does not count."""
    office.save({**office.store.get(f"account/aa/aa/{'a' * 28}", "u"), "call_recording": YES})
    office.callflow("main", node("answer"), numbers=["1000"])
    found = explained(
        office, endpoint_id="u", variables={"Call-Forward": "true", "Call-Forward-From": "offnet"}
    )
    assert found.answer is Answer.NO
    assert any("legs that the forwarded call makes" in note.text for note in found.otherwise)


def test_other_nodes_are_told_too(office: House) -> None:
    """Stops, masks, sensitive nodes, nodes that are passed over, messages that would be kept nowhere."""
    flow = node(
        "record_call",
        {"action": "start", "skip_module": True},
        _=node(
            "record_call",
            {"action": "mask", "media_name": "x"},
            _=node(
                "collect_dtmf",
                {"sensitive": True},
                _=node("record_caller", {}, _=node("record_call", {"action": "stop"})),
            ),
        ),
    )
    office.callflow("main", flow, numbers=["1000"])
    found = explained(office)
    assert found.answer is Answer.NO
    assert [(note.what, note.text) for note in found.steps] == [
        ("mask", "the recording named x"),
        ("masked", "while collect_dtmf runs"),
        ("stop", "the newest recording"),
    ]
    texts = [note.text for note in found.otherwise if note.what == "node"]
    assert texts[0] == "passed over: skip_module is true"
    assert texts[1].startswith("the message is not recorded: no URL")


def test_a_message_with_a_place_is_recorded(office: House) -> None:
    """In mono, the caller alone."""
    office.callflow("main", node("record_caller", {"url": "https://x.example/"}), numbers=["1000"])
    (one,) = explained(office).recordings
    assert one.rule == "record_caller"
    assert named(one)["channels"] == ("mono: what the caller speaks", "the action")
    assert named(one)["record_sample_rate"] == (8000, "ecallmgr.record_sample_rate (built-in default)")
    assert named(one)["beep_every_s"] == (0, "built-in default")
    assert named(one)["silence_initial_timeout"] == (5000, "built-in default")


def test_a_toggle_starts_only_where_nothing_runs(office: House) -> None:
    """Behind a start it would stop that."""
    toggle = node("record_call", {"action": "toggle"}, _=node("record_call", {"action": "toggle"}))
    office.callflow("main", toggle, numbers=["1000"])
    first, second = explained(office).recordings
    assert (first.is_certain, second.is_certain) == (True, False)
    assert "unless a recording runs" in second.begins


def test_a_preflow_is_looked_at_first(office: House) -> None:
    """As it runs first."""
    account = {**office.store.get("accounts", ACCOUNT), "preflow": {"always": "pre"}}
    office.save(account, "accounts")
    office.callflow("pre", node("record_call", {"action": "start"}))
    office.callflow("main", node("answer"), numbers=["1000"])
    (one,) = explained(office).recordings
    assert (one.document, one.is_certain) == ("pre", True)


@pytest.mark.parametrize(
    ("number", "said", "reason"),
    [("2000", {}, "no_callflow"), ("4000", {"is_onnet": False}, "no_match_refused")],
)
def test_a_call_that_is_not_taken_says_why(
    office: House, number: str, said: dict[str, Any], reason: str
) -> None:
    """There is nothing to record."""
    if reason == "no_match_refused":
        office.callflow("out", node("record_call", {"action": "start"}), numbers=["no_match"])
    found = explained(office, number, **said)
    assert found.answer is Answer.NO
    assert [note.place for note in found.otherwise] == [reason]
    assert found.findings


def test_it_is_json_ready(office: House) -> None:
    """Names as documents have them."""
    office.callflow("main", node("record_call", {"action": "start"}), numbers=["1000"])
    data = explained(office).data()
    assert data["recorded"] == "yes"
    assert data["recordings"][0]["parameters"]["format"] == {
        "value": "mp3",
        "source": "media.call_recording.extension (built-in default)",
    }
    assert data["call"]["callflow"] == "main"


def test_a_storage_plan_decides_as_it_does_for_calls(office: House) -> None:
    """Before media.store_recordings."""
    handler = {"handler": "http", "settings": {"url": "https://u:geheim@plan.example/x", "verb": "put"}}
    modb = {"types": {"call_recording": {"attachments": {"handler": "h"}}}}
    office.save({"_id": "system", "plan": {"modb": modb}, "attachments": {"h": handler}}, "system_data")
    office.callflow("main", node("record_call", {"action": "start"}), numbers=["1000"])
    asked: list[Target] = []
    explainer = Explainer(
        office.store, office.config, office.registry, lambda target: asked.append(target) or []
    )
    found = explainer.explain(DescribedCall(Description("1000", ACCOUNT)))
    assert found.recordings[0].storage.rule == "plan"
    assert "geheim" not in repr(found)
    assert len(asked) == 1


def test_a_transcript_nobody_can_make_is_a_finding(tmp_path: Any) -> None:
    """The recording would arrive without one."""
    processing = {"transcript_engine": "nobody", "transcript_language": "en-US"}
    house = House(tmp_path, {"media": {"store_recordings": True}, "recording": {"processing": processing}})
    try:
        house.callflow("main", node("record_call", {"action": "start"}), numbers=["1000"])
        (finding,) = explained(house).findings
        assert "no transcript" in finding
        assert "nobody" in finding
    finally:
        house.close()
