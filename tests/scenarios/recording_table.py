"""Scenarios of record_call: its actions and parameters, but for silence (silence_table)."""

from __future__ import annotations

from recording.outcome import EndedBy, Verdict
from recording.timeline import What
from tests.scenarios.scenario import Caller, Place, Recorded, Scenario, Tenant
from tests.scenarios.steps import ANSWER, HANGUP, TONE, collect, start, steer, stop, wait

STOPPED, HANGUP_ENDED, LIMIT = EndedBy.STOPPED, EndedBy.HANGUP, EndedBy.TIME_LIMIT
FOR_EVER = wait(60)

ACTIONS = (
    Scenario(
        "start, until the caller hangs up",
        ("action",),
        (start(), ANSWER, FOR_EVER),
        (Recorded(HANGUP_ENDED, seconds=(0.9, 1.6), loud=((0.2, 0.8),)),),
        Caller(hangs_up_s=1.3),
    ),
    Scenario(
        "start, until the callflow hangs up",
        ("action",),
        (start(), ANSWER, wait(0.8), HANGUP),
        (Recorded(HANGUP_ENDED, seconds=(0.7, 1.1)),),
    ),
    Scenario(
        "stop",
        ("action",),
        (ANSWER, start(), wait(0.8), stop(), TONE, wait(0.4), HANGUP),
        (Recorded(STOPPED, seconds=(0.7, 1.0), marks=(What.STARTED, What.ENDED)),),
    ),
    Scenario(
        "stop by name stops that one",
        ("action", "media_name"),
        (
            ANSWER,
            start(media_name="a"),
            start(media_name="b"),
            wait(0.6),
            stop(media_name="a"),
            wait(0.8),
            HANGUP,
        ),
        (
            Recorded(STOPPED, seconds=(0.5, 0.8), name="a.wav"),
            Recorded(HANGUP_ENDED, seconds=(1.3, 1.7), name="b.wav"),
        ),
    ),
    Scenario(
        "stop takes the newest",
        ("action",),
        (ANSWER, start(label="one"), wait(0.3), start(label="two"), wait(0.5), stop(), wait(0.4), HANGUP),
        (
            Recorded(HANGUP_ENDED, seconds=(1.1, 1.5), fields={"origin": "callflow : one"}),
            Recorded(STOPPED, seconds=(0.4, 0.7), fields={"origin": "callflow : two"}),
        ),
    ),
    Scenario(
        "toggle starts, and stops",
        ("action",),
        (ANSWER, steer("toggle", format="wav"), wait(0.7), steer("toggle", format="wav"), wait(0.4), HANGUP),
        (Recorded(STOPPED, seconds=(0.6, 0.9)),),
    ),
    Scenario(
        "mask and unmask write silence",
        ("action",),
        (ANSWER, start(), wait(1.0), steer("mask"), wait(1.0), steer("unmask"), wait(1.0), HANGUP),
        (
            Recorded(
                HANGUP_ENDED,
                seconds=(2.9, 3.3),
                loud=((0.2, 0.8), (2.3, 2.8)),
                quiet=((1.2, 1.8),),
                marks=(What.STARTED, What.MASKED, What.UNMASKED, What.ENDED),
            ),
        ),
    ),
    Scenario(
        "pause and resume leave the gap out",
        ("action",),
        (ANSWER, start(), wait(0.7), steer("pause"), wait(1.0), steer("resume"), wait(0.7), HANGUP),
        (
            Recorded(
                HANGUP_ENDED,
                seconds=(1.3, 1.7),
                loud=((0.2, 1.2),),
                marks=(What.STARTED, What.PAUSED, What.RESUMED, What.ENDED),
            ),
        ),
    ),
    Scenario(
        "what is steered by name is that one",
        ("action", "media_name"),
        (
            ANSWER,
            start(media_name="a"),
            start(media_name="b"),
            wait(0.5),
            steer("pause", media_name="a"),
            wait(0.8),
            HANGUP,
        ),
        (
            Recorded(HANGUP_ENDED, seconds=(0.4, 0.7), name="a.wav", marks=(What.PAUSED,)),
            Recorded(HANGUP_ENDED, seconds=(1.2, 1.6), name="b.wav"),
        ),
    ),
    Scenario(
        "a node passed over records nothing",
        ("skip_module",),
        (ANSWER, start(skip_module=True), wait(0.3), HANGUP),
        (),
    ),
    Scenario(
        "a sensitive node is not heard",
        ("sensitive",),
        (ANSWER, start(), wait(0.8), collect(sensitive=True), wait(0.9), HANGUP),
        (
            Recorded(
                HANGUP_ENDED,
                loud=((0.2, 0.6),),
                quiet=((1.0, 1.7),),
                marks=(What.STARTED, What.MASKED, What.UNMASKED, What.ENDED),
            ),
        ),
    ),
)

