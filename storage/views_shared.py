"""The views over what accounts share or what comes by month: realms, credentials, prompts, recordings.

Source: the design documents of Kazoo's accounts, sip_auth, media and month databases (names and keys;
the maps are our own).
"""

from __future__ import annotations

from storage.document import Document
from storage.names import DatabaseKind
from storage.view import Rows, View, is_live, items, members, text, truthy

_ACCOUNTS = frozenset({DatabaseKind.ACCOUNTS})
_SIP_AUTH = frozenset({DatabaseKind.SIP_AUTH})
_MEDIA = frozenset({DatabaseKind.SYSTEM_MEDIA, DatabaseKind.ACCOUNT})
_MONTH = frozenset({DatabaseKind.MONTH})


def _by_realm(document: Document) -> Rows:
    realm = text(document.get("realm"))
    if not is_live(document, "account") or not realm:
        return []
    account_id = document.get("pvt_account_id")
    value = {"account_id": account_id if truthy(account_id) else document.get("_id")}
    if "pvt_account_db" in document:
        value["account_db"] = document["pvt_account_db"]
    return [(realm.lower(), value)]


_BY_REALM = """function (doc) {
  if (doc.pvt_type !== "account" || doc.pvt_deleted || !doc.realm || !doc.realm.toLowerCase) { return; }
  emit(doc.realm.toLowerCase(), {account_id: doc.pvt_account_id || doc._id, account_db: doc.pvt_account_db});
}"""


def _credentials(document: Document) -> Rows:
    sip = members(document.get("sip"))
    username = text(sip.get("username")).lower()
    if not is_live(document, "device") or not username:
        return []
    is_mobile = document.get("device_type") == "mobile"
    value = sip | {
        "id": document.get("_id"),
        "authorizing_id": document.get("_id"),
        "authorizing_type": "mobile" if is_mobile else "device",
    }
    for field, source in (("account_id", "pvt_account_id"), ("account_db", "pvt_account_db")):
        value.pop(field, None)
        value.update({field: document[source]} if source in document else {})
    realm = sip.get("realm")
    realms = [realm] if isinstance(realm, str) else items(realm)
    return [([text(one).lower(), username], value) for one in realms if text(one)]


_CREDENTIALS = """function (doc) {
  var sip, realms;
  if (doc.pvt_type !== "device" || doc.pvt_deleted || !doc.sip || !doc.sip.username) { return; }
  if (!doc.sip.username.toLowerCase || !doc.sip.realm) { return; }
  sip = JSON.parse(JSON.stringify(doc.sip));
  sip.id = doc._id;
  sip.account_id = doc.pvt_account_id;
  sip.account_db = doc.pvt_account_db;
  sip.authorizing_id = doc._id;
  sip.authorizing_type = doc.device_type === "mobile" ? "mobile" : "device";
  realms = doc.sip.realm.forEach ? doc.sip.realm : [doc.sip.realm];
  realms.forEach(function (realm) {
    if (realm && realm.toLowerCase) { emit([realm.toLowerCase(), sip.username.toLowerCase()], sip); }
  });
}"""


def _by_prompt(document: Document) -> Rows:
    prompt_id = document.get("prompt_id")
    if not is_live(document, "media") or not truthy(prompt_id):
        return []
    language = text(document.get("language")).lower()
    value = {"id": document.get("_id"), "prompt_id": prompt_id, "language": language, "is_prompt": True}
    return [([prompt_id, language], value)]


_BY_PROMPT = """function (doc) {
  var language = (doc.language && doc.language.toLowerCase) ? doc.language.toLowerCase() : "";
  if (doc.pvt_type !== "media" || doc.pvt_deleted || !doc.prompt_id) { return; }
  emit([doc.prompt_id, language],
       {id: doc._id, prompt_id: doc.prompt_id, language: language, is_prompt: true});
}"""


def _recordings(document: Document) -> Rows:
    if not is_live(document, "call_recording"):
        return []
    return [([document.get("pvt_created"), document.get("_id")], None)]


_RECORDINGS = """function (doc) {
  if (doc.pvt_type === "call_recording" && !doc.pvt_deleted) { emit([doc.pvt_created, doc._id], null); }
}"""


def _recordings_of_user(document: Document) -> Rows:
    owner = document.get("owner_id")
    if not is_live(document, "call_recording") or not truthy(owner):
        return []
    return [([owner, document.get("pvt_created"), document.get("_id")], None)]


_RECORDINGS_OF_USER = """function (doc) {
  if (doc.pvt_type === "call_recording" && !doc.pvt_deleted && doc.owner_id) {
    emit([doc.owner_id, doc.pvt_created, doc._id], null);
  }
}"""


VIEWS = (
    View("accounts/listing_by_realm", _ACCOUNTS, _by_realm, _BY_REALM),
    View("credentials/lookup", _SIP_AUTH, _credentials, _CREDENTIALS),
    View("media/listing_by_prompt", _MEDIA, _by_prompt, _BY_PROMPT),
    View("recordings/crossbar_listing", _MONTH, _recordings, _RECORDINGS),
    View("recordings/listing_by_user", _MONTH, _recordings_of_user, _RECORDINGS_OF_USER),
)
