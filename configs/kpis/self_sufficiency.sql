-- How many of people's days were good ones: no need fell to 0.3 (`needs.good_day_above`) from one midnight to the next.
-- unit: share of person-days
-- range: 0 to 1
select to_tick - 1 as tick, good_days as part, agent_days as whole from days
