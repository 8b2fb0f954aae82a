"""The views over whose an endpoint is: owners, users logged in to it, SIP names, groups.

Source: Kazoo's design document `attributes` of account databases (names and keys; the maps are our own).
"""

from __future__ import annotations

from typing import Any

from storage.document import Document
from storage.names import DatabaseKind
from storage.view import Rows, View, is_live, items, members, truthy

_ACCOUNT = frozenset({DatabaseKind.ACCOUNT})


def _hotdesk_users(document: Document) -> list[str]:
    return list(members(members(document.get("hotdesk")).get("users")))


_HOTDESK_USERS = """
  var users = [], logged_in = (doc.hotdesk && doc.hotdesk.users) || {}, name;
  if (typeof logged_in === "object" && !logged_in.forEach) {
    for (name in logged_in) { users.push(name); }
  }"""


def _owners(document: Document) -> list[Any]:
    """Who an endpoint belongs to: whoever is logged in to it, else its owner."""
    owner = document.get("owner_id")
    return _hotdesk_users(document) or ([owner] if truthy(owner) else [])


_OWNERS = f"""{_HOTDESK_USERS}
  var owners = users.length ? users : (doc.owner_id ? [doc.owner_id] : []);"""


def _sip_username(document: Document) -> Rows:
    if not is_live(document):
        return []
    owners = _owners(document)
    sip = members(document.get("sip"))
    if truthy(sip.get("username")) and sip.get("method") == "password":
        return [(sip["username"], owners)]
    if document.get("pvt_type") != "sys_info":
        return []
    auths = [members(members(server).get("auth")) for server in items(document.get("servers"))]
    return [
        (auth["auth_user"], owners)
        for auth in auths
        if truthy(auth.get("auth_user")) and auth.get("auth_method") == "password"
    ]


_SIP_USERNAME = f"""function (doc) {{
  if (doc.pvt_deleted) {{ return; }}{_OWNERS}
  if (doc.sip && doc.sip.username && doc.sip.method === "password") {{
    emit(doc.sip.username, owners);
  }} else if (doc.pvt_type === "sys_info" && doc.servers && doc.servers.forEach) {{
    doc.servers.forEach(function (server) {{
      var auth = (server && server.auth) || {{}};
      if (auth.auth_user && auth.auth_method === "password") {{ emit(auth.auth_user, owners); }}
    }});
  }}
}}"""


def _owned(document: Document) -> Rows:
    if not is_live(document):
        return []
    return [([owner, document.get("pvt_type")], document.get("_id")) for owner in _owners(document)]


_OWNED = f"""function (doc) {{
  if (doc.pvt_deleted) {{ return; }}{_OWNERS}
  owners.forEach(function (owner) {{ emit([owner, doc.pvt_type], doc._id); }});
}}"""


def _owner(document: Document) -> Rows:
    return [(document.get("_id"), owner) for owner in _owners(document)] if is_live(document) else []


_OWNER = f"""function (doc) {{
  if (doc.pvt_deleted) {{ return; }}{_OWNERS}
  owners.forEach(function (owner) {{ emit(doc._id, owner); }});
}}"""


def _groups(document: Document) -> Rows:
    endpoints = document.get("endpoints")
    return [(None, endpoints)] if is_live(document, "group") and truthy(endpoints) else []


_GROUPS = """function (doc) {
  if (doc.pvt_type === "group" && !doc.pvt_deleted && doc.endpoints) { emit(null, doc.endpoints); }
}"""


def _hotdesk_user_rows(document: Document) -> Rows:
    return [(user, None) for user in _hotdesk_users(document)] if is_live(document) else []


_HOTDESK_USER_ROWS = f"""function (doc) {{
  if (doc.pvt_deleted) {{ return; }}{_HOTDESK_USERS}
  users.forEach(function (user) {{ emit(user, null); }});
}}"""


def _hotdesk_id(document: Document) -> Rows:
    hotdesk_id = members(document.get("hotdesk")).get("id")
    return [(hotdesk_id, None)] if is_live(document) and truthy(hotdesk_id) else []


_HOTDESK_ID = """function (doc) {
  if (!doc.pvt_deleted && doc.hotdesk && doc.hotdesk.id) { emit(doc.hotdesk.id, null); }
}"""


VIEWS = (
    View("attributes/sip_username", _ACCOUNT, _sip_username, _SIP_USERNAME),
    View("attributes/owned", _ACCOUNT, _owned, _OWNED),
    View("attributes/owner", _ACCOUNT, _owner, _OWNER),
    View("attributes/groups", _ACCOUNT, _groups, _GROUPS),
    View("attributes/hotdesk_users", _ACCOUNT, _hotdesk_user_rows, _HOTDESK_USER_ROWS),
    View("attributes/hotdesk_id", _ACCOUNT, _hotdesk_id, _HOTDESK_ID),
)
