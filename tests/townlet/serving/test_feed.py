"""The feed of a run: what it says is what the town's tables say, wherever it begins, live as in replay, and small."""

import json
import multiprocessing
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import townlet
from eventlog.catalogue.registries import Reason
from projections.telemetry.backlog import Message, Step, steps
from projections.telemetry.differences import merged_state
from projections.telemetry.frame import Frame, printed_number
from projections.telemetry.messages import MESSAGE, STATE
from projections.telemetry.validating import faults
from projections.telemetry.versions import lines
from tests.townlet.towns import DAY, KITCHEN
from townlet.errors import TelemetryError, TickOutOfRange
from townlet.history.kept_tables import projection_tables
from townlet.run import Run
from townlet.serving.feed import frames
from townlet.serving.mailbox import Mailbox, in_full, send
from townlet.serving.tcp import Server, address_of

TICKS = [0, 1, 60, 700, DAY]
MOST_BYTES = 1200
SIDES = ("trust", "familiarity", "rivalry")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A day of the default town: eight people."""
    return townlet.simulate(ticks=DAY, seed=7, into=tmp_path_factory.mktemp("feed") / "run")


@pytest.fixture(scope="module")
def told(run: Run) -> list[Frame]:
    """Its frames."""
    return list(frames(run))


@pytest.fixture(scope="module")
def messages(told: list[Frame]) -> list[Message]:
    """Its messages."""
    return list(in_full(told))


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return townlet.simulate(KITCHEN, ticks=240, seed=3, into=tmp_path_factory.mktemp("feed") / "kitchen").path


# What it says


def test_snapshot_and_differences_are_the_snapshot_of_each_tick(told: list[Frame], messages: list[Message]) -> None:
    """On the printed values: each message is read back from its line."""
    state: dict[str, Any] = {}
    assert len(told) == len(messages) == DAY + 1
    for tick, (frame, message) in enumerate(zip(told, messages, strict=True)):
        (line,) = lines(message, (2,))
        read = json.loads(line)
        state = read["state"] if not tick else merged_state(state, read["patch"])
        assert state == json.loads(json.dumps(frame.state))
        assert (read["seq"], read["tick"], read["offset"]) == (tick, tick, frame.offset)


@pytest.mark.parametrize("tick", TICKS)
def test_a_feed_that_begins_anywhere_says_the_same(run: Run, told: list[Frame], tick: int) -> None:
    """The snapshot of a tick is what snapshot and differences made of it, and what follows is what followed."""
    upto = min(tick + 2, DAY)
    begun = list(frames(run, tick, upto))
    assert [frame.state for frame in begun] == [frame.state for frame in told[tick : upto + 1]]
    assert [frame.happened for frame in begun[1:]] == [frame.happened for frame in told[tick + 1 : upto + 1]]
    assert begun[0].offset == run.log.seq_at(tick) and not any(begun[0].happened.values())


@pytest.mark.parametrize("tick", TICKS[1:])
def test_it_says_what_the_tables_of_the_town_say(run: Run, told: list[Frame], tick: int) -> None:
    state, moment = told[tick].state, run.at(tick)
    agents = {row["name"]: row for row in moment.table("agents").to_pylist()}
    assert list(state["agents"]) == list(agents)
    for name, about in state["agents"].items():
        row = agents[name]
        for need in ("hunger", "hygiene", "energy", "wallet", "debt"):
            assert about[need] == printed_number(row[need])
        for key in ("row", "col", "home", "raw", "meals", "stalls"):
            assert about[key] == row[key]
        assert (about.get("doing"), about.get("until")) == (row["doing"], row["doing_until"])
        assert about.get("venue") == row["venue"]
        assert state["policy"][name].get("option") == row["option"]
        assert state["policy"][name].get("target") == row["target"]
    ties = {(row["owner"], row["other"]): row for row in moment.table("ties").to_pylist()}
    assert {(owner, other) for owner, each in state["ties"].items() for other in each} == set(ties)
    for (owner, other), row in ties.items():
        assert state["ties"][owner][other] == {side: printed_number(row[side]) for side in SIDES} | {
            "since": row["since"]
        }
    work = {row["agent"]: row for row in moment.table("shifts").to_pylist()}
    assert set(state["work"]) == set(work)
    for name, row in work.items():
        about = state["work"][name]
        assert (about["shift"], about["job"], about["workplace"]) == (row["state"], row["job"], row["workplace"])
        assert (about["worked"], about["earned"]) == (row["worked"], printed_number(row["earned"]))
        assert (about.get("covers"), about.get("covered_by")) == (row["covers"], row["covered_by"])


@pytest.mark.parametrize("tick", TICKS[1:])
def test_places_and_lines_are_those_of_the_tables(run: Run, told: list[Frame], tick: int) -> None:
    state, moment = told[tick].state, run.at(tick)
    places = moment.table("objects").to_pylist()
    holders = {row["name"]: row["user"] for row in places if row["user"]}
    assert {place: about["holder"] for place, about in state["queues"].items() if "holder" in about} == holders
    waiting: dict[str, list[str]] = {}
    for row in sorted(moment.table("queues").to_pylist(), key=lambda row: row["position"]):
        waiting.setdefault(row["place"], []).append(row["agent"])
    assert {place: about["waiting"] for place, about in state["queues"].items() if "waiting" in about} == waiting
    stock = {row["name"]: row["stock"] for row in places if row["stock"] is not None}
    assert state["market"]["stock"] == stock


def test_every_change_of_a_tie_is_told_with_its_cause(run: Run, told: list[Frame]) -> None:
    """The same changes as SQL's, but for what time has taken since the last one: that is told with the next cause."""
    changes = run.sql("select * from tie_changes order by seq").to_pylist()
    said = [change for frame in told for change in frame.happened["tie_changes"]]
    assert len(said) > 100
    expected = []
    for row in changes:
        moved = "adjusted" if row["change"] == "refused" else "after"
        delta = {side: row[f"{moved}_{side}"] - (moved == "after") * row[f"before_{side}"] for side in SIDES}
        about = {name: row[name] for name in ("owner", "other", "change", "kind")} | {"cause": row["seq"]}
        about["delta"] = {side: printed_number(value) for side, value in delta.items() if printed_number(value)}
        about |= {"reason": row["reason"]} if row["reason"] else {}
        expected.append(about | ({"hours": row["hours"]} if row["hours"] else {}))
    lasting = [[each for each in of if each["change"] != "decayed"] for of in (said, expected)]
    assert [each["cause"] for each in lasting[0]] == [each["cause"] for each in lasting[1]]
    of_one_event = [sorted(of, key=lambda each: (each["cause"], each["owner"], each["other"])) for of in lasting]
    assert of_one_event[0] == of_one_event[1]
    assert all(each in expected for each in said)


