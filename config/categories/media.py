"""system_config/media: recordings, prompts and where media is kept. Source: Kazoo kz_media_config."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import flag, group, json_object, text, texts, whole

_HOST = r"[A-Za-z0-9._:-]{0,253}"


class CallRecording(Schema):
    """Recordings of calls."""

    extension = text(
        "mp3", "Format of a recording whose own configuration names none.", one_of=("mp3", "mp4", "wav")
    )
    storage_retry_times = whole(
        5,
        "How often Kazoo tries again to store a recording; the outbox here goes by time instead and gives up "
        "nothing.",
        low=0,
        high=1000,
        kazoo_only=True,
    )
    workers = whole(1, "Consumers of recording events in Kazoo.", low=1, high=1000, kazoo_only=True)


class Media(Schema):
    """Keys of the media document."""

    call_recording = group(CallRecording)
    max_recording_time_limit = whole(
        10800,
        "The longest recording; a longer or missing limit becomes this. 0 asks for no limit, which "
        "ecallmgr.allow_endless_recording must grant.",
        low=0,
        high=604_800,
        unit="s",
    )
    record_min_sec = whole(
        0,
        "Shorter recordings are discarded, unless their own configuration says otherwise.",
        low=0,
        high=3600,
        unit="s",
    )
    store_recordings = flag(
        "Keep recordings whose configuration names no URL, in the account's month; else they are not kept.",
        default=False,
    )
    third_party_bigcouch_host = text(
        None, "Keep them in a CouchDB on this host instead (as Kazoo 3.22 did).", like=_HOST
    )
    third_party_bigcouch_port = whole(5984, "The port of that CouchDB.", low=1, high=65535)
    third_party_bigcouch_user = text("", "Its user; empty: it lets everybody in.")
    third_party_bigcouch_password = text("", "That user's password.", secret=True)
    third_party_bigcouch_https = flag("Whether it is spoken to over TLS.", default=False)
    default_language = text(
        "en-us",
        "Language of prompts for callers whose endpoint and account name none.",
        like=r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?",
    )
    support_account_overrides = flag("Whether accounts may replace prompts by their own.", default=True)
    bigcouch_host = text(
        None, "CouchDB that FreeSWITCH fetches media from directly.", like=_HOST, kazoo_only=True
    )
    bigcouch_port = whole(None, "The port of that CouchDB.", low=1, high=65535, kazoo_only=True)
    use_bigcouch_direct = flag("Give FreeSWITCH URLs of CouchDB itself.", default=True, kazoo_only=True)
    authenticated_store = flag("Put credentials into URLs for storing.", default=True, kazoo_only=True)
    authenticated_playback = flag("Put credentials into URLs for playing.", default=False, kazoo_only=True)
    use_https = flag("Scheme of those URLs.", default=False, kazoo_only=True)
    use_plaintext = flag("Whether the media proxy listens without TLS.", default=True, kazoo_only=True)
    use_ssl_proxy = flag("Whether the media proxy listens with TLS.", default=False, kazoo_only=True)
    proxy_hostname = text(None, "Host name of the media proxy.", like=_HOST, kazoo_only=True)
    proxy_ip = text(None, "Address the media proxy listens on.", like=_HOST, kazoo_only=True)
    proxy_port = whole(24517, "Port of the media proxy.", low=1, high=65535, kazoo_only=True)
    proxy_ssl_port = whole(24518, "Port of the media proxy for TLS.", low=1, high=65535, kazoo_only=True)
    ssl_port = whole(
        24518, "Port of the media proxy for TLS, by its newer name.", low=1, high=65535, kazoo_only=True
    )
    ssl_cert = text(None, "Certificate of the media proxy.", kazoo_only=True)
    ssl_key = text(None, "Key of that certificate.", kazoo_only=True)
    ssl_password = text("", "Password of that key.", secret=True, kazoo_only=True)
    proxy_username = text("", "User of the media proxy.", kazoo_only=True)
    proxy_password = text("", "Password of the media proxy.", secret=True, kazoo_only=True)
    proxy_store_authenticate = flag(
        "Whether storing through the proxy needs them.", default=True, kazoo_only=True
    )
    proxy_store_acls = texts(["127.0.0.0/24"], "Networks that may store without.", kazoo_only=True)
    proxy_listeners = whole(25, "Listeners of the media proxy.", low=1, high=10_000, kazoo_only=True)
    distributed_proxy = json_object(None, "Media proxies of other zones.", kazoo_only=True)
    fix_media_names = flag("Whether media_mgr renames attachments.", default=True, kazoo_only=True)
    normalize_executable = text("sox", "Program that converts uploaded media.", kazoo_only=True)
    normalize_source_args = text("", "Its arguments before the source.", kazoo_only=True)
    normalize_destination_args = text("-r 8000", "Its arguments before the destination.", kazoo_only=True)


CATEGORY = Category("media", Media, "Recordings, prompts, and where media is kept.")
