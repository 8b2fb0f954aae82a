"""Scenarios of record_caller: a message and how it ends, is looked at again, and kept."""

from __future__ import annotations

from recording.outcome import EndedBy, Verdict
from tests.scenarios.scenario import Caller, Place, Recorded, Scenario, Tenant
from tests.scenarios.steps import HANGUP, message

TALKS = Caller(says=((0.0, 1.4),))

SCENARIOS = (
    Scenario(
        "a message ends with a key",
        ("message.terminators", "message.silence_detection"),
        (message(terminators=["#"], silence_detection=False), HANGUP),
        (Recorded(EndedBy.STOPPED, seconds=(0.9, 1.6), channels=1, rate_hz=8000),),
        Caller(presses=((0.6, "5"), (1.3, "#"))),
    ),
    Scenario(
        "a message ends with silence",
        ("message.silence_final_timeout",),
        (message(silence_final_timeout=800), HANGUP),
        (Recorded(EndedBy.SILENCE, seconds=(1.8, 3.0)),),
        TALKS,
    ),
    Scenario(
        "a message of nothing",
        ("message.silence_initial_timeout", "message.silence_threshold"),
        (message(silence_initial_timeout=800, silence_threshold=300), HANGUP),
        (Recorded(EndedBy.NO_INPUT, seconds=(0.7, 1.4)),),
        Caller(says=()),
    ),
    Scenario(
        "a message ends with its limit",
        ("message.time_limit", "message.label", "message.media_name"),
        (message(time_limit=2, label="mailbox", media_name="message"), HANGUP),
        (
            Recorded(
                EndedBy.TIME_LIMIT,
                seconds=(1.9, 2.1),
                name="message.wav",
                fields={"origin": "callflow : mailbox"},
            ),
        ),
    ),
    Scenario(
        "a caller hangs up in the middle of a message",
        ("message.format", "message.media_id", "message.record_sample_rate"),
        (message(format="mp3", media_id="{month}-scenario-message", record_sample_rate=16000), HANGUP),
        (
            Recorded(
                EndedBy.HANGUP,
                format="mp3",
                media_id="{month}-scenario-message",
                seconds=(0.8, 1.8),
                rate_hz=16000,
            ),
        ),
        Caller(hangs_up_s=1.3),
    ),
    Scenario(
        "a message that is too short",
        ("message.record_min_sec",),
        (message(record_min_sec=3), HANGUP),
        (Recorded(EndedBy.TOO_SHORT, Verdict.DISCARDED, place=Place.GONE),),
        Caller(presses=((0.9, "#"),)),
    ),
    Scenario(
        "a message goes to a URL",
        ("message.url", "message.method"),
        (message(url="{http}", method="post", time_limit=1), HANGUP),
        (Recorded(EndedBy.TIME_LIMIT, place=Place.HTTP, rule="url", sent="POST"),),
    ),
    Scenario(
        "prompt and beep come before the message",
        ("message.prompt", "message.beep"),
        (message(prompt="tone_stream://%(400,0,440)", beep=True, time_limit=1), HANGUP),
        (Recorded(EndedBy.TIME_LIMIT, seconds=(0.9, 1.1), loud=((0.2, 0.8),)),),
    ),
    Scenario(
        "a message is recorded anew, and saved",
        ("message.review",),
        (message(review=True, time_limit=1), HANGUP),
        (
            Recorded(EndedBy.TIME_LIMIT, Verdict.DISCARDED, place=Place.GONE, why="recorded it anew"),
            Recorded(EndedBy.TIME_LIMIT, seconds=(0.9, 1.1)),
        ),
        Caller(presses=((2.0, "3"), (4.5, "1"))),
    ),
    Scenario(
        "a message is not recorded where it would be stored nowhere",
        ("message.skip_module",),
        (message(), ("record_caller", {"skip_module": True}), HANGUP),
        (),
        tenant=Tenant.KEEPS_NOTHING,
    ),
)