def test_the_story_is_the_whole_story_and_the_limiter_is_where_it_was(run: Run, told: list[Frame]) -> None:
    tables = projection_tables(run, "narrations", DAY)
    entries = [(frame.tick - 1, entry) for frame in told for entry in frame.happened["narrations"]]
    expected = tables["narrations"]
    for name in ("text", "category", "priority", "cause", "template"):
        assert [entry[name] for _, entry in entries] == expected.column(name).to_pylist()
    assert [tick for tick, _ in entries] == expected.column("tick").to_pylist()
    state = tables["narration_state"].to_pylist()
    counted = {row["category"]: row["count"] for row in state if row["what"] == "told"}
    assert told[-1].state["narration"]["told"] == counted
    held = [(row["category"], row["name"], row["count"]) for row in state if row["what"] == "suppressed"]
    assert [
        (category, reason, count)
        for category, reasons in sorted(told[-1].state["narration"]["suppressed"].items())
        for reason, count in sorted(reasons.items())
    ] == sorted(held)


def test_what_everybody_earned_is_the_rewards_of_the_tick_before(run: Run, told: list[Frame]) -> None:
    rows: dict[int, dict[str, dict[str, float]]] = {}
    for row in run.rewards(600, 720).to_pylist():
        terms = {name: printed_number(value) for name, value in row.items() if isinstance(value, float)}
        rows.setdefault(row["tick"], {})[row["agent"]] = terms
    assert len(rows) == 120
    for tick, earned in rows.items():
        assert told[tick + 1].state["rewards"] == earned


