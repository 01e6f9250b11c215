"""`townlet refold` as somebody types it."""

import csv
import io

import pyarrow as pa
import pytest

from tests.cli.test_commands import TICKS, from_json, here, lived, said

__all__ = ["here", "lived"]

FEW = ("--set", "relationships.capacity=2")


@pytest.mark.usefixtures("here")
class TestRefold:
    def test_it_says_what_a_refold_means_and_what_differs(self) -> None:
        result = said("refold", "a", *FEW)
        assert result.exit_code == 0, result.stderr
        assert "refolded under relationships.capacity = 2" in result.stderr
        assert "The events are those that happened" in result.stderr
        summary, _, table = result.stdout.partition("\n\n")
        counts = {name: int(value) for name, value in (line.split() for line in summary.splitlines())}
        head, _, *rows = table.splitlines()
        assert head.split()[:4] == ["owner", "other", "change", "difference"]
        assert len(rows) == counts["gained"] + counts["lost"] + counts["changed"] > 0
        assert {row.split()[2] for row in rows} <= {"gained", "lost", "changed"}
        differences = [float(row.split()[3]) for row in rows]
        assert differences == sorted(differences, reverse=True)

    def test_json_says_all_of_it(self) -> None:
        result = said("refold", *FEW, "--set", "relationships.admission=0.1", "--json")
        told = from_json(result)
        assert list(told) == ["tick", "overrides", "summary", "comparison", "ties"]
        assert (told["tick"], result.stderr) == (TICKS, "the newest run: runs/a\n")
        assert told["overrides"] == {"relationships.capacity": 2, "relationships.admission": 0.1}
        assert len(told["ties"]) == told["summary"]["ties_after"] > 0
        assert len(told["comparison"]) == sum(told["summary"][name] for name in ("gained", "lost", "changed", "same"))

    def test_without_settings_nothing_differs(self) -> None:
        result = said("refold", "a")
        assert result.exit_code == 0, result.stderr
        assert "refolded under the settings it had" in result.stderr
        assert len(result.stdout.partition("\n\n")[2].splitlines()) == 2
        told = from_json(said("refold", "a", "--json"))
        assert told["ties"] == from_json(said("replay", "a", "--table", "ties", "--json"))
        assert told["summary"]["same"] == len(told["ties"]) == len(told["comparison"])

    def test_a_tick_is_the_moment_before_it(self) -> None:
        told = from_json(said("refold", "a", "--at-tick", "720", "--json"))
        assert told["tick"] == 720
        assert told["ties"] == from_json(said("replay", "a", "--to-tick", "720", "--table", "ties", "--json"))
        assert said("refold", "a", *FEW, "--at-tick", "0").exit_code == 0

    @pytest.mark.parametrize("table", ["comparison", "ties", "tie_changes"])
    def test_a_table_alone_in_every_form(self, table: str) -> None:
        command = ("refold", "a", *FEW, "--table", table)
        listed = from_json(said(*command, "--json"))
        rows = list(csv.DictReader(io.StringIO(said(*command, "--csv").stdout)))
        stream = pa.ipc.open_stream(said(*command, "--arrow").stdout_bytes).read_all()
        read = said(*command)
        assert len(listed) == len(rows) == len(stream) == len(read.stdout.splitlines()) - 2 > 0
        assert list(listed[0]) == list(rows[0]) == stream.column_names
        assert not read.stderr

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--set", "town.people=12"], "town.people: this decides what happens, so the events on record"),
            (["--set", "chat.success=1"], "townlet run ... --set chat.success=1"),
            (["--set", "relationships.bonds.rival_rivalry=1"], "this changes no tie"),
            (["--set", "relationships.churn.warn_above=1"], "this changes no tie"),
            (["--set", "relationships.capcity=2"], "did you mean capacity"),
            (["--set", "relationships.capacity=20"], "from 0 to 12"),
            (["--set", "relationships.capacity"], "is not KEY=VALUE"),
            (["--at-tick", "99999"], f"from 0 to {TICKS:,}"),
            (["--at-tick", "-1"], "at-tick"),
            (["--table", "agents"], "agents"),
            (["--csv"], "--table comparison"),
            (["--arrow"], "--table comparison"),
            (["--json", "--csv"], "give only one of"),
        ],
    )
    def test_what_cannot_be_refolded_is_refused(self, arguments: list[str], words: str) -> None:
        result = said("refold", "a", *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert words in result.stderr

    def test_a_refold_writes_no_event(self) -> None:
        before = from_json(said("replay", "a", "--json"))
        said("refold", "a", *FEW)
        assert from_json(said("replay", "a", "--from-start", "--json")) == before
