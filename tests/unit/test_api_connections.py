"""Keyset connections: windows, cursors that mean one thing, and a total that is counted only when asked."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
import strawberry
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from reintegration.api.connections import Connection, Ordering, PageInfo, Window, connection, window

_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_BY_DAY = Ordering("cases.departure", (date, UUID))
_BY_ALL = Ordering("all", (str, int, date, datetime, UUID))
_KEY = (date(2023, 9, 14), _ID)


@given(
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50),
    number=st.integers(-(2**63) + 1, 2**63 - 1),
    day=st.dates(),
    instant=st.datetimes(timezones=st.just(UTC)),
    identity=st.uuids(),
)
def test_a_cursor_gives_back_its_key(text: str, number: int, day: date, instant: datetime, identity: UUID) -> None:
    key = (text, number, day, instant, identity)
    assert _BY_ALL.key(_BY_ALL.cursor(key), "after") == key


@given(st.one_of(st.text(), st.text("ABCab01-_", max_size=80)))
def test_garbage_is_no_cursor(garbage: str) -> None:
    with pytest.raises(GraphQLError) as caught:
        _BY_DAY.key(garbage, "after")
    assert caught.value.message == 'Argument "after" is not a cursor of this list'
    assert caught.value.extensions == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "other",
    [
        Ordering("cases.deadline", (date, UUID)).cursor(_KEY),
        Ordering("cases.departure", (date,)).cursor(_KEY[:1]),
        Ordering("cases.departure", (str, UUID)).cursor(("2023-9-14", _ID)),
        Ordering("cases.departure", (int, UUID)).cursor((20230914, _ID)),
        Ordering("cases.departure", (str, UUID)).cursor(("20230914", _ID)),
        _BY_DAY.cursor(_KEY) + "=",
    ],
)
def test_a_cursor_of_another_order_or_type_is_refused(other: str) -> None:
    with pytest.raises(GraphQLError):
        _BY_DAY.key(other, "after")


def test_page_arguments_become_a_window() -> None:
    cursor = _BY_DAY.cursor(_KEY)
    assert window(_BY_DAY, 1, None, None, None) == Window(1, None, is_reversed=False)
    assert window(_BY_DAY, 100, cursor, None, None) == Window(100, _KEY, is_reversed=False)
    assert window(_BY_DAY, None, None, 20, cursor) == Window(20, _KEY, is_reversed=True)
    assert window(_BY_DAY, 100, None, None, None).limit == 101


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, None, None, None), 'A page is asked for with either "first" (and "after") or "last" (and "before")'),
        ((1, None, 1, None), 'A page is asked for with either "first" (and "after") or "last" (and "before")'),
        ((1, None, None, "x"), 'A page is asked for with either "first" (and "after") or "last" (and "before")'),
        ((None, "x", 1, None), 'A page is asked for with either "first" (and "after") or "last" (and "before")'),
        ((0, None, None, None), 'Argument "first" must be from 1 to 100'),
        ((101, None, None, None), 'Argument "first" must be from 1 to 100'),
        ((None, None, -1, None), 'Argument "last" must be from 1 to 100'),
        ((5, "", None, None), 'Argument "after" is not a cursor of this list'),
    ],
)
def test_wrong_page_arguments_are_readable(
    arguments: tuple[int | None, str | None, int | None, str | None], message: str
) -> None:
    with pytest.raises(GraphQLError) as caught:
        window(_BY_DAY, *arguments)
    assert caught.value.message == message


def _page(page: Window, numbers: list[int]) -> Connection[int]:
    async def count() -> int:
        return 1000

    return connection(Ordering("numbers", (int,)), page, numbers, key=lambda row: (row,), node=lambda row: row, count=count)


def test_pages_know_whether_more_follows() -> None:
    one, two, three = (Ordering("numbers", (int,)).cursor((number,)) for number in (1, 2, 3))
    first = _page(Window(2, None, is_reversed=False), [1, 2, 3])
    assert [edge.node for edge in first.edges] == [1, 2]
    assert first.page_info == PageInfo(has_next_page=True, has_previous_page=False, start_cursor=one, end_cursor=two)
    last = _page(Window(2, (1,), is_reversed=False), [2, 3])
    assert last.page_info == PageInfo(has_next_page=False, has_previous_page=True, start_cursor=two, end_cursor=three)
    back = _page(Window(2, (4,), is_reversed=True), [3, 2, 1])
    assert [edge.node for edge in back.edges] == [2, 3]
    assert back.page_info == PageInfo(has_next_page=True, has_previous_page=True, start_cursor=two, end_cursor=three)
    empty = _page(Window(2, None, is_reversed=False), [])
    assert empty.page_info == PageInfo(has_next_page=False, has_previous_page=False, start_cursor=None, end_cursor=None)


async def test_the_total_is_counted_only_when_selected() -> None:
    counted: list[int] = []

    @strawberry.type
    class Query:
        @strawberry.field
        def numbers(self, first: int) -> Connection[int]:
            async def count() -> int:
                counted.append(1)
                return 3

            page = Window(first, None, is_reversed=False)
            return connection(Ordering("n", (int,)), page, [1, 2], key=lambda row: (row,), node=lambda row: row, count=count)

    schema = strawberry.Schema(Query)
    result = await schema.execute("{ numbers(first: 1) { edges { node } pageInfo { hasNextPage } } }")
    assert (result.data, counted) == ({"numbers": {"edges": [{"node": 1}], "pageInfo": {"hasNextPage": True}}}, [])
    result = await schema.execute("{ numbers(first: 1) { totalCount } }")
    assert (result.data, counted) == ({"numbers": {"totalCount": 3}}, [1])
    assert "type IntConnection" in str(schema)
