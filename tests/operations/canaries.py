"""What would betray a record of somebody else: its ids, and the texts, amounts and digests that only office B's records have."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from reintegration.api.graph import shapes
from reintegration.api.identifiers import encode
from reintegration.api.loaders import table_of
from reintegration.database.unit_of_work import UnitOfWork
from reintegration.kernel.actor import Actor
from tests.builders import SYSTEM
from tests.operations.caseload import NODES, Caseload, Ids, visible_ids
from tests.operations.two_offices import B

_AMOUNTS = {
    "BankAccount": ("opening_minor",),
    "BankStatement": ("closing_minor",),
    "BudgetTransfer": ("amount_minor",),
    "DeadlineExtension": (),
    "Entitlement": ("amount_minor",),
    "EntitlementException": ("amount_minor",),
    "PaymentOrder": ("total_minor",),
    "PaymentLine": ("amount_minor", "euro_minor"),
    "ServiceFee": ("amount_minor",),
    "PlanItem": ("budget_minor", "co_investment_minor"),
}
_DIGESTS = {
    "Document": ("sha256",),
    "EntitlementAssessment": ("facts_digest", "result_digest"),
    "Payment": ("content_digest", "approved_digest"),
    "PaymentOrder": ("content_digest", "sha256", "message_id"),
    "PaymentOrderLine": ("end_to_end_id",),
    "Plan": ("content_digest",),
    "StatementFile": ("sha256",),
}


@dataclass(frozen=True, slots=True)
class Canaries:
    """Strings that must not stand in an answer to somebody, and the records that they don't see."""

    strings: frozenset[str]
    hidden: Ids

    def found_in(self, text: str) -> list[str]:
        """Those that a text holds."""
        return sorted(canary for canary in self.strings if canary in text)


async def _values(owner: asyncpg.Connection, columns: dict[str, tuple[str, ...]], ids: Ids) -> set[object]:
    found: set[object] = set()
    for kind, names in columns.items():
        for name in names:
            sql = f"select {name} from {table_of(shapes()[kind])} where id = any ($1::uuid[]) and {name} is not null"  # noqa: S608 - ours
            found |= {row[0] for row in await owner.fetch(sql, list(ids[kind]))}
    return found


def _money(minor: object) -> str:
    assert isinstance(minor, int)
    return f'"{minor // 100}.{minor % 100:02}"'


async def of_b(owner: asyncpg.Connection, caseload: Caseload) -> frozenset[str]:
    """B's mark, and its amounts and digests that nobody else has."""
    amounts = await _values(owner, _AMOUNTS, caseload.of_b) - await _values(owner, _AMOUNTS, caseload.of_a)
    digests = await _values(owner, _DIGESTS, caseload.of_b) - await _values(owner, _DIGESTS, caseload.of_a)
    return frozenset({B.mark, *map(_money, amounts), *map(str, digests)})


async def for_somebody(work: UnitOfWork, who: Actor, texts: frozenset[str], moved: UUID) -> Canaries:
    """The texts, and the ids of every record that the actor doesn't see, in both spellings.

    Where a file lies in the store tells the id of its case, which stays in the office's memory when the case has moved.
    """
    everything, visible = await visible_ids(work, SYSTEM), await visible_ids(work, who)
    hidden = {kind: everything[kind] - visible[kind] for kind in NODES}
    ids = [spelling for kind, keys in hidden.items() for key in keys for spelling in spellings(kind, key) if key != moved]
    return Canaries(texts | frozenset(ids), hidden)


def spellings(kind: str, key: UUID) -> tuple[str, str]:
    """An id as the graph and as the database spell it."""
    return encode(kind, key), str(key)
