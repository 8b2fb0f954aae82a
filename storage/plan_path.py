"""Names a copy as a storage plan does: fields of the recording, joined to a path.

| field | stands for |
|---|---|
| {"arg": name} | account_id, db, id or attachment (the file's name) |
| {"field": name} | that key of the metadata document |
| {"const": text}, text | itself |
| {"group": [fields]} | the fields in it, with nothing between |

Values are percent-encoded, so that none of them adds a folder; what is absent is left out. Only the texts of
the plan may hold slashes, and no segment of the result climbs.
Source: Kazoo kz_att_util (format_url) and the default fields of kz_att_s3, kz_att_azure,
kz_att_google_storage, kz_att_http and kz_att_ftp; schema storage.attachments.field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from storage.file_name import safe_file_name
from storage.remote_url import segment_fault

ARGUMENTS = ("account_id", "db", "id", "attachment")
PARAMETERS = frozenset(("field_list", "field_separator", "folder_path"))
MAX_FIELDS = 100
MAX_DEPTH = 5

_ID_AND_NAME: dict[str, Any] = {"group": [{"arg": "id"}, {"const": "_"}, {"arg": "attachment"}]}
_FOLDERS: list[Any] = [{"arg": "account_id"}, {"field": "owner_id"}, {"arg": "id"}, {"arg": "attachment"}]

DEFAULT_FIELDS: Mapping[str, list[Any]] = {
    "http": _FOLDERS,
    "ftp": _FOLDERS,
    "sftp": _FOLDERS,
    "s3": [{"arg": "db"}, _ID_AND_NAME],
    "azure": [_ID_AND_NAME],
    "gs": [_ID_AND_NAME],
}
"""What a plan without a field_list means, by kind of destination (sftp is ours and takes after ftp)."""


def faults_of(parameters: Mapping[str, Any]) -> list[str]:
    """Return every fault of a target's naming parameters, as sentences."""
    faults = [
        f"{name}: must be text"
        for name in ("field_separator", "folder_path")
        if not isinstance(parameters.get(name, ""), str)
    ]
    fields = parameters.get("field_list")
    if fields is None:
        return faults
    if not isinstance(fields, list) or not fields or len(fields) > MAX_FIELDS:
        return [*faults, f"field_list: must be a list of 1 to {MAX_FIELDS} fields"]
    if not all(_is_field(field, MAX_DEPTH) for field in fields):
        faults.append("field_list: a field must be one of arg, field, const or group")
    return faults


def is_planned(parameters: Mapping[str, Any]) -> bool:
    """Whether a plan names the copy, rather than the media's own name."""
    return parameters.get("field_list") is not None


def segments_of(parameters: Mapping[str, Any], metadata: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return where below the URL a copy goes: folders, and its name last.

    Args: parameters: without faults; metadata: the recording's document; name: the media's. Without a
    field_list the copy is called by that name.
    """
    folder = str(parameters.get("folder_path") or "")
    if not is_planned(parameters):
        return (*_kept(folder), safe_file_name(name))
    values = _values(metadata, name)
    separator = str(parameters.get("field_separator", "/"))
    path = separator.join(_rendered(parameters["field_list"], values, metadata))
    segments = (*_kept(folder), *_kept(path))
    return segments if segments and _kept(path) else (*segments, safe_file_name(name))


def _kept(path: str) -> tuple[str, ...]:
    """Split a path, leaving out what is no name."""
    return tuple(each for each in path.split("/") if each and not segment_fault(each))


def _values(metadata: Mapping[str, Any], name: str) -> dict[str, str]:
    account = metadata.get("pvt_account_id")
    return {
        "attachment": safe_file_name(name),
        "id": str(metadata.get("_id", "")),
        "account_id": str(account) if account else "unknown_account",
        "db": unquote(str(metadata.get("pvt_account_db", ""))),
    }


def _rendered(fields: list[Any], values: Mapping[str, str], metadata: Mapping[str, Any]) -> list[str]:
    """Return the texts of the fields that have one, in order."""
    texts = []
    for field in fields:
        kind, wanted = _parts(field)
        if kind == "group":
            text = "".join(_rendered(wanted, values, metadata))
        elif kind == "const":
            text = wanted
        else:
            value = values.get(wanted) if kind == "arg" else _plain(metadata.get(wanted))
            text = _encoded(value) if value else ""
        if text:
            texts.append(text)
    return texts


def _parts(field: Any) -> tuple[str, Any]:
    """Take a field without faults apart: its one key, and what stands there."""
    return ("const", field) if isinstance(field, str) else next(iter(field.items()))


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _encoded(text: str) -> str:
    """Encode a value as one plain piece of a segment; one of dots alone would be undone as a step upwards."""
    encoded = quote(text, safe="", errors="replace")
    return encoded if encoded.strip(".") else "_" * len(encoded)


def _is_field(field: Any, depth: int) -> bool:
    if isinstance(field, str):
        return field.isprintable()
    if not isinstance(field, dict) or len(field) != 1 or depth == 0:
        return False
    [(kind, wanted)] = field.items()
    if kind == "group":
        return (
            isinstance(wanted, list)
            and len(wanted) <= MAX_FIELDS
            and all(_is_field(each, depth - 1) for each in wanted)
        )
    if not isinstance(wanted, str) or not wanted.isprintable():
        return False
    return kind in ("field", "const") or (kind == "arg" and wanted in ARGUMENTS)
