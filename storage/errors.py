"""What can go wrong with documents, media and deliveries.

StoreError
|- NotFound               the document, attachment or database is not there
|- Conflict               somebody else saved it first
|- StoreUnavailable       the store cannot be asked now
|- BadName                a name that must not become a path or a URL
|- BadDocument            a document that no store could take
|- BadNotice              a notice that nobody could send
|- MediaDamaged           the file on this host is not the one that was measured
|- AddressRefused         an address that documents must not make us connect to
|- ExchangeFailed         an HTTP exchange brought no usable answer
|- DeliveryFailed         one attempt failed; `retryable` says whether another may succeed
"""

from __future__ import annotations

from config.errors import CallflowsError


class StoreError(CallflowsError):
    """Anything of this package."""


class NotFound(StoreError):
    """No such document, attachment or database."""

    def __init__(self, database: str, name: str) -> None:
        self.database = database
        self.name = name
        super().__init__(f"{database}/{name}: not found")


class Conflict(StoreError):
    """The document was saved by somebody else since it was read; read it again."""

    def __init__(self, database: str, name: str) -> None:
        self.database = database
        self.name = name
        super().__init__(f"{database}/{name}: changed since it was read")


class StoreUnavailable(StoreError):
    """The store does not answer; what is cached may still be used."""


class BadName(StoreError):
    """A database, document or attachment name that could leave its place; nothing was touched."""


class BadDocument(StoreError):
    """A document no store could take: no id, not JSON, too large; nothing was touched."""


class BadNotice(StoreError):
    """A notice that nobody could send: too large, not JSON, without URL; a bug of whoever made it."""


class MediaDamaged(StoreError):
    """A finished file is gone, cut or changed since it was measured; nothing false was delivered."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"media {name}: {reason}")


class AddressRefused(StoreError):
    """A host that outside URLs must not reach from here; no packet was sent to it.

    Attributes: host: as named in the URL; reason: the address and its kind, and the remedy.
    """

    def __init__(self, host: str, reason: str) -> None:
        self.host = host
        self.reason = reason
        super().__init__(f"{host}: {reason}")


class ExchangeFailed(StoreError):
    """An HTTP exchange failed before, or without, a usable answer.

    Attributes: retryable: whether the same exchange may succeed later.
    """

    def __init__(self, reason: str, *, retryable: bool) -> None:
        self.retryable = retryable
        super().__init__(reason)


class DeliveryFailed(StoreError):
    """One attempt at a delivery failed.

    Attributes: retryable: whether the same attempt may succeed later; status: the destination's own
    status code, if it gave one; retry_after_s: how long it asked to be left alone, if it did.
    """

    def __init__(
        self,
        reason: str,
        *,
        retryable: bool,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.retryable = retryable
        self.status = status
        self.retry_after_s = retry_after_s
        super().__init__(reason)
