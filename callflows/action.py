"""What an action is, and the ways in which it hands the call back to the engine.

An action's file holds a schema, a function and `ACTION`, which joins them; see callflows/actions. The
function returns where to go; it never walks the tree itself.
Source: Kazoo cf_exe (continue, attempt, branch, stop, hard_stop, transfer, control_usurped).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import EXCLUDE, Schema, fields

if TYPE_CHECKING:  # these two name Action and Next in turn
    from callflows.document import Flow, Node
    from callflows.flow_run import FlowRun

Data = Mapping[str, Any]
"""A node's data as the action's schema loaded it; shared by all calls, so it is only read."""

WILDCARD = "_"
"""The child taken when no other fits."""


class Step(Enum):
    """The kinds of outcome (reference section 1.4)."""

    CONTINUE = auto()  # child `key`, else child `_`, else stop
    ENTER = auto()  # exactly this node, found by an attempt
    BRANCH = auto()  # run another flow; this node's `_` is resumed when that one stops
    REPLACE = auto()  # run another flow instead of this one
    STOP = auto()  # resume what branched here, else hang up
    HARD_STOP = auto()  # hang up, whatever could be resumed
    TRANSFER = auto()  # the channel goes elsewhere: leave it alone
    USURPED = auto()  # somebody else controls the channel now: leave it alone


@dataclass(frozen=True, slots=True)
class Next:
    """An outcome. `key` belongs to CONTINUE, `node` to ENTER, `flow` to BRANCH and REPLACE, `cause` (a
    hangup cause, "" for the usual one) to STOP.
    """

    step: Step
    key: str = WILDCARD
    node: Node | None = None
    flow: Flow | None = None
    cause: str = ""


CONTINUE = Next(Step.CONTINUE)
STOP = Next(Step.STOP)
HARD_STOP = Next(Step.HARD_STOP)
TRANSFER = Next(Step.TRANSFER)
USURPED = Next(Step.USURPED)


def continue_to(key: str) -> Next:
    """Go to the child `key`; to `_` when there is none."""
    return CONTINUE if key == WILDCARD else Next(Step.CONTINUE, key=key)


class Needs(Enum):
    """What must hold for an action to be run at all; the engine sees to it."""

    CHANNEL = auto()  # a channel that is up; a node run after hangup (continue_on_destroy) is passed over
    NOTHING = auto()  # runs after hangup too


class ActionData(Schema):
    """The base of every action's schema: keys nobody knows are left out here, and told by the validator."""

    class Meta:
        """Documents carry keys of other programs; the node must still run."""

        unknown = EXCLUDE

    skip_module = fields.Boolean(
        load_default=False, metadata={"description": "When true, the node is passed over: its `_` runs."}
    )
    sensitive = fields.Boolean(
        load_default=False,
        metadata={"description": "When true, recordings of the call are silent while the node runs."},
    )


class Doubt(NamedTuple):
    """Something to be said of a value. `is_fault`: no document should have it, though the action runs."""

    key: str
    message: str
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    Attributes:
        schema: of the node's data. run: takes the flow's run and the loaded data; returns the outcome, or
        None to leave the call as it is until it hangs up.
        summary: one line for people. needs: see Needs.
        branches: a regular expression of the child keys the action can take, "" for none.
        repair: given the data and the keys that were refused, returns the data with what Kazoo's code does
        to such values (clamps, defaults); the fault is still told. None when Kazoo does nothing.
        doubts: yields what else is to be said of the data, though the action runs with it.
    """

    schema: type[ActionData]
    run: Callable[[FlowRun, Data], Next | None]
    summary: str
    needs: Needs = Needs.CHANNEL
    branches: str = "_"
    repair: Callable[[dict[str, Any], Set[str]], dict[str, Any]] | None = None
    doubts: Callable[[Data], Iterable[Doubt]] | None = None

    def can_take(self, key: str) -> bool:
        """Whether the action, when it is run, can ever continue to the child `key`."""
        return re.fullmatch(self.branches, key) is not None
