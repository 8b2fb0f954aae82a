"""Looks a folder's databases over twice a second, and tells those who follow them what changed.

Asking each file for its time is crude, and works where notifications do not: network shares, container
mounts, editors that write in place as well as those that rename.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent
from gevent.event import Event

from storage.document import Change
from storage.folder_database import FolderDatabase

INTERVAL_S = 0.5
"""An edit must be in force within 2 s; what is found at the second look (a file still settling) is, too."""

OnChange = Callable[[Change], None]


class FolderFollowing:
    """One follower of one database."""

    def __init__(self, watch: FolderWatch, watched: FolderDatabase, on_change: OnChange) -> None:
        self.database = watched.database
        self._watch = watch
        self._watched = watched
        self._on_change = on_change
        self._stopped = False

    @property
    def is_live(self) -> bool:
        """Whether the directory is there and can be read, and somebody looks."""
        is_seen = self._watched.available and self._watched.exists and self._watch.is_running
        return is_seen and not self._stopped

    def tell(self, change: Change) -> None:
        """Hand over a change, unless stopped."""
        if not self._stopped:
            self._on_change(change)

    def stop(self) -> None:
        """End the feed. Callbacks do not block, so none is under way in another greenlet."""
        self._stopped = True
        self._watch.forget(self)


class FolderWatch:
    """One greenlet for all followers of a folder.

    Args: look_over: brings everything held in memory up to date and returns what changed; it may wait for
    the disk, never raises, and runs at most twice a second, with as long a pause as it took itself.
    """

    def __init__(self, look_over: Callable[[], list[Change]]) -> None:
        self._look_over = look_over
        self._followings: set[FolderFollowing] = set()
        self._announced: list[Change] = []
        self._wake = Event()
        self._greenlet: gevent.Greenlet | None = None

    @property
    def is_running(self) -> bool:
        """Whether changes would be noticed."""
        return self._greenlet is not None and not self._greenlet.dead

    def start(self) -> None:
        """Begin to look, if nobody has yet."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)

    def follow(self, watched: FolderDatabase, on_change: OnChange) -> FolderFollowing:
        """Tell `on_change` of every change of one database from now on."""
        following = FolderFollowing(self, watched, on_change)
        self._followings.add(following)
        return following

    def forget(self, following: FolderFollowing) -> None:
        """Tell a follower nothing more."""
        self._followings.discard(following)

    def is_followed(self, database: str) -> bool:
        """Whether anybody follows a database."""
        return any(following.database == database for following in self._followings)

    def announce(self, changes: list[Change]) -> None:
        """Tell followers of changes made by this process, at once, from the feed's own greenlet."""
        self._announced += changes
        self._wake.set()

    def close(self) -> None:
        """End all feeds."""
        for following in list(self._followings):
            following.stop()
        if self._greenlet is not None:
            self._greenlet.kill()

    def _run(self) -> None:
        next_look = 0.0
        while True:
            self._wake.wait(max(0.0, next_look - time.monotonic()))
            self._wake.clear()
            changes, self._announced = self._announced, []
            started = time.monotonic()
            if started >= next_look:
                changes = changes + self._look_over()
                ended = time.monotonic()
                next_look = ended + max(INTERVAL_S, ended - started)
            for change in changes:
                for following in [one for one in self._followings if one.database == change.database]:
                    following.tell(change)
