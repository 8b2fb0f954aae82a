r"""Legs as FreeSWITCH's dial string: `{for all}[for one]endpoint,[...]endpoint|[...]endpoint`.

Whatever documents put into a leg, FreeSWITCH's own reading of the result yields exactly these legs, with
exactly these variables; tests/calls/test_dial_string.py reads it back by FreeSWITCH's rules. Legs of one
group ring at once (`,`), groups follow each other (`|`).
Source: FreeSWITCH src/switch_ivr_originate.c, switch_ivr_originate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from calls.dial_rules import DialRules
from calls.errors import NotDialable
from calls.leg import Leg
from esl.errors import BadCommand
from esl.quoting import dial_string_variables

Groups = Sequence[Sequence[Leg]]
"""Legs that ring at once, group after group."""

MARGIN_S = 5
"""FreeSWITCH's own limit for a group lies so far behind its legs' limits, which are to be what counts: they
end one leg each, and their cause says so."""

_ENDPOINT = re.compile(r"[A-Za-z0-9_]+/[^\x00-\x20,|'\"\\{}<>^\x7f]+\Z")


def dial_string(groups: Groups, rules: DialRules, common: Mapping[str, str] | None = None) -> str:
    """Return the dial string of groups of legs.

    Args: common: variables for all legs, such as ignore_early_media.
    Raises: NotDialable: a leg that may not be called, or cannot be.
    """
    legs = [leg for group in groups for leg in group]
    if not legs or not all(groups):
        raise NotDialable("", "there is nobody to call")
    if len(legs) > rules.legs_limit:
        raise NotDialable(legs[0].destination.text, f"{len(legs)} legs are more than dialling.legs_limit")
    admitted = [[rules.admit(leg) for leg in group] for group in groups]
    limit_s = max(leg.limit_s for group in admitted for leg in group)
    everywhere = {
        "originate_timeout": str(limit_s + MARGIN_S),
        "originate_continue_on_timeout": "true",
        **(common or {}),
    }
    try:
        block = dial_string_variables(everywhere)
        return block + "|".join(",".join(_one(leg, rules) for leg in group) for group in admitted)
    except BadCommand as exc:
        raise NotDialable(legs[0].destination.text, str(exc)) from exc


def _one(leg: Leg, rules: DialRules) -> str:
    endpoint = rules.endpoint(leg.destination)
    if not _ENDPOINT.match(endpoint) or ":_:" in endpoint:
        raise NotDialable(leg.destination.text, "the template makes no endpoint of it")
    return dial_string_variables(leg.channel_variables(), is_leg=True) + endpoint
