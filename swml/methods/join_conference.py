"""Joins a conference, and waits until that is over.

`join_conference_result` and `return_value` are `completed`, or `failed` where it was never joined: it is
full, its name is none, the call to be coached is in no such conference. Conferences are the account's own.
Source: SignalWire's SWML reference, join_conference; its JSON schema, JoinConferenceObject.
"""

from __future__ import annotations

from calls.conference import NotCoachable, Seat, join
from calls.room import BadRoomName, room_of
from swml.conferencing import RECORDED, STATUSES, Participant, Taping, Told
from swml.hold_music import music_of
from swml.method import Data, Method, Outcome, Support, inline
from swml.properties import MethodData, flag, result, text, web_url, whole
from swml.run import ScriptRun

LIMIT = 100_000
"""The language's largest number of participants, and its default: the profile's own counts then."""

EVENTS = sorted({event for event, _ in STATUSES.values()} | {"end", "modify", "announcement"})
NO_SOUND = "silence_stream://20"


def _words(words: list[str]) -> str:
    """Return the pattern of one of these words, or several with blanks between."""
    one = "|".join(words)
    return rf"\A(?:(?:{one})(?: (?:{one}))*)?\Z"


class JoinConferenceData(MethodData):
    """Which, and how to take part."""

    name = text("Its name.", required=True)
    muted = flag("Nobody hears this call.")
    beep = text("When a beep is heard.", one_of=("true", "false", "onEnter", "onExit"), default="true")
    start_on_enter = flag("The conference begins with this call, if it has not.", default=True)
    end_on_exit = flag("The conference ends when this call leaves it.")
    wait_url = web_url("Heard until it begins: a sound file, or a document that plays some.")
    max_participants = whole(
        "How many it takes; of the first who comes.", minimum=2, maximum=LIMIT, default=LIMIT
    )
    record = text(
        "Record it while this call is in it.",
        one_of=("do-not-record", "record-from-start"),
        default="do-not-record",
    )
    region = text("Where it is held; no effect.")
    trim = text(
        "Cut silence off the recording.", one_of=("trim-silence", "do-not-trim"), default="trim-silence"
    )
    coach = text("The only call that is to hear this one, by its id.")
    status_callback_event = text("What to tell, with blanks between; all.", pattern=_words(EVENTS))
    status_callback = web_url("Where to tell what happens to this call's participant.")
    status_callback_method = text("How.", one_of=("GET", "POST"), default="POST")
    recording_status_callback = web_url("Where to tell what becomes of the recording.")
    recording_status_callback_method = text("How.", one_of=("GET", "POST"), default="POST")
    recording_status_callback_event = text("What of it; completed.", pattern=_words(sorted(RECORDED)))
    result = result("Steps chosen by the result.", needs_variable=True)


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Take part, say what came of it, go on as is said for that."""
    value = "completed" if _take_part(run, data) else "failed"
    run.variables.set("join_conference_result", value)
    run.variables.set("return_value", value)
    return inline(data["result"](run, value))


def _take_part(run: ScriptRun, data: Data) -> bool:
    """Be in the conference; whether it was. Raises: CallGone."""
    try:
        seat = _seat(run, data)
        participant = Participant(run, data["name"], seat, _told(data), _taping(data))
        sitting = join(run.call, seat, participant.hear)
    except (BadRoomName, NotCoachable) as exc:
        run.log.warning("conference_not_joined", reason=str(exc))
        return False
    if not sitting.has_joined:
        run.log.warning("conference_not_joined", reason="FreeSWITCH did not let it in")
    return sitting.has_joined


def _seat(run: ScriptRun, data: Data) -> Seat:
    """Raises: BadRoomName."""
    most: int = data["max_participants"]
    return Seat(
        room_of(run.account_id, data["name"]),
        profile=str(run.config("dialling", "conference_profile")),
        is_muted=data["muted"],
        starts=data["start_on_enter"],
        ends=data["end_on_exit"],
        enter_sound=_sound(run, data, "enter_sound", "onEnter"),
        exit_sound=_sound(run, data, "exit_sound", "onExit"),
        music=music_of(run, data["wait_url"] or "", may_be_document=True),
        max_members=0 if most == LIMIT else most,
        coached=data["coach"] or "",
    )


def _sound(run: ScriptRun, data: Data, name: str, beep: str) -> str:
    return str(run.config("dialling", name)) if data["beep"] in ("true", beep) else NO_SOUND


def _told(data: Data) -> Told:
    return Told(data["status_callback"] or "", frozenset((data["status_callback_event"] or "").split()))


def _taping(data: Data) -> Taping | None:
    if data["record"] != "record-from-start":
        return None
    return Taping(
        trims=data["trim"] == "trim-silence",
        url=data["recording_status_callback"] or "",
        events=frozenset((data["recording_status_callback_event"] or "completed").split()),
    )


METHOD = Method(
    schema=JoinConferenceData,
    run=run,
    summary="Joins a conference.",
    bare="name",
    support=Support.PARTLY,
    limits="record: what this call hears and, unless it is muted, says; callbacks are POSTed, and tell of "
    "this call's participant; modify, announcement: never told; region: no effect",
)
