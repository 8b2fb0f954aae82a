"""Why a call ended: FreeSWITCH's causes, their Q.850 and SIP codes, and whose doing each is.

The tables are the documentation; tests/calls/test_cause.py walks them.
Source: FreeSWITCH 1.10.12 switch_channel.c CAUSE_CHART (names), switch_types.h (numbers),
mod_sofia.c hangup_cause_to_sip, sofia_glue.c sofia_glue_sip_cause_to_freeswitch.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Termination(StrEnum):
    """Whose doing the end of a call is; the word logs, metrics and reports share."""

    SUCCESS = "success"  # it ran its course
    CALLER = "caller"  # the people on it: hung up early, busy, no answer, refused, misdialled
    UPSTREAM = "upstream"  # the network beyond our FreeSWITCH
    OURS = "ours"  # this engine, its documents, or the FreeSWITCH beside it
    INDETERMINATE = "indeterminate"  # nothing we saw says


class HangupCause(StrEnum):
    """FreeSWITCH's hangup causes; UNKNOWN stands for any that this list does not have."""

    UNKNOWN = "UNKNOWN"
    NONE = "NONE"
    UNALLOCATED_NUMBER = "UNALLOCATED_NUMBER"
    NO_ROUTE_TRANSIT_NET = "NO_ROUTE_TRANSIT_NET"
    NO_ROUTE_DESTINATION = "NO_ROUTE_DESTINATION"
    CHANNEL_UNACCEPTABLE = "CHANNEL_UNACCEPTABLE"
    CALL_AWARDED_DELIVERED = "CALL_AWARDED_DELIVERED"
    NORMAL_CLEARING = "NORMAL_CLEARING"
    USER_BUSY = "USER_BUSY"
    NO_USER_RESPONSE = "NO_USER_RESPONSE"
    NO_ANSWER = "NO_ANSWER"
    SUBSCRIBER_ABSENT = "SUBSCRIBER_ABSENT"
    CALL_REJECTED = "CALL_REJECTED"
    NUMBER_CHANGED = "NUMBER_CHANGED"
    REDIRECTION_TO_NEW_DESTINATION = "REDIRECTION_TO_NEW_DESTINATION"
    EXCHANGE_ROUTING_ERROR = "EXCHANGE_ROUTING_ERROR"
    DESTINATION_OUT_OF_ORDER = "DESTINATION_OUT_OF_ORDER"
    INVALID_NUMBER_FORMAT = "INVALID_NUMBER_FORMAT"
    FACILITY_REJECTED = "FACILITY_REJECTED"
    RESPONSE_TO_STATUS_ENQUIRY = "RESPONSE_TO_STATUS_ENQUIRY"
    NORMAL_UNSPECIFIED = "NORMAL_UNSPECIFIED"
    NORMAL_CIRCUIT_CONGESTION = "NORMAL_CIRCUIT_CONGESTION"
    NETWORK_OUT_OF_ORDER = "NETWORK_OUT_OF_ORDER"
    NORMAL_TEMPORARY_FAILURE = "NORMAL_TEMPORARY_FAILURE"
    SWITCH_CONGESTION = "SWITCH_CONGESTION"
    ACCESS_INFO_DISCARDED = "ACCESS_INFO_DISCARDED"
    REQUESTED_CHAN_UNAVAIL = "REQUESTED_CHAN_UNAVAIL"
    PRE_EMPTED = "PRE_EMPTED"
    FACILITY_NOT_SUBSCRIBED = "FACILITY_NOT_SUBSCRIBED"
    OUTGOING_CALL_BARRED = "OUTGOING_CALL_BARRED"
    INCOMING_CALL_BARRED = "INCOMING_CALL_BARRED"
    BEARERCAPABILITY_NOTAUTH = "BEARERCAPABILITY_NOTAUTH"
    BEARERCAPABILITY_NOTAVAIL = "BEARERCAPABILITY_NOTAVAIL"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    BEARERCAPABILITY_NOTIMPL = "BEARERCAPABILITY_NOTIMPL"
    CHAN_NOT_IMPLEMENTED = "CHAN_NOT_IMPLEMENTED"
    FACILITY_NOT_IMPLEMENTED = "FACILITY_NOT_IMPLEMENTED"
    SERVICE_NOT_IMPLEMENTED = "SERVICE_NOT_IMPLEMENTED"
    INVALID_CALL_REFERENCE = "INVALID_CALL_REFERENCE"
    INCOMPATIBLE_DESTINATION = "INCOMPATIBLE_DESTINATION"
    INVALID_MSG_UNSPECIFIED = "INVALID_MSG_UNSPECIFIED"
    MANDATORY_IE_MISSING = "MANDATORY_IE_MISSING"
    MESSAGE_TYPE_NONEXIST = "MESSAGE_TYPE_NONEXIST"
    WRONG_MESSAGE = "WRONG_MESSAGE"
    IE_NONEXIST = "IE_NONEXIST"
    INVALID_IE_CONTENTS = "INVALID_IE_CONTENTS"
    WRONG_CALL_STATE = "WRONG_CALL_STATE"
    RECOVERY_ON_TIMER_EXPIRE = "RECOVERY_ON_TIMER_EXPIRE"
    MANDATORY_IE_LENGTH_ERROR = "MANDATORY_IE_LENGTH_ERROR"
    PROTOCOL_ERROR = "PROTOCOL_ERROR"
    INTERWORKING = "INTERWORKING"
    SUCCESS = "SUCCESS"
    ORIGINATOR_CANCEL = "ORIGINATOR_CANCEL"
    CRASH = "CRASH"
    SYSTEM_SHUTDOWN = "SYSTEM_SHUTDOWN"
    LOSE_RACE = "LOSE_RACE"
    MANAGER_REQUEST = "MANAGER_REQUEST"
    BLIND_TRANSFER = "BLIND_TRANSFER"
    ATTENDED_TRANSFER = "ATTENDED_TRANSFER"
    ALLOTTED_TIMEOUT = "ALLOTTED_TIMEOUT"
    USER_CHALLENGE = "USER_CHALLENGE"
    MEDIA_TIMEOUT = "MEDIA_TIMEOUT"
    PICKED_OFF = "PICKED_OFF"
    USER_NOT_REGISTERED = "USER_NOT_REGISTERED"
    PROGRESS_TIMEOUT = "PROGRESS_TIMEOUT"
    INVALID_GATEWAY = "INVALID_GATEWAY"
    GATEWAY_DOWN = "GATEWAY_DOWN"
    INVALID_URL = "INVALID_URL"
    INVALID_PROFILE = "INVALID_PROFILE"
    NO_PICKUP = "NO_PICKUP"
    SRTP_READ_ERROR = "SRTP_READ_ERROR"
    BOWOUT = "BOWOUT"
    BUSY_EVERYWHERE = "BUSY_EVERYWHERE"
    DECLINE = "DECLINE"
    DOES_NOT_EXIST_ANYWHERE = "DOES_NOT_EXIST_ANYWHERE"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNWANTED = "UNWANTED"
    NO_IDENTITY = "NO_IDENTITY"
    BAD_IDENTITY_INFO = "BAD_IDENTITY_INFO"
    UNSUPPORTED_CERTIFICATE = "UNSUPPORTED_CERTIFICATE"
    INVALID_IDENTITY = "INVALID_IDENTITY"
    STALE_DATE = "STALE_DATE"
    REJECT_ALL = "REJECT_ALL"

    @classmethod
    def of(cls, text: str | None) -> HangupCause:
        """Return the cause of that name; UNKNOWN for another name, NONE for none at all."""
        if not text:
            return cls.NONE
        try:
            return cls(text)
        except ValueError:
            return cls.UNKNOWN

    @classmethod
    def of_sip(cls, code: int) -> HangupCause:
        """Return the cause FreeSWITCH gives a call that ended with this SIP status."""
        return FROM_SIP.get(code, cls.NORMAL_UNSPECIFIED)

    @property
    def q850(self) -> int:
        """The number behind the name: Q.850 below 128, FreeSWITCH's own above."""
        return FACTS[self].q850

    @property
    def sip_code(self) -> int:
        """The SIP status mod_sofia answers an unanswered call with for this cause."""
        return FACTS[self].sip_code

    @property
    def verdict(self) -> Termination:
        """Whose doing it is."""
        return FACTS[self].verdict


