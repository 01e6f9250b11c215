-- How much of the news that is told the teller has only heard.
-- unit: share of tellings
-- range: 0 to 1
select tick, case when telling > 1 then 1 else 0 end as part, 1 as whole from news_told
