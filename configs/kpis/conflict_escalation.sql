-- How many quarrels are one more between the same two: within three days of the one before, and no milder.
-- unit: share of quarrels
-- range: 0 to 1
with quarrels as (
    select tick, intensity, lag(tick) over pair as tick_before, lag(intensity) over pair as intensity_before
    from queue_conflict
    window pair as (partition by least(agent_id, other_id), greatest(agent_id, other_id) order by seq)
)
select
    tick,
    case when tick - tick_before <= 3 * $ticks_per_day and intensity >= intensity_before then 1 else 0 end as part,
    1 as whole
from quarrels