class Facts(NamedTuple):
    """What belongs to one cause."""

    q850: int
    sip_code: int
    verdict: Termination


FACTS: dict[HangupCause, Facts] = {
    HangupCause.UNKNOWN: Facts(0, 480, Termination.INDETERMINATE),
    HangupCause.NONE: Facts(0, 480, Termination.INDETERMINATE),
    HangupCause.UNALLOCATED_NUMBER: Facts(1, 404, Termination.CALLER),
    HangupCause.NO_ROUTE_TRANSIT_NET: Facts(2, 404, Termination.UPSTREAM),
    HangupCause.NO_ROUTE_DESTINATION: Facts(3, 404, Termination.UPSTREAM),
    HangupCause.CHANNEL_UNACCEPTABLE: Facts(6, 480, Termination.UPSTREAM),
    HangupCause.CALL_AWARDED_DELIVERED: Facts(7, 480, Termination.SUCCESS),
    HangupCause.NORMAL_CLEARING: Facts(16, 480, Termination.SUCCESS),
    HangupCause.USER_BUSY: Facts(17, 486, Termination.CALLER),
    HangupCause.NO_USER_RESPONSE: Facts(18, 408, Termination.CALLER),
    HangupCause.NO_ANSWER: Facts(19, 480, Termination.CALLER),
    HangupCause.SUBSCRIBER_ABSENT: Facts(20, 480, Termination.CALLER),
    HangupCause.CALL_REJECTED: Facts(21, 603, Termination.CALLER),
    HangupCause.NUMBER_CHANGED: Facts(22, 410, Termination.CALLER),
    HangupCause.REDIRECTION_TO_NEW_DESTINATION: Facts(23, 410, Termination.SUCCESS),
    HangupCause.EXCHANGE_ROUTING_ERROR: Facts(25, 483, Termination.UPSTREAM),
    HangupCause.DESTINATION_OUT_OF_ORDER: Facts(27, 502, Termination.OURS),
    HangupCause.INVALID_NUMBER_FORMAT: Facts(28, 484, Termination.CALLER),
    HangupCause.FACILITY_REJECTED: Facts(29, 501, Termination.UPSTREAM),
    HangupCause.RESPONSE_TO_STATUS_ENQUIRY: Facts(30, 480, Termination.UPSTREAM),
    HangupCause.NORMAL_UNSPECIFIED: Facts(31, 480, Termination.INDETERMINATE),
    HangupCause.NORMAL_CIRCUIT_CONGESTION: Facts(34, 503, Termination.UPSTREAM),
    HangupCause.NETWORK_OUT_OF_ORDER: Facts(38, 503, Termination.UPSTREAM),
    HangupCause.NORMAL_TEMPORARY_FAILURE: Facts(41, 503, Termination.UPSTREAM),
    HangupCause.SWITCH_CONGESTION: Facts(42, 503, Termination.OURS),
    HangupCause.ACCESS_INFO_DISCARDED: Facts(43, 480, Termination.UPSTREAM),
    HangupCause.REQUESTED_CHAN_UNAVAIL: Facts(44, 503, Termination.UPSTREAM),
    HangupCause.PRE_EMPTED: Facts(45, 480, Termination.UPSTREAM),
    HangupCause.FACILITY_NOT_SUBSCRIBED: Facts(50, 480, Termination.UPSTREAM),
    HangupCause.OUTGOING_CALL_BARRED: Facts(52, 403, Termination.CALLER),
    HangupCause.INCOMING_CALL_BARRED: Facts(54, 403, Termination.CALLER),
    HangupCause.BEARERCAPABILITY_NOTAUTH: Facts(57, 403, Termination.UPSTREAM),
    HangupCause.BEARERCAPABILITY_NOTAVAIL: Facts(58, 503, Termination.UPSTREAM),
    HangupCause.SERVICE_UNAVAILABLE: Facts(63, 480, Termination.UPSTREAM),
    HangupCause.BEARERCAPABILITY_NOTIMPL: Facts(65, 488, Termination.UPSTREAM),
    HangupCause.CHAN_NOT_IMPLEMENTED: Facts(66, 480, Termination.OURS),
    HangupCause.FACILITY_NOT_IMPLEMENTED: Facts(69, 501, Termination.OURS),
    HangupCause.SERVICE_NOT_IMPLEMENTED: Facts(79, 501, Termination.OURS),
    HangupCause.INVALID_CALL_REFERENCE: Facts(81, 480, Termination.UPSTREAM),
    HangupCause.INCOMPATIBLE_DESTINATION: Facts(88, 488, Termination.UPSTREAM),
    HangupCause.INVALID_MSG_UNSPECIFIED: Facts(95, 480, Termination.UPSTREAM),
    HangupCause.MANDATORY_IE_MISSING: Facts(96, 480, Termination.UPSTREAM),
    HangupCause.MESSAGE_TYPE_NONEXIST: Facts(97, 480, Termination.UPSTREAM),
    HangupCause.WRONG_MESSAGE: Facts(98, 480, Termination.UPSTREAM),
    HangupCause.IE_NONEXIST: Facts(99, 480, Termination.UPSTREAM),
    HangupCause.INVALID_IE_CONTENTS: Facts(100, 480, Termination.UPSTREAM),
    HangupCause.WRONG_CALL_STATE: Facts(101, 480, Termination.UPSTREAM),
    HangupCause.RECOVERY_ON_TIMER_EXPIRE: Facts(102, 504, Termination.UPSTREAM),
    HangupCause.MANDATORY_IE_LENGTH_ERROR: Facts(103, 480, Termination.UPSTREAM),
    HangupCause.PROTOCOL_ERROR: Facts(111, 480, Termination.UPSTREAM),
    HangupCause.INTERWORKING: Facts(127, 480, Termination.UPSTREAM),
    HangupCause.SUCCESS: Facts(142, 480, Termination.SUCCESS),
    HangupCause.ORIGINATOR_CANCEL: Facts(487, 487, Termination.CALLER),
    HangupCause.CRASH: Facts(700, 480, Termination.OURS),
    HangupCause.SYSTEM_SHUTDOWN: Facts(701, 480, Termination.OURS),
    HangupCause.LOSE_RACE: Facts(702, 480, Termination.SUCCESS),
    HangupCause.MANAGER_REQUEST: Facts(703, 480, Termination.SUCCESS),
    HangupCause.BLIND_TRANSFER: Facts(800, 480, Termination.SUCCESS),
    HangupCause.ATTENDED_TRANSFER: Facts(801, 480, Termination.SUCCESS),
    HangupCause.ALLOTTED_TIMEOUT: Facts(802, 480, Termination.CALLER),
    HangupCause.USER_CHALLENGE: Facts(803, 480, Termination.CALLER),
    HangupCause.MEDIA_TIMEOUT: Facts(804, 480, Termination.UPSTREAM),
    HangupCause.PICKED_OFF: Facts(805, 480, Termination.SUCCESS),
    HangupCause.USER_NOT_REGISTERED: Facts(806, 480, Termination.CALLER),
    HangupCause.PROGRESS_TIMEOUT: Facts(807, 480, Termination.CALLER),
    HangupCause.INVALID_GATEWAY: Facts(808, 484, Termination.OURS),
    HangupCause.GATEWAY_DOWN: Facts(809, 503, Termination.UPSTREAM),
    HangupCause.INVALID_URL: Facts(810, 484, Termination.OURS),
    HangupCause.INVALID_PROFILE: Facts(811, 502, Termination.OURS),
    HangupCause.NO_PICKUP: Facts(812, 480, Termination.CALLER),
    HangupCause.SRTP_READ_ERROR: Facts(813, 480, Termination.UPSTREAM),
    HangupCause.BOWOUT: Facts(814, 480, Termination.SUCCESS),
    HangupCause.BUSY_EVERYWHERE: Facts(815, 600, Termination.CALLER),
    HangupCause.DECLINE: Facts(816, 603, Termination.CALLER),
    HangupCause.DOES_NOT_EXIST_ANYWHERE: Facts(817, 604, Termination.CALLER),
    HangupCause.NOT_ACCEPTABLE: Facts(818, 606, Termination.UPSTREAM),
    HangupCause.UNWANTED: Facts(819, 607, Termination.CALLER),
    HangupCause.NO_IDENTITY: Facts(820, 428, Termination.UPSTREAM),
    HangupCause.BAD_IDENTITY_INFO: Facts(821, 429, Termination.UPSTREAM),
    HangupCause.UNSUPPORTED_CERTIFICATE: Facts(822, 437, Termination.UPSTREAM),
    HangupCause.INVALID_IDENTITY: Facts(823, 438, Termination.UPSTREAM),
    HangupCause.STALE_DATE: Facts(824, 403, Termination.UPSTREAM),
    HangupCause.REJECT_ALL: Facts(825, 603, Termination.CALLER),
}

