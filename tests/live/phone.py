"""A SIP telephone for tests: it calls and is called, speaks a tone, holds, transfers and hangs up.

Just enough SIP over UDP for a loopback, where nothing is lost: no retransmissions of its own, no
authentication, PCMU only. What it says is a steady tone, so that a recording tells who was heard when.

Source: RFC 3261 (INVITE, ACK, BYE), RFC 3515 (REFER), RFC 3891 (Replaces), RFC 3264 section 8.4 (hold).
"""

from __future__ import annotations

import math
import re
import secrets
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import gevent
from gevent import socket

from tests.waiting import eventually

RATE_HZ = 8000
FRAME = 160
"""Samples of 20 ms."""

LOOPBACK = "127.0.0.1"
LINE = "\r\n"
_NAME_ADDR = re.compile(r"<([^>]+)>")


@dataclass(slots=True)
class Message:
    """One SIP message. `start`: its first line; `headers`: lower-case names."""

    start: str
    headers: dict[str, str]
    body: str

    @property
    def status(self) -> int:
        """Of a response, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/") else 0

    @property
    def method(self) -> str:
        """Of a request, or of the request this answers."""
        return self.headers["cseq"].split()[1]

    @property
    def contact(self) -> str:
        """The URI in Contact."""
        found = _NAME_ADDR.search(self.headers.get("contact", ""))
        return found[1] if found else ""


def parse(data: bytes) -> Message:
    """Read a datagram; of a header that comes twice the first counts, except Via and Record-Route."""
    head, _, body = data.decode("utf-8", "replace").partition(LINE * 2)
    start, *lines = head.split(LINE)
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = {
            "v": "via",
            "f": "from",
            "t": "to",
            "i": "call-id",
            "m": "contact",
            "l": "content-length",
        }.get(name.lower(), name.lower())
        if name == "via" and name in headers:
            headers[name] += f"{LINE}Via: {value.strip()}"
        headers.setdefault(name, value.strip())
    return Message(start, headers, body)


def ulaw(sample: int) -> int:
    """Return one PCMU byte. Source: ITU-T G.711."""
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 0x84
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0F) & 0xFF


def tone(hz: int) -> bytes:
    """Return one second of a tone as PCMU."""
    return bytes(ulaw(int(8000 * math.sin(2 * math.pi * hz * at / RATE_HZ))) for at in range(RATE_HZ))


def _udp_socket(port: int = 0) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((LOOPBACK, port))
    return made


@dataclass(slots=True)
class Dialog:
    """One call of a phone, as it is now.

    Attributes: statuses: of the last INVITE's responses; notified: what NOTIFYs said of a transfer.
    """

    phone: Phone
    call_id: str
    local: str
    remote: str
    target: str
    sequence: int = 0
    is_up: bool = False
    is_over: bool = False
    is_held: bool = False
    is_muted: bool = False
    statuses: list[int] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    invite: Message | None = None
    media: tuple[str, int] | None = None
    rtp: socket.socket = field(default_factory=_udp_socket)

    def hold(self) -> None:
        """Put the other side on hold."""
        self._reinvite("sendonly")
        self.is_held = True

    def unhold(self) -> None:
        """Take it back."""
        self._reinvite("sendrecv")
        self.is_held = False

    def refer(self, uri: str, replaces: Dialog | None = None) -> None:
        """Ask FreeSWITCH to connect the other side with `uri`; with the far end of `replaces`, if given."""
        if replaces is not None:
            tags = (_tag(replaces.remote), _tag(replaces.local))
            word = f"{replaces.call_id};to-tag={tags[0]};from-tag={tags[1]}"
            uri = f"{replaces.target}?Replaces={quote(word, safe='')}"
        self.phone.request(self, "REFER", {"Refer-To": f"<{uri}>", "Referred-By": f"<{self.phone.uri}>"})

    def hang_up(self) -> None:
        """Say BYE, or CANCEL nothing: a call that is over already stays so."""
        if not self.is_over:
            self.phone.request(self, "BYE")
            self.ended()

    def wait_up(self) -> Dialog:
        """Wait until it is answered."""
        eventually(lambda: self.is_up or self.is_over, what=f"an answer for {self.phone.uri}")
        return self

    def wait_over(self) -> None:
        """Wait until it has ended."""
        eventually(lambda: self.is_over, what=f"the end of {self.phone.uri}'s call")

    def ended(self) -> None:
        """There is nothing more to be said."""
        self.is_over = True
        self.is_up = False

    def heard(self, body: str) -> None:
        """Take the other side's session description."""
        address = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", body, re.MULTILINE)
        if address and port:
            self.media = (address[1], int(port[1]))

    def session(self, direction: str = "sendrecv") -> str:
        """Return our session description."""
        lines = (
            "v=0",
            f"o=- {id(self)} {self.sequence + 1} IN IP4 {LOOPBACK}",
            "s=-",
            f"c=IN IP4 {LOOPBACK}",
            "t=0 0",
            f"m=audio {self.rtp.getsockname()[1]} RTP/AVP 0 101",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=ptime:20",
            f"a={direction}",
        )
        return LINE.join(lines) + LINE

    def _reinvite(self, direction: str) -> None:
        self.statuses.clear()
        self.phone.request(self, "INVITE", body=self.session(direction))
        eventually(lambda: any(one >= 200 for one in self.statuses), what=f"an answer to {direction}")
        assert self.statuses[-1] == 200, self.statuses


