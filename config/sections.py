"""The sections of the settings file: every key with its kind, default, limits and reason.

What a key does is said here and nowhere else; the reference and the sample file are made from it
(config.reference).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config.address import Address
from config.declaration import setting
from config.kinds import (
    AbsolutePath,
    Choice,
    DocumentsUrl,
    ListenAddress,
    Network,
    Networks,
    OptionalAddress,
    PublicUrl,
    Seconds,
    Text,
    Whole,
    Words,
)

_DAY_S = 86400

OWN_PORTS_BEHIND = 10
"""How far from the shared port those of single processes begin, unless a port is set."""


class LogLevel(StrEnum):
    """What is logged: this and everything more important."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line is written: for programs or for people."""

    JSON = "json"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class FreeSwitch:
    """The FreeSWITCH beside this process."""

    listen: Address = setting(
        ListenAddress(any_port=True),
        "127.0.0.1:8084",
        doc="FreeSWITCH's socket application dials this. Whoever reaches it is taken for FreeSWITCH: keep it "
        "on loopback or on a network of your own.",
    )
    event_socket: Address | None = setting(
        OptionalAddress(),
        "127.0.0.1:8021",
        doc="FreeSWITCH's event socket (event_socket.conf.xml), for recordings that outlive their call's own "
        'connection. "" for none: such recordings are then found on disk only.',
    )
    password: str = setting(
        Text(),
        "ClueCon",
        doc="Of the event socket. The default is FreeSWITCH's own; change both.",
        secret=True,
    )
    recordings_dir: Path = setting(
        AbsolutePath(plain=True),
        "/var/lib/callflows/recordings",
        doc="FreeSWITCH writes recordings here and this process reads them, both under this path. Plain "
        "characters only, since FreeSWITCH splits application arguments at blanks.",
    )
    node: str = setting(
        Text("a name of letters, digits and . _ @ -", r"[A-Za-z0-9._@-]{0,255}"),
        "",
        doc='The name under which system_config may hold values for this node only. "" takes the host name. '
        "Existing Kazoo databases have names such as freeswitch@fs1.example.com.",
    )
    linger_s: int = setting(
        Whole(0, 3600, "s"),
        10,
        doc="How long FreeSWITCH keeps a call's connection after its hangup, so that the last events (the "
        "end of a recording above all) still arrive on it.",
    )
    max_calls: int = setting(
        Whole(1, 100_000, "calls"),
        3000,
        doc="Live calls in one process; further ones are answered with SIP 503, which is better than all of "
        "them being late. 2,000 are measured to be served well.",
    )

    @property
    def node_name(self) -> str:
        """`node`, or the name of this host."""
        return self.node or socket.gethostname()


@dataclass(frozen=True, slots=True)
class Documents:
    """Where callflows, accounts and system_config are kept."""

    url: str = setting(
        DocumentsUrl(),
        "file:///var/lib/callflows/documents",
        doc="A folder of JSON files, or a CouchDB with Kazoo's databases. Blanks, @ and / within a password "
        "are written as %20, %40 and %2F.",
        secret=True,
    )
    default_account: str = setting(
        Text("an account id: letters, digits, _ and -", r"[A-Za-z0-9_-]{0,64}"),
        "",
        doc='The account of calls that name none. "" refuses them.',
    )
    cache_s: float = setting(
        Seconds(1, _DAY_S),
        60,
        doc="How long a document is served from memory without the store's changes feed confirming that it "
        "is current. Edits are seen within 2 s while the feed runs; this bounds how stale a document may "
        "get without it.",
    )
    zone: str = setting(
        Text("a name of letters, digits and . _ -", r"[A-Za-z0-9._-]{0,255}"),
        "",
        doc="The zone under whose name system_config may hold values, as in a Kazoo cluster of several "
        'sites. "" for none.',
    )


