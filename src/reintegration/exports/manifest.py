"""The manifest of a sealed report: what its files must contain, in bytes that depend on the facts alone.

It holds no time of making: the same position gives the same bytes. Who ordered a report, and when, is the job's record.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from pydantic import TypeAdapter, ValidationError

from reintegration.exports.tables import TableTotals
from reintegration.kernel.canonical import canonical_json, digest

MEDIA_TYPE: Final = "application/json"
FILE_NAME: Final = "manifest.json"
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

_KNOWN_VERSIONS: Final = frozenset({1, 2})
Parameter = str | int | bool | None | Sequence[str]


class SealBrokenError(Exception):
    """A sealed report is not what its manifest says. The message names the object and what is wrong with it."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReportIdentity:
    """What decides a report's bytes: the same identity is the same report."""

    report_kind: str
    definition_version: str
    position: str
    """Which facts the snapshot saw, and of which database: see decision 0007."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would reach outside its prefix."""
        for part in (self.report_kind, self.definition_version, self.position):
            if _SAFE.fullmatch(part) is None:
                raise ValueError(f"{part!r} can't be part of a report's key")

    @property
    def prefix(self) -> str:
        """The folder of the report's objects, the same for the same identity; ends without a slash."""
        return f"reports/{self.report_kind}/{self.definition_version}/{self.position}/{digest(self.parameters)}"

    def key(self, file_name: str) -> str:
        """The key of one of the report's files."""
        if _SAFE.fullmatch(file_name) is None:
            raise ValueError(f"{file_name!r} can't be part of a report's key")
        return f"{self.prefix}/{file_name}"


@dataclass(frozen=True, slots=True)
class SealedFile:
    """One file: where it is, what it weighs, and what its tables add up to."""

    name: str
    key: str
    media_type: str
    size_bytes: int
    sha256: str
    tables: tuple[TableTotals, ...]


@dataclass(frozen=True, slots=True)
class InvariantHeld:
    """What must always hold of the facts, and how many records broke it when the report was made."""

    name: str
    violations: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Written after every file, so that a report without one is not complete."""

    identity: ReportIdentity
    files: tuple[SealedFile, ...]
    produced_by: str
    """The software's name and version."""
    invariants: tuple[InvariantHeld, ...] = ()
    """Of the same snapshot. Manifests of version 1 tell of none."""
    manifest_version: int = 2

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        document = asdict(self)
        if self.manifest_version == 1:
            del document["invariants"]
        return canonical_json(document)

    @classmethod
    def parse(cls, key: str, data: bytes) -> "Manifest":
        """Read a manifest back, strictly.

        Raises:
            SealBrokenError: truncated, altered, of another version, or naming files outside its own folder.
        """
        try:
            manifest = _ADAPTER.validate_json(data, strict=True)
            prefix = manifest.identity.prefix
        except (ValidationError, ValueError) as error:
            raise SealBrokenError(key, "is not a manifest") from error
        if manifest.manifest_version not in _KNOWN_VERSIONS or manifest.to_bytes() != data:
            raise SealBrokenError(key, "is not a manifest in its canonical form")
        if key != f"{prefix}/{FILE_NAME}" or any(file.key != f"{prefix}/{file.name}" for file in manifest.files):
            raise SealBrokenError(key, "names objects of another report")
        return manifest


_ADAPTER: Final = TypeAdapter(Manifest)
