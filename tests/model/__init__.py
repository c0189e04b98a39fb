"""A second implementation of the vault format in plain Python, written from FORMAT.md alone.

It shows that the document suffices, and tests compare it with the first one. It is not made for use: Python can't wipe
secrets, and nothing here is fast.
"""

from model.builder import Built, CompartmentSpec, RecordSpec, SlotSpec, VaultSpec, build
from model.errors import ModelError
from model.reader import Compartment, Opened, Record, SlotInfo, Version, open  # noqa: A004 - callers write model.open
from model.writer import Writer, create

__all__ = [
    "Built",
    "Compartment",
    "CompartmentSpec",
    "ModelError",
    "Opened",
    "Record",
    "RecordSpec",
    "SlotInfo",
    "SlotSpec",
    "VaultSpec",
    "Version",
    "Writer",
    "build",
    "create",
    "open",
]