@dataclass(frozen=True, slots=True)
class Outbox:
    """The queue of deliveries that survives everything but the loss of its disk."""

    path: Path = setting(
        AbsolutePath(),
        "/var/lib/callflows/outbox.sqlite",
        doc="The SQLite file; its folder must be on a local disk that honours fsync (no NFS).",
    )
    allow_networks: tuple[Network, ...] = setting(
        Networks(),
        (),
        doc="Private networks that URLs in documents may reach. Without an entry here, whoever edits a "
        "callflow cannot make this host talk to loopback, link-local or private addresses.",
    )
    workers: int = setting(
        Whole(1, 64, "deliveries"),
        4,
        doc="Deliveries under way at once, per process. More help only while destinations are slower than "
        "the disk.",
    )
    max_backoff_s: int = setting(
        Whole(1, _DAY_S, "s"),
        3600,
        doc="The longest pause between two attempts at one delivery; pauses double up to it.",
    )
    keep_delivered_s: int = setting(
        Whole(0, 3650 * _DAY_S, "s"),
        7 * _DAY_S,
        doc="How long `callflows deliveries list` shows what has been delivered, and `recordings list` what "
        "is in order. The recording's file on this host is another matter: see `keep_media_s`.",
    )
    keep_media_s: int = setting(
        Whole(0, 3650 * _DAY_S, "s"),
        0,
        doc="How long a recording stays on this host after its last copy was verified. A disk that fills up "
        "ends this early, the oldest first; what is not verified everywhere is never deleted.",
    )
    give_up_days: int = setting(
        Whole(1, 365, "days"),
        7,
        doc="After so many days of failures a delivery becomes a dead letter, which waits for a person. A "
        "week outlasts a long weekend's outage.",
    )
    notice_workers: int = setting(
        Whole(1, 256, "requests"),
        64,
        doc="Webhooks and status callbacks under way at once, per process; half of them at most to one "
        "receiver.",
    )
    notice_give_up_h: int = setting(
        Whole(1, 720, "h"),
        6,
        doc="After so many hours of failures a webhook or status callback becomes a dead letter, which "
        "`callflows notices retry` sends all the same. What it tells of is long over by then.",
    )
    register_days: int = setting(
        Whole(1, 3650, "days"),
        400,
        doc="How long the register keeps recordings that are gaps, for `callflows recordings audit`, and the "
        "figures of those in order. A year, and time to look at it.",
    )
    disk_low_percent: int = setting(
        Whole(0, 90, "%"),
        10,
        doc="Less than this free where recordings or the outbox are: health is degraded, and media that is "
        "verified everywhere is deleted early. 0 for no such mark.",
    )
    disk_critical_percent: int = setting(
        Whole(0, 90, "%"),
        3,
        doc="Less than this free is an alarm. Calls go on, and recording is still tried: some seconds of a "
        "call are more than none. 0 for no such mark.",
    )
    disk_quota_mb: int = setting(
        Whole(0, 100_000_000, "MB"),
        0,
        doc="What recordings may take of their disk, where it is not theirs alone; the two marks above count "
        "within it as well. 0 for all there is.",
    )
    local_dir: Path = setting(
        AbsolutePath(),
        "/var/lib/callflows/delivered",
        doc="The folder that deliveries to this host's own disk go to, and cannot leave. Recordings kept by "
        "`media.store_recordings` are attachments in the document store instead.",
    )
    known_hosts: Path = setting(
        AbsolutePath(),
        "/var/lib/callflows/known_hosts",
        doc="Keys of SSH servers, as OpenSSH writes them. A server that an sftp URL names is written down "
        "when it is met first, and refused when it comes with another key.",
    )
    ssh_key: Path = setting(
        AbsolutePath(),
        "/var/lib/callflows/ssh_key",
        doc="The private key, without passphrase, that is shown to SSH servers where an sftp URL has no "
        "password. It should open nothing but places for recordings. Without the file such URLs fail.",
    )


