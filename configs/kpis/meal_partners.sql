-- With how many different people those who share meals shared one in the seven days up to a day's end.
-- unit: people
-- range: 1 and more
with meals as (
    select tick, agent_id as person, other_id as partner from shared_meal
    union all select tick, other_id, agent_id from shared_meal
)
select to_tick - 1 as tick, count(distinct partner) as part, 1 as whole
from days join meals on meals.tick < to_tick and meals.tick >= to_tick - 7 * (to_tick - from_tick)
group by to_tick, person
