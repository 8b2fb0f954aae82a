"""Which nodes a call may come to, found in the documents alone.

A walk without a call: it goes every way an action may take. Up to the first action whose outcome depends on
what happens (a menu, a variable nobody has told of) a call certainly comes along; behind it, possibly. A
callflow that several nodes call is looked at once, the first time; every node is told with the way to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from callflows.action import WILDCARD, Step
from callflows.actions import branch_variable, set_variable
from callflows.described_call import DescribedCall
from callflows.document import Flow, Node
from callflows.engine import REMOTE_UNAVAILABLE
from callflows.library import Library
from callflows.media import ACCOUNTS
from storage.document import Document
from storage.names import account_db

MAX_VISITS = 20_000
"""Nodes looked at; an account's callflows have some thousands."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A node a call may come to.

    Attributes: is_certain: it comes there unless somebody hangs up; way: the branches that lead there, in
    words; passed_over: why the node is not run, "" when it is.
    """

    node: Node
    flow: Flow
    is_certain: bool
    way: tuple[str, ...] = ()
    passed_over: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is, and what is resumed when the callflow stops, the newest last."""

    node: Node
    flow: Flow
    is_certain: bool = True
    way: tuple[str, ...] = ()
    resume: tuple[tuple[Node, Flow], ...] = ()

    def at(self, node: Node) -> _Place:
        return replace(self, node=node)

    def perhaps(self, because: str) -> _Place:
        return replace(self, is_certain=False, way=(*self.way, because))


class Outlook:
    """Walks for one call.

    Args: call: its variables may change on the way; library: of its documents; flow_of: returns a callflow of
    the account by its id. Attributes: notes: (where, why) of what was not looked at.
    """

    def __init__(self, call: DescribedCall, library: Library, flow_of: Callable[[str], Flow | None]) -> None:
        self.call = call
        self._library = library
        self._flow_of = flow_of
        self._seen: set[tuple[str, str]] = set()
        self._children: frozenset[str] = frozenset()
        self.notes: list[tuple[str, str]] = []

    def walk(self, flow: Flow, root: Node | None = None) -> Iterator[Reached]:
        """Yield the nodes in the order in which a call comes to them. Raises: StoreUnavailable."""
        pending = [_Place(root or flow.root, flow)]
        while pending:
            place = pending.pop()
            key = (place.flow.doc_id, place.node.path)
            if key in self._seen:
                continue
            if len(self._seen) >= MAX_VISITS:
                self.notes.append((place.flow.doc_id, f"only the first {MAX_VISITS} nodes are looked at"))
                return
            self._seen.add(key)
            node = place.node
            if node.module and not node.is_empty:
                yield Reached(node, place.flow, place.is_certain, place.way, _passed_over(node))
            pending.extend(reversed(list(self._onwards(place))))

    # -- what the walk needs to be asked by branch_variable --------------------------------------------

    @property
    def account(self) -> Document:
        """The account's document."""
        account_id = self.call.account_id
        return self._library.find(ACCOUNTS, account_id) or self.document(account_id) or {}

    def document(self, doc_id: str) -> Document | None:
        """Return a document of the account."""
        return self._library.find(account_db(self.call.account_id), doc_id) if doc_id else None

    def has_child(self, key: str) -> bool:
        """Whether the node looked at has that child."""
        return key in self._children

    # -- where it goes on ------------------------------------------------------------------------------

    def _onwards(self, place: _Place) -> Iterator[_Place]:
        node = place.node
        if node.is_empty:
            yield from _resumed(place)
            return
        if not node.module:
            return  # hung up
        if node.remote:
            yield from _continued(place, REMOTE_UNAVAILABLE)
        elif _passed_over(node) or node.action is None:
            yield from _continued(place)
        elif node.module == "callflow":
            yield from self._called(place)
        elif node.module == "branch_variable":
            yield from self._branched(place)
        elif node.action.branches == WILDCARD:
            self._remember(node)
            yield from _continued(place)
        elif not node.action.branches:
            if node.module != "hangup":
                yield from _resumed(place)
        else:
            yield from self._anywhere(place)

    def _called(self, place: _Place) -> Iterator[_Place]:
        flow = self._flow_of(place.node.data["id"])
        if flow is None:
            yield from _continued(place)
            return
        back = place.node.children.get(WILDCARD)
        resume = place.resume
        if back is not None and not back.is_empty:
            resume = (*resume, (back, place.flow))
        inside = replace(place, node=flow.root, flow=flow, resume=resume)
        if (flow.doc_id, flow.root.path) in self._seen:
            yield from _resumed(inside.perhaps(f"when {flow.doc_id} comes back"))
            return
        yield inside

    def _branched(self, place: _Place) -> Iterator[_Place]:
        node = place.node
        self._children = frozenset(node.children)
        unknown = branch_variable.depends_on(self, node.data)
        if unknown:
            yield from self._anywhere(place, f"variable {unknown} (not told) is")
            return
        outcome = branch_variable.way_of(self, node.data)
        if outcome.step is Step.CONTINUE:
            yield from _continued(place, outcome.key)

    def _anywhere(self, place: _Place, because: str = "") -> Iterator[_Place]:
        """Every child the action can take; a menu's empty ones are no choices."""
        node = place.node
        if node.module == "menu":
            self._hunting(node)
        for key, child in node.children.items():
            if node.action is not None and node.action.can_take(key) and not child.is_empty:
                says = f"{because or node.module + ' goes to'} {key}"
                yield place.at(child).perhaps(f"{says} at {node.path} of {place.flow.doc_id or '?'}")
        if WILDCARD not in node.children or node.children[WILDCARD].is_empty:
            yield from _resumed(place.perhaps(f"{node.module} at {node.path} goes nowhere"))

    def _hunting(self, node: Node) -> None:
        menu = self.document(node.data["id"]) or {}
        if menu.get("hunt") in (True, "true"):
            text = "the menu hunts: callflows of extensions dialled in it are not looked at"
            self.notes.append((f"menu {node.data['id']}", text))

    def _remember(self, node: Node) -> None:
        """A variable set on the way may decide further on."""
        if node.module == "set_variable":
            name = set_variable.NAMES.get(node.data["variable"])
            if name and node.data["value"]:
                self.call.set_custom(name, node.data["value"])


def _continued(place: _Place, key: str = WILDCARD) -> Iterator[_Place]:
    children = place.node.children
    child = children.get(key) or children.get(WILDCARD)
    if child is None:
        yield from _resumed(place)
    else:
        yield place.at(child)


def _resumed(place: _Place) -> Iterator[_Place]:
    """The callflow stops: the newest of those that called it goes on, if there is one."""
    if place.resume:
        node, flow = place.resume[-1]
        yield replace(place, node=node, flow=flow, resume=place.resume[:-1])


def _passed_over(node: Node) -> str:
    """Return why a node is not run, "" when it is."""
    if node.skip:
        return "skip_module is true"
    if node.remote:
        return "remote_execution asks for another program"
    if node.action is None:
        return f"there is no action {node.module}"
    if node.faults:
        return "; ".join(finding.message for finding in node.faults)
    return ""
