"""Changes the stage of a training from an update on."""

from townlet.configuration.stages import SocialStages, Stage


def with_stage(stages: SocialStages, stage: Stage, update: int = 0) -> SocialStages:
    """The same stages before an update, and one stage from it on, whatever was planned for later.

    From update 0 on, the stage is the base, without override or schedule. Where nothing would change, what is given
    back is `stages` itself. Raises pydantic's ValidationError for an update that no schedule can name.
    """
    if update == 0:
        changed = SocialStages(social_reward_stage=stage)
    else:
        kept = tuple(entry for entry in stages.social_reward_schedule if entry[0] < update)
        schedule = (*kept, (update, stage))
        changed = SocialStages.model_validate({**stages.model_dump(), "social_reward_schedule": schedule})
    return stages if changed.spans() == stages.spans() else changed


def spans_in_words(stages: SocialStages) -> str:
    """The stages by update, such as `OFF, C1 from update 100, C2 from update 200`."""
    (_, first), *later = stages.spans()
    return ", ".join([first, *(f"{stage} from update {update:,}" for update, stage in later)])


def ever_pays(stages: SocialStages, updates: int) -> bool:
    """Whether any of so many updates has a stage that pays."""
    return any(stage != "OFF" for update, stage in stages.spans() if update < updates)
