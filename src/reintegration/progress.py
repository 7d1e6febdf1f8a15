"""Progress of anything longer than a second, on stderr, so that stdout stays for answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs; without `total`, a spinner with the time.

    Gives a function that takes how much was done since the last call. Without a terminal there is one line at the
    start and one at the end. What is logged meanwhile stands above the bar, for stderr is the bar's while it is shown.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{title} …", markup=False, highlight=False)
        yield lambda _: None
        console.print(f"{title}: done", markup=False, highlight=False)
        return
    columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
    bar = [] if total is None else [BarColumn(), MofNCompleteColumn()]
    with Progress(*columns, *bar, TimeElapsedColumn(), console=console, redirect_stdout=False) as display:
        task = display.add_task(title, total=total)
        yield lambda amount: display.advance(task, amount)
        display.update(task, total=total or 1, completed=total or 1)
