"""The categories against facts of Kazoo: names, types and defaults of its keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.catalogue import discover
from config.fields import FlagField, ObjectField, TextField, WholeField

CATEGORIES = discover()
KINDS: dict[str, Any] = {
    "integer": WholeField,
    "boolean": FlagField,
    "string": TextField,
    "object": ObjectField,
}

# Category, key, type, default; from Kazoo's own schemas of system_config.
KAZOO_FACTS = """
callflow allow_authz_context_overrides boolean false
callflow authz_contexts array []
callflow call_recording.extension string "mp3"
callflow callflow_event_listeners integer 5
callflow callflow_listeners integer 5
callflow calls_consume_tokens boolean true
callflow default_pin_length integer 10
callflow default_use_account_caller_id boolean true
callflow dialog_subscribed_mwi_prefix string null
callflow ensure_valid_caller_id boolean false
callflow fax_detect_duration_s integer 5
callflow max_branch_count integer 50
callflow min_bucket_cost integer 5
callflow mwi_send_unsolicited_updates boolean true
callflow operator_key string "0"
callflow pool_overflow integer 100
callflow pool_server_confirms boolean false
callflow pool_size integer 150
callflow pool_threshold integer 5
callflow post_answer_delay integer 100
callflow ring_ready_offnet boolean true
callflow route_win_timeout integer 3000
callflow should_dry_run_token_restrictions boolean false
callflow singular_call_hook_url string ""
callflow vm_delete_amqp boolean false
callflow voicemail.delete_after_notify boolean false
callflow voicemail.extension string "mp3"
callflow voicemail.force_require_pin boolean false
callflow voicemail.is_voicemail_ff_rw_enabled boolean false
callflow voicemail.max_box_number_length integer 15
callflow voicemail.max_login_attempts integer 3
callflow voicemail.max_message_count integer 100
callflow voicemail.max_message_length integer 500
callflow voicemail.max_pin_length integer 6
callflow voicemail.message_retention_duration integer 93
callflow voicemail.migrate_interaccount_delay_ms integer 2000
callflow voicemail.migrate_max_bulk_insert integer 2000
callflow voicemail.migrate_max_worker integer 10
callflow voicemail.min_message_size integer 500
callflow voicemail.save_after_notify boolean false
callflow voicemail.seek_duration_ms integer 10000
callflow voicemail.transcribe_default boolean false
callflow voicemail.vm_delete_amqp boolean false
callflow voicemail.vm_message_forward_type string "only_forward"
ecallmgr allow_endless_recording boolean false
ecallmgr default_fax_extension string ".tiff"
ecallmgr default_realm string "nodomain.com"
ecallmgr default_recording_extension string ".mp3"
ecallmgr default_ringback string "%(2000,4000,440,480)"
ecallmgr fax_file_path string "/tmp/"
ecallmgr freeswitch_context string "context_2"
ecallmgr max_channel_uptime_s integer 0
ecallmgr multivar_separator string "~"
ecallmgr node_commands.send_http.delete_on_success boolean false
ecallmgr record_sample_rate integer 8000
ecallmgr record_stereo_sample_rate integer 16000
ecallmgr record_waste_resources boolean false
ecallmgr recording_file_path string "/tmp/"
ecallmgr recording_software_name string "2600Hz, Inc.'s Kazoo"
ecallmgr redirect_via_proxy boolean true
ecallmgr sanitize_fs_value_regex string "[^0-9\\\\w\\\\s-]"
ecallmgr should_detect_inband_dtmf boolean false
ecallmgr use_bypass_media_after_bridge boolean false
ecallmgr use_http_cache boolean true
ecallmgr use_shout boolean false
ecallmgr use_vlc boolean false
media authenticated_playback boolean false
media authenticated_store boolean true
media call_recording.extension string "mp3"
media call_recording.storage_retry_times integer 5
media call_recording.workers integer 1
media distributed_proxy object null
media fix_media_names boolean true
media max_recording_time_limit integer 10800
media normalize_destination_args string "-r 8000"
media normalize_executable string "sox"
media normalize_source_args string ""
media proxy_hostname string null
media proxy_ip string null
media proxy_listeners integer 25
media proxy_password string ""
media proxy_port integer 24517
media proxy_store_acls array ["127.0.0.0/24"]
media proxy_store_authenticate boolean true
media proxy_username string ""
media record_min_sec integer 0
media ssl_cert string null
media ssl_key string null
media ssl_password string ""
media ssl_port integer 24518
media store_recordings boolean false
media support_account_overrides boolean true
media use_https boolean false
media use_plaintext boolean true
media use_ssl_proxy boolean false
call_command application_timeout integer 500000
call_command bridge_timeout_extended_ms integer 20000
call_command collect_timeout integer 5000
call_command digit_timeout integer 3000
call_command export_bridge_variables array ["hold_music"]
call_command interdigit_timeout integer 2000
call_command message_timeout integer 5000
call_command unknown_cid_name string "unknown"
call_command store_file.*.retries integer 5
call_command store_file.*.save_timeout_ms integer 300000
callflow.call_forward callfwd_number_timeout integer 8000
callflow.call_forward keys.menu_change_number string "2"
callflow.call_forward keys.menu_toggle_option string "1"
callflow.call_forward max_callfwd_number_length integer 20
callflow.call_forward min_callfwd_number_length integer 3
callflow.dynamic_cid accept_prompt string "tone_stream://%(250,50,440)"
callflow.dynamic_cid default_prompt string "dynamic-cid-enter_cid"
callflow.dynamic_cid max_digits integer 10
callflow.dynamic_cid min_digits integer 10
callflow.dynamic_cid reject_prompt string "dynamic-cid-invalid_using_default"
callflow.dynamic_cid whitelist_regex string "\\\\d+"
callflow.hotdesk max_hotdesk_id_length integer 10
callflow.hotdesk max_login_attempts integer 3
callflow.hotdesk max_pin_length integer 6
callflow.menu min_greeting_length integer 1500
callflow.park db_doc_name string "parked_calls"
callflow.park default_callback_timeout integer 30000
callflow.park default_ringback_timeout integer 120000
callflow.park parked_presence_type string "early"
callflow.park valet_reservation_cleanup_time_ms integer 3000
callflow.resources default_asserted_identity boolean false
callflow.resources default_emit_account_id boolean false
kazoo_endpoint build_metaflows boolean false
kazoo_endpoint custom_sip_interface string null
kazoo_endpoint default_caller_id_name string null
kazoo_endpoint default_caller_id_number string null
kazoo_endpoint default_can_text_self boolean true
kazoo_endpoint default_ignore_completed_elsewhere boolean true
kazoo_endpoint endpoint_module string "kz_endpoint_v5"
kazoo_endpoint restrict_to_known_types boolean false
kazoo_endpoint should_add_diversion_header boolean false
kazoo_endpoint sip_transport string null
konami transfer.default_takeback_dtmf string "*1"
konami transfer.default_target_timeout_ms integer 20000
konami use_fast_rearm boolean false
metaflows binding_digit string "*"
metaflows default_metaflow object {}
metaflows digit_timeout_ms integer 800
metaflows listen_on string "a"
metaflows numbers object {"2": {"data": {"text": "hi"}, "module": "say"}}
metaflows patterns object {"^2$": {"data": {"text": "hi"}, "module": "say"}}
number_manager reconcile_regex string "^(\\\\+?1)?\\\\d{10}$|^\\\\+[2-9]\\\\d{7,}$|^011\\\\d*$|^00\\\\d*$"
number_manager unauthorized_numbers_lookup boolean false
number_manager converters array ["regex"]
speech tts_language string "en-us"
speech tts_provider string "flite"
speech tts_voice string "male"
accounts default_timezone string "America/Los_Angeles"
acdc default_agent_pause_timeout integer 600
"""

# Keys of Kazoo's code that its schemas leave out or give no default.
CODE_FACTS = """
media default_language string "en-us"
media third_party_bigcouch_host string null
media third_party_bigcouch_port integer 5984
media bigcouch_host string null
media bigcouch_port integer null
media use_bigcouch_direct boolean true
media proxy_ssl_port integer 24518
"""

FACTS = [line.split(" ", 3) for line in (KAZOO_FACTS + CODE_FACTS).splitlines() if line]


@pytest.mark.parametrize(
    ("category", "path", "kind", "default"), FACTS, ids=[" ".join(fact[:2]) for fact in FACTS]
)
def test_keys_have_kazoos_names_types_and_defaults(category: str, path: str, kind: str, default: str) -> None:
    """An existing Kazoo database means here what it means there."""
    key = CATEGORIES.key(category, path.split("."))
    assert key.default == json.loads(default)
    if kind in KINDS:
        assert isinstance(key.field, KINDS[kind])


def test_the_facts_cover_every_key() -> None:
    """A key that is not in the table above is of our own making, or a slip of the pen."""
    told = {(category, path) for category, path, *_ in FACTS}
    known = {(name, key.dotted) for name in CATEGORIES.names() for key in CATEGORIES.keys(name)}
    elsewhere = {
        ("call_command", "reserved_ccv_keys"),
        ("number_manager", "classifiers"),
        ("number_manager", "e164_converters"),
    }
    ours = {("media", f"third_party_bigcouch_{each}") for each in ("user", "password", "https")}
    assert {
        each for each in known - told if each[0] not in ("call_response", "recording", "dialling")
    } == elsewhere | ours


@pytest.mark.parametrize("name", CATEGORIES.names())
def test_every_default_is_a_good_value_of_its_key(name: str) -> None:
    """No default would be refused if somebody wrote it down, and each key explains itself."""
    for key in CATEGORIES.keys(name):
        assert key.doc
        if key.default is not None:
            assert key.read(key.stored(key.default)) == key.default


@pytest.mark.parametrize(
    ("cause", "code", "message", "media"),
    [
        ("UNALLOCATED_NUMBER", 404, "No route to destination", "fault-can_not_be_completed_as_dialed"),
        ("USER_BUSY", 486, "Number busy", "tone_stream://%(500,500,480,620);loops=25"),
        ("NO_ANSWER", 480, "No answer", ""),
        ("CALL_REJECTED", 603, "Call Rejected", "tone_stream://%(250,250,480,620);loops=25"),
        ("SWITCH_CONGESTION", 503, "Switch congestion", ""),
        ("NORMAL_CLEARING", None, "", "tone_stream://%(500,500,480,620);loops=25"),
        ("PROGRESS_TIMEOUT", 486, "Progress timeout", "fault-can_not_be_completed_at_this_time"),
    ],
)
def test_failed_calls_get_kazoos_responses(cause: str, code: int | None, message: str, media: str) -> None:
    """Code, message and media of a cause are Kazoo's."""
    assert CATEGORIES.default("call_response", [cause]) == {"code": code, "message": message, "media": media}


