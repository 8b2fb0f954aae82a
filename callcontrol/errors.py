"""What can go wrong with a request, in the words and numbers that Telnyx' clients know.

ApiError                  an answer that is no success; holds one Fault for each thing that is wrong
|- BadRequest             400: no JSON, no object
|- Unauthenticated        401: no token, or none that is known
|- Forbidden              403: the token has not the scope
|- NotFound               404: no such call, recording, connection, or another account's
|- MethodNotAllowed       405
|- TooLarge               413: a body beyond its limit
|- WrongMediaType         415: a body that is no JSON
|- Unprocessable          422: parameters, or a call that cannot do it
|  |- CallEnded           90018
|  |- CallNotAnswered     90034
|- RateLimited            429: with the time to wait
|- Unavailable            503: FreeSWITCH, or the store, cannot be asked now
|- Unanswered             504: FreeSWITCH was asked, and what came of it is not known

Source: Telnyx' list of API error codes (developers.telnyx.com, API error codes), its APIError model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config.errors import CallflowsError


@dataclass(frozen=True, slots=True)
class Kind:
    """One of Telnyx' error codes: what its clients branch on, and its title."""

    code: str
    title: str


INVALID_NUMBER = Kind("10002", "Invalid phone number")
INVALID_URL = Kind("10003", "Invalid URL")
MISSING_PARAMETER = Kind("10004", "Missing required parameter")
NOT_FOUND = Kind("10005", "Resource not found")
UNEXPECTED = Kind("10007", "Unexpected error")
TIMED_OUT = Kind("10008", "Request timeout")
UNAUTHENTICATED = Kind("10009", "Authentication failed")
FORBIDDEN = Kind("10010", "Authorization failed")
TOO_MANY_REQUESTS = Kind("10011", "Too many requests")
WRONG_MEDIA_TYPE = Kind("10014", "Unsupported Media Type")
BAD_REQUEST = Kind("10015", "Bad Request")
NO_SUCH_ASSOCIATE = Kind("10017", "Associated resource does not exist")
INVALID_JSON = Kind("10023", "Invalid JSON")
INVALID_VALUE = Kind("10015", "Invalid parameter")
INVALID_CALL_CONTROL_ID = Kind("90015", "Invalid Call Control ID")
CALL_ENDED = Kind("90018", "Call has already ended")
CALL_NOT_ANSWERED = Kind("90034", "Call not answered yet")
UNAVAILABLE = Kind("10007", "Service unavailable")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes: detail: a sentence for people; pointer: RFC 6901, into the body; parameter: of the query.
    """

    kind: Kind
    detail: str
    pointer: str = ""
    parameter: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """Return it as it stands in the answer."""
        told: dict[str, Any] = {"code": self.kind.code, "title": self.kind.title, "detail": self.detail}
        if self.pointer:
            told["source"] = {"pointer": self.pointer}
        elif self.parameter:
            told["source"] = {"parameter": self.parameter}
        if self.meta:
            told["meta"] = dict(self.meta)
        return told


class ApiError(CallflowsError):
    """An answer that is no success.

    Attributes: status: of HTTP; faults: at least one; headers: besides the usual ones; is_unknown: whether
    the command may have run all the same, so that a client must not repeat it by itself.
    """

    status = 500
    is_unknown = False

    def __init__(self, *faults: Fault, headers: Mapping[str, str] | None = None) -> None:
        self.faults: Sequence[Fault] = faults
        self.headers = dict(headers or {})
        super().__init__("; ".join(f"{one.kind.title}: {one.detail}" for one in faults))

    def data(self) -> dict[str, Any]:
        """Return the answer's body."""
        return {"errors": [fault.data() for fault in self.faults]}


class BadRequest(ApiError):
    """The request is not well-formed."""

    status = 400


class Unauthenticated(ApiError):
    """Nobody that is known asks."""

    status = 401

    def __init__(self) -> None:
        detail = "The header `Authorization: Bearer KEY...` is not there, or its API key is not valid."
        super().__init__(Fault(UNAUTHENTICATED, detail), headers={"WWW-Authenticate": "Bearer"})


class Forbidden(ApiError):
    """The token has not the scope. `scope` is the one it would need."""

    status = 403

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(Fault(FORBIDDEN, f"This API key lacks the scope {scope}."))


class NotFound(ApiError):
    """There is no such thing, or it is another account's, which is not told apart."""

    status = 404

    def __init__(self, detail: str = "The requested resource or URL could not be found.") -> None:
        super().__init__(Fault(NOT_FOUND, detail))


class MethodNotAllowed(ApiError):
    """The URL knows other methods."""

    status = 405


class TooLarge(ApiError):
    """A body beyond its limit."""

    status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(Fault(BAD_REQUEST, f"The body has more than {limit_bytes} bytes."))


class WrongMediaType(ApiError):
    """A body that does not claim to be JSON."""

    status = 415

    def __init__(self) -> None:
        super().__init__(Fault(WRONG_MEDIA_TYPE, "The body must be application/json."))


class Unprocessable(ApiError):
    """Understood, and cannot be done."""

    status = 422


class CallEnded(Unprocessable):
    """The call takes no commands any more. Args: pointer: to the parameter that names it, "" for the path."""

    def __init__(self, pointer: str = "") -> None:
        detail = "This call is no longer active and can't receive commands."
        super().__init__(Fault(CALL_ENDED, detail, pointer=pointer))


class CallNotAnswered(Unprocessable):
    """The command needs a call that is answered. Args: pointer: as of CallEnded."""

    def __init__(self, pointer: str = "") -> None:
        detail = "This command can only be issued after the call was answered."
        super().__init__(Fault(CALL_NOT_ANSWERED, detail, pointer=pointer))


class RateLimited(ApiError):
    """Too many requests of one token. `wait_s` says when there is room again."""

    status = 429

    def __init__(self, wait_s: float) -> None:
        self.wait_s = wait_s
        super().__init__(Fault(TOO_MANY_REQUESTS, "Too many requests with this API key."))


class Unavailable(ApiError):
    """What is needed for it cannot be reached now; nothing was done."""

    status = 503

    def __init__(self, detail: str) -> None:
        super().__init__(Fault(UNAVAILABLE, detail), headers={"Retry-After": "1"})


class Unanswered(ApiError):
    """FreeSWITCH was told, and what came of it is not known."""

    status = 504
    is_unknown = True

    def __init__(self) -> None:
        super().__init__(Fault(TIMED_OUT, "FreeSWITCH was told, and did not answer in time."))


def invalid(pointer: str, detail: str, kind: Kind = INVALID_VALUE) -> Unprocessable:
    """Return the error for one parameter. Args: pointer: RFC 6901, such as /max_length."""
    return Unprocessable(Fault(kind, detail, pointer=pointer))
