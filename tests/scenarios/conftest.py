"""Plays the scenarios that were chosen, all in one go, once for each switch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.address import parse_address
from storage.document import DocumentStore
from storage.open_store import open_store
from tests.scenarios.catalogue import BY_NAME
from tests.scenarios.ground import Ground, Line, Played
from tests.scenarios.lines import FreeSwitchLine, SimulatedLine
from tests.scenarios.outside import outside
from tests.scenarios.scenario import Scenario, Tenant
from tests.scenarios.swml_ground import ScriptGround
from tests.scenarios.swml_lines import FreeSwitchPhones, PhoneLine, SimulatedPhones
from tests.storage.conftest import pouchdb_url

__all__ = ["pouchdb_url"]

Results = tuple[Ground, dict[str, Played]]


def chosen(request: pytest.FixtureRequest, module: str) -> list[Scenario]:
    """Return the scenarios of the tests that this run has, of one module."""
    names = [
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module.__name__ == module and hasattr(item, "callspec")
    ]
    return [BY_NAME[str(name)] for name in dict.fromkeys(names)]


def open_to_all(directory: Path) -> Path:
    """Let a FreeSWITCH that runs as another user into a directory, and return it."""
    for each in (directory, *directory.parents):
        if each.owner() == directory.owner() and each.stat().st_mode & 0o777 == 0o700:
            each.chmod(0o755)
    directory.chmod(0o777)
    return directory


def _played(
    directory: Path, line: Line, scenarios: list[Scenario], third_url: str, documents_url: str = ""
) -> Iterator[Results]:
    third: DocumentStore | None = open_store(third_url, cache=False) if third_url else None
    with outside(directory, third, third_url) as places:
        ground = Ground(directory, line, places, scenarios, documents_url)
        try:
            playable = [one for one in scenarios if third_url or one.tenant is not Tenant.THIRD_PARTY]
            yield ground, ground.play(playable)
        finally:
            ground.close()
            if third is not None:
                third.close()


@pytest.fixture(scope="session")
def on_simulator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Results]:
    """What became of the scenarios on the simulator, with a folder of documents."""
    third_url = ""
    scenarios = chosen(request, "tests.scenarios.test_simulator")
    if any(one.tenant is Tenant.THIRD_PARTY for one in scenarios):
        try:
            third_url = request.getfixturevalue("pouchdb_url")
        except pytest.skip.Exception:
            third_url = ""  # its scenario says so
    line = SimulatedLine()
    yield from _played(tmp_path_factory.mktemp("scenarios"), line, scenarios, third_url)
    line.close()


@pytest.fixture(scope="session")
def on_peers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """What became of the scenarios on a real FreeSWITCH, with a real CouchDB."""
    where, couchdb_url = os.environ.get("FREESWITCH", ""), os.environ.get("COUCHDB_URL", "")
    if not where or not couchdb_url:
        pytest.skip("needs FREESWITCH=host:port of an event socket on this host, and COUCHDB_URL")
    directory = open_to_all(tmp_path_factory.mktemp("scenarios"))
    password = os.environ.get("FREESWITCH_PASSWORD", "ClueCon")
    line = FreeSwitchLine(parse_address(where), password, directory)
    scenarios = chosen(request, "tests.scenarios.test_live")
    yield from _played(directory, line, scenarios, couchdb_url, couchdb_url)
    line.close()


@pytest.fixture(scope="session", params=["simulator", pytest.param("freeswitch", marks=pytest.mark.live)])
def phones(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneLine]:
    """Callers of SWML documents: the simulator's, and those of a running FreeSWITCH."""
    line: PhoneLine
    if request.param == "simulator":
        line = SimulatedPhones()
    else:
        where = os.environ.get("FREESWITCH", "")
        if not where:
            pytest.skip("needs FREESWITCH=host:port of an event socket on this host")
        directory = open_to_all(tmp_path_factory.mktemp("phones"))
        password = os.environ.get("FREESWITCH_PASSWORD", "ClueCon")
        line = FreeSwitchPhones(parse_address(where), password, directory)
    yield line
    line.close()


def _ground(phones: PhoneLine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptGround]:
    ground = ScriptGround(open_to_all(tmp_path_factory.mktemp("ground")), phones)
    try:
        yield ground
    finally:
        ground.close()


@pytest.fixture(scope="module")
def ground_of_module(phones: PhoneLine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptGround]:
    """An engine for all tests of a module."""
    yield from _ground(phones, tmp_path_factory)
