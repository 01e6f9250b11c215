-- How often people turn to another option than the one they chose before.
-- unit: switches a person-day
-- range: 0 and more
with choices as (
    select tick, option, lag(option) over (partition by agent_id order by seq) as option_before from option_chosen
)
select tick, 1 as part, 0 as whole from choices where option <> option_before
union all select to_tick - 1, 0, agent_days from days
