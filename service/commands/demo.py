"""callflows demo: shows the main job on the simulator, or on a running FreeSWITCH."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from service.demo import Demo
from service.narrator import Narrator


@click.command(help="Show a call from hand-off to delivered recording, step by step.")
@click.option("--switch", default="", help="host:port of a running FreeSWITCH's event socket, on this host.")
@click.option("--password", default="ClueCon", show_default=True, help="Of that event socket.")
def COMMAND(switch: str, password: str) -> None:  # noqa: N802 - found by this name
    """Run the demo; exit 0 only if what was delivered is what was spoken."""
    console = Console()
    narrator = Narrator(console)
    directory = Path(tempfile.mkdtemp(prefix="callflows-demo-"))
    arrivals = Demo(directory, narrator, switch=switch, password=password).run()
    is_good = {arrival.kind for arrival in arrivals} == {"http", "local"}
    console.print()
    for arrival in arrivals:
        match = arrival.match
        is_good = is_good and match.ok
        verdict = "is what was spoken" if match.ok else "IS NOT WHAT WAS SPOKEN"
        facts = f"({match.matched:.0%} of the sound, {match.offset_ms} ms offset)"
        console.print(f"{arrival.path} {verdict} {facts}", soft_wrap=True, highlight=False)
    console.print(f"everything of this run is in {directory}", soft_wrap=True, highlight=False)
    sys.exit(0 if is_good else 1)
