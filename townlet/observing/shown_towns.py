"""The town at any tick, in any order: from the nearest place that is kept, or from where the last look left it."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from projections.record.state import state_bytes
from projections.rewards import compile_terms
from projections.telemetry.frame import Block, Words, happened_of, state_of, ties_of
from projections.telemetry.witness import Kept, Seen, Witness, restore_state, seen_of
from townlet.history.name_books import frame_words
from townlet.living.town import Town, restored_town
from townlet.observing.view import ShownTown
from townlet.rules.control import allow_all

if TYPE_CHECKING:
    from eventlog.reader import LogReader
    from eventlog.rows import Rows
    from townlet.history.history import History

NEAR: Final = 4096
"""How many ticks beyond a keyframe what was earned is still folded then and there."""

REST: Final = 64
"""A look leaves a keyframe at a multiple of so many ticks, so that going back tick by tick is short too."""

RESTS: Final = 8

LEDGERS: Final = 64
"""How many ledgers of other ticks are kept."""

CODEC: Final = pa.Codec("zstd", 1)
"""Most of a town's record is zeros, which it finds at once."""


class Packed(NamedTuple):
    """Bytes that take less room."""

    content: bytes
    size: int

    @classmethod
    def of(cls, plain: bytes) -> "Packed":
        """These bytes, packed."""
        return cls(CODEC.compress(plain, asbytes=True), len(plain))

    def unpacked(self) -> bytes:
        """The bytes."""
        plain: bytes = CODEC.decompress(self.content, self.size, asbytes=True)
        return plain


class Ground:
    """What all towns of a run share: its settings, compiled once, and the words for their codes."""

    def __init__(self, run: "History") -> None:
        self.run, self.epochs, self.settings = run, run.epochs, run.settings
        first = run.empty_town()
        self.plans, self.shape = first.plans, first.shape
        self.words = [frame_words(first, epoch) for epoch in range(len(self.settings))]
        self._identities: dict[int, Mapping[str, str]] = {}
        self._terms = np.concatenate([compile_terms(each.rewards) for each in self.settings]).view(np.recarray)
        self._churn = [each.relationships.churn for each in self.settings]

    @property
    def ticks_per_day(self) -> int:
        """The ticks of a day, which no epoch changes."""
        return self.settings[0].town.ticks_per_day

    def town(self) -> Town:
        """An empty town."""
        return Town(self.settings, plans=self.plans)

    def witness(self, town: Town) -> Witness:
        """A witness of an empty town."""
        return Witness(town.towns, town.plans, self._terms, self._churn)

    def checkpoint(self, tick: int, log: "LogReader") -> Town | None:
        """The town of the run's nearest checkpoint at a tick or before it."""
        found = self.run.checkpoints().nearest(tick, self._identity_at, log)
        return None if found is None else restored_town(self.settings, found.tables(), self.plans)

    def _identity_at(self, seq: int) -> Mapping[str, str]:
        """The run's `identity_at`, which reads sources: once for all that lies in an epoch."""
        begun = sum(epoch.from_seq < seq for epoch in self.epochs)
        if begun not in self._identities:
            self._identities[begun] = self.run.identity_at(seq)
        return self._identities[begun]


class Keyframe(NamedTuple):
    """A town the moment before `tick` with what its witness remembers, packed."""

    tick: int
    kept: Kept
    """Without its bytes, which are `packed`: of the town, the ledgers, the earnings."""
    packed: tuple[Packed, Packed, Packed]

    @classmethod
    def of(cls, witness: Witness) -> "Keyframe":
        """The witness as it stands; at a tick's beginning."""
        kept = witness.saved_state()
        packed = Packed.of(kept.town), Packed.of(kept.ledgers), Packed.of(kept.earnings)
        return cls(witness.tick, kept._replace(town=b"", ledgers=b"", earnings=b""), packed)

    def town(self) -> bytes:
        """The state of its town."""
        return self.packed[0].unpacked()

    def unpacked(self) -> Kept:
        """What a witness goes on from."""
        town, ledgers, earnings = (each.unpacked() for each in self.packed)
        return self.kept._replace(town=town, ledgers=ledgers, earnings=earnings)


