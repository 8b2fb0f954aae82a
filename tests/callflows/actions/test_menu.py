"""The menu: choices, hunting, retries, and recording its greeting (reference section 2.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflows.action import Next, Step
from callflows.actions._menu_profile import MAX_DIGITS, MAX_RETRIES, MAX_TIMEOUT_MS, read_profile
from callflows.flow_run import FlowRun
from callflows.prompt_text import STOCK_PROMPTS
from calls.errors import CallGone
from storage.names import account_db
from tests.callflows.actions.test_simple import run
from tests.callflows.kit import ACCOUNT, House, node
from tests.calls.scripted_switch import ScriptedSwitch, never, sound
from tests.calls.test_variables import JSON

INVALID = STOCK_PROMPTS["menu-invalid_entry"].sound
TRANSFER = STOCK_PROMPTS["menu-transferring_call"].sound
GOODBYE = STOCK_PROMPTS["vm-goodbye"].sound
GREETING = "greet/hello.wav"
EXIT = f"flite|rms|{STOCK_PROMPTS['menu-exit'].text}"


def menu(house: House, **fields: Any) -> None:
    """Save the menu `m`: quick, with a greeting of its own."""
    document = {
        "_id": "m",
        "pvt_type": "menu",
        "name": "Main",
        "timeout": 20,
        "interdigit_timeout": 20,
        "media": {"greeting": GREETING},
        **fields,
    }
    house.save(document)


def ask(
    house: House, keys: list[str], variables: dict[str, str] | None = None, **children: Any
) -> tuple[Next | None, FlowRun, ScriptedSwitch]:
    """Run the menu with keys pressed during its prompts, one string for each."""
    switch = ScriptedSwitch(variables, Answer_State="answered")
    switch.keys = keys
    outcome, flow_run = run(house, switch.call(), "menu", {"id": "m"}, **children)
    return outcome, flow_run, switch


def place(outcome: Next | None) -> str:
    """Where an outcome leads, in a word."""
    assert outcome is not None
    if outcome.step is Step.ENTER and outcome.node is not None:
        return outcome.node.path
    if outcome.step is Step.BRANCH and outcome.flow is not None:
        return outcome.flow.doc_id
    return f"continue {outcome.key}"


CHILDREN = {"1": node("noop"), "22": node("noop"), "3": {}, "_": node("noop")}


@pytest.mark.parametrize(
    ("keys", "fields", "children", "expected", "heard"),
    [
        (["1"], {}, CHILDREN, "flow.children.1", [GREETING]),
        (["22#"], {}, CHILDREN, "flow.children.22", [GREETING]),
        (["22"], {"max_extension_length": 2}, CHILDREN, "flow.children.22", [GREETING]),
        (["9", "", "1"], {}, CHILDREN, "flow.children.1", [GREETING, INVALID, GREETING]),
        (["3", "", "1"], {}, CHILDREN, "flow.children.1", [GREETING, INVALID, GREETING]),
        (["", "1"], {}, CHILDREN, "flow.children.1", [GREETING, GREETING]),
        (["#", "1"], {}, CHILDREN, "flow.children.1", [GREETING, GREETING]),
        ([], {}, {"timeout": node("noop"), **CHILDREN}, "flow.children.timeout", [GREETING]),
        ([], {"retries": 2}, CHILDREN, "continue _", [GREETING, GREETING, EXIT, TRANSFER]),
        ([], {"retries": 1}, {"max_retries": node("noop")}, "flow.children.max_retries", [GREETING, EXIT]),
        ([], {"retries": 1}, {"_": {}}, "continue _", [GREETING, EXIT, GOODBYE]),
        ([], {"retries": 1}, {}, "continue _", [GREETING, EXIT, GOODBYE]),
        (
            ["9"],
            {"retries": 1, "media": {"exit_media": False, "invalid_media": False, "transfer_media": False}},
            CHILDREN,
            "continue _",
            [STOCK_PROMPTS["menu-no_prompt"].sound],
        ),
        (
            ["9"],
            {"retries": 1, "media": {"greeting": GREETING, "invalid_media": "bad"}},
            {},
            "continue _",
            [GREETING, "/media/bad/a.wav", EXIT, GOODBYE],
        ),
        ([], {"retries": 0}, CHILDREN, "continue _", [EXIT, TRANSFER]),
    ],
)
def test_digits_lead_to_a_choice(
    house: House,
    keys: list[str],
    fields: dict[str, Any],
    children: dict[str, Any],
    expected: str,
    heard: list[str],
) -> None:
    """Where they lead, and everything the caller heard on the way."""
    import io

    menu(house, **fields)
    house.save({"_id": "bad", "pvt_type": "media"})
    house.store.put_attachment(account_db(ACCOUNT), "bad", "a.wav", "audio/wav", io.BytesIO(b"x"), 1)
    outcome, _, switch = ask(house, keys, **children)
    sounds = [arg for app, arg, _ in switch.commands if app in ("playback", "speak")]
    assert (place(outcome), sounds) == (expected, heard)


@pytest.mark.parametrize(
    ("digits", "fields", "expected"),
    [
        ("1000", {"hunt": True}, "ext"),
        ("1000", {}, "continue _"),
        ("1000", {"hunt": "true"}, "ext"),
        ("1000", {"hunt": True, "hunt_allow": "^1"}, "ext"),
        ("1000", {"hunt": True, "hunt_allow": "^2"}, "continue _"),
        ("1000", {"hunt": True, "hunt_deny": "^1"}, "continue _"),
        ("1000", {"hunt": True, "hunt_deny": "^2"}, "ext"),
        ("1000", {"hunt": True, "hunt_allow": "("}, "continue _"),
        ("1000", {"hunt": True, "hunt_deny": "("}, "ext"),
        ("2000", {"hunt": True}, "continue _"),
        ("5512", {"hunt": True}, "pattern"),
    ],
)
def test_a_menu_may_hunt_for_a_callflow(
    house: House, digits: str, fields: dict[str, Any], expected: str
) -> None:
    """By number or pattern, within what the menu allows, and never a no_match callflow."""
    house.callflow("ext", node("noop"), numbers=["1000"])
    house.callflow("pattern", node("noop"), patterns=[r"^55(\d\d)$"])
    house.callflow("any", node("noop"), numbers=["no_match"])
    menu(house, retries=1, **fields)
    outcome, flow_run, switch = ask(house, [digits], _=node("noop"))
    assert place(outcome) == expected
    if expected == "pattern":
        assert flow_run.kvs.capture_group == "12"
    if expected in ("ext", "pattern"):
        assert switch.arguments("playback")[-1] == TRANSFER


def test_hunting_for_nothing_pressed_hunts_for_the_word_timeout(house: House) -> None:
    """A quirk of Kazoo that callflows may rely on."""
    house.callflow("late", node("noop"), numbers=["timeout"])
    menu(house, hunt=True)
    outcome, _, _ = ask(house, [])
    assert place(outcome) == "late"


def test_a_missing_menu_is_a_menu_of_defaults(house: House) -> None:
    """It has no greeting, and waits."""
    switch = ScriptedSwitch()
    switch.keys = ["1"]
    outcome, _ = run(house, switch.call(), "menu", {"id": "nowhere", "interdigit_timeout": 10}, **CHILDREN)
    assert place(outcome) == "flow.children.1"
    assert switch.names[:2] == ["answer", "playback"]
    assert switch.arguments("playback") == [STOCK_PROMPTS["menu-no_prompt"].sound]


def test_a_hangup_in_the_menu_stops(house: House) -> None:
    """Whatever the menu was about to do."""
    menu(house)
    switch = ScriptedSwitch(Answer_State="answered")
    switch.applications["playback"] = never
    call = switch.call()
    gevent.spawn_later(0.01, switch.hang_up)
    with pytest.raises(CallGone):
        run(house, call, "menu", {"id": "m"}, **CHILDREN)


# -- recording the greeting -------------------------------------------------------------------------------


def recorder(sound_bytes: bytes, seconds: float) -> Any:
    """A `record` that writes a file and takes its time."""

    def run_record(switch: ScriptedSwitch, arg: str) -> dict[str, str]:
        Path(arg.partition(" ")[0]).write_bytes(sound_bytes)
        gevent.sleep(seconds)
        return {}

    return run_record


@pytest.fixture
def quick(tmp_path: Path) -> Any:
    """A house where a greeting of 20 ms is long enough."""
    (tmp_path / "rec").mkdir()
    house = House(
        tmp_path / "docs", {"callflow.menu": {"min_greeting_length": 20}}, media_dir=tmp_path / "rec"
    )
    yield house
    house.close()


def say_prompts(switch: ScriptedSwitch, keys_by_prompt: dict[str, list[str]]) -> None:
    """Press keys during particular prompts, in turn."""

    def play(switch: ScriptedSwitch, arg: str) -> dict[str, str]:
        for part, keys in keys_by_prompt.items():
            if part in arg and keys:
                switch.keys = [keys.pop(0)]
        return sound(switch, arg)

    switch.applications["playback"] = play


def record_by(
    house: House, keys: dict[str, list[str]], seconds: float = 0.05, **fields: Any
) -> tuple[Next | None, ScriptedSwitch]:
    """Press the pin 999, then keys during prompts."""
    if fields.pop("new_menu", True):
        menu(house, record_pin="999", retries=2, **fields)
    switch = ScriptedSwitch(Answer_State="answered")
    switch.applications["record"] = recorder(b"ID3 greeting", seconds)
    say_prompts(switch, keys)
    outcome, _ = run(house, switch.call(), "menu", {"id": "m"}, **CHILDREN)
    return outcome, switch


def test_the_pin_records_the_greeting(quick: House) -> None:
    """Recorded, reviewed, saved as a media document, made the menu's greeting, and in force at once."""
    keys = {GREETING: ["999"], "save_review_record": ["2", "1"], "/media/": ["1"]}
    outcome, switch = record_by(quick, keys)
    document = quick.store.get(account_db(ACCOUNT), "m")
    media_id = document["media"]["greeting"]
    media = quick.store.get(account_db(ACCOUNT), media_id)
    assert media["pvt_type"] == "media"
    assert (media["source_type"], media["source_id"], media["name"]) == ("menu", "m", "Main menu greeting")
    assert (media["content_type"], media["media_source"], media["streamable"]) == (
        "audio/mpeg",
        "recording",
        True,
    )
    (name,) = media["_attachments"]
    with quick.store.open_attachment(account_db(ACCOUNT), media_id, name) as attachment:
        assert attachment.read() == b"ID3 greeting"
    played = switch.arguments("playback")
    assert "voicemail/vm-record_greeting.wav" in played
    assert "tone_stream://%(500,100,440)" in played
    assert any(str(quick.facilities.media_dir) in arg for arg in played)
    assert "voicemail/vm-saved.wav" in played
    assert place(outcome) == "flow.children.1"
    assert list(quick.facilities.media_dir.iterdir()) == []


