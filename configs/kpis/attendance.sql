-- To how many of the shifts their holder came, in time or late.
-- unit: share of shifts
-- range: 0 to 1
select tick, 1 as part, 1 as whole from shift_started
union all select tick, 1, 1 from arrived_late
union all select tick, 0, 1 from shift_missed
