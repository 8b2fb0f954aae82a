"""The channel variables in which a call carries what call control must remember of it.

FreeSWITCH is the state of a live call: a process that has just started reads there what another wrote. A SIP
peer can set none of them; it sets `sip_h_...` only.
"""

from __future__ import annotations

ACCOUNT = "callcontrol_account_id"
"""Whose call it is, once call control has to do with it; "" of others."""

CONNECTION = "callcontrol_connection_id"
"""The connection, whose webhooks tell of it."""

PARKED = "callcontrol_parked"
"""`true` on a call that a callflow holds for commands; call.initiated says so."""

CLIENT_STATE = "callcontrol_client_state"
"""What the client wants to find in every further webhook, in base64 as it came."""

SESSION = "callcontrol_session_id"
"""call_session_id, where it is not the leg's own Channel-Call-UUID: exported to legs dialled for it."""

WEBHOOK = "callcontrol_webhook"
"""Where webhooks of this call go instead (packed; see callcontrol.channel.packed)."""

COMMANDS = "callcontrol_commands"
"""Digests of the last command ids, the oldest first, with `.` between them."""

FROM = "callcontrol_from"
TO = "callcontrol_to"
"""Who calls whom, as a client said it: FreeSWITCH turns both round on a leg that it parks."""

SUPERVISES = "callcontrol_supervises"
"""The leg that this one supervises."""

VERBOSE = "execute_on_answer_callcontrol"
"""Has a leg's events all carry its variables once it is answered: digits, too, are told by them. FreeSWITCH
runs what every variable with this prefix says. Source: switch_channel.c, switch_channel_execute_on.
"""

VERBOSE_APPLICATION = "verbose_events"
