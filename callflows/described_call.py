"""A call that is only described: what its channel would say of it, for questions that need no call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from calls.identity import ACCOUNT_VARIABLES, CCV_PREFIX, Identity, identify

ONNET, OFFNET = "onnet", "offnet"


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody says of a call.

    Attributes: number: as dialled; account_id: "" for what number or settings name; caller: number;
    endpoint_id, endpoint_type: of the device or user who calls, "" for nobody known; is_onnet: whether it
    begins inside; variables: further channel variables; custom ones may be named without Kazoo's prefix.
    """

    number: str
    account_id: str = ""
    caller: str = ""
    endpoint_id: str = ""
    endpoint_type: str = ""
    is_onnet: bool = True
    variables: Mapping[str, str] | None = None


class DescribedCall:
    """What decides about a call, as its channel would tell it.

    Attributes: identity: see there; account_id: of the call, "" until it is known.
    """

    def __init__(self, description: Description) -> None:
        self._variables = _variables(description)
        self._headers = {
            "Unique-ID": "described",
            "Call-Direction": "inbound",
            "Caller-Destination-Number": description.number,
            "Caller-Caller-ID-Number": description.caller,
        }
        self.identity: Identity = identify(self)
        self.account_id = self.identity.account_id

    def get(self, header: str) -> str | None:
        """Return a header of its channel."""
        return self._headers.get(header)

    def variable(self, name: str) -> str | None:
        """Return a channel variable, None when nothing was said of it."""
        return self._variables.get(name)

    def custom_variable(self, name: str) -> str | None:
        """Return one of Kazoo's custom channel variables."""
        return self.variable(CCV_PREFIX + name)

    def custom_variables(self) -> dict[str, str]:
        """Return all of those, by their names without the prefix."""
        return {
            name.removeprefix(CCV_PREFIX): value
            for name, value in self._variables.items()
            if name.startswith(CCV_PREFIX)
        }

    def set_custom(self, name: str, value: str) -> None:
        """Have a callflow set one of those."""
        self._variables[CCV_PREFIX + name] = value


def _variables(said: Description) -> dict[str, str]:
    found = {
        ACCOUNT_VARIABLES[0]: said.account_id,
        CCV_PREFIX + "Authorizing-ID": said.endpoint_id,
        CCV_PREFIX + "Authorizing-Type": said.endpoint_type,
        CCV_PREFIX + "Inception": "" if said.is_onnet else said.caller or "outside",
    }
    for name, value in (said.variables or {}).items():
        found[name] = value
        if not name.startswith(CCV_PREFIX):
            found[CCV_PREFIX + name] = value
    return {name: value for name, value in found.items() if value}