def test_a_new_greeting_takes_the_old_ones_place(quick: House) -> None:
    """The same document, with the new sound only."""
    import io

    quick.save({"_id": "old", "pvt_type": "media", "name": "Old"})
    quick.store.put_attachment(account_db(ACCOUNT), "old", "old.mp3", "audio/mpeg", io.BytesIO(b"old"), 3)
    keys = {"/media/old": ["999", "1"], "save_review_record": ["1"]}
    record_by(quick, keys, media={"greeting": "old"})
    media = quick.store.get(account_db(ACCOUNT), "old")
    (name,) = media["_attachments"]
    assert (name != "old.mp3", media["name"]) == (True, "Old")
    assert quick.store.get(account_db(ACCOUNT), "m")["media"]["greeting"] == "old"


def test_a_greeting_too_short_is_recorded_again(quick: House) -> None:
    """The caller is told, and asked again."""
    keys = {GREETING: ["999", "1"], "save_review_record": ["1", "3", "", "", "", "", "", "", "", "", "", ""]}
    _, switch = record_by(quick, keys, seconds=0.0)
    played = switch.arguments("playback")
    assert "voicemail/vm-too-small.wav" in played
    assert len(switch.arguments("record")) == 3
    assert "voicemail/vm-deleted.wav" in played
    assert quick.store.get(account_db(ACCOUNT), "m")["media"]["greeting"] == GREETING


