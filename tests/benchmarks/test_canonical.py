"""The common form of answers, on fixed answers."""

from uuid import UUID

import pytest

from reintegration.api.identifiers import encode
from reintegration.kernel.errors import NotFoundError
from tests.benchmarks.canonical import Json, canonical, first_difference, leaves

KEY = UUID("019a0000-0000-7000-8000-000000000001")
OURS: Json = {
    "cases": {
        "edges": [
            {
                "node": {
                    "id": encode("Case", KEY),
                    "status": "IMPLEMENTING",
                    "registeredAt": "2024-03-02T09:00:00+00:00",
                    "office": None,
                    "version": 4,
                    "items": [{"kind": "MEDICAL", "budget": {"amount": "1500.10", "currency": "EUR"}, "spent": None}],
                    "price": {"amount": "2300", "currency": "XAF"},
                }
            }
        ],
        "pageInfo": {"hasNextPage": True, "endCursor": "ours"},
    }
}
PEERS: Json = {
    "cases": {
        "edges": [
            {
                "node": {
                    "id": str(KEY),
                    "status": "implementing",
                    "registeredAt": "2024-03-02 10:00:00+01",
                    "office": None,
                    "version": 4,
                    "items": [{"kind": "medical", "budget_minor": "150010", "budget_currency": "EUR", "spent_minor": None}],
                    "price_minor": 2300,
                    "price_currency": "XAF",
                }
            }
        ],
        "pageInfo": {"hasNextPage": True, "endCursor": "theirs"},
    }
}


def test_ours_and_the_peers_have_one_form() -> None:
    ours, peers = canonical(OURS, is_opaque=True), canonical(PEERS, is_opaque=False)
    assert first_difference(ours, peers) is None
    assert ours == peers
    assert ours == {
        "cases": {
            "edges": [
                {
                    "node": {
                        "id": str(KEY),
                        "status": "IMPLEMENTING",
                        "registeredAt": "2024-03-02T09:00:00+00:00",
                        "office": None,
                        "version": 4,
                        "items": [{"kind": "MEDICAL", "budget": "EUR 150010", "spent": None}],
                        "price": "XAF 2300",
                    }
                }
            ],
            "pageInfo": {"hasNextPage": True},
        }
    }


def test_an_id_of_no_kind_is_refused() -> None:
    with pytest.raises(NotFoundError):
        canonical({"id": str(KEY)}, is_opaque=True)


def test_an_amount_with_too_many_decimals_is_refused() -> None:
    with pytest.raises(ValueError, match="more decimals"):
        canonical({"amount": "1.5", "currency": "XAF"}, is_opaque=True)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"a": [1, "x"]}, None),
        ({"a": [1, "y"]}, "data.a[1]: 'x' and 'y'"),
        ({"a": [1]}, "data.a: 2 and 1 items"),
        ({"b": [1, "x"]}, "data: ['a', 'b']"),
        ({"a": [True, "x"]}, "data.a[0]: 1 and True"),
        ({"a": {"0": 1}}, "data.a: [1, 'x'] and {'0': 1}"),
    ],
)
def test_the_first_difference_is_named(other: Json, difference: str | None) -> None:
    assert first_difference({"a": [1, "x"]}, other) == difference


def test_leaves_are_counted_with_nulls() -> None:
    assert leaves(canonical(OURS, is_opaque=True)) == 10
