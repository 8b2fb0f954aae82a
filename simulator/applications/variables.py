"""Applications that set, unset and export channel variables."""

from __future__ import annotations

from simulator.core import Application
from simulator.session import Session


def set_(session: Session, data: str) -> None:
    """`set <name>=<value>`, or `<name>,<value>` without an equals sign; no value removes it."""
    name, _, value = data.partition("=" if "=" in data else ",")
    if name:
        session.channel.set(name, session.channel.expand(value))


def multiset(session: Session, data: str) -> None:
    """`multiset [^^<separator>]<name>=<value> …`, separated by blanks unless told otherwise."""
    for pair in _parts(data):
        set_(session, pair)


def unset(session: Session, data: str) -> None:
    """`unset <name>`."""
    session.channel.set(data.strip(), None)


def multiunset(session: Session, data: str) -> None:
    """`multiunset [^^<separator>]<name> …`."""
    for name in _parts(data):
        unset(session, name)


def export(session: Session, data: str) -> None:
    """`export [nolocal:]<name>=<value>`: set, and passed to the legs this one dials."""
    local = not data.startswith("nolocal:")
    pair = data.removeprefix("nolocal:")
    name, _, value = pair.partition("=")
    if not name:
        return
    session.channel.set(name if local else f"nolocal:{name}", session.channel.expand(value))
    exported = [one for one in (session.channel.get("export_vars") or "").split(",") if one]
    if name not in exported:
        session.channel.set("export_vars", ",".join([*exported, name]))


def _parts(data: str) -> list[str]:
    separator = " "
    if data.startswith("^^") and len(data) > 2:
        separator, data = data[2], data[3:]
    return [part for part in data.split(separator) if part]


APPLICATIONS = (
    Application("set", set_, zombie=True, description="Set a channel variable", syntax="<varname>=<value>"),
    Application(
        "multiset",
        multiset,
        zombie=True,
        description="Set many channel variables",
        syntax="[^^<delim>]<varname>=<value> <var2>=<val2>",
    ),
    Application("unset", unset, zombie=True, description="Unset a channel variable", syntax="<varname>"),
    Application(
        "multiunset",
        multiunset,
        zombie=True,
        description="Unset many channel variables",
        syntax="<varname> <var2>",
    ),
    Application(
        "export",
        export,
        zombie=True,
        description="Export a channel variable across a bridge",
        syntax="<varname>=<value>",
    ),
)
