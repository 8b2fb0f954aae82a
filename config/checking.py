"""What `callflows validate` says of a document of system_config: each fault, each key without effect."""

from __future__ import annotations

from dataclasses import dataclass

from config.category import Category, KeyPath, is_private
from config.layer import shown
from config.source import Document


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to say of a place in a document.

    Attributes: path: dotted, with the section; message: a sentence's end ("is not a whole number"); is_fault:
    whether it is wrong, or merely without effect.
    """

    path: str
    message: str
    is_fault: bool


def check_document(category: Category, document: Document) -> list[Finding]:
    """Check all sections of a category's document, those of other nodes and zones included."""
    findings = []
    for section, content in document.items():
        if not is_private(section):
            findings += _check(category, content, (section,))
    return findings


def check_account_document(category: Category, document: Document) -> list[Finding]:
    """Check an account's document of a category, which has no sections."""
    return _check(category, document, ())


def _check(category: Category, content: object, place: KeyPath) -> list[Finding]:
    reading = category.read_section(content)
    faults = [
        Finding(_dotted(place, path), f"{shown(category.find(path), bad.raw)} {bad.reason}", is_fault=True)
        for path, bad in reading.bad.items()
    ]
    idle = [
        Finding(_dotted(place, path), "steers a part of Kazoo that is not here (ignored)", is_fault=False)
        for path in reading.values
        if (key := category.find(path)) and key.is_kazoo_only
    ]
    unknown = [
        Finding(_dotted(place, path), "unknown key (ignored)", is_fault=False) for path in reading.unknown
    ]
    return [*faults, *idle, *unknown]


def _dotted(place: KeyPath, path: KeyPath) -> str:
    return ".".join((*place, *path))
