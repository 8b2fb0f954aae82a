"""Answers a call. Source: Telnyx' call control, answer."""

from __future__ import annotations

from callcontrol import unused
from callcontrol.command import Command, Data, Invocation
from callcontrol.errors import Forbidden
from callcontrol.field import Flag
from callcontrol.parting import SILENCE
from callcontrol.recording_start import RecordFromAnswerData, asked_for, start
from callcontrol.sip_headers import Message, assignments, custom_headers, sip_headers
from callcontrol.token import Scope
from callcontrol.unused import CloudData, Unused
from callcontrol.webhook_fields import overrides, webhook_url, webhook_url_method, webhook_urls


class AnswerData(RecordFromAnswerData, CloudData):
    """Parameters of answer."""

    webhook_url = webhook_url()
    webhook_url_method = webhook_url_method()
    webhook_urls = webhook_urls()
    custom_headers = custom_headers("Put into the SIP response that answers.")
    sip_headers = sip_headers("Put into the SIP response that answers.")
    send_silence_when_idle = Flag("Silence is sent while nothing else is.")
    preferred_codecs = Unused()


def run(invocation: Invocation, data: Data) -> dict[str, str]:
    """Have FreeSWITCH answer at once, whatever the leg is doing; one that is answered stays so.

    Returns: the recording's id where one was asked for. Raises: CallEnded; Forbidden: a key that may not
    record.
    """
    recording = asked_for(data)
    if recording and not invocation.token.allows(Scope.RECORD):
        raise Forbidden(Scope.RECORD)
    channel = invocation.channel
    before = assignments(channel, Message.RESPONSE, data["custom_headers"], data["sip_headers"])
    told = overrides(data)
    if data["send_silence_when_idle"]:
        told |= SILENCE
    if told:
        before.append(channel.setting(told))
    for name in unused.given(AnswerData, data):
        invocation.log.info("parameter_unused", parameter=name)
    channel.run(*before, channel.of("uuid_answer"))
    if recording is None:
        return {}
    return {"recording_id": start(invocation, invocation.snapshot(), recording, on_answer=True)}


COMMAND = Command(
    schema=AnswerData,
    scope=Scope.CONTROL,
    run=run,
    summary="Answer an incoming call",
    webhooks=("call.answered",),
)
