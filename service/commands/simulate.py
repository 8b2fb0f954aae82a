"""callflows simulate: runs a callflow or an SWML document against the simulator and prints what happened."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import click

from service.simulation import NoNumber, Simulation
from simulator.errors import ScriptError
from simulator.script import Script, load_script


@click.command(help="Try a callflow or SWML without a phone: run FLOW and print every step.")
@click.argument("flow", type=click.Path(exists=True, path_type=Path))
@click.option("--to", "number", default="", help="The number dialled; an SWML document needs none.")
@click.option(
    "--script",
    "script_file",
    type=click.Path(exists=True, path_type=Path),
    help="What the caller does (JSON).",
)
@click.option(
    "--account", default="demo", show_default=True, help="The account, where FLOW is a folder of documents."
)
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), help="Keep documents and recordings here."
)
@click.option(
    "--timeout", type=float, default=120.0, show_default=True, help="Hang up after so many seconds."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a step.")
def COMMAND(  # noqa: N802 - found by this name
    flow: Path,
    number: str,
    script_file: Path | None,
    account: str,
    output: Path | None,
    timeout: float,
    *,
    as_json: bool,
) -> None:
    """FLOW is a callflow (the JSON files beside it are its documents), a folder of documents, or an SWML
    document: YAML, or JSON with sections.
    """
    try:
        script = load_script(script_file) if script_file else Script()
    except ScriptError as exc:
        raise click.ClickException(str(exc)) from exc
    directory = output or Path(tempfile.mkdtemp(prefix="callflows-simulate-"))
    try:
        try:
            simulation = Simulation(directory, flow, number, account)
        except NoNumber as exc:
            raise click.UsageError(f"Missing option '--to': {exc}.") from exc
        is_good = simulation.run(script, timeout, _printer(as_json=as_json))
    finally:
        if output is None:
            shutil.rmtree(directory, ignore_errors=True)
    sys.exit(0 if is_good else 1)


class _printer:  # noqa: N801 - used as a function
    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, at_s: float, kind: str, detail: str) -> None:
        if self._as_json:
            click.echo(json.dumps({"at_s": round(at_s, 3), "kind": kind, "detail": detail}))
        else:
            click.echo(f"{at_s:8.3f}  {kind:<12} {detail}")
