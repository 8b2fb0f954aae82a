"""Finds the callflow of a number in an account: exact numbers, then patterns, then `no_match`.

Patterns are not anchored and run on RE2, which takes linear time on any input; a pattern that RE2 cannot
have (back-references, look-around) is skipped, and said once. Of several matching patterns the one that
captured most wins; of those that captured the same number of characters, the last in the order of the
view (by pattern, then by document id).
Source: Kazoo cf_flow (reference section 1.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import re2
import structlog

from callflows.document import NO_MATCH, Flow, FlowCompiler
from callflows.library import Library
from storage.document import ViewRow
from storage.names import account_db

BY_NUMBER = "callflows/listing_by_number"
BY_PATTERN = "callflows/listing_by_pattern"

MAX_NUMBER_LENGTH = 256
"""Longer ones are not looked up: no number, extension or SIP user is, and a view's key costs memory."""

MAX_EXPRESSIONS_KEPT = 8192
"""Compiled expressions kept; each costs some kilobytes, and compiling one some ten microseconds."""

_DIALLED_DIGITS = re.compile(r"\+?[0-9]+\Z")
_NO_GROUPS: Mapping[str, str] = MappingProxyType({})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What a number leads to.

    Attributes: flow: to run; is_no_match: whether that flow (also) takes what nothing else takes;
    capture_group: the longest text a pattern captured, "" for none; capture_groups: its named groups.
    """

    flow: Flow
    is_no_match: bool
    capture_group: str = ""
    capture_groups: Mapping[str, str] = field(default_factory=lambda: _NO_GROUPS)


class Lookup:
    """Looks numbers up in the accounts' views."""

    def __init__(self, library: Library, compiler: FlowCompiler) -> None:
        self._library = library
        self._compiler = compiler
        self._told: set[tuple[str, str]] = set()

    def find(self, number: str, account_id: str, as_dialled: str = "") -> Found | None:
        """Return what the number leads to in this account, None for nothing.

        Args: number: as callflows are to have it, which for public numbers is E.164; as_dialled: tried
        after it at each step, for documents that have it as it is dialled.
        Raises: StoreUnavailable: it is not known, and the store cannot be asked now; BadName: no account
        can be called that.
        """
        database = account_db(account_id)
        candidates = [
            each for each in dict.fromkeys((number, as_dialled)) if 0 < len(each) <= MAX_NUMBER_LENGTH
        ]
        for step in (self._by_number, self._by_pattern):
            for candidate in candidates:
                found = step(candidate, database)
                if found is not None or candidate == NO_MATCH:
                    return found
        if any(map(_DIALLED_DIGITS.match, candidates)):
            return self._by_number(NO_MATCH, database)
        return None

    def flow(self, callflow_id: str, account_id: str) -> Flow | None:
        """Return the callflow of that document id, None when there is no such document.

        Raises: StoreUnavailable, BadName as in `find`.
        """
        database = account_db(account_id)
        document = self._library.find(database, callflow_id) if callflow_id else None
        return self._compiler.compile(database, document) if document is not None else None

    def _by_number(self, number: str, database: str) -> Found | None:
        rows = self._library.rows(database, BY_NUMBER, key=number, include_docs=True)
        if len(rows) > 1:
            ids = sorted(row.doc_id for row in rows)
            self._tell_once(database, f"number {number}", "number_claimed_twice", documents=ids)
        for row in rows:
            if row.document is not None:
                return self._result(row, database)
        return None

    def _result(
        self, row: ViewRow, database: str, group: str = "", groups: Mapping[str, str] = _NO_GROUPS
    ) -> Found:
        flow = self._compiler.compile(database, row.document or {})
        return Found(flow, flow.is_no_match, group, groups)

    def _by_pattern(self, number: str, database: str) -> Found | None:
        best: tuple[str, Any, ViewRow] | None = None
        for row in self._library.rows(database, BY_PATTERN, include_docs=True):
            regex = self._compiled(row, database)
            captured = longest_capture(regex, number) if regex is not None else None
            # As many as before is enough: the later in the view's order wins a tie.
            if captured is not None and (best is None or _size(captured) >= _size(best[0])):
                best = captured, regex, row
        if best is None:
            return None
        group, regex, row = best
        groups = {name: text for name, text in named_groups(regex, number).items() if not _is_empty(text)}
        return self._result(row, database, "" if _is_empty(group) else group, MappingProxyType(groups))

    def _compiled(self, row: ViewRow, database: str) -> Any:
        if not isinstance(row.key, str) or row.document is None:
            return None
        try:
            return compile_regex(row.key)
        except ValueError as exc:
            self._tell_once(
                database, f"{row.doc_id} {row.key}", "pattern_skipped", document=row.doc_id, reason=str(exc)
            )
            return None

    def _tell_once(self, database: str, what: str, event: str, **facts: Any) -> None:
        if (database, what) not in self._told and len(self._told) < 10_000:
            self._told.add((database, what))
            log.warning(event, database=database, **facts)


@lru_cache(maxsize=MAX_EXPRESSIONS_KEPT)
def compile_regex(text: str) -> Any:
    """Compile a regular expression out of a document on RE2.

    Raises: ValueError: RE2 cannot have it; the message says why.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(text, options)
    except (re2.error, UnicodeError) as exc:
        reason = exc.args[0] if exc.args else "not a regular expression"
        raise ValueError(
            reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        ) from exc


def matches(regex: Any, text: str) -> bool:
    """Whether a compiled expression is found anywhere in the text."""
    return longest_capture(regex, text) is not None


def longest_capture(regex: Any, text: str) -> str | None:
    """Return the longest text a match captured (the whole match if it has no groups), None for no match."""
    try:
        match = regex.search(text)
    except UnicodeError:  # a lone surrogate: no bytes on any wire make one
        return None
    if match is None:
        return None
    groups = match.groups()
    return max((group or "" for group in groups), key=_size) if groups else str(match.group(0))


def named_groups(regex: Any, text: str) -> dict[str, str]:
    """Return the named groups of the first match."""
    match = regex.search(text)
    return {name: value or "" for name, value in match.groupdict().items()} if match is not None else {}


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _is_empty(text: str) -> bool:
    """Kazoo drops empty captures, and its test takes "0" for empty too."""
    return text in {"", "0"}
