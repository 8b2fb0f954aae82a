"""Delivery by FTP: what is on the server afterwards, and what each refusal means."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.address import AddressPolicy
from storage.destination import Media, Receipt
from storage.destinations.ftp import FtpDestination
from storage.errors import AddressRefused, DeliveryFailed, MediaDamaged
from tests.storage.ftp_server import DTPHandler, FTPHandler, FtpPeer, ftp_serving
from tests.storage.receiver import TLS, context_of, loopback, media_of, resolved_here

CONTENT = b"ID3" + bytes(range(256)) * 3000
NAME = "call_recording_1.mp3"
METADATA = {"_id": "202611-ab", "pvt_account_id": "acc", "owner_id": "own/er"}


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording of a few blocks."""
    return media_of(tmp_path / "a.mp3", CONTENT)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What the server serves."""
    root = tmp_path / "served"
    root.mkdir()
    return root


def deliver(url: str, media: Media, **parameters: Any) -> Receipt:
    """Deliver with short deadlines."""
    policy = AddressPolicy(["127.0.0.0/8"], resolved_here)
    destination = FtpDestination(
        context_of(policy=policy, ca_file=TLS / "authority.pem", response_timeout_s=0.7, stall_timeout_s=0.7)
    )
    wanted = {"url": url, **parameters}
    assert destination.validate(wanted) == []
    return destination.deliver(media, METADATA, wanted)


def test_the_file_is_there_whole_and_alone(root: Path, media: Media) -> None:
    """Under its name in the URL's folder, which is made; no staged file is left."""
    with ftp_serving(root) as peer:
        receipt = deliver(peer.url("/calls/of%20ann"), media)
    assert [path.name for path in (root / "calls" / "of ann").iterdir()] == [NAME]
    assert (root / "calls" / "of ann" / NAME).read_bytes() == CONTENT
    assert receipt.location == f"ftp://127.0.0.1:{peer.port}/calls/of ann/{NAME}"
    assert receipt.detail == f"{len(CONTENT)} bytes"


def test_doing_it_twice_leaves_one_copy(root: Path, media: Media) -> None:
    """Also over a file cut short by an earlier attempt, and over the remains of one."""
    (root / NAME).write_bytes(b"half")
    (root / f"{NAME}.part").write_bytes(b"longer than the recording" * 100_000)
    with ftp_serving(root) as peer:
        deliver(peer.url(), media)
        deliver(peer.url(), media)
    assert [path.name for path in root.iterdir()] == [NAME]
    assert (root / NAME).read_bytes() == CONTENT


def test_a_path_below_home_is_not_absolute(root: Path, media: Media) -> None:
    """`/~/` stays where one is after logging in; other paths begin at the root."""
    with ftp_serving(root) as peer:
        deliver(peer.url("/~/in"), media)
        assert "CWD /" not in peer.commands
        deliver(peer.url("/in"), media)
        assert "CWD /" in peer.commands


