"""Sealing a report into S3, and proving later that the seal holds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reintegration.exports.manifest import (
    FILE_NAME,
    MEDIA_TYPE,
    InvariantHeld,
    Manifest,
    ReportIdentity,
    SealBrokenError,
    SealedFile,
)
from reintegration.exports.tables import TableTotals
from reintegration.storage.client import ContentDigest, ObjectStore
from reintegration.storage.errors import ObjectConflictError, ObjectMissingError
from reintegration.storage.multipart import MultipartSink


@dataclass(frozen=True, slots=True)
class SealedReport:
    """A complete report. `manifest_sha256` belongs into the database: with it, nobody can exchange the manifest either."""

    manifest: Manifest
    manifest_key: str
    manifest_sha256: str


class Seal:
    """Puts the files of one report under its never-overwritten keys and the manifest last.

    A run that crashed in between is repeated as it was: equal bytes are accepted, others refused (`ObjectConflictError`).
    """

    def __init__(self, store: ObjectStore, identity: ReportIdentity, produced_by: str) -> None:
        self.store = store
        self.identity = identity
        self.manifest_key = identity.key(FILE_NAME)
        self._produced_by = produced_by
        self._files: dict[str, SealedFile] = {}
        self._invariants: tuple[InvariantHeld, ...] = ()

    async def existing(self) -> SealedReport | None:
        """The report, verified, if an earlier run completed it; then there is nothing to do.

        Raises:
            SealBrokenError: it was completed and doesn't hold any more.
        """
        if not await self.store.exists(self.manifest_key):
            return None
        return _report(self.manifest_key, await verify_sealed(self.store, self.manifest_key))

    def sink(self, file_name: str, media_type: str) -> MultipartSink:
        """Where the bytes of a file go; pass the result of its `complete` to `add`."""
        if file_name == FILE_NAME:
            raise ValueError("the manifest is written by close")
        return MultipartSink(self.store, self.identity.key(file_name), media_type)

    def add(self, file_name: str, media_type: str, content: ContentDigest, tables: Sequence[TableTotals]) -> None:
        """Note a completed file for the manifest."""
        if file_name in self._files:
            raise ValueError(f"{file_name} is already part of this report")
        key = self.identity.key(file_name)
        self._files[file_name] = SealedFile(file_name, key, media_type, content.size_bytes, content.sha256, tuple(tables))

    def asked(self, invariants: Sequence[InvariantHeld]) -> None:
        """Note for the manifest how the facts stood of which the report is made."""
        self._invariants = tuple(invariants)

    async def close(self) -> SealedReport:
        """Write the manifest; from here on the report exists.

        Raises:
            ObjectConflictError: another manifest is there, with other facts.
        """
        files = tuple(sorted(self._files.values(), key=lambda file: file.name))
        manifest = Manifest(self.identity, files, self._produced_by, self._invariants)
        data = manifest.to_bytes()
        try:
            await self.store.put(self.manifest_key, data, MEDIA_TYPE, sha256=hashlib.sha256(data).hexdigest())
        except ObjectConflictError:
            # Another version of the software may have sealed the same facts: then its manifest stands.
            standing = Manifest.parse(self.manifest_key, await self.store.get(self.manifest_key))
            if replace(standing, produced_by=self._produced_by).to_bytes() != data:
                raise
            return _report(self.manifest_key, standing)
        return _report(self.manifest_key, manifest)


async def verify_sealed(store: ObjectStore, manifest_key: str, manifest_sha256: str | None = None) -> Manifest:
    """Read the manifest and every file to its end; give `manifest_sha256` where it is known.

    Raises:
        SealBrokenError: something is missing, truncated or altered.
    """
    try:
        data = await store.get(manifest_key)
    except ObjectMissingError as error:
        raise SealBrokenError(manifest_key, "is missing") from error
    if manifest_sha256 is not None and hashlib.sha256(data).hexdigest() != manifest_sha256:
        raise SealBrokenError(manifest_key, "is not the manifest that was sealed")
    manifest = Manifest.parse(manifest_key, data)
    for file in manifest.files:
        try:
            found = await store.digest(file.key)
        except ObjectMissingError as error:
            raise SealBrokenError(file.key, "is missing") from error
        if found.size_bytes != file.size_bytes:
            raise SealBrokenError(file.key, f"has {found.size_bytes} bytes instead of {file.size_bytes}")
        if found.sha256 != file.sha256:
            raise SealBrokenError(file.key, "was altered: its SHA-256 is another")
    return manifest


def _report(key: str, manifest: Manifest) -> SealedReport:
    """A report with the digest of its manifest."""
    return SealedReport(manifest, key, hashlib.sha256(manifest.to_bytes()).hexdigest())
