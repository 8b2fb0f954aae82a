"""The simulator against recorded conversations with a real FreeSWITCH: same commands, same events.

For every trace the controller's commands are sent again at their times, against a switch whose far end does
what the trace's far end did; then both conversations are compared frame by frame.

Two things are races in the real one, and only these are allowed to differ:
- CHANNEL_PARK is seen only if the subscription was faster than the channel's thread;
- the linger notice is written by another thread than the channel's last events are, so that its place among
  the events after CHANNEL_HANGUP is left to chance.
"""

from __future__ import annotations

import json
import re
import socket
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import gevent
import pytest

from simulator.clock import Clock
from simulator.script import Script, read_script
from simulator.switch import Switch

TRACES = sorted((Path(__file__).parents[1] / "data" / "traces").glob("*.jsonl"))
DEADLINE_S = 20.0
# Two slots; how late the machine was on top of that is measured while the replay runs.
TIMING_S = 0.045
# Far ends that speak all the time. The others send nothing.
SPEAKERS = {"record_final_silence", "record_foreground_silence", "foreground_growing", "disk_full_buffered"}
SPEAKERS |= {"disk_full_unbuffered", "disk_full_unnoticed"}
# Disks on which that much fitted.
FAULTS = {name: {"disk_holds": 20_480} for name in SPEAKERS if name.startswith("disk_full")}
PARTIES = {
    "loopback/busy/*": {"refuse": "USER_BUSY", "ring_after": 0.01},
    "loopback/noanswer/*": {"never_answers": True, "ring_after": 0.0},
    "loopback/tone/*": {
        "answer_after": 0.02,
        "ring_after": 0.0,
        "early_media": True,
        "steps": [{"at": 0, "say": 60}],
    },
}
EXTENSIONS = {"tone": [["answer", ""], ["playback", "tone_stream://%(1000,0,440);loops=-1"]]}
DECISIVE = re.compile(
    r"Event-Name|Application.*|Answer-State|Hangup-Cause|Record.*|Playback.*|DTMF.*|Channel-State"
    r"|Unique-ID|Bridge-A-Unique-ID|Call-Direction|Caller-Destination-Number|Caller-Context"
    r"|Socket-Mode|Control|Reply-Text|Content-Type|variable_(sip_h_.*|current_.*|total_loops|loopback_leg"
    r"|hangup_.*|continue_on_fail|originate_disposition|DIALSTATUS|originate_failed_cause"
    r"|last_bridge_hangup_cause|bridge_hangup_cause|pin.*|evil|multi|playback_terminator_used|read_.*|endpoint_disposition"
    r"|record_completion_cause|silence_hits_exhausted|RECORD_DISCARDED)"
)
# Numbers that depend on how many frames fit: compared with a tolerance instead.
MEASURED = {
    "variable_record_ms": 100,
    "variable_record_samples": 800,
    "variable_playback_last_offset_pos": 800,
    "variable_billmsec": 100,
}
ENGINE = re.compile(r"127\.0\.0\.1:\d+")
RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class Frame:
    """One message of FreeSWITCH: what it is, its headers, when it came."""

    t: float
    headers: dict[str, str]
    body: str
    name: str = ""

    def __post_init__(self) -> None:
        """Name it for comparison and for reading."""
        kind = self.headers.get("Content-Type", "")
        if kind == "text/event-plain":
            self.headers = parse(self.body)
            self.name = self.headers["Event-Name"]
            if "Application" in self.headers:
                self.name += " " + self.headers["Application"]
        elif self.headers.get("Event-Name") == "CHANNEL_DATA":
            self.name = "connect"
        elif kind == "text/disconnect-notice":
            self.name = "notice " + self.headers["Content-Disposition"]
        else:
            self.name = kind


@dataclass(frozen=True)
class FileSeen:
    """A file at a moment: its size in bytes, -1 for none, and its first bytes."""

    t: float
    path: str
    size: int
    head: bytes


