r"""How FreeSWITCH reads text, rewritten step by step after its source: the judge of esl/quoting.py.

Source: FreeSWITCH 1.10.12 src/switch_channel.c (expansion), src/switch_utils.c (separation, URL coding),
src/switch_event.c (brackets), src/switch_ivr_originate.c (dial strings), mod_dptools.c, mod_event_socket.c.
"""

from __future__ import annotations

import re

_UNSAFE = b'\r\n #%&+:;<=>?@[\\]^`{|}"'
_HEX = b"0123456789ABCDEF"
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


class Expanded(Exception):
    """A variable was looked up, or a command run: text was not taken for text."""


def expand(text: str) -> str:
    """switch_channel_expand_variables_check, up to the point where it would look something up."""
    if not re.search(r"\$\\*\{", text) and not _has_escapes(text):
        return text
    out: list[str] = []
    at, size = 0, len(text)

    def char(index: int) -> str:
        return text[index] if index < size else ""

    while at < size:
        as_is = False
        if text[at] == "\\":
            if char(at + 1) == "$":
                as_is = True
                at += 1
                if char(at + 1) == "$":
                    at += 1
            elif char(at + 1) == "'":
                at += 2
                continue
            elif char(at + 1) == "\\":
                out.append("\\")
                at += 2
                continue
        if char(at) == "$" and not as_is:
            if char(at + 1) == "$":
                at += 1
            if char(at + 1) == "{":
                raise Expanded(text)
        out.append(text[at])
        at += 1
    return "".join(out)


def _has_escapes(text: str) -> bool:
    """switch_string_has_escaped_data."""
    at = text.find("\\")
    while at >= 0:
        at += 1
        if text[at : at + 1] in ("\\", "n", "s", "t", "'"):
            return True
        at = text.find("\\", at)
    return False


def command_headers(wire: bytes) -> dict[str, str]:
    """mod_event_socket's read_packet: the first line as Command, blanks before a value skipped."""
    assert wire.endswith(b"\n\n")
    first, *lines = wire[:-2].decode().split("\n")
    headers = {"Command": first}
    for line in lines:
        name, _, value = line.partition(":")
        assert name not in headers
        headers[name] = value.lstrip(" ")
    return headers


def url_decode(text: str) -> str:
    """switch_url_decode."""
    raw = text.encode()
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), raw).decode(
        "utf-8", "surrogateescape"
    )


def url_encode(text: str) -> bytes:
    """switch_url_encode, as events are written: a % before two upper-case hex digits stays as it is."""
    raw = text.encode("utf-8", "surrogateescape")
    out = b""
    for at, byte in enumerate(raw):
        encoded_already = byte == 0x25 and len(raw) - at > 2 and raw[at + 1] in _HEX and raw[at + 2] in _HEX
        if not encoded_already and (byte < 0x20 or byte > 0x7E or byte in _UNSAFE):
            out += b"%%%02X" % byte
        else:
            out += bytes([byte])
    return out


def clean(text: str, separator: str) -> str:
    """cleanup_separated_string."""
    text = text.lstrip(" ")
    out: list[str] = []
    end = at = 0
    quoted = False
    while at < len(text):
        following = text[at + 1 : at + 2]
        if text[at] == "\\" and following:
            new = _UNESCAPED.get(following, following)
            if following in ("'", '"', "\\") or following == separator or new != following:
                out.append(following if following in ("'", '"', "\\") or following == separator else new)
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


def separate(text: str, separator: str, limit: int = 1024) -> list[str]:
    """separate_string_char_delim."""
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


def closing(text: str, opening: str, end: str) -> int:
    """switch_find_end_paren: where the bracket at the beginning ends, -1 for nowhere."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char == opening) - (char == end)
        if not depth:
            return at if char == end else -1
    return -1


def brackets(text: str, opening: str, end: str, separator: str) -> tuple[dict[str, str], str]:
    """switch_event_create_brackets: the variables, and what follows them."""
    stop = closing(text, opening, end)
    assert stop > 0
    block = text[1:stop]
    if block.startswith("^^"):
        separator, block = block[2], block[3:]
    variables: dict[str, str] = {}
    for item in separate(block, separator):
        pair = separate(item, "=", 2)
        if len(pair) == 2:
            variables.setdefault(pair[0], pair[1])
    return variables, text[stop + 1 :]


def record_session(argument: str) -> dict[str, str]:
    """record_session_function: the variables of its third argument."""
    words = argument.split(" ")
    assert len(words) == 3
    assert not set("'\\") & set(argument)
    variables, rest = brackets(url_decode(words[2]), "{", "}", ",")
    assert rest == ""
    return variables


def leg_variables(dialled: str) -> dict[str, str]:
    """switch_ivr_originate on `[...]address`: apart at |, at commas, then the brackets."""
    (leg,) = separate(dialled, "|")
    stop = closing(leg, "[", "]")
    alternative = leg.startswith("[^^")
    quoted = False
    marked = ""
    for at, char in enumerate(leg):
        quoted ^= char == "'"
        is_comma = at < stop and char == "," and leg[at - 1] != "\\"
        marked += ("\x01" if quoted or alternative else "\x02") if is_comma else char
    (peer,) = separate(marked, ",")
    stop = closing(peer, "[", "]")
    peer = peer[:stop].replace("\x01", ",") + peer[stop:]
    variables, rest = brackets(peer, "[", "]", "\x02")
    assert rest == "address"
    return variables


def peers(group: str) -> list[str]:
    """switch_ivr_originate on what is between `|`: commas in brackets marked, then apart at others."""
    marked = ""
    end, quoted, alternative = -1, False, False
    for at, char in enumerate(group):
        if end < 0 and char == "[":
            stop = closing(group[at:], "[", "]")
            end = at + stop if stop >= 0 else -1
            alternative, quoted = group.startswith("[^^", at), False
        quoted ^= char == "'"
        is_comma = at < end and char == "," and group[at - 1] != "\\"
        marked += ("\x01" if quoted or alternative else "\x02") if is_comma else char
        if at == end:
            end = -1
    return separate(marked, ",")


def peer_variables(peer: str) -> tuple[dict[str, str], str]:
    """switch_ivr_originate on one of them: its variables and its address."""
    if not peer.startswith("["):
        return {}, peer
    stop = closing(peer, "[", "]")
    return brackets(peer[:stop].replace("\x01", ",") + peer[stop:], "[", "]", "\x02")
