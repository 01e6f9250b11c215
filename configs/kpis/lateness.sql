-- How late people are at a shift that they come to; whoever is within the grace is not late.
-- unit: minutes a shift
-- range: 0 and more
select tick, 0 as part, 1 as whole from shift_started
union all select tick, late * 1440.0 / $ticks_per_day, 1 from arrived_late