def test_churn_is_that_of_the_window(run: Run, told: list[Frame]) -> None:
    (window,) = run.sql("select * from churn_windows").to_pylist()
    churn = told[-1].state["churn"]
    assert churn["share"] == printed_number(window["share"])
    assert {name: churn[name] for name in churn if name != "share"} == {
        name: window[name] for name in churn if name != "share"
    }


def test_key_figures_are_those_of_the_last_whole_day(run: Run, told: list[Frame]) -> None:
    rows = run.sql("select kpi, value from kpis where value is not null").to_pylist()
    assert len(rows) > 5 and told[DAY - 1].state["kpis"] == {}
    assert told[DAY].state["kpis"] == {row["kpi"]: printed_number(row["value"]) for row in rows}


def test_what_could_be_asked_is_one_thing_of_the_committed_and_includes_waiting_of_the_free(
    run: Run, told: list[Frame]
) -> None:
    frees = committed = talks = 0
    talking, keeping = bound_by_tick(run)
    for frame in told[1:]:
        for name, policy in frame.state["policy"].items():
            if "doing" in frame.state["agents"][name] or name in talking[frame.tick] | keeping[frame.tick]:
                assert policy["may"] == [policy.get("option", "wait")]
                committed += 1
                talks += name in talking[frame.tick]
            elif policy.get("until", 0) <= frame.tick:
                assert "wait" in policy["may"]
                frees += 1
    assert frees > 100 and committed > 1000 and talks > 50


def bound_by_tick(run: Run) -> tuple[list[set[str]], list[set[str]]]:
    """Who is in talk at the beginning of each tick, and after the last; and who keeps a place from the next in line."""
    kinds = "('chat_started', 'chat_succeeded', 'chat_failed', 'chat_broken_off', 'reservation_released')"
    events = run.sql(
        f"select tick, kind, agent, other from events where kind in {kinds} "
        f"or kind = 'queue_conflict' and code = {int(Reason.BLOCK)} order by seq"
    ).to_pylist()
    talking: list[set[str]] = [set()]
    keeping: list[set[str]] = [set()]
    for tick in range(run.head.tick):
        talk, keep = set(talking[-1]), set(keeping[-1])
        for event in events:
            if event["tick"] == tick:
                who, both = {event["agent"]}, {event["agent"], event["other"]}
                if event["kind"] == "queue_conflict":
                    keep |= who
                elif event["kind"] == "reservation_released":
                    keep -= who
                else:
                    talk = talk | both if event["kind"] == "chat_started" else talk - both
        talking.append(talk)
        keeping.append(keep)
    return talking, keeping


def test_people_come_and_go_and_too_many_ties_make_room(tmp_path: Path) -> None:
    """Nobody finds work, and everybody moves on after a day; there is room for one tie, and little is a warning."""
    settings = {
        "work": {"jobs": []},
        "market": {"benefit": 0},
        "chat": {"chance": 0.05},
        "life": {"unemployment_days": 1, "exits_a_day": 100, "exit_gap_minutes": 5},
        "relationships": {"capacity": 1, "admission": 0, "churn": {"window_minutes": 60, "warn_above": 0.05}},
    }
    run = townlet.simulate(settings, ticks=1600, seed=7, into=tmp_path / "run")
    feed = list(frames(run, 1020))
    assert next(faults(line for message in in_full(feed) for line in lines(message, (2, 1))), None) is None
    assert feed[-1].state == next(frames(run, 1600)).state
    exits = run.sql("select tick, agent from agent_exited where tick >= 1020").to_pylist()
    assert len(exits) >= 8
    for row in exits:
        before, after = feed[row["tick"] - 1020], feed[row["tick"] - 1019]
        assert row["agent"] in before.state["agents"]
        blocks = ("agents", "ties", "policy", "work")
        assert not any(row["agent"] in after.state[block] for block in blocks)
        assert not any(row["agent"] in ties for ties in after.state["ties"].values())
        assert row["agent"] in after.state["rewards"]
    warnings = [(frame, warning) for frame in feed for warning in frame.happened["warnings"]]
    assert warnings
    windows = {row["window"]: row for row in run.sql("select * from churn_windows").to_pylist()}
    assert {warning["window"] for _, warning in warnings} >= {
        number for number, row in windows.items() if row["warning"] and row["from_tick"] >= 1020
    }
    for frame, warning in warnings:
        assert warning["window"] == (frame.tick - 1) // 60 == frame.state["churn"]["window"]
        assert warning["share"] > warning["above"] == 0.05 and windows[warning["window"]]["evicted"]


