"""Sends digits to the call's other side, and goes on when they have been sounded.

`send_digits_result` is `success`, or `failed` where a variable held what are no digits.
Source: SignalWire's SWML reference, send_digits.
"""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError

from calls.digits import send_dtmf
from swml.method import Data, Method, Outcome
from swml.properties import Text
from swml.property import MethodData
from swml.run import ScriptRun
from swml.value import as_text, has_expression

MAX_DIGITS = 1000
"""More than any menu takes; they last some minutes."""

DIGIT_MS = 250
"""FreeSWITCH's own length of a digit. Source: switch_core.c, default_dtmf_duration (2,000 samples)."""

GAP_S = 0.1
"""Between digits, so that equal ones are told apart."""

PAUSES_S = {"w": 0.5, "W": 1.0}

_DIGITS = re.compile(rf"[0-9*#ABCDabcdwW]{{1,{MAX_DIGITS}}}\Z")


class Digits(Text):
    """Digits and pauses; variables may be among them."""

    kind = "digits"

    def written(self, value: Any) -> Any:
        """A string of digits, as far as that can be told."""
        if isinstance(value, str) and not has_expression(value) and not _DIGITS.match(value):
            raise ValidationError("must be digits: 0-9, * and #, A-D, w and W for pauses")
        return super().written(value)

    def given(self, value: Any) -> Any:
        """Whatever it was; what is wrong with it is the method's result."""
        return as_text(value)


class SendDigitsData(MethodData):
    """What to send."""

    digits = Digits("The digits; w is a pause of half a second, W of a second.", required=True)


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Send them, wait until they are over."""
    digits = data["digits"]
    is_good = bool(_DIGITS.match(digits))
    if is_good:
        send_dtmf(run.call, digits, DIGIT_MS)
        run.call.sleep(sum(PAUSES_S.get(digit, DIGIT_MS / 1000 + GAP_S) for digit in digits))
    else:
        run.log.warning("digits_not_sent", reason="there is something among them that is no digit")
    run.variables.set("send_digits_result", "success" if is_good else "failed")
    return None


METHOD = Method(schema=SendDigitsData, run=run, summary="Sends digits to the other side.")
