"""Percentiles, medians and ratios on fixed numbers."""

import json
from pathlib import Path

import pytest

from tests.benchmarks import report
from tests.benchmarks.measures import Load, Measurement, percentile, ratio, results


def measurement(server: str, requests: int, *, p99_ms: float = 5.0, connections: int = 16) -> Measurement:
    load = Load(requests=requests, errors=0, seconds=2.0, p50_ms=1.0, p99_ms=p99_ms)
    return Measurement("nested", server, connections, load, cpu_ms=0.5, database_cpu_ms=0.25, memory_mib=100.0)


ROUNDS = [
    measurement("compiled", 200, p99_ms=9.0),
    measurement("limit", 400),
    measurement("limit", 100),
    measurement("compiled", 100, p99_ms=7.0),
    measurement("compiled", 600, p99_ms=8.0),
    measurement("limit", 600),
]


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_a_measured_value(share: float, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], share) == value


def test_a_percentile_of_little_is_the_last() -> None:
    assert percentile([3.0], 0.5) == percentile([3.0], 0.99) == 3.0


def test_results_are_medians_over_rounds() -> None:
    compiled, limit = results(ROUNDS)
    assert (compiled.server, compiled.requests_per_s, compiled.p99_ms) == ("compiled", 100.0, 8.0)
    assert (limit.server, limit.requests_per_s) == ("limit", 200.0)


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    # 200/400, 100/100, 600/600: not the ratio of the medians, which is 0.5.
    assert ratio(ROUNDS, "nested", 16, "compiled", "limit") == 1.0
    assert ratio(ROUNDS, "nested", 1, "compiled", "limit") is None
    assert ratio(ROUNDS, "nested", 16, "compiled", "mercurius") is None


def test_a_run_writes_its_numbers_and_its_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- results -->\nold\n<!-- end of results -->\nafter\n")
    monkeypatch.setattr(report, "README", readme)
    monkeypatch.setattr(report, "BUILD", tmp_path / "build")
    findings = report.Findings({"Python": "3.13.0"}, list(ROUNDS), {"nested": 1900}, ["mercurius is left out: no network"])
    report.write(findings, {"rounds": 3, "operations": ""})
    assert json.loads((tmp_path / "build" / "bench.json").read_text())[0] == {
        "operation": "nested",
        "server": "compiled",
        "connections": 16,
        "requests_per_s": 100.0,
        "p50_ms": 1.0,
        "p99_ms": 8.0,
        "cpu_ms": 0.5,
    }
    text = readme.read_text()
    assert text.startswith("before\n<!-- results -->\n")
    assert text.endswith("<!-- end of results -->\nafter\n")
    assert "old" not in text
    assert "`make bench ROUNDS=3`" in text
    assert "- mercurius is left out: no network" in text
    assert "| nested | 1900 | 16 | - | - | 1.00 | - |" in text
    assert "| nested | 16 | compiled | 100 | 1.0 | 8.0 | 0.50 + 0.25 | 100 |" in text