@dataclass
class Conversation:
    """Both halves of a trace: (index of the first frame not yet there, time, bytes) of each command.

    files: how files on disk grew beside it.
    """

    commands: list[tuple[int, float, bytes]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    files: list[FileSeen] = field(default_factory=list)


def parse(text: str) -> dict[str, str]:
    """A header block; values decoded after the split."""
    pairs = (line.split(": ", 1) for line in text.split("\n") if ": " in line)
    return {name: urllib.parse.unquote(value) for name, value in pairs}


class FrameReader:
    """Cuts FreeSWITCH's bytes into frames."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes, t: float) -> list[Frame]:
        """Take bytes, give the frames completed by them."""
        self._pending += data
        frames = []
        while b"\n\n" in self._pending:
            head, rest = self._pending.split(b"\n\n", 1)
            length = re.search(rb"(?mi)^content-length: (\d+)$", head)
            size = int(length.group(1)) if length else 0
            if len(rest) < size:
                break
            frames.append(Frame(t, parse(head.decode()), rest[:size].decode()))
            self._pending = rest[size:]
        return frames


def read_trace(path: Path) -> Conversation:
    """A trace as a conversation."""
    conversation, reader = Conversation(), FrameReader()
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if entry["dir"] == "out":
            conversation.commands.append((len(conversation.frames), entry["t"], entry["data"].encode()))
        elif entry["dir"] == "file":
            seen = entry["data"]
            head = bytes.fromhex(seen["head"])
            conversation.files.append(FileSeen(entry["t"], seen["path"], seen["size"], head))
        else:
            conversation.frames += reader.feed(entry["data"].encode(), entry["t"])
    return conversation


def script_of(name: str, recorded: Conversation) -> Script:
    """What the far end of a trace did, as far as the trace shows it."""
    steps: list[dict[str, object]] = []
    running: list[str] = []
    last_digit_t = -1.0
    for frame in recorded.frames:
        if frame.name.startswith("CHANNEL_EXECUTE "):
            running.append(frame.headers["Application"])
        elif frame.name == "CHANNEL_HANGUP" and frame.headers["Hangup-Cause"] == "NORMAL_CLEARING":
            if running[-1] != "hangup":
                steps.append({"at": frame.t, "hang_up": "NORMAL_CLEARING"})
        elif frame.name == "DTMF":
            if frame.t - last_digit_t > 0.1:
                step = {
                    "at": frame.t - 0.015,
                    "press": "",
                    "every": 0,
                    "source": frame.headers["DTMF-Source"],
                }
                steps.append(step)
            steps[-1]["press"] = f"{steps[-1]['press']}{frame.headers['DTMF-Digit']}"
            last_digit_t = frame.t
    if name in SPEAKERS:
        steps.append({"at": 0, "say": 60})
    asked = recorded.frames[0].headers
    sip_headers = {
        key.removeprefix("variable_sip_h_"): value
        for key, value in asked.items()
        if key.startswith("variable_sip_h_")
    }
    return read_script(
        {
            "from": {"number": asked["Caller-Caller-ID-Number"], "name": asked["Caller-Caller-ID-Name"]},
            "to": asked["Caller-Destination-Number"],
            "media": "loopback",
            "sip_headers": sip_headers,
            "steps": steps,
            "parties": PARTIES,
            "extensions": EXTENSIONS,
            "faults": FAULTS.get(name, {}),
        }
    )


class Replay:
    """Sends a trace's commands to the simulator and gathers what comes back."""

    def __init__(self, path: Path, directory: Path) -> None:
        self.name = path.stem
        self.recorded = read_trace(path)
        self.replayed = Conversation()
        self.sent_t: list[float] = []
        self._directory = str(directory / self.name)
        self._changed = gevent.event.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._clock = Clock()
        self._began = 0.0

    def run(self) -> None:
        """Play the whole trace; returns when FreeSWITCH's side has closed."""
        # Limits are counted in whole epoch seconds. The trace shows where they begin: its linger ends there.
        second_t = self.recorded.frames[-1].t - 0.01
        clock = Clock(epoch_us=int((1_800_000_000 - second_t) * 1_000_000))
        switch = Switch(
            self._server.getsockname()[:2],
            script=script_of(self.name, self.recorded),
            listen=None,
            clock=clock,
        )
        uuid = self.recorded.frames[0].headers["Unique-ID"]
        switch.place_call(uuid=uuid, context=self.recorded.frames[0].headers["Caller-Context"])
        sock, _ = self._server.accept()
        self._clock = clock
        self._began = clock.now()
        receiving = gevent.spawn(self._receive, sock)
        watching = gevent.spawn(self._watch_files)
        for number, (already, t, data) in enumerate(self.recorded.commands):
            self._await(self.recorded.frames[:already])
            came_t = max((frame.t for frame in self.recorded.frames[:already]), default=0.0)
            gevent.sleep(max(0.0, t - came_t))
            self.sent_t.append(self._clock.now() - self._began)
            text = data.decode().replace("/var/rec/", f"{self._directory}/")
            if number == len(self.recorded.commands) - 1 and self.replayed.frames[-1].name.endswith(
                "disconnect"
            ):
                break  # the controller of `bad_commands` goes on talking to a closed socket
            sock.sendall(text.encode())
        receiving.join(timeout=DEADLINE_S)
        watching.kill()
        sock.close()
        self._server.close()
        switch.stop()

    def _receive(self, sock: socket.socket) -> None:
        reader = FrameReader()
        while data := sock.recv(65_536):
            for frame in reader.feed(data, self._clock.now() - self._began):
                frame.headers = {
                    key: value.replace(self._directory, "/var/rec") for key, value in frame.headers.items()
                }
                frame.body = frame.body.replace(self._directory, "/var/rec")
                self.replayed.frames.append(frame)
            self._changed.set()

    def _watch_files(self) -> None:
        """Note how the files grow that the trace saw growing."""
        last: dict[str, tuple[int, bytes]] = {}
        paths = {seen.path for seen in self.recorded.files}
        while paths:
            for path in sorted(paths):
                real = Path(path.replace("/var/rec", self._directory))
                raw = real.read_bytes() if real.exists() else None
                seen = (-1, b"") if raw is None else (len(raw), raw[:60])
                if last.get(path) != seen:
                    last[path] = seen
                    now = self._clock.now() - self._began
                    self.replayed.files.append(FileSeen(now, path, *seen))
            gevent.sleep(0.02)

    def _await(self, frames: list[Frame]) -> None:
        wanted = Counter(frame.name for frame in frames if frame.name != "CHANNEL_PARK")
        with gevent.Timeout(DEADLINE_S, AssertionError(f"{self.name}: never got {wanted}")):
            while wanted - Counter(frame.name for frame in self.replayed.frames):
                self._changed.clear()
                self._changed.wait(timeout=0.5)


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Replay]:
    """All traces, replayed side by side; LATENESS says how late the machine was.

    They begin one after the other: thirty calls in the same millisecond would wait for each other.
    """
    directory = tmp_path_factory.mktemp("rec")
    found = {path.stem: Replay(path, directory) for path in TRACES}
    watch = gevent.spawn(measure_lateness)
    jobs = [gevent.spawn_later(0.08 * number, replay.run) for number, replay in enumerate(found.values())]
    gevent.joinall(jobs, timeout=DEADLINE_S, raise_error=True)
    watch.kill()
    return found


