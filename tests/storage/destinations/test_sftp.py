"""Delivery by SFTP: what is on the server afterwards, and whom we trust."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from paramiko import sftp_server

from storage import known_hosts
from storage.destination import Media, Receipt
from storage.destinations.sftp import SftpDestination
from storage.errors import AddressRefused, DeliveryFailed, MediaDamaged
from storage.known_hosts import HostKey
from tests.storage.receiver import Answer, context_of, loopback, media_of, serving
from tests.storage.sftp_server import SftpPeer, sftp_serving

CONTENT = b"ID3" + bytes(range(256)) * 6000
NAME = "call_recording_1.mp3"
METADATA = {"_id": "202611-ab", "pvt_account_id": "acc", "owner_id": "own/er"}


def ed25519(path: Path, passphrase: bytes = b"") -> paramiko.PKey:
    """Make a key and write it to a file."""
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock))
    return paramiko.PKey.from_path(path, passphrase or None)


@pytest.fixture
def host_key(tmp_path: Path) -> paramiko.PKey:
    """The server's key."""
    return ed25519(tmp_path / "host_key")


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


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """A known_hosts file, not there yet."""
    return tmp_path / "known_hosts"


def deliver(
    url: str, media: Media, hosts: Path | None, key: Path | None = None, **parameters: Any
) -> Receipt:
    """Deliver with short deadlines."""
    destination = SftpDestination(
        context_of(known_hosts=hosts, ssh_key=key, response_timeout_s=1.0, stall_timeout_s=1.0)
    )
    wanted = {"url": url, **parameters}
    assert destination.validate(wanted) == []
    return destination.deliver(media, METADATA, wanted)


def test_the_file_is_there_whole_and_alone(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path
) -> None:
    """Under its name in the URL's folder, which is made; no staged file is left."""
    with sftp_serving(root, host_key) as peer:
        receipt = deliver(peer.url("/calls/of%20ann"), media, hosts)
    assert [path.name for path in (root / "calls" / "of ann").iterdir()] == [NAME]
    assert (root / "calls" / "of ann" / NAME).read_bytes() == CONTENT
    assert receipt.location == f"sftp://127.0.0.1:{peer.port}/calls/of ann/{NAME}"
    assert receipt.detail == f"{len(CONTENT)} bytes"


@pytest.mark.parametrize("with_posix", [True, False])
def test_doing_it_twice_leaves_one_copy(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path, with_posix: bool
) -> None:
    """Also over a file cut short by an earlier attempt, with and without OpenSSH's rename."""
    (root / NAME).write_bytes(b"half")
    (root / f"{NAME}.part").write_bytes(b"longer than the recording" * 100_000)
    with sftp_serving(root, host_key, with_posix=with_posix) as peer:
        deliver(peer.url(), media, hosts)
        deliver(peer.url(), media, hosts)
    assert [path.name for path in root.iterdir()] == [NAME]
    assert (root / NAME).read_bytes() == CONTENT


def test_an_empty_file_arrives(root: Path, tmp_path: Path, host_key: paramiko.PKey, hosts: Path) -> None:
    """Nothing is something to be delivered, too."""
    with sftp_serving(root, host_key) as peer:
        deliver(peer.url(), media_of(tmp_path / "b.mp3", b""), hosts)
    assert (root / NAME).read_bytes() == b""


def test_paths_are_absolute_or_below_home(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path
) -> None:
    """`/~/` stays where one is after logging in."""
    with sftp_serving(root, host_key) as peer:
        deliver(peer.url("/~/in"), media, hosts)
        assert f"open in/{NAME}.part" in peer.asked
        deliver(peer.url("/in"), media, hosts)
        assert f"open /in/{NAME}.part" in peer.asked


