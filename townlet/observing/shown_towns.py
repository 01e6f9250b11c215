"""The town at any tick, in any order: folded from the nearest keyframe, or on from the tick shown last."""

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
"""The most ticks after a keyframe for which rewards are folded at once."""

REST: Final = 64
"""A look adds a keyframe at a multiple of so many ticks, so that stepping back tick by tick is fast, too."""

RESTS: Final = 8

LEDGERS: Final = 64
"""For how many other ticks ledgers are kept."""

CODEC: Final = pa.Codec("zstd", 1)
"""A fast codec is enough: most of a town's record is zeros."""


class Packed(NamedTuple):
    """Compressed bytes. `size` is their length uncompressed."""

    content: bytes
    size: int

    @classmethod
    def of(cls, plain: bytes) -> "Packed":
        """These bytes, compressed."""
        return cls(CODEC.compress(plain, asbytes=True), len(plain))

    def unpacked(self) -> bytes:
        """The uncompressed bytes."""
        plain: bytes = CODEC.decompress(self.content, self.size, asbytes=True)
        return plain


class Ground:
    """Everything that all towns of a run share: settings, compiled plans, and words for codes."""

    def __init__(self, run: "History") -> None:
        self.run, self.epochs, self.settings = run, run.epochs, run.settings
        first = run.empty_town()
        self.plans, self.shape = first.plans, first.shape
        self.words = [frame_words(first, epoch) for epoch in range(len(self.settings))]
        self._identities: dict[int, Mapping[str, str]] = {}
        self._terms = np.concatenate([compile_terms(each.rewards, each.town.scale) for each in self.settings]).view(
            np.recarray
        )
        self._churn = [each.relationships.churn for each in self.settings]

    @property
    def ticks_per_day(self) -> int:
        """The ticks of a day. They are the same in all epochs."""
        return self.settings[0].town.ticks_per_day

    def town(self) -> Town:
        """A new town without events."""
        return Town(self.settings, plans=self.plans)

    def witness(self, town: Town) -> Witness:
        """A new witness of a town without events."""
        return Witness(town.towns, town.plans, self._terms, self._churn, self.settings[0].town.scale)

    def checkpoint(self, tick: int, log: "LogReader") -> Town | None:
        """The town of the last checkpoint at a tick or before it; None if there is none."""
        for found in self.run.checkpoints().valid(tick, self._identity_at, log):
            town = restored_town(self.settings, found.tables(), self.plans)
            if town is not None and (town.tick, town.seq) == (found.point.tick, found.point.seq):
                return town
        return None

    def _identity_at(self, seq: int) -> Mapping[str, str]:
        """The run's `identity_at`. It reads source files, so it is called once an epoch."""
        begun = sum(epoch.from_seq < seq for epoch in self.epochs)
        if begun not in self._identities:
            self._identities[begun] = self.run.identity_at(seq)
        return self._identities[begun]


class Keyframe(NamedTuple):
    """The compressed state of a town and of its witness, just before `tick`."""

    tick: int
    kept: Kept
    """The witness's state without its three byte strings: town, ledgers and earnings, which are `packed`."""
    packed: tuple[Packed, Packed, Packed]

    @classmethod
    def of(cls, witness: Witness) -> "Keyframe":
        """A keyframe of a witness, which must be at the beginning of a tick."""
        kept = witness.saved_state()
        packed = Packed.of(kept.town), Packed.of(kept.ledgers), Packed.of(kept.earnings)
        return cls(witness.tick, kept._replace(town=b"", ledgers=b"", earnings=b""), packed)

    def town(self) -> bytes:
        """The bytes of the town's state."""
        return self.packed[0].unpacked()

    def unpacked(self) -> Kept:
        """The uncompressed state, for `Witness.restore`."""
        town, ledgers, earnings = (each.unpacked() for each in self.packed)
        return self.kept._replace(town=town, ledgers=ledgers, earnings=earnings)


