"""Takes arguments apart the way FreeSWITCH does: blanks and quotes, variable blocks. See also dialstring.py.

Source: FreeSWITCH switch_utils.c (switch_separate_string), switch_event.c (switch_event_create_brackets).
"""

from __future__ import annotations

_BLANKS = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


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
    """A backslash means itself except before quotes, blanks, itself, and the letters of blanks."""
    return _BLANKS.get(character) or (character if character in " '\"\\" else "\\" + character)


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


def split_scope(text: str) -> tuple[dict[str, str] | None, str]:
    """Take `%[name=value,…]` off an argument: variables for the time its application runs, None without.

    `%:[…]` chooses another separator. Source: FreeSWITCH switch_core_session.c, switch_core_session_exec.
    """
    at = 1 if text.startswith("%[") else 2
    if not text.startswith("%") or text[at : at + 1] != "[" or "]" not in text:
        return None, text
    inner, _, rest = text[at + 1 :].partition("]")
    pairs = (part.partition("=") for part in inner.split("," if at == 1 else text[1]))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}, rest
