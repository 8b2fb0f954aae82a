"""Scripts: what is accepted, and how faults are named."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ScriptError
from simulator.script import Act, Media, Script, Trigger, load_script, read_script

WHOLE = {
    "from": {"number": "4930", "name": "Ada"},
    "to": "2000",
    "variables": {"a": "1"},
    "sip_headers": {"X-T": "t"},
    "media": "loopback",
    "rate_hz": 16000,
    "steps": [
        {"at": 0.5, "say": 2.0},
        {"after": {"event": "PLAYBACK_START", "nth": 2}, "press": "12#", "every": 0.2},
        {"after": {"app": "bridge"}, "at": 1, "hang_up": "user_busy"},
        {"at": 1, "silent": 2},
        {"at": 1, "play": "/x.wav"},
    ],
    "parties": {
        "user/1@*": {"answer_after": 2},
        "*": {"refuse": "USER_BUSY"},
        "user/9": {"never_answers": True},
    },
    "extensions": {"9*": [["answer", ""], ["playback", "x.wav"]]},
    "faults": {"chunk": 3, "lose_events": ["DTMF"], "missing_formats": [".mp3"], "die_at": 4},
}
KEYS = [*WHOLE, "at", "say", "press", "after", "hang_up", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)


def faults(document: Any) -> list[str]:
    """The faults of a document."""
    with pytest.raises(ScriptError) as caught:
        read_script(document)
    return caught.value.faults


def test_everything_there_is() -> None:
    """A whole document becomes a whole script."""
    script = read_script(WHOLE)
    assert (script.from_number, script.to, script.media, script.rate_hz) == (
        "4930",
        "2000",
        Media.LOOPBACK,
        16000,
    )
    assert [step.act for step in script.steps] == [Act.SAY, Act.PRESS, Act.HANG_UP, Act.SILENT, Act.PLAY]
    assert script.steps[1].after == Trigger("PLAYBACK_START", "", 2)
    assert script.steps[2].after == Trigger("CHANNEL_EXECUTE", "bridge", 1)
    assert script.steps[2].value == "USER_BUSY"
    first, other = script.party("user/1@x"), script.party("user/2@x")
    assert first is not None
    assert other is not None
    assert (first.answer_after_s, other.refuse) == (2.0, "USER_BUSY")
    assert script.extension("91") == (("answer", ""), ("playback", "x.wav"))
    assert script.extension("1") is None
    assert script.faults.missing_formats == frozenset(["mp3"])
    assert script.faults.die_at_s == 4.0


def test_a_list_is_the_callers_steps() -> None:
    """The short form."""
    assert read_script([{"at": 1, "say": 1}]).with_steps() == Script()


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (7, "script: must be an object"),
        ({"form": {}}, "form: unknown; known are"),
        ({"from": {"number": 7}}, "from.number: must be a text"),
        ({"rate_hz": 9000}, "rate_hz: must be 8000, 16000"),
        ({"media": "fax"}, "media: must be one of phone, loopback"),
        ({"variables": {"a": 1}}, "variables.a: must be a text"),
        ([{"at": 1}], "steps[0]: must do exactly one of say, silent, press, play, hang_up"),
        ([{"say": 1}], "steps[0]: needs `at` (seconds) or `after` (an event)"),
        ([{"at": -1, "say": 1}], "steps[0].at: must be a number from 0 to 86400"),
        ([{"at": 0, "press": "x"}], "steps[0].press: must be digits"),
        ([{"at": 0, "hang_up": "GOODBYE"}], "steps[0].hang_up: must be a hangup cause"),
        ([{"after": {}, "say": 1}], "steps[0].after: needs `event` or `app`"),
        ({"steps": {}}, "steps: must be a list"),
        ({"parties": {"*": {"answers": 1}}}, "parties['*'].answers: unknown"),
        ({"extensions": {"9": [["answer"]]}}, "extensions['9'][0]: must be [application, argument]"),
        ({"faults": {"unwritable": 1}}, "faults.unwritable: must be true or false"),
        ({"faults": {"lose_events": [1]}}, "faults.lose_events[0]: must be a name"),
    ],
)
def test_faults_name_their_path(document: Any, fault: str) -> None:
    """One sentence, beginning with where it is."""
    assert faults(document)[0].startswith(fault)


def test_all_faults_are_named_at_once() -> None:
    """Nobody has to fix them one by one."""
    assert len(faults({"to": 1, "steps": [{}, {}], "x": 1})) == 6


def test_files(tmp_path: Path) -> None:
    """A script file, a broken one, a missing one."""
    path = tmp_path / "s.json"
    path.write_text(json.dumps(WHOLE))
    assert load_script(path) == read_script(WHOLE)
    path.write_text("{")
    for broken in (path, tmp_path / "none.json"):
        with pytest.raises(ScriptError):
            load_script(broken)


@given(JSON)
def test_any_document_is_read_or_refused(document: Any) -> None:
    """Nothing but ScriptError comes out."""
    with contextlib.suppress(ScriptError):
        read_script(document)
