"""Command ids of dial: what is remembered of them, for how long, and what of a claim that failed."""

from __future__ import annotations

import pytest

from callcontrol.dialled_ids import KEPT_S, MAX_KNOWN, DialledIds
from callcontrol.errors import Unanswered
from esl.command import Command
from esl.errors import LinkLost
from esl.reply import PendingReply
from tests.callcontrol.place import Place


class LostAfter:
    """A connection that is lost once so many commands were sent; none is answered."""

    def __init__(self, count: int) -> None:
        self.sent: list[bytes] = []
        self._count = count

    def post(self, *commands: Command) -> list[PendingReply]:
        """Send them, or find that it is lost. Raises: LinkLost."""
        if len(self.sent) >= self._count:
            raise LinkLost("lost")
        self.sent += [one.wire for one in commands]
        replies: list[PendingReply] = [PendingReply(one.summary) for one in commands]
        for reply in replies:
            reply.fail("lost")
        return replies

    def bgapi(self, name: str, arg: str = "", timeout_s: float = 30.0) -> str:
        """Never asked."""
        raise LinkLost(f"{name} {arg} {timeout_s}")


def test_an_answer_is_remembered_for_an_hour() -> None:
    """Of one account's id; afterwards the id is free, as it is in FreeSWITCH."""
    now_s = 1000.0
    ids = DialledIds(lambda: now_s)
    ids.answered("demo", "once", {"call_leg_id": "a"})
    assert ids.answer("demo", "once") == {"call_leg_id": "a"}
    assert ids.answer("stranger", "once") is None
    now_s += KEPT_S
    assert ids.answer("demo", "once") is None


def test_only_so_many_are_remembered() -> None:
    """The oldest go first."""
    ids = DialledIds()
    for number in range(MAX_KNOWN + 1):
        ids.answered("demo", str(number), {})
    assert ids.answer("demo", "0") is None
    assert ids.answer("demo", "1") == {}


def test_a_claim_has_one_winner(place: Place) -> None:
    """Whoever comes later, of whichever process, is told the legs of the first."""
    link = place.house.link
    assert link is not None
    assert DialledIds().claim(link, "demo", "once", ["a-1", "b-2"]) == ()
    assert DialledIds().claim(link, "demo", "once", ["c-3"]) == ("a-1", "b-2")
    assert DialledIds().claim(link, "demo", "twice", ["c-3"]) == ()


@pytest.mark.parametrize("count", [1, 2])
def test_a_claim_without_an_answer_is_given_back(count: int) -> None:
    """As far as it can be: whoever asks again must not be told of a call that nobody made."""
    link = LostAfter(count)
    with pytest.raises(Unanswered):
        DialledIds().claim(link, "demo", "once", ["a-1"])
    assert [one.split(b"/")[0] for one in link.sent] == [
        b"api hash insert_ifempty",
        b"api hash delete_ifmatch",
    ][:count]
