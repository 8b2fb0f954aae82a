"""The listening event socket: authentication, events of all calls, api commands."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from simulator.audiofile import open_writer
from simulator.heartbeat import beat
from simulator.listen import curve
from simulator.switch import Switch
from simulator.voice import speech


class TestAuthentication:
    """Getting in."""

    def test_the_right_password(self, house: Any) -> None:
        """auth/request, then accepted."""
        talk = house.link()
        assert talk.frames[0][0]["Content-Type"] == "auth/request"

    def test_the_wrong_password_ends_the_connection(self, house: Any) -> None:
        """-ERR invalid and goodbye."""
        talk = house.open()
        assert talk.ask("auth wrong") == "-ERR invalid"
        talk.wait(lambda: talk.closed)

    def test_nothing_works_before_it(self, house: Any) -> None:
        """Commands before auth are unknown."""
        assert house.open().ask("api status") == "-ERR command not found"

    def test_rude_rejection(self) -> None:
        """A controller outside the access list is sent away."""
        switch = Switch(rejects_inbound=True).start()
        with socket.create_connection(switch.event_socket) as sock:
            data = b""
            while part := sock.recv(4096):
                data += part
        switch.stop()
        assert data.startswith(
            b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
        )


class TestEvents:
    """What a controller of all calls hears."""

    def test_events_of_every_call(self, house: Any) -> None:
        """No filter, all channels, recordings included."""
        link = house.link()
        link.ask("event plain CHANNEL_CREATE RECORD_STOP CHANNEL_HANGUP_COMPLETE")
        call, talk = house.call([{"at": 0, "say": 9}])
        talk.run("record_session", f"{house.directory}/x.wav {{id=9}}")
        talk.run("sleep", "100")
        call.hang_up()
        assert link.event("RECORD_STOP")["Recording-Variable-id"] == "9"
        assert [event["Unique-ID"] for event in link.events()] == [call.uuid] * 3

    def test_verbose_legs_tell_their_variables_with_every_event(self, house: Any) -> None:
        """Also with the end of a private command, which repeats the command's own headers."""
        link = house.link()
        link.ask("event plain CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE PRIVATE_COMMAND")
        call, talk = house.call([{"at": 0, "say": 9}])
        talk.run("verbose_events")
        talk.run("set", "whose=mine")
        talk.run("sleep", "%[mark=here]100")
        call.hang_up()
        begun = link.event("CHANNEL_EXECUTE", Application="sleep")
        assert begun["scope_variable_mark"] == "here"
        assert begun["Application-Data"] == "100"
        over = link.event("PRIVATE_COMMAND", **{"execute-app-name": "sleep"})
        assert over["variable_whose"] == "mine"
        assert over["execute-app-arg"] == "%[mark=here]100"
        assert "scope_variable_mark" not in over

    def test_bgapi_brings_a_background_job(self, house: Any) -> None:
        """The job's uuid is in the reply and on the event, the output is its body."""
        link = house.link()
        link.ask("event plain BACKGROUND_JOB")
        reply = link.ask("bgapi status")
        job = reply.removeprefix("+OK Job-UUID: ")
        event = link.event("BACKGROUND_JOB", **{"Job-UUID": job})
        assert event["Job-Command"] == "status"
        assert "is ready" in next(body for headers, body in link.frames if job in body)

    def test_heartbeats_come_to_whoever_asks(self, house: Any) -> None:
        """A controller can tell that the switch lives."""
        link = house.link()
        link.ask("event plain HEARTBEAT")
        beat(house.switch.core)
        assert link.event("HEARTBEAT")["Event-Info"] == "System Ready"

    def test_sendevent_about_a_live_leg_goes_to_the_leg(self, house: Any) -> None:
        """Whoever wants all to hear names the leg otherwise."""
        link = house.link()
        link.ask("event plain CUSTOM x::y")
        call, _ = house.call([{"at": 0, "say": 9}])
        assert link.ask(f"sendevent CUSTOM\nEvent-Subclass: x::y\nUnique-ID: {call.uuid}").startswith("+OK")
        link.ask(f"sendevent CUSTOM\nEvent-Subclass: x::y\nLeg-UUID: {call.uuid}")
        assert link.event("CUSTOM")["Leg-UUID"] == call.uuid
        call.hang_up()

    def test_sendevent_reaches_subscribers(self, house: Any) -> None:
        """CUSTOM with a subclass goes to those who asked for that subclass."""
        link = house.link()
        link.ask("event plain CUSTOM my::thing")
        link.ask("sendevent CUSTOM\nEvent-Subclass: other::thing\nX-A: 1")
        link.ask("sendevent CUSTOM\nEvent-Subclass: my::thing\nX-A: 2")
        assert link.event("CUSTOM")["X-A"] == "2"


