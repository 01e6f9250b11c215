-- How many quarrels are one more between the same two: within 4,320 ticks of the one before, and no milder.
-- unit: share of quarrels
-- range: 0 to 1
with quarrels as (
    select tick, intensity, lag(tick) over pair as tick_before, lag(intensity) over pair as intensity_before
    from queue_conflict
    window pair as (partition by least(agent_id, other_id), greatest(agent_id, other_id) order by seq)
)
select tick, case when tick - tick_before <= 4320 and intensity >= intensity_before then 1 else 0 end as part, 1 as whole
from quarrels