def test_a_plan_names_the_copy(root: Path, media: Media, host_key: paramiko.PKey, hosts: Path) -> None:
    """Folders of a storage plan are made below the URL's."""
    fields = [{"arg": "account_id"}, {"field": "owner_id"}, {"arg": "attachment"}]
    with sftp_serving(root, host_key) as peer:
        deliver(peer.url("/in"), media, hosts, field_list=fields, folder_path="plan")
    assert (root / "in" / "plan" / "acc" / "own%2Fer" / NAME).read_bytes() == CONTENT


def test_a_digest_proves_the_copy_and_spares_the_second(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """check-file is used where the server has it."""
    media = media_of(media.path, CONTENT[:60_000])  # the library's server digests the first 64 KiB alone
    monkeypatch.setitem(sftp_server._hash_class, "sha256", hashlib.sha256)
    with sftp_serving(root, host_key) as peer:
        assert deliver(peer.url(), media, hosts).detail == "same SHA-256"
        assert deliver(peer.url(), media, hosts).detail == "was there already"


def test_another_digest_is_another_file(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not given the recording's name, and is removed."""
    media = media_of(media.path, CONTENT[:60_000])
    monkeypatch.setitem(sftp_server._hash_class, "sha256", lambda: hashlib.sha256(b"other"))
    with (
        sftp_serving(root, host_key) as peer,
        pytest.raises(DeliveryFailed, match="another digest") as caught,
    ):
        deliver(peer.url(), media, hosts)
    assert caught.value.retryable
    assert list(root.iterdir()) == []


def test_a_key_met_first_is_written_down_and_must_stay(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path, tmp_path: Path
) -> None:
    """The second time it is known; another one is refused before anybody logs in, and for good."""
    with sftp_serving(root, host_key) as peer:
        deliver(peer.url(), media, hosts)
        line = f"[127.0.0.1]:{peer.port} ssh-ed25519 {host_key.get_base64()}\n"
        assert hosts.read_text() == line
        deliver(peer.url(), media, hosts)
        assert hosts.read_text() == line
        peer.host_key = ed25519(tmp_path / "other")
        peer.users.clear()
        with pytest.raises(DeliveryFailed, match="changed") as caught:
            deliver(peer.url(), media, hosts)
    assert not caught.value.retryable
    assert peer.users == []
    assert hosts.read_text() == line


def test_a_key_of_another_kind_is_a_changed_key(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path
) -> None:
    """Who is known by one kind cannot come with another."""
    with sftp_serving(root, host_key) as peer:
        blob = b"\0\0\0\7ssh-rsa" + b"x" * 20
        hosts.write_text(known_hosts.line_for("127.0.0.1", peer.port, HostKey("ssh-rsa", blob)))
        with pytest.raises(DeliveryFailed, match="changed"):
            deliver(peer.url(), media, hosts)


def test_a_server_with_several_keys_is_asked_for_the_known_one(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path
) -> None:
    """Else one with an RSA key on record would seem to have changed."""
    rsa = paramiko.RSAKey.generate(2048)
    with sftp_serving(root, rsa) as peer:
        deliver(peer.url(), media, hosts)
        peer.more_keys.append(host_key)  # which is preferred by whoever knows neither
        deliver(peer.url(), media, hosts)
    assert hosts.read_text().count("ssh-rsa") == 1
    assert "ssh-ed25519" not in hosts.read_text()


def test_without_a_file_nobody_is_met(root: Path, media: Media, host_key: paramiko.PKey) -> None:
    """Unknown keys are refused; one that the URL names is accepted."""
    with sftp_serving(root, host_key) as peer:
        with pytest.raises(DeliveryFailed, match="unknown") as caught:
            deliver(peer.url(), media, None)
        assert not caught.value.retryable
        deliver(f"{peer.url()}#host_key={peer.fingerprint}", media, None)
        deliver(peer.url(), media, None, host_key=f"ssh-ed25519 {host_key.get_base64()} a comment")
    assert (root / NAME).exists()


def test_a_named_key_is_the_only_one(root: Path, media: Media, host_key: paramiko.PKey, hosts: Path) -> None:
    """Even where the file knows the server by the key it shows."""
    with sftp_serving(root, host_key) as peer:
        deliver(peer.url(), media, hosts)
        with pytest.raises(DeliveryFailed, match="than host_key says") as caught:
            deliver(peer.url(), media, hosts, host_key="SHA256:" + "A" * 43)
    assert not caught.value.retryable


def test_our_own_key_is_shown_where_the_url_has_no_password(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path, tmp_path: Path
) -> None:
    """The operator's file, which no document can name."""
    own = ed25519(tmp_path / "own_key")
    with sftp_serving(root, host_key) as peer:
        peer.own_keys.append(own.asbytes())
        deliver(peer.url(user="ann"), media, hosts, tmp_path / "own_key")
    assert (root / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("none", "no password"),
        ("gone", "no password"),
        ("nonsense", "no private key"),
        ("locked", "passphrase"),
    ],
)
def test_an_own_key_that_cannot_be_used_is_told(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path, tmp_path: Path, file: str, told: str
) -> None:
    """What is wrong with it, and the server is not even asked."""
    own = tmp_path / "own_key"
    if file == "nonsense":
        own.write_text("hello")
    elif file == "locked":
        ed25519(own, b"passphrase")
    with sftp_serving(root, host_key) as peer, pytest.raises(DeliveryFailed, match=told) as caught:
        deliver(peer.url(user="ann"), media, hosts, None if file == "none" else own)
    assert not caught.value.retryable
    assert peer.transports == []


def test_a_refused_login_is_final_and_not_told(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path
) -> None:
    """The reason does not repeat the password."""
    with sftp_serving(root, host_key) as peer, pytest.raises(DeliveryFailed, match="refused") as caught:
        deliver(peer.url(user="ann:wrong"), media, hosts)
    assert not caught.value.retryable
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "request_", "retryable"),
    [
        (paramiko.SFTP_FAILURE, "write 1048576", True),  # what servers say of a full disk
        (paramiko.SFTP_FAILURE, "write 1507328", True),  # of the last blocks, too
        (paramiko.SFTP_PERMISSION_DENIED, "open", False),
        (paramiko.SFTP_PERMISSION_DENIED, "mkdir", False),
        (paramiko.SFTP_FAILURE, "posix_rename", True),
        (paramiko.SFTP_CONNECTION_LOST, "stat", True),
    ],
)
def test_what_each_refusal_means(
    root: Path,
    media: Media,
    host_key: paramiko.PKey,
    hosts: Path,
    status: int,
    request_: str,
    retryable: bool,
) -> None:
    """Nothing is there under the recording's name, and the answer says whether to try again."""

    def fault(peer: SftpPeer, asked: str) -> int | None:
        refused = asked.startswith((request_, request_.removeprefix("posix_")))
        return status if refused else None

    with sftp_serving(root, host_key, fault) as peer, pytest.raises(DeliveryFailed) as caught:
        deliver(peer.url("/in"), media, hosts)
    assert caught.value.retryable == retryable
    assert not list(root.rglob("*.mp3*"))


