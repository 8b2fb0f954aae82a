"""The inbound link: up, lost, up again, and what health says of it."""

from __future__ import annotations

from collections.abc import Callable

from service.health import State
from simulator.script import Act, Step, read_script
from tests.service.house import RECORD, House, sleep
from tests.waiting import eventually


def test_a_link_is_kept_up(house: Callable[..., House]) -> None:
    """A switch that dies is noticed and said; when it is back, so is the link."""
    home = house()
    link = home.engine.link
    assert link is not None
    assert link.wait_up(10)
    assert link.current is not None
    assert link.condition().state is State.OK
    home.switch.die()
    eventually(lambda: link.current is None, what="the loss")
    condition = link.condition()
    assert condition.state is State.DEGRADED
    assert str(home.switch.event_socket[1]) in condition.detail
    home.switch.start()
    eventually(lambda: link.current is not None, 20, "the link")
    assert link.condition().state is State.OK


def test_a_wrong_password_degrades(house: Callable[..., House]) -> None:
    """Calls are served all the same."""
    home = house(password="wrong")
    home.flow("1000", ("answer", {}), ("hangup", {}))
    link = home.engine.link
    assert link is not None
    assert link.wait_up(0.2) is None
    assert link.condition().state is State.DEGRADED
    call = home.call("1000")
    assert call.wait_ended(10)
    assert call.session.answered_s is not None


def test_a_recording_whose_connection_broke_is_finished_by_the_link(house: Callable[..., House]) -> None:
    """RECORD_STOP comes on the inbound link when the call's own connection is gone."""
    home = house()
    home.flow("1000", RECORD, ("answer", {}), sleep(60))
    link = home.engine.link
    assert link is not None
    assert link.wait_up(10)
    script = read_script({"faults": {"cut_socket_at": 0.6}})
    steps = (Step(Act.SAY, "0.5", at_s=0.0), Step(Act.HANG_UP, "NORMAL_CLEARING", at_s=1.2))
    call = home.call("1000", script.with_steps(*steps))
    assert call.wait_ended(10)
    (delivery,) = home.delivered()
    assert delivery.size_bytes == call.recordings[0].size_bytes
