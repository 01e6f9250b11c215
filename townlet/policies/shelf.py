"""The policies that are shipped, by name, and the check that a policy fits a town before it decides anything there."""

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Final, Literal

from eventlog.printable import printable_line
from projections.observations.gates import require_ties
from projections.observations.layout import Layout, layout_of
from projections.settings import Observations, Social
from projections.spelling import proposal
from townlet.configuration.load import configs_folder
from townlet.configuration.settings import Settings
from townlet.errors import PolicyError, PolicyMisfit
from townlet.policies.file import Policy
from townlet.policies.shapes import map_numbers

ENDING: Final = ".safetensors"

VARIANTS: Final[tuple[Literal["full", "hybrid", "compact"], ...]] = ("full", "hybrid", "compact")


def shipped_policies() -> dict[str, Path]:
    """The files of the shipped policies, by name."""
    return {file.stem: file for file in sorted((configs_folder() / "policies").glob(f"*{ENDING}"))}


def find_policy(source: Policy | Path | str) -> Policy:
    """The policy of a shipped name or of a file; a policy that is already read is returned as it is.

    Raises PolicyError, which names what is shipped.
    """
    return source if isinstance(source, Policy) else Policy.read(policy_file(source))


def policy_file(source: Path | str, others: Iterable[str] = ()) -> Path:
    """The file of a shipped policy by its name, or the path that is given.

    A text without a separator and without the ending .safetensors is a name, unless only a file has it. Raises
    PolicyError for a name that nobody has; it lists the shipped ones, after `others` that the caller knows.
    """
    shipped = shipped_policies()
    if str(source) in shipped:
        return shipped[str(source)]
    if Path(source).name == str(source) and not str(source).endswith(ENDING) and not Path(source).exists():
        listed = proposal(str(source), [*others, *shipped]) or "none is shipped with this version"
        raise PolicyError(
            f"there is no policy {printable_line(str(source))!r}; {listed}\n"
            f"  Next: take one of these names, or give the path of a policy's file ({ENDING})"
        )
    return Path(source)


def seen_by(policy: Policy, settings: Settings) -> Observations:
    """The settings of observations with which a policy sees this town: the town's own, in the policy's variant.

    Raises PolicyMisfit, which is a NotImplementedError and names both layouts, if these are not the observations that
    it learned on, or if they have ties and the town keeps none.
    """
    settings_seen = settings.observations.model_copy(update={"variant": policy.identity.variant})
    layout = layout_of(settings_seen)
    if layout.hash != policy.identity.layout:
        raise PolicyMisfit(_misfit(policy, layout, settings_seen))
    numbers = layout.size + map_numbers(policy.identity.kind)
    if numbers != policy.inputs:
        raise PolicyError(
            f"the policy {policy.name} takes {policy.inputs} numbers, and its own layout {layout.hash} has "
            f"{numbers}: its header is wrong. Next: take the file anew from whoever made it"
        )
    if settings_seen.episode_sum and settings.rewards.episode_clip:
        raise PolicyMisfit(
            f"the policy {policy.name} observes the sum of its episode's rewards (observations.episode_sum), which is "
            "known where rewards are paid as a town lives, and here they are folded from the log afterwards. "
            "Next: train one without it"
        )
    try:
        require_ties(settings_seen, settings.relationships.capacity)
    except NotImplementedError as error:
        without = layout_of(settings_seen.model_copy(update={"social": Social(enabled=False)}))
        raise PolicyMisfit(
            f"the policy {policy.name} learned on layout {policy.identity.layout}, which observes ties, and without "
            f"ties this town makes layout {without.hash} ({without.size} numbers): {error}"
        ) from error
    return settings_seen


def _misfit(policy: Policy, layout: Layout, settings: Observations) -> str:
    """The words for a policy of another layout: both layouts, and the settings that would make the policy's, if any."""
    told = policy.identity.layout
    known = next((keys for keys, hash in _known_layouts(settings) if hash == told), None)
    step = f"set {known}" if known else "no setting of this version makes that layout: train a policy anew"
    numbers = policy.inputs - map_numbers(policy.identity.kind)
    return (
        f"the policy {policy.name} learned on observations of layout {told} ({policy.identity.variant}, "
        f"{numbers} numbers), and this town makes layout {layout.hash} ({layout.variant}, {layout.size} numbers, "
        f"{len(layout.planes)} planes). Next: {step}"
    )


def _known_layouts(settings: Observations) -> Iterator[tuple[str, str]]:
    """Settings near these, in words, each with the hash of its layout."""
    flags = (True, False)
    for personality, debts, summed, enabled, aggregates in product(flags, repeat=5):
        social = settings.social.model_copy(update={"enabled": enabled, "include_aggregates": aggregates})
        changes = {"personality": personality, "debts": debts, "episode_sum": summed, "social": social}
        told = {"personality": personality, "debts": debts, "episode_sum": summed, "social.enabled": enabled}
        told |= {"social.include_aggregates": aggregates} if enabled else {}
        keys = " ".join(f"observations.{key}={str(value).lower()}" for key, value in told.items())
        for variant in VARIANTS:
            yield keys, layout_of(settings.model_copy(update={**changes, "variant": variant})).hash
