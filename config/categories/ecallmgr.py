"""system_config/ecallmgr: how FreeSWITCH is told to record, play and ring. Source: Kazoo ecallmgr.

Kazoo's document has some forty keys more, for its own registrar, routing and clustering; they stay in the
document and mean nothing here.
"""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import flag, group, pattern, text, whole


class SendHttp(Schema):
    """Uploads by the node."""

    delete_on_success = flag("Delete a file once it is uploaded.", default=False)


class NodeCommands(Schema):
    """Commands to a FreeSWITCH node."""

    send_http = group(SendHttp)


class Ecallmgr(Schema):
    """Keys of the ecallmgr document."""

    recording_file_path = text(
        "/tmp/",  # noqa: S108 - Kazoo's default; this is a fact, nothing is opened there
        "Folder on the switch that recordings are written to; here freeswitch.recordings_dir of the settings "
        "rules, since this process must see the same folder.",
        like=r"/[^\x00-\x1f]*",
        kazoo_only=True,
    )
    default_recording_extension = text(
        ".mp3", "Extension of a recording whose name has none.", one_of=(".mp3", ".wav", ".mp4")
    )
    record_sample_rate = whole(8000, "Of mono recordings.", low=8000, high=48_000, unit="Hz")
    record_stereo_sample_rate = whole(16000, "Of stereo recordings.", low=8000, high=48_000, unit="Hz")
    record_waste_resources = flag("Keep writing while nobody sends audio.", default=False)
    allow_endless_recording = flag(
        "Whether a limit of 0 means none; otherwise it means 3600 s.", default=False
    )
    recording_software_name = text("2600Hz, Inc.'s Kazoo", "Written into the tags of recordings.")
    node_commands = group(NodeCommands)
    use_http_cache = flag("Play http media through mod_http_cache.", default=True)
    use_shout = flag("Play http media through mod_shout.", default=False)
    use_vlc = flag("Play http media through mod_vlc.", default=False)
    default_ringback = text("%(2000,4000,440,480)", "What callers hear while a phone rings.")
    should_detect_inband_dtmf = flag(
        "Listen for DTMF in the audio, for carriers that send no events.", default=False
    )
    use_bypass_media_after_bridge = flag(
        "Let bridged legs exchange media directly, which ends recordings.", default=False
    )
    max_channel_uptime_s = whole(
        0, "Hang up calls older than this; 0 for never.", low=0, high=31_536_000, unit="s"
    )
    default_realm = text(
        "nodomain.com", "Realm of SIP addresses that name none.", like=r"[A-Za-z0-9._-]{1,253}"
    )
    freeswitch_context = text(
        "context_2", "Dialplan context of calls that are sent on.", like=r"[A-Za-z0-9._-]{1,128}"
    )
    default_fax_extension = text(".tiff", "Extension of received faxes.", one_of=(".tiff", ".tif"))
    fax_file_path = text("/tmp/", "Folder on the switch for faxes.", like=r"/[^\x00-\x1f]*")  # noqa: S108
    multivar_separator = text("~", "Separates several variables set at once.", like=r"[^\s]{1,4}")
    sanitize_fs_value_regex = pattern(r"[^0-9\w\s-]", "What is removed from values that callers supply.")
    redirect_via_proxy = flag("Send redirects through the SIP proxy.", default=True)


CATEGORY = Category("ecallmgr", Ecallmgr, "How FreeSWITCH is told to record, play and ring.")
