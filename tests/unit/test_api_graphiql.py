"""GraphiQL is served from this machine, under a strict policy; without its files one line says so."""

import re
import shutil
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from graphql import parse, print_ast, validate

from reintegration.api.graphiql import MISSING, graphiql_routes
from reintegration.api.schema import build_schema
from reintegration.web_assets import GRAPHIQL_FILES, WEB, PackagesUnavailableError, ensure_web_assets, installed_modules

ROOT = Path(__file__).parents[2]


def _app(data_dir: Path) -> web.Application:
    app = web.Application()
    app.add_routes(graphiql_routes(data_dir))
    return app


async def test_without_its_files_one_line_says_so(tmp_path: Path) -> None:
    async with TestClient(TestServer(_app(tmp_path))) as client:
        response = await client.get("/graphiql")
        assert (response.status, await response.text()) == (503, MISSING)
        assert (await client.get("/graphiql/assets/react.js")).status == 404


async def test_an_unreachable_registry_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    with pytest.raises(PackagesUnavailableError) as caught:
        ensure_web_assets(tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.is_offline
    assert str(caught.value).startswith("packages could not be fetched: ")
    assert installed_modules(tmp_path) is None
    assert [path.name for path in (tmp_path / "node").iterdir()] == ["lock"]
    shutil.rmtree(tmp_path)


async def test_the_page_loads_every_file_from_here() -> None:
    try:
        ensure_web_assets(ROOT / ".data")
    except PackagesUnavailableError as error:
        if not error.is_offline:
            raise
        pytest.skip(f"no network: the page was not loaded, GraphiQL's five npm packages are not here ({error})")
    async with TestClient(TestServer(_app(ROOT / ".data"))) as client:
        response = await client.get("/graphiql")
        text = await response.text()
        assert response.status == 200
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert "://" not in text
        for name in (*GRAPHIQL_FILES, "page.js", "page.css"):
            assert f"/graphiql/assets/{name}" in text
            answer = await client.get(f"/graphiql/assets/{name}")
            assert answer.status == 200
            assert answer.content_type.endswith("/css" if name.endswith(".css") else "/javascript")
        for name in ("graphiql.html", "package.json", "..%2Fpackage.json", "other.js"):
            assert (await client.get(f"/graphiql/assets/{name}")).status == 404


def test_no_manifest_names_an_address() -> None:
    for folder in (WEB, ROOT / "tests" / "conformance"):
        lock = (folder / "package-lock.json").read_text(encoding="utf-8")
        assert "://" not in lock
        assert '"resolved"' not in lock
        assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/')
        assert (folder / ".npmrc").read_text(encoding="utf-8") == "omit-lockfile-registry-resolved=true\n"


def test_the_page_begins_with_a_query_that_the_schema_takes() -> None:
    example = re.search(r"const EXAMPLE = `(.*?)`;", (WEB / "page.js").read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    document = parse(example[1])
    assert validate(build_schema()._schema, document) == []  # noqa: SLF001 - Strawberry has no accessor
    assert print_ast(document) == "{\n  me {\n    subject\n    role\n    permissions\n  }\n}"
