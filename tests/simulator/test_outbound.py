"""The outbound socket: taking a call, subscriptions, lingering, losing the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

# Simulated seconds per second: nothing here depends on real time.
SPEED = 3.0


class TestConnect:
    """Taking a call."""

    def test_the_answer_to_connect_describes_the_channel(self, house: Any) -> None:
        """About 9 KB of encoded headers with the call's variables; no body."""
        call = house.switch.place_call("2000", from_number="4930", variables={"callflows_account_id": "abc"})
        talk = house.accept()
        talk.send("connect")
        headers, body = talk.wait(lambda: talk.frames)[0]
        assert headers["Event-Name"] == "CHANNEL_DATA"
        assert (headers["Socket-Mode"], headers["Control"], body) == ("async", "full", "")
        assert headers["Unique-ID"] == call.uuid
        assert headers["Caller-Destination-Number"] == "2000"
        assert headers["variable_callflows_account_id"] == "abc"
        assert headers["Reply-Text"] == "+OK\n"

    def test_hostile_headers_stay_in_their_value(self, house: Any) -> None:
        """An encoded line break of a SIP header makes no header."""
        call = house.switch.place_call(variables={"sip_h_X-Evil": "a\nvariable_owned: yes"})
        talk = house.take(call)
        headers = talk.frames[0][0]
        assert headers["variable_sip_h_X-Evil"] == "a\nvariable_owned: yes"
        assert "variable_owned" not in headers

    def test_park_is_seen_when_the_subscription_came_with_connect(self, house: Any) -> None:
        """The channel parks a moment after the engine took it."""
        call = house.switch.place_call()
        talk = house.accept()
        talk.send("connect\n\nevent plain CHANNEL_PARK\n\nmyevents")
        talk.event("CHANNEL_PARK", **{"Unique-ID": call.uuid})

    def test_nobody_listens(self, house: Any) -> None:
        """A call that cannot be handed over ends, and says that nobody took it."""
        call = house.switch.place_call(engine=("127.0.0.1", 1))
        assert call.wait_ended(5)
        assert (call.hangup_cause, call.was_taken) == ("NORMAL_CLEARING", False)


class TestSubscriptions:
    """Which events come."""

    def test_only_the_filtered_channel_is_heard(self, house: Any) -> None:
        """Two calls, each controller hears its own."""
        (one, talk_one), (two, talk_two) = house.call(), house.call()
        talk_one.run("set", "a=1")
        talk_two.run("set", "b=1")
        assert {event["Unique-ID"] for event in talk_one.events()} == {one.uuid}
        assert {event["Unique-ID"] for event in talk_two.events()} == {two.uuid}

    def test_myevents_leaves_out_recordings(self, house: Any) -> None:
        """RECORD_START does not belong to myevents."""
        call = house.switch.place_call()
        talk = house.accept()
        talk.send("connect\n\nmyevents")
        talk.wait(lambda: len(talk.frames) > 1)
        path = f"{house.directory}/a.wav"
        command = "sendmsg\ncall-command: execute\nexecute-app-name: record_session"
        talk.send(f"{command}\nexecute-app-arg: {path}")
        talk.event("CHANNEL_EXECUTE_COMPLETE", Application="record_session")
        assert "RECORD_START" not in talk.names()
        assert call.session.recordings

    def test_nixevent_and_noevents(self, house: Any) -> None:
        """Events stop when they are taken back."""
        _, talk = house.call()
        assert talk.ask("nixevent CHANNEL_EXECUTE") == "+OK events nixed"
        talk.run("set", "a=1")
        assert talk.names().count("CHANNEL_EXECUTE") == 1
        assert talk.ask("noevents") == "+OK no longer listening for events"
        assert talk.ask("noevents") == "-ERR not listening for events"

    def test_json_events(self, house: Any) -> None:
        """`event json` brings the same as JSON, values unencoded."""
        _, talk = house.call()
        talk.ask("event json CHANNEL_EXECUTE")
        talk.send("sendmsg\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: a=x y")
        kind = "text/event-json"
        body = talk.wait(
            lambda: [body for headers, body in talk.frames if headers.get("Content-Type") == kind]
        )
        assert json.loads(body[0])["Application-Data"] == "a=x y"

    def test_filter_delete_opens_up_again(self, house: Any) -> None:
        """Without a filter every channel's events come."""
        (_, talk), (other, other_talk) = house.call(), house.call()
        assert talk.ask("filter delete Unique-ID").startswith("+OK filter deleted")
        other_talk.run("set", "a=1")
        talk.event("CHANNEL_EXECUTE", **{"Unique-ID": other.uuid})

    def test_divert_events_sends_digits_without_subscription(self, house: Any) -> None:
        """DTMF goes to the controller alone."""
        call, talk = house.call()
        assert talk.ask("divert_events on") == "+OK events diverted"
        talk.ask("nixevent DTMF")
        call.press("5")
        assert talk.event("DTMF")["DTMF-Digit"] == "5"

    @pytest.mark.parametrize(
        ("command", "reply"),
        [
            ("nonsense", "-ERR command not found"),
            ("event plain", "-ERR no keywords supplied"),
            ("filter", "-ERR invalid syntax"),
            ("api", "-ERR command not found"),
            ("api nope", "-ERR nope Command not found!\n"),
            ("getvar caller_id_number", "15551234567"),
            ("linger", "+OK will linger"),
            ("nolinger", "+OK will not linger"),
            ("log off", "-ERR invalid log level"),
            ("sendmsg abc", "-ERR invalid session id [abc]"),
            ("divert_events", "-ERR missing value."),
        ],
    )
    def test_replies(self, house: Any, command: str, reply: str) -> None:
        """The words of mod_event_socket."""
        _, talk = house.call()
        assert talk.ask(command) == reply


