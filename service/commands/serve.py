"""callflows serve: takes calls until told to stop, then lets the live ones finish."""

from __future__ import annotations

import signal
import sys

import click
import gevent
import structlog
from gevent.event import Event

from config.errors import SettingsError
from config.logging import configure
from config.settings import Settings, shown
from service.collector import keep_collections_short
from service.engine import Engine
from service.options import load_settings, settings_option
from service.supervisor import Supervisor, command_line

log = structlog.get_logger(__name__)


def serve(settings: Settings, process: int) -> int:
    """Run one engine process. Returns: the exit code; 1 when calls had to be cut off."""
    asked_to_stop, asked_again = Event(), Event()

    def ask() -> None:
        (asked_again if asked_to_stop.is_set() else asked_to_stop).set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(signum, ask)
    log.info("settings_in_force", **shown(settings))
    engine = Engine(settings, process=process)
    try:
        engine.start()
    except SettingsError:  # what runs already must not log on behind the line that says why we end
        engine.stop()
        raise
    keep_collections_short()
    asked_to_stop.wait()
    draining = gevent.spawn(engine.drain, settings.service.drain_timeout_s)
    gevent.wait([draining, asked_again], count=1)
    is_drained = draining.ready() and bool(draining.value)  # now: `stop` ends the calls that are left
    engine.stop()
    return 0 if is_drained else 1


@click.command(help="Take calls from FreeSWITCH until told to stop (SIGTERM: the live calls finish first).")
@settings_option
@click.option("--process", type=int, default=None, hidden=True)
def COMMAND(settings_file: str | None, process: int | None) -> None:  # noqa: N802 - found by this name
    """Serve; a second signal does not wait for the live calls."""
    settings = load_settings(settings_file)
    configure(settings.log.level, settings.log.format, sys.stderr)
    count = settings.service.processes
    if process is not None or count == 1:
        sys.exit(serve(settings, process or 0))
    supervisor = Supervisor(command_line(settings_file), count)
    for signum in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(signum, supervisor.stop, signum)
    sys.exit(supervisor.run())
