"""system_config/metaflows: features that parties of a call dial into it. Source: Kazoo konami_config."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError

from config.category import Category
from config.fields import check_pattern, json_object, text, whole

_SAMPLE = {"module": "say", "data": {"text": "hi"}}


def _check_nodes(value: dict[str, Any]) -> None:
    for name, node in value.items():
        if not isinstance(node, dict) or not isinstance(node.get("module"), str):
            raise ValidationError({name: ["is no node with a module"]})


def _check_patterns(value: dict[str, Any]) -> None:
    for each in value:
        check_pattern(each)
    _check_nodes(value)


class Metaflows(Schema):
    """Keys of the metaflows document."""

    binding_digit = text("*", "Key that begins a feature code.", one_of=tuple("0123456789*#"))
    digit_timeout_ms = whole(800, "Pause that ends a feature code.", low=0, high=60_000, unit="ms")
    listen_on = text("a", "Whose keys are listened to: caller, callee or both.", one_of=("a", "b", "ab"))
    numbers = json_object({"2": _SAMPLE}, "Feature codes and what each runs.", check=_check_nodes)
    patterns = json_object(
        {"^2$": _SAMPLE},
        "Regular expressions (RE2) of feature codes and what each runs.",
        check=_check_patterns,
    )
    default_metaflow = json_object({}, "Runs when no feature code fits.")


CATEGORY = Category("metaflows", Metaflows, "Features that parties of a call dial into it.")
