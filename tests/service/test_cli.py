"""The command line: what is found, what is said, and the exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from service import commands
from service.cli import cli

Run = Callable[..., Result]
ROOT = Path(commands.__path__[0]).parent.parent


def as_process(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the real program."""
    environment = {**os.environ, **{f"CALLFLOWS_{key.upper()}": value for key, value in settings.items()}}
    return subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_every_file_is_a_command(run: Run) -> None:
    """What stands in service/commands is listed and can be asked for help, nothing else is there."""
    stems = sorted(path.stem for path in Path(commands.__path__[0]).glob("*.py") if path.stem != "__init__")
    files = [stem.replace("_", "-") for stem in stems]
    listed = run("--help")
    assert listed.exit_code == 0
    for name in files:
        assert f"\n  {name} " in listed.output
        assert run(name, "--help").exit_code == 0
    assert len(files) == listed.output.partition("Commands:")[2].strip().count("\n") + 1


def test_every_command_has_a_help_line() -> None:
    """The table of commands in the README is made from these lines."""
    import click

    with click.Context(cli) as ctx:
        for name in cli.list_commands(ctx):
            command = cli.get_command(ctx, name)
            assert command is not None
            assert command.get_short_help_str(120)


@pytest.mark.parametrize(
    "arguments", [("nosuch",), ("validate",), ("simulate", "x"), ("dialplan", "--nosuch"), ("../cli",), ("",)]
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """Unknown commands, options and missing arguments are the user's, not ours."""
    assert run(*arguments).exit_code == 2


def test_version_and_help_are_fine(run: Run) -> None:
    """Both options exist, under the names people try."""
    for arguments in (("-h",), ("--help",), ("dialplan", "-h")):
        assert run(*arguments).exit_code == 0


def test_our_errors_are_one_line_without_traceback() -> None:
    """A setting that cannot be used is said in one line on standard error, and the exit code is 1."""
    result = as_process("dialplan", freeswitch_listen="nonsense")
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: CALLFLOWS_FREESWITCH_LISTEN")


def test_a_missing_settings_file_is_an_error_of_ours(run: Run, tmp_path: Path) -> None:
    """The file is named."""
    result = run("dialplan", "--settings", tmp_path / "gone.toml")
    assert result.exit_code == 1
    assert "gone.toml" in result.stderr
    assert "Traceback" not in result.output


def test_a_command_loads_only_what_it_needs() -> None:
    """`dialplan` answers without the audio library."""
    code = (
        "import sys; from service.cli import cli; cli(['dialplan'], standalone_mode=False);"
        "assert 'av' not in sys.modules and 'couchdb3' not in sys.modules, 'loaded too much'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_program_is_patched_before_it_loads_anything() -> None:
    """Sockets of the program are gevent's."""
    code = (
        "import sys; from service import __main__; import socket, gevent.monkey;"
        "assert gevent.monkey.is_module_patched('socket')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
