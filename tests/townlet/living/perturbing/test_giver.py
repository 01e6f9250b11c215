"""City events in a living town: they come as commands, end, keep people in the town, and can be cut anywhere."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog import codes
from eventlog.catalogue.registries import Issuer, Option, Reason
from tests.townlet.towns import default_settings, town_of
from townlet.errors import TownletError
from townlet.keeping.verify import verify
from townlet.living.commands.door import Given, commands_in
from townlet.living.commands.session import Order, Session, living
from townlet.living.commands.typed import read_command
from townlet.living.perturbing.calendar import calendar
from townlet.living.perturbing.giver import Giver
from townlet.living.perturbing.keeping import kept_profiles, profile_in_force
from townlet.living.perturbing.profile import Profile, profile_of
from townlet.living.perturbing.scene import scene_of
from townlet.living.town import Town
from townlet.run import Pulse, Run

TICKS = 3000
SEED = 7


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The default town under wild city events, lived in one piece."""
    return townlet.simulate(ticks=TICKS, seed=SEED, into=tmp_path_factory.mktemp("wild") / "whole", perturb="wild")


def given_in(run: Run) -> list[Given]:
    return [each for each in commands_in(run.log) if each.issuer == Issuer.PERTURBATION]


def test_every_event_of_the_calendar_comes_or_is_withheld(whole: Run) -> None:
    ids = {each.command.cmd_id.rpartition(".")[0] for each in given_in(whole)}
    wanted = calendar(profile_of("wild"), SEED, 3, scene_of(default_settings()))
    assert ids == {event.id for event in wanted if event.tick < TICKS}
    assert all(each.answer.accepted for each in given_in(whole))


def test_what_begins_ends_and_prices_come_back(whole: Run) -> None:
    said = {each.command.cmd_id: each for each in given_in(whole)}
    switched = [name for name in said if name.endswith(".on") and ("blackout" in name or "outage" in name)]
    assert switched
    for name in switched:
        tick, ticks = int(name[1:].split(".")[0]), int(name.split(".")[2])
        if tick + ticks < TICKS:
            assert said[name.removesuffix("on") + "off"].answer.tick == tick + ticks
    spiked = [name for name in said if name.endswith(".raw")]
    assert spiked
    for name in spiked:
        at = said[name].answer.tick
        before = float(whole.at(at).town.record["clock"]["prices"][0])
        risen, back = said[name].command, said.get(f"{name}-off")
        assert risen.price == pytest.approx(before * int(name.split(".")[3]) / 100)  # type: ignore[union-attr]
        if back is not None:
            assert back.command.price == pytest.approx(before, abs=1e-8)  # type: ignore[union-attr]


def test_nobody_may_leave_while_the_town_is_hit_nor_in_the_grace_after_it(whole: Run) -> None:
    profile = profile_of("wild")
    assert profile is not None
    hit = [event for event in calendar(profile, SEED, 3, scene_of(default_settings())) if event.is_townwide]
    for tick in range(0, TICKS, 211):
        held = any(event.tick < tick < event.until + profile.grace_ticks for event in hit)
        free = not any(event.tick <= tick <= event.until + profile.grace_ticks for event in hit)
        lasting = bool(whole.at(tick).town.record["clock"]["lasting"])
        assert lasting or not held
        assert not lasting or not free


@pytest.mark.parametrize("parts", [(955, 1, 484, 94, 200, 1266), (1, 1359, 1, 1639)])
def test_a_life_in_pieces_is_the_unbroken_one(whole: Run, tmp_path: Path, parts: Sequence[int]) -> None:
    assert sum(parts) == TICKS
    run = townlet.simulate(ticks=parts[0], seed=SEED, into=tmp_path / "parts", perturb="wild", commit_ticks=50)
    for ticks in parts[1:]:
        run.resume(ticks)
    assert list(accumulate(parts))[-1] == run.head.tick
    assert (run.log_digest, run.at().state_digest) == (whole.log_digest, whole.at().state_digest)
    assert run.log.manifest.run_id == whole.log.manifest.run_id


