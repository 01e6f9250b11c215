"""A refold: the same town but for its ties, and every figure of the comparison recomputed in another way."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import townlet
from eventlog.folder.manifest import write_settings
from eventlog.writer import LogWriter
from projections.record.state import TIE, state_bytes
from townlet.configuration.keys import describe
from townlet.configuration.load import load
from townlet.configuration.plans import compile_plan
from townlet.configuration.settings import Settings
from townlet.errors import ConfigurationError, TickOutOfRange
from townlet.history import kept_tables
from townlet.living.commands import Driver
from townlet.living.town import Town
from townlet.run import Run
from townlet.whatif.refold import DESCRIPTIVE, REFOLDED, Refold

TICKS = 3000
TURN = 1440
SIDES = ("trust", "familiarity", "rivalry")

PHYSICS: Mapping[str, dict[str, object]] = {
    "deltas": {"relationships.deltas.chat_succeeded.trust": 0.2, "relationships.deltas.queue_conflict.rivalry": 0.5},
    "sides": {"relationships.deltas.chat_succeeded": {"sides": "affected"}},
    "capacity": {"relationships": {"capacity": 2}},
    "admission": {"relationships.capacity": 3, "relationships.admission": "0"},
    "retention": {"relationships.hourly_retention": "{trust: 0.9, rivalry: 0.95}"},
    "forgotten": {"relationships.forgotten_below": 0.2},
    "modifiers": {"features.relationship_modifiers": "false"},
    "personality": {"features": {"relationship_modifiers": True}, "relationships.personality.forgiveness_scale": 1},
}
"""Other physics, given in every form in which settings can be given."""

DECISIVE = ("town.people", "town.map", "needs", "chat.radius", "life.initial_ties.mode", "policy", "map_content")
"""Some of the settings that decide what happens."""

Pairs = dict[tuple[str, str], tuple[float, ...]]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A town that lived two days under one physics."""
    return townlet.simulate({}, ticks=TICKS, seed=2, into=tmp_path_factory.mktemp("refold") / "town")


