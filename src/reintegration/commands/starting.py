"""How commands start that go on until a signal comes."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

import structlog

from reintegration.commands.running import StoppedError, stoppable
from reintegration.progress import progress
from reintegration.resources import Places, embedded_servers, open_places
from reintegration.settings import Settings

_log = structlog.get_logger(__name__)


@contextmanager
def started_places(settings: Settings) -> Iterator[Places]:
    """`open_places` with a sign of progress."""
    with ExitStack() as stack:
        with waiting(f"Starting {' and '.join(embedded_servers(settings))}" if embedded_servers(settings) else "Starting"):
            places = stack.enter_context(open_places(settings))
        yield places


def waiting(title: str) -> AbstractContextManager[object]:
    """A spinner for a person at a terminal; elsewhere nothing, so that a refusal is the only line."""
    return progress(title) if sys.stderr.isatty() else nullcontext()


@contextmanager
def until_stopped() -> Iterator[None]:
    """For these commands a signal is the ordinary end."""
    try:
        with stoppable():
            yield
    except StoppedError:
        _log.info("stopped")