@dataclass(frozen=True, slots=True)
class Http:
    """Pages: health, metrics, recordings, and the interfaces that languages bring along."""

    listen: Address | None = setting(
        OptionalAddress(any_port=True),
        "127.0.0.1:8080",
        doc="Answers /healthz and /metrics to anybody who reaches it, /recordings to whoever has a signed "
        'link. "" for none. Several processes share it.',
    )
    own_port: int = setting(
        Whole(0, 65535),
        0,
        doc="Of several processes each answers /healthz and /metrics about itself on a port of its own, "
        "beside `listen`: the first on this one, the others on the following. 0 for the port of `listen` and "
        "10 more.",
    )
    public_url: str = setting(
        PublicUrl(),
        "",
        doc="What links to recordings begin with, where others reach `listen` under another name: a proxy "
        'with TLS, as a rule. "" for http:// and `listen`.',
    )
    secret: str = setting(
        Text("text of 16 characters or more", r"([^\x00-\x1f\x7f\ud800-\udfff]{16,})?"),
        "",
        doc="What links are signed with. Hosts that share it honour each other's; whoever has it can make "
        'links to every recording. "" for one that is made at the first start and kept beside the outbox.',
        secret=True,
    )
    recording_url_s: int = setting(
        Whole(60, 3650 * _DAY_S, "s"),
        30 * _DAY_S,
        doc="How long a link to a recording works. A month is what people take to ask for one; for so long "
        "a recording that was delivered to where it cannot be read back from stays on this host if a link "
        "to it was given out.",
    )
    max_body_kb: int = setting(
        Whole(16, 1_000_000, "kB"),
        1024,
        doc="The longest request body. Commands have a few kilobytes, and documents that come with them may "
        "have some hundred.",
    )
    max_requests: int = setting(
        Whole(1, 10_000, "requests"),
        200,
        doc="Requests under way at once in one process; further ones are answered with 503. Requests take "
        "milliseconds; two hundred at once are somebody downloading, or something wrong.",
    )

    def own_ports(self, processes: int) -> range:
        """Return a port for each process; none for a single one, or where the system chooses ports."""
        if self.listen is None or processes == 1 or not self.listen.port:
            return range(0)
        first = self.own_port or self.listen.port + OWN_PORTS_BEHIND
        return range(first, first + processes)


@dataclass(frozen=True, slots=True)
class Swml:
    """What SWML documents may use, and how status callbacks name this system."""

    fetch_timeout_s: float = setting(
        Seconds(1, 120),
        10,
        doc="How long fetching a document may take, redirects included; the caller hears nothing meanwhile.",
    )
    request_timeout_s: float = setting(
        Seconds(1, 600),
        60,
        doc="How long a `request` may take at the most, whatever it says; and where it says nothing.",
    )
    document_limit_kb: int = setting(
        Whole(1, 500, "kB"),
        500,
        doc="The largest document that is fetched; none may be larger. A thousand steps take a tenth of it.",
    )
    environment: tuple[str, ...] = setting(
        Words("names of environment variables", r"[A-Za-z_][A-Za-z0-9_]{0,127}"),
        (),
        doc="The environment variables of this process that documents may read, as `${envs.NAME}`; they are "
        "sent along wherever a document is fetched.",
    )
    project_id: str = setting(
        Text("an id: letters, digits, _ and -", r"[A-Za-z0-9_-]{0,64}"),
        "",
        doc='What status callbacks and fetches say for `project_id`. "" is the account of the call.',
    )
    space_id: str = setting(
        Text("an id: letters, digits, _ and -", r"[A-Za-z0-9_-]{0,64}"),
        "",
        doc="What they say for `space_id`.",
    )


@dataclass(frozen=True, slots=True)
class CallControl:
    """Commands on live calls over HTTP, below /v2 of `http.listen`; made for those who have an API key."""

    rate_per_s: int = setting(
        Whole(0, 100_000, "requests/s"),
        200,
        doc="Requests a second that one API key may make of one process, as its bucket fills; further ones "
        "are answered with 429 and the time to wait. 0 for no limit.",
    )
    burst: int = setting(
        Whole(1, 100_000, "requests"),
        400,
        doc="What the bucket of a key holds: so many requests may come at once.",
    )


@dataclass(frozen=True, slots=True)
class Service:
    """How this service runs on its host."""

    processes: int = setting(
        Whole(1, 256, "processes"),
        1,
        doc="Processes that share the listening port. One uses one core: take as many as calls need cores.",
    )
    drain_timeout_s: float = setting(
        Seconds(0, _DAY_S),
        300,
        doc="How long live calls may go on after a request to stop; no new ones are taken meanwhile. Give "
        "systemd's TimeoutStopSec more.",
    )


@dataclass(frozen=True, slots=True)
class Log:
    """What is logged, and how; it goes to standard error."""

    level: LogLevel = setting(
        Choice(LogLevel),
        "info",
        doc="info tells the life of calls and links, debug every frame on the wire.",
    )
    format: LogFormat = setting(
        Choice(LogFormat),
        "json",
        doc="json: one object a line, for programs; console: for people.",
    )
