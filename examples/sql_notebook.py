# %% [markdown]
# # Ask a town in SQL
# A notebook in cells: VS Code, PyCharm and Spyder run it cell by cell, and `jupytext --to ipynb` converts it.
# `python examples/sql_notebook.py` runs it as a program. A notebook shows every Arrow table as a table.

# %%
import sys

import townlet

run = townlet.open(sys.argv[1] if len(sys.argv) > 1 else "runs/first")
run  # noqa: B018

# %% [markdown]
# What happened most? Every kind of event has a view of its own as well: `select * from shared_meal`.

# %%
run.sql("select kind, count(*) as events from events group by kind order by events desc limit 10")

# %% [markdown]
# When do people talk? `tick` counts minutes from midnight of day 0.

# %%
by_hour = run.sql("select tick // 60 % 24 as hour, count(*) as talks from chat_started group by hour order by hour")
print(by_hour.to_pydict())

# %% [markdown]
# The same question as of another tick: the tables are those of that moment.

# %%
ties = "select count(*) as ties, avg(trust) as trust from ties"
print([run.sql(ties, at=tick).to_pylist()[0] for tick in (0, 720, 1440)])

# %% [markdown]
# What made and what cost trust? `tie_changes` has each change of each tie with its cause, and the parts add up.

# %%
trust = "select kind, count(*) as n, sum(adjusted_trust + clamp_trust) as trust from tie_changes group by kind"
print(run.sql(f"{trust} order by trust desc").to_pylist())

# %% [markdown]
# Many runs at once: each table then begins with `run`.

# %%
print(townlet.query([run.place], "select run, count(*) as events from events group by run").to_pylist())
