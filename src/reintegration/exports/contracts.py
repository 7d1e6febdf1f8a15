"""The column contracts: what the receivers of an export may rely on, one JSON file for each table (schema/exports/)."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from reintegration.exports.definitions import ReportDefinition


def column_contracts(definitions: Iterable[ReportDefinition]) -> Mapping[str, bytes]:
    """The files by name; a table's name is its file's."""
    found: dict[str, bytes] = {}
    for definition in definitions:
        for part in definition.tables:
            document = {
                "table": part.table.name,
                "report_kind": definition.kind,
                "definition_version": definition.definition_version,
                "columns": [
                    {
                        "name": column.name,
                        "kind": column.kind.value,
                        "description": column.description,
                        **({"role": column.role.value} if column.role is not None else {}),
                    }
                    for column in part.table.columns
                ],
            }
            name = f"{part.table.name}.json"
            if name in found:
                raise ValueError(f"two reports have a table {part.table.name}")
            found[name] = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return found


def write_contracts(folder: Path, definitions: Iterable[ReportDefinition]) -> tuple[Path, ...]:
    """Write the contracts into `folder` and remove those of tables that are gone; returns what is there now."""
    folder.mkdir(parents=True, exist_ok=True)
    contracts = column_contracts(definitions)
    for stale in folder.glob("*.json"):
        if stale.name not in contracts:
            stale.unlink()
    for name, data in contracts.items():
        (folder / name).write_bytes(data)
    return tuple(folder / name for name in sorted(contracts))
