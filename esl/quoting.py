"""Text from outside, written so that FreeSWITCH takes it for text.

FreeSWITCH reads an argument several times over. Every application's argument is expanded first:
`${name}` becomes a variable's value and `${command arguments}` *runs an API command*. Then the
application takes it apart its own way. Each function here is the exact inverse of one such reading, so
that what was given is what arrives; what cannot be written at all is refused, never changed silently.

Source: FreeSWITCH src/switch_channel.c, switch_channel_expand_variables_check; src/include/switch_utils.h,
switch_string_var_check_const and switch_string_has_escaped_data; src/switch_utils.c,
switch_separate_string and cleanup_separated_string; src/switch_event.c, switch_event_create_brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from esl.errors import BadCommand

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
# FreeSWITCH writes such a `%` into its events as it is, so it would come back decoded (event.py).
_LOOKS_ENCODED = re.compile(r"%(?=[0-9A-F]{2})")
# switch_event_create_brackets reads at most 1,024; more would be dropped without a word.
_MAX_VARIABLES = 1000
_WORD_ESCAPES = {" ": "\\s", "\t": "\\t", "\n": "\\n", "\r": "\\r", "'": "\\'", '"': '\\"', "\\": "\\\\"}
# Characters that may separate the variables of one leg; see dial_string_variables.
_SEPARATORS = ";~#!&*"


def literal(text: str) -> str:
    r"""Text that comes out of variable expansion as `text`, alone or as a part of an argument.

    execute() does this to its whole argument already. It is for parts of an argument with expand=True,
    and for text that is expanded a second time: a value that `set` assigns (see assignment), a command
    kept in a variable such as execute_on_answer.

    FreeSWITCH expands only what holds `${`, `\\`, `\n`, `\s`, `\t` or `\'`; anything else it leaves
    alone, escapes included. `\'` vanishes in expansion, so it makes sure that there is one.
    """
    if "\\" not in text and "$" not in text:
        return text
    escaped = text.replace("\\", "\\\\").replace("$", "\\$")
    if "\\" in text or "${" in text:
        return escaped
    return "\\'" + escaped


def assignment(name: str, value: str) -> str:
    """The argument of `set` or `export` that gives the variable this value.

    Both applications expand the value once more, after the argument's own expansion. A value with `${`
    in it would be expanded yet again by whoever reads the variable later, so its `$` is kept as `%24`,
    which an Event gives back as `$`. An empty value removes the variable.

    Raises: BadCommand: a name that is none.
    Source: FreeSWITCH mod_dptools.c, base_set.
    """
    return f"{_name(name)}={literal(value.replace('${', '%24{'))}"


def argument(value: str) -> str:
    """The value, if it can stand as one of several arguments with blanks between them.

    Raises: BadCommand: it is empty, or holds a blank, a quote, a backslash or a control character.
    """
    if not value or any(char in " '\"\\\x7f" or char < " " for char in value):
        raise BadCommand("an argument that is empty or holds blanks, quotes or backslashes")
    return value


def word(value: str) -> str:
    r"""Any text as one of several arguments of an API command: blanks become `\s`, line breaks `\n`.

    For applications it is not enough, since their arguments are expanded first (literal).

    Raises: BadCommand: it is empty, or holds NUL.
    Source: FreeSWITCH src/switch_utils.c, separate_string_blank_delim and cleanup_separated_string.
    """
    if not value or "\0" in value:
        raise BadCommand("an argument that is empty or holds NUL")
    return "".join(_WORD_ESCAPES.get(char, char) for char in value)


def braces(variables: Mapping[str, str]) -> str:
    """The block `{a=b,c=d}` of record_session.

    The block is URL-decoded as a whole and only then taken apart at commas, quotes and `=`, so a comma
    that is merely URL-encoded cuts its value off. Hence both: escaped first, URL-encoded after. Braces
    have no escape, so they stay encoded: FreeSWITCH sees `%7B`, and the events give `{` back. Variables
    without a value are left out, as FreeSWITCH would.

    Returns: "" if there is nothing to say.
    Raises: BadCommand: a name that is none, NUL in a value, more than 1,000 variables.
    Source: FreeSWITCH mod_dptools.c, record_session_function.
    """
    if len(variables) > _MAX_VARIABLES:
        raise BadCommand(f"{len(variables)} variables, more than {_MAX_VARIABLES}")
    items = []
    for name, value in variables.items():
        if "\0" in value:
            raise BadCommand(f"variable {name}: NUL in the value")
        if not value:
            continue
        kept = _LOOKS_ENCODED.sub("%25", value).replace("{", "%7B").replace("}", "%7D")
        items.append(f"{_name(name)}={_percent(_escaped(_escaped(kept, '='), ','))}")
    return "{" + ",".join(items) + "}" if items else ""


def dial_string_variables(variables: Mapping[str, str], *, is_leg: bool = False) -> str:
    """The block before the address in a dial string, of `bridge` and `originate`.

    Args: is_leg: `[...]`, for one address; else `{...}`, for all of them.
    Returns: "" if there is nothing to say; variables without a value are left out.
    Raises: BadCommand: what no escape exists for: brackets of the block's own kind that are not
    balanced, `:_:` (splits the dial string before anything is read), a control character (two of them
    stand for commas on the way).
    Source: FreeSWITCH src/switch_ivr_originate.c, switch_ivr_originate.
    """
    if len(variables) > _MAX_VARIABLES:
        raise BadCommand(f"{len(variables)} variables, more than {_MAX_VARIABLES}")
    opening, closing = "[]" if is_leg else "{}"
    given = {_name(name): value for name, value in variables.items() if value}
    for name, value in given.items():
        _check_dialled(name, value, opening, closing)
    if not given:
        return ""
    if not is_leg:
        items = (f"{name}={_escaped(_escaped(value, '='), ',')}" for name, value in given.items())
        return "{" + ",".join(items) + "}"
    # A leg's block is taken apart four times, and a quote in it turns the commas after it into text
    # (QUOTED_ESC_COMMA). With a separator of its own, announced by ^^, commas do not matter.
    text = "".join(given.values())
    separator = next((char for char in _SEPARATORS if char not in text), None)
    if separator is None:
        raise BadCommand(f"dial string variables: every one of {_SEPARATORS} is in use")
    items = (f"{name}={_escaped(_escaped(value, '='), separator)}" for name, value in given.items())
    return f"[^^{separator}{_escaped(_escaped(separator.join(items), ','), '|')}]"


def _check_dialled(name: str, value: str, opening: str, closing: str) -> None:
    """Refuse what has no escape in a dial string."""
    depth = 0
    for char in value:
        depth += (char == opening) - (char == closing)
        if depth < 0:
            break
    if depth:
        raise BadCommand(f"variable {name}: {opening} and {closing} that are not balanced")
    if ":_:" in value or any(char < " " for char in value):
        raise BadCommand(f"variable {name}: a control character or :_: in the value")


def _escaped(text: str, separator: str) -> str:
    r"""The inverse of cleanup_separated_string: it takes quotes away, unescapes `\\`, `\'` and the
    separator, and trims blanks at both ends; `\s` is a blank that it keeps.
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    if separator not in " =":  # a value may hold `=`: it is split at the first one only
        escaped = escaped.replace(separator, "\\" + separator)
    inner = escaped.strip(" ")
    if inner == escaped:
        return escaped
    leading = len(escaped) - len(escaped.lstrip(" "))
    trailing = len(escaped) - leading - len(inner)
    return "\\s" * leading + inner + "\\s" * trailing


def _percent(text: str) -> str:
    """URL-encoded; only what nobody on the way gives a meaning to stays as it is."""
    try:
        return quote(text, safe="/")
    except UnicodeEncodeError as exc:
        raise BadCommand("a variable's value is no text") from exc


def _name(name: str) -> str:
    """The name, if it is one of a variable."""
    if _NAME.fullmatch(name) is None:
        raise BadCommand(f"variable name {name!r} may only hold letters, digits and _.-")
    return name