@pytest.fixture(scope="session")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A town whose physics changed after a day: a run of two epochs."""
    path = tmp_path_factory.mktemp("refold") / "turned"
    townlet.simulate({}, ticks=TURN, seed=7, into=path)
    changed = load({}, {"relationships.admission": 0.1, "relationships.hourly_retention.trust": 0.99})
    with LogWriter.open(path, durability="never") as writer:
        write_settings(path, changed.config_id, changed.text)
        epoch = writer.add_epoch(config_id=changed.config_id, seed=7)
        town = Run(path).at().town
        town.set_seed(7)
        Driver(town).change_settings(epoch)
        for rows in town.live(TICKS - TURN):
            writer.commit(rows, expected_seq=int(rows["seq"][0]))
    return Run(path)


@pytest.fixture(scope="session", params=PHYSICS)
def refolded(request: pytest.FixtureRequest, run: Run) -> Refold:
    return run.refold(PHYSICS[request.param])


def pairs_of(town: Town) -> Pairs:
    """The ledger of a town, read from its record: (owner's person, other's person) -> sides."""
    return {
        (str(agent["person"]), str(tie["other"])): tuple(float(tie[side]) for side in SIDES)
        for agent in town.record["agents"][town.record["agents"]["alive"] > 0]
        for tie in agent["ties"]
        if tie["known"]
    }


def pairs_told(ties: pa.Table) -> Pairs:
    """The same, read from a table of ties."""
    return {
        (str(tie["owner_id"]), str(tie["other_id"])): tuple(tie[side] for side in SIDES) for tie in ties.to_pylist()
    }


def without_ties(town: Town) -> bytes:
    """The state of a town but for its ties and what is counted of them."""
    towns = town.towns.copy()
    towns["agents"]["ties"] = np.zeros(1, TIE)
    towns["clock"]["ties_evicted"] = towns["clock"]["tie_days"] = 0
    return state_bytes(towns)


class TestTown:
    def test_unchanged_settings_give_the_town_itself(self, run: Run) -> None:
        same = run.refold({})
        assert state_bytes(same.town.towns) == state_bytes(run.at().town.towns)
        assert same.tick == TICKS and not same.overrides
        assert same.ties == run.at().table("ties")
        assert same.tie_changes == kept_tables.tie_changes(run, TICKS)
        assert same.summary["same"] == same.summary["ties_before"] == same.summary["ties_after"] > 0
        assert set(same.comparison.column("difference").to_pylist()) == {0.0}

    def test_values_that_are_the_runs_own_change_nothing(self, run: Run) -> None:
        own = run.config.relationships
        same = run.refold({"relationships": own.model_dump(include={"capacity", "deltas", "hourly_retention"})})
        assert state_bytes(same.town.towns) == state_bytes(same.original.towns)

    def test_only_ties_differ(self, refolded: Refold) -> None:
        assert state_bytes(refolded.town.towns) != state_bytes(refolded.original.towns)
        assert pairs_of(refolded.town) != pairs_of(refolded.original)
        assert without_ties(refolded.town) == without_ties(refolded.original)

    def test_the_town_that_was_stays_as_it_is(self, run: Run, refolded: Refold) -> None:
        assert state_bytes(refolded.original.towns) == state_bytes(run.at(from_start=True).town.towns)

    def test_every_epoch_is_refolded(self, turned: Run) -> None:
        assert len(turned.epochs) == 2
        assert state_bytes(turned.refold({}).town.towns) == state_bytes(turned.at().town.towns)
        few = turned.refold({"relationships.capacity": 2})
        assert [each.relationships.capacity for each in few.town.settings] == [2, 2]
        assert [each.relationships.admission for each in few.town.settings] == [0.2, 0.1]
        assert without_ties(few.town) == without_ties(few.original)
        held = np.count_nonzero(few.town.record["agents"]["ties"]["known"], axis=1)
        assert held.max() == 2 < np.count_nonzero(few.original.record["agents"]["ties"]["known"], axis=1).max()
        for tick in (600, TURN, TURN + 1, TICKS):
            ties = turned.refold({"relationships.capacity": 2}, at=tick).ties.column("owner").to_pylist()
            assert all(ties.count(owner) <= 2 for owner in ties)

    @pytest.mark.parametrize("tick", [0, 1, 600, TURN, TICKS])
    def test_a_refold_at_a_tick_is_the_town_folded_up_to_it(self, run: Run, tick: int) -> None:
        few = run.refold({"relationships.capacity": 2}, at=tick)
        town = Town([load(run.config, {"relationships.capacity": 2}).settings])
        town.fold(run.log.rows(to_tick=tick))
        assert state_bytes(few.town.towns) == state_bytes(town.towns)
        assert (few.tick, few.town.tick) == (tick, run.at(tick).town.tick)
        assert state_bytes(few.original.towns) == state_bytes(run.at(tick).town.towns)

    def test_a_tick_that_was_not_lived_is_refused(self, run: Run) -> None:
        for tick in (-1, TICKS + 1):
            with pytest.raises(TickOutOfRange):
                run.refold({}, at=tick)


class TestTables:
    def test_the_ties_are_those_of_the_town(self, run: Run, refolded: Refold) -> None:
        assert pairs_told(refolded.ties) == pairs_of(refolded.town)
        assert refolded.ties.schema == run.at().table("ties").schema

    def test_the_changes_add_up_to_the_ledger(self, refolded: Refold) -> None:
        held: Pairs = {}
        for row in refolded.tie_changes.to_pylist():
            pair = (str(row["owner_id"]), str(row["other_id"]))
            before, after = (tuple(row[f"{when}_{side}"] for side in SIDES) for when in ("before", "after"))
            assert before == held.get(pair, (0.0, 0.0, 0.0)), row
            for side, start, end in zip(SIDES, before, after, strict=True):
                assert (start + row[f"adjusted_{side}"]) + row[f"clamp_{side}"] == end, row
            if row["change"] in ("removed", "refused"):
                held.pop(pair, None)
            else:
                held[pair] = after
        assert held == pairs_of(refolded.town)

    def test_persons_have_the_names_they_had(self, run: Run, refolded: Refold) -> None:
        told = kept_tables.tie_changes(run, TICKS)
        assert refolded.tie_changes.schema == told.schema
        names = dict(zip(told.column("owner_id").to_pylist(), told.column("owner").to_pylist(), strict=True))
        for row in refolded.tie_changes.to_pylist():
            assert (row["owner"], row["other"]) == (names[row["owner_id"]], names[row["other_id"]])


class TestComparison:
    def test_the_counts_are_those_of_the_sets(self, refolded: Refold) -> None:
        before, after = pairs_of(refolded.original), pairs_of(refolded.town)
        both = before.keys() & after.keys()
        same = {pair for pair in both if before[pair] == after[pair]}
        assert {name: refolded.summary[name] for name in ("ties_before", "ties_after", "gained", "lost")} == {
            "ties_before": len(before),
            "ties_after": len(after),
            "gained": len(after.keys() - before.keys()),
            "lost": len(before.keys() - after.keys()),
        }
        assert (refolded.summary["same"], refolded.summary["changed"]) == (len(same), len(both - same))
        counts = refolded.comparison.column("change").to_pylist()
        assert all(counts.count(name) == refolded.summary[name] for name in ("gained", "lost", "changed", "same"))
        assert len(counts) == len(before.keys() | after.keys())

    def test_evictions_are_those_that_the_towns_counted(self, refolded: Refold) -> None:
        for when, town in (("before", refolded.original), ("after", refolded.town)):
            assert refolded.summary[f"evictions_{when}"] == town.record["clock"]["ties_evicted"]
        told = refolded.tie_changes.column("change").to_pylist()
        assert refolded.summary["refusals_after"] == told.count("refused")

    def test_evictions_and_refusals_are_seen_at_all(self, run: Run) -> None:
        few = run.refold(PHYSICS["capacity"]).summary
        open_to_all = run.refold({"relationships.capacity": 2, "relationships.admission": 0}).summary
        assert few["refusals_after"] > few["refusals_before"]
        assert open_to_all["evictions_after"] > open_to_all["evictions_before"]
        assert few["lost"] > 0 and run.refold(PHYSICS["admission"]).summary["changed"] > 0
        assert run.refold(PHYSICS["forgotten"]).summary["lost"] > 0

    def test_a_row_says_what_both_ledgers_say(self, run: Run, refolded: Refold) -> None:
        ledgers = {
            when: {(tie["owner"], tie["other"]): tie for tie in ties.to_pylist()}
            for when, ties in (("before", run.at().table("ties")), ("after", refolded.ties))
        }
        for row in refolded.comparison.to_pylist():
            pair = (row["owner"], row["other"])
            sides = {
                when: [ledger[pair][side] if pair in ledger else None for side in SIDES]
                for when, ledger in ledgers.items()
            }
            assert all([row[f"{when}_{side}"] for side in SIDES] == sides[when] for when in ledgers), row
            assert row["difference"] == pytest.approx(
                sum(abs((new or 0.0) - (old or 0.0)) for old, new in zip(sides["before"], sides["after"], strict=True))
            )
            assert (row["change"] == "gained") == (sides["before"][0] is None)
            assert (row["change"] == "lost") == (sides["after"][0] is None)
            assert (row["change"] == "same") == (sides["before"] == sides["after"])

    def test_what_differs_most_stands_first(self, refolded: Refold) -> None:
        order = [(-row["difference"], row["owner"], row["other"]) for row in refolded.comparison.to_pylist()]
        assert order == sorted(order) and order[0][0] < 0.0

    def test_a_lost_tie_can_be_gained_the_other_way_round(self, run: Run) -> None:
        """Under few ties first, and as many as there were then: what one comparison loses the other would gain."""
        lost = run.refold({"relationships.capacity": 2}).summary["lost"]
        few = townlet.simulate({"relationships": {"capacity": 2}}, ticks=TICKS, into=run.path.with_name("few"))
        assert lost > 0 and few.refold({"relationships.capacity": 6}).summary["gained"] > 0


class TestSettings:
    def test_overrides_are_told_as_they_were_read(self, run: Run) -> None:
        given = {"relationships": "{capacity: 3, deltas: {queue_conflict: {rivalry: 0.5}}}", "features": {}}
        assert dict(run.refold(given).overrides) == {
            "relationships.capacity": 3,
            "relationships.deltas.queue_conflict.rivalry": 0.5,
        }

    def test_what_a_block_does_not_name_stays_the_runs_own(self, turned: Run) -> None:
        for block in ({"trust": 0.5}, "{trust: 0.5}"):
            town = turned.refold({"relationships.deltas.late_help": block}).town
            assert [each.relationships.deltas.late_help.trust for each in town.settings] == [0.5, 0.5]
            assert all(each.relationships.deltas.late_help.rivalry == -0.1 for each in town.settings)
            assert town.settings[1].relationships.admission == 0.1

    @pytest.mark.parametrize("key", DECISIVE)
    def test_what_decides_what_happens_is_refused(self, run: Run, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Run, "at", unreachable)
        with pytest.raises(ConfigurationError, match=rf"(?s)\b{key}: this decides what happens.*--set {key}=3"):
            run.refold({"relationships.capacity": 2, key: "3"})

    @pytest.mark.parametrize("key", ["relationships.churn.window_minutes", "relationships.bonds.friend_liking"])
    def test_what_decides_no_tie_is_refused(self, run: Run, key: str) -> None:
        block, _, name = key.rpartition(".")
        text = f"{{{block.partition('.')[2]}: {{{name}: 1}}}}"
        for given in ({key: 1}, {block: {name: 1}}, {block: f"{{{name}: 1}}"}, {"relationships": text}):
            with pytest.raises(ConfigurationError, match=f"{key}: this changes no tie"):
                run.refold(given)

    @pytest.mark.parametrize("key", ["name", "people_names", "checkpoint_ticks"])
    def test_what_no_fold_reads_is_refused(self, run: Run, key: str) -> None:
        with pytest.raises(ConfigurationError, match=f"{key}: this changes no tie"):
            run.refold({key: 60})

    def test_every_key_but_those_is_refused(self, run: Run) -> None:
        """Also keys that do not exist yet: whoever adds one to another block need not think of refolds."""
        leaves = [each.key for each in describe() if each.type != "block" and "<" not in each.key]
        refused = {key for key in leaves if not key.startswith(REFOLDED) or key.startswith(DESCRIPTIVE)}
        with pytest.raises(ConfigurationError) as error:
            run.refold(dict.fromkeys(leaves, 1))
        assert {line.strip().partition(":")[0] for line in str(error.value).splitlines()[1:]} == refused

    @pytest.mark.parametrize(
        ("key", "value", "words"),
        [
            ("relationships.capcity", 3, "did you mean capacity"),
            ("town.peple", 3, "did you mean people"),
            ("nothing", 3, "no such key"),
            ("names", "x", "no such key"),
            ("relationshipscapacity", 3, "no such key"),
            ("relationships.capacity", 13, "from 0 to 12"),
            ("relationships.capacity", "[", "not YAML"),
            ("relationships", "{capacity: [", "not YAML"),
            ("relationships", None, "block"),
            ("features.relationship_modifiers", "perhaps", "true or false"),
        ],
    )
    def test_what_cannot_be_is_refused_as_everywhere(self, run: Run, key: str, value: object, words: str) -> None:
        with pytest.raises(ConfigurationError, match=words):
            run.refold({key: value})

    def test_no_setting_that_can_be_refolded_reaches_another_plan(self) -> None:
        """Each of them changes `plan.social` and nothing else of what folds and rules are told.

        A share is one of a delta of which the other side has the whole.
        """
        town = load(None).settings
        for key, value in other_values(town):
            others = {key.removesuffix("share") + "sides": "affected"} if key.endswith(".share") else {}
            plain = compile_plan(load(town, others).settings)
            plan = compile_plan(load(town, {key: value, **others}).settings)
            for name in plain.dtype.names or ():
                assert (plan[name].tobytes() == plain[name].tobytes()) == (name != "social"), (key, name)


def unreachable(*_: Any, **__: Any) -> None:
    raise AssertionError("a setting that is refused is refused before anything is folded")


def other_values(settings: Settings) -> Iterator[tuple[str, object]]:
    """Every setting that can be refolded, with a value that it does not have."""
    for each in describe():
        if each.type == "block" or not each.key.startswith(REFOLDED) or each.key.startswith(DESCRIPTIVE):
            continue
        value: Any = settings
        for part in each.key.split("."):
            value = getattr(value, part)
        if isinstance(value, bool):
            yield each.key, not value
        elif isinstance(value, str):
            yield each.key, "both" if value == "affected" else "affected"
        else:
            yield each.key, value - 1 if value > 1 else value / 2 + 0.003
