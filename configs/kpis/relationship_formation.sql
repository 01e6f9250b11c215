-- How many ties grow past 0.3 in size, |trust| + |familiarity| + |rivalry|: one side each, and once more each time that
-- one which had worn off does so again. What is given, at the founding or by command, is not counted.
-- unit: ties a person-day
-- range: 0 and more
with grown as (
    select
        tick,
        abs(before_trust) + abs(before_familiarity) + abs(before_rivalry) as size_before,
        abs(after_trust) + abs(after_familiarity) + abs(after_rivalry) as size_after
    from tie_changes
    where change in ('added', 'updated') and kind <> 'tie_set'
)
select tick, 1 as part, 0 as whole from grown where size_before <= 0.3 and size_after > 0.3
union all select to_tick - 1, 0, agent_days from days
