"""Dialling several legs: who wins, whose time is up, who has to confirm, what the caller hears meanwhile.

Held to what a running FreeSWITCH does: tests/live/test_bridge.py has the same cases.
"""

from __future__ import annotations

from typing import Any

import pytest

GOES = {"at": 0.8, "hang_up": True}
STAYS = {"answer_after": 0.1, "steps": [{"at": 0, "say": 60}]}
PARTIES = {
    "user/stays*": STAYS,
    "user/ada*": {"answer_after": 0.3, "ring_after": 0.05, "steps": [GOES]},
    "user/keen*": {"answer_after": 0.1, "ring_after": 0.05, "steps": [{"at": 0.3, "press": "5"}, GOES]},
    "user/early*": {"answer_after": 0.6, "ring_after": 0.1, "early_media": True, "steps": [GOES]},
    "user/busy*": {"refuse": "USER_BUSY", "ring_after": 0.02},
    "user/away*": {"never_answers": True, "ring_after": 0.02},
}


@pytest.fixture
def talk(house: Any) -> Any:
    """A call that can reach them, its controller told of all legs."""
    call, found = house.call({"parties": PARTIES, "steps": [{"at": 0, "say": 60}]})
    found.sim = call
    return found


def causes(done: dict[str, str]) -> list[str]:
    """Why each leg ended, in the order they were dialled."""
    listed = done.get("variable_originate_causes", "").removeprefix("ARRAY::")
    return [each.partition(";")[2] for each in listed.split("|:")]


def dial(talk: Any, dial_string: str) -> dict[str, str]:
    """Bridge to somebody, and return the end of it; the caller stays."""
    talk.run("set", "hangup_after_bridge=false")
    done: dict[str, str] = talk.run("bridge", dial_string)
    return done


class TestSeveral:
    """Legs at once, and one after the other."""

    def test_the_first_to_answer_wins(self, talk: Any) -> None:
        """The others lose."""
        done = dial(talk, "user/away@x,user/ada@x")
        assert causes(done) == ["LOSE_RACE", "NONE"]
        assert done["variable_originate_disposition"] == "SUCCESS"

    def test_the_next_group_is_dialled_when_one_fails(self, talk: Any) -> None:
        """Each with its own cause; the last one's is told."""
        done = dial(talk, "user/busy@x|user/ada@x")
        assert causes(done) == ["USER_BUSY", "NONE"]
        assert (
            dial(talk, "user/busy@x|error/CALL_REJECTED")["variable_originate_disposition"] == "CALL_REJECTED"
        )

    def test_a_leg_has_a_limit_of_its_own(self, talk: Any) -> None:
        """leg_timeout ends that leg alone, with a cause of its own."""
        done = dial(talk, "[leg_timeout=1]user/away@x|user/ada@x")
        assert causes(done) == ["ALLOTTED_TIMEOUT", "NONE"]

    @pytest.mark.parametrize("goes_on", [False, True])
    def test_a_group_has_a_limit(self, talk: Any, *, goes_on: bool) -> None:
        """After which the next is dialled only if that was asked for."""
        wish = (
            "{originate_timeout=1,originate_continue_on_timeout=true}" if goes_on else "{originate_timeout=1}"
        )
        done = dial(talk, f"{wish}user/away@x|user/ada@x")
        assert done["variable_originate_disposition"] == ("SUCCESS" if goes_on else "NO_ANSWER")

    def test_what_all_are_told_counts_before_what_one_is_told(self, talk: Any) -> None:
        """As FreeSWITCH has it, whatever one would expect."""
        talk.ask("event plain CHANNEL_CREATE")
        talk.ask("filter variable_direction outbound")
        dial(talk, "{a=all}[a=one,b=one]user/busy@x")
        made = talk.event("CHANNEL_CREATE")
        assert (made["variable_a"], made["variable_b"]) == ("all", "one")


class TestEarlyMedia:
    """Sound before the answer."""

    @pytest.mark.parametrize(
        ("wish", "expected"),
        [("", ["NONE", "LOSE_RACE"]), ("{ignore_early_media=true}", ["LOSE_RACE", "NONE"])],
    )
    def test_it_wins_unless_it_is_ignored(self, talk: Any, wish: str, expected: list[str]) -> None:
        """By itself it counts as an answer."""
        assert causes(dial(talk, f"{wish}user/early@x,user/ada@x")) == expected

    def test_it_is_heard_without_winning(self, talk: Any) -> None:
        """bridge_early_media lets the caller hear it, and whoever answers first have the call."""
        done = dial(talk, "{bridge_early_media=true}user/early@x,user/ada@x")
        assert causes(done) == ["LOSE_RACE", "NONE"]


class TestConfirmation:
    """An answered leg that has to say yes."""

    def test_a_key(self, talk: Any) -> None:
        """Whoever presses it has the call; who answered before and did not press, has not."""
        asked = "{group_confirm_key=5,group_confirm_file=silence_stream://100}"
        done = dial(talk, f"{asked}[leg_timeout=9]user/ada@x,user/keen@x")
        assert causes(done)[1] == "NONE"

    @pytest.mark.parametrize(
        ("application", "cause"), [("set confirmed=yes", "NONE"), ("hangup CALL_REJECTED", "CALL_REJECTED")]
    )
    def test_an_application(self, talk: Any, application: str, cause: str) -> None:
        """Its end confirms, with the leg still up."""
        done = dial(talk, f"[group_confirm_key=exec,group_confirm_file={application}]user/ada@x")
        assert causes(done) == [cause]

    def test_it_has_a_limit(self, talk: Any) -> None:
        """group_confirm_timeout ends the leg, whatever it does."""
        asked = "group_confirm_key=exec,group_confirm_file=sleep 9000,group_confirm_timeout=1"
        assert causes(dial(talk, f"[{asked}]user/stays@x")) == ["ALLOTTED_TIMEOUT"]


class TestTheCaller:
    """What becomes of the caller meanwhile."""

    def test_it_runs_what_it_is_told(self, talk: Any) -> None:
        """Without the lock, as FreeSWITCH takes commands up while it dials."""
        talk.run("set", "hangup_after_bridge=false")
        bridging = talk.execute("bridge", "user/ada@x")
        talk.run("set", "meanwhile=yes")
        assert "CHANNEL_BRIDGE" not in talk.names()
        assert talk.completed(bridging)["variable_meanwhile"] == "yes"

    def test_it_hangs_up(self, talk: Any) -> None:
        """The legs are cancelled."""
        talk.execute("bridge", "user/away@x")
        talk.sim.hang_up()
        assert talk.sim.wait_ended(5)
