"""Documents looked at by those who write them."""

from __future__ import annotations

from swml.validation import validate
from tests.swml.scripts import main


def test_a_document_in_order_has_no_findings() -> None:
    """As text or as bytes."""
    assert validate(main("answer: {}")) == []
    assert validate(main("answer: {}").encode()) == []


def test_faults_come_before_doubts() -> None:
    """What must be mended first."""
    findings = validate(main("ai: {prompt: {}}", "nope: {}"))
    assert [(str(each), each.is_fault) for each in findings] == [
        ("main[1]: there is no method 'nope'", True),
        ("main[0].ai: ai needs its maker's cloud: the script ends here with an error", False),
    ]


def test_text_that_cannot_be_read_is_one_fault() -> None:
    """With its line."""
    (finding,) = validate("a: 1\na: 2")
    assert (str(finding), finding.is_fault) == (
        "line 2: the document has the key 'a' twice in one mapping",
        True,
    )
