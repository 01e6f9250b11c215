-- How often somebody tells what a third person has done.
-- unit: tellings a day
-- range: 0 and more
select tick, 1 as part, 0 as whole from news_told
union all select to_tick - 1, 0, 1 from days
