"""Command ids: a command that comes a second time for the same call is not run again.

The ids of a call's last commands stand in one of its channel variables, so that any process knows them, also
one that has just started. A variable cannot be changed under a condition, so while one process reads and
writes it the call is claimed in the table of mod_hash, whose `insert_ifempty` has one winner. A claim lives
for two writes on a connection; one that is older than CLAIM_S belongs to a process that died, and is taken
over.

    claim + read (one write)  --known-->  repeated: the claim is given back
                              --new-->    write + give back (one write, ahead of the command itself)

A command that certainly did nothing is forgotten again, so that the client may try once more with the same
id. One of which nothing is known stays: rather once at most than twice.

Source: FreeSWITCH mod_hash.c (hash_api_function; values live as long as FreeSWITCH, as do its calls).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gevent
import structlog
from gevent.lock import Semaphore

from callcontrol import variables
from callcontrol.channel import REPLY_TIMEOUT_S, LiveChannel, reply_of, value_of
from callcontrol.errors import Unanswered
from esl import command
from esl.errors import CommandRefused, LinkLost, ReplyTimeout

KEPT = 50
"""Ids remembered of a call; every event of it carries them, at 13 bytes each."""

CLAIM_S = 5.0
"""How old a claim gets before another process takes it over; a living one needs a millisecond."""

PATIENCE_S = 2.0
RETRY_S = 0.005
MAX_RESULTS = 10_000

Result = Mapping[str, Any]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A call that is claimed. `key`: in the table, `value`: ours; both "" where there is no table."""

    key: str
    value: str
    known: tuple[str, ...]


class CommandIds:
    """Knows which commands have been run.

    Results of this process' own commands are remembered besides, so that a repetition gets the very answer,
    and one of `hangup`, whose call is gone, gets one at all. Args: now: epoch seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._results: OrderedDict[tuple[str, str], Result] = OrderedDict()
        self._locks: dict[str, tuple[Semaphore, int]] = {}
        self._has_table = True

    def run(self, channel: LiveChannel, command_id: str, work: Callable[[], Result]) -> Result:
        """Do the work unless it was done before under this id; return its result, {} where that is not known.

        Raises: ApiError.
        """
        if not command_id:
            return work()
        digest = digest_of(command_id)
        with _Held(self._locks, channel.uuid):
            before = self._results.get((channel.uuid, digest))
            if before is not None:
                return before
            if not self._enter(channel, digest):
                return {}
            result = self._try(channel, digest, work)
        self._results[channel.uuid, digest] = result
        if len(self._results) > MAX_RESULTS:
            self._results.popitem(last=False)
        return result

    def _try(self, channel: LiveChannel, digest: str, work: Callable[[], Result]) -> Result:
        try:
            return work()
        except Unanswered:
            raise  # it may have happened
        except Exception:
            self._leave(channel, digest)
            raise

    def _enter(self, channel: LiveChannel, digest: str) -> bool:
        """Remember an id; return whether it is new."""
        claim = self._claim(channel)
        is_new = digest not in claim.known
        self._release(channel, claim, (*claim.known, digest)[-KEPT:] if is_new else claim.known)
        return is_new

    def _leave(self, channel: LiveChannel, digest: str) -> None:
        """Forget an id; a call that is over has forgotten it already."""
        try:
            claim = self._claim(channel)
            self._release(channel, claim, tuple(one for one in claim.known if one != digest))
        except Exception as exc:  # noqa: BLE001 - the failure that led here is the one to be told
            log.info("command_id_not_forgotten", uuid=channel.uuid, reason=str(exc))

    def _claim(self, channel: LiveChannel) -> _Claim:
        """Claim a call and read its ids. Raises: CallEnded; Unanswered: another process keeps it claimed."""
        deadline_s = time.monotonic() + PATIENCE_S
        key = f"callcontrol/{hashlib.sha256(channel.uuid.encode()).hexdigest()[:32]}"
        value = f"{int(self._now() * 1000)}-{secrets.token_hex(4)}"
        while True:
            reading = channel.of("uuid_getvar", variables.COMMANDS)
            if not self._has_table:
                return _Claim("", "", _ids(channel.run(reading)[0]))
            claimed, read = channel.post(command.api("hash", f"insert_ifempty/{key}/{value}"), reading)
            is_ours = self._is_claimed(claimed)
            try:
                known = _ids(reply_of(read))
            except Exception:
                if is_ours:
                    channel.post(command.api("hash", f"delete_ifmatch/{key}/{value}"))
                raise
            if is_ours:
                return _Claim(key, value, known)
            if self._has_table and time.monotonic() > deadline_s:
                raise Unanswered
            self._take_over(channel, key)

    def _is_claimed(self, reply: Any) -> bool:
        try:
            reply.get(REPLY_TIMEOUT_S)
        except CommandRefused as exc:
            if "already exists" not in exc.reply:
                self._has_table = False
                remedy = "load mod_hash, or run one process beside each FreeSWITCH"
                log.warning("command_ids_not_claimed", reason=exc.reply, remedy=remedy)
            return False
        except (LinkLost, ReplyTimeout) as exc:
            raise Unanswered from exc
        return True

    def _take_over(self, channel: LiveChannel, key: str) -> None:
        """Wait a moment, or take a claim away from a process that died."""
        if not self._has_table:
            return
        held = channel.run(command.api("hash", f"select/{key}"))[0]
        since_ms = held.partition("-")[0]
        if since_ms.isdecimal() and self._now() * 1000 - int(since_ms) > CLAIM_S * 1000:
            log.warning("command_ids_claim_taken_over", uuid=channel.uuid)
            channel.post(command.api("hash", f"delete_ifmatch/{key}/{held}"))
        else:
            gevent.sleep(RETRY_S)

    def _release(self, channel: LiveChannel, claim: _Claim, ids: tuple[str, ...]) -> None:
        """Write the ids where they changed, and give the claim back; what is sent later finds both done."""
        commands = []
        if ids != claim.known:
            commands.append(channel.setting({variables.COMMANDS: ".".join(ids)}))
        if claim.key:
            commands.append(command.api("hash", f"delete_ifmatch/{claim.key}/{claim.value}"))
        if commands:
            channel.post(*commands)


class _Held:
    """A call's lock within this process, there only while somebody holds or awaits it."""

    def __init__(self, locks: dict[str, tuple[Semaphore, int]], uuid: str) -> None:
        self._locks = locks
        self._uuid = uuid

    def __enter__(self) -> None:
        lock, users = self._locks.get(self._uuid) or (Semaphore(), 0)
        self._locks[self._uuid] = (lock, users + 1)
        lock.acquire()

    def __exit__(self, *exc: object) -> None:
        lock, users = self._locks[self._uuid]
        if users == 1:
            del self._locks[self._uuid]
        else:
            self._locks[self._uuid] = (lock, users - 1)
        lock.release()


def digest_of(command_id: str) -> str:
    """Return what is remembered of an id: 12 characters that every reader of FreeSWITCH leaves alone."""
    return urlsafe_b64encode(hashlib.sha256(command_id.encode("utf-8", "replace")).digest()[:9]).decode()


def _ids(answer: str) -> tuple[str, ...]:
    return tuple(filter(None, value_of(answer).split(".")))