def test_a_cut_within_the_file_is_worth_another_attempt(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path
) -> None:
    """What is left of it does not bear the recording's name."""

    def cut(peer: SftpPeer, asked: str) -> None:
        if asked == "write 524288":
            peer.cut()

    with sftp_serving(root, host_key, cut) as peer, pytest.raises(DeliveryFailed) as caught:
        deliver(peer.url(), media, hosts)
    assert caught.value.retryable
    assert not (root / NAME).exists()


@pytest.mark.parametrize("when", ["stat", "open", "write 524288", "posix_rename"])
def test_a_server_that_falls_silent_is_given_up(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path, when: str
) -> None:
    """Within the deadlines, and it is tried again."""

    def hang(peer: SftpPeer, asked: str) -> int | None:
        if not asked.startswith(when):
            return None
        peer.closing.wait(10)
        return paramiko.SFTP_FAILURE

    with (
        sftp_serving(root, host_key, hang) as peer,
        pytest.raises(DeliveryFailed, match="timed out") as caught,
    ):
        deliver(peer.url(), media, hosts)
    assert caught.value.retryable
    assert not (root / NAME).exists()


@pytest.mark.parametrize("answer", [Answer(hangs=True), Answer(400)], ids=["silent", "no SSH"])
def test_a_peer_that_speaks_no_ssh_is_given_up(media: Media, hosts: Path, answer: Answer) -> None:
    """A web server on that port is told from one of ours, in time."""
    with serving(answer) as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(f"sftp://ann:secret@127.0.0.1:{receiver.port}/", media, hosts)
    assert caught.value.retryable


