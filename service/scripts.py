"""SWML of one engine process: what scripts use is built here, once; calls run them by it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from calls.call import Call
from calls.leg_door import LegDoor
from calls.program import Exit, ProgramEnd
from calls.tap import Taps
from config.configuration import Configuration
from config.settings import Settings
from recording.call_recorder import CallRecorder
from recording.processing.engine import NO_SETTINGS
from storage.address import AddressPolicy
from swml.compiling import load
from swml.document import Script
from swml.errors import BadDocument, DocumentNotFetched
from swml.fetching import Fetcher
from swml.recognizing import Recognizer
from swml.run import Facilities, Notices, RecordingLinks
from swml.runner import How, ScriptRunner
from swml.web import Web

EXITS = {
    How.FINISHED: Exit.DONE,
    How.HUNG_UP: Exit.HANG_UP,
    How.LEFT: Exit.LEFT,
    How.FAILED: Exit.HANG_UP,
    How.GONE: Exit.HANG_UP,
}

KB = 1000


class Scripts:
    """Runs SWML on calls; see calls.program.Program.

    Args: speech_settings: what operators say of a transcript engine, by its name.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        config: Configuration,
        recorder: CallRecorder,
        links: RecordingLinks,
        notices: Notices,
        speech_settings: Callable[[str], Mapping[str, Any]] = lambda _: NO_SETTINGS,
    ) -> None:
        swml = settings.swml
        addresses = AddressPolicy([str(network) for network in settings.outbox.allow_networks])
        longest_s = max(swml.fetch_timeout_s, swml.request_timeout_s)
        self._web = Web(addresses, longest_s=longest_s)
        self._recognizer = Recognizer(speech_settings)
        self._legs = LegDoor(settings.freeswitch.listen.host)
        self._runner = ScriptRunner(
            Facilities(
                config=config,
                recorder=recorder,
                links=links,
                notices=notices,
                fetcher=Fetcher(
                    self._web,
                    load,
                    timeout_s=swml.fetch_timeout_s,
                    max_bytes=swml.document_limit_kb * KB,
                    request_timeout_s=swml.request_timeout_s,
                ),
                media_dir=settings.freeswitch.recordings_dir,
                node=settings.freeswitch.node_name,
                project_id=swml.project_id,
                space_id=swml.space_id,
                envs={name: os.environ[name] for name in swml.environment if name in os.environ},
                addresses=addresses,
                taps=Taps(addresses),
                legs=self._legs,
                recognizer=self._recognizer,
            )
        )

    def stop(self) -> None:
        """Let no leg in any more that a script dialled, and end what is done outside of calls for scripts.

        The scripts themselves end with their calls.
        """
        self._legs.stop()
        self._recognizer.close()
        self._web.close()

    def run(self, call: Call, data: Mapping[str, Any]) -> ProgramEnd:
        """Run the document at `data["url"]`, or the one that is `data["document"]` (text, or an object)."""
        document = data.get("document")
        try:
            source = data["url"] if document is None else _script(document)
            end = self._runner.run(call, source)
        except (BadDocument, DocumentNotFetched) as exc:
            call.log.warning("script_not_run", reason=str(exc), outcome="the call goes on without it")
            return ProgramEnd(Exit.FAILED)
        return ProgramEnd(EXITS[end.how], recordings=end.recordings)


def _script(document: Any) -> Script:
    """Return the script of a document that stands in another, by the bounds of any. Raises: BadDocument."""
    return load(document if isinstance(document, str) else json.dumps(document, default=str))