class Keyframes:
    """Keyframes, the first at tick 0, by `every` ticks; when there are more than `most` every second one goes."""

    def __init__(self, first: Keyframe, every: int, most: int) -> None:
        self.every, self._most = every, most
        self._ticks, self._frames = [first.tick], [first]

    def __len__(self) -> int:
        return len(self._frames)

    def next_tick(self) -> int:
        """The tick at which the next one is due."""
        return self._ticks[-1] + self.every

    def add(self, frame: Keyframe) -> None:
        """The one that was due."""
        self._ticks.append(frame.tick)
        self._frames.append(frame)
        if len(self._frames) > self._most:
            self.every *= 2
            self._frames = [each for each in self._frames if each.tick % self.every == 0]
            self._ticks = [each.tick for each in self._frames]

    def nearest(self, tick: int) -> Keyframe:
        """The last at a tick or before it."""
        return self._frames[bisect_right(self._ticks, tick) - 1]


class ShownTowns:
    """A run's town at any tick, and its ledgers at others. What was looked at last is where the next look goes on.

    `keyframes` are the index's: far beyond the last of them nobody knows yet what was earned.
    """

    def __init__(self, ground: Ground, keyframes: Keyframes) -> None:
        self._ground, self._keyframes = ground, keyframes
        self._paid, self._plain, self._past = _Paid(ground), _Plain(ground), _Plain(ground)
        self._rests: OrderedDict[int, Keyframe] = OrderedDict()
        self._ledgers: OrderedDict[int, Block] = OrderedDict()
        self._allowed = np.zeros(ground.shape.agents, np.int64)
        self._shown: ShownTown | None = None

    def at(self, tick: int, log: "LogReader") -> ShownTown:
        """The town the moment before a tick that is committed. Raises LogDamaged."""
        shown, payable = self._shown, self._is_payable(tick)
        if shown is None or shown.tick != tick or (payable and not shown.paid):
            shown = self._shown = self._paid_at(tick, log) if payable else self._plain_at(tick, log)
        return shown

    def ties_at(self, tick: int, log: "LogReader") -> Block:
        """The block `ties` of a shown at another tick. Raises LogDamaged."""
        ties = self._ledgers.get(tick)
        if ties is None:
            seen = self._past.at(tick, self._start(tick), log)
            ties = ties_of(seen, self._ground.words[seen.epoch])
            self._ledgers[tick] = ties
            if len(self._ledgers) > LEDGERS:
                self._ledgers.popitem(last=False)
        self._ledgers.move_to_end(tick)
        return ties

    def _is_payable(self, tick: int) -> bool:
        """Whether what was earned at a tick can be worked out at once."""
        start = self._start(max(tick - 1, 0)).tick
        begin = self._paid.tick if start <= self._paid.tick < tick else start
        return tick - begin <= max(NEAR, 2 * self._keyframes.every)

    def _start(self, tick: int) -> Keyframe:
        """The nearest keyframe at a tick or before it."""
        rests = [each for at, each in self._rests.items() if at <= tick]
        return max((self._keyframes.nearest(tick), *rests), key=lambda each: each.tick)

    def _paid_at(self, tick: int, log: "LogReader") -> ShownTown:
        before = max(tick - 1, 0)
        start, rest = self._start(before), before - before % REST
        if not start.tick <= self._paid.tick <= before:
            self._paid.restore(start)
            if rest > start.tick:
                self._paid.fold(rest, log)
                self._keep_rest(self._paid.keyframe())
        self._paid.fold(before, log)
        seen = self._paid.seen(tick, log)
        return self._shown_town(self._paid.town, seen, paid=True)

    def _plain_at(self, tick: int, log: "LogReader") -> ShownTown:
        seen = self._plain.at(tick, self._start(tick), log)
        return self._shown_town(self._plain.town, seen, paid=False)

    def _shown_town(self, town: Town, seen: Seen, *, paid: bool) -> ShownTown:
        words = self._ground.words[seen.epoch]
        allow_all(town.towns, town.plans, 0, self._allowed)
        state = state_of(seen, words, self._allowed.tolist())
        happened = happened_of(seen, words)
        if not paid:
            state |= {"rewards": {}, "churn": {}}
        return ShownTown(seen.tick, seen.offset, state, happened, paid, _waits_since(seen, words))

    def _keep_rest(self, frame: Keyframe) -> None:
        self._rests[frame.tick] = frame
        self._rests.move_to_end(frame.tick)
        if len(self._rests) > RESTS:
            self._rests.popitem(last=False)


