"""Trusted documents: the operations of our own clients, named by the digest of their text or by their operation's name."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLError, OperationDefinitionNode, parse


class TrustedDocumentError(Exception):
    """A file under the operations folder can't serve as a trusted document; the message names it."""


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """Documents by id. An id is the SHA-256 of the file's text, 64 hexadecimal digits, or the name of its one operation."""

    by_id: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path) -> "TrustedDocuments":
        """Read every `*.graphql` file under `folder`; a folder that isn't there holds none.

        Raises:
            TrustedDocumentError: a file doesn't hold exactly one operation with a name, or two operations share one.
        """
        by_id: dict[str, str] = {}
        for path in sorted(folder.rglob("*.graphql")):
            text = path.read_bytes().decode()
            name = _operation_name(path, text)
            if name in by_id:
                raise TrustedDocumentError(f"{path}: another file has an operation {name} too")
            by_id[name] = by_id[hashlib.sha256(path.read_bytes()).hexdigest()] = text
        return cls(by_id)

    def find(self, document_id: str) -> str | None:
        """The document's text, or None."""
        return self.by_id.get(document_id)


def _operation_name(path: Path, text: str) -> str:
    try:
        definitions = parse(text).definitions
    except GraphQLError as error:
        raise TrustedDocumentError(f"{path}: {error.message}") from error
    operations = [item for item in definitions if isinstance(item, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].name is None:
        raise TrustedDocumentError(f"{path}: a trusted document has exactly one operation, with a name")
    return operations[0].name.value
