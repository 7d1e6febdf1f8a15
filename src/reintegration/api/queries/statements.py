"""Statements of banks: accounts, lines in suspense, and what may explain a line."""

import strawberry

from reintegration.api import identifiers
from reintegration.api.codes import bad_user_input
from reintegration.api.connections import Connection, window
from reintegration.api.cost import Cost
from reintegration.api.graph import ApiInfo
from reintegration.api.loaders import SQL, record
from reintegration.api.pages import After, Before, Condition, First, Last, by_id
from reintegration.api.reading import Page, Record, root
from reintegration.api.types.statements import (
    BankAccount,
    BankStatement,
    StatementFile,
    StatementLine,
    StatementMatch,
    StatementSuggestion,
    statement_suggestion,
)
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.actor import Actor
from reintegration.reconciliation.matching import suggestions

_ACCOUNTS = by_id("bankAccounts")
_SUSPENSE = by_id("suspense")
MOST_SUGGESTIONS = 20


@strawberry.type
class StatementQueries:
    """Roots about statements."""

    @root(BankAccount | None, description="One account of a partner or an office.")
    def bank_account(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - the argument's name in the graph; see reading.py
        """By id."""
        require(actor, Permission.STATEMENT_READ)
        return Record("BankAccount", identifiers.decode(id, "BankAccount"))

    @root(Connection[BankAccount] | None, description="A page of the accounts that the caller may see, first opened first.")
    def bank_accounts(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        office: strawberry.ID | None = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Of one office, or all."""
        require(actor, Permission.STATEMENT_READ)
        conditions = () if office is None else (Condition("t.field_office_id = {}", identifiers.decode(office, "FieldOffice")),)
        return Page("BankAccount", _ACCOUNTS, window(_ACCOUNTS.ordering, first, after, last, before), conditions)

    @root(StatementFile | None, description="One file of a bank.")
    def statement_file(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - see above
        """By id."""
        require(actor, Permission.STATEMENT_READ)
        return Record("StatementFile", identifiers.decode(id, "StatementFile"))

    @root(BankStatement | None, description="One statement with its lines.")
    def bank_statement(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - see above
        """By id."""
        require(actor, Permission.STATEMENT_READ)
        return Record("BankStatement", identifiers.decode(id, "BankStatement"))

    @root(StatementMatch | None, description="One match with its lines and records.")
    def statement_match(actor: Actor, id: strawberry.ID) -> Record:  # noqa: A002, N805 - see above
        """By id."""
        require(actor, Permission.STATEMENT_READ)
        return Record("StatementMatch", identifiers.decode(id, "StatementMatch"))

    @root(
        Connection[StatementLine] | None,
        description="A page of the lines of an account that nothing explains yet, first imported first.",
    )
    def suspense(
        actor: Actor,  # noqa: N805 - see reading.py
        *,
        account: strawberry.ID,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page:
        """Of files that are not withdrawn."""
        require(actor, Permission.STATEMENT_READ)
        conditions = (
            Condition("t.bank_account_id = {}", identifiers.decode(account, "BankAccount")),
            Condition(f"({SQL['line_in_suspense']}) = {{}}", True),  # noqa: FBT003 - the value of the condition
        )
        return Page("StatementLine", _SUSPENSE, window(_SUSPENSE.ordering, first, after, last, before), conditions)

    @strawberry.field(
        description="What may explain a line, the best first: at most 20, each with its score and why. Nothing is matched by it.",
        directives=[Cost(weight=20)],
    )
    async def statement_suggestions(
        self, info: ApiInfo, line: strawberry.ID, first: int = MOST_SUGGESTIONS
    ) -> list[StatementSuggestion] | None:
        """For a person to judge."""
        context = info.context
        require(context.actor, Permission.STATEMENT_READ)
        if not 1 <= first <= MOST_SUGGESTIONS:
            raise bad_user_input(f'"first" is 1 to {MOST_SUGGESTIONS}')
        line_id = identifiers.decode(line, "StatementLine")
        await record(context, StatementLine, line_id)
        scored = await suggestions(await context.read(), line_id, first)
        return [statement_suggestion(candidate, score) for candidate, score in scored]
