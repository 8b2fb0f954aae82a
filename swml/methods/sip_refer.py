"""Has the caller's telephone call somebody else: SIP's REFER.

| variable | |
|---|---|
| `sip_refer_to` | whom |
| `sip_refer_result`, `return_value` | `success`, `busy`, `no-answer`, `canceled`, `failed` |
| `sip_refer_response_code` | the telephone's answer to REFER, removed when there was none |
| `sip_refer_to_response_code` | what became of the call it made, removed when that was never told |

After a success telephones hang up, which ends the script; one that was refused goes on. A call that is not
answered is sent on with 302 instead, and is over.
Source: SignalWire's SWML reference, sip_refer; the words for what failed are those of its sister, cXML's
Refer.
"""

from __future__ import annotations

from typing import Final

from calls.destination import parse_destination
from calls.errors import CallGone, NotDialable
from calls.refer import Referral, ReferResult, refer
from swml.method import Data, Method, Outcome
from swml.properties import MethodData, text, web_url
from swml.run import ScriptRun

EVENT_TYPE: Final = "calling.call.refer"
CANCELED: Final = "canceled"
_WORDS = {
    ReferResult.SUCCESS: "success",
    ReferResult.REDIRECTED: "success",
    ReferResult.FAILED: "failed",
    ReferResult.NO_ANSWER: "no-answer",
}
_TARGET_WORDS = {486: "busy", 600: "busy", 487: "no-answer"}


class SipReferData(MethodData):
    """Whom it is to call."""

    to_uri = text("A SIP address: sip:user@host.", required=True)
    status_url = web_url("Where to tell what came of it.")
    username = text("For SIP authentication, where REFER is challenged.", default="")
    password = text("For SIP authentication.", default="")


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Refer, say what came of it."""
    try:
        referral = _refer(run, data)
    except NotDialable as exc:
        run.log.warning("not_referred", reason=str(exc))
        referral = Referral(ReferResult.FAILED)
    except CallGone:
        _conclude(run, data, CANCELED, Referral(ReferResult.FAILED))
        raise
    word = _WORDS[referral.result]
    if referral.result is ReferResult.FAILED:
        word = _TARGET_WORDS.get(referral.target_code, word)
    _conclude(run, data, word, referral)
    if run.call.end is not None:
        raise run.call.end.error()
    return None


def _refer(run: ScriptRun, data: Data) -> Referral:
    """Raises: NotDialable, CallGone."""
    to = parse_destination(data["to_uri"])
    if not data["username"]:
        return refer(run.call, to)
    run.call.set({"sip_auth_username": data["username"], "sip_auth_password": data["password"]})
    referral = refer(run.call, to)
    if run.call.end is None:
        run.call.set({"sip_auth_username": "", "sip_auth_password": ""})
    return referral


def _conclude(run: ScriptRun, data: Data, word: str, referral: Referral) -> None:
    run.log.info("referred", result=word, code=referral.code, target_code=referral.target_code)
    run.variables.set("sip_refer_to", data["to_uri"])
    run.variables.set("sip_refer_result", word)
    run.variables.set("return_value", word)
    params = {
        "call_id": run.call.uuid,
        "node_id": run.facilities.node,
        "sip_refer_to": data["to_uri"],
        "state": word,
    }
    for variable, field, code in (
        ("sip_refer_response_code", "sip_refer_response_code", referral.code),
        ("sip_refer_to_response_code", "sip_notify_response_code", referral.target_code),
    ):
        if code:
            run.variables.set(variable, str(code))
            params[field] = str(code)
        else:
            run.variables.unset(variable)
    run.callback(data["status_url"] or "", EVENT_TYPE, params)


METHOD = Method(
    schema=SipReferData,
    run=run,
    summary="Has the caller's telephone call somebody else.",
)
