"""One field's mistake is its own: what others wait for together is not cancelled with it."""

from reintegration.api.identifiers import encode
from reintegration.kernel.actor import Role
from tests.operations.conftest import Offices
from tests.operations.random_world import reading_desk
from tests.operations.two_offices import A

_DOCUMENT = """
query ($id: ID!) {
  a: case(id: $id) { deadline country { name } returnees { id } plans { id } }
  b: case(id: $id) { deadline country { name } payments(first: 0) { totalCount } }
}
"""


async def test_a_mistake_beside_a_shared_value_leaves_it_to_the_others(read_offices: Offices) -> None:
    who = A.who(Role.FEDASIL_PROGRAMME)
    async with reading_desk(read_offices) as desk, desk.work.read(who) as transaction:
        case = await transaction.fetch_value("select id from cases where departed_on is not null limit 1")
        variables = {"id": encode("Case", case)}  # type: ignore[arg-type] # a UUID
        for _ in range(5):
            result = await desk.schema.execute(_DOCUMENT, variables, desk.context(who))
            assert [(error.path, (error.extensions or {})["code"]) for error in result.errors or ()] == [
                (["b", "payments"], "BAD_USER_INPUT")
            ]
            assert result.data is not None
            assert result.data["b"] is None
            assert result.data["a"]["returnees"]
