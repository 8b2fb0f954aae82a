"""system_config/number_manager: what a dialled number is. Source: Kazoo kazoo_numbers (knm_converters)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from config.category import Category
from config.fields import check_pattern, flag, json_object, pattern, texts

_NORTH_AMERICAN = r"[2-9][0-9]{2}[2-9][0-9]{6}"
_CARIBBEAN_AREAS = (
    "684|264|268|242|246|441|284|345|767|809|829|849|473|671|876|664|670|787|939|869|758|784|721|868|649|340"
)
_NORTH_AMERICAN_PRINT = "SS(###) ### - ####"

E164_CONVERTERS: Mapping[str, Any] = {
    rf"^(\+?1)?({_NORTH_AMERICAN})$": {"prefix": "+1"},
    r"^011(\d{5,})$|^00(\d{5,})$": {"prefix": "+"},
    r"^[2-9]\d{7,}$": {"prefix": "+"},
}
"""The last group that took part (or the whole match) goes between prefix and suffix."""

CLASSIFIERS: Mapping[str, Any] = {
    "tollfree_us": {
        "regex": r"^\+1((?:800|88\d|877|866|855|844|833|822)\d{7})$",
        "friendly_name": "US Tollfree",
        "pretty_print": _NORTH_AMERICAN_PRINT,
    },
    "toll_us": {
        "regex": r"^\+1(900\d{7})$",
        "friendly_name": "US Toll",
        "pretty_print": _NORTH_AMERICAN_PRINT,
    },
    "emergency": {
        "regex": r"^(911|922|933|833|811|711|999)$",
        "friendly_name": "Emergency Dispatcher",
        "emergency": True,
    },
    "caribbean": {
        "regex": rf"^\+?1((?:{_CARIBBEAN_AREAS})\d{{7}})$",
        "friendly_name": "Caribbean",
        "pretty_print": _NORTH_AMERICAN_PRINT,
    },
    "did_us": {
        "regex": rf"^(\+?1)?({_NORTH_AMERICAN})$",
        "friendly_name": "US DID",
        "pretty_print": _NORTH_AMERICAN_PRINT,
    },
    "international": {"regex": r"^\+([2-9]\d{7,})$", "friendly_name": "International"},
    "unknown": {"regex": r"^(.*)$", "friendly_name": "Unknown"},
}
"""Tried in this order; the first that matches gives a number its class."""


def _check_converters(value: dict[str, Any]) -> None:
    for regex, affixes in value.items():
        check_pattern(regex)
        good = isinstance(affixes, dict) and all(
            isinstance(affixes.get(name, ""), str) for name in ("prefix", "suffix")
        )
        if not good:
            raise ValidationError({regex: ["is no object with prefix and suffix"]})


def _check_classifiers(value: dict[str, Any]) -> None:
    for name, classifier in value.items():
        regex = classifier.get("regex") if isinstance(classifier, dict) else classifier
        if not isinstance(regex, str):
            raise ValidationError({name: ["has no regex"]})
        check_pattern(regex)


class NumberManager(Schema):
    """Keys of the number_manager document."""

    converters = texts(["regex"], "Ways of bringing numbers to E.164; regex is the one there is.")
    e164_converters = json_object(
        E164_CONVERTERS,
        "By regular expression (RE2): what to put before and after its group.",
        check=_check_converters,
    )
    reconcile_regex = pattern(
        r"^(\+?1)?\d{10}$|^\+[2-9]\d{7,}$|^011\d*$|^00\d*$", "What looks like a public number."
    )
    classifiers = json_object(
        CLASSIFIERS,
        "Classes of numbers, for call restrictions; the first that matches counts.",
        check=_check_classifiers,
    )
    unauthorized_numbers_lookup = flag("Look up numbers of calls that no account authorises.", default=False)


CATEGORY = Category("number_manager", NumberManager, "What a dialled number is.")
