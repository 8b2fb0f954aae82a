"""Brings a dialled number into the form callflows have it in: E.164 for public numbers.

Source: Kazoo knm_converter_regex (system_config number_manager.e164_converters, dial_plan of the account).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callflows.lookup import MAX_NUMBER_LENGTH, compile_regex


def normalise(number: str, dial_plan: Any, converters: Any) -> str:
    """Return a number as callflows have it; one that no rule is for (an extension, a feature code) as it is.

    Args: dial_plan: of the account; converters: number_manager.e164_converters; both map regular
    expressions to {prefix, suffix}, and anything else in their place counts as no rules.
    """
    if number.startswith("+") or len(number) > MAX_NUMBER_LENGTH:
        return number
    return _apply(_apply(number, dial_plan), converters)


def _apply(number: str, rules: Any) -> str:
    """Put the affixes of the first rule that fits around what its last group took (or the whole match)."""
    for expression, affixes in rules.items() if isinstance(rules, Mapping) else ():
        if not isinstance(affixes, Mapping):
            continue
        try:
            match = compile_regex(str(expression)).search(number)
        except ValueError:  # no regular expression, or a number that is no text: a rule that does not fit
            continue
        if match is None:
            continue
        taken = [group for group in match.groups() if group is not None]
        root = taken[-1] if taken else match.group(0)
        return f"{_text(affixes.get('prefix'))}{root}{_text(affixes.get('suffix'))}"
    return number


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
