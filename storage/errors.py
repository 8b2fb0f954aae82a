"""What can go wrong with documents, media and deliveries.

StoreError
|- NotFound               the document, attachment or database is not there
|- Conflict               somebody else saved it first
|- StoreUnavailable       the store cannot be asked now
|- BadName                a name that must not become a path or a URL
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


class DeliveryFailed(StoreError):
    """One attempt at a delivery failed.

    Attributes: retryable: whether the same attempt may succeed later; status: the destination's own
    status code, if it gave one.
    """

    def __init__(self, reason: str, *, retryable: bool, status: int | None = None) -> None:
        self.retryable = retryable
        self.status = status
        super().__init__(reason)
