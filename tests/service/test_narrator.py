"""The narrator tells what it has sentences for, and warnings."""

from __future__ import annotations

import io
import sys

import pytest
import structlog
from rich.console import Console

from config.logging import configure
from service.narrator import SENTENCES, Narrator


@pytest.fixture
def told() -> io.StringIO:
    """What has been told; the narrator listens, as in the command line."""
    configure("warning", "console", sys.stderr)
    stream = io.StringIO()
    Narrator(Console(file=stream, width=200)).listen()
    return stream


def test_steps_are_told_whatever_the_level_of_the_log(told: io.StringIO) -> None:
    """The command line logs warnings only; a demo tells info and debug, too."""
    structlog.get_logger().debug("action_launched", action="answer", path="flow")
    structlog.get_logger().info("call_ended", verdict="success", cause="NORMAL_CLEARING", duration_s=1.5)
    assert "action answer (flow)" in told.getvalue()
    assert "call ended: success, NORMAL_CLEARING, after 1.5 s" in told.getvalue()


def test_what_has_no_sentence_is_told_from_warnings_up(told: io.StringIO) -> None:
    """With its facts; less important lines are left out."""
    structlog.get_logger().info("something_small", a=1)
    structlog.get_logger().warning("something_odd", a=2)
    assert "something_small" not in told.getvalue()
    assert "something_odd: {'a': 2}" in told.getvalue()


@pytest.mark.parametrize("event", sorted(SENTENCES))
def test_a_fact_that_is_missing_is_a_question_mark(told: io.StringIO, event: str) -> None:
    """A sentence never fails."""
    structlog.get_logger().info(event)
    assert told.getvalue().strip()


def test_markup_in_facts_is_text(told: io.StringIO) -> None:
    """A callflow's name cannot colour the terminal."""
    structlog.get_logger().info("callflow_found", document="[bold]x[/bold]")
    assert "[bold]x[/bold]" in told.getvalue()
