"""Effects: what an event changed, asked of pairs of futures in a process of its own while the town stays on screen."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from rich.text import Text

from townlet.errors import QueryError
from tui.asking import REFUSALS, Stopped
from tui.dialogs.effect import effect, no_effect
from tui.dialogs.listing import Contents, Listing, Picked
from tui.dialogs.pairs import Found, Order, Parted, command, found_of
from tui.drawing import Row
from tui.stage.screen import Stage
from tui.stage.sight import Sight

FUTURES: Final = 100
"""How many pairs of futures are asked."""

DAYS: Final = 5
"""How many days they live."""

KNOWN_MOST: Final = 20
"""How many answers are kept; the oldest gives way."""

LINE_BYTES_MOST: Final = 1 << 24
"""The longest line that the process may write."""

PATIENCE_S: Final = 5.0
"""Seconds that a process has to remove what it has begun to write, before it is killed."""

BAR_CELLS: Final = 20
WORKERS: Final = "effects"
"""The group of Textual's workers in which at most one effect is asked for."""


class Effects:
    """Asks what events changed, one at a time, shows how far it has come, and steps into the futures."""

    def __init__(self, sight: Sight, stage: Stage) -> None:
        self._sight, self._stage = sight, stage
        self._known: dict[tuple[Order, str], Found] = {}  # with the history up to the event: a run may be replaced
        self._process: asyncio.subprocess.Process | None = None
        self._order: Order | None = None

    @property
    def is_asking(self) -> bool:
        """Whether an effect is being asked for, or a future being written."""
        return self._order is not None

    def ask(self, seq: int) -> None:
        """Say what an event changed: at once where it is known, else when enough pairs of futures have lived."""
        order = Order(self._sight.run_path, seq, FUTURES, DAYS)
        if order == self._order:
            self._stage.say(f"The effect of event {seq:,} is being asked for. Escape stops it.")
        else:
            self._stage.run(partial(self._ask, order), WORKERS)

    def stop(self) -> bool:
        """Stop what is asked for or written; False where there is nothing."""
        if not self.is_asking:
            return False
        self._order = None
        if self._process is None:
            self._sight.asker.stop()
        else:
            _end(self._process)
        return True

    async def close(self) -> None:
        """End the process, and wait until it has ended."""
        process = self._process
        self._order = None
        if process is not None:
            _end(process)
            await _ended(process)

    async def _ask(self, order: Order) -> None:
        words = f"Effect of event {order.seq:,}"
        with self._carrying_out(order, f"The effect of event {order.seq:,} cannot be asked for"):
            self._show(f"{words}: reading the run …")
            holding = await asyncio.wrap_future(self._sight.asker.holding(order.seq))
            if self._order != order:
                raise Stopped(f"{words}: stopped.")
            if holding.tick is None:
                look = self._stage.look
                contents = no_effect(order.seq, holding, self._sight.ticks_per_day, look)
                self._stage.open(Listing(contents.title, contents), self._ask_of_cause)
                return
            asked = order, holding.history
            if asked not in self._known:
                self._known[asked] = found_of(await self._answer(order, words))
            found = self._known[asked]
            for oldest in list(self._known)[:-KNOWN_MOST]:
                del self._known[oldest]
            if self._stage.is_free and self._sight.run_path == order.run:
                self._open(order, found)
            else:
                self._stage.say(f"The effect of event {order.seq:,} is known: choose the event, and E shows it.")

    def _ask_of_cause(self, picked: Picked | None) -> None:
        if picked is not None and picked.about is not None and picked.about.seq is not None:
            self.ask(picked.about.seq)

    def _open(self, order: Order, found: Found) -> None:
        """Open the answer, from which the user may step into a future, or go to somebody."""
        contents, pairs = effect(found, self._sight.ticks_per_day, self._stage.look)

        def done(picked: Picked | None) -> None:
            if picked is None or picked.about is None:
                return
            if (pair := pairs.get(picked.row)) is not None:
                step = partial(self._step_into, order._replace(keep=pair), pair, picked.deed == "control")
                self._stage.run(step, WORKERS)
            elif picked.deed == "control":
                self._stage.say("Choose a pair of futures first; c steps into its town with the event.", wrong=True)
            else:
                self._sight.go(picked.about)

        self._stage.open(Listing(contents.title, contents, deeds=("control",)), done)

    async def _step_into(self, order: Order, pair: Parted, as_it_was: bool) -> None:
        """Write a pair as two runs, unless it is written, and watch one of them from where the two part."""
        with self._carrying_out(order, f"Pair {pair.pair} cannot be stepped into"):
            control, treated = await self._answer(order, f"Pair {pair.pair}")
            path = control if as_it_was else treated
            name = PurePath(path).name
            if self._stage.is_free and self._sight.run_path == order.run:
                self._sight.open_run(path, pair.tick + 1)
                self._stage.say(f"This is {name}. b goes back to the run before, o lists the other town.")
            else:  # the user has moved on
                self._stage.say(f"{name} is written, beside {PurePath(order.run).name}: there o lists it.")

    @contextmanager
    def _carrying_out(self, order: Order, refused: str) -> Iterator[None]:
        """While an order is carried out, it is the one that Escape stops. `refused` is the title of a refusal."""
        self._order = order
        try:
            yield
        except Stopped as stopped:
            self._stage.say(str(stopped))
        except REFUSALS as refusal:
            self._refuse(refused, refusal)
        finally:
            self._done(order)

    async def _answer(self, order: Order, words: str) -> Any:
        """What the process answers that does an order. Raises Stopped where the user has stopped it, and QueryError."""
        self._show(f"{words}: getting ready. Escape stops")
        async with aclosing(self._lines(order)) as lines:
            async for key, value in lines:
                if key == "lived":
                    full = BAR_CELLS * value // order.pairs
                    bar = "█" * full + "░" * (BAR_CELLS - full)
                    self._show(f"{words}  {bar}  {value} of {order.pairs} pairs. Escape stops")
                elif key == "said":
                    self._show(f"{words}: {value}")
                elif key == "refused":
                    raise QueryError(value)
                else:
                    return value
        if self._order != order:
            raise Stopped(f"{words}: stopped.")
        raise QueryError("the process that was to answer ended without a word.\n  Next: ask once more")

    async def _lines(self, order: Order) -> AsyncGenerator[tuple[str, Any], None]:
        """The lines that the process writes which does an order. It has ended when this has."""
        process = await asyncio.create_subprocess_exec(
            *command(order),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LINE_BYTES_MOST,
        )
        self._process = process
        if self._order != order:  # it was stopped while the process began
            _end(process)
        try:
            assert process.stdout is not None
            async for line in process.stdout:
                ((key, value),) = json.loads(line).items()
                yield key, value
        except ValueError as error:
            raise QueryError(f"the process that was to answer wrote what is no answer: {error}") from error
        finally:
            _end(process)
            await _ended(process)
            if self._process is process:
                self._process = None

    def _refuse(self, title: str, refusal: Exception) -> None:
        """Open what was refused, and why."""
        self._stage.open(Listing(title, Contents(title, [Row(Text(line)) for line in str(refusal).splitlines()])))

    def _show(self, words: str) -> None:
        self._stage.show_work(words)

    def _done(self, order: Order) -> None:
        """Take away what is shown of an order, unless another one has taken its place."""
        if self._order in (None, order):
            self._order = None
            self._stage.show_work("")


def _end(process: asyncio.subprocess.Process) -> None:
    """Ask a process to end, if it has not."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait until a process has ended; kill it after PATIENCE_S."""
    try:
        await asyncio.wait_for(process.wait(), PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
