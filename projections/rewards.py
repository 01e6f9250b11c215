"""Compiles the settings of rewards into the record that the reward rider reads."""

from typing import Any

import numpy as np

from eventlog.catalogue.registries import Reason
from projections.riders.rewards import C1, C2, C3, OFF, REASONS, TERMS
from projections.settings import Rewards
from projections.timescale import BY_THE_MINUTE, TimeScale

STAGES = {"off": OFF, "c1": C1, "c2": C2, "c3": C3}


def compile_terms(settings: Rewards, scale: TimeScale = BY_THE_MINUTE) -> np.ndarray:
    """The settings as an array of TERMS, shape (1,), a view as `np.recarray`; a town needs one for each plan.

    `scale` is that of the town, by which rewards a minute become rewards a tick.
    """
    terms = np.zeros(1, TERMS).view(np.recarray)
    record: Any = terms[0]
    needs, shaping, social = settings.needs, settings.shaping, settings.social
    record["survival"], record["wage"] = scale.per_tick(settings.survival), settings.wage
    record["needs"], record["comfort"] = scale.per_tick(needs.scale), needs.comfort
    record["hunger"] = needs.hunger
    record["hygiene"], record["energy"] = needs.hygiene, needs.energy
    record["shaping"], record["shaping_scale"], record["gamma"] = shaping.enabled, shaping.scale, shaping.gamma
    record["punctuality"] = settings.punctuality.most
    record["punctuality_span"] = scale.ticks(settings.punctuality.span_minutes)
    record["stage"], record["standing"] = STAGES[social.stage], social.standing
    record["chat"], record["chat_trust"], record["chat_familiarity"] = social.chat, social.trust, social.familiarity
    record["chat_most"], record["avoided"] = social.chat_most, social.avoided_conflict
    record["deficit_most"] = social.deficit_most
    company = settings.company
    record["company"] = scale.per_tick(company.minute) if company.enabled else 0.0
    record["company_table"] = company.table
    record["company_day"], record["company_partner"] = map(
        scale.ticks_at_least, (company.day_minutes, company.partner_minutes)
    )
    assert max(Reason) < REASONS
    for name in type(settings.terminal).model_fields:
        record["terminal"][Reason[name.upper()]] = getattr(settings.terminal, name)
    record["guard"] = scale.ticks(settings.guard_minutes)
    record["tick_clip"], record["episode_clip"] = settings.tick_clip, settings.episode_clip or np.inf
    return terms
