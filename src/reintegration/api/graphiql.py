"""GraphiQL for development, from files on this machine alone; a production app has no such routes."""

from pathlib import Path

from aiohttp import web

from reintegration.web_assets import GRAPHIQL_FILES, WEB, installed_modules

MISSING = "GraphiQL's files were not fetched at set-up (no network?). The API itself works: POST to /graphql.\n"

_OWN_FILES = frozenset({"page.js", "page.css"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def graphiql_routes(data_dir: Path) -> list[web.RouteDef]:
    """The page and its files: `app.add_routes(graphiql_routes(settings.data_dir))`, outside production only."""

    async def page(_request: web.Request) -> web.StreamResponse:
        if installed_modules(data_dir) is None:
            return web.Response(status=503, text=MISSING, headers=_HEADERS)
        return web.FileResponse(WEB / "graphiql.html", headers=_HEADERS)

    async def asset(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        modules = installed_modules(data_dir)
        if name in _OWN_FILES:
            return web.FileResponse(WEB / name, headers=_HEADERS)
        if modules is None or name not in GRAPHIQL_FILES:
            raise web.HTTPNotFound
        return web.FileResponse(modules / GRAPHIQL_FILES[name], headers=_HEADERS)

    return [web.get("/graphiql", page), web.get("/graphiql/assets/{name}", asset)]
