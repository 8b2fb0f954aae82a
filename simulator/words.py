"""Takes arguments apart the way FreeSWITCH does: blanks and quotes, dial strings, variable blocks.

Source: FreeSWITCH switch_utils.c (switch_separate_string), switch_event.c (switch_event_create_brackets),
switch_ivr_originate.c.
"""

from __future__ import annotations

from dataclasses import dataclass, field


def split_blanks(text: str) -> list[str]:
    """Split at blanks; single quotes hold blanks together, a backslash takes its next character."""
    words: list[str] = []
    word, quoted, started = "", False, False
    characters = iter(text)
    for character in characters:
        if character == "\\":
            word += _escaped(next(characters, ""))
            started = True
        elif character == "'":
            quoted, started = not quoted, True
        elif character == " " and not quoted:
            if started:
                words.append(word)
            word, started = "", False
        else:
            word, started = word + character, True
    return [*words, word] if started else words


def _escaped(character: str) -> str:
    """A backslash means itself except before quotes, blanks and itself."""
    return character if character in " '\\" else "\\" + character


def variable_block(text: str) -> dict[str, str]:
    """`{name=value,name=value}` as a table; nothing at all when the closing brace is missing.

    `{^^:name=value:…}` chooses another separator.
    """
    if not text.startswith("{") or "}" not in text:
        return {}
    inner = text[1 : text.rindex("}")]
    separator = ","
    if inner.startswith("^^") and len(inner) > 2:
        separator, inner = inner[2], inner[3:]
    pairs = (part.partition("=") for part in inner.split(separator))
    return {
        name.strip(): value.strip().strip("'") for name, equals, value in pairs if equals and name.strip()
    }


@dataclass(frozen=True, slots=True)
class DialString:
    """One endpoint to dial, with the variables in front of it."""

    endpoint: str
    variables: dict[str, str] = field(default_factory=dict)


def dial_strings(text: str) -> list[list[DialString]]:
    """`{vars}[vars]tech/where,…|…`: groups to try one after the other, each dialled at once."""
    common, rest = _take_block(text.strip(), "{", "}")
    groups = []
    for group in _split_outside(rest, "|"):
        endpoints = []
        for endpoint in _split_outside(group, ","):
            own, bare = _take_block(endpoint.strip(), "[", "]")
            if bare:
                endpoints.append(DialString(bare, {**common, **own}))
        if endpoints:
            groups.append(endpoints)
    return groups


def _take_block(text: str, opening: str, closing: str) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    while text.startswith(opening) and closing in text:
        block, text = text[1:].split(closing, 1)
        found.update(variable_block("{" + block + "}"))
        text = text.lstrip()
    return found, text


def _split_outside(text: str, separator: str) -> list[str]:
    """Split, but not within square brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == separator and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
