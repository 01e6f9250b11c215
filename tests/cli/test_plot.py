"""`townlet plot` as somebody types it."""

from pathlib import Path

import pytest

from tests.cli.test_commands import here, lived, said
from tests.townlet.handmade_news import news_run

__all__ = ["here", "lived"]

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.usefixtures("here")
class TestPlot:
    def test_ties_are_drawn_into_the_folder_one_stands_in(self, here: Path) -> None:
        result = said("plot", "ties")
        assert result.exit_code == 0, result.stderr
        assert result.stdout == "ties.png\n"
        assert "wrote ties.png" in result.stderr
        assert (here / "ties.png").read_bytes().startswith(PNG)

    def test_as_of_a_tick_into_a_file_that_is_replaced(self, here: Path) -> None:
        (here / "old.svg").write_text("old")
        result = said("plot", "ties", "a", "--at-tick", "700", "--into", "old.svg")
        assert result.exit_code == 0, result.stderr
        assert "tick 700, day 0, 11:40" in (here / "old.svg").read_text()

    @pytest.mark.parametrize("arguments", [("alice", "erin"), ("runs/a", "alice", "erin")])
    def test_a_tie_is_drawn_with_the_run_before_or_left_out(self, arguments: tuple[str, ...], here: Path) -> None:
        result = said("plot", "tie", *arguments, "--into", "tie.svg")
        assert result.exit_code == 0, result.stderr
        assert result.stdout == "tie.svg\n"
        assert "What alice feels for erin" in (here / "tie.svg").read_text()

    def test_word_of_a_deed_is_drawn(self, here: Path) -> None:
        run = news_run(here / "runs" / "kitchen")
        deed = run.sql("select max(deed_seq) as deed from news").column("deed")[0].as_py()
        for more, saw in (((), "1 saw or suffered it, 2 were told"), (("--seq", str(deed)), "it, 0 were told")):
            result = said("plot", "news", "runs/kitchen", *more, "--into", "news.svg")
            assert result.exit_code == 0, result.stderr
            assert result.stdout == "news.svg\n"
            assert saw in (here / "news.svg").read_text()

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("tise",), "did you mean tie"),
            (("ties", "nowhere"), "there is no run 'nowhere'"),
            (("ties", "--into", "ties.jpg"), "neither a .png nor a .svg"),
            (("ties", "--at-tick", "9999999"), "no tick 9,999,999"),
            (("ties", "--at-tick", "0"), "nobody lives"),
            (("tie", "alice"), "name two people"),
            (("tie", "alice", "bob", "carol"), "there is no run 'alice'"),
            (("tie", "alice", "grac"), "did you mean grace"),
            (("tie", "alice", "alice"), "no tie to itself"),
            (("tie", "alice", "erin", "--into", "tie.pdf"), "neither a .png nor a .svg"),
            (("tie", "alice", "bob", "--at-tick", "1"), "nothing ever changed what alice feels for bob"),
            (("news", "--seq", "1"), "nobody knew of event 1 as of somebody's deed"),
            (("news", "--at-tick", "1"), "nobody knew of anything that somebody did"),
            (("news", "--into", "news.pdf"), "neither a .png nor a .svg"),
        ],
    )
    def test_what_cannot_be_drawn_is_refused(self, arguments: tuple[str, ...], words: str, here: Path) -> None:
        result = said("plot", *arguments)
        assert result.exit_code == 2, result.stderr
        assert result.stderr.splitlines()[-1].strip() and words in result.stderr
        assert not result.stdout
        assert [path.name for path in here.iterdir()] == ["runs"]
