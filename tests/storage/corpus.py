"""Documents as found in real account databases, and as nobody should write them: views must bear both."""

from __future__ import annotations

from typing import Any

_SIP = {"username": "User_1", "method": "password", "realm": "Demo.Example.Com"}

ODD_VALUES: list[Any] = [
    None,
    False,
    True,
    0,
    7,
    1.5,
    "",
    "0",
    "text",
    "0123abc",
    "+15551234567",
    [],
    ["x", 1, None],
    {},
]
ODD_VALUES += [
    {"a": 1},
    {"users": {"u7": {}, "u8": {}}, "id": "4711"},
    {"users": []},
    {"users": "text", "id": 5},
]
ODD_VALUES += [{"username": "Bob", "method": "password", "realm": ["One.Example", 2, None, "two"]}, _SIP]
ODD_VALUES += [
    {"dir1": "flow1", "dir2": None},
    {"Call-ID": "c1"},
    [{"auth": {"auth_user": "gw", "auth_method": "password"}}, None],
]
ODD_VALUES += [
    {
        "1": {"cid_name": "N", "cid_number": "", "number": "5"},
        "2": None,
        "3": "text",
        "4": {"prefix": "+1", "type": "x"},
    }
]

ODD_VALUES += [
    {
        "recording_id": "f" * 32,
        "uuid": "leg",
        "tags": {"call_session_id": "session", "connection_id": 5},
        "started_at_us": 1_795_203_860_000_000,
        "timeline": [None, "ended", {"what": "ended", "at_us": 1_795_203_860_900_000}, {"what": "trimmed"}],
        "transcript": {"text": "hello", "failed": ""},
    },
    {
        "recording_id": "e" * 32,
        "tags": "x",
        "started_at_us": -5,
        "sip_call_id": "s@b",
        "transcript": {"text": ""},
    },
    {"recording_id": "d" * 32, "uuid": 5, "transcript": {"text": "x", "failed": "why"}},
    {"recording_id": "c" * 32, "started_at_us": 9, "timeline": {"what": "ended", "at_us": 10}},
    {"recording_id": "b" * 32, "started_at_us": 9, "timeline": [{"what": "ended", "at_us": 5}]},
    "bob@a.example",
    63_898_000_000,
]

_FIELDS: dict[str, list[str]] = {
    "callflow": ["numbers", "patterns", "name"],
    "device": ["sip", "hotdesk", "owner_id", "device_type", "pvt_account_id", "directories"],
    "sys_info": ["servers", "owner_id"],
    "group": ["endpoints"],
    "vmbox": ["mailbox"],
    "list": ["entries", "length"],
    "list_entry": ["list_id", "number", "prefix", "regexp", "pattern", "name"],
    "parked_call": ["slot"],
    "media": ["prompt_id", "language"],
    "account": ["realm", "pvt_account_id", "pvt_account_db"],
    "call_recording": [
        *("pvt_created", "owner_id", "callflows", "call_id", "from", "caller_id_number", "to"),
        *("callee_id_number", "start", "duration", "duration_ms"),
    ],
    "connection": ["numbers"],
}

_WHOLE: dict[str, dict[str, Any]] = {
    "callflow": {"numbers": ["1"], "patterns": ["^2"], "name": "n"},
    "device": {"sip": _SIP, "hotdesk": {"users": {"u1": {}}}, "owner_id": "u2", "pvt_account_id": "acc"},
    "sys_info": {"servers": [{"auth": {"auth_user": "x", "auth_method": "password"}}]},
    "group": {"endpoints": {"e1": {"type": "user"}}},
    "vmbox": {"mailbox": "0100"},
    "list": {"entries": {"1": {"number": "5"}}, "length": 3},
    "list_entry": {"list_id": "l1", "number": "5", "regexp": "^5"},
    "parked_call": {"slot": {"Call-ID": "c9"}},
    "media": {"prompt_id": "menu-invalid", "language": "en-US"},
    "account": {"realm": "A.Example", "pvt_account_id": "acc", "pvt_account_db": "account%2Fac"},
    "call_recording": {
        "pvt_created": 63_898_000_000,
        "owner_id": "u1",
        "call_id": "leg1",
        "from": "alice@a.example",
        "start": 63_897_999_000,
        "duration_ms": 1500,
        "callflows": {"recording_id": "c" * 32, "transcript": None},
    },
    "connection": {"numbers": ["+15550100"]},
}

ODD_DOCUMENTS: list[dict[str, Any]] = [
    {},
    {"pvt_type": 5},
    {"pvt_type": "user", "hotdesk": {"id": "55", "users": {}}},
]
for _type, _fields in _FIELDS.items():
    ODD_DOCUMENTS += [
        {"pvt_type": _type, **_WHOLE[_type], "pvt_deleted": deleted} for deleted in (False, True, [], "")
    ]
    ODD_DOCUMENTS += [
        {"pvt_type": _type, **_WHOLE[_type], field: value} for field in _fields for value in ODD_VALUES
    ]