# Its form


def test_every_message_is_of_its_schema_in_every_version(told: list[Frame], messages: list[Message]) -> None:
    both = [line for message in messages for line in lines(message, (2, 1))]
    assert next(faults(both), None) is None
    MESSAGE.validate_python(messages[0], strict=True)
    STATE.validate_python(told[-1].state, strict=True)


def test_numbers_are_told_to_four_decimals(messages: list[Message]) -> None:
    numbers = re.findall(r"-?\d+\.(\d+)(e)?", "".join(line for message in messages for line in lines(message, (2,))))
    assert len(numbers) > 50_000
    assert max(len(decimals) for decimals, _ in numbers) == 4 and not any(power for _, power in numbers)


def test_a_tick_of_eight_people_is_small(messages: list[Message]) -> None:
    """The mean of a day, the snapshot aside, in bytes of its lines."""
    sizes = [len(line.encode()) + 1 for message in messages[1:] for line in lines(message, (2,))]
    assert sum(sizes) / len(sizes) <= MOST_BYTES
    assert len(messages[-1]["patch"]["agents"]) == 8


def test_a_tick_that_is_not_there_is_refused(run: Run) -> None:
    for begin, end in ((DAY + 1, None), (0, DAY + 1)):
        with pytest.raises(TickOutOfRange):
            next(frames(run, begin, end))


# Where it goes


def _live(path: Path, ticks: int) -> None:
    Run(path).resume(ticks, durability="never")


def test_the_feed_of_a_running_town_is_that_of_its_log(kitchen: Path, tmp_path: Path) -> None:
    """The follower begins before the town goes on, in another process, and ends with it; only the log is read."""
    run = Run(shutil.copytree(kitchen, tmp_path / "run"))
    town = multiprocessing.get_context("spawn").Process(target=_live, args=(run.path, 300))
    town.start()
    try:
        while run.log.manifest.closed and town.is_alive():
            town.join(0.02)
        live = list(frames(run, 200, follow=True))
    finally:
        town.join(60)
    assert town.exitcode == 0 and live[-1].tick == 540
    assert live == list(frames(run, 200))


def test_a_feed_that_is_left_behind_goes_on_from_what_is_now(kitchen: Path, tmp_path: Path) -> None:
    """What was there when it began is told; then the town lives on for an hour and a half: too much."""
    run = Run(shutil.copytree(kitchen, tmp_path / "run"))
    feed = frames(run, 230, follow=True, lag_most=60)
    begun = [next(feed)]
    Run(run.path).resume(90)
    begun += feed
    assert [frame.tick for frame in begun] == [*range(230, 241), 330]
    assert begun[-1].state == next(frames(run, 330)).state
    written: list[Message] = []
    assert send(iter(begun), written.append, lossless=False) == 90
    assert [message["tick"] for message in written if message["type"] == "snapshot"][-1] == 330
    assert [frame.tick for frame in frames(run, 300, follow=True, lag_most=1)] == list(range(300, 331))


def test_following_with_an_end_ends_there(kitchen: Path) -> None:
    assert [frame.tick for frame in frames(Run(kitchen), 230, 235, follow=True)] == list(range(230, 236))


def test_who_writes_too_slowly_gets_a_snapshot_and_the_feed_goes_on(told: list[Frame]) -> None:
    """The writer is held up at its first message until the feed is over."""
    over, written = Event(), list[Message]()

    def write(message: Message) -> None:
        assert over.wait(60)
        written.append(message)

    def feed() -> Iterator[Frame]:
        yield from told[:100]
        over.set()

    dropped = send(feed(), write, lossless=False, room=10)
    assert dropped > 0
    assert sum(message.get("dropped", 0) for message in written) == dropped
    assert [message["tick"] for message in written[1:]][-1] == 99
    assert sum(message["type"] == "difference" for message in written) + dropped == 99
    state: dict[str, Any] = {}
    for number, message in enumerate(written):
        state = message["state"] if message["type"] == "snapshot" else merged_state(state, message["patch"])
        assert state == told[message["tick"]].state and message["seq"] == number
    assert written[-1]["tick"] == 99


