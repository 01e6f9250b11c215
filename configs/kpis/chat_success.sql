-- How many chats succeed.
-- unit: share of chats
-- range: 0 to 1
select tick, 1 as part, 1 as whole from chat_succeeded
union all select tick, 0, 1 from chat_failed