class Keyframes:
    """Keyframes at every `every` ticks, from tick 0 on. If there are more than `most`, every second one is dropped."""

    def __init__(self, first: Keyframe, every: int, most: int) -> None:
        self.every, self._most = every, most
        self._ticks, self._frames = [first.tick], [first]

    def __len__(self) -> int:
        return len(self._frames)

    def next_tick(self) -> int:
        """The tick of the next keyframe to add."""
        return self._ticks[-1] + self.every

    def add(self, frame: Keyframe) -> None:
        """Add the keyframe of `next_tick`."""
        self._ticks.append(frame.tick)
        self._frames.append(frame)
        if len(self._frames) > self._most:
            self.every *= 2
            self._frames = [each for each in self._frames if each.tick % self.every == 0]
            self._ticks = [each.tick for each in self._frames]

    def nearest(self, tick: int) -> Keyframe:
        """The last keyframe at a tick or before it."""
        return self._frames[bisect_right(self._ticks, tick) - 1]


class ShownTowns:
    """The town of a run at any tick, and its ledgers at other ticks. Each look goes on from the last one if it can.

    `keyframes` are those of the index. Far beyond the last of them, rewards and churn are not known yet.
    """

    def __init__(self, ground: Ground, keyframes: Keyframes) -> None:
        self._ground, self._keyframes = ground, keyframes
        self._paid, self._plain, self._past = _Paid(ground), _Plain(ground), _Plain(ground)
        self._rests: OrderedDict[int, Keyframe] = OrderedDict()
        self._ledgers: OrderedDict[int, Block] = OrderedDict()
        self._allowed = np.zeros(ground.shape.agents, np.int64)
        self._shown: ShownTown | None = None

    def at(self, tick: int, log: "LogReader") -> ShownTown:
        """The town just before a committed tick. Raises LogDamaged."""
        shown, payable = self._shown, self._is_payable(tick)
        if shown is None or shown.tick != tick or (payable and not shown.paid):
            shown = self._shown = self._paid_at(tick, log) if payable else self._plain_at(tick, log)
        return shown

    def ties_at(self, tick: int, log: "LogReader") -> Block:
        """The block `ties` of the town at another tick. Raises LogDamaged."""
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
        """Whether the rewards of a tick can be computed at once."""
        start = self._start(max(tick - 1, 0)).tick
        begin = self._paid.tick if start <= self._paid.tick < tick else start
        return tick - begin <= max(NEAR, 2 * self._keyframes.every)

    def _start(self, tick: int) -> Keyframe:
        """The last keyframe at a tick or before it."""
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
    """A town with its witness. `tick` is -1 if a fold failed within a tick; then it must be restored."""

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
        """The town at this tick, which is the present one or the next, with the events of the tick before."""
        self.tick = -1
        for rows in _rows(log, self.town.seq, tick):
            self._witness.fold(rows, tick)
        seen = self._witness.see()
        self.tick = tick
        return seen


class _Plain:
    """A town without a witness. `tick` is -1 if a fold failed within a tick; then it must be restored."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._checkpoint_ticks = ground.settings[0].checkpoint_ticks
        self._checkpoint: tuple[int, bytes] | None = None
        self.town = ground.town()
        self.tick = 0

    def at(self, tick: int, start: Keyframe, log: "LogReader") -> Seen:
        """The town at a tick, folded from the present one, from the keyframe `start`, or from a checkpoint."""
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
        """Restore the last checkpoint before this tick, if it is nearer. It stays in memory for the next look back."""
        known = self._checkpoint
        if known is None or not 0 <= tick - known[0] <= self._checkpoint_ticks:
            kept = self._ground.checkpoint(tick, log)
            known = self._checkpoint = None if kept is None else (kept.tick, state_bytes(kept.towns))
        if known is not None and known[0] > self.tick:
            self.tick = -1
            restore_state(self.town.towns, known[1])
            self.tick = known[0]


def _rows(log: "LogReader", seq: int, tick: int) -> "list[Rows]":
    """The events from number `seq` on and before tick `tick`."""
    return [np.ascontiguousarray(rows) for rows in log.rows(from_seq=seq, to_tick=tick)]


def _waits_since(seen: Seen, words: Words) -> Mapping[str, int]:
    """For each person who waits in a line, the tick at which they joined it, by name."""
    fields = zip(*(seen.agents[name].tolist() for name in ("person", "waits_at", "waits_since")), strict=True)
    return {words.person(person): since for person, place, since in fields if place >= 0}