class TestApis:
    """api commands."""

    @pytest.mark.parametrize(
        ("command", "start"),
        [
            ("status", "UP 0 years, 0 days"),
            ("version", "FreeSWITCH (Version 1.10.12"),
            ("version short", "1.10.12"),
            ("hostname", "simulated"),
            ("module_exists mod_shout", "true"),
            ("module_exists mod_nope", "false"),
            ("strftime 0|%Y", "1970"),
            ("global_getvar hostname", "simulated"),
            ("show channels count", "\n0 total."),
            ("show channels as json", '{"row_count": 0}'),
            ("show file", "type,name,ikey\nfile,file_string,"),
            ("show", "-USAGE: "),
            ("reloadxml", "+OK [Success]"),
            ("sofia status", " " * 21 + "Name"),
            ("fsctl ready_check", "+OK"),
            ("uuid_exists x", "false"),
            ("uuid_kill x", "-ERR No such channel!"),
            ("uuid_kill", "-USAGE: "),
            ("uuid_buglist", "-USAGE: "),
            ("uuid_buglist x", "-ERR no reply"),
            ("uuid_record x start /a", "-ERR Cannot locate session!"),
            ("uuid_setvar_multi x a=1", "-ERR No such channel!"),
            ("uuid_broadcast x /a.wav", "-ERR invalid uuid"),
            ("sched_hangup +1 x", "-ERR No such channel!"),
            ("originate nothing", "-USAGE: "),
            ("originate user/9 &park()", "-ERR SUBSCRIBER_ABSENT"),
            ("nope a b", "-ERR nope Command not found!"),
        ],
    )
    def test_without_a_call(self, house: Any, command: str, start: str) -> None:
        """FreeSWITCH's words."""
        assert house.link().ask(f"api {command}").startswith(start)

    def test_show_application_lists_what_there_is(self, house: Any) -> None:
        """The engine finds out here what it may use."""
        lines = house.link().ask("api show application").splitlines()
        names = {line.split(",")[0] for line in lines[1:]}
        assert lines[0] == "name,description,syntax,ikey"
        assert {"playback", "record_session", "speak", "bridge", "socket"} <= names

    def test_show_channels_as_json(self, house: Any) -> None:
        """One row per leg."""
        call, talk = house.call()
        shown = json.loads(house.link().ask("api show channels as json"))
        assert shown["row_count"] == 1
        assert shown["rows"][0]["uuid"] == call.uuid
        talk.close()

    def test_variables_of_a_channel(self, house: Any) -> None:
        """Set one, set several, read them, dump all."""
        call, _ = house.call()
        link = house.link()
        assert link.ask(f"api uuid_setvar {call.uuid} a 1") == "+OK\n"
        assert link.ask(f"api uuid_setvar_multi {call.uuid} b=2;c=3 4") == "+OK\n"
        assert link.ask(f"api uuid_getvar {call.uuid} c") == "3 4"
        assert link.ask(f"api uuid_getvar {call.uuid} nope") == "_undef_"
        dump = json.loads(link.ask(f"api uuid_dump {call.uuid} json"))
        assert (dump["variable_a"], dump["variable_b"]) == ("1", "2")
        assert f"Unique-ID: {call.uuid}" in link.ask(f"api uuid_dump {call.uuid}")

    def test_recording_from_outside(self, house: Any) -> None:
        """uuid_record starts, masks, pauses and stops."""
        call, talk = house.call([{"at": 0, "say": 9}])
        link, path = house.link(), house.directory / "o.wav"
        assert link.ask(f"api uuid_record {call.uuid} start {path} 30 {{id=4}}") == "+OK Success\n"
        assert talk.event("RECORD_START")["Recording-Variable-id"] == "4"
        assert f"<target>{path}</target>" in link.ask(f"api uuid_buglist {call.uuid}")
        for action in ("mask", "unmask", "pause", "resume"):
            assert link.ask(f"api uuid_record {call.uuid} {action} {path}") == "+OK Success\n"
        assert link.ask(f"api uuid_record {call.uuid} mask /other.wav").startswith("-ERR Cannot mask")
        assert link.ask(f"api uuid_record {call.uuid} stop {path}") == "+OK Success\n"
        assert link.ask(f"api uuid_record {call.uuid} stop {path}").startswith("-ERR Cannot stop")
        assert talk.event("RECORD_STOP")["Record-File-Path"] == str(path)

    def test_break_ends_a_prompt(self, house: Any) -> None:
        """uuid_break all breaks what plays."""
        call, talk = house.call()
        prompt = talk.execute("playback", "silence_stream://9000")
        talk.event("PLAYBACK_START")
        assert house.link().ask(f"api uuid_break {call.uuid} all") == "+OK\n"
        talk.completed(prompt)
        assert talk.event("PLAYBACK_STOP")["Playback-Status"] == "break"

    def test_broadcast_plays_to_the_channel(self, house: Any) -> None:
        """The file is queued with five frames' lead."""
        call, talk = house.call()
        link = house.link()
        assert link.ask(f"api uuid_broadcast {call.uuid} silence_stream://40") == "+OK Message sent\n"
        talk.event("PLAYBACK_STOP", **{"Playback-File-Path": "silence_stream://40"})
        link.ask(f"api uuid_broadcast {call.uuid} set::a=1 aleg")
        talk.event("CHANNEL_EXECUTE_COMPLETE", Application="set")

    def test_digits_both_ways(self, house: Any) -> None:
        """uuid_recv_dtmf is heard, uuid_send_dtmf is sent, uuid_flush_dtmf forgets."""
        call, talk = house.call()
        link = house.link()
        assert link.ask(f"api uuid_recv_dtmf {call.uuid} 7") == f"+OK {call.uuid} received DTMF 7.\n"
        assert talk.event("DTMF")["DTMF-Source"] == "APP"
        assert link.ask(f"api uuid_send_dtmf {call.uuid} 89") == f"+OK {call.uuid} sent DTMF 89.\n"
        assert call.session.sent_digits == "89"
        assert link.ask(f"api uuid_flush_dtmf {call.uuid}") == "+OK\n"

    def test_answer_and_kill(self, house: Any) -> None:
        """A channel is answered and hung up from outside."""
        call, talk = house.call(answer=False)
        link = house.link()
        assert link.ask(f"api uuid_pre_answer {call.uuid}") == "+OK\n"
        assert link.ask(f"api uuid_answer {call.uuid}") == "+OK\n"
        talk.event("CHANNEL_ANSWER")
        assert link.ask(f"api uuid_kill {call.uuid} USER_BUSY") == "+OK\n"
        assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "USER_BUSY"

    def test_transfer_and_park_from_outside(self, house: Any) -> None:
        """The channel leaves the socket for another extension."""
        call, talk = house.call({"extensions": {"9": [["set", "arrived=yes"], ["park", ""]]}})
        link = house.link()
        assert link.ask(f"api uuid_transfer {call.uuid} 9 XML default") == "+OK\n"
        talk.event("CHANNEL_EXECUTE_COMPLETE", Application="set")
        talk.event("CHANNEL_EXECUTE", Application="park")
        assert link.ask(f"api uuid_park {call.uuid}") == "+OK\n"
        talk.wait(lambda: talk.names().count("CHANNEL_PARK") >= 2)
        assert link.ask(f"api sched_hangup +0 {call.uuid}") == "+OK\n"
        assert call.wait_ended(5)


