"""Answers calls, records them, says a sentence and hangs up: a client program, with Telnyx' own SDK alone.

pip install 'telnyx[webhooks]'
TELNYX_API_KEY=KEY… TELNYX_PUBLIC_KEY=… python answer_and_record.py [PORT]

The key is `callflows tokens add`'s, the public key `callflows tokens key`'s. Webhooks are taken at
http://127.0.0.1:PORT/hooks (9090), where my-app.json sends them; TELNYX_BASE_URL is the engine's, if it is
elsewhere.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from telnyx import Telnyx

client = Telnyx(base_url=os.environ.get("TELNYX_BASE_URL", "http://127.0.0.1:8080/v2"))


class Hooks(BaseHTTPRequestHandler):
    """Takes webhooks: the next one of a call comes when this one is answered."""

    def do_POST(self) -> None:
        """Check who sent it, say that it has arrived, do what it asks for."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            event = client.webhooks.unwrap(body, headers=dict(self.headers)).data
        except ValueError:
            event = None
        self.send_response(200 if event else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if event:
            print(event.event_type, flush=True)
            react(event)

    def log_message(self, *_: object) -> None:
        """Be quiet about requests."""


def react(event) -> None:
    """Command the call, as its events say how far it is."""
    call, actions = event.payload.call_control_id, client.calls.actions
    if event.event_type == "call.initiated" and event.payload.direction == "incoming":
        actions.answer(call)
    elif event.event_type == "call.answered":
        actions.start_recording(call, format="mp3", channels="dual")
        actions.speak(call, payload="Hello. This call is recorded.", voice="female")
    elif event.event_type == "call.speak.ended":
        actions.hangup(call)
    elif event.event_type == "call.recording.saved":
        print(event.payload.recording_urls.mp3, flush=True)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9090), Hooks).serve_forever()
