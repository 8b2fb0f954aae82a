"""What can go wrong in the stand-in itself; what it simulates going wrong is in faults.

SimulatorError
|- ScriptError            a script is unusable; every fault is named
|- CommandTooLong         a controller sends without an end
|- CannotOpen             a recording cannot be written there
|- DiskFull               there is no room for more of it
|- CannotDecode           a sound file is missing or is no sound
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Anything the simulator raises on purpose."""


class ScriptError(SimulatorError):
    """A script is unusable. `faults`: one sentence each, beginning with the path in the document."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class CommandTooLong(SimulatorError):
    """A controller sent more than a command can have, without ending it."""


class CannotOpen(SimulatorError):
    """The file cannot be written there, or nothing here knows the format."""


class DiskFull(SimulatorError):
    """Not everything fits; what does is written. `lost_bytes`: what does not."""

    def __init__(self, lost_bytes: int) -> None:
        self.lost_bytes = lost_bytes
        super().__init__(f"{lost_bytes} bytes do not fit")


class CannotDecode(SimulatorError):
    """The file is missing or is no sound."""