class TestOriginate:
    """A call made over the event socket, as the demo makes one."""

    def test_a_loopback_call_is_handed_to_the_engine(self, house: Any) -> None:
        """The second half comes to the engine; the answer releases `originate`."""
        link = house.link()
        link.ask("event plain BACKGROUND_JOB")
        variables = "{origination_caller_id_number=4930,callflows_account_id=abc}"
        link.ask(f"bgapi originate {variables}loopback/1000/ctx &park()")
        talk = house.accept()
        talk.send("connect\n\nlinger 1\n\nmyevents")
        headers = talk.wait(lambda: talk.frames)[0][0]
        assert headers["Caller-Destination-Number"] == "1000"
        assert headers["Caller-Caller-ID-Number"] == "4930"
        assert headers["variable_callflows_account_id"] == "abc"
        talk.send("sendmsg\ncall-command: execute\nexecute-app-name: answer")
        output = link.wait(lambda: [body for _, body in link.frames if "+OK " in body])[0]
        first = output.rsplit("+OK ", 1)[1].strip()
        assert first != headers["Unique-ID"]
        assert link.ask(f"api uuid_exists {first}") == "true"
        assert link.ask(f"api uuid_kill {first}") == "+OK\n"
        talk.event("CHANNEL_HANGUP")

    def test_what_the_first_half_plays_is_what_the_second_says(self, house: Any) -> None:
        """Sound crosses a loopback call."""
        link = house.link()
        voice = house.directory / "voice.wav"
        writer = open_writer(voice, 8000, 1)
        writer.write(speech(1, 0, 3000))
        writer.close()
        link.ask(f"bgapi originate loopback/1000/ctx &playback({voice})")
        talk = house.accept()
        talk.send("connect\n\nlinger 1\n\nevent plain CHANNEL_EXECUTE_COMPLETE RECORD_STOP")
        talk.send("sendmsg\ncall-command: execute\nexecute-app-name: answer")
        talk.event("CHANNEL_EXECUTE_COMPLETE", Application="answer")
        session = house.switch.calls[0].session
        link.wait(lambda: session.said.flows_at(session.clock.now()))
        assert max(curve(session.said.render(session.clock.now(), 1000, 8000))) > 1000