def test_private_addresses_are_not_connected_to(root: Path, media: Media, host_key: paramiko.PKey) -> None:
    """Without an entry in allow_networks no connection is made."""
    destination = SftpDestination(context_of(policy=loopback("10.0.0.0/8")))
    with sftp_serving(root, host_key) as peer, pytest.raises(AddressRefused, match="allow_networks"):
        destination.deliver(media, METADATA, {"url": peer.url()})
    assert peer.transports == []


def test_the_copy_is_found_again_until_it_changes(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path
) -> None:
    """By its size, without anything being made or fetched."""
    destination = SftpDestination(context_of(known_hosts=hosts))
    with sftp_serving(root, host_key) as peer:
        parameters = {"url": peer.url("/in")}
        assert not destination.holds(media, METADATA, parameters, Receipt(""))
        assert list(root.iterdir()) == []
        receipt = deliver(peer.url("/in"), media, hosts)
        assert destination.holds(media, METADATA, parameters, receipt)
        (root / "in" / NAME).write_bytes(b"other")
        assert not destination.holds(media, METADATA, parameters, receipt)


@pytest.mark.parametrize("change", ["gone", "cut", "altered"])
def test_damaged_media_is_not_delivered(
    root: Path, media: Media, host_key: paramiko.PKey, hosts: Path, change: str
) -> None:
    """A file that is not what was measured gets no name on the server."""
    if change == "gone":
        media.path.unlink()
    else:
        media.path.write_bytes(CONTENT[:-1000] if change == "cut" else CONTENT[:-1] + b"x")
    with sftp_serving(root, host_key) as peer, pytest.raises(MediaDamaged):
        deliver(peer.url(), media, hosts)
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({}, "scheme"),
        ({"url": "ftp://u:p@h/"}, "scheme"),
        ({"url": "sftp://h/"}, "no user"),
        ({"url": "sftp://u@h/?a=b"}, "query"),
        ({"url": "sftp://u@h/#SHA256:x"}, "fragment"),
        ({"url": "sftp://u@h/#host_key="}, "empty"),
        ({"url": "sftp://u@h/#host_key=MD5:12"}, "host_key: must be"),
        ({"url": "sftp://u@h/", "host_key": "ssh-ed25519 !!"}, "host_key: must be"),
        ({"url": "sftp://u@h/%2E%2E/x"}, "leads elsewhere"),
        ({"url": "sftp://u@h/", "key_file": "/etc/passwd"}, "key_file: unknown"),
        ({"url": "sftp://u@h/", "field_separator": 3}, "field_separator"),
    ],
)
def test_faults_of_a_target_are_named(parameters: dict[str, Any], fault: str) -> None:
    """Each bad parameter yields exactly one sentence."""
    faults = DESTINATION.validate(parameters)
    assert len(faults) == 1
    assert fault in faults[0]


@given(
    st.dictionaries(
        st.sampled_from(["url", "method", "host_key", "field_list", "folder_path", "else"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_parameters_are_judged_without_a_crash(parameters: dict[str, Any]) -> None:
    """Targets come from documents; judging them raises nothing."""
    assert all(isinstance(fault, str) for fault in DESTINATION.validate(parameters))


DESTINATION = SftpDestination(context_of())
