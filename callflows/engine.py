"""Walks a callflow's tree: runs each node's action and follows what it says.

| outcome | effect |
|---|---|
| continue to `key` | child `key`, else child `_`, else stop |
| enter a node | that node; the action found it by an attempt |
| branch | the node's `_` child, unless empty, is put on the resume stack; then the other flow's root |
| replace | the other flow's root |
| stop | resume the newest on the stack; with none left, hang up |
| hard stop | hang up, whatever is on the stack |
| transfer, usurped | leave the channel alone |
| nothing | wait until the call hangs up |

An action that is unknown, marked skip_module, or has data that cannot be used is passed over: its `_`
runs. So it is after an action that crashed. A node without a module hangs up; an empty node stops. Once
the channel is gone nothing more runs, unless an action asked for that (continue_on_destroy).
Recordings are silent while a node marked sensitive runs (callflows.discretion).
Source: Kazoo cf_exe (reference section 1.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import gevent

from callflows.action import CONTINUE, HARD_STOP, STOP, TRANSFER, WILDCARD, Needs, Next, Step, continue_to
from callflows.discretion import Discretion
from callflows.document import Flow, Node
from callflows.flow_run import FlowRun
from calls.cause import HangupCause
from calls.ending import How
from calls.errors import CallGone, CallLeft
from storage.errors import StoreUnavailable

REMOTE_UNAVAILABLE = "REMOTE_UNAVAILABLE"
"""The child of a node whose action another program should have run (remote_execution); there is none here."""

STEPS_PER_TURN = 64
"""Nodes walked before other greenlets get their turn, should none of them have waited."""

IDLE_WAIT_S = 3600.0


class Fate(Enum):
    """What is to become of the channel when the walk is over."""

    HANG_UP = auto()
    LEAVE = auto()  # others have it, or it is gone


@dataclass(frozen=True, slots=True)
class Walk:
    """The end of a walk. `cause` is what to hang up with."""

    fate: Fate
    cause: HangupCause = HangupCause.NORMAL_CLEARING


HANG_UP = Walk(Fate.HANG_UP)
LEAVE = Walk(Fate.LEAVE)


class Engine:
    """One walk over one call.

    Args: run: what the actions get; max_branch_count: branches before the walk is ended
    (callflow.max_branch_count): two callflows may lead into each other.
    """

    __slots__ = ("_branches_left", "_discretion", "_resume", "_run")

    def __init__(self, run: FlowRun, max_branch_count: int) -> None:
        self._run = run
        self._branches_left = max_branch_count
        self._resume: list[tuple[Node, Flow]] = []
        self._discretion = Discretion(run)

    def walk(self, flow: Flow, root: Node | None = None) -> Walk:
        """Run a flow from its root (or from another node, such as a synthetic one) to the end.

        Returns: what is to become of the channel. Raises: nothing an action did.
        """
        self._run.moved(root or flow.root, flow)
        steps = 0
        try:
            while True:
                steps += 1
                if steps % STEPS_PER_TURN == 0:
                    gevent.sleep(0)
                end = self._follow(self._launch(self._run.node))
                if end is not None:
                    return end
        finally:
            self._discretion.close()

    def _launch(self, node: Node) -> Next:
        """Run one node and return its outcome, as the rules above have it."""
        if node.is_empty:
            return STOP
        run = self._run
        log = run.call.log
        if not node.module:
            log.warning("node_without_module", document=run.flow.doc_id, path=node.path, outcome="hung up")
            return HARD_STOP
        action = node.action
        if node.skip or (action is None and not node.remote):
            reason = "skip_module" if node.skip else "unknown"
            log.debug("node_passed_over", document=run.flow.doc_id, path=node.path, reason=reason)
            return CONTINUE
        if node.remote or action is None:
            return continue_to(REMOTE_UNAVAILABLE)
        if action.needs is Needs.CHANNEL and run.call.is_ended:
            return CONTINUE
        run.launched(node.module)
        if node.faults:
            faults = [str(finding) for finding in node.faults]
            log.warning(
                "node_data_invalid", document=run.flow.doc_id, faults=faults, outcome="continued at _"
            )
            return CONTINUE
        log.debug("action_launched", action=node.module, path=node.path)
        return self._discretion.during(node, lambda: self._run_action(node))

    def _run_action(self, node: Node) -> Next:
        run = self._run
        assert node.action is not None
        try:
            outcome = node.action.run(run, node.data)
        except CallLeft:
            return TRANSFER
        except CallGone:
            return STOP
        except StoreUnavailable as exc:
            run.call.log.warning(
                "action_without_store", action=node.module, reason=str(exc), outcome="continued at _"
            )
            return CONTINUE
        except Exception:  # the catch-all per call: an action that crashes is passed over, by Kazoo's rule
            run.call.log.exception(
                "action_crashed",
                action=node.module,
                document=run.flow.doc_id,
                path=node.path,
                outcome="continued at _",
            )
            return CONTINUE
        return outcome if outcome is not None else self._idle()

    def _idle(self) -> Next:
        """An action left the call as it is: nothing more happens until it ends."""
        while not self._run.call.wait_ended(IDLE_WAIT_S):
            pass
        return STOP

    def _follow(self, outcome: Next) -> Walk | None:
        """Move on as an outcome says. Returns: None, or the end."""
        call, step = self._run.call, outcome.step
        if step in (Step.TRANSFER, Step.USURPED):
            return LEAVE
        if call.end is not None and (call.end.how is not How.HANGUP or not self._run.continue_on_destroy):
            return LEAVE
        match step:
            case Step.CONTINUE:
                return self._continue(outcome.key)
            case Step.ENTER if outcome.node is not None:
                self._run.moved(outcome.node, self._run.flow)
                return None
            case Step.BRANCH if outcome.flow is not None:
                return self._branch(outcome.flow)
            case Step.REPLACE if outcome.flow is not None:
                self._run.moved(outcome.flow.root, outcome.flow)
                return None
            case Step.STOP:
                return self._stop(outcome.cause)
        return HANG_UP

    def _continue(self, key: str) -> Walk | None:
        children = self._run.node.children
        child = children.get(key)
        if child is None:
            child = children.get(WILDCARD)
        if child is None:
            return self._stop("")
        self._run.moved(child, self._run.flow)
        return None

    def _branch(self, flow: Flow) -> Walk | None:
        if self._branches_left <= 0:
            self._run.call.log.warning("branch_count_exceeded", document=flow.doc_id, outcome="hung up")
            return HANG_UP
        self._branches_left -= 1
        back = self._run.node.children.get(WILDCARD)
        if back is not None and not back.is_empty:
            self._resume.append((back, self._run.flow))
        self._discretion.branched(len(self._resume))
        self._run.moved(flow.root, flow)
        return None

    def _stop(self, cause: str) -> Walk | None:
        if self._resume:
            self._run.moved(*self._resume.pop())
            self._discretion.came_back(len(self._resume))
            return None
        known = HangupCause.of(cause)
        return HANG_UP if known in (HangupCause.NONE, HangupCause.UNKNOWN) else Walk(Fate.HANG_UP, known)
