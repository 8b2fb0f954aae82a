"""Finds what FreeSWITCH is to play for a URL.

A recording of our own is played from disk: it may just have been stopped, and is then waited for; so its URL
need not be reachable from FreeSWITCH. Other URLs are FreeSWITCH's to fetch, but not from addresses that
documents must not reach (storage.url_guard).
"""

from __future__ import annotations

from calls.aside import aside
from calls.errors import CallGone, MediaMissing
from calls.fetched_sound import HTTP_CACHE, fetched
from config.errors import CallflowsError
from storage import http_url
from storage.address import AddressPolicy
from storage.errors import AddressRefused
from storage.url_guard import vet
from swml.run import ScriptRun

RECORDING_WAIT_S = 60.0
"""For a recording that has just been stopped: it is verified, perhaps trimmed or encoded, perhaps fetched."""

STOP_WAIT_S = 3.0
"""For one that is being stopped to be over; one that runs on is not waited for."""

RESOLVE_S = 3.0
"""For the name of a host that FreeSWITCH is to fetch from; the caller hears nothing meanwhile."""

BEYOND_S = 5.0
"""What is waited for longer than it may take itself is given up."""


def file_of(run: ScriptRun, url: str) -> str:
    """Return what FreeSWITCH is to play for a URL.

    Raises: MediaMissing: our own recording is not there, or the URL leads where it must not; CallGone.
    """
    recording_id = run.facilities.links.recording_of(url)
    if recording_id:
        return _recording(run, url, recording_id)
    _vet(run, url)
    return fetched(url, cache=bool(run.config("ecallmgr", "use_http_cache")))


def shown(media: str) -> str:
    """Return what was to be played as it may be logged: a URL without its credentials and query."""
    location = media.removeprefix(HTTP_CACHE)
    return http_url.shown(location) if "://" in location else location


def _recording(run: ScriptRun, url: str, recording_id: str) -> str:
    running = next((one for one in run.recordings.values() if one.id == recording_id), None)
    if running is not None and not run.call.wait_for(lambda: running.is_over, STOP_WAIT_S):
        raise MediaMissing(shown(url), "the recording still runs")
    links = run.facilities.links
    try:
        limit_s = RECORDING_WAIT_S + BEYOND_S
        path = aside(run.call, lambda: links.path_of(recording_id, RECORDING_WAIT_S), limit_s)
    except CallGone:
        raise
    except (CallflowsError, TimeoutError) as exc:
        raise MediaMissing(shown(url), str(exc)) from exc
    if path is None:
        raise MediaMissing(shown(url), "there is no such recording")
    return str(path)


def _vet(run: ScriptRun, url: str) -> None:
    """See that FreeSWITCH may be sent to a URL. Raises: MediaMissing: it may not; CallGone."""
    addresses = run.facilities.addresses
    try:
        refusal = aside(run.call, lambda: _refusal(addresses, url), RESOLVE_S + BEYOND_S)
    except TimeoutError as exc:
        refusal = str(exc)
    if refusal:
        raise MediaMissing(shown(url), refusal)


def _refusal(addresses: AddressPolicy, url: str) -> str:
    try:
        vet(addresses, url, RESOLVE_S)
    except (ValueError, AddressRefused, OSError) as exc:  # OSError: an unknown name, a resolver too slow
        return str(exc)
    return ""
