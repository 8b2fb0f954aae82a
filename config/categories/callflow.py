"""system_config/callflow: the engine's own limits and defaults. Source: Kazoo callflow, cf_voicemail."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import flag, group, text, texts, whole


class CallRecording(Schema):
    """Recordings started by callflows."""

    extension = text("mp3", "Format of a recording whose callflow names none.", one_of=("mp3", "wav"))


class Voicemail(Schema):
    """Voicemail boxes."""

    extension = text("mp3", "Format of messages.", one_of=("mp3", "mp4", "wav"))
    max_message_count = whole(100, "Messages a box holds; 0 for no limit.", low=0, high=100_000)
    max_message_length = whole(500, "The longest message.", low=1, high=10_800, unit="s")
    min_message_size = whole(500, "Shorter messages are dropped.", low=0, high=60_000, unit="ms")
    message_retention_duration = whole(93, "How long messages are kept.", low=0, high=36_500, unit="days")
    max_box_number_length = whole(15, "Digits of a box number.", low=1, high=30)
    max_pin_length = whole(6, "Digits of a pin.", low=1, high=30)
    max_login_attempts = whole(3, "Wrong pins before the caller is sent away.", low=1, high=100)
    force_require_pin = flag("Ask everybody for a pin, whatever the box says.", default=False)
    save_after_notify = flag("Mark a message as saved once it was mailed.", default=False)
    delete_after_notify = flag("Delete a message once it was mailed.", default=False)
    is_voicemail_ff_rw_enabled = flag("Let callers wind messages.", default=False)
    seek_duration_ms = whole(10000, "How far one key winds.", low=0, high=3_600_000, unit="ms")
    transcribe_default = flag("Transcribe messages unless the box says otherwise.", default=False)
    vm_message_forward_type = text(
        "only_forward",
        "Whether a comment may be put before a forwarded message.",
        one_of=("only_forward", "prepend_forward"),
    )
    vm_delete_amqp = flag("Announce deletions on AMQP.", default=False, kazoo_only=True)
    migrate_interaccount_delay_ms = whole(
        2000, "Pause of Kazoo's migration.", low=0, high=3_600_000, unit="ms", kazoo_only=True
    )
    migrate_max_bulk_insert = whole(
        2000, "Documents of one migration write.", low=1, high=100_000, kazoo_only=True
    )
    migrate_max_worker = whole(10, "Workers of Kazoo's migration.", low=1, high=1000, kazoo_only=True)


class Callflow(Schema):
    """Keys of the callflow document."""

    max_branch_count = whole(
        50,
        "Branches a call may take to other callflows, so that two that name each other end.",
        low=1,
        high=10_000,
    )
    post_answer_delay = whole(
        100,
        "Pause between answering and the first sound, which phones would cut off.",
        low=0,
        high=10_000,
        unit="ms",
    )
    call_recording = group(CallRecording)
    voicemail = group(Voicemail)
    ring_ready_offnet = flag("Let callers from outside hear ringing before anything is played.", default=True)
    allow_authz_context_overrides = flag(
        "Let calls of the contexts below reach the no_match callflow.", default=False
    )
    authz_contexts = texts([], "Dialplan contexts whose calls count as the account's own.")
    default_use_account_caller_id = flag(
        "Whether disa dials out under the account's caller id.", default=True
    )
    default_pin_length = whole(10, "Digits of a disa pin.", low=1, high=64)
    operator_key = text("0", "Key that leaves voicemail for the operator.", one_of=tuple("0123456789*#"))
    fax_detect_duration_s = whole(5, "How long fax_detect listens.", low=1, high=120, unit="s")
    ensure_valid_caller_id = flag(
        "Let only numbers of the account be caller ids to the outside.", default=False
    )
    singular_call_hook_url = text(
        "", 'Told of the start and end of each call by POST; "" for none.', like=r"(?:https?://[^\s]+)?"
    )
    calls_consume_tokens = flag(
        "Whether calls take from Kazoo's token buckets.", default=True, kazoo_only=True
    )
    min_bucket_cost = whole(5, "Tokens of a call.", low=0, high=100_000, kazoo_only=True)
    should_dry_run_token_restrictions = flag("Log empty buckets only.", default=False, kazoo_only=True)
    route_win_timeout = whole(
        3000, "Wait for winning a call.", low=1, high=600_000, unit="ms", kazoo_only=True
    )
    mwi_send_unsolicited_updates = flag("Send unasked message counts.", default=True, kazoo_only=True)
    dialog_subscribed_mwi_prefix = text(None, "Prefix of subscriptions to message counts.", kazoo_only=True)
    vm_delete_amqp = flag("Announce deletions of messages on AMQP.", default=False, kazoo_only=True)
    callflow_listeners = whole(5, "Listeners on AMQP.", low=1, high=1000, kazoo_only=True)
    callflow_event_listeners = whole(5, "Event listeners on AMQP.", low=1, high=1000, kazoo_only=True)
    pool_size = whole(150, "AMQP workers.", low=1, high=100_000, kazoo_only=True)
    pool_overflow = whole(100, "AMQP workers on top.", low=0, high=100_000, kazoo_only=True)
    pool_threshold = whole(5, "Unsettled requests before a warning.", low=0, high=100_000, kazoo_only=True)
    pool_server_confirms = flag("Whether AMQP confirms publishing.", default=False, kazoo_only=True)


CATEGORY = Category("callflow", Callflow, "The engine's own limits and defaults.")