def test_a_writer_that_fails_ends_the_feed(told: list[Frame]) -> None:
    def write(message: Message) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        send(iter(told), write, lossless=False)
    with pytest.raises(BrokenPipeError):
        send(iter(told), write, lossless=True)


def test_a_feed_that_fails_says_so_after_what_came_before(told: list[Frame]) -> None:
    def feed() -> Iterator[Frame]:
        yield from told[:3]
        raise TickOutOfRange("run", 4, 3)

    for lossless in (True, False):
        with pytest.raises(TickOutOfRange):
            send(feed(), lambda message: None, lossless=lossless)


def test_a_lossless_mailbox_waits_for_room_and_for_no_one_who_has_left(told: list[Frame]) -> None:
    mailbox, brought = Mailbox(2, lossless=True), list[Step]()
    feed = list(steps(told[:50]))

    def bring() -> None:
        for step in feed:
            if not mailbox.put(step):
                return
            brought.append(step)
        mailbox.close()

    writer = Thread(target=bring)
    writer.start()
    taken = mailbox.messages()
    assert [next(taken)["tick"] for _ in range(20)] == list(range(20))
    mailbox.leave()
    writer.join(60)
    assert not writer.is_alive() and mailbox.dropped == 0
    assert 20 <= len(brought) <= 23


# Served


def test_every_client_gets_its_own_feed_of_all_there_is(told: list[Frame]) -> None:
    server = Server("tcp://127.0.0.1:0", (2, 1), lossless=True, room=4)
    heard: list[str] = []
    both = Event()

    def hear(words: str) -> None:
        heard.append(words)
        if sum(" listens" in each for each in heard) == 2:
            both.set()

    def feed() -> Iterator[Frame]:
        assert both.wait(60)
        yield from told[:200]

    serving = Thread(target=server.serve, args=(feed(), hear))
    clients = [socket.create_connection(address_of(server.place)) for _ in range(2)]
    serving.start()
    said = [_read(client) for client in clients]
    serving.join(60)
    assert not serving.is_alive() and server.served == 2
    assert sum(" listens" in each for each in heard) == sum(" has left" in each for each in heard) == 2
    for each in said:
        assert next(faults(each), None) is None
        read = [message for line in each if (message := json.loads(line))["schema"] == 2]
        assert read[0]["type"] == "snapshot" and read[-1]["tick"] == 199
        assert [message["tick"] for message in read] == list(range(read[0]["tick"], 200))


def _read(client: socket.socket) -> list[str]:
    with client, client.makefile(encoding="utf-8") as told:
        return told.read().splitlines()


def test_a_client_that_comes_late_begins_with_a_snapshot_of_now(told: list[Frame]) -> None:
    """And one that leaves is no reason for the feed to end, where it goes on by itself."""
    server = Server("tcp://127.0.0.1:0", (2,), lossless=False, room=1000)
    half, read = Event(), Event()

    def feed() -> Iterator[Frame]:
        yield from told[:50]
        half.set()
        assert read.wait(60)
        yield from told[50:60]

    serving = Thread(target=server.serve, args=(feed(), lambda words: None))
    serving.start()
    assert half.wait(60)
    with socket.create_connection(address_of(server.place)) as client, client.makefile(encoding="utf-8") as lines_of:
        first = json.loads(lines_of.readline())
        assert (first["type"], first["tick"], first["state"]) == (
            "snapshot",
            49,
            json.loads(json.dumps(told[49].state)),
        )
        read.set()
        assert [json.loads(line)["tick"] for line in lines_of] == list(range(50, 60))
    serving.join(60)
    assert not serving.is_alive()


@pytest.mark.parametrize(
    "place",
    ["tcp://0.0.0.0:80", "tcp://example.org:80", "tcp://127.0.0.1", "tcp://127.0.0.1:99999", "udp://127.0.0.1:1"],
)
def test_it_is_served_on_this_machine_alone(place: str) -> None:
    with pytest.raises(TelemetryError, match=r"such as\s+tcp://127.0.0.1:7777"):
        address_of(place)


def test_a_port_that_is_taken_is_refused(told: list[Frame]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(TelemetryError, match=f"127.0.0.1:{port}.*Name another port"):
            Server(f"tcp://127.0.0.1:{port}", (2,), lossless=True, room=4)
