"""Scenarios of record_call: silence that ends a recording, and what those who talk are told."""

from __future__ import annotations

from recording.outcome import EndedBy
from recording.timeline import What
from tests.scenarios.scenario import Caller, Recorded, Scenario, Tenant
from tests.scenarios.steps import ANSWER, HANGUP, start, wait

HANGUP_ENDED = EndedBy.HANGUP
SILENT_CALLER = Caller(says=())
FOR_EVER = wait(60)

SILENCES = (
    Scenario(
        "nobody speaks at all",
        ("silence_detection", "silence_initial_timeout"),
        (ANSWER, start(silence_detection=True, silence_initial_timeout=800), wait(4), HANGUP),
        (Recorded(EndedBy.NO_INPUT, seconds=(0.7, 1.3)),),
        SILENT_CALLER,
    ),
    Scenario(
        "speech ends",
        ("silence_detection", "silence_final_timeout"),
        (ANSWER, start(silence_detection=True, silence_final_timeout=800), wait(6), HANGUP),
        (Recorded(EndedBy.SILENCE, seconds=(2.3, 3.4), loud=((0.9, 1.6),)),),
        Caller(says=((0.6, 1.8),)),
    ),
    Scenario(
        "speech ends that was there from the first frame",
        ("silence_detection", "silence_final_timeout", "silence_initial_timeout"),
        (
            ANSWER,
            start(silence_detection=True, silence_initial_timeout=600, silence_final_timeout=900),
            wait(6),
            HANGUP,
        ),
        (Recorded(EndedBy.SILENCE, seconds=(1.8, 2.9), loud=((0.1, 1.0),)),),
        Caller(says=((0.0, 1.3),)),
    ),
    Scenario(
        "a silence of five is one of five seconds",
        ("silence_final_timeout",),
        (ANSWER, start(silence_detection=True, silence_final_timeout=2), wait(6), HANGUP),
        (Recorded(EndedBy.SILENCE, seconds=(2.6, 3.7)),),
        Caller(says=((0.0, 1.0),)),
    ),
    Scenario(
        "speech below the threshold is none",
        ("silence_threshold",),
        (
            ANSWER,
            start(silence_detection=True, silence_initial_timeout=900, silence_threshold=32767),
            wait(4),
            HANGUP,
        ),
        (Recorded(EndedBy.NO_INPUT, seconds=(0.8, 1.4), loud=((0.2, 0.7),)),),
    ),
    Scenario(
        "without silence_detection silence ends nothing",
        ("silence_detection",),
        (ANSWER, start(silence_initial_timeout=300, silence_final_timeout=300), wait(1.5), HANGUP),
        (Recorded(HANGUP_ENDED, seconds=(1.4, 1.8)),),
    ),
)

TOLD = (
    Scenario(
        "an announcement is part of the recording",
        ("announcement",),
        (ANSWER, start(announcement="tone_stream://%(500,0,440)"), wait(0.8), HANGUP),
        (Recorded(HANGUP_ENDED, seconds=(1.1, 1.7), marks=(What.ANNOUNCED,)),),
    ),
    Scenario(
        "a configured announcement, and beeps",
        ("announcement", "beep_every_s"),
        (ANSWER, start(), wait(2.6), HANGUP),
        (Recorded(HANGUP_ENDED, seconds=(2.5, 3.5), marks=(What.ANNOUNCED,)),),
        tenant=Tenant.TELLS,
    ),
    Scenario(
        "beeps, because the callflow wants them",
        ("beep_every_s",),
        (ANSWER, start(beep_every_s=1), FOR_EVER),
        (Recorded(HANGUP_ENDED, seconds=(2.0, 4.5), marks=(What.BEEPED,)),),
        Caller(moves_s=0.8),
    ),
)

SCENARIOS = (*SILENCES, *TOLD)
