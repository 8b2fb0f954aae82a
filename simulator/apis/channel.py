"""How an api command finds its channel, and what it answers when there is none."""

from __future__ import annotations

from collections.abc import Callable

from simulator.core import Api, Core
from simulator.session import Session
from simulator.words import split_blanks

NO_CHANNEL = "-ERR No such channel!\n"
NO_SESSION = "-ERR Cannot locate session!\n"


def on_channel(
    name: str,
    run: Callable[[Session, list[str]], str],
    least: int,
    syntax: str,
    *,
    missing: str = NO_CHANNEL,
    description: str = "",
) -> Api:
    """An api whose first word is a channel's uuid; `least` is the number of words it needs."""

    def call(core: Core, argument: str) -> str:
        words = split_blanks(argument)
        if len(words) < least:
            return f"-USAGE: {syntax}\n"
        session = core.located(words[0])
        return missing if session is None else run(session, words[1:])

    return Api(name, call, description or name, syntax)
