-- How many chats succeed where the one who speaks trusts the other by 0.1 or more before it; compare with
-- chat_success_untrusted.
-- unit: share of chats
-- range: 0 to 1
with chats as (
    select seq, tick, agent_id, 1 as succeeded from chat_succeeded
    union all select seq, tick, agent_id, 0 from chat_failed
),
felt as (select seq, owner_id, before_trust from tie_changes where change <> 'decayed')
select chats.tick, succeeded as part, 1 as whole
from chats left join felt on felt.seq = chats.seq and felt.owner_id = chats.agent_id
where coalesce(before_trust, 0) >= 0.1