class TestEnd:
    """How the connection ends."""

    def test_linger_keeps_the_socket_for_its_seconds(self, house: Any) -> None:
        """First a linger notice, then the goodbye; commands in between are answered."""
        call, talk = house.call()
        call.hang_up()
        notice = talk.wait(lambda: [h for h, _ in talk.frames if h.get("Content-Disposition") == "linger"])[0]
        assert (notice["Controlled-Session-UUID"], notice["Linger-Time"]) == (call.uuid, "1")
        assert talk.ask("getvar hangup_cause") == "NORMAL_CLEARING"
        talk.wait(lambda: talk.closed)
        assert talk.frames[-1][0]["Content-Disposition"] == "disconnect"

    def test_without_linger_the_socket_closes_with_the_call(self, house: Any) -> None:
        """CHANNEL_HANGUP may be the last thing heard."""
        call, talk = house.call()
        talk.ask("nolinger")
        call.hang_up()
        talk.wait(lambda: talk.closed)
        assert talk.frames[-1][0]["Content-Disposition"] == "disconnect"

    def test_exit_lets_the_call_go(self, house: Any) -> None:
        """A controller that leaves ends the park; the dialplan has nothing else, so the call ends."""
        call, talk = house.call()
        assert talk.ask("exit") == "+OK bye"
        assert call.wait_ended(5)
        assert call.hangup_cause == "NORMAL_CLEARING"

    def test_a_lost_engine_does_not_cut_a_prompt_short(self, house: Any) -> None:
        """What runs goes on to its end, then the call ends."""
        call, talk = house.call()
        talk.execute("playback", "silence_stream://300")
        talk.event("PLAYBACK_START")
        talk.close()
        assert call.wait_ended(5)
        stops = [seen for seen in call.events if seen.name == "PLAYBACK_STOP"]
        assert stops[0].headers["Playback-Status"] == "done"
        assert [seen.name for seen in call.events].index("PLAYBACK_STOP") < [
            seen.name for seen in call.events
        ].index("CHANNEL_HANGUP")

    def test_destroy_comes_once_nobody_controls_the_channel(self, house: Any) -> None:
        """The event follows the socket's end."""
        link = house.link()
        link.ask("event plain CHANNEL_DESTROY")
        call, talk = house.call()
        call.hang_up()
        talk.wait(lambda: talk.closed)
        link.event("CHANNEL_DESTROY", **{"Unique-ID": call.uuid})
        assert call.uuid not in house.switch.core.sessions
