"""Documents run on a scripted channel, with nothing around them but a library of documents by their URLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent

from calls.call import Call
from swml.compiling import load
from swml.document import Script
from swml.errors import DocumentNotFetched
from swml.run import Facilities
from swml.runner import ScriptEnd, ScriptRunner
from tests.calls.scripted_switch import ScriptedSwitch
from tests.swml.stage import Told

NOT_ASKED: Any = None
"""In place of what no document here needs."""


@dataclass
class Library:
    """A fetcher of documents that are here. Attributes: asked: (URL, payload) in order."""

    documents: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def fetch(self, url: str, payload: Mapping[str, Any], call: Call | None = None) -> Script:
        """Return a document; of one that is not here, what a server that is down would be told as."""
        if call is not None and call.end is not None:
            raise call.end.error()
        self.asked.append((url, dict(payload)))
        if url not in self.documents:
            raise DocumentNotFetched(f"{url}: nobody answers")
        return load(self.documents[url], url)


class Scripts:
    """Runs documents. Attributes: library; told: what outsiders were told; switch: of the call run last."""

    def __init__(self, envs: Mapping[str, str] | None = None) -> None:
        self.library = Library()
        self.told = Told()
        self.facilities = Facilities(
            config=NOT_ASKED,
            recorder=NOT_ASKED,
            links=NOT_ASKED,
            notices=self.told,
            fetcher=self.library,  # type: ignore[arg-type]  # it fetches, and nothing else is asked of it
            media_dir=Path("/nowhere"),
            node="node-1",
            project_id="project-1",
            space_id="space-1",
            envs=envs or {},
        )
        self.switch = ScriptedSwitch()

    def run(
        self, source: str, *, params: Mapping[str, Any] | None = None, switch: ScriptedSwitch | None = None
    ) -> ScriptEnd:
        """Run a document on a call that was not answered yet."""
        self.switch = switch or ScriptedSwitch({}, Caller_Caller_ID_Number="+15551230000")
        end = ScriptRunner(self.facilities).run(self.switch.call(), source, params=params)
        for _ in range(3):
            gevent.idle()  # the channel takes up what was not waited for
        return end

    def value(self, source: str, **options: Any) -> Any:
        """Run a document that comes to its end, and return what it returned."""
        end = self.run(source, **options)
        assert end.error is None, str(end.error)
        return end.value


def main(*steps: str) -> str:
    """A document with one section, of steps in YAML's short form."""
    return "sections:\n  main:\n" + "".join(f"    - {step}\n" for step in steps)
