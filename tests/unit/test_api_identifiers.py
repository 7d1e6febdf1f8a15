"""Opaque ids: they come back as they went, and garbage answers like absence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reintegration.api import identifiers
from reintegration.kernel.errors import NotFoundError
from reintegration.kernel.ids import new_id

_KINDS = st.from_regex(r"[A-Z][A-Za-z]{0,30}", fullmatch=True)


@given(kind=_KINDS, value=st.uuids())
def test_an_id_comes_back_as_it_went(kind: str, value: object) -> None:
    opaque = identifiers.encode(kind, value)  # type: ignore[arg-type] # hypothesis gives UUIDs
    assert identifiers.decode(opaque, "Other", kind) == value
    assert identifiers.decode_any(opaque) == (kind, value)
    assert opaque.isascii()
    assert "=" not in opaque


@given(garbage=st.one_of(st.text(), st.text("ABCab01-_", max_size=60), st.binary(max_size=60).map(lambda raw: raw.hex())))
def test_garbage_is_not_found(garbage: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        identifiers.decode(garbage, "Case")
    assert caught.value.kind == "Case"


@given(value=st.uuids(), position=st.integers(0, 30), letter=st.sampled_from("ABCxyz019-_=+/ \0"))
def test_a_changed_letter_is_not_found(value: object, position: int, letter: str) -> None:
    opaque = identifiers.encode("Case", value)  # type: ignore[arg-type] # hypothesis gives UUIDs
    changed = opaque[:position] + letter + opaque[position + 1 :]
    if changed == opaque:
        return
    with pytest.raises(NotFoundError):
        identifiers.decode(changed, "Case")


def test_an_id_of_another_kind_reads_like_garbage() -> None:
    with pytest.raises(NotFoundError) as of_other_kind:
        identifiers.decode(identifiers.encode("Payment", new_id()), "Case")
    with pytest.raises(NotFoundError) as of_garbage:
        identifiers.decode("nonsense", "Case")
    assert of_other_kind.value == of_garbage.value
