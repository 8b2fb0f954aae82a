"""callflows explain-recording: would this call be recorded, by what, how, where to, and why not otherwise."""

from __future__ import annotations

import json
import socket
import sys
from urllib.parse import urlsplit

import click

from callflows.described_call import OFFNET, ONNET, DescribedCall, Description
from callflows.expected_recording import Answer
from callflows.explanation import Explainer
from callflows.registry import discover
from config.settings import Settings
from config.system import SystemConfig
from service.config_source import StoredConfig
from service.explanation_text import lines_of
from service.options import load_settings, settings_option
from storage import extras
from storage.address import AddressPolicy
from storage.destination import Destination, DestinationContext, Target
from storage.destination_registry import discover as discover_destinations
from storage.document import DocumentStore
from storage.errors import AddressRefused
from storage.open_store import open_store

RESOLVE_TIMEOUT_S = 3.0
DEFAULT_PORT = 443  # only whether the address may be reached is asked, not the port


class Reach:
    """Says what keeps a target from being reached: parameters, a library, an address. It connects nowhere."""

    def __init__(self, settings: Settings, documents: DocumentStore) -> None:
        self._addresses = AddressPolicy([str(network) for network in settings.outbox.allow_networks])
        self._destinations: dict[str, Destination] = discover_destinations(
            DestinationContext(
                documents=documents, addresses=self._addresses, folder_root=settings.outbox.local_dir
            )
        )

    def faults_of(self, target: Target) -> list[str]:
        """Return everything that is missing, as sentences."""
        destination = self._destinations.get(target.kind)
        if destination is None:
            return [f"there is no destination of kind {target.kind}"]
        absent = extras.missing(target.kind)
        faults = [*([absent] if absent else ()), *destination.validate(dict(target.parameters))]
        url = str(target.parameters.get("url") or "")
        if url and not faults and target.parameters.get("trusted") is not True:
            faults += self._refusals(url)
        return list(dict.fromkeys(faults))

    def _refusals(self, url: str) -> list[str]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https", "ftp", "ftps", "sftp"}:
            return []  # the host is the store's own, or a bucket's name
        try:
            self._addresses.resolve(host, parts.port or DEFAULT_PORT, RESOLVE_TIMEOUT_S)
        except AddressRefused as exc:
            return [str(exc)]
        except (socket.gaierror, UnicodeError):
            return [f"{host}: there is no such host"]
        except TimeoutError as exc:
            return [str(exc)]
        return []


def variables_of(given: tuple[str, ...]) -> dict[str, str]:
    """Read NAME=VALUE options. Raises: click.UsageError."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.UsageError(f"--var {text!r}: say NAME=VALUE")
        found[name] = value
    return found


@click.command(
    help="Say whether a call would be recorded, by what, how, stored where, and why not otherwise. "
    "Exit codes: 0 it would be, and arrive; 1 it would not, or only perhaps, or something is missing."
)
@settings_option
@click.option("--number", required=True, help="The number dialled.")
@click.option("--account", default="", help="The account; else the number or the settings say.")
@click.option("--from", "caller", default="", help="The caller's number.")
@click.option("--device", default="", help="The id of the device that calls.")
@click.option("--user", default="", help="The id of the user who calls.")
@click.option("--authorizing-id", default="", help="The same as Kazoo's variable of that name.")
@click.option("--authorizing-type", default="", help="Of that id: device, user, resource ...")
@click.option(
    "--inbound-from",
    "network",
    type=click.Choice([ONNET, OFFNET]),
    help="Where the call begins; onnet where an endpoint of ours calls, else offnet.",
)
@click.option("--var", "variables", multiple=True, help="NAME=VALUE, a channel variable; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def COMMAND(  # noqa: N802 - found by this name
    settings_file: str | None,
    number: str,
    account: str,
    caller: str,
    device: str,
    user: str,
    authorizing_id: str,
    authorizing_type: str,
    network: str | None,
    variables: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Explain from the documents and system_config alone; no call is made, nothing is connected to."""
    if sum(map(bool, (device, user, authorizing_id))) > 1:
        raise click.UsageError("--device, --user and --authorizing-id say the same: give one")
    if authorizing_type and not authorizing_id:
        raise click.UsageError("--authorizing-type goes with --authorizing-id")
    endpoint_id = device or user or authorizing_id
    kind = "device" if device else "user" if user else authorizing_type
    description = Description(
        number=number,
        account_id=account,
        caller=caller,
        endpoint_id=endpoint_id,
        endpoint_type=kind,
        is_onnet=network == ONNET if network else bool(endpoint_id),
        variables=variables_of(variables),
    )
    settings = load_settings(settings_file)
    store = open_store(settings.documents.url)
    try:
        config = SystemConfig(
            StoredConfig(store), node=settings.freeswitch.node_name, zone=settings.documents.zone
        )
        config.start()
        try:
            reach = Reach(settings, store)
            explainer = Explainer(
                store, config, discover(), reach.faults_of, settings.documents.default_account
            )
            explanation = explainer.explain(DescribedCall(description))
        finally:
            config.stop()
    finally:
        store.close()
    if as_json:
        click.echo(json.dumps(explanation.data(), indent=2))
    else:
        for line in lines_of(explanation):
            click.echo(line)
    sys.exit(0 if explanation.answer is Answer.YES and not explanation.findings else 1)
