"""Evaluates JavaScript, in a process of its own: run by swml.sandbox, imports nothing of ours.

QuickJS holds to its limits of memory, stack and time, except within a regular expression, which it never
interrupts; and an interpreter written in C is nothing to let a document's author at within the engine. So
it runs where it can be killed: the kernel does that by itself when too much processor time is used.

Wire: four bytes of length, then JSON. `{"code", "globals", "unset", "truth"}` comes in, `{"value"}` or
`{"error"}` goes out; the value is a text, as JSON values are.
Source: QuickJS lre_exec_backtrack (has no interrupt handler in this version).
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import struct
import sys
from typing import Any

import quickjs  # type: ignore[import-not-found,import-untyped,unused-ignore]  # it has no stubs

MEMORY_BYTES = 16 << 20
STACK_BYTES = 256 << 10
CPU_S = 0.15
"""As long as the language lets an expression take."""

KILL_S = 0.5
"""Processor seconds after which the kernel ends the process: the limit above was not held to."""

ADDRESS_SPACE_BYTES = 512 << 20
MAX_RESULT = 1_000_000
HEADER = struct.Struct(">I")

PRELUDE = """
(function () {
  "use strict";
  const parse = JSON.parse, stringify = JSON.stringify, text = String, finite = isFinite, global = globalThis;
  const define = Object.defineProperty, keys = Object.keys, run = eval;
  return function (globals, unset, code, wrapped, truth) {
    const give = function (name, value) {
      define(global, name, {value, writable: true, configurable: true, enumerable: true});
    };
    const given = parse(globals);
    for (const name of keys(given)) give(name, given[name]);
    for (const name of parse(unset)) if (!(name in global)) give(name, undefined);
    let value;
    try {
      value = run(wrapped);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      value = run(code);
    }
    if (truth) return value ? "true" : "false";
    switch (typeof value) {
      case "undefined": return "null";
      case "bigint": return stringify(text(value));
      case "number": return finite(value) ? stringify(value) : stringify(text(value));
      case "function": case "symbol": throw new TypeError("a " + typeof value + " is no value");
      default: return stringify(value);
    }
  };
})()
"""
"""Returns a function that keeps what it needs of the language to itself, whatever is done to it later."""


def evaluate(request: dict[str, Any]) -> dict[str, str]:
    """Evaluate an expression in a fresh world. Returns: `value` or `error`."""
    code, unset = request["code"], json.dumps(request["unset"])
    context = quickjs.Context()
    context.set_memory_limit(MEMORY_BYTES)
    context.set_max_stack_size(STACK_BYTES)
    try:
        call = context.eval(PRELUDE)
        context.set_time_limit(CPU_S)
        # The line break ends a comment at the end of the code.
        value = call(json.dumps(request["globals"]), unset, code, f"({code}\n)", request["truth"])
    except (quickjs.JSException, quickjs.StackOverflow) as exc:
        return {"error": str(exc).split("\n", 1)[0][:200]}
    except (UnicodeError, MemoryError, ValueError) as exc:
        return {"error": type(exc).__name__}
    if not isinstance(value, str):  # an object whose toJSON says it is nothing
        return {"value": "null"}
    return {"value": value} if len(value) <= MAX_RESULT else {"error": "the value is too large"}


def _confine() -> None:
    """Give up whatever evaluating takes not; files that the engine's own parent left open among it."""
    os.closerange(3, 65536)
    for limit, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for number in (signal.SIGINT, signal.SIGTERM):  # of the terminal, and of whoever stops all processes
        signal.signal(number, signal.SIG_IGN)


def main() -> None:
    """Answer until the engine closes its end, which its death does too."""
    with socket.socket(fileno=0) as link, link.makefile("rwb") as stream:
        link.settimeout(None)
        _confine()
        while header := stream.read(HEADER.size):
            if len(header) < HEADER.size:
                break
            request = json.loads(stream.read(HEADER.unpack(header)[0]))
            signal.setitimer(signal.ITIMER_PROF, KILL_S)
            reply = evaluate(request)
            signal.setitimer(signal.ITIMER_PROF, 0)
            body = json.dumps(reply).encode()
            stream.write(HEADER.pack(len(body)) + body)
            stream.flush()


if __name__ == "__main__":
    with contextlib.suppress(OSError, EOFError):
        main()
    sys.exit(0)
