-- How many of the ties that are held at a day's end were lost in the day to make room for others.
-- unit: share of ties
-- range: 0 and more
select to_tick - 1 as tick, ties_evicted as part, tie_days as whole from days