FORMATS = (
    Scenario(
        "mp3",
        ("format",),
        (ANSWER, start(format="mp3"), wait(1.0), HANGUP),
        (Recorded(HANGUP_ENDED, format="mp3", seconds=(0.9, 1.6), fields={"content_type": "audio/mpeg"}),),
    ),
    Scenario(
        "mp4",
        ("format",),
        (ANSWER, start(format="mp4"), wait(1.0), HANGUP),
        (
            Recorded(
                HANGUP_ENDED,
                format="mp4",
                seconds=(0.9, 1.6),
                loud=((0.2, 0.8),),
                fields={"content_type": "audio/mp4", "media_type": "mp4"},
            ),
        ),
    ),
    Scenario(
        "without a format it is mp3",
        ("format",),
        (ANSWER, start(format=None), wait(0.8), HANGUP),
        (Recorded(HANGUP_ENDED, format="mp3"),),
    ),
    Scenario(
        "without a format the configuration decides",
        ("format",),
        (ANSWER, start(format=None), wait(1.3), HANGUP),
        (Recorded(HANGUP_ENDED, format="wav", seconds=(1.2, 1.6)),),
        tenant=Tenant.BRIEF,
    ),
    Scenario(
        "without a format the name's own extension counts",
        ("format", "media_name"),
        (ANSWER, start(format=None, media_name="talk.wav"), wait(0.6), HANGUP),
        (Recorded(HANGUP_ENDED, format="wav", name="talk.wav"),),
    ),
    Scenario(
        "a rate that is asked for",
        ("record_sample_rate",),
        (ANSWER, start(record_sample_rate=8000), wait(0.6), HANGUP),
        (Recorded(HANGUP_ENDED, rate_hz=8000, channels=2),),
    ),
    Scenario(
        "Kazoo's rate for stereo",
        ("record_sample_rate",),
        (ANSWER, start(), wait(0.6), HANGUP),
        (Recorded(HANGUP_ENDED, rate_hz=16000, channels=2),),
    ),
    Scenario(
        "silence at both ends is cut off",
        ("processing.trim_silence",),
        (ANSWER, start(), wait(3.0), HANGUP),
        (Recorded(HANGUP_ENDED, seconds=(0.8, 2.2), loud=((0.3, 0.7),)),),
        Caller(says=((1.0, 2.0),)),
        Tenant.TRIMS,
    ),
)

NAMES = (
    Scenario(
        "a name for the copy",
        ("media_name",),
        (ANSWER, start(media_name="Interview 7"), wait(0.6), HANGUP),
        (Recorded(HANGUP_ENDED, name="Interview 7.wav", fields={"name": "Interview 7.wav"}),),
    ),
    Scenario(
        "a name that would like to be a path",
        ("media_name",),
        (ANSWER, start(media_name="../../../../etc/cron.d/job"), wait(0.6), HANGUP),
        (Recorded(HANGUP_ENDED, name="etc_cron.d_job.wav"),),
    ),
    Scenario(
        "an id for the document",
        ("media_id",),
        (ANSWER, start(media_id="{month}-scenario-interview"), wait(0.6), HANGUP),
        (Recorded(HANGUP_ENDED, media_id="{month}-scenario-interview"),),
    ),
    Scenario(
        "an id that would like to be a path",
        ("media_id",),
        (ANSWER, start(media_id="_design/../../x"), wait(0.6), HANGUP),
        (Recorded(HANGUP_ENDED),),
    ),
    Scenario(
        "a label is the origin",
        ("label", "origin"),
        (ANSWER, start(label="sales", origin="not read"), wait(0.6), HANGUP),
        (Recorded(HANGUP_ENDED, fields={"origin": "callflow : sales"}, ours={"label": "sales"}),),
    ),
)

