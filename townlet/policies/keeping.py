"""What a run keeps of its policies: which was in force from which tick on, and a copy of each, so that it can go on.

`policies.json` lists the stretches, `policies/<digest>.safetensors` are the copies. A run of the script has neither.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from eventlog.folder.stores import bring_beside
from eventlog.places import place_name
from townlet import stretches
from townlet.errors import PolicyError
from townlet.policies.file import Policy, write_policy
from townlet.policies.guide import Guide, Share
from townlet.stretches import Record, read_stretches, write_stretches

RECORD: Final = "policies.json"
COPIES: Final = "policies"


class Stretch(stretches.Stretch):
    """From `from_tick` on people live by this policy: its digest, its name, the share. No digest: by the script."""

    policy: Annotated[str, Field(pattern="^([0-9a-f]{16})?$")]
    name: Annotated[str, Field(max_length=255)]
    share: Annotated[str, Field(pattern="^[0-9]{1,4}/[0-9]{1,4}$")]

    def is_by(self, by: Guide | None) -> bool:
        """Whether this stretch has the same policy and share."""
        return (self.policy, self.share) == (("", "0/1") if by is None else (by.policy.digest, str(by.share)))


def kept_stretches(run: Path) -> tuple[Stretch, ...]:
    """The stretches of the run in this folder, in order; none where it has always lived by the script.

    Raises PolicyError for a file that is not what was written.
    """
    instead = "name the policy: townlet resume RUN --policy FILE"
    return read_stretches(run, RECORD, Record[Stretch], "which policies were in force", instead, PolicyError)


def kept_guide(run: Path, stretch: Stretch) -> Guide | None:
    """The guide of a stretch, its policy read from the run's own copy; None for the script. Raises PolicyError."""
    if not stretch.policy:
        return None
    file = run / COPIES / f"{stretch.policy}.safetensors"
    bring_beside(run, COPIES)
    policy = replace(Policy.read(file), name=stretch.name)
    if policy.digest != stretch.policy:
        raise PolicyError(
            f"{place_name(file)} holds the policy {policy.digest}, and not the one that its name says.\n"
            "  Next: bring the file back from a copy of the run, or name the policy: townlet resume RUN --policy FILE"
        )
    return Guide(policy, Share.parse(stretch.share))


def keep_guide(run: Path, by: Guide | None, tick: int) -> None:
    """Record in the run's folder by whom people live from `tick` on, and copy the policy. Raises OSError.

    What was recorded from later ticks on is dropped: those ticks are not lived yet. Nothing is written where nothing
    changes, so a run of the script keeps no record.
    """
    try:
        before = kept_stretches(run)
    except PolicyError:  # it names no policy any more; the stretch that begins now is known
        before = ()
    lived = tuple(each for each in before if each.from_tick < tick)
    if lived[-1].is_by(by) if lived else by is None and not before:
        wanted = lived
    else:
        told = ("", "scripted", "0/1") if by is None else (by.policy.digest, by.policy.name, str(by.share))
        begun = Stretch(from_tick=tick, policy=told[0], name=told[1], share=told[2])
        wanted = (*lived, begun)
    if by is not None:
        file = run / COPIES / f"{by.policy.digest}.safetensors"
        if not file.exists():
            write_policy(file, by.policy.tensors, by.policy.identity)
    if wanted != before:
        write_stretches(run, RECORD, Record[Stretch](stretches=wanted))
