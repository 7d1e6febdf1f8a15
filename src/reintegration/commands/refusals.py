"""What a command may refuse with: errors whose text is one line for the person who started it."""

from typing import Final

from reintegration.api.documents import TrustedDocumentError
from reintegration.app import ListenError
from reintegration.commands.working import WorkerEndedError
from reintegration.database.embedded import EmbeddedServerError as EmbeddedDatabaseError
from reintegration.database.migrate import MigrationError
from reintegration.kernel.errors import DomainError
from reintegration.resources import DatabaseUnavailableError
from reintegration.settings import SettingsError
from reintegration.storage.errors import EmbeddedServerError as EmbeddedStoreError
from reintegration.storage.errors import ObjectStoreUnavailableError

REFUSALS: Final = (
    DatabaseUnavailableError,
    DomainError,  # IssuerUnavailableError, DevelopmentIssuerRefusedError, InvalidInputError, ReferenceDataError
    EmbeddedDatabaseError,
    EmbeddedStoreError,
    ListenError,
    MigrationError,
    ObjectStoreUnavailableError,
    SettingsError,
    TrustedDocumentError,
    WorkerEndedError,
)
