"""Api commands about the switch: what it is, what is loaded, which channels there are.

Source: FreeSWITCH mod_commands.c (status_function, show_function, originate_function).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from simulator.core import Api, Application, Core
from simulator.dial import dial_alone
from simulator.dialstring import dial_strings
from simulator.sound import SPEECH_ENGINES
from simulator.words import split_blanks

_VERSION = "FreeSWITCH (Version 1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit)"
_MODULE_DIR = "/usr/lib/freeswitch/mod"
_FORMATS = {"wav": "mod_sndfile", "mp3": "mod_shout", "tone_stream": "mod_tone_stream"}
_FORMATS |= {
    "silence_stream": "mod_tone_stream",
    "file_string": "mod_dptools",
    "local_stream": "mod_local_stream",
}
_COLUMN_LIST = (
    "uuid,direction,created,created_epoch,name,state,cid_name,cid_num,ip_addr,dest,application,"
    "application_data,dialplan,context,read_codec,read_rate,read_bit_rate,write_codec,write_rate,"
    "write_bit_rate,secure,hostname,presence_id,presence_data,accountcode,callstate,callee_name,callee_num,"
    "callee_direction,call_uuid,sent_callee_name,sent_callee_num,initial_cid_name,initial_cid_num,"
    "initial_ip_addr,initial_dest,initial_dialplan,initial_context"
)
_CHANNEL_COLUMNS = _COLUMN_LIST.split(",")


def status(core: Core, argument: str) -> str:
    """Uptime and numbers of sessions."""
    del argument
    up_s = core.clock.now()
    milliseconds = int(up_s * 1000) % 1000
    return (
        f"UP 0 years, {int(up_s) // 86400} days, {int(up_s) // 3600 % 24} hours, "
        f"{int(up_s) // 60 % 60} minutes, {int(up_s) % 60} seconds, {milliseconds} milliseconds, "
        f"{int(up_s * 1e6) % 1000} microseconds\n{_VERSION} is ready\n"
        f"{core.sessions_made} session(s) since startup\n"
        f"{len(core.sessions)} session(s) - peak {len(core.sessions)}, last 5min {len(core.sessions)} \n"
        "0 session(s) per Sec out of max 30, peak 1, last 5min 1 \n1000 session(s) max\n"
        "min idle cpu 0.00/99.00\nCurrent Stack Size/Max 240K/8192K\n"
    )


def version(core: Core, argument: str) -> str:
    """The version it claims."""
    del core
    return "1.10.12" if argument == "short" else f"{_VERSION}\n"


def hostname(core: Core, argument: str) -> str:
    """The host's name."""
    del argument
    return core.identity.hostname


def create_uuid(core: Core, argument: str) -> str:
    """A fresh uuid."""
    del argument
    return core.new_uuid()


def strftime(core: Core, argument: str) -> str:
    """The switch's time of day: `[<epoch>|][<format>]`."""
    epoch, bar, layout = argument.partition("|")
    moment_s = int(epoch) if bar and epoch.isdecimal() else core.clock.epoch_s()
    chosen = layout if bar else argument
    return datetime.fromtimestamp(moment_s, tz=UTC).strftime(chosen or "%Y-%m-%d %H:%M:%S")


def global_getvar(core: Core, argument: str) -> str:
    """A global variable."""
    known = {
        "hostname": core.identity.hostname,
        "core_uuid": core.identity.core_uuid,
        "local_ip_v4": core.identity.ipv4,
        "sounds_dir": str(core.settings.sounds_dir),
        "base_dir": "/usr/share/freeswitch",
        "recordings_dir": "/var/lib/freeswitch/recordings",
    }
    if argument:
        return known.get(argument, "")
    return "".join(f"{name}={value}\n" for name, value in known.items())


def module_exists(core: Core, argument: str) -> str:
    """Whether a module is loaded."""
    return "true" if argument in {module for _, _, module in _interfaces(core)} else "false"


def _interfaces(core: Core) -> list[tuple[str, str, str]]:
    """(type, name, module) of everything loaded, sorted as FreeSWITCH does."""
    lost = core.script.faults
    found = [("api", api.name, api.module) for api in core.apis.values()]
    found += [
        ("application", app.name, app.module)
        for app in core.applications.values()
        if app.name not in lost.missing_applications
    ]
    found += [("file", name, module) for name, module in _FORMATS.items() if name not in lost.missing_formats]
    found += [
        ("speech", name, f"mod_{name}") for name in SPEECH_ENGINES if name not in lost.missing_applications
    ]
    found += [("endpoint", "loopback", "mod_loopback"), ("endpoint", "sofia", "mod_sofia")]
    return sorted(found)


def show(core: Core, argument: str) -> str:
    """`show channels|calls|modules|application|api|… [count] [as json|delim]`."""
    words = argument.split()
    what = words[0].lower() if words else ""
    style = words[words.index("as") + 1].lower() if "as" in words[:-1] else "delim"
    rows: list[dict[str, str]]
    if what in ("channels", "calls", "detailed_calls", "bridged_calls"):
        columns, rows = _CHANNEL_COLUMNS, _channel_rows(core)
    elif what.startswith("module"):
        columns = ["type", "name", "ikey", "filename"]
        rows = [
            {"type": kind, "name": name, "ikey": module, "filename": f"{_MODULE_DIR}/{module}.so"}
            for kind, name, module in _interfaces(core)
        ]
    elif what in ("application", "api"):
        columns = ["name", "description", "syntax", "ikey"]
        rows = _described(core, what)
    elif what:
        columns = ["type", "name", "ikey"]
        kind = what.rstrip("s")
        rows = [dict(zip(columns, row, strict=True)) for row in _interfaces(core) if row[0] == kind]
    else:
        return (
            "-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count]|...\n"
        )
    if "count" in words[1:]:
        return f"\n{len(rows)} total.\n" if style != "json" else json.dumps({"row_count": len(rows)})
    return _table(columns, rows, style)


