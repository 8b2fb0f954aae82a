"""Settings from a file and the environment: precedence, and every fault at once."""

from __future__ import annotations

import dataclasses
import socket
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.address import Address
from config.declaration import FILE_SUFFIX
from config.errors import SettingsError
from config.sections import LogFormat, LogLevel
from config.settings import SETTING_KEYS, Settings, load, shown

FULL_FILE = """
[freeswitch]
listen = "[::1]:8084"
event_socket = ""
password = "open sesame"
recordings_dir = "/srv/rec"
node = "freeswitch@fs1.example.com"
linger_s = 5
max_calls = 10
[documents]
url = "http://admin:pw@couch:5984"
default_account = "0123456789abcdef0123456789abcdef"
cache_s = 1.5
zone = "west"
[outbox]
path = "/srv/outbox.sqlite"
allow_networks = ["10.0.0.0/8"]
workers = 2
max_backoff_s = 60
keep_delivered_s = 0
keep_media_s = 3600
give_up_days = 3
register_days = 30
notice_workers = 8
notice_give_up_h = 2
disk_low_percent = 20
disk_critical_percent = 5
disk_quota_mb = 50000
local_dir = "/srv/delivered"
known_hosts = "/srv/known_hosts"
ssh_key = "/srv/ssh_key"
[http]
listen = "0.0.0.0:9000"
own_port = 9100
public_url = "https://calls.example.com/phone"
secret = "sixteen characters"
recording_url_s = 3600
max_body_kb = 64
max_requests = 10
[swml]
fetch_timeout_s = 3
request_timeout_s = 20
document_limit_kb = 50
environment = ["GREETING", "SUPPORT_NUMBER"]
project_id = "a-project"
space_id = "a-space"
[callcontrol]
rate_per_s = 50
burst = 60
[service]
processes = 4
drain_timeout_s = 0.5
[log]
level = "warning"
format = "console"
"""


def written(folder: Path, text: str) -> Path:
    """Write a settings file."""
    path = folder / "callflows.toml"
    path.write_text(text)
    return path


def faults_of(path: Path | None, environ: dict[str, str]) -> list[str]:
    """Load what must not load, and return its faults."""
    with pytest.raises(SettingsError) as refused:
        load(path, environ)
    return refused.value.faults


def test_nothing_given_means_defaults() -> None:
    """Without file and environment, the settings are those of the declarations."""
    settings = load(None, {})
    assert settings == Settings()
    assert settings.freeswitch.listen == Address("127.0.0.1", 8084)
    assert settings.freeswitch.event_socket == Address("127.0.0.1", 8021)
    assert settings.freeswitch.password == "ClueCon"
    assert settings.freeswitch.recordings_dir == Path("/var/lib/callflows/recordings")
    assert settings.documents.url == "file:///var/lib/callflows/documents"
    assert settings.documents.default_account == ""
    assert settings.outbox.path == Path("/var/lib/callflows/outbox.sqlite")
    assert settings.outbox.allow_networks == ()
    assert settings.http.listen == Address("127.0.0.1", 8080)
    assert settings.service.processes == 1


def test_every_key_can_stand_in_the_file(tmp_path: Path) -> None:
    """A file that names every key changes every key."""
    settings = load(written(tmp_path, FULL_FILE), {})
    assert settings.freeswitch.listen == Address("::1", 8084)
    assert settings.freeswitch.event_socket is None
    assert settings.freeswitch.node_name == "freeswitch@fs1.example.com"
    assert settings.documents.cache_s == 1.5
    assert settings.outbox.allow_networks == (ip_network("10.0.0.0/8"),)
    assert (settings.log.level, settings.log.format) == (LogLevel.WARNING, LogFormat.CONSOLE)
    unchanged = [
        key.dotted
        for key in SETTING_KEYS
        if getattr(getattr(settings, key.section), key.name)
        == getattr(getattr(Settings(), key.section), key.name)
    ]
    assert unchanged == []


def test_environment_overrides_the_file(tmp_path: Path) -> None:
    """A variable wins over the same key of the file; other keys stay."""
    path = written(tmp_path, FULL_FILE)
    settings = load(
        path, {"CALLFLOWS_FREESWITCH_LINGER_S": "7", "CALLFLOWS_OUTBOX_ALLOW_NETWORKS": "", "PATH": "/bin"}
    )
    assert settings.freeswitch.linger_s == 7
    assert settings.freeswitch.max_calls == 10
    assert settings.outbox.allow_networks == ()


def test_secrets_may_come_from_a_file(tmp_path: Path) -> None:
    """..._FILE names a file with the value; the line break at its end is no part of it."""
    secret = tmp_path / "secret"
    secret.write_bytes("pass wörd \r\n".encode())
    assert load(None, {"CALLFLOWS_FREESWITCH_PASSWORD_FILE": str(secret)}).freeswitch.password == "pass wörd "


