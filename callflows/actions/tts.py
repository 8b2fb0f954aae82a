"""Speaks a text. Source: Kazoo cf_tts."""

from __future__ import annotations

from collections.abc import Iterator

from callflows.action import CONTINUE, STOP, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from callflows.playing import speak_text
from calls.errors import CommandFailed
from calls.media import SPEECH_WORDS
from calls.signaling import answer
from esl.errors import ReplyTimeout

ENGINES = ("flite", "google", "ispeech", "voicefabric")


class TtsData(ActionData):
    """What to say, and in which voice."""

    text = _fields.text("What to say.", shortest=1, longest=1000, required=True)
    voice = _fields.text("male, female, or a voice of the engine; speech.tts_voice.", load_default="")
    language = _fields.text("The language of the speaker.", load_default="")
    engine = _fields.text("The speech engine; speech.tts_provider.", one_of=ENGINES, load_default="")
    terminators = _fields.terminators()
    endless_playback = _fields.flag("Repeat until a key or the caller ends it.", load_default=False)


def run(run: FlowRun, data: Data) -> Next:
    """Answer, speak, go on."""
    answer(run.call, wait=False)
    try:
        speak_text(
            run,
            data["text"],
            engine=data["engine"],
            voice=data["voice"],
            terminators=data["terminators"],
            endless=data["endless_playback"],
        )
    except (CommandFailed, ReplyTimeout):
        return STOP
    return CONTINUE


def _doubts(data: Data) -> Iterator[Doubt]:
    if data["engine"] not in ("", "flite"):
        yield Doubt("engine", f"FreeSWITCH speaks by {data['engine']} only if it has a module of that name")
    if data["language"]:
        yield Doubt("language", "FreeSWITCH's speech engines take the language from the voice, not from here")
    if data["voice"] and not SPEECH_WORDS.match(data["voice"]):
        yield Doubt("voice", "cannot be the name of a voice; the node is passed over")
    odd = _fields.doubtful_terminators(data["terminators"])
    if odd:
        yield Doubt("terminators", odd)


ACTION = Action(schema=TtsData, run=run, summary="Answers and speaks a text.", doubts=_doubts)
