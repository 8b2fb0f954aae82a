"""Applications that make sound: playback, speech, tones, echo."""

from __future__ import annotations

from simulator import signalling, tones
from simulator.core import Application
from simulator.player import Status, on_terminator, play, play_file
from simulator.session import Session
from simulator.sound import has_engine, speech_of
from simulator.source import Tone
from simulator.timeline import Relay


def playback(session: Session, data: str) -> None:
    """`playback <path>[@@<samples>]`."""
    path, _, skip = data.partition("@@")
    session.channel.set("playback_terminator_used", None)
    skip_ms = int(skip) * 1000 // session.channel.rate_hz if skip.isdecimal() else 0
    status = play_file(session, path, on_terminator(session), skip_ms=skip_ms)
    session.channel.set("current_application_response", status.response)


def endless_playback(session: Session, data: str) -> None:
    """`endless_playback <path>`: again and again until the channel is told otherwise."""
    status = Status.SUCCESS
    while session.ready and status in (Status.SUCCESS, Status.BREAK):
        status = play_file(session, data)
    session.channel.set("current_application_response", status.response)


def loop_playback(session: Session, data: str) -> None:
    """`loop_playback [+<times>] <path>`."""
    first, _, rest = data.partition(" ")
    times, path = (int(first[1:]), rest) if first[:1] == "+" and first[1:].isdecimal() else (0, data)
    status, count = Status.SUCCESS, 0
    while session.ready and status is Status.SUCCESS and (not times or count < times):
        status = play_file(session, path, on_terminator(session))
        count += 1
    session.channel.set("current_application_response", status.response)


def speak(session: Session, data: str) -> None:
    """`speak [<engine>|<voice>|]<text>`; an engine nobody loaded says nothing."""
    parts = data.split("|", 2)
    engine = parts[0] if len(parts) == 3 else session.channel.get("tts_engine")
    voice = parts[-2] if len(parts) > 1 else session.channel.get("tts_voice")
    if not engine or not voice:
        session.hangup("DESTINATION_OUT_OF_ORDER")
        return
    session.channel.set("playback_terminator_used", None)
    signalling.pre_answer(session)
    if not has_engine(session, engine):
        session.note("speak", f"there is no speech engine {engine}")
        return
    session.note("speak", f"says: {parts[-1]}")
    play(session, speech_of(parts[-1], voice), on_terminator(session))


def say(session: Session, data: str) -> None:
    """`say <module> <type> <method> [<gender>] <text>`, as one prompt."""
    words = data.split(" ")
    if len(words) not in (4, 5):
        session.note("say", "needs four or five words")
        return
    session.channel.set("playback_terminator_used", None)
    signalling.pre_answer(session)
    language = words[0].split(":")[0]
    path = f"{session.core.settings.sounds_dir}/{language}/us/callie/{words[1].lower()}/{words[-1]}.wav"
    session.fire("PLAYBACK_START", [("Playback-File-Path", path)])
    status, _ = play(session, speech_of(words[-1], "callie"), on_terminator(session))
    ended = "break" if status is Status.BREAK else "done"
    session.fire("PLAYBACK_STOP", [("Playback-File-Path", path), ("Playback-Status", ended)])


def gentones(session: Session, data: str) -> None:
    """`gentones <script>[|<loops>]`; no PLAYBACK events."""
    script, _, loops = data.partition("|")
    parsed = tones.parse(f"{script};loops={loops}" if loops.lstrip("-").isdecimal() else script)
    session.channel.set("playback_terminator_used", None)
    if parsed is not None:
        signalling.pre_answer(session)
        play(session, Tone(parsed), on_terminator(session))


def echo(session: Session, data: str) -> None:
    """The caller hears themself until somebody hangs up."""
    del data
    signalling.pre_answer(session)
    play(session, Relay(session.said, session.slots.nearest(session.clock.now())), lambda _digit: False)


APPLICATIONS = (
    Application("playback", playback, needs_media=True, description="Playback File", syntax="<path>"),
    Application(
        "endless_playback",
        endless_playback,
        needs_media=True,
        description="Playback File Endlessly",
        syntax="<path>",
    ),
    Application(
        "loop_playback",
        loop_playback,
        needs_media=True,
        description="Playback File looply",
        syntax="[+loops] <path>",
    ),
    Application("speak", speak, needs_media=True, description="Speak text", syntax="<engine>|<voice>|<text>"),
    Application("say", say, needs_media=True, description="say", syntax="<module> <type> <method> <text>"),
    Application(
        "gentones", gentones, needs_media=True, description="Generate Tones", syntax="<tgml_script>[|<loops>]"
    ),
    Application("echo", echo, needs_media=True, description="Echo", syntax=""),
)