def _described(core: Core, what: str) -> list[dict[str, str]]:
    lost = core.script.faults.missing_applications
    things: list[Api | Application] = [*(core.apis if what == "api" else core.applications).values()]
    return [
        {"name": it.name, "description": it.description, "syntax": it.syntax, "ikey": it.module}
        for it in sorted(things, key=lambda thing: thing.name)
        if it.name not in lost
    ]


def _channel_rows(core: Core) -> list[dict[str, str]]:
    rows = []
    for session in sorted(core.sessions.values(), key=lambda one: one.began_s):
        channel, who = session.channel, session.channel.profile
        epoch_s = channel.times.created // 1_000_000
        rows.append(
            {
                "uuid": channel.uuid,
                "direction": channel.direction,
                "created": datetime.fromtimestamp(epoch_s, tz=UTC).strftime("%Y-%m-%d %H:%M:%S"),
                "created_epoch": str(epoch_s),
                "name": channel.name,
                "state": channel.running_state.name,
                "cid_name": who.caller_name,
                "cid_num": who.caller_number,
                "dest": who.destination,
                "application": channel.get("current_application") or "",
                "application_data": channel.get("current_application_data") or "",
                "dialplan": who.dialplan,
                "context": who.context,
                "read_codec": channel.codec,
                "read_rate": str(channel.rate_hz),
                "write_codec": channel.codec,
                "write_rate": str(channel.rate_hz),
                "hostname": core.identity.hostname,
                "callstate": channel.call_state,
                "call_uuid": channel.get("call_uuid") or channel.uuid,
            }
        )
    return rows


def _table(columns: list[str], rows: list[dict[str, str]], style: str) -> str:
    if style == "json":
        whole = [{column: row.get(column, "") for column in columns} for row in rows]
        return json.dumps({"row_count": len(rows), "rows": whole}) if rows else '{"row_count": 0}\n'
    lines = [",".join(row.get(column, "") for column in columns) for row in rows]
    head = [",".join(columns)] if rows else []
    return "\n".join([*head, *lines, f"\n{len(rows)} total.\n"])


def originate(core: Core, argument: str) -> str:
    """`{vars}<endpoint>[,…][|…] <extension>|&<application>(<argument>)`.

    Of `loopback/<number>[/<context>]` the second half is handed to the engine.
    """
    words = split_blanks(argument)
    groups = dial_strings(words[0]) if words else []
    if len(words) < 2 or not groups:
        return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>]\n"
    target = groups[0][0]
    if core.originate is None or not target.endpoint.startswith("loopback/"):
        return _dial(core, words[0], words[1])
    session = core.originate(target.endpoint.split("/", 1)[1], target.variables, words[1])
    while not session.channel.has_media and not session.channel.is_down:
        session.down.wait(timeout=0.02)
    if session.channel.is_down and session.channel.hangup_cause:
        return f"-ERR {session.channel.hangup_cause}\n"
    mirror = session.mirror or session
    return f"+OK {mirror.channel.uuid}\n"


def _dial(core: Core, dial_string: str, extension: str) -> str:
    """Call parties of the script; who answers runs the application, or goes to the extension."""
    dialling = dial_alone(core, dial_string)
    if dialling.party is None:
        return f"-ERR {dialling.cause}\n"
    party = dialling.party
    name, _, argument = extension.removeprefix("&").partition("(")
    if extension.startswith("&"):
        party.move([(name, argument.removesuffix(")"))])
    else:
        party.move(core.route(core.script, extension))
    return f"+OK {party.channel.uuid}\n"


def ok(core: Core, argument: str) -> str:
    """Does nothing and says so."""
    del core, argument
    return "+OK\n"


def reloadxml(core: Core, argument: str) -> str:
    """There is no XML to load."""
    del core, argument
    return "+OK [Success]\n"


def sofia(core: Core, argument: str) -> str:
    """`sofia status`: one profile that runs."""
    del argument
    line = "=" * 100
    return (
        f"{'Name':>25}\t{'Type':>7}\t{'Data':>40}\tState\n{line}\n{'external':>25}\tprofile\t"
        f"sip:mod_sofia@{core.identity.ipv4}:5080\tRUNNING ({len(core.sessions)})\n{line}\n"
        "1 profile 0 aliases\n"
    )


APIS = (
    Api("status", status, "Show current status"),
    Api("version", version, "Version", "[short]"),
    Api("hostname", hostname, "Return the system hostname"),
    Api("create_uuid", create_uuid, "Create a uuid", "<uuid> <other params>"),
    Api("strftime", strftime, "Display formatted time", "<format_string>"),
    Api("global_getvar", global_getvar, "Get global var", "<var>"),
    Api("module_exists", module_exists, "Check if module exists", "<module>"),
    Api("show", show, "Show various reports", "codec|endpoint|application|api|...|channels [count]"),
    Api("originate", originate, "Originate a call", "<call url> <exten>|&<application_name>(<app_args>)"),
    Api("reloadxml", reloadxml, "Reload XML"),
    Api("fsctl", ok, "FS control messages", "[api_expansion [on|off]|...]"),
    Api("sofia", sofia, "Sofia Controls", "<cmd> <args>", "mod_sofia"),
)
