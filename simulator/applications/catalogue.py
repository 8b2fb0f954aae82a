"""All applications there are."""

from __future__ import annotations

from simulator.applications import (
    bridging,
    control,
    digits,
    gathering,
    misc,
    playing,
    recordings,
    signals,
    variables,
)

APPLICATIONS = (
    *bridging.APPLICATIONS,
    *control.APPLICATIONS,
    *digits.APPLICATIONS,
    *gathering.APPLICATIONS,
    *misc.APPLICATIONS,
    *playing.APPLICATIONS,
    *recordings.APPLICATIONS,
    *signals.APPLICATIONS,
    *variables.APPLICATIONS,
)
