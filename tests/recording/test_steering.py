"""Pauses and masks: wishes, when they are carried out, and that masks nest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from esl.reply import PendingReply
from recording.control import Verb
from recording.steering import BY_COMMAND, Steering


class Told:
    """FreeSWITCH as far as steering knows it: what it was told, in order."""

    def __init__(self) -> None:
        self.verbs: list[Verb] = []
        self.steering = Steering(self.tell)

    def tell(self, verb: Verb) -> PendingReply | None:
        """Note it; the call is out of reach."""
        self.verbs.append(verb)
        return None


def test_a_pause_is_told_once() -> None:
    """What is so already is not told again."""
    told = Told()
    assert [told.steering.pause(running=True) for _ in range(2)] == [True, False]
    assert [told.steering.resume(running=True) for _ in range(2)] == [True, False]
    assert told.verbs == [Verb.PAUSE, Verb.RESUME]


def test_a_mask_lasts_until_its_last_reason_is_gone() -> None:
    """A node marked sensitive does not lift what a command asked for."""
    told = Told()
    assert told.steering.mask("", running=True)
    assert not told.steering.mask("menu", running=True)
    assert not told.steering.unmask("menu", running=True)
    assert told.steering.reasons == [BY_COMMAND]
    assert told.steering.unmask("", running=True)
    assert told.verbs == [Verb.MASK, Verb.UNMASK]


def test_a_reason_nobody_gave_lifts_nothing() -> None:
    """Unmasking what is not masked says so."""
    told = Told()
    told.steering.mask("menu", running=True)
    assert not told.steering.unmask("other", running=True)
    assert told.steering.is_masked


def test_wishes_before_the_start_are_carried_out_at_the_start() -> None:
    """FreeSWITCH has nothing to mask before it writes."""
    told = Told()
    told.steering.pause(running=False)
    told.steering.mask("menu", running=False)
    assert told.verbs == []
    told.steering.begin()
    assert told.verbs == [Verb.PAUSE, Verb.MASK]


def test_a_wish_taken_back_before_the_start_is_forgotten() -> None:
    """Masked and unmasked before it began: nothing to be told."""
    told = Told()
    told.steering.mask("menu", running=False)
    told.steering.unmask("menu", running=False)
    told.steering.begin()
    assert told.verbs == []


WISHES = st.lists(st.tuples(st.booleans(), st.sampled_from(["", "a", "b", "c"])), max_size=40)


@given(WISHES)
def test_what_freeswitch_was_told_last_is_what_is_wished(wishes: list[tuple[bool, str]]) -> None:
    """Whatever is asked in whatever order, masked means that MASK was the last word."""
    told = Told()
    for put_on, why in wishes:
        (told.steering.mask if put_on else told.steering.unmask)(why, running=True)
    assert told.steering.is_masked == (bool(told.verbs) and told.verbs[-1] is Verb.MASK)
    assert told.verbs[::2] == [Verb.MASK] * len(told.verbs[::2])