LATENESS = [0.0]


def measure_lateness() -> None:
    """How much longer than asked a sleep takes on this machine, at worst."""
    hub_clock = Clock()
    while True:
        before = hub_clock.now()
        gevent.sleep(0.01)
        LATENESS[0] = max(LATENESS[0], hub_clock.now() - before - 0.01)


def sequence(frames: list[Frame]) -> list[Frame]:
    """The frames whose order is not a race."""
    return [frame for frame in frames if frame.name not in ("CHANNEL_PARK", "notice linger")]


def names(frames: list[Frame]) -> list[str]:
    """What a sequence consists of."""
    return [frame.name for frame in sequence(frames)]


def decisive(frame: Frame) -> dict[str, str]:
    """The headers two equal frames share, random ids replaced by their kind."""
    chosen = {key: value for key, value in frame.headers.items() if DECISIVE.fullmatch(key)}
    if frame.name == "api/response":
        chosen["body"] = re.sub(r"\d+", "0", frame.body)
    return chosen


def mapped(frames: list[Frame], known: set[str]) -> list[dict[str, str]]:
    """Decisive headers of a sequence; ids that FreeSWITCH made up are numbered in order of appearance."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        value = match.group()
        return value if value in known else numbers.setdefault(value, f"<id {len(numbers)}>")

    return [
        {key: RANDOM.sub(number, ENGINE.sub("<engine>", value)) for key, value in decisive(frame).items()}
        for frame in sequence(frames)
    ]


@pytest.mark.parametrize("name", [path.stem for path in TRACES])
class TestTrace:
    """Each trace, compared from several sides."""

    def test_same_frames_in_the_same_order(self, replays: dict[str, Replay], name: str) -> None:
        """The simulator answers with the same messages in the same order."""
        replay = replays[name]
        assert names(replay.replayed.frames) == names(replay.recorded.frames)

    def test_same_decisive_headers(self, replays: dict[str, Replay], name: str) -> None:
        """Every header that decides something has the same value."""
        replay = replays[name]
        known = set(RANDOM.findall(b"".join(data for _, _, data in replay.recorded.commands).decode()))
        ours, theirs = mapped(replay.replayed.frames, known), mapped(replay.recorded.frames, known)
        for frame, mine, its in zip(sequence(replay.recorded.frames), ours, theirs, strict=False):
            assert mine == its, f"{frame.name} at {frame.t:.3f}"

    def test_same_header_names(self, replays: dict[str, Replay], name: str) -> None:
        """No message lacks a header that the real one has, or has one more."""
        replay = replays[name]
        pairs = zip(sequence(replay.replayed.frames), sequence(replay.recorded.frames), strict=False)
        for mine, its in pairs:
            assert set(mine.headers) == set(its.headers), its.name

    def test_same_measures(self, replays: dict[str, Replay], name: str) -> None:
        """Lengths of recordings and playbacks are the same to within a few frames.

        A playback cut off by a hangup counts what was read ahead, a whole block.
        """
        replay = replays[name]
        pairs = zip(sequence(replay.replayed.frames), sequence(replay.recorded.frames), strict=False)
        for mine, its in pairs:
            read_ahead = 2048 if its.headers.get("Answer-State") == "hangup" else 0
            if "variable_playback_ms" in its.headers:
                played = float(its.headers["variable_playback_ms"])
                assert float(mine.headers["variable_playback_ms"]) == pytest.approx(played, abs=read_ahead)
            for key, tolerance in MEASURED.items():
                if key in its.headers:
                    slop = tolerance + 8000 * LATENESS[0]
                    assert float(mine.headers[key]) == pytest.approx(float(its.headers[key]), abs=slop), key

    def test_same_timing(self, replays: dict[str, Replay], name: str) -> None:
        """Everything comes when it came, to within two slots.

        What commands cause is timed from the command before it; what the far end and the wall clock do,
        from the beginning.
        """
        replay = replays[name]
        theirs, ours = sequence(replay.recorded.frames), sequence(replay.replayed.frames)
        for at, (mine, its) in enumerate(zip(ours, theirs, strict=False)):
            place = replay.recorded.frames.index(its)
            before = [n for n, (first, _, _) in enumerate(replay.recorded.commands) if first <= place]
            command = min(before[-1], len(replay.sent_t) - 1)
            since_command = (mine.t - replay.sent_t[command]) - (its.t - replay.recorded.commands[command][1])
            since_start = mine.t - its.t
            slop = TIMING_S + 3 * LATENESS[0]
            assert min(abs(since_command), abs(since_start)) <= slop, (at, its.name)

    def test_linger_notice_comes_after_the_hangup(self, replays: dict[str, Replay], name: str) -> None:
        """The one frame whose place is a race is there once, and not before the hangup."""
        frames = replays[name].replayed.frames
        kinds = [frame.name for frame in frames]
        assert kinds.count("notice linger") == 1
        assert kinds.index("notice linger") > kinds.index("CHANNEL_HANGUP")
        recorded = next(f for f in replays[name].recorded.frames if f.name == "notice linger")
        assert frames[kinds.index("notice linger")].headers == recorded.headers


GROWING = [
    (path.stem, name) for path in TRACES for name in sorted({seen.path for seen in read_trace(path).files})
]


def first_life(files: list[FileSeen]) -> list[FileSeen]:
    """Up to the moment at which a file is begun anew."""
    sizes = [seen.size for seen in files]
    ends = [at for at in range(1, len(sizes)) if sizes[at] < sizes[at - 1]]
    return files[: ends[0]] if ends else files


def size_at(files: list[FileSeen], t: float) -> int:
    """How large a file was at that time."""
    return max((seen.size for seen in files if seen.t <= t), default=-1)


@pytest.mark.parametrize(("name", "path"), GROWING)
class TestGrowth:
    """Files, while they are recorded."""

    def files(
        self, replays: dict[str, Replay], name: str, path: str
    ) -> tuple[list[FileSeen], list[FileSeen]]:
        """What the simulator and FreeSWITCH made of one file."""
        replay = replays[name]
        ours = [seen for seen in replay.replayed.files if seen.path == path]
        return first_life(ours), first_life([seen for seen in replay.recorded.files if seen.path == path])

    def test_same_header_while_it_grows(self, replays: dict[str, Replay], name: str, path: str) -> None:
        """Lengths that say nothing, and the same format."""
        ours, theirs = self.files(replays, name, path)
        size = 44 if path.endswith(".wav") else 2
        growing = [[seen.head[:size] for seen in files if seen.size >= 44] for files in (ours, theirs)]
        assert growing[0][0] == growing[1][0]

    def test_same_growth(self, replays: dict[str, Replay], name: str, path: str) -> None:
        """Never more than a few frames ahead or behind, and in the same blocks."""
        ours, theirs = self.files(replays, name, path)
        late_s = 0.2 + 3 * LATENESS[0]
        for seen in ours:
            assert size_at(theirs, seen.t - late_s) <= seen.size + 1600
            assert seen.size <= size_at(theirs, seen.t + late_s) + 1600, seen.t

    def test_same_end(self, replays: dict[str, Replay], name: str, path: str) -> None:
        """As long in the end, and a header that says so."""
        ours, theirs = self.files(replays, name, path)
        slop = 3200 + 32_000 * LATENESS[0]
        assert ours[-1].size == pytest.approx(theirs[-1].size, abs=slop)
        if path.endswith(".wav"):
            for seen in (ours[-1], theirs[-1]):
                assert int.from_bytes(seen.head[4:8], "little") == seen.size - 8
                assert int.from_bytes(seen.head[40:44], "little") == seen.size - 44
