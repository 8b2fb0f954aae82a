r"""Takes dial strings apart as FreeSWITCH does, pass after pass: `{all}[one]tech/where,...|...`.

The passes are not independent: each takes quotes and backslashes away that the next one would have seen. So
they are done here one after the other, in FreeSWITCH's order, on the whole text.
Source: FreeSWITCH switch_ivr_originate.c (switch_ivr_originate), switch_event.c
(switch_event_create_brackets), switch_utils.c (switch_separate_string, cleanup_separated_string).
"""

from __future__ import annotations

from dataclasses import dataclass, field

# What FreeSWITCH puts for commas within a leg's block while it splits at the other ones.
_QUOTED, _UNQUOTED = "\x01", "\x02"
_MOST = 1024
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


@dataclass(frozen=True, slots=True)
class DialString:
    """One endpoint to dial, with the variables its channel gets."""

    endpoint: str
    variables: dict[str, str] = field(default_factory=dict)


def dial_strings(text: str) -> list[list[DialString]]:
    """Groups to try one after the other, each dialled at once.

    A variable for all wins over a leg's own, unless local_var_clobber says otherwise.
    """
    common: dict[str, str] = {}
    rest = text.lstrip(" ")
    while rest.startswith("{"):
        found = _brackets(rest, "{", "}", ",")
        if found is None:
            return []
        _add(common, found[0])
        rest = found[1]
    groups = []
    for group in separate(rest.lstrip(" "), "|"):
        legs = [_leg(peer, common) for peer in separate(_marked(group), ",")]
        endpoints = [leg for leg in legs if leg is not None]
        if endpoints:
            groups.append(endpoints)
    return groups


def separate(text: str, separator: str, limit: int = _MOST) -> list[str]:
    """Split outside quotes, then clean each part."""
    if text.startswith("^^") and len(text) > 3:
        separator, text = text[2], text[3:]
    parts: list[str] = []
    at = start = 0
    quoted = False
    while at < len(text) and len(parts) + 1 < limit:
        if text[at] == "\\":
            at += 1
        elif text[at] == "'" and (quoted or "'" in text[at + 1 :]):
            quoted = not quoted
        elif text[at] == separator and not quoted:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    if start < len(text):
        parts.append(text[start:])
    return [clean(part, separator) for part in parts]


def clean(text: str, separator: str) -> str:
    """Take quotes, escapes and blanks at both ends away."""
    text = text.lstrip(" ")
    out: list[str] = []
    end = at = 0
    quoted = False
    while at < len(text):
        following = text[at + 1 : at + 2]
        if text[at] == "\\" and following and following in f"'\"\\{separator}nrts":
            plain = following in f"'\"\\{separator}"
            out.append(following if plain else _UNESCAPED[following])
            end = len(out)
            at += 2
            continue
        if text[at] == "'" and (quoted or "'" in text[at + 1 :]):
            quoted = not quoted
            if quoted:
                end = len(out)
        else:
            out.append(text[at])
            if text[at] != " " or quoted:
                end = len(out)
        at += 1
    return "".join(out[:end])


def _marked(group: str) -> str:
    """Hide the commas of legs' blocks from the splitting that follows."""
    out: list[str] = []
    end, quoted, other = -1, False, False
    for at, char in enumerate(group):
        if end < 0 and char == "[":
            end = _closing(group[at:], "[", "]")
            end = end + at if end >= 0 else -1
            other, quoted = group.startswith("^^", at + 1), False
        if char == "'":
            quoted = not quoted
        if at < end and char == "," and group[at - 1] != "\\":
            out.append(_QUOTED if quoted or other else _UNQUOTED)
        else:
            out.append(char)
        if at == end:
            end = -1
    return "".join(out)


def _leg(peer: str, common: dict[str, str]) -> DialString | None:
    own: dict[str, str] = {}
    rest = peer.lstrip(" ")
    while rest.startswith("["):
        stop = _closing(rest, "[", "]")
        found = _brackets(rest[:stop].replace(_QUOTED, ",") + rest[stop:], "[", "]", _UNQUOTED)
        if found is None:
            return None
        _add(own, found[0])
        rest = found[1]
    rest = rest.lstrip(" ")
    if not rest:
        return None
    clobbers = common.get("local_var_clobber", "").lower() in ("true", "yes", "on", "1")
    return DialString(rest, {**common, **own} if clobbers else {**own, **common})


def _brackets(text: str, opening: str, end: str, separator: str) -> tuple[dict[str, str], str] | None:
    """The variables of the block at the beginning, and what follows it; None when it has no end."""
    stop = _closing(text, opening, end)
    if stop < 0:
        return None
    variables: dict[str, str] = {}
    for item in separate(text[1:stop], separator):
        pair = separate(item, "=", 2)
        if len(pair) == 2:
            variables.setdefault(pair[0], pair[1])
    return variables, text[stop + 1 :]


def _closing(text: str, opening: str, end: str) -> int:
    depth = 0
    for at, char in enumerate(text):
        depth += (char == opening) - (char == end)
        if not depth:
            return at if char == end else -1
    return -1


def _add(known: dict[str, str], found: dict[str, str]) -> None:
    """The first value of a name counts; empty ones and those that refer to variables are dropped."""
    for name, value in found.items():
        if name and value and "${" not in value.replace("\\", ""):
            known.setdefault(name, value)