@pytest.mark.parametrize(
    ("content", "part"),
    [(None, "cannot be read"), (b"x" * 70_000, "more than"), (b"\xff", "not UTF-8"), (b"a\nb\n", "must be")],
)
def test_a_secret_file_that_is_no_secret_is_refused(tmp_path: Path, content: bytes | None, part: str) -> None:
    """Absent, huge, binary and many-lined files are faults that name the variable."""
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    (fault,) = faults_of(None, {"CALLFLOWS_FREESWITCH_PASSWORD_FILE": str(secret)})
    assert fault.startswith("CALLFLOWS_FREESWITCH_PASSWORD_FILE: ")
    assert part in fault


def test_a_value_given_twice_is_refused(tmp_path: Path) -> None:
    """A variable and its _FILE together leave open which is meant."""
    environ = {"CALLFLOWS_LOG_LEVEL": "info", "CALLFLOWS_LOG_LEVEL_FILE": str(tmp_path)}
    assert faults_of(None, environ) == [
        "CALLFLOWS_LOG_LEVEL_FILE: CALLFLOWS_LOG_LEVEL is set as well; one of them is enough"
    ]


def test_all_faults_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    """One start shows everything there is to mend, in the file and in the environment."""
    path = written(
        tmp_path,
        """
        stray = 1
        [freeswitsh]
        listen = "a:1"
        [freeswitch]
        lissen = "a:1"
        linger_s = "5"
        workers = 3
        [log]
        level = "loud"
        """,
    )
    faults = faults_of(path, {"CALLFLOWS_LOG_LEVL": "debug", "CALLFLOWS_SERVICE_PROCESSES": "many"})
    assert faults == [
        f"{path}: unknown section [stray]",
        f"{path}: unknown section [freeswitsh]; the nearest is freeswitch",
        f"{path}: freeswitch.lissen: unknown key; the nearest is listen",
        f"{path}: freeswitch.linger_s: must be a whole number from 0 to 3600 s",
        f"{path}: freeswitch.workers: unknown key; there is [outbox] workers",
        f"{path}: log.level: must be debug or info or warning or error",
        "CALLFLOWS_LOG_LEVL: unknown variable; the nearest is CALLFLOWS_LOG_LEVEL",
        "CALLFLOWS_SERVICE_PROCESSES: must be a whole number from 1 to 256 processes",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("freeswitch = 5", "freeswitch must be a section, [freeswitch]"),
        ("[[log]]\nlevel = 'info'", "log must be a section, [log]"),
        ("password = 'x'", "unknown section [password]; there is [freeswitch] password"),
        ("[log", "is not TOML"),
        ("[log]\nlevel = 'info'\nlevel = 'info'", "is not TOML"),
        ("a = " + "[" * 5000, "is n"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    """Broken TOML and keys in the wrong place are faults of the file, never exceptions."""
    faults = faults_of(written(tmp_path, text), {})
    assert any(fault in each and each.startswith(str(tmp_path)) for each in faults)


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """Absent files, folders and other encodings are told like any other fault."""
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"[log]\nlevel = '\xe9'")
    assert "cannot be read (No such file" in faults_of(tmp_path / "absent.toml", {})[0]
    assert "cannot be read" in faults_of(tmp_path, {})[0]
    assert "is not UTF-8 (byte 15)" in faults_of(latin, {})[0]


def test_the_command_lines_own_variable_is_no_setting() -> None:
    """The variable that names the file is not taken for a key."""
    assert load(None, {"CALLFLOWS_SETTINGS": "/etc/callflows.toml"}) == Settings()


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        ({"CALLFLOWS_HTTP_LISTEN": "127.0.0.1:8084"}, "must differ"),
        ({"CALLFLOWS_HTTP_OWN_PORT": "8080", "CALLFLOWS_SERVICE_PROCESSES": "2"}, "8080 to 8081, where http"),
        ({"CALLFLOWS_HTTP_OWN_PORT": "8083", "CALLFLOWS_SERVICE_PROCESSES": "2"}, "where freeswitch.listen"),
        ({"CALLFLOWS_HTTP_OWN_PORT": "65535", "CALLFLOWS_SERVICE_PROCESSES": "2"}, "too high a port"),
        ({"CALLFLOWS_OUTBOX_DISK_CRITICAL_PERCENT": "11"}, "must not be above"),
        ({"CALLFLOWS_OUTBOX_LOCAL_DIR": "/var/lib/callflows/recordings/x"}, "within each other"),
        ({"CALLFLOWS_OUTBOX_LOCAL_DIR": "/var/lib/callflows"}, "within each other"),
    ],
)
def test_values_that_cannot_stand_together_are_refused(environ: dict[str, str], part: str) -> None:
    """Each is good by itself; together they would fail later, or lose recordings."""
    (fault,) = faults_of(None, environ)
    assert part in fault