class _Paid:
    """A town under the eyes of a witness. `tick` is -1 where it may be within a tick: then it is to be restored."""

    def __init__(self, ground: Ground) -> None:
        self.town = ground.town()
        self._witness = ground.witness(self.town)
        self.tick = 0

    def restore(self, frame: Keyframe) -> None:
        self._witness.restore(frame.unpacked())
        self.tick = frame.tick

    def keyframe(self) -> Keyframe:
        return Keyframe.of(self._witness)

    def fold(self, tick: int, log: "LogReader") -> None:
        self.tick = -1
        for rows in _rows(log, self.town.seq, tick):
            self._witness.fold(rows, tick)
            self._witness.forget()
        self._witness.forget()
        self.tick = tick

    def seen(self, tick: int, log: "LogReader") -> Seen:
        """The town at this tick, the next one or the same, with what happened in the last."""
        self.tick = -1
        for rows in _rows(log, self.town.seq, tick):
            self._witness.fold(rows, tick)
        seen = self._witness.see()
        self.tick = tick
        return seen


class _Plain:
    """A town alone. `tick` is -1 where it may be within a tick: then it is to be restored."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._checkpoint_ticks = ground.settings[0].checkpoint_ticks
        self._checkpoint: tuple[int, bytes] | None = None
        self.town = ground.town()
        self.tick = 0

    def at(self, tick: int, start: Keyframe, log: "LogReader") -> Seen:
        """The town at a tick: folded from here, from a keyframe, or from a checkpoint of the run."""
        if not start.tick <= self.tick <= tick:
            restore_state(self.town.towns, start.town())
            self.tick = start.tick
        if tick - self.tick > self._checkpoint_ticks:
            self._go_to_checkpoint(tick, log)
        self.tick = -1
        self.town.fold(_rows(log, self.town.seq, tick))
        self.tick = tick
        return seen_of(self.town.towns)

    def _go_to_checkpoint(self, tick: int, log: "LogReader") -> None:
        """To the one before this tick, if that is nearer; to go back from there once more it is not read again."""
        known = self._checkpoint
        if known is None or not 0 <= tick - known[0] <= self._checkpoint_ticks:
            kept = self._ground.checkpoint(tick, log)
            known = self._checkpoint = None if kept is None else (kept.tick, state_bytes(kept.towns))
        if known is not None and known[0] > self.tick:
            self.tick = -1
            restore_state(self.town.towns, known[1])
            self.tick = known[0]


def _rows(log: "LogReader", seq: int, tick: int) -> "list[Rows]":
    """The events from number `seq` on and before a tick."""
    return [np.ascontiguousarray(rows) for rows in log.rows(from_seq=seq, to_tick=tick)]


def _waits_since(seen: Seen, words: Words) -> Mapping[str, int]:
    """Since when those wait who wait, by name."""
    fields = zip(*(seen.agents[name].tolist() for name in ("person", "waits_at", "waits_since")), strict=True)
    return {words.person(person): since for person, place, since in fields if place >= 0}
