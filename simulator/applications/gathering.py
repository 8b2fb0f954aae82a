"""`conference`, `fifo`: calls that come together.

Source: FreeSWITCH mod_conference.c, mod_fifo.c.
"""

from __future__ import annotations

from simulator.conference import conference
from simulator.core import Application
from simulator.fifo import fifo

APPLICATIONS = (
    Application(
        "conference",
        conference,
        description="Join a conference",
        syntax="<name>[@<profile>][+flags{<flags>}]",
        module="mod_conference",
    ),
    Application(
        "fifo",
        fifo,
        description="Park with FIFO",
        syntax="<fifo name> [in [<announce>|undef] [<music>|undef] | out [wait|nowait]]",
        module="mod_fifo",
    ),
)
