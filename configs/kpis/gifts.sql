-- How often somebody gives a meal to another or lends money.
-- unit: gifts a day
-- range: 0 and more
select tick, 1 as part, 0 as whole from events where kind in ('meal_given', 'money_lent')
union all select to_tick - 1, 0, 1 from days