class Phone:
    """Answers every call at once, unless `refuses` says with what status it refuses.

    Args: name: the user part of its URI; hz: the tone it speaks; port: 0 for a free one.
    Attributes: rings: it does until `answer`; sounds_early: and speaks before it is answered; referrals: its
    answer to REFER, and what it then says of the call it was referred to; referred: to where.
    """

    def __init__(self, name: str, hz: int, port: int = 0) -> None:
        self.name = name
        self.hz = hz
        self.refuses = 0
        self.rings = self.sounds_early = False
        self.referrals: tuple[int, ...] = (202, 100, 200)
        self.referred: list[str] = []
        self.dialogs: list[Dialog] = []
        self._tone = tone(hz) * 2
        self._socket = _udp_socket(port)
        self._greenlets = [gevent.spawn(self._listen)]

    @property
    def address(self) -> str:
        """host:port."""
        return "{}:{}".format(*self._socket.getsockname())

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:{self.name}@{self.address}"

    @property
    def dialog(self) -> Dialog:
        """Its newest call."""
        eventually(lambda: self.dialogs, what=f"a call to {self.name}")
        return self.dialogs[-1]

    def wait_call(self, count: int = 1) -> Dialog:
        """Wait for the so-maniest call, answered."""
        eventually(lambda: len(self.dialogs) >= count, what=f"call {count} to {self.name}")
        return self.dialogs[count - 1].wait_up()

    def dial(self, uri: str, headers: Mapping[str, str] | None = None) -> Dialog:
        """Call somebody; returns at once."""
        dialog = Dialog(self, secrets.token_hex(8), self._from(), f"<{uri}>", uri)
        self.dialogs.append(dialog)
        self.request(dialog, "INVITE", headers or {}, dialog.session())
        return dialog

    def request(
        self, dialog: Dialog, method: str, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> None:
        """Send a request within a dialog."""
        if method != "ACK":
            dialog.sequence += 1
        sequence = dialog.sequence
        fields = {
            "Via": f"SIP/2.0/UDP {self.address};branch=z9hG4bK{secrets.token_hex(6)};rport",
            "Max-Forwards": "70",
            "From": dialog.local,
            "To": dialog.remote,
            "Call-ID": dialog.call_id,
            "CSeq": f"{sequence} {method}",
            "Contact": f"<{self.uri}>",
            "Allow": "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, UPDATE",
            **(headers or {}),
        }
        self._send(f"{method} {dialog.target} SIP/2.0", fields, body, _address_of(dialog.target))

    def close(self) -> None:
        """Hang up and fall silent."""
        for dialog in self.dialogs:
            dialog.hang_up()
            dialog.rtp.close()
        gevent.killall(self._greenlets)
        self._socket.close()

    # -- what comes in --------------------------------------------------------------------------------

    def _listen(self) -> None:
        while True:
            data, source = self._socket.recvfrom(65_535)
            if not data.strip():
                continue
            message = parse(data)
            found = [one for one in self.dialogs if one.call_id == message.headers["call-id"]]
            dialog = found[0] if found else None
            if message.status:
                self._answered(message, dialog)
            else:
                self._asked(message, dialog, source)

    def _answered(self, message: Message, dialog: Dialog | None) -> None:
        if dialog is None or message.method != "INVITE":
            return
        dialog.statuses.append(message.status)
        if message.status < 200:
            return
        dialog.remote = message.headers["to"]
        dialog.target = message.contact or dialog.target
        self.request(dialog, "ACK")
        if message.status >= 300:
            dialog.ended()
            return
        self._up(dialog, message.body)

    def _asked(self, message: Message, dialog: Dialog | None, source: tuple[str, int]) -> None:
        method = message.start.split()[0]
        if method == "INVITE" and dialog is None:
            self._invited(message, source)
        elif dialog is None:
            if method != "ACK":
                self._respond(message, source, 481)
        elif method == "INVITE":
            if dialog.is_up:
                dialog.heard(message.body)
                self._respond(message, source, 200, dialog, dialog.session(_direction(dialog)))
        elif method == "ACK":
            if not dialog.is_over and dialog.invite is not None:
                self._up(dialog, message.body)
        elif method == "REFER":
            self.referred.append(message.headers["refer-to"])
            self._respond(message, source, self.referrals[0], dialog)
            for status in self.referrals[1:]:
                headers = {
                    "Event": "refer",
                    "Subscription-State": "active",
                    "Content-Type": "message/sipfrag",
                }
                self.request(dialog, "NOTIFY", headers, f"SIP/2.0 {status} Status{LINE}")
        else:
            self._told(method, message, dialog)
            self._respond(message, source, 200, dialog)

    def _told(self, method: str, message: Message, dialog: Dialog) -> None:
        if method == "NOTIFY":
            dialog.notified.append(message.body.strip())
        elif method in {"BYE", "CANCEL"}:
            dialog.reasons.append(message.headers.get("reason", ""))
            dialog.ended()

    def _invited(self, message: Message, source: tuple[str, int]) -> None:
        local = message.headers["to"] + f";tag={secrets.token_hex(4)}"
        dialog = Dialog(
            self, message.headers["call-id"], local, message.headers["from"], message.contact, invite=message
        )
        dialog.heard(message.body)
        self.dialogs.append(dialog)
        if self.refuses:
            dialog.ended()
            self._respond(message, source, self.refuses, dialog)
        elif self.sounds_early:
            self._respond(message, source, 183, dialog, dialog.session())
            self._greenlets.append(gevent.spawn(self._speak, dialog))
        elif self.rings:
            self._respond(message, source, 180, dialog)
        else:
            self._respond(message, source, 200, dialog, dialog.session())

    def answer(self, dialog: Dialog) -> None:
        """Answer a call that rings."""
        assert dialog.invite is not None
        self._respond(dialog.invite, _address_of(dialog.target), 200, dialog, dialog.session())

    def _up(self, dialog: Dialog, body: str) -> None:
        dialog.heard(body)
        if not dialog.is_up:
            dialog.is_up = True
            if self.sounds_early and dialog.invite is not None:
                return
            self._greenlets.append(gevent.spawn(self._speak, dialog))

    # -- what goes out --------------------------------------------------------------------------------

    def _respond(
        self,
        message: Message,
        to: tuple[str, int],
        status: int,
        dialog: Dialog | None = None,
        body: str = "",
    ) -> None:
        headers = message.headers
        fields = {
            "Via": headers["via"],
            "From": headers["from"],
            "To": dialog.local if dialog is not None and "tag=" not in headers["to"] else headers["to"],
            "Call-ID": headers["call-id"],
            "CSeq": headers["cseq"],
            "Contact": f"<{self.uri}>",
        }
        self._send(f"SIP/2.0 {status} Status", fields, body, to)

    def _send(self, start: str, fields: Mapping[str, str], body: str, to: tuple[str, int]) -> None:
        lines = [start, *(f"{name}: {value}" for name, value in fields.items())]
        if body and "Content-Type" not in fields:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        self._socket.sendto((LINE.join(lines) + LINE * 2 + body).encode(), to)

    def _speak(self, dialog: Dialog) -> None:
        """Send the tone, a frame every 20 ms by the clock; nothing while on hold."""
        source = secrets.randbits(32)
        began = time.monotonic()
        count = 0
        while not dialog.is_over:
            due = began + count * 0.02
            gevent.sleep(max(0.0, due - time.monotonic()))
            if dialog.media is not None and not (dialog.is_held or dialog.is_muted or dialog.is_over):
                at = count * FRAME % RATE_HZ
                header = struct.pack("!BBHII", 0x80, 0, count & 0xFFFF, count * FRAME & 0xFFFFFFFF, source)
                dialog.rtp.sendto(header + self._tone[at : at + FRAME], dialog.media)
            count += 1

    def _from(self) -> str:
        return f'"{self.name.title()}" <{self.uri}>;tag={secrets.token_hex(4)}'


def _tag(name_addr: str) -> str:
    found = re.search(r";tag=([^;>\s]+)", name_addr)
    return found[1] if found else ""


def _direction(dialog: Dialog) -> str:
    return "sendonly" if dialog.is_held else "sendrecv"


def _address_of(uri: str) -> tuple[str, int]:
    host = uri.partition("@")[2] or uri.partition(":")[2]
    host = re.split(r"[;?>]", host)[0]
    name, _, port = host.partition(":")
    return name, int(port or 5060)