@pytest.mark.parametrize("killed_at", [700, 1400])
def test_a_life_that_is_broken_off_goes_on_to_the_same_end(whole: Run, tmp_path: Path, killed_at: int) -> None:
    def stop(pulse: Pulse) -> None:
        if pulse.tick >= killed_at:
            raise KeyboardInterrupt

    how: dict[str, Any] = {"seed": SEED, "into": tmp_path / "killed", "perturb": "wild", "commit_ticks": 90}
    with pytest.raises(KeyboardInterrupt):
        townlet.simulate(ticks=TICKS, progress=stop, **how)
    run = townlet.open(tmp_path / "killed")
    assert killed_at <= run.head.tick < TICKS
    run.resume(TICKS - run.head.tick)
    assert run.log_digest == whole.log_digest


def test_the_log_alone_replays_the_town(whole: Run) -> None:
    proof = verify(whole)
    assert proof.difference is None
    assert proof.checkpoints >= 3


def test_a_fork_goes_on_with_the_events_and_ends_what_lasts(whole: Run, tmp_path: Path) -> None:
    same = whole.fork(tmp_path / "same", at=1400, ticks=TICKS - 1400)
    assert same.log_digest == whole.log_digest
    ended = whole.fork(tmp_path / "ended", at=1400, ticks=600, perturb="none")
    later = [each.command.cmd_id for each in given_in(ended) if each.answer.tick >= 1400]
    assert later
    assert all(int(name[1:].split(".")[0]) < 1400 for name in later)
    clock = ended.at().town.record["clock"]
    assert clock["power"]
    assert not clock["lasting"]


def test_a_fork_with_another_seed_has_its_calendar_and_can_be_resumed(whole: Run, tmp_path: Path) -> None:
    other = whole.fork(tmp_path / "other", at=1400, ticks=900, seed=9)
    parts = whole.fork(tmp_path / "parts", at=1400, ticks=300, seed=9).resume(600)
    assert other.log_digest == parts.log_digest != whole.log_digest
    wanted = {event.id for event in calendar(profile_of("wild"), 9, 2, scene_of(default_settings()))}
    begun = {each.command.cmd_id for each in given_in(other) if int(each.command.cmd_id[1:].split(".")[0]) >= 1400}
    assert {name.rpartition(".")[0] for name in begun} <= wanted


def test_another_profile_holds_from_its_tick_on_and_the_run_keeps_both(tmp_path: Path) -> None:
    run = townlet.simulate(ticks=1000, seed=SEED, into=tmp_path / "run", perturb="wild").resume(0, perturb="calm")
    assert [(each.from_tick, each.profile) for each in kept_profiles(run.path)] == [
        (0, profile_of("wild")),
        (1000, profile_of("calm")),
    ]
    run.resume(3000)
    assert profile_in_force(run.path) == profile_of("calm")
    wanted = calendar(profile_of("calm"), SEED, 3, scene_of(default_settings()))
    late = {int(each.command.cmd_id[1:].split(".")[0]) for each in given_in(run)} - set(range(1000))
    assert late == {event.tick for event in wanted if 1000 <= event.tick < 4000}


def test_a_lost_record_is_missed_and_the_message_says_what_to_do(tmp_path: Path) -> None:
    run = townlet.simulate(ticks=10, seed=SEED, into=tmp_path / "run", perturb="wild")
    file = run.path / "perturbations.json"
    kept = file.read_text()
    file.unlink()
    with pytest.raises(TownletError, match=r"perturbations\.json, which has it, is missing"):
        run.resume(1)
    file.write_text(kept[:-20])
    with pytest.raises(TownletError, match="does not say which profile"):
        run.resume(1)
    file.write_text(kept)
    assert run.resume(1).head.tick == 11
    file.unlink()
    assert run.resume(1, perturb="none").resume(1).head.tick == 13, "what was said once holds"


def test_a_run_without_events_keeps_no_record_and_its_own_id(whole: Run, tmp_path: Path) -> None:
    plain = townlet.simulate(ticks=5, seed=SEED, into=tmp_path / "plain")
    assert not (plain.path / "perturbations.json").exists()
    assert plain.log.manifest.run_id != whole.log.manifest.run_id


