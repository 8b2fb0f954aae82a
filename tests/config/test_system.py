"""system_config, live: where values come from, edits in force at once, bad values that change nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from config.errors import ConfigError
from config.system import SystemConfig

DEADLINE_S = 5.0
Edit = Callable[..., None]
Start = Callable[..., SystemConfig]


def entries_of(logged: list[Any], event: str) -> list[dict[str, Any]]:
    """Return the log entries of one event."""
    return [entry for entry in logged if entry["event"] == event]


def test_without_documents_defaults_are_in_force(started: Start) -> None:
    """An empty store is a good start."""
    config = started()
    assert config.get("callflow", "max_branch_count") == 50
    assert config.get("media", "call_recording", "extension") == "mp3"
    assert config.resolve("callflow", "max_branch_count").origin == "built-in default"
    assert config.health() == []


def test_sections_are_asked_in_kazoos_order(source: Any, started: Start) -> None:
    """Node over zone over default over the built-in default, for each key by itself."""
    source.put(
        "system_config",
        "callflow",
        {
            "default": {"max_branch_count": 1, "post_answer_delay": 1, "default_pin_length": 1},
            "west": {"max_branch_count": 2, "post_answer_delay": 2},
            "east": {"fax_detect_duration_s": 9},
            "fs1": {"max_branch_count": 3},
            "fs2": {"fax_detect_duration_s": 8},
        },
    )
    config = started()
    assert config.get("callflow", "max_branch_count") == 3
    assert config.get("callflow", "post_answer_delay") == 2
    assert config.get("callflow", "default_pin_length") == 1
    assert config.get("callflow", "fax_detect_duration_s") == 5
    assert config.resolve("callflow", "max_branch_count").origin == "system_config/callflow fs1"
    assert config.resolve("callflow", "post_answer_delay").origin == "system_config/callflow west"


def test_without_a_zone_only_node_and_default_count(source: Any, started: Start) -> None:
    """An empty zone is no section, and a node called default is one."""
    source.put("system_config", "callflow", {"": {"max_branch_count": 9}, "default": {"max_branch_count": 4}})
    assert started(zone="").get("callflow", "max_branch_count") == 4
    assert started(node="default").get("callflow", "max_branch_count") == 4


def test_null_says_nothing(source: Any, started: Start) -> None:
    """As in Kazoo, a null uncovers what lies beneath."""
    source.put(
        "system_config", "callflow", {"fs1": {"max_branch_count": None}, "default": {"max_branch_count": 4}}
    )
    assert started().get("callflow", "max_branch_count") == 4


def test_an_edit_is_in_force_without_restart(
    source: Any, started: Start, edit: Edit, logged: list[Any]
) -> None:
    """Saving, changing and deleting a document are seen at once, and changes are logged by key."""
    config = started()
    edit(config, "system_config", "callflow", {"default": {"max_branch_count": 7}})
    assert config.get("callflow", "max_branch_count") == 7
    edit(
        config,
        "system_config",
        "callflow",
        {"fs1": {"max_branch_count": 8}, "default": {"max_branch_count": 7}},
    )
    assert config.get("callflow", "max_branch_count") == 8
    edit(config, "system_config", "callflow", None)
    assert config.get("callflow", "max_branch_count") == 50
    changes = entries_of(logged, "system_config_changed")
    assert [entry["changed_keys"] for entry in changes] == [["max_branch_count"]] * 3


def test_an_edit_is_in_force_within_two_seconds(source: Any, started: Start) -> None:
    """From the moment the feed tells it, by the clock."""
    config = started()
    began = time.monotonic()
    source.put("system_config", "media", {"default": {"store_recordings": True}})
    assert config.settle(2.0)
    assert config.get("media", "store_recordings") is True
    assert time.monotonic() - began < 2.0


def test_a_bad_value_keeps_the_last_good_one_and_says_so_once(
    source: Any, started: Start, edit: Edit, logged: list[Any]
) -> None:
    """One error names category, path, value, reason and what is in force; health goes on saying it."""
    config = started()
    edit(config, "system_config", "callflow", {"default": {"max_branch_count": 7, "post_answer_delay": 1}})
    edit(
        config, "system_config", "callflow", {"default": {"max_branch_count": "many", "post_answer_delay": 2}}
    )
    source.tell("system_config", "")
    assert config.settle(DEADLINE_S)
    assert config.get("callflow", "max_branch_count") == 7
    assert config.get("callflow", "post_answer_delay") == 2
    assert entries_of(logged, "system_config_value_refused") == [
        {
            "event": "system_config_value_refused",
            "log_level": "error",
            "category": "callflow",
            "document": "system_config/callflow default",
            "path": "max_branch_count",
            "value": '"many"',
            "reason": "is not a whole number",
            "in_force": "7 (system_config/callflow default)",
        }
    ]
    (problem,) = config.health()
    assert str(problem) == (
        'system_config/callflow default max_branch_count: "many" is not a whole number; in force is 7 '
        "(system_config/callflow default)"
    )
    edit(config, "system_config", "callflow", {"default": {"max_branch_count": 9}})
    assert config.get("callflow", "max_branch_count") == 9
    assert config.health() == []


def test_a_value_that_is_bad_from_the_start_gives_the_next(
    source: Any, started: Start, logged: list[Any]
) -> None:
    """There is no last good one yet, so the section beneath counts."""
    source.put(
        "system_config", "callflow", {"fs1": {"max_branch_count": 0}, "default": {"max_branch_count": 3}}
    )
    config = started()
    assert config.get("callflow", "max_branch_count") == 3
    (entry,) = entries_of(logged, "system_config_value_refused")
    assert entry["in_force"] == "3 (system_config/callflow default)"


def test_bad_values_of_other_nodes_are_not_ours_to_report(source: Any, started: Start) -> None:
    """Each node speaks for itself."""
    source.put("system_config", "callflow", {"fs2": {"max_branch_count": "x"}, "east": []})
    assert started().health() == []


@pytest.mark.parametrize("content", [{"default": []}, {"default": "x"}, {"default": 5}])
def test_a_section_that_is_no_object_changes_nothing(
    started: Start, edit: Edit, logged: list[Any], content: dict[str, Any]
) -> None:
    """What it said before stays, and one error names the section."""
    config = started()
    edit(config, "system_config", "callflow", {"default": {"max_branch_count": 7}})
    edit(config, "system_config", "callflow", content)
    assert config.get("callflow", "max_branch_count") == 7
    (entry,) = entries_of(logged, "system_config_value_refused")
    assert (entry["path"], entry["reason"]) == ("", "is not a JSON object")
    assert len(config.health()) == 1


def test_a_broken_document_changes_nothing(
    source: Any, started: Start, edit: Edit, logged: list[Any]
) -> None:
    """A document that is no JSON keeps its last good values, says so once, and counts again once mended."""
    config = started()
    edit(config, "system_config", "callflow", {"default": {"max_branch_count": 7}})
    source.broken.add(("system_config", "callflow"))
    edit(config, "system_config", "callflow", {})
    edit(config, "system_config", "callflow", {})
    assert config.get("callflow", "max_branch_count") == 7
    (entry,) = entries_of(logged, "system_config_value_refused")
    assert entry["reason"] == "is no JSON (line 3)"
    assert "is no JSON (line 3)" in str(config.health()[0])
    source.broken.clear()
    edit(config, "system_config", "callflow", {"default": {"max_branch_count": 8}})
    assert config.get("callflow", "max_branch_count") == 8
    assert config.health() == []


def test_secrets_are_not_told(started: Start, edit: Edit, logged: list[Any]) -> None:
    """A refused password is not logged, and no page shows it."""
    config = started()
    edit(config, "system_config", "media", {"default": {"proxy_password": ["hunter2"]}})
    edit(config, "system_config", "media", {"default": {"proxy_password": "hunter2\n"}})
    assert len(config.health()) == 1
    assert "hunter2" not in str(config.health()) + str(logged)


def test_unknown_keys_are_kept_quiet_about(started: Start, edit: Edit, logged: list[Any]) -> None:
    """Kazoo writes much more into its documents; only debug tells of it."""
    config = started()
    edit(config, "system_config", "ecallmgr", {"default": {"fs_nodes": ["a"], "acls": {}}})
    assert config.health() == []
    (entry,) = entries_of(logged, "system_config_keys_ignored")
    assert (entry["log_level"], entry["ignored_keys"]) == ("debug", ["acls", "fs_nodes"])


def test_a_start_without_a_store_uses_defaults_and_goes_on_trying(
    source: Any, started: Start, logged: list[Any]
) -> None:
    """It is reported, and what the documents say is in force once the store answers."""
    source.is_down = True
    source.put("system_config", "callflow", {"default": {"max_branch_count": 7}})
    config = started()
    assert config.get("callflow", "max_branch_count") == 50
    assert len(config.health()) == len(config.categories.names())
    assert "cannot be read: connection refused" in str(config.health()[0])
    source.is_down = False
    for _ in range(100):
        if not config.health():
            break
        source.left.clear()
        assert source.left.wait(DEADLINE_S)
    assert config.settle(DEADLINE_S)
    assert config.get("callflow", "max_branch_count") == 7
    assert config.health() == []
    assert len(entries_of(logged, "config_source_unavailable")) == 1


def test_a_store_that_hangs_does_not_hold_up_the_start(source: Any, logged: list[Any]) -> None:
    """The start waits so long and no longer; what comes late is used when it comes."""
    source.gate.clear()
    source.put("system_config", "callflow", {"default": {"max_branch_count": 7}})
    config = SystemConfig(source, node="fs1")
    config.start(wait_s=0.01)
    assert config.get("callflow", "max_branch_count") == 50
    assert len(entries_of(logged, "system_config_late")) == 1
    source.gate.set()
    assert config.settle(DEADLINE_S)
    assert config.get("callflow", "max_branch_count") == 7
    config.stop()


def test_what_was_read_last_stays_when_the_store_goes_away(source: Any, started: Start, edit: Edit) -> None:
    """Calls go on with what is known."""
    config = started()
    edit(config, "system_config", "callflow", {"default": {"max_branch_count": 7}})
    source.is_down = True
    source.tell("system_config", "")
    assert config.settle(DEADLINE_S)
    assert config.get("callflow", "max_branch_count") == 7
    assert config.health()


def test_groups_and_categories_are_objects(source: Any, started: Start) -> None:
    """Each key in them is resolved by itself."""
    source.put("system_config", "konami", {"fs1": {"transfer": {"default_takeback_dtmf": "*9"}}})
    config = started()
    assert config.get("konami") == {
        "use_fast_rearm": False,
        "transfer": {"default_takeback_dtmf": "*9", "default_target_timeout_ms": 20000},
    }
    assert config.get("konami", "transfer")["default_takeback_dtmf"] == "*9"


@pytest.mark.parametrize(("category", "path"), [("calflow", ("a",)), ("callflow", ("max_branch_cuont",))])
def test_asking_for_what_there_is_not_is_an_error_of_the_caller(
    started: Start, category: str, path: tuple[str, ...]
) -> None:
    """A slip of the pen in our own code is seen in its first test."""
    config = started()
    with pytest.raises(ConfigError, match="the nearest is"):
        config.get(category, *path)
    with pytest.raises(ConfigError, match="the nearest is"):
        config.for_account("a1").get(category, *path)


def test_every_default_can_be_asked_for_before_the_start(source: Any) -> None:
    """A process that never starts it (a command, a test) has defaults."""
    config = SystemConfig(source, node="fs1")
    for name in config.categories.names():
        assert isinstance(config.get(name), dict)
    assert config.for_account("a1").get("callflow", "max_branch_count") == 50
    assert source.reads == {}
