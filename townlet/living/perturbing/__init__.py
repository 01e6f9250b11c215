"""City events: a profile says how often each kind comes, a calendar draws them, and a giver sends them to the door."""
