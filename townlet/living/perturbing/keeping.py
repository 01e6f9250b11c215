"""What a run keeps of its city events: which profile was in force from which tick on, so that it can go on.

`perturbations.json` lists the stretches. A run that never had city events has no such file.
"""

from pathlib import Path
from typing import Final

from eventlog.places import place_name
from townlet import stretches
from townlet.errors import TownletError
from townlet.living.perturbing.profile import Profile
from townlet.stretches import Record, read_stretches, write_stretches

RECORD: Final = "perturbations.json"


class Stretch(stretches.Stretch):
    """From `from_tick` on city events come by this profile; None: none come."""

    profile: Profile | None


def kept_profiles(run: Path) -> tuple[Stretch, ...]:
    """The stretches of the run in this folder, in order; none where it never had city events.

    Raises TownletError for a file that is not what was written.
    """
    instead = "name the profile: townlet resume RUN --perturb FILE"
    return read_stretches(run, RECORD, Record[Stretch], "which profile of city events is in force", instead)


def profile_in_force(run: Path, tick: int | None = None, lost: str | None = None) -> Profile | None:
    """The profile of a run before `tick` (None: by which it will live on); None: no city events.

    `lost` is the digest of the profile that the run began with, if its manifest names one. Raises TownletError where
    that is said and no profile is recorded.
    """
    kept = kept_profiles(run)
    if lost and not kept:
        raise TownletError(
            f"{place_name(run)} began with the city events of profile {lost}, and {RECORD}, which has it, is missing.\n"
            "  Next: bring the file back from a copy of the run, or name the profile: townlet resume RUN --perturb FILE"
        )
    begun = [each for each in kept if tick is None or each.from_tick < tick or not each.from_tick]
    return begun[-1].profile if begun else None


def keep_profile(run: Path, profile: Profile | None, tick: int, *, began: bool = False) -> None:
    """Record in the run's folder which profile holds from `tick` on. Raises OSError, TownletError.

    What was recorded from later ticks on is dropped: those ticks are not lived yet. Nothing is written where nothing
    changes, so a run that never had city events keeps no record; one that `began` with them always has one.
    """
    before = kept_profiles(run)
    wanted = tuple(each for each in before if each.from_tick < tick)
    if profile != (wanted[-1].profile if wanted else None) or (began and not wanted):
        wanted = (*wanted, Stretch(from_tick=tick, profile=profile))
    if wanted != before:
        write_stretches(run, RECORD, Record[Stretch](stretches=wanted))


def hand_down_profiles(run: Path, into: Path, tick: int) -> None:
    """Give a fork at `tick` what `run` keeps of its city events before it. Raises TownletError, OSError."""
    for stretch in kept_profiles(run):
        if stretch.from_tick < tick or not stretch.from_tick:
            keep_profile(into, stretch.profile, stretch.from_tick)


def who_perturbs(profile: Profile | None) -> str:
    """The part of a run's identity that city events are; "" without."""
    return "" if profile is None else f" perturbations {profile.digest}"