FROM_SIP: dict[int, HangupCause] = {
    200: HangupCause.NORMAL_CLEARING,
    400: HangupCause.NORMAL_TEMPORARY_FAILURE,
    401: HangupCause.CALL_REJECTED,
    402: HangupCause.CALL_REJECTED,
    403: HangupCause.CALL_REJECTED,
    404: HangupCause.UNALLOCATED_NUMBER,
    405: HangupCause.SERVICE_UNAVAILABLE,
    406: HangupCause.SERVICE_NOT_IMPLEMENTED,
    407: HangupCause.CALL_REJECTED,
    408: HangupCause.RECOVERY_ON_TIMER_EXPIRE,
    410: HangupCause.NUMBER_CHANGED,
    413: HangupCause.INTERWORKING,
    414: HangupCause.INTERWORKING,
    415: HangupCause.SERVICE_NOT_IMPLEMENTED,
    416: HangupCause.INTERWORKING,
    420: HangupCause.INTERWORKING,
    421: HangupCause.INTERWORKING,
    423: HangupCause.INTERWORKING,
    428: HangupCause.NO_IDENTITY,
    429: HangupCause.BAD_IDENTITY_INFO,
    437: HangupCause.UNSUPPORTED_CERTIFICATE,
    438: HangupCause.INVALID_IDENTITY,
    480: HangupCause.NO_USER_RESPONSE,
    481: HangupCause.NORMAL_TEMPORARY_FAILURE,
    482: HangupCause.EXCHANGE_ROUTING_ERROR,
    483: HangupCause.EXCHANGE_ROUTING_ERROR,
    484: HangupCause.INVALID_NUMBER_FORMAT,
    485: HangupCause.NO_ROUTE_DESTINATION,
    486: HangupCause.USER_BUSY,
    487: HangupCause.ORIGINATOR_CANCEL,
    488: HangupCause.INCOMPATIBLE_DESTINATION,
    500: HangupCause.NORMAL_TEMPORARY_FAILURE,
    501: HangupCause.SERVICE_NOT_IMPLEMENTED,
    502: HangupCause.NETWORK_OUT_OF_ORDER,
    503: HangupCause.NORMAL_TEMPORARY_FAILURE,
    504: HangupCause.RECOVERY_ON_TIMER_EXPIRE,
    505: HangupCause.INTERWORKING,
    513: HangupCause.INTERWORKING,
    600: HangupCause.USER_BUSY,
    603: HangupCause.CALL_REJECTED,
    604: HangupCause.NO_ROUTE_DESTINATION,
    606: HangupCause.INCOMPATIBLE_DESTINATION,
    607: HangupCause.UNWANTED,
    608: HangupCause.CALL_REJECTED,
}
