"""The examples of the published pages of record and record_call, as they stand, from the call to the file.

Each is played once, all side by side, on the simulator and, where there is one, on a running FreeSWITCH.
Source: SignalWire's SWML reference, record and record_call, Examples.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import gevent
import pytest

from recording.outcome import EndedBy, RecordingOutcome, Verdict
from tests.scenarios.likeness import samples_of, share_like
from tests.scenarios.scenario import Caller
from tests.scenarios.swml_ground import ScriptGround, Talk
from tests.scenarios.swml_lines import RATE_HZ, Samples
from tests.swml.published import RECORD_AND_PLAY

pytestmark = pytest.mark.timeout(120)

MP3 = """
version: 1.0.0
sections:
  main:
    - record_call:
        format: mp3
"""

BOTH_SIDES = """
version: 1.0.0
sections:
  main:
    - record_call:
        beep: true
        terminators: '#'
    - play:
        urls:
          - 'say:Leave your message now'
          - 'silence:10'
    - stop_record_call: {}
    - play:
        urls:
          - 'say:Playing back'
          - '${record_call_url}'
"""

SPEAKER = """
version: 1.0.0
sections:
  main:
    - record_call:
        beep: true
        direction: speak
    - play:
        urls:
          - 'say:Leave your message now'
          - 'silence:10'
    - stop_record_call: {}
    - play:
        urls:
          - 'say:Playing back'
          - '${record_call_url}'
"""

AFTER_PROMPT = Caller(says=((5.0, 9.0),))
"""Talks while the script is silent, so that each side is heard by itself."""


@dataclass(frozen=True, slots=True)
class Story:
    """What became of a page's example. `file`: of the recording, as it came by HTTP."""

    outcome: RecordingOutcome
    file: bytes
    heard: Samples
    said: Samples

    @property
    def recorded(self) -> Samples:
        """The samples of the file."""
        return samples_of(self.file)

    @property
    def prompt(self) -> Samples:
        """What the caller heard before anything was played back: tone and text."""
        return self.heard[: 4 * RATE_HZ]


Stories = dict[str, Story]


@pytest.fixture(scope="module")
def stories(ground_of_module: ScriptGround) -> Stories:
    """What became of each."""
    ground = ground_of_module
    talks = {
        "mp3": ground.run(MP3, ("sleep", {"duration": 3}), ("hangup", {})),
        "both sides": ground.run(BOTH_SIDES, caller=AFTER_PROMPT),
        "speaker": ground.run(SPEAKER, caller=AFTER_PROMPT),
        "message": ground.run(RECORD_AND_PLAY),
    }
    talks["message"].wait_recording()
    gevent.sleep(3.0)  # what the caller says is the example's to hear
    talks["message"].phone.press("#")
    return {name: _story(ground, talk) for name, talk in talks.items()}


def _story(ground: ScriptGround, talk: Talk) -> Story:
    (outcome,) = talk.outcomes()
    assert outcome.path is not None, outcome
    extension = outcome.path.suffix.removeprefix(".")
    answer = ground.fetched(outcome.recording_id, extension)
    assert answer.status_code == 200
    return Story(outcome, answer.content, *talk.sound())


@pytest.mark.parametrize("name", ["both sides", "speaker", "message"])
def test_what_is_played_back_is_what_was_recorded(stories: Stories, name: str) -> None:
    """The caller hears all that is in the file."""
    story = stories[name]
    assert share_like(story.recorded, story.heard[-len(story.recorded) - RATE_HZ :]) >= 0.95


@pytest.mark.parametrize("name", ["both sides", "speaker", "message"])
def test_what_the_caller_says_is_recorded(stories: Stories, name: str) -> None:
    """And most of it is what is in the file, but for the other side of it."""
    story = stories[name]
    assert share_like(story.recorded, story.said) > (0.5 if name == "both sides" else 0.8)


def test_both_sides_are_recorded(stories: Stories) -> None:
    """The tone is before it; what the script says is in the file."""
    story = stories["both sides"]
    assert share_like(_spoken(story), story.recorded) >= 0.6


def test_only_the_speaker_is_recorded(stories: Stories) -> None:
    """What the script says is not."""
    story = stories["speaker"]
    assert share_like(_spoken(story), story.recorded) == 0


def _spoken(story: Story) -> Samples:
    """The prompt but for its tone."""
    return story.prompt[RATE_HZ // 2 :]


@pytest.mark.parametrize("name", ["both sides", "speaker"])
def test_a_recording_is_stopped_by_the_latest_control_id(stories: Stories, name: str) -> None:
    """`stop_record_call: {}` ends it after the text and ten seconds."""
    outcome = stories[name].outcome
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.STOPPED, Verdict.OK), outcome
    assert 10_500 < outcome.duration_ms < 14_000


def test_a_message_is_ended_by_hash(stories: Stories) -> None:
    """As long as the caller talked, and heard without the beep before it."""
    outcome = stories["message"].outcome
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.DIGIT, Verdict.OK), outcome
    assert 2_700 < outcome.duration_ms < 4_500


def test_an_mp3_recording_of_the_call(stories: Stories) -> None:
    """It goes on when the script is over, to the end of the call; its link gives an MP3."""
    story = stories["mp3"]
    assert (story.outcome.ended_by, story.outcome.verdict) == (EndedBy.HANGUP, Verdict.OK), story.outcome
    with av.open(io.BytesIO(story.file)) as file:
        assert file.format.name == "mp3"
        assert float(file.duration or 0) / av.time_base == pytest.approx(3.0, abs=0.8)
