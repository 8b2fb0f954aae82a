"""Fields that several actions' data have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import ValidationError, fields, validate

from callflows.media import reference_fault
from calls.dtmf import ALL_TERMINATORS, DIGITS


def _check_reference(value: str) -> None:
    fault = reference_fault(value)
    if fault:
        raise ValidationError(fault)


def media(description: str, *, shown: Any = None, **options: Any) -> fields.String:
    """A media reference, refused when it could never be played."""
    return fields.String(validate=_check_reference, metadata=_metadata(description, shown), **options)


def terminators() -> fields.List[str]:
    """The keys that end something heard; none are a way to say that no key does."""
    return fields.List(
        fields.String(),
        load_default=lambda: list(ALL_TERMINATORS),
        metadata={
            "description": "Keys that end it; an empty list: none does.",
            "default": "all twelve",
        },
    )


def whole(
    description: str,
    low: int | None = None,
    high: int | None = None,
    *,
    shown: Any = None,
    told_limits: tuple[int, int] | None = None,
    **options: Any,
) -> fields.Integer:
    """A whole number within limits.

    Args: shown: the default told to people, where load_default is not it; told_limits: limits that the
    action checks itself, because it runs with other values too.
    """
    limits = validate.Range(min=low, max=high) if low is not None or high is not None else None
    metadata = _metadata(description, shown)
    if told_limits is not None:
        metadata["limits"] = told_limits
    return fields.Integer(validate=limits, metadata=metadata, **options)


def flag(description: str, *, shown: Any = None, **options: Any) -> fields.Boolean:
    """True or false."""
    return fields.Boolean(metadata=_metadata(description, shown), **options)


def text(
    description: str,
    *,
    one_of: Iterable[str] = (),
    longest: int = 0,
    shortest: int = 0,
    shown: Any = None,
    **options: Any,
) -> fields.String:
    """A string, of a closed set or of a limited length."""
    checks: list[Any] = []
    if one_of:
        checks.append(validate.OneOf(tuple(one_of)))
    if longest or shortest:
        checks.append(validate.Length(min=shortest or None, max=longest or None))
    return fields.String(validate=checks or None, metadata=_metadata(description, shown), **options)


def _metadata(description: str, shown: Any) -> dict[str, Any]:
    return {"description": description} if shown is None else {"description": description, "default": shown}


def doubtful_terminators(values: Iterable[str]) -> str:
    """Return what is odd about a list of terminators, "" for nothing."""
    odd = [value for value in values if value not in DIGITS]
    return f"no such keys: {', '.join(odd)}" if odd else ""
