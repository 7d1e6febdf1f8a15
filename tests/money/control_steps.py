"""What stands between an approved payment and its release: endorsements over a threshold, accounts that nobody has approved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reintegration.kernel.actor import Role
from tests.builders import APPROVER, OFFICER, PROGRAMME, actor
from tests.money.draft_steps import SUPPLIERS, Bill, Draft
from tests.money.payment_steps import NOTHING, Onward, Release
from tests.money.records import Asked
from tests.money.refund_steps import OfAsked, decision
from tests.money.steps import DECIDED, OfPayment, Step
from tests.money.wishes import Request, Wish, World


@dataclass(frozen=True, slots=True)
class Endorse(OfPayment):
    """Fedasil's programme lets it go over a threshold; `eyes` as of a decision."""

    at = frozenset({"approved"})
    eyes: int = 0

    def of(self, world: World, name: str) -> Iterable[Wish]:
        endorsement = world.new_name(f"{name}-endorsement")
        who = actor(Role.FEDASIL_PROGRAMME, OFFICER.id) if self.eyes == 1 else PROGRAMME
        digest = NOTHING if self.eyes == 2 else world.ids.get(f"{name} digest", NOTHING)
        asked = {"id": world.mint(endorsement, "PaymentEndorsement"), "paymentId": world.ids[name], "contentDigest": digest}
        yield Request(
            says=f"{name} is endorsed" + ("", " by who prepared it", " by somebody who saw something else")[self.eyes],
            who=who,
            mutation="paymentEndorse",
            asked={**asked, "reason": "The roof has to be on before winter"},
            name=endorsement,
            step=lambda ledger, _: ledger.endorse(endorsement, name, who.id, is_blind=self.eyes == 2),
            part="endorsement",
            shows="id",
        )


@dataclass(frozen=True, slots=True)
class RecordAccount(Step):
    """Where a supplier is paid from now on."""

    supplier: int = 1

    def wishes(self, world: World) -> list[Wish]:
        """By the office."""
        supplier = f"{SUPPLIERS[self.supplier]}"
        name = world.new_name(f"{supplier}-account")
        made = world.mint(name, "SupplierAccount")
        number = f"MN{made.replace('-', '')[-20:].upper()}"
        asked = {"id": made, "supplierId": world.ids[supplier], "kind": "BANK", "account": number, "holder": supplier}
        return [
            Request(
                says=f"{name} is recorded",
                who=OFFICER,
                mutation="supplierAccountRecord",
                asked=asked,
                name=name,
                step=lambda ledger, _: ledger.record_account(name, Asked("account", OFFICER.id, (supplier,))),
                part="account",
                shows=DECIDED,
            )
        ]


@dataclass(frozen=True, slots=True)
class DecideAccount(OfAsked):
    """A second person has compared it with the supplier's papers; `eyes` 1 are those of who recorded it."""

    kind = "account"
    at = "open"
    first = (RecordAccount,)
    is_approved: bool = True
    eyes: int = 0

    def of(self, world: World, name: str) -> Iterable[Wish]:
        who = actor(Role.FIELD_APPROVER, OFFICER.id) if self.eyes else APPROVER
        yield decision(world, name, "supplierAccountDecide", "accountId", who, "account", is_approved=self.is_approved)


@dataclass(frozen=True, slots=True)
class Guarded(Step):
    """The release of a payment of so many cents, perhaps endorsed, perhaps to an account that has just been recorded."""

    case: int = 0
    line: int = 0
    supplier: int = 1
    cents: int = 60_000
    is_endorsed: bool = False
    is_account_new: bool = False

    def parts(self, _world: World) -> Sequence[Step]:
        """The account, the payment up to its approval, the endorsement."""
        before = (RecordAccount(self.supplier),) if self.is_account_new else ()
        draft = Draft(self.case, self.line, self.supplier, Bill(((self.cents, "EUR"),)))
        between = (Endorse(self.case),) if self.is_endorsed else ()
        return (*before, draft, Onward(self.case), Onward(self.case), *between, self)

    def wishes(self, world: World) -> list[Wish]:
        """The release."""
        return Release(self.case).wishes(world)
