"""What can go wrong between us and an object store."""


class ObjectStoreError(Exception):
    """An object store did not do what was asked."""


class ObjectStoreUnavailableError(ObjectStoreError):
    """The store can't be used: unreachable, wrong keys, no such bucket. The message is one line for an operator."""


class ObjectMissingError(ObjectStoreError):
    """No object has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no object {key}")
        self.key = key


class ObjectConflictError(ObjectStoreError):
    """The key is taken by other content; sealed keys are never overwritten."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} already holds other content")
        self.key = key


class ChecksumMismatchError(ObjectStoreError):
    """The bytes that arrived are not the bytes that were announced."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key}: the content doesn't match its SHA-256")
        self.key = key


class EmbeddedServerError(Exception):
    """The embedded S3 server can't run; the message is one line for an operator."""