LENGTHS = (
    Scenario(
        "the limit is exact",
        ("time_limit",),
        (ANSWER, start(time_limit=5), wait(6), HANGUP),
        (Recorded(LIMIT, seconds=(4.9, 5.1), loud=((0.2, 4.8),)),),
    ),
    Scenario(
        "the limit is exact while a prompt plays",
        ("time_limit",),
        (ANSWER, start(time_limit=5), ("play", {"id": "tone_stream://%(7000,0,440)"}), HANGUP),
        (Recorded(LIMIT, seconds=(4.9, 5.1)),),
    ),
    Scenario(
        "a limit above the configured one is cut",
        ("time_limit",),
        (ANSWER, start(time_limit=3600), wait(3), HANGUP),
        (Recorded(LIMIT, seconds=(1.9, 2.1)),),
        tenant=Tenant.BRIEF,
    ),
    Scenario(
        "a recording that is long enough is kept",
        ("record_min_sec",),
        (ANSWER, start(record_min_sec=1), wait(1.4), HANGUP),
        (Recorded(HANGUP_ENDED, seconds=(1.3, 1.7)),),
    ),
    Scenario(
        "a recording that is too short is dropped",
        ("record_min_sec",),
        (ANSWER, start(record_min_sec=2), wait(0.7), HANGUP),
        (Recorded(EndedBy.TOO_SHORT, Verdict.DISCARDED, place=Place.GONE),),
    ),
    Scenario(
        "the configured minimum counts where none is given",
        ("record_min_sec",),
        (ANSWER, start(), wait(0.5), HANGUP),
        (Recorded(EndedBy.TOO_SHORT, Verdict.DISCARDED, place=Place.GONE),),
        tenant=Tenant.BRIEF,
    ),
)

DEFERRED = (
    Scenario(
        "with the answer",
        ("record_on_answer",),
        (start(record_on_answer=True), wait(0.8), ANSWER, wait(1.0), HANGUP),
        (Recorded(HANGUP_ENDED, seconds=(0.8, 1.3)),),
    ),
    Scenario(
        "with the answer, its whole limit ahead",
        ("record_on_answer", "time_limit"),
        (start(record_on_answer=True, time_limit=2), wait(1.2), ANSWER, wait(3.0), HANGUP),
        (Recorded(LIMIT, seconds=(1.9, 2.1)),),
    ),
    Scenario(
        "with an answer that has been",
        ("record_on_answer",),
        (ANSWER, wait(0.3), start(record_on_answer=True), wait(0.8), HANGUP),
        (Recorded(HANGUP_ENDED, seconds=(0.7, 1.1)),),
    ),
    Scenario(
        "never answered",
        ("record_on_answer",),
        (start(record_on_answer=True), wait(0.7), HANGUP),
        (Recorded(EndedBy.NOT_ANSWERED, Verdict.DISCARDED, place=Place.GONE),),
    ),
    Scenario(
        "with the bridge",
        ("record_on_bridge",),
        (ANSWER, start(record_on_bridge=True), FOR_EVER),
        (Recorded(HANGUP_ENDED, seconds=(1.0, 1.9)),),
        Caller(moves_s=0.8),
    ),
    Scenario(
        "never bridged",
        ("record_on_bridge",),
        (ANSWER, start(record_on_bridge=True), wait(0.7), HANGUP),
        (Recorded(EndedBy.NOT_BRIDGED, Verdict.DISCARDED, place=Place.GONE),),
    ),
    Scenario(
        "with answer and bridge, both of which came",
        ("record_on_answer", "record_on_bridge"),
        (start(record_on_answer=True, record_on_bridge=True), wait(0.4), ANSWER, FOR_EVER),
        (Recorded(HANGUP_ENDED, seconds=(1.0, 1.9)),),
        Caller(moves_s=1.0),
    ),
    Scenario(
        "with answer and bridge, of which one never came",
        ("record_on_answer", "record_on_bridge"),
        (start(record_on_answer=True, record_on_bridge=True), ANSWER, wait(0.7), HANGUP),
        (Recorded(EndedBy.NOT_BRIDGED, Verdict.DISCARDED, place=Place.GONE),),
    ),
    Scenario(
        "it follows a transfer",
        ("should_follow_transfer",),
        (ANSWER, start(), FOR_EVER),
        (Recorded(HANGUP_ENDED, seconds=(1.8, 3.0)),),
        Caller(moves_s=0.8),
    ),
    Scenario(
        "it ends at a transfer it is not to follow",
        ("should_follow_transfer",),
        (ANSWER, start(should_follow_transfer=False), FOR_EVER),
        (Recorded(EndedBy.TRANSFER, seconds=(0.6, 1.4)),),
        Caller(moves_s=0.9),
    ),
)

SCENARIOS = (*ACTIONS, *FORMATS, *NAMES, *LENGTHS, *DEFERRED)
