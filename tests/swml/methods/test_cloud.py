"""Methods that are services of the language's maker."""

from __future__ import annotations

import pytest

from swml.compiling import compile_document
from swml.errors import BadDocument, MethodUnavailable
from swml.method import Support
from swml.registry import all_methods
from swml.runner import ScriptRunner
from tests.calls.scripted_switch import ScriptedSwitch
from tests.swml.scripts import Scripts

REQUIRED = {
    "ai": {"prompt": {"text": "Hello."}},
    "amazon_bedrock": {"prompt": {"text": "Hello."}},
    "join_room": {"name": "lobby"},
    "live_transcribe": {"action": "stop"},
    "live_translate": {"action": "stop"},
    "pay": {"payment_connector_url": "https://pay.example.test"},
    "send_fax": {"document": "https://example.test/fax.pdf"},
    "send_sms": {"to_number": "+1", "from_number": "+2", "body": "Hello."},
}
CLOUD = [name for name, method in all_methods() if method.support is Support.CLOUD]


@pytest.mark.parametrize("name", CLOUD)
def test_it_is_told_beforehand_and_ends_the_script(scripts: Scripts, name: str) -> None:
    """By name, with nothing done before it."""
    script = compile_document({"sections": {"main": [{name: REQUIRED.get(name, {})}]}})
    assert [finding.is_fault for finding in script.findings] == [False]
    switch = ScriptedSwitch()
    end = ScriptRunner(scripts.facilities).run(switch.call(), script)
    assert isinstance(end.error, MethodUnavailable)
    assert str(end.error).startswith(f"main[0].{name}: {name} needs its maker's cloud")
    assert switch.names == ["hangup"]


def test_a_message_needs_something_in_it() -> None:
    """A text or a picture."""
    step = {"send_sms": {"to_number": "+1", "from_number": "+2"}}
    with pytest.raises(BadDocument, match=r"main\[0\]\.send_sms: needs a body or media"):
        compile_document({"sections": {"main": [step]}})
