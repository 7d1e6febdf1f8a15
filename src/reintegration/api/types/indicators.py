"""The persons behind a figure of the AMIF indicator report."""

from datetime import date
from uuid import UUID

import strawberry

from reintegration.api import loaders
from reintegration.api.graph import ApiInfo
from reintegration.api.types.cases import Case, Returnee
from reintegration.cases.values import Gender
from reintegration.funding import indicators

strawberry.enum(indicators.Indicator, description="Annex VIII, specific objective 3: O.3.3 and R.3.6.")
strawberry.enum(indicators.AgeBracket, description="On the day a person first counts; 18 and 60 are in the middle one.")


@strawberry.type(description="A person whom an AMIF indicator counts.")
class IndicatorCase:
    """A row of `indicator_cases`."""

    case_id: strawberry.Private[UUID]
    returnee_id: strawberry.Private[UUID]
    age_bracket: indicators.AgeBracket
    gender: Gender
    counted_on: date = strawberry.field(description="The departure (R.3.6) or the first assistance paid (O.3.3).")

    @strawberry.field(description="The file of the household.")
    async def case(self, info: ApiInfo) -> Case:
        """Visible to whoever reads reports."""
        return await loaders.record(info.context, Case, self.case_id)

    @strawberry.field(description="The person.")
    async def returnee(self, info: ApiInfo) -> Returnee:
        """Visible to whoever reads reports; the name has a permission of its own."""
        return await loaders.record(info.context, Returnee, self.returnee_id)


def indicator_case(found: indicators.IndicatorCase) -> IndicatorCase:
    """The person in the graph."""
    return IndicatorCase(
        case_id=found.case_id,
        returnee_id=found.returnee_id,
        age_bracket=found.age_bracket,
        gender=Gender(found.gender.value),
        counted_on=found.counted_on,
    )
