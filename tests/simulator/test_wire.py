"""Text of the event socket, both ways."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import wire
from simulator.errors import CommandTooLong

VALUES = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=40)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)


class TestEncoding:
    """Header values."""

    @pytest.mark.parametrize(
        ("value", "encoded"),
        [
            ("tone_stream://%(9000,0,440);loops=1", "tone_stream%3A//%25(9000,0,440)%3Bloops%3D1"),
            ("a b", "a%20b"),
            ("%0Ainjected: 1", "%0Ainjected%3A%201"),
            ("%0a", "%250a"),
            ("é", "%C3%A9"),
            ("a\r\nb", "a%0D%0Ab"),
        ],
    )
    def test_as_freeswitch_encodes(self, value: str, encoded: str) -> None:
        """Existing upper-case %XX stay as they are, everything unsafe is encoded."""
        assert wire.encode(value) == encoded

    @given(VALUES)
    def test_encoded_values_stay_on_their_line(self, value: str) -> None:
        """No value can begin another header."""
        assert not set("\r\n :") & set(wire.encode(value))

    @given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="%"), max_size=40))
    def test_decoding_is_the_inverse(self, value: str) -> None:
        """Whatever has no percent sign of its own comes back."""
        assert wire.decode(wire.encode(value)) == value

    def test_a_value_with_several_parts_is_an_array(self) -> None:
        """ARRAY:: with |: between."""
        assert wire.flat(["a", "b"]) == "ARRAY::a|:b"


class TestEvents:
    """Events as they travel."""

    def test_an_empty_value_is_undef(self) -> None:
        """FreeSWITCH never sends nothing."""
        assert wire.block([("A", "")]) == b"A: _undef_\n\n"

    def test_a_body_is_announced_within_the_event(self) -> None:
        """Content-Length counts bytes."""
        assert wire.block([("A", "1")], "héllo") == b"A: 1\nContent-Length: 6\n\nh\xc3\xa9llo"

    def test_json_keeps_values_unencoded(self) -> None:
        """Lists stay lists, the body is `_body`."""
        document = json.loads(wire.json_text([("A", "x y"), ("B", ["1", "2"])], "text"))
        assert document == {"A": "x y", "B": ["1", "2"], "Content-Length": "4", "_body": "text"}


class TestCommandReader:
    """Commands from bytes."""

    def test_a_command_with_headers_and_body(self) -> None:
        """Line, headers, body by Content-Length."""
        reader = wire.CommandReader()
        (command,) = reader.feed(b"sendmsg abc\ncall-command: execute\ncontent-length: 3\n\nxyz")
        assert (command.line, command.get("Call-Command"), command.body) == ("sendmsg abc", "execute", "xyz")

    def test_carriage_returns_are_tolerated(self) -> None:
        """Some controllers send CRLF."""
        (command,) = wire.CommandReader().feed(b"\r\napi status\r\nA: 1\r\n\r\n")
        assert (command.line, command.get("a")) == ("api status", "1")

    def test_no_end_of_a_command(self) -> None:
        """A sender without an end is refused."""
        with pytest.raises(CommandTooLong):
            wire.CommandReader().feed(b"x" * (wire.MAX_COMMAND_BYTES + 1))

    @given(
        st.lists(
            st.tuples(
                st.from_regex(r"[a-z]{1,9}( [a-z]{1,5})?", fullmatch=True),
                st.lists(st.tuples(NAMES, st.from_regex(r"[ -~]{0,20}", fullmatch=True)), max_size=3),
                st.binary(max_size=12),
            ),
            min_size=1,
            max_size=4,
        ),
        st.lists(st.integers(1, 40), max_size=30),
    )
    def test_commands_survive_any_chunking(
        self, commands: list[tuple[str, list[tuple[str, str]], bytes]], sizes: list[int]
    ) -> None:
        """However the bytes are cut, the same commands come out."""
        stream = b""
        for line, headers, body in commands:
            lines = [line, *(f"X-{name}: {value}" for name, value in headers)]
            if body:
                lines.append(f"Content-Length: {len(body)}")
            stream += "\n".join(lines).encode() + b"\n\n" + body
        whole = wire.CommandReader().feed(stream)
        reader, found, at = wire.CommandReader(), [], 0
        for size in [*sizes, len(stream)]:
            found += reader.feed(stream[at : at + size])
            at += size
        assert found == whole
        assert whole[0].line == commands[0][0]

    @given(st.binary(max_size=200))
    def test_any_bytes_are_survived(self, data: bytes) -> None:
        """Garbage is no command, or a strange one, but no crash."""
        wire.CommandReader().feed(data)
