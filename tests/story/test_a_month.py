"""A month of a field office, over HTTP against the production profile, by the documents of schema/operations alone.

The chapters are those of schema/operations/a-month.md. After each, every family, the fund, what is held in each currency, gains
and losses, and what the banks say are what figures.py has by hand.
"""

from pathlib import Path

from reintegration.database.embedded import DatabaseAddresses
from reintegration.storage.address import ObjectStoreAddress
from tests.story import auditing, beginning, ending, middle, statements
from tests.story.looking import the_figures_hold
from tests.story.page import CODE, PAGE, linked
from tests.story.setting import open_story

CHAPTERS = {
    "advance": beginning.money_comes,
    "families": beginning.families_come,
    "payments": middle.payments_are_made,
    "unconfirmed": middle.nobody_knows,
    "refund": middle.the_farm_gives_back,
    "re-budget": middle.money_moves_between_items,
    "statements": statements.the_first_half,
    "expiry": ending.a_budget_expires,
    "settlement": ending.the_advances_are_settled,
    "end of month": statements.the_second_half,
    "close": ending.the_month_is_closed,
    "late": ending.something_becomes_known,
}


async def test_a_month_of_a_field_office(
    fresh_database: DatabaseAddresses, object_store_address: ObjectStoreAddress, tmp_path: Path
) -> None:
    async with open_story(fresh_database, object_store_address, tmp_path) as story:
        for name, chapter in CHAPTERS.items():
            await chapter(story)
            await the_figures_hold(story, name)
        await auditing.the_auditor_looks(story)
        await auditing.the_export_adds_up(story)
        page = PAGE.read_text(encoding="utf-8")
        assert set(linked(page)) == story.played, "the page names the documents that were played, all of them and no others"
        assert set(CODE.findall(page)) == story.refusals, "and what was refused"
