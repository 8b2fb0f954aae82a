"""Api commands about what is heard and recorded of one channel.

Source: FreeSWITCH mod_commands.c (session_record_function, session_displace_function),
switch_core_media_bug.c (switch_core_media_bug_enumerate).
"""

from __future__ import annotations

from simulator import displacing, recorder, wire
from simulator.apis.channel import NO_SESSION, on_channel
from simulator.applications.recordings import stop, switch
from simulator.core import Api, Core
from simulator.session import Session
from simulator.words import variable_block

_DISPLACE_SYNTAX = "<uuid> [start|stop] <path> [<limit>] [mux]"
_RECORD_SYNTAX = "<uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]"


def uuid_record(session: Session, words: list[str]) -> str:
    """`<uuid> start|stop|mask|unmask|pause|resume <path> [<limit> [{vars}]]`."""
    action, path = words[0].lower(), words[1]
    if action == "start":
        limit_s = int(words[2]) if len(words) > 2 and words[2].isdecimal() else 0
        own = variable_block(wire.decode(words[3])) if len(words) > 3 else {}
        done = recorder.start(session, path, limit_s, own)
        return "+OK Success\n" if done else "-ERR Cannot record session!\n"
    if action == "stop":
        return "+OK Success\n" if stop(session, path) else "-ERR Cannot stop record session!\n"
    switches = {
        "pause": ("pause", True),
        "resume": ("pause", False),
        "mask": ("mask", True),
        "unmask": ("mask", False),
    }
    if action not in switches:
        return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
    what, on = switches[action]
    done = switch(session, path, what, on=on)
    return "+OK Success\n" if done else f"-ERR Cannot {action} recording session!\n"


def uuid_displace(session: Session, words: list[str]) -> str:
    """`<uuid> start|stop <path> [<limit>] [<flags>]`."""
    action, spec = words[0].lower(), words[1]
    if action == "start":
        limit_s = int(words[2]) if len(words) > 2 and words[2].isdecimal() else 0
        done = displacing.start(session, spec, limit_s, words[3] if len(words) > 3 else "")
        return "+OK Success\n" if done else "-ERR Cannot displace session!\n"
    if action == "stop":
        done = displacing.stop(session, spec)
        return "+OK Success\n" if done else "-ERR Cannot stop displace session!\n"
    return f"-USAGE: {_DISPLACE_SYNTAX}\n"


def uuid_buglist(core: Core, argument: str) -> str:
    """What is recording a channel, as XML. Source: switch_core_media_bug_enumerate."""
    if not argument:
        return "-USAGE: <uuid>\n"
    session = core.located(argument)
    if session is None:
        return ""
    running = [("session_record", path) for path in session.recordings]
    running += [("displace", spec) for spec in session.displaced]
    bugs = "".join(
        f" <media-bug>\n  <function>{function}</function>\n"
        f"  <target>{target}</target>\n  <thread-locked>0</thread-locked>\n </media-bug>\n"
        for function, target in running
    )
    return f"<media-bugs>\n{bugs}</media-bugs>\n"


APIS = (
    on_channel("uuid_record", uuid_record, 3, _RECORD_SYNTAX, missing=NO_SESSION),
    on_channel("uuid_displace", uuid_displace, 3, _DISPLACE_SYNTAX, missing=NO_SESSION),
    Api("uuid_buglist", uuid_buglist, "List media bugs on a session", "<uuid>"),
)
