"""A served town on the screen: the frames of its run, and a banner while its server is away."""

from pathlib import Path

import numpy as np
import pytest

import townlet
from tests.townlet.serving.growing import Growing, again, kill
from tests.townlet.serving.served import TOKENS, still
from tests.townlet.towns import KITCHEN
from tests.tui.acting import Play, acted
from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted
from townlet.run import Run
from townlet.serving import replica as replicas
from townlet.serving.address import Access, read_address
from townlet.serving.replica import Replica
from tui.dialogs.wish import folder_beside

HERE, THERE = 200, 420


def view_of(run: Run, tick: int) -> View:
    reader = RunReader(run)
    while reader.work(1.0):
        pass
    return reader.view(Wanted(tick, "alice"))


def test_a_lost_connection_is_a_banner_and_the_town_goes_on_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWNLET_TOKEN", TOKENS["viewer"])
    monkeypatch.setattr(replicas, "PAUSES_S", (0.5,))
    source = townlet.simulate(KITCHEN, ticks=THERE, seed=7, into=tmp_path / "source")
    growing = Growing(source, tmp_path / "town")
    growing.grow(HERE)
    with still(growing.path) as served, Replica(read_address(served.place), Access()) as replica:
        replica.follow()

        async def act(play: Play) -> None:
            await play.until(lambda: f"tick {HERE} of {HERE}" in play.text())
            assert " town  day 0, 03:20" in play.text() and "connection lost" not in play.text()
            kill(served)
            await play.until(lambda: "! connection lost; trying again" in play.text())
            assert "nobody answers at" in play.text() or served.place in play.text()
            growing.grow(THERE)
            with again(served, growing.path):
                await play.until(lambda: f"tick {THERE} of {THERE}" in play.text())
                await play.until(lambda: "connection lost" not in play.text())
                growing.writer.close()
                await play.until(lambda: "the run is over" in play.text())

        acted(replica.path, act, follow=True, connection=lambda: replica.trouble)
        mine = Run(replica.path)
        assert mine.log_digest == source.log_digest
        for tick in (HERE - 1, HERE + 1, THERE):
            here, there = view_of(source, tick), view_of(mine, tick)
            np.testing.assert_equal(
                tuple(there._replace(run=here.run, town_map=None)), tuple(here._replace(town_map=None))
            )
            assert np.array_equal(there.town_map.grid, here.town_map.grid)
        assert folder_beside(str(replica.path)) == Path("runs") and folder_beside("a/b") == Path("a")


def test_of_another_run_no_connection_is_lost(demo: Path) -> None:
    """A fork of a served town lies on this machine."""

    async def act(play: Play) -> None:
        await play.until(lambda: "! it is away" in play.text())
        play.app.sight.open_run(f"{demo}/../{demo.name}", 5)
        await play.until(lambda: "it is away" not in play.text())

    acted(demo, act, connection=lambda: "it is away")
