"""Keeps recordings silent while nodes marked sensitive run.

A node runs until its action returns. One that calls another callflow runs until that one comes back: whoever
marks the call of a callflow means what happens in it. However a walk ends, nothing stays masked.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from callflows.action import Next, Step
from callflows.document import Flow, Node
from callflows.flow_run import FlowRun


def is_sensitive(node: Node) -> bool:
    """Whether its document marks a node so."""
    return node.data.get("sensitive") is True


def reason_of(node: Node, flow: Flow) -> str:
    """Return why recordings are silent, as their documents say it: `menu at flow.children._ of pin`."""
    return f"{node.module} at {node.path} of {flow.doc_id or 'a callflow without id'}"


class Discretion:
    """The masks of one walk, each with how many callflows were to be resumed when it was put on."""

    __slots__ = ("_run", "_taken", "_worn")

    def __init__(self, run: FlowRun) -> None:
        self._run = run
        self._taken: ExitStack | None = None
        self._worn: list[tuple[int, ExitStack]] = []

    def during(self, node: Node, action: Callable[[], Next]) -> Next:
        """Run a node's action, masked if the node is sensitive, and return its outcome."""
        if not is_sensitive(node):
            return action()
        run = self._run
        with ExitStack() as mask:
            mask.enter_context(run.recorder.guard(run.call, reason_of(node, run.flow)))
            outcome = action()
            if outcome.step is Step.BRANCH:
                self._taken = mask.pop_all()
        return outcome

    def branched(self, depth: int) -> None:
        """A branch was taken. Args: depth: how many callflows are to be resumed now."""
        if self._taken is not None:
            self._worn.append((depth, self._taken))
            self._taken = None

    def came_back(self, depth: int) -> None:
        """A callflow has been resumed. Args: depth: how many are to be resumed still."""
        while self._worn and self._worn[-1][0] > depth:
            self._worn.pop()[1].close()

    def close(self) -> None:
        """The walk is over."""
        self.branched(0)
        while self._worn:
            self._worn.pop()[1].close()
