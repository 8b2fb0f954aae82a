"""What `validate` says of documents of system_config."""

from __future__ import annotations

from config.catalogue import discover
from config.checking import Finding, check_account_document, check_document

CALLFLOW = discover().category("callflow")


def test_a_good_document_has_no_findings() -> None:
    """Keys that are known and good need no words, in any section."""
    document = {"_id": "callflow", "pvt_type": "config", "default": {"max_branch_count": 5}, "fs1": {}}
    assert check_document(CALLFLOW, document) == []


def test_faults_are_told_with_their_section_and_path() -> None:
    """Sections of other nodes are checked as well; a broken section is a fault by itself."""
    document = {
        "default": {"max_branch_count": 0, "voicemail": {"extension": "flac"}},
        "fs2": {"max_branch_count": "x"},
        "fs3": [],
    }
    assert [(each.path, each.is_fault) for each in check_document(CALLFLOW, document)] == [
        ("default.max_branch_count", True),
        ("default.voicemail.extension", True),
        ("fs2.max_branch_count", True),
        ("fs3", True),
    ]
    assert check_document(CALLFLOW, document)[0].message == "0 is not from 1 to 10000"


def test_keys_without_effect_are_told_and_are_no_faults() -> None:
    """Kazoo writes much that means nothing here."""
    assert check_document(CALLFLOW, {"default": {"pool_size": 9, "colour": 1}}) == [
        Finding("default.pool_size", "steers a part of Kazoo that is not here (ignored)", is_fault=False),
        Finding("default.colour", "unknown key (ignored)", is_fault=False),
    ]


def test_an_accounts_document_is_checked_without_sections() -> None:
    """Its keys stand at the top, beside Kazoo's private ones."""
    document = {"_id": "configs_callflow", "pvt_account_id": "x", "max_branch_count": "many"}
    assert check_account_document(CALLFLOW, document) == [
        Finding("max_branch_count", '"many" is not a whole number', is_fault=True)
    ]
