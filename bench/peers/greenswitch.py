"""greenswitch 0.0.19 as it comes: its own server, its own session, the call of its documentation.

Only its ceiling of 100 connections is raised, so that it can hold the calls at all.
"""

from __future__ import annotations

import sys

from gevent import monkey

monkey.patch_all()

import gevent.event  # noqa: E402 - after patching
import greenswitch  # noqa: E402

PROMPT = "silence_stream://100"


class Ivr:
    """One call, as greenswitch's documentation writes one."""

    def __init__(self, session: greenswitch.OutboundSession) -> None:
        self.session = session

    def run(self) -> None:
        """Answer, play, hang up; a caller who leaves first ends it."""
        gone = gevent.event.Event()
        self.session.register_handle("CHANNEL_HANGUP", lambda _event: gone.set())
        try:
            self.session.connect()
            self.session.myevents()
            self.session.linger()
            self.session.answer()
            self.session.playback(PROMPT, block=True)
            self.session.hangup()
            gone.wait(5)  # else its `stop` would leave before FreeSWITCH has taken the hangup up
        except greenswitch.esl.OutboundSessionHasGoneAway:
            pass
        finally:
            self.session.stop()


def main(port: int) -> None:
    """Serve until killed."""
    server = greenswitch.OutboundESLServer(
        bind_address="127.0.0.1", bind_port=port, application=Ivr, max_connections=1_000_000
    )
    print("ready", flush=True)
    gevent.joinall([gevent.spawn(server.listen)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
