"""callflows dialplan: prints the XML that makes FreeSWITCH hand its calls over."""

from __future__ import annotations

import re
from xml.sax.saxutils import quoteattr

import click

from service.options import load_settings, settings_option
from storage.names import is_account_id

TEMPLATE = """\
<!-- Save as conf/dialplan/{file_name}.xml of FreeSWITCH, then: fs_cli -x reloadxml -->
<include>
  <context name={context_attribute}>
    <extension name="callflows">
      <condition field="destination_number" expression={expression}>
{account}        <!-- The engine takes over here. Should it be away, the next action runs. -->
        <action application="socket" data={socket}/>
        <action application="respond" data="503 Service Unavailable"/>
      </condition>
    </extension>
  </context>
</include>
"""

FILE_NAME = re.compile(r"[A-Za-z0-9_](?:-?[A-Za-z0-9_.])*\Z")
"""What may stand in a comment of XML (no `--`) and in a directory."""

NOT_IN_XML = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters no XML document can hold, however written. Source: XML 1.0 section 2.2."""


def hand_off(context: str, numbers: str, address: str, account: str) -> str:
    """Return the dialplan file.

    Args: context: dialplan context; numbers: FreeSWITCH's expression for destination_number;
    address: host:port the engine listens on; account: set on each call, "" to leave it to the number.
    Source: FreeSWITCH mod_event_socket, socket_function ("async": commands do not wait for each other;
    "full": every command is allowed).
    """
    line = f"callflows_account_id={account}"
    return TEMPLATE.format(
        file_name=context if FILE_NAME.match(context) else "callflows",
        context_attribute=quoteattr(context),
        expression=quoteattr(numbers),
        socket=quoteattr(f"{address} async full"),
        account=f'        <action application="set" data={quoteattr(line)}/>\n' if account else "",
    )


@click.command(help="Print the dialplan XML that hands calls over to the engine.")
@settings_option
@click.option("--context", default="public", show_default=True, help="Dialplan context of the calls.")
@click.option("--numbers", default="^(.+)$", show_default=True, help="Which destination numbers.")
@click.option("--account", default="", help="Account of these calls; default: the number's own account.")
def COMMAND(settings_file: str | None, context: str, numbers: str, account: str) -> None:  # noqa: N802 - found by this name
    """Print the file to standard output."""
    for option, text in (("--context", context), ("--numbers", numbers)):
        if not text or NOT_IN_XML.search(text):
            raise click.UsageError(f"{option} is empty or has a character that XML cannot hold")
    if account and not is_account_id(account):
        raise click.UsageError("--account is no account id")
    host, port = load_settings(settings_file).freeswitch.listen
    click.echo(hand_off(context, numbers, f"{host}:{port}", account), nl=False)