def founded_town() -> Town:
    """The default town at tick 0."""
    town = town_of(default_settings())
    town.found(SEED)
    return town


def lived(town: Town, giver: Giver, ticks: int) -> list[Given]:
    """Let a town live with a giver; returns what the giver said to the door, with the answers."""
    session = Session(town, ())
    session.events = giver
    for _ in living(town, town.tick + ticks, ticks, session):
        pass
    return [Given(Issuer.PERTURBATION, *said) for said in giver._said.values()]


def dark_profile(**fields: object) -> Profile:
    """Three short blackouts a day and no other event."""
    often = {"rate_a_day": 3.0, "gap_ticks": 0, "ticks": {"least": 20, "most": 20}}
    found = profile_of({"gap_ticks": 0, "blackout": often, **fields})
    assert found is not None
    return found


def test_after_a_departure_events_are_withheld_for_so_long_and_the_log_says_why() -> None:
    town = founded_town()
    profile = dark_profile(mercy_ticks=2000)
    session = Session(town, ())
    session.events = Giver(town, profile, SEED)
    for _ in living(town, 100, 100, session):
        pass
    session._door.submit(read_command({"command": "kill", "agent": "alice", "cmd_id": "k"}))
    giver = Giver(town, profile, SEED)
    said = lived(town, giver, 4000)
    withheld = {each.answer.tick for each in said if each.command.cmd_id.endswith(".withheld")}
    begun = {each.answer.tick for each in said if each.command.cmd_id.endswith(".on")}
    wanted = {event.tick for event in calendar(profile, SEED, 3, scene_of(default_settings())) if event.tick >= 100}
    assert withheld == {tick for tick in wanted if tick < 2100}
    assert begun == {tick for tick in wanted if 2100 <= tick < 4100}
    assert withheld
    assert begun
    (first, *_) = (each.command for each in said if each.command.cmd_id.endswith(".withheld"))
    assert "somebody left the town" in first.text  # type: ignore[union-attr]


def meeting_profile() -> Profile:
    """Six meetings a day at noon and in the afternoon, of two hours each, and no other event."""
    often = {"rate_a_day": 6.0, "gap_ticks": 0, "ticks": {"least": 120, "most": 120}, "hours": {"first": 9, "last": 20}}
    found = profile_of({"gap_ticks": 0, "arranged_meeting": often})
    assert found is not None
    return found


def test_most_meetings_of_two_who_can_come_come_about() -> None:
    came = arranged = withheld = 0
    for seed in range(4):
        town = town_of(default_settings())
        town.found(seed)
        session = Session(town, ())
        session.events = Giver(town, meeting_profile(), seed)
        for rows in living(town, 4 * 1440, 1440, session):
            arranged += int((rows["kind"] == codes.MEETING_ARRANGED).sum())
            over = rows[(rows["kind"] == codes.ORDER_ENDED) & (rows["code"] == Option.SOCIALISE)]
            came += int((over["code2"] == Reason.FINISHED).sum())
            withheld += int((rows["kind"] == codes.ANNOUNCED).sum())
    assert arranged > 20 and withheld > 0
    assert came >= 0.7 * arranged


@pytest.mark.parametrize("why", ["busy", "rain", "money"])
def test_a_meeting_to_which_one_cannot_come_is_withheld_and_the_log_says_why(why: str) -> None:
    profile = meeting_profile()
    scene = scene_of(default_settings())
    kind = "gym" if why == "money" else "park"
    names = {venue.name for venue in scene.meeting if venue.kind == kind}
    event = next(each for each in calendar(profile, SEED, 30, scene) if each.venue in names)
    town = founded_town()
    for _ in living(town, event.tick, event.tick):
        pass
    agents = town.record["agents"]
    agents["doing"][:] = agents["talks_with"][:] = -1
    agents["wallet"][:] = 5.0
    if why == "busy":
        agents["doing"][:], agents["busy_until"][:] = 0, event.until + 1
    elif why == "rain":
        town.record["clock"]["weather"] = codes.WEATHER_RAIN
    else:
        agents["wallet"][:] = 0.0
    said = Giver(town, profile, SEED)._reason_against(event)
    assert said.endswith("is busy until it is over" if why == "busy" else f"find no places in {event.venue} now")
    agents["doing"][:], agents["wallet"][:] = -1, 5.0
    town.record["clock"]["weather"] = codes.WEATHER_CLEAR
    assert not Giver(town, profile, SEED)._reason_against(event)


