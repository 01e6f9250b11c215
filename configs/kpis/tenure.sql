-- For how long the jobs that are held at a day's end have been held by the same person.
-- unit: days
-- range: 0 and more
with turns as (
    select agent_id, tick, true as held from hired
    union all select agent_id, tick, false from job_lost
    union all select agent_id, tick, false from agent_exited
),
spells as (
    select tick as since, held, lead(tick) over (partition by agent_id order by tick, held) as until from turns
)
select to_tick - 1 as tick, (to_tick - since) / (to_tick - from_tick) as part, 1 as whole
from spells join days on since < to_tick and (until is null or until >= to_tick)
where held
