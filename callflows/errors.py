"""What can go wrong with callflow documents; a call never ends by one of these, it takes the engine's rule.

CallflowError
|- InvalidFlow            theirs: a document with faults, each with its path in the document
|- CallNotTaken           theirs: no account, no callflow, or a caller who may not; carries the SIP answer
"""

from __future__ import annotations

from collections.abc import Sequence

from callflows.finding import Finding
from config.errors import CallflowsError


class CallflowError(CallflowsError):
    """Anything of this package."""


class InvalidFlow(CallflowError):
    """A callflow document has faults. `document_id` names it, `findings` are all of them."""

    def __init__(self, document_id: str, findings: Sequence[Finding]) -> None:
        self.document_id = document_id
        self.findings = tuple(findings)
        super().__init__(f"callflow {document_id or '?'}: " + "; ".join(map(str, self.findings)))


class CallNotTaken(CallflowError):
    """Nothing says what to do with a call.

    Attributes: reason: a constant snake_case word for logs; sip_code, sip_text: what the caller's side is
    answered with.
    """

    def __init__(self, reason: str, message: str, *, sip_code: int, sip_text: str) -> None:
        self.reason = reason
        self.sip_code = sip_code
        self.sip_text = sip_text
        super().__init__(message)
