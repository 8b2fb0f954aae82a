"""Runs a script on a call: sections, jumps, what is executed and what comes back, until it is over.

The state is a stack of blocks: a section, or a list of steps within one; no depth of a script is a depth of
Python's. What goes round is bounded: a goto by its own limit, executions by their depth, transfers by their
number, everything by the number of steps.

    outcome      what becomes of the stack
    NEXT         the block's next step; at its end the block is dropped, a section with "no value"
    INLINE       a block of the steps is put on it
    GOTO         blocks above the one that has the label are dropped, down to the section at most
    EXECUTE      a section is put on it
    RETURN       dropped down to and with the section; `return_value`, on_return
    TRANSFER     all of it is replaced by a section
    END, LEFT    the end

Source: SignalWire's SWML reference: execute, return, transfer, goto, Errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import gevent
from marshmallow import ValidationError

from calls.errors import CallError, CallGone
from esl.errors import EslError
from swml.compiling import flattened, load, schema_of
from swml.document import Script, Step
from swml.errors import BadDocument, DocumentNotFetched, LimitReached, ScriptError
from swml.method import NEXT, Outcome, Way
from swml.methods._destination import is_inline, is_url
from swml.payload import payload_of
from swml.run import ScriptRun

MAX_STEPS: Final = 10_000
"""Of one script: a call of a day, with a step every ten seconds."""

MAX_DEPTH: Final = 100
"""Sections executed by sections; menus that execute themselves again come to this after a hundred choices."""

MAX_TRANSFERS: Final = 32
"""As the language has it."""

MAX_WALKED: Final = 50
"""Methods that are remembered for the log."""

BREATH_STEPS: Final = 50
"""After so many steps that did not wait, others get their turn."""


@dataclass(slots=True)
class _Block:
    """Steps being run. Attributes: at: the next one; is_section: others are lists within the section below;
    params: of those that were there before the section; by: where the step is that executed it; jumps: how
    often each goto of the section did.
    """

    script: Script
    steps: tuple[Step, ...]
    is_section: bool
    params: Mapping[str, Any] = field(default_factory=dict)
    on_return: Callable[[Any], tuple[Step, ...]] | None = None
    by: str = ""
    at: int = 0
    jumps: dict[int, int] = field(default_factory=dict)

    def place_of(self, label: str) -> int:
        """Return the index of a label, -1 when it is not here."""
        return next(
            (
                i
                for i, step in enumerate(self.steps)
                if step.name == "label" and step.properties["label"] == label
            ),
            -1,
        )


class Interpreter:
    """Runs one script. Attributes: walked: the methods that were run, in order, the first of them."""

    def __init__(self) -> None:
        self._stacks: dict[ScriptRun, list[_Block]] = {}  # where each run is now; several while legs confirm
        self._main: ScriptRun | None = None
        self._steps = 0
        self._transfers = 0
        self.walked: list[str] = []

    @property
    def steps(self) -> int:
        """How many steps have been taken."""
        return self._steps

    def main(self, run: ScriptRun, script: Script) -> Outcome:
        """Run a script to its end, from its section main. Returns: RETURN, with the value; END; LEFT.

        Raises: ScriptError: a step failed; CallGone.
        """
        self._main = run
        return self._loop(run, [_Block(script, script.sections["main"], is_section=True)])

    def nested(self, run: ScriptRun, steps: tuple[Step, ...]) -> Outcome:
        """Run steps on the spot, perhaps on another call.

        Returns: NEXT: they have been run; else what they came to, which is for the method to pass on.
        """
        around = self._stacks.get(run) or self._stacks[self._main or run]
        return self._loop(run, [_Block(around[-1].script, steps, is_section=False)])

    def _loop(self, run: ScriptRun, stack: list[_Block]) -> Outcome:
        around = self._stacks.get(run)
        self._stacks[run] = stack
        try:
            return self._walk(run, stack)
        finally:
            if around is None:
                del self._stacks[run]
            else:
                self._stacks[run] = around

    def _walk(self, run: ScriptRun, stack: list[_Block]) -> Outcome:
        while stack:
            block = stack[-1]
            if block.at < len(block.steps):
                step = block.steps[block.at]
                block.at += 1
                ended = self._follow(run, stack, step, self._take(run, step))
                if ended is not None:
                    return ended
            elif not block.is_section:
                stack.pop()
            elif len(stack) == 1:
                return Outcome(Way.RETURN)
            else:
                self._come_back(run, stack, None)
        return NEXT

    def _take(self, run: ScriptRun, step: Step) -> Outcome:
        """Run one step. Raises: ScriptError, with where; CallGone."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise LimitReached(f"the script has taken {MAX_STEPS} steps", step.where)
        if self._steps % BREATH_STEPS == 0:
            gevent.sleep(0)
        if run.call.end is not None:
            raise run.call.end.error()
        if len(self.walked) < MAX_WALKED:
            self.walked.append(step.name)
        run.log.debug("method_run", where=step.where)
        try:
            return step.method.run(run, self._properties(run, step)) or NEXT
        except ScriptError as exc:
            exc.where = exc.where or step.where
            raise
        except CallGone:
            raise
        except (CallError, EslError) as exc:
            raise ScriptError(str(exc), step.where) from exc

    def _properties(self, run: ScriptRun, step: Step) -> Mapping[str, Any]:
        """Return a step's properties as its method wants them. Raises: ScriptError."""
        properties: Mapping[str, Any] = step.properties
        if step.is_plain:
            return properties
        keeps = step.method.keeps
        values = {name: value if name in keeps else run.expand(value) for name, value in properties.items()}
        try:
            loaded: Mapping[str, Any] = schema_of(step.method).load(
                {name: value for name, value in values.items() if name not in keeps},
                partial=tuple(keeps),
            )
        except ValidationError as exc:
            message = "; ".join(f"{path or 'it'} {text}" for path, text in flattened("", exc.messages))
            raise ScriptError(message, step.where, "relay_script_method_parameter_invalid_value") from exc
        return {**loaded, **{name: values[name] for name in keeps & values.keys()}}

    # -- where to go --------------------------------------------------------------------------------------

    def _follow(self, run: ScriptRun, stack: list[_Block], step: Step, outcome: Outcome) -> Outcome | None:
        """Do to the stack what an outcome says; return it when the script, or the nested part, is over."""
        block = stack[-1]
        match outcome.way:
            case Way.NEXT:
                pass
            case Way.INLINE:
                stack.append(_Block(block.script, outcome.steps, is_section=False))
            case Way.GOTO:
                return self._jump(stack, step, outcome)
            case Way.EXECUTE:
                self._execute(run, stack, step, outcome)
            case Way.TRANSFER:
                if not stack[0].is_section:
                    return outcome  # of a nested part: its method's script goes
                self._transfer(run, stack, step, outcome)
            case Way.RETURN:
                while stack and not stack[-1].is_section:
                    stack.pop()
                if len(stack) <= 1:
                    return outcome
                self._come_back(run, stack, outcome.value)
            case Way.END | Way.LEFT:
                return outcome
        return None

    def _jump(self, stack: list[_Block], step: Step, outcome: Outcome) -> Outcome | None:
        section = next((block for block in reversed(stack) if block.is_section), stack[0])
        jumps = section.jumps.get(id(step), 0)
        if outcome.limit and jumps >= outcome.limit:
            return None
        for depth in range(len(stack) - 1, -1, -1):
            at = stack[depth].place_of(outcome.dest)
            if at >= 0:
                section.jumps[id(step)] = jumps + 1
                del stack[depth + 1 :]
                stack[depth].at = at + 1
                return None
            if stack[depth].is_section:
                break
        else:
            return outcome  # of a nested part: perhaps its method stands where the label is
        raise ScriptError(
            f"there is no label {outcome.dest[:64]!r} to go to", step.where, "relay_script_element_undefined"
        )

    def _execute(self, run: ScriptRun, stack: list[_Block], step: Step, outcome: Outcome) -> None:
        if sum(block.is_section for block in stack) >= MAX_DEPTH:
            raise LimitReached(f"sections have executed sections {MAX_DEPTH} deep", step.where)
        block = self._entered(run, stack[-1].script, step, outcome)
        block.params, block.on_return, block.by = run.variables.params, outcome.on_return, step.where
        run.variables.params = outcome.params
        stack.append(block)

    def _transfer(self, run: ScriptRun, stack: list[_Block], step: Step, outcome: Outcome) -> None:
        self._transfers += 1
        if self._transfers > MAX_TRANSFERS:
            raise LimitReached(
                f"more than {MAX_TRANSFERS} transfers", step.where, "relay_script_too_many_transfers"
            )
        block = self._entered(run, stack[-1].script, step, outcome)
        run.variables.params = outcome.params
        stack[:] = [block]

    def _come_back(self, run: ScriptRun, stack: list[_Block], value: Any) -> None:
        """A section that was executed is over. Args: value: returned, None for none."""
        block = stack.pop()
        run.variables.params = block.params
        try:
            if value is None:
                run.variables.unset("return_value")
            else:
                run.variables.set("return_value", value)
            then = block.on_return(value) if block.on_return is not None else ()
        except ScriptError as exc:
            exc.where = exc.where or block.by
            raise
        if then:
            stack.append(_Block(stack[-1].script, then, is_section=False))

    def _entered(self, run: ScriptRun, script: Script, step: Step, outcome: Outcome) -> _Block:
        """Return the block of a destination. Raises: ScriptError: there is none."""
        dest = outcome.dest
        if dest in script.sections:
            return _Block(script, script.sections[dest], is_section=True)
        try:
            if is_inline(dest):
                script = load(dest)
            elif is_url(dest):
                payload = payload_of(run, outcome.params)
                script = run.facilities.fetcher.fetch(dest, payload, run.call)
            else:
                raise ScriptError(
                    f"there is no section {dest[:64]!r}",
                    step.where,
                    "relay_script_section_parameter_undefined",
                )
        except BadDocument as exc:
            raise ScriptError(str(exc), step.where, exc.findings[0].code) from exc
        except DocumentNotFetched as exc:
            raise ScriptError(str(exc), step.where) from exc
        return _Block(script, script.sections["main"], is_section=True)
