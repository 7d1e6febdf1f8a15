"""Opening the file of a household."""

from reintegration.cases.commands import RegisterCase
from reintegration.cases.dates import check_order, check_past
from reintegration.cases.errors import HouseholdError, ReferencesExhaustedError
from reintegration.cases.models import Case, CaseIntake
from reintegration.cases.values import CaseStatus, HouseholdRole
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.reference import Reference

LARGEST_HOUSEHOLD = 30
_LAST_NUMBER = 999_999
_DIGITS = 6
_SQL = load_queries(__file__)


async def register_case(transaction: Transaction, command: RegisterCase) -> Reference:
    """Store a case with its household and intake. A generated reference takes a lock on its year until commit.

    Raises:
        ForbiddenError: the role registers no cases.
        HouseholdError: no head, more than one, a person twice, or too many people.
        FutureDateError, DateOrderError: a date of the intake or a birth can't be.
        ReferenceTakenError, ReferencesExhaustedError: the reference can't be used, or none is left.
    """
    require(transaction.actor, Permission.CASE_REGISTER)
    _check(command)
    reference = await _reference(transaction, command)
    await Case.create(
        using_db=transaction.orm,
        id=command.id,
        reference=reference,
        status=CaseStatus.REGISTERED.value,
        country_id=command.country_of_return,
        dublin=command.dublin,
        registered_by=transaction.actor.id,
    )
    intake = command.intake
    await CaseIntake.create(
        using_db=transaction.orm,
        case_id=command.id,
        administrative_status=intake.administrative_status.value,
        referral_channel=intake.referral_channel.value,
        return_desk_id=intake.return_desk_id,
        applied_on=intake.applied_on,
        entered_belgium_on=intake.entered_belgium_on,
        previous_support_departed_on=intake.previous_support_departed_on,
        consent_signed_on=intake.consent_signed_on,
    )
    await _store_household(transaction, command)
    return Reference("Case", command.id, 1)


def _check(command: RegisterCase) -> None:
    members, intake = command.members, command.intake
    if not members or len(members) > LARGEST_HOUSEHOLD:
        raise HouseholdError(reason=f"it has 1 to {LARGEST_HOUSEHOLD} members")
    if sum(member.role is HouseholdRole.HEAD for member in members) != 1:
        raise HouseholdError(reason="it has exactly one head")
    if len({member.id for member in members}) != len(members):
        raise HouseholdError(reason="a person appears twice")
    for member in members:
        check_past("birthDate", member.birth_date)
    for field, day in (
        ("appliedOn", intake.applied_on),
        ("enteredBelgiumOn", intake.entered_belgium_on),
        ("previousSupportDepartedOn", intake.previous_support_departed_on),
        ("consentSignedOn", intake.consent_signed_on),
    ):
        check_past(field, day)
    check_order("appliedOn", intake.applied_on, earlier="enteredBelgiumOn", earlier_on=intake.entered_belgium_on)
    check_order(
        "appliedOn", intake.applied_on, earlier="previousSupportDepartedOn", earlier_on=intake.previous_support_departed_on
    )


async def _reference(transaction: Transaction, command: RegisterCase) -> str:
    """The given reference, or the next of the year of application."""
    if command.reference is not None:
        return command.reference
    year = command.intake.applied_on.year
    prefix = f"BE-{year}-"
    await transaction.fetch_value(_SQL["lock_references"], year)
    last = await transaction.fetch_value(_SQL["last_reference"], prefix)
    number = 1 if last is None else int(str(last).removeprefix(prefix)) + 1
    if number > _LAST_NUMBER:
        raise ReferencesExhaustedError(year=year)
    return f"{prefix}{number:0{_DIGITS}d}"


async def _store_household(transaction: Transaction, command: RegisterCase) -> None:
    members = command.members
    await transaction.execute(
        _SQL["store_household"],
        command.id,
        [member.id for member in members],
        list(range(1, len(members) + 1)),
        [member.role.value for member in members],
        [member.gender.value for member in members],
        [member.birth_date for member in members],
        [member.nationality for member in members],
    )
    await transaction.execute(
        _SQL["store_names"],
        command.id,
        [member.id for member in members],
        [member.family_name for member in members],
        [member.given_names for member in members],
        [member.latin_name for member in members],
    )
