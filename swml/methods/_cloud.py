"""Methods that are services of the language's maker: known here, and the end of scripts that come to one."""

from __future__ import annotations

from typing import NoReturn

from marshmallow import INCLUDE

from swml.errors import MethodUnavailable
from swml.method import Data, Method, Support
from swml.properties import MethodData
from swml.run import ScriptRun

LIMITS = "needs its maker's cloud; the script ends with an error that names it"


class AnyData(MethodData):
    """Whatever it may be: the language's published schema does not say."""

    class Meta:
        """Nothing is looked at."""

        unknown = INCLUDE


def method(name: str, schema: type[MethodData], summary: str) -> Method:
    """Return the method of a name."""

    def run(_run: ScriptRun, _data: Data) -> NoReturn:
        raise MethodUnavailable(f"{name} needs its maker's cloud, and there is none here")

    return Method(schema=schema, run=run, summary=summary, support=Support.CLOUD, limits=LIMITS)