def test_a_plan_names_the_copy(root: Path, media: Media) -> None:
    """Folders of a storage plan are made below the URL's."""
    fields = [{"arg": "account_id"}, {"field": "owner_id"}, {"arg": "attachment"}]
    with ftp_serving(root) as peer:
        deliver(peer.url("/in"), media, field_list=fields, folder_path="plan")
    assert (root / "in" / "plan" / "acc" / "own%2Fer" / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("mode", ["explicit", "implicit"])
def test_tls_covers_login_and_data(
    root: Path, media: Media, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server insists on TLS for both; implicit TLS is that of port 990."""
    with ftp_serving(root, tls=mode) as peer:
        if mode == "implicit":
            monkeypatch.setattr("storage.ftp_session.IMPLICIT_TLS_PORT", peer.port)
        receipt = deliver(peer.url(host="receiver.test"), media)
    assert (root / NAME).read_bytes() == CONTENT
    assert receipt.location.startswith("ftps://receiver.test:")
    assert peer.commands.index("PROT P") < peer.commands.index(f"STOR {NAME}.part")
    if mode == "explicit":
        assert peer.commands.index("AUTH TLS") < peer.commands.index("USER ann")


def test_a_certificate_of_another_name_is_refused(root: Path, media: Media) -> None:
    """Before anything of the user's is said."""
    with ftp_serving(root, tls="explicit") as peer, pytest.raises(DeliveryFailed, match="certificate"):
        deliver(peer.url(host="other.test"), media)
    assert peer.commands == ["AUTH TLS"]


def test_ftps_does_not_fall_back_to_the_clear(root: Path, media: Media) -> None:
    """A server without TLS gets no password."""
    with ftp_serving(root) as peer, pytest.raises(DeliveryFailed) as caught:
        deliver(peer.url().replace("ftp://", "ftps://"), media)
    assert not caught.value.retryable
    assert peer.commands == ["AUTH TLS"]


@pytest.mark.parametrize(
    ("refusals", "retryable", "status"),
    [
        ({"USER": "530 Not logged in."}, False, 530),
        ({"PASS": "421 Too many users."}, True, 421),
        ({"CWD": "550 Permission denied."}, False, 550),
        ({"STOR": "452 Insufficient storage."}, True, 452),
        ({"STOR": "552 Exceeded storage allocation."}, True, 552),
        ({"STOR": "553 File name not allowed."}, False, 553),
        ({"STOR": "425 Can't open data connection."}, True, 425),
        ({"RNTO": "550 Permission denied."}, False, 550),
        ({"TYPE": "hello"}, True, None),
    ],
)
def test_what_each_answer_means(
    root: Path, media: Media, refusals: dict[str, str], retryable: bool, status: int | None
) -> None:
    """Nothing is there under the recording's name, and the answer says whether to try again."""
    with ftp_serving(root, refusals=refusals) as peer, pytest.raises(DeliveryFailed) as caught:
        deliver(peer.url("/in"), media)
    assert (caught.value.retryable, caught.value.status) == (retryable, status)
    assert not list(root.rglob("*.mp3*"))


def test_a_wrong_password_is_final_and_not_told(root: Path, media: Media) -> None:
    """The reason does not repeat it."""
    with ftp_serving(root) as peer, pytest.raises(DeliveryFailed) as caught:
        deliver(peer.url(user="ann:wrong"), media)
    assert (caught.value.status, caught.value.retryable) == (530, False)
    assert "wrong" not in str(caught.value)


class DiskFull(DTPHandler):
    """Takes some blocks, then has no room."""

    def recv(self, size: int) -> bytes:
        """Take a block."""
        data = super().recv(size)
        if self.get_transmitted_bytes() > 200_000:
            self._resp = ("552 No space left on device.", None)
            self.close()
            return b""
        return data


class CutsOff(DTPHandler):
    """Takes some blocks, then drops both connections."""

    def recv(self, size: int) -> bytes:
        """Take a block."""
        data = super().recv(size)
        if self.get_transmitted_bytes() > 200_000:
            self.cmd_channel.close()
            return b""
        return data


@pytest.mark.parametrize(("handler", "status"), [(DiskFull, 552), (CutsOff, None)])
def test_failures_within_the_file_are_worth_another_attempt(
    root: Path, media: Media, handler: type[DTPHandler], status: int | None
) -> None:
    """A full disk is told by the control connection; a cut tells nothing. Neither leaves a recording."""
    with ftp_serving(root, data_handler=handler) as peer, pytest.raises(DeliveryFailed) as caught:
        deliver(peer.url(), media)
    assert (caught.value.retryable, caught.value.status) == (True, status)
    assert not (root / NAME).exists()


@pytest.mark.parametrize("command", ["ftp_STOR", "ftp_USER", "ftp_EPSV", "ftp_SIZE"])
def test_a_server_that_falls_silent_is_given_up(root: Path, media: Media, command: str) -> None:
    """Within the deadlines, and it is tried again."""
    silent = {command: lambda self, *args: None}
    with ftp_serving(root, commands=silent) as peer, pytest.raises(DeliveryFailed) as caught:
        deliver(peer.url(), media)
    assert caught.value.retryable
    assert not (root / NAME).exists()


def test_a_server_that_takes_nothing_is_given_up(root: Path, tmp_path: Path) -> None:
    """A data connection that stalls ends by the stall timeout."""

    class Stalls(DTPHandler):
        def readable(self) -> bool:
            return False

    media = media_of(tmp_path / "b.mp3", bytes(16 * 1024 * 1024))
    with ftp_serving(root, data_handler=Stalls) as peer, pytest.raises(DeliveryFailed, match="timed out"):
        deliver(peer.url(), media)


def test_data_goes_to_the_peer_whatever_address_it_names(root: Path, media: Media) -> None:
    """PASV, used where EPSV is unknown, names 10.9.8.7; the file arrives all the same."""
    with ftp_serving(root, refusals={"EPSV": "500 Unknown command."}, masquerade_address="10.9.8.7") as peer:
        deliver(peer.url(), media)
    assert "PASV" in peer.commands
    assert (root / NAME).read_bytes() == CONTENT


def test_epsv_goes_before_pasv(root: Path, media: Media) -> None:
    """It names no address at all."""
    with ftp_serving(root) as peer:
        deliver(peer.url(), media)
    assert "PASV" not in peer.commands


def test_private_addresses_are_not_connected_to(root: Path, media: Media) -> None:
    """Without an entry in allow_networks no connection is made."""
    destination = FtpDestination(context_of(policy=loopback("10.0.0.0/8")))
    with ftp_serving(root) as peer, pytest.raises(AddressRefused, match="allow_networks"):
        destination.deliver(media, METADATA, {"url": peer.url()})
    assert peer.commands == []


def test_nobody_there_is_worth_another_attempt(media: Media) -> None:
    """A refused connection, told as such."""
    with pytest.raises(DeliveryFailed, match="refused") as caught:
        deliver("ftp://ann@127.0.0.1:1/", media)
    assert caught.value.retryable


def test_a_copy_of_another_size_is_not_taken(root: Path, media: Media) -> None:
    """The staged file is removed and the attempt has failed."""
    with (
        ftp_serving(root, refusals={"SIZE": "213 5"}) as peer,
        pytest.raises(DeliveryFailed, match="5 bytes of it") as caught,
    ):
        deliver(peer.url(), media)
    assert caught.value.retryable
    assert list(root.iterdir()) == []


def test_a_server_without_sizes_is_believed(root: Path, media: Media) -> None:
    """Its confirmation of the transfer is the proof, and the receipt says so."""
    with ftp_serving(root, refusals={"SIZE": "502 Not implemented."}) as peer:
        assert deliver(peer.url(), media).detail == "transfer confirmed"


@pytest.fixture(params=["HASH", "XSHA256"])
def digest_peer(request: pytest.FixtureRequest, root: Path) -> Iterator[tuple[FtpPeer, dict[str, Any]]]:
    """A server that offers a digest in one of both ways."""
    members: dict[str, Any] = {}
    entry = {"perm": "r", "auth": True, "arg": True, "help": ""}
    told: dict[str, str] = {"digest": ""}

    def ftp_digest(self: Any, path: str) -> None:
        try:
            digest = told["digest"] or hashlib.sha256(Path(path).read_bytes()).hexdigest()
        except FileNotFoundError:
            self.respond("550 No such file.")
        else:
            self.respond(f"213 SHA-256 0-1 {digest.upper()} {Path(path).name}")

    members[f"ftp_{request.param}"] = ftp_digest
    features = {"HASH": "HASH SHA-256*;MD5", "XSHA256": "XSHA256"}
    with ftp_serving(
        root,
        commands=members,
        proto_cmds={**FTPHandler.proto_cmds, request.param: entry},
        refusals={"FEAT": f"211-Features:\r\n {features[request.param]}\r\n211 End"},
    ) as peer:
        yield peer, told


def test_a_digest_proves_the_copy_and_spares_the_second(
    digest_peer: tuple[FtpPeer, dict[str, Any]], media: Media
) -> None:
    """HASH and XSHA256 are used where the server has them."""
    peer, _ = digest_peer
    assert deliver(peer.url(), media).detail == "same SHA-256"
    assert deliver(peer.url(), media).detail == "was there already"


def test_another_digest_is_another_file(
    digest_peer: tuple[FtpPeer, dict[str, Any]], media: Media, root: Path
) -> None:
    """It is not given the recording's name."""
    peer, told = digest_peer
    told["digest"] = "ab" * 32
    with pytest.raises(DeliveryFailed, match="another digest") as caught:
        deliver(peer.url(), media)
    assert caught.value.retryable
    assert list(root.iterdir()) == []


def test_the_copy_is_found_again_until_it_changes(root: Path, media: Media) -> None:
    """By its size, without anything being made or fetched."""
    destination = FtpDestination(context_of())
    with ftp_serving(root) as peer:
        parameters = {"url": peer.url("/in")}
        assert not destination.holds(media, METADATA, parameters, Receipt(""))
        assert list(root.iterdir()) == []
        receipt = deliver(peer.url("/in"), media)
        assert destination.holds(media, METADATA, parameters, receipt)
        (root / "in" / NAME).write_bytes(b"other")
        assert not destination.holds(media, METADATA, parameters, receipt)


@pytest.mark.parametrize("change", ["gone", "cut", "altered"])
def test_damaged_media_is_not_delivered(root: Path, media: Media, change: str) -> None:
    """A file that is not what was measured gets no name on the server."""
    if change == "gone":
        media.path.unlink()
    else:
        media.path.write_bytes(CONTENT[:-1000] if change == "cut" else CONTENT[:-1] + b"x")
    with ftp_serving(root) as peer, pytest.raises(MediaDamaged):
        deliver(peer.url(), media)
    assert list(root.iterdir()) == []


def test_an_endless_reply_is_given_up(root: Path, media: Media) -> None:
    """A server cannot fill the memory with lines."""
    lines = "\r\n".join(["211-more"] * 5000)
    with ftp_serving(root, refusals={"FEAT": lines}) as peer, pytest.raises(DeliveryFailed) as caught:
        deliver(peer.url(), media)
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({}, "scheme"),
        ({"url": "http://h/"}, "scheme"),
        ({"url": "ftp://h/?a=b"}, "query"),
        ({"url": "ftp://h/a%0d%0aDELE%20x"}, "control character"),
        ({"url": "ftp://u%0a:p@h/"}, "control character"),
        ({"url": "ftp://h/../x"}, "leads elsewhere"),
        ({"url": "ftp://h/a%2Fb"}, "leads elsewhere"),
        ({"url": "ftp://:p@h/"}, "no user"),
        ({"url": "ftp://h/", "verb": "put"}, "verb: unknown"),
        ({"url": "ftp://h/", "field_list": []}, "field_list"),
    ],
)
def test_faults_of_a_target_are_named(parameters: dict[str, Any], fault: str) -> None:
    """Each bad parameter yields exactly one sentence."""
    faults = DESTINATION.validate(parameters)
    assert len(faults) == 1
    assert fault in faults[0]


@given(
    st.dictionaries(
        st.sampled_from(["url", "method", "field_list", "field_separator", "folder_path", "else"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_parameters_are_judged_without_a_crash(parameters: dict[str, Any]) -> None:
    """Targets come from documents; judging them raises nothing."""
    assert all(isinstance(fault, str) for fault in DESTINATION.validate(parameters))


DESTINATION = FtpDestination(context_of())