def test_a_price_that_somebody_set_during_a_spike_stays() -> None:
    town = founded_town()
    spike = {"rate_a_day": 5.0, "ticks": {"least": 60, "most": 60}, "hours": {"first": 6, "last": 8}}
    profile = profile_of({"price_spike": {**spike, "strength_percent": {"least": 200, "most": 200}}})
    (event, *_) = calendar(profile, SEED, 9, scene_of(default_settings()))
    session = Session(town, ())
    session.events = Giver(town, profile, SEED)
    for _ in living(town, event.tick + 10, 1000, session):
        pass
    session._door.submit(read_command({"command": "price", "item": "raw", "price": 5.0, "cmd_id": "mine"}))
    for _ in living(town, event.until + 5, 1000, session):
        pass
    raw, meal = np.array(town.record["clock"]["prices"])[:2]
    assert raw == 5.0
    assert meal < 2.0


def test_a_town_in_which_nobody_may_leave_already_is_left_so() -> None:
    town = founded_town()
    session = Session(town, ())
    session._door.submit(read_command({"command": "toggle_mortality", "on": False, "cmd_id": "mine"}))
    said = lived(town, Giver(town, dark_profile(), SEED), 1440)
    assert any(each.command.cmd_id.endswith(".on") for each in said)
    assert not any(each.command.command == "toggle_mortality" for each in said)
    assert town.record["clock"]["lasting"]


def through_a_blackout(*words: tuple[int, dict[str, object]], anew: int = -1) -> tuple[Town, list[str]]:
    """A town after a blackout of 20 ticks and its grace, and what came to an end by the event.

    `words` are what an operator says so many ticks after its beginning. `anew`: after so many ticks another giver goes
    on from what was said.
    """
    town, profile = founded_town(), dark_profile(grace_ticks=5, budget_a_day=1)
    (event, *_) = calendar(profile, SEED, 9, scene_of(default_settings()))
    session = Session(town, ())
    giver = session.events = Giver(town, profile, SEED)
    for number, (after, content) in enumerate([*sorted(words, key=lambda each: each[0]), (40, {})]):
        for _ in living(town, event.tick + after, 1000, session):
            pass
        if content:
            order = Order(town.tick, read_command({**content, "cmd_id": f"o{number}"}), Issuer.OPERATOR)
            session.give(order)
        if after == anew:
            giver = session.events = Giver(town, profile, SEED, giver.said)
    return town, [name.rpartition(".")[2] for name in giver._said if name.endswith((".off", ".leave"))]


def test_what_an_operator_switches_during_an_event_stays() -> None:
    off, on = ({"command": "toggle_mortality", "on": each} for each in (False, True))
    dark, light = ({"command": "blackout", "on": each} for each in (True, False))
    town, ended = through_a_blackout()
    assert ended == ["off", "leave"]
    assert (town.record["clock"]["lasting"], town.record["clock"]["power"]) == (0, 1)
    for words, lasting in (([(8, off)], 1), ([(8, on), (9, off)], 1), ([(8, on)], 0)):
        for anew in (-1, 8):
            town, ended = through_a_blackout(*words, anew=anew)
            assert (town.record["clock"]["lasting"], ended) == (lasting, ["off"])
    for words, power in (([(8, dark)], 0), ([(8, light), (9, dark)], 0), ([(8, light)], 1)):
        town, ended = through_a_blackout(*words)
        assert (town.record["clock"]["power"], ended) == (power, ["leave"])
    late = {**off, "expected_tick": 0}
    assert through_a_blackout((8, late))[1] == ["off", "leave"], "what came too late was not said"
