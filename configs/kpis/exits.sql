-- How many people leave the town for good.
-- unit: people a day
-- range: 0 and more
select tick, 1 as part, 0 as whole from agent_exited
union all select to_tick - 1, 0, 1 from days