@pytest.mark.parametrize(
    ("processes", "own_port", "ports"),
    [(1, 0, range(0)), (3, 0, range(8090, 8093)), (2, 9000, range(9000, 9002))],
)
def test_several_processes_have_ports_of_their_own(processes: int, own_port: int, ports: range) -> None:
    """Beside the one they share; a single process has no need of one."""
    environ = {"CALLFLOWS_HTTP_OWN_PORT": str(own_port), "CALLFLOWS_SERVICE_PROCESSES": str(processes)}
    settings = load(None, environ)
    assert settings.http.own_ports(settings.service.processes) == ports


def test_two_free_ports_are_no_conflict() -> None:
    """Port 0 is another port each time."""
    environ = {"CALLFLOWS_HTTP_LISTEN": "127.0.0.1:0", "CALLFLOWS_FREESWITCH_LISTEN": "127.0.0.1:0"}
    assert load(None, environ).http.listen == Address("127.0.0.1", 0)


def test_the_node_is_this_host_unless_named() -> None:
    """An empty node takes the host's name."""
    assert load(None, {}).freeswitch.node_name == socket.gethostname()


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    """Neither `shown` nor the repr of settings holds a password, in whatever form it is given."""
    path = written(tmp_path, FULL_FILE.replace("open sesame", "see://sesame"))
    settings = load(path, {})
    assert shown(settings)["freeswitch.password"] == "(hidden)"
    assert shown(settings)["documents.url"] == "http://***@couch:5984"
    assert shown(settings)["outbox.allow_networks"] == "10.0.0.0/8"
    assert shown(settings)["freeswitch.event_socket"] == ""
    assert shown(settings)["freeswitch.listen"] == "[::1]:8084"
    for text in (repr(settings), str(shown(settings))):
        assert "sesame" not in text
        assert "admin:pw" not in text


def test_settings_cannot_be_changed() -> None:
    """Whoever holds settings holds what the process was started with."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        load(None, {}).log.level = LogLevel.DEBUG  # type: ignore[misc]


def test_every_key_has_a_reason_and_an_unmistakable_variable() -> None:
    """Keys are documented, and no key's name ends like the variable of another one's file."""
    assert all(len(key.declared.doc) > 20 for key in SETTING_KEYS)
    assert len({key.variable for key in SETTING_KEYS}) == len(SETTING_KEYS)
    assert not any(key.variable.endswith(FILE_SUFFIX) for key in SETTING_KEYS)


@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from([key.variable for key in SETTING_KEYS]),
            st.sampled_from([key.variable + FILE_SUFFIX for key in SETTING_KEYS]),
            st.text(st.characters(codec="ascii"), max_size=12).map("CALLFLOWS_".__add__),
            st.text(max_size=8),
        ),
        st.text(max_size=24),
        max_size=6,
    )
)
def test_no_environment_breaks_loading(environ: dict[str, str]) -> None:
    """Any environment gives settings, or faults that each begin with a variable of it."""
    faults = []
    try:
        load(None, environ)
    except SettingsError as exc:
        faults = exc.faults or ["no fault is named"]
    places = (*environ, "freeswitch.listen and http", "outbox.local_dir")
    assert all(fault.startswith(places) for fault in faults)


TOML_VALUES: Any = st.one_of(
    st.booleans(),
    st.integers(-5, 10**6),
    st.sampled_from(
        ['"info"', '"127.0.0.1:1"', '"/srv/x"', '"http://h:1"', '["10.0.0.0/8"]', "[]", '""', "1.5", "{}"]
    ),
)


@given(
    st.lists(
        st.tuples(st.sampled_from(SETTING_KEYS), TOML_VALUES), unique_by=lambda each: each[0], max_size=8
    )
)
def test_no_file_breaks_loading(
    tmp_path_factory: pytest.TempPathFactory, content: list[tuple[Any, Any]]
) -> None:
    """Any values for known keys give settings or faults, and good ones are in force."""
    sections: dict[str, str] = {}
    for key, value in content:
        literal = str(value).lower() if isinstance(value, bool) else value
        sections[key.section] = f"{sections.get(key.section, '')}{key.name} = {literal}\n"
    text = "".join(f"[{name}]\n{body}" for name, body in sections.items())
    path = tmp_path_factory.mktemp("settings", numbered=True) / "callflows.toml"
    path.write_text(text)
    try:
        settings = load(path, {})
    except SettingsError as exc:
        assert len(exc.faults) <= max(len(content), 2)  # noqa: PT017
        return
    for key, value in content:
        if isinstance(value, int):
            assert getattr(getattr(settings, key.section), key.name) == value