@pytest.mark.parametrize(
    ("variables", "fields", "may"),
    [
        ({}, {}, True),
        ({"ecallmgr_Inception": "+1@x"}, {}, False),
        ({"ecallmgr_Inception": "+1@x"}, {"allow_record_from_offnet": True}, True),
    ],
)
def test_strangers_record_only_where_allowed(
    quick: House, variables: dict[str, str], fields: dict[str, Any], *, may: bool
) -> None:
    """Calls from outside need allow_record_from_offnet."""
    menu(quick, record_pin="999", retries=1, **fields)
    switch = ScriptedSwitch(variables, Answer_State="answered")
    switch.applications["record"] = recorder(b"x", 0.05)
    say_prompts(switch, {GREETING: ["999"], "save_review_record": ["1"]})
    run(quick, switch.call(), "menu", {"id": "m"})
    assert bool(switch.arguments("record")) == may


def test_a_store_that_refuses_costs_the_greeting_only(quick: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller hears that it is gone, and is back in the menu."""
    keys = {GREETING: ["999", "1"], "save_review_record": ["1"]}
    menu(quick, record_pin="999", retries=2)
    switch = ScriptedSwitch(Answer_State="answered")
    switch.applications["record"] = lambda _switch, _arg: {}  # writes no file
    say_prompts(switch, keys)
    outcome, _ = run(quick, switch.call(), "menu", {"id": "m"}, **CHILDREN)
    assert "voicemail/vm-deleted.wav" in switch.arguments("playback")
    assert place(outcome) == "flow.children.1"


# -- the document -----------------------------------------------------------------------------------------


def test_a_menus_document_decides_over_the_nodes_data() -> None:
    """The pause between digits: the menu's own, else the node's, else the configuration's."""
    assert read_profile({"interdigit_timeout": 5}, 7, 9).interdigit_timeout_ms == 5
    assert read_profile({}, 7, 9).interdigit_timeout_ms == 7
    assert read_profile(None, None, 9).interdigit_timeout_ms == 9


@given(
    st.dictionaries(
        st.sampled_from(["retries", "timeout", "hunt", "media", "max_extension_length", "name"]), JSON
    )
)
def test_any_menu_document_makes_a_menu(document: dict[str, Any]) -> None:
    """Within its limits, whatever stands there."""
    profile = read_profile(document, None, 2000)
    assert 0 <= profile.retries <= MAX_RETRIES
    assert 0 <= profile.timeout_ms <= MAX_TIMEOUT_MS
    assert 1 <= profile.max_digits <= MAX_DIGITS
