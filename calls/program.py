"""A program in another language that a call runs: how one language asks for it, and how it ended.

Callflows, SWML and call control do not know one another; what runs a call asks for a program by the name of
its language, and service/ has put one there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from calls.call import Call
from calls.cause import HangupCause


class Exit(Enum):
    """What a program leaves behind."""

    DONE = auto()  # the call is where it was: whoever asked goes on
    FAILED = auto()  # the same, but the program could not be run, or not to its end
    HANG_UP = auto()  # the call is to be hung up, or is
    LEFT = auto()  # the channel goes elsewhere: leave it alone


@dataclass(frozen=True, slots=True)
class ProgramEnd:
    """The end of a program. `cause`: to hang up with; `recordings`: ids of those that it started."""

    exit: Exit
    cause: HangupCause = HangupCause.NORMAL_CLEARING
    recordings: tuple[str, ...] = ()


class Program(Protocol):
    """Runs programs of one language; one instance for all calls."""

    def run(self, call: Call, data: Mapping[str, Any]) -> ProgramEnd:
        """Run what `data` says (its own language's business) on a call, to its end.

        Raises: CallGone. Whatever else goes wrong is told in the log, and by the exit.
        """
