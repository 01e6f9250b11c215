"""The first story is true: who and when it names, and every figure, is held against the log and against replay."""

import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import townlet
from eventlog.catalogue import KIND_CODES

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "first_story.py"
PER_DAY = 1440
DAYS = 3
NAME = r"([A-Z][a-z]+)"
FIGURE = r"(-?\d\.\d\d)"
WHEN = re.compile(r"day (\d+) at (\d\d):(\d\d)")
TIE = re.compile(rf"than {NAME} of {NAME}: trust {FIGURE}, familiarity {FIGURE}, rivalry {FIGURE}\.")
GRUDGE = re.compile(rf"is {NAME}'s against {NAME}: rivalry {FIGURE}\.")

Ledger = dict[tuple[str, str], dict[str, float]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> townlet.Run:
    return townlet.simulate(ticks=DAYS * PER_DAY, seed=1, into=tmp_path_factory.mktemp("story") / "run")


@pytest.fixture(scope="module")
def sentences(run: townlet.Run) -> list[str]:
    whole = " ".join(example().story_of(run))
    return re.split(r"(?<=\.) (?=[A-Z0-9])", whole)


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("first_story", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ledger_at(run: townlet.Run, tick: int) -> Ledger:
    """The ties at a tick, by replay alone."""
    rows = run.at(tick).table("ties").to_pylist()
    return {(row["owner"].capitalize(), row["other"].capitalize()): row for row in rows}


def dated(sentences: list[str]) -> Iterator[tuple[str, int]]:
    """Every sentence that says when something between two happened, with its tick."""
    for sentence in sentences:
        if (found := WHEN.search(sentence)) and not sentence.startswith("So say"):
            day, hour, minute = map(int, found.groups())
            yield sentence, day * PER_DAY + hour * 60 + minute


def names_in(run: townlet.Run, sentence: str) -> list[str]:
    known = [name.capitalize() for name in run.sql("select name from persons").column("name").to_pylist()]
    return [word for word in re.findall(r"\w+", sentence) if word in known]


def test_it_is_a_short_story(run: townlet.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert example().main([str(run.path)]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line]
    assert 10 <= len(told) <= 20 and all(len(line) <= 100 for line in told)


def test_everybody_lives_where_it_says(run: townlet.Run, sentences: list[str]) -> None:
    homes = sentences[0].partition(": ")[2].rstrip(".").split("; ")
    told = {name: home.partition(" with ")[0] for home in homes for name in names_in(run, home)}
    lived = run.at().table("agents").to_pylist()
    assert told == {agent["name"].capitalize(): agent["home"] for agent in lived}


def test_what_it_dates_happened_then_between_those_two(run: townlet.Run, sentences: list[str]) -> None:
    checked = 0
    for sentence, tick in dated(sentences):
        pair = set(names_in(run, sentence))
        happened = run.sql(f"select agent, other from events where tick = {tick} and other is not null").to_pylist()
        assert len(pair) == 2, sentence
        assert any({row["agent"].capitalize(), row["other"].capitalize()} == pair for row in happened), sentence
        checked += 1
    assert checked >= 3


def test_the_ties_are_those_of_the_town_and_no_other_is_larger(run: townlet.Run, sentences: list[str]) -> None:
    story, ties = " ".join(sentences), ledger_at(run, run.head.tick)
    warm, cross = TIE.search(story), GRUDGE.search(story)
    assert warm and cross
    friend, rival = ties[warm[1], warm[2]], ties[cross[1], cross[2]]
    assert [f"{friend[side]:.2f}" for side in ("trust", "familiarity", "rivalry")] == list(warm.groups()[2:])
    assert warmth(friend) == max(map(warmth, ties.values()))
    assert f"{rival['rivalry']:.2f}" == cross[3]
    assert rival["rivalry"] == max(tie["rivalry"] for tie in ties.values())


def warmth(tie: dict[str, float]) -> float:
    return tie["trust"] + tie["familiarity"] - tie["rivalry"]


def test_each_change_is_what_replay_says(run: townlet.Run, sentences: list[str]) -> None:
    grudge = GRUDGE.search(" ".join(sentences))
    assert grudge
    checked = 0
    for i, (sentence, follower) in enumerate(zip(sentences, [*sentences[1:], ""], strict=True)):
        moments = list(dated([sentence]))
        if not moments:
            continue
        before, after = (ledger_at(run, moments[0][1] + later) for later in (0, 1))
        if gained := re.search(r"\((\+\d\.\d\d)\)", sentence):
            key = (grudge[1], grudge[2])
            change = after[key]["rivalry"] - before.get(key, {"rivalry": 0.0})["rivalry"]
            assert change == pytest.approx(float(gained[1]), abs=0.01), sentence
            checked += 1
        elif moved := re.search(rf"{NAME}'s (\w+) towards {NAME} went from {FIGURE} to {FIGURE}", follower):
            key, side = (moved[1], moved[3]), moved[2]
            assert before.get(key, {side: 0.0})[side] == pytest.approx(float(moved[4]), abs=0.01), sentences[i + 1]
            assert after[key][side] == pytest.approx(float(moved[5]), abs=0.01), sentences[i + 1]
            checked += 1
        elif warmer := re.search(rf"made {NAME} warmer by {FIGURE}", follower):
            key = (warmer[1], next(name for name in names_in(run, sentence) if name != warmer[1]))
            assert warmth(after[key]) - warmth(before[key]) == pytest.approx(float(warmer[2]), abs=0.01), follower
            checked += 1
    assert checked >= 2


def test_its_counts_are_those_of_the_rows(run: townlet.Run, sentences: list[str]) -> None:
    numbers = example().NUMBERS
    rows = np.concatenate(list(run.log.rows()))
    counts = Counter(map(int, rows["kind"]))

    def count(word: str) -> int:
        return numbers.index(word.lower()) if word.lower() in numbers else int(word.replace(",", ""))

    story = " ".join(sentences)
    for pattern, kinds in (
        (r"(\S+) meals? w", ["shared_meal"]),
        (r"Of (\S+) talks?", ["chat_succeeded", "chat_failed"]),
        (r"Of \S+ talks? (\S+) did not go wrong", ["chat_succeeded"]),
        (r"There were (\S+) courtes", ["queue_handover"]),
        (r"and (\S+) quarrel", ["queue_conflict"]),
    ):
        found = re.search(pattern, story)
        assert found and count(found[1]) == sum(counts[KIND_CODES[kind]] for kind in kinds), pattern
    assert f"So say {len(rows):,} events, up to day {DAYS} at 00:00." == sentences[-1]


def test_a_talk_is_called_what_the_two_thought_of_it(run: townlet.Run) -> None:
    """Good is a talk only where both found it good; the words are those of the narration."""
    rows = run.sql(
        "select a.text, c.quality, c.quality_listener from narrations a join chat_succeeded c on c.seq = a.cause"
    )
    said = set()
    for row in rows.to_pylist():
        both = sorted((row["quality"], row["quality_listener"]))
        words = example().talk({"least_quality": both[0], "most_quality": both[1]})
        said.add(words)
        assert ("good talk" in words) == (both[0] >= 0.45), row
        assert ("polite" in words) == (both[1] < 0.45), row
        assert ("very good" in words) == (both[0] >= 0.75), row
        assert "very good talk" not in row["text"] or words == "had a very good talk", row
    assert len(said) >= 3


def test_a_town_in_which_nothing_has_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strangers = {"life.initial_ties.mode": "none"}
    townlet.simulate(ticks=1, seed=1, into=tmp_path / "young", overrides=strangers)
    assert example().main([str(tmp_path / "young")]) == 0
    told = capsys.readouterr().out
    for said in ("Nobody has a friend yet", "Nobody has fallen out", "Nobody has had to stand in", "Nobody has talked"):
        assert said in told


def test_no_run_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert example().main([str(tmp_path / "none")]) == 1
    assert "holds no run" in capsys.readouterr().err
    assert example().main([]) == 2
