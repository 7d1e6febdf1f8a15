"""Where the parts of the engine write down what they did; numbered in the order of the work."""

from collections.abc import Mapping

from reintegration.entitlements.assessment import Notice, Stage, Step


class Journal:
    """The steps and warnings of one assessment."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._warnings: list[Notice] = []

    def step(
        self,
        stage: Stage,
        rule_id: str | None,
        facts: Mapping[str, object],
        result: str,
        text: str,
        *,
        amount_minor: int | None = None,
    ) -> None:
        """Add the next step; `facts` are what was looked at."""
        looked_at = tuple((name, str(value)) for name, value in facts.items())
        self._steps.append(Step(len(self._steps) + 1, stage, rule_id, looked_at, result, amount_minor, text))

    def warn(self, code: str, rule_id: str | None, text: str) -> None:
        """Add a warning once."""
        notice = Notice(code, rule_id, text)
        if notice not in self._warnings:
            self._warnings.append(notice)

    def steps(self) -> tuple[Step, ...]:
        """All steps so far."""
        return tuple(self._steps)

    def warnings(self) -> tuple[Notice, ...]:
        """All warnings so far."""
        return tuple(self._warnings)
