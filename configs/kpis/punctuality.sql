-- To how many of the shifts their holder came within the grace.
-- unit: share of shifts
-- range: 0 to 1
select tick, 1 as part, 1 as whole from shift_started
union all select tick, 0, 1 from arrived_late
union all select tick, 0, 1 from shift_missed
