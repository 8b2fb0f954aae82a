"""Verbs on channel variables, Kazoo's two families among them.

Custom channel variables carry the prefix `ecallmgr_`, custom application variables `cav_`, or `json_cav_`
when the value is not a plain one. Source: Kazoo ecallmgr_util, ecallmgr.hrl (reference section 0.5).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from calls.call import Call
from calls.identity import CCV_PREFIX

CAV_PREFIX = "cav_"
JSON_CAV_PREFIX = "json_cav_"

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")
_UNSAFE = re.compile(r"[\r\n\x00]")


def set_variable(call: Call, name: str, value: str, *, export: bool = False) -> None:
    """Set one channel variable without waiting. Raises: CallGone, BadCommand."""
    call.set({name: value}, export=export)


def set_variables(call: Call, variables: Mapping[str, str], *, export: bool = False) -> None:
    """Set channel variables in one round, without waiting. Raises: CallGone; BadCommand: none was set."""
    call.set(variables, export=export)


def set_custom_channel_variable(call: Call, name: str, value: str, *, export: bool = False) -> None:
    """Set one of Kazoo's custom channel variables, such as `Call-Priority`. Raises: CallGone, BadCommand."""
    call.set({CCV_PREFIX + name: value}, export=export)


def application_variables(given: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Return custom application variables as channel variables, and the names that cannot be any.

    Args: given: any JSON values. Values with line breaks cannot cross the event socket, nor can names with
    other characters than letters, digits and `_.-`; those are in the second part of the answer.
    """
    variables: dict[str, str] = {}
    refused: list[str] = []
    for name, value in given.items():
        full_name, text = _as_variable(name, value)
        if _NAME.match(name) and not _UNSAFE.search(text):
            variables[full_name] = text
        else:
            refused.append(name)
    return variables, refused


def _as_variable(name: str, value: Any) -> tuple[str, str]:
    if isinstance(value, str):
        return CAV_PREFIX + name, value
    if isinstance(value, dict | list):
        return JSON_CAV_PREFIX + name, json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return CAV_PREFIX + name, "" if value is None else json.dumps(value)
