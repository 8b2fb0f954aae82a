"""The stand-in as a process: `python -m simulator --listen 127.0.0.1:8021 --engine 127.0.0.1:8084`.

With `--call NUMBER` it places calls itself and ends with them; without, it waits for `originate`.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402 - gevent comes first
import signal  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402

from simulator.address import read_address  # noqa: E402
from simulator.clock import Clock  # noqa: E402
from simulator.core import DEFAULT_PASSWORD  # noqa: E402
from simulator.errors import ScriptError  # noqa: E402
from simulator.loop import new_signal  # noqa: E402
from simulator.script import Script, load_script  # noqa: E402
from simulator.simcall import Happening, SimCall  # noqa: E402
from simulator.switch import Switch  # noqa: E402


def _print_step(call: SimCall, happening: Happening) -> None:
    sys.stdout.write(f"{call.uuid[:8]} {happening}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit codes: 0 fine, 1 a call was not taken, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--listen", type=read_address, default=("127.0.0.1", 8021), help="event socket")
    parser.add_argument("--engine", type=read_address, default=("127.0.0.1", 8084), help="takes the calls")
    parser.add_argument("--password", default=DEFAULT_PASSWORD, help="of the event socket")
    parser.add_argument("--script", type=Path, help="JSON: what far ends do")
    parser.add_argument("--sounds", type=Path, help="directory of relative file names")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per real second")
    parser.add_argument("--call", action="append", default=[], metavar="NUMBER", help="place a call")
    given = parser.parse_args(arguments)
    try:
        script = load_script(given.script) if given.script else Script()
    except ScriptError as exc:
        sys.stderr.write("".join(f"{fault}\n" for fault in exc.faults))
        return 2
    switch = Switch(
        given.engine,
        script=script,
        listen=given.listen,
        password=given.password,
        sounds_dir=given.sounds,
        clock=Clock(speed=given.speed),
        on_step=_print_step,
    ).start()
    sys.stdout.write(f"event socket on {switch.event_socket[0]}:{switch.event_socket[1]}\n")
    sys.stdout.flush()
    code = _serve(switch, given.call)
    switch.stop()
    return code


def _serve(switch: Switch, numbers: list[str]) -> int:
    """Place the calls and wait for their ends, or wait to be told to stop."""
    if numbers:
        calls = [switch.place_call(number) for number in numbers]
        for call in calls:
            call.wait_ended()
        return 0 if all(call.was_taken for call in calls) else 1
    over = new_signal()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: over.set())
    over.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
