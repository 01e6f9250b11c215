"""What a stage pays is what the settings say, and what changes nothing is told."""

from projections.settings import SocialRewards
from townlet.configuration.stages import SocialStages
from townlet.phases.pay import Span, doubts, pays, spans_of

SOCIAL = SocialRewards(chat=0.02, trust=0.4, familiarity=0.1, chat_most=0.2, avoided_conflict=0.006, standing=0.3)


def stages_of(**keys: object) -> SocialStages:
    return SocialStages.model_validate({f"social_reward_{key}": value for key, value in keys.items()})


def test_each_stage_pays_what_the_one_before_it_pays_and_more() -> None:
    chat = "a chat: (0.02 + 0.4 x trust + 0.1 x familiarity) x quality, 0 to 0.2"
    assert pays("OFF", SOCIAL) == "nothing"
    assert pays("C1", SOCIAL) == chat
    assert pays("C2", SOCIAL) == f"{chat}; a place given up in a line: 0.006"
    assert pays("C3", SOCIAL) == f"{pays('C2', SOCIAL)}; both times 1 + 0.3 x mean standing"


def test_spans_cover_every_update_of_the_training() -> None:
    stages = stages_of(schedule=[[10, "C1"], [20, "OFF"], [30, "C2"]])
    assert spans_of(stages, 25, SOCIAL) == [
        Span("OFF", 0, 9, "nothing"),
        Span("C1", 10, 19, pays("C1", SOCIAL)),
        Span("OFF", 20, 24, "nothing"),
    ]
    assert spans_of(stages, 0, SOCIAL) == []


def test_what_changes_nothing_is_told() -> None:
    assert not doubts(stages_of(stage="C1", override="OFF", schedule=[[5, "C2"]]), 10, ["town.people"])
    told = doubts(stages_of(override="C1", schedule=[[0, "C2"], [10, "C3"]]), 10, ["rewards.social.stage"])
    assert [line.partition(":")[0] for line in told] == [
        "the schedule's entry [10, C3] is never reached",
        "the override is never used",
        "overrides",
    ]


def test_an_override_of_the_same_stage_as_the_schedule_begins_with_is_not_used_either() -> None:
    assert doubts(stages_of(override="C2", schedule=[[0, "C2"]]), 10, []) == [
        "the override is never used: the schedule begins with update 0"
    ]
