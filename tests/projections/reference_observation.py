"""What a seat observes, written again for tests: slowly, from the town's record alone, cell by cell."""

import math
from typing import Any

import numpy as np

from eventlog.catalogue.registries import Option
from projections.observations.layout import TARGETS
from projections.observations.lens import identity_codes
from projections.record.plan import FAR
from projections.settings import Observations
from townlet.living.town import Town

REACH = 5
FRIEND, RIVAL = "friend", "rival"
PRE_SHIFT, ON_TIME, LATE, ABSENT, POST_SHIFT = range(5)
TIE = ("trust", "familiarity", "rivalry")


class Reference:
    """One seat of a town. `numbers` by feature, `planes` by name."""

    def __init__(self, town: Town, settings: Observations, seat: int) -> None:
        self.record, self.seat, self.settings = town.record, seat, settings
        self.plan = town.plans.view(np.ndarray)[int(town.record["clock"]["epoch"])]
        self.layout, self.agents = self.plan["layout"], town.record["agents"]
        self.agent = self.agents[seat]
        self.side = int(self.layout["side"])
        self.living = [int(each) for each in np.flatnonzero(self.agents["alive"])]

    def numbers(self) -> dict[str, list[float]]:
        """Every feature but the hint of the way."""
        found = {**self._body(), **self._work(), **self._queue(), **self._ways()}
        found["nearest"] = [min([11, *map(sum, self._others_in_sight().values())]) / 11]
        if self.settings.debts:
            debt, unpaid = float(self.agent["debt"]), int(self.agent["unpaid_days"])
            found["debt"] = [debt / (debt + 4)]
            found["unpaid_days"] = [min(1.0, unpaid / int(self.plan["life"]["eviction_days"]))]
        if self.settings.episode_sum:
            found["episode_sum"] = [0.0]  # nobody is paid here
        if self.settings.personality:
            found["personality"] = self.agent["traits"][:3].tolist()
        social = self.settings.social
        if social.enabled:
            found |= self._snippet(social.top_k, social.embed_dim)
            found |= self._aggregates() if social.include_aggregates else {}
        return found

    def planes(self) -> dict[str, np.ndarray]:
        """Every plane of the full map."""
        planes = {name: np.zeros((11, 11), int) for name in ("self", "agents", "objects", "reservations", "walkable")}
        planes["distance"] = np.full((11, 11), 255)
        planes["self"][5, 5] = 1
        places = {int(place["tile"]): o for o, place in enumerate(self._places())}
        stands = {int(self.agents["tile"][b]) for b in self.living if b != self.seat}
        bound = self._bound()
        for (down, right), tile in self._window().items():
            cell = down + REACH, right + REACH
            planes["agents"][cell] = tile in stands
            o = places.get(tile, -1)
            planes["walkable"][cell] = self.layout["walkable"][tile] and o < 0
            planes["distance"][cell] = 255 if bound < 0 else self._limited(self._steps(tile, bound))
            if o >= 0:
                planes["objects"][cell] = self.plan["affordances"]["option"][self._places()["affordance"][o]]
                user = int(self.record["objects"]["user"][o])
                planes["reservations"][cell] = 0 if user < 0 else 2 if user == self.seat else 1
        return planes

    def _body(self) -> dict[str, list[float]]:
        agent, tick = self.agent, int(self.record["clock"]["tick"])
        turn = 2 * math.pi * (tick % int(self.plan["life"]["ticks_per_day"])) / int(self.plan["life"]["ticks_per_day"])
        return {
            "needs": [agent["hunger"], agent["hygiene"], agent["energy"]],
            "wallet": [agent["wallet"] / (agent["wallet"] + 10)],
            "items": [count / (count + 4) for count in agent["items"].tolist()],
            "day": [math.sin(turn), math.cos(turn)],
            "option": np.eye(9)[agent["option"]].tolist(),
            "doing": [agent["doing"] >= 0],
            "last_success": [agent["last_success"]],
            "last_ticks": [agent["last_ticks"] / (agent["last_ticks"] + int(self.plan["life"]["hour"]))],
            "slot": [self.seat / len(self.agents)],
            "ctx_reset": [agent["ctx_reset"] > 0],
        }

    def _work(self) -> dict[str, list[float]]:
        agent, job = self.agent, int(self.agent["job"])
        found = {"has_job": [job >= 0], "shift": [0.0] * 5, "until_shift": [1], "lateness": [0], "attendance": [1]}
        if job < 0:
            return found
        state, record = int(agent["shift_state"]), self.plan["jobs"][job]
        found["shift"] = np.eye(5)[state].tolist()
        if agent["shifts"]:
            found["attendance"] = [agent["shifts_on_time"] / agent["shifts"]]
        day, minute = divmod(int(self.record["clock"]["tick"]), int(self.plan["life"]["ticks_per_day"]))
        is_today = int(record["days"]) >> day % 7 & 1 and minute < record["end"] and state != POST_SHIFT
        if is_today and minute < record["start"]:
            found["until_shift"] = [(record["start"] - minute) / self.plan["life"]["ticks_per_day"]]
        elif is_today:
            gone = minute - record["start"]
            missed = {PRE_SHIFT: gone, ON_TIME: 0, LATE: gone - agent["worked"], ABSENT: 10**6}[state]
            found["until_shift"] = [0]
            found["lateness"] = [min(1, max(0, missed) / self.plan["work"]["absent_after"])]
        return found

    def _queue(self) -> dict[str, list[float]]:
        o = int(self.agent["waits_at"])
        line = self.record["objects"][o]["waiting"].tolist() if o >= 0 else []
        return {
            "in_queue": [o >= 0],
            "place_in_line": [(line.index(self.seat) + 1) / 8 if o >= 0 else 0],
            "reservation": [self.agent["holds"] >= 0],
        }

    def _ways(self) -> dict[str, list[float]]:
        found = {}
        for target in TARGETS:
            o = self._target(target)
            found[f"to_{target}"], found[f"steps_to_{target}"] = [0.0, 0.0], [1.0]
            if o >= 0:
                goal = self._places()[o]["tile"]
                down, right = np.subtract(divmod(int(goal), self.side), divmod(int(self.agent["tile"]), self.side))
                apart = max(1, abs(down) + abs(right))
                found[f"to_{target}"] = [down / apart, right / apart]
                steps = self._steps(int(self.agent["tile"]), o)
                found[f"steps_to_{target}"] = [steps / (steps + 16) if steps < FAR else 1]
        return found

    def _target(self, target: str) -> int:
        if target == "bed":
            return int(self.agent["home"])
        if target == "desk":
            covered = int(self.agent["covers"])
            job = int(self.agents["job"][covered] if covered >= 0 else self.agent["job"])
            return int(self.plan["jobs"][job]["desk"]) if job >= 0 else -1
        home = int(self._places()[int(self.agent["home"])]["venue"])
        return int(self.layout["near"][home, Option[target.upper()], 0])

    def _snippet(self, top_k: int, embed_dim: int) -> dict[str, list[float]]:
        known = [tie for tie in self.agent["ties"] if tie["known"]]
        friends = sorted(known, key=lambda tie: -(tie["trust"] + tie["familiarity"]))
        friends = [tie for tie in friends if tie["trust"] + tie["familiarity"] > 0][:top_k]
        met = [int(tie["other"]) for tie in friends]
        rivals = sorted((tie for tie in known if int(tie["other"]) not in met), key=lambda tie: -tie["rivalry"])
        rivals = [tie for tie in rivals if tie["rivalry"] > 0][:top_k]
        found: dict[str, list[float]] = {}
        for sort, ties in ((FRIEND, friends), (RIVAL, rivals)):
            for rank in range(top_k):
                who = f"{sort}_{rank + 1}"
                tie = ties[rank] if rank < len(ties) else None
                found[f"{who}_present"] = [tie is not None]
                code = identity_codes(len(self.agents))[int(tie["other"]) % len(self.agents)] if tie else np.zeros(16)
                found[f"{who}_identity"] = code[:embed_dim].tolist()
                found |= {f"{who}_{side}": [tie[side] if tie else 0.0] for side in TIE}
                age = int(self.record["clock"]["tick"]) - int(tie["since"]) if tie else 0
                found[f"{who}_age"] = [age / (age + 7200)]
        return found

    def _aggregates(self) -> dict[str, list[float]]:
        persons = {int(self.agents["person"][b]) for b in self._others_in_sight()}
        ties = {int(tie["other"]): tie for tie in self.agent["ties"] if tie["known"]}
        found = {}
        for side in ("trust", "rivalry"):
            felt = [float(ties[person][side]) if person in ties else 0.0 for person in persons] or [0.0]
            found[f"{side}_mean"], found[f"{side}_most"] = [sum(felt) / len(felt)], [max(felt)]
        return found

    def _others_in_sight(self) -> dict[int, tuple[int, int]]:
        """Seats in sight, and how far down and right they stand."""
        row, column = divmod(int(self.agent["tile"]), self.side)
        found = {}
        for b in self.living:
            there = divmod(int(self.agents["tile"][b]), self.side)
            down, right = abs(there[0] - row), abs(there[1] - column)
            if b != self.seat and max(down, right) <= REACH:
                found[b] = down, right
        return found

    def _window(self) -> dict[tuple[int, int], int]:
        """The tiles in sight that are on the map, by how far down and right they lie."""
        row, column = divmod(int(self.agent["tile"]), self.side)
        return {
            (down, right): (row + down) * self.side + column + right
            for down in range(-REACH, REACH + 1)
            for right in range(-REACH, REACH + 1)
            if 0 <= row + down < self.side and 0 <= column + right < self.side
        }

    def _places(self) -> Any:
        return self.layout["place"][: int(self.layout["places"])]

    def _bound(self) -> int:
        return next((int(self.agent[name]) for name in ("holds", "waits_at", "target") if self.agent[name] >= 0), -1)

    def _steps(self, tile: int, o: int) -> int:
        place = self._places()[o]
        venue, spot = int(place["venue"]), int(self.layout["spot"][place["tile"]])
        if int(self.layout["room"][tile]) == venue:
            inside = int(self.layout["inside"][venue, int(self.layout["spot"][tile]), spot])
            return inside if inside < 255 else FAR
        door = int(self.layout["doors"][venue, 0])
        return int(self.layout["field"][venue, tile]) + int(self.layout["inside"][venue, door, spot])

    @staticmethod
    def _limited(steps: int) -> int:
        return 255 if steps >= FAR else min(steps, 254)