@pytest.mark.parametrize("cause", ["ATTENDED_TRANSFER", "LOSE_RACE", "PICKED_OFF", "MY_OWN_CAUSE"])
def test_other_causes_get_no_response_unless_one_is_set(cause: str) -> None:
    """Causes without a default may still be configured."""
    key = CATEGORIES.key("call_response", [cause])
    assert key.default is None
    assert key.read({"Code": "486"}) == {"code": 486, "message": "", "media": ""}


@pytest.mark.parametrize(
    "spelt", [{"Code": "480", "Message": "No"}, {"code": 480, "message": "No", "media": ""}]
)
def test_responses_are_read_in_old_and_new_spelling(spelt: dict[str, object]) -> None:
    """Documents of older Kazoos have no capitals; what is written has."""
    key = CATEGORIES.key("call_response", ["NO_ANSWER"])
    assert key.read(spelt) == {"code": 480, "message": "No", "media": ""}
    assert key.stored(key.read(spelt)) == {"Code": 480, "Message": "No"}


@pytest.mark.parametrize(
    ("category", "path", "value", "reason"),
    [
        ("call_response", "USER_BUSY", {"Code": 200}, "Code is no SIP status"),
        ("call_response", "USER_BUSY", "486", "Invalid"),
        ("metaflows", "numbers", {"2": {"data": {}}}, "2 is no node"),
        ("metaflows", "patterns", {"(": {"module": "hangup"}}, "RE2"),
        ("number_manager", "e164_converters", {"(": {"prefix": "+"}}, "RE2"),
        ("number_manager", "e164_converters", {"^1": {"prefix": 1}}, "prefix and suffix"),
        ("number_manager", "classifiers", {"x": {}}, "x has no regex"),
        ("number_manager", "classifiers", {"x": {"regex": "("}}, "RE2"),
        ("media", "max_recording_time_limit", -1, "from 0 to"),
        ("media", "third_party_bigcouch_host", "evil/../host", "not like"),
        ("media", "call_recording.extension", "flac", "one of"),
        ("accounts", "default_timezone", "../../etc/passwd", "not like"),
        ("callflow", "singular_call_hook_url", "file:///etc/passwd", "not like"),
    ],
)
def test_hostile_or_mistyped_values_are_refused(category: str, path: str, value: object, reason: str) -> None:
    """Nothing that could leave its place, or fail later, becomes a value."""
    with pytest.raises(Exception, match=reason):
        CATEGORIES.key(category, path.split(".")).read(value)


def test_names_that_the_engine_relies_on_are_reserved() -> None:
    """Accounts cannot set the variables that say whose call it is."""
    reserved = CATEGORIES.default("call_command", ["reserved_ccv_keys"])
    assert len(reserved) == 24
    assert {"Account-ID", "Authorizing-ID", "Authorizing-Type", "Owner-ID"} <= set(reserved)


def test_numbers_are_classified_in_kazoos_order() -> None:
    """The order decides: everything is unknown in the end."""
    assert list(CATEGORIES.default("number_manager", ["classifiers"])) == [
        "tollfree_us",
        "toll_us",
        "emergency",
        "caribbean",
        "did_us",
        "international",
        "unknown",
    ]
    assert list(CATEGORIES.default("number_manager", ["e164_converters"])) == [
        r"^(\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})$",
        r"^011(\d{5,})$|^00(\d{5,})$",
        r"^[2-9]\d{7,}$",
    ]
