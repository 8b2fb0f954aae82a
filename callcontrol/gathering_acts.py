"""What the acts of a gather are on its leg: prompts, their silence, what is left behind; and who does them.

Source: FreeSWITCH mod_hash.c (hash_api_function: one value under one lock).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from callcontrol.channel import REPLY_TIMEOUT_S, LiveChannel, value_of
from callcontrol.gathering import Act, End, Prompt, Silence
from callcontrol.gathering_order import GATHER, GATHERED, Order, Spoken, order_of
from callcontrol.playing import NOWHERE, VOID, Sound, ordering
from callcontrol.playing_stop import breaking, forgetting
from esl import command
from esl.command import Command
from esl.errors import CommandRefused, LinkLost, ReplyTimeout


def beginning(order_id: str) -> Command:
    """Return the command that puts the number of a gather's first act where it is claimed."""
    return command.api("hash", f"insert/{_key(order_id)}/0")


def acts_before(channel: LiveChannel, order_id: str) -> int:
    """Return the number of a gather's next act, 0 where nobody knows. Raises: ApiError."""
    told = channel.run(command.api("hash", f"select/{_key(order_id)}"))[0]
    return int(told) if told.isascii() and told.isdigit() else 0


def prompting(channel: LiveChannel, order: Order, number: int, *, after_wrong: bool = False) -> list[Command]:
    """Return the orders for what is heard at the beginning of a try."""
    wanted = [order.prompt, order.wrong if after_wrong else None]
    orders = [
        _ordering(channel, order, number, spoken, f"{order.id}_{number}_{place}")
        for place, spoken in enumerate(wanted)
        if spoken is not None
    ]
    return orders[::-1]


def _ordering(channel: LiveChannel, order: Order, number: int, spoken: Spoken, sound_id: str) -> Command:
    sound = Sound(
        sound_id,
        spoken.kind,
        order.client_state,
        media_url=spoken.media_url,
        media_name=spoken.media_name,
        gather_id=order.id,
    )
    return ordering(channel, sound, spoken.playable, queue=_queue(order.id, number))


def doing(channel: LiveChannel, order: Order, act: Act, number: int, heard: str) -> list[Command]:
    """Return what an act is on the leg. Args: number: of the act; heard: the prompt that is heard."""
    following = command.api("hash", f"insert/{_key(order.id)}/{number + 1}")
    match act:
        case Silence(at):
            voiding = channel.setting({f"{VOID}{_queue(order.id, at)}": NOWHERE})
            return [voiding, *(breaking(channel, heard) if heard else ()), following]
        case Prompt(at, after_wrong):
            return [*prompting(channel, order, at, after_wrong=after_wrong), following]
        case End():
            return []


def clean(channel: LiveChannel, order: Order, silenced: Iterable[int]) -> None:
    """Take what a gather needed off the leg, unless another has begun there.

    What silences prompts is taken away behind them, in the leg's own queue: some may wait there still.
    """
    found = order_of(value_of(channel.get(GATHER)))
    if found is not None and found.id == order.id:
        channel.post(channel.setting({GATHER: "", GATHERED: ""}))
    channel.post(*(forgetting(channel, _queue(order.id, number)) for number in silenced))


def is_ours(channel: LiveChannel, order_id: str, number: int) -> bool:
    """Take the number of an act; return whether it was there. Without the table each process is alone."""
    (reply,) = channel.post(command.api("hash", f"delete_ifmatch/{_key(order_id)}/{number}"))
    try:
        reply.get(REPLY_TIMEOUT_S)
    except CommandRefused as exc:
        return "Command not found" in exc.reply
    except (LinkLost, ReplyTimeout):
        return False
    return True


def _key(order_id: str) -> str:
    """Return where the number of the next act is; ids may hold anything."""
    return f"callcontrol/gather-{hashlib.sha256(order_id.encode()).hexdigest()[:32]}"


def _queue(order_id: str, number: int) -> str:
    """Return the queue of a try's prompts; see callcontrol.playing."""
    return f"{hashlib.sha256(order_id.encode()).hexdigest()[:12]}_{number}"
