"""Two clients of a served town: Arrow Flight for events and commands, ADBC's Flight SQL driver for SQL.

    townlet serve town --port 7777 --tokens tokens.yaml --pace 10x --into runs/served
    TOWNLET_TOKEN=... python examples/flight_client.py grpc://127.0.0.1:7777

The token is an operator's, from tokens.yaml (docs/ops/serving.md). Needs: pip install adbc-driver-flightsql
"""

import os
import sys
import uuid

import adbc_driver_flightsql.dbapi as flightsql

from townlet.serving.client import Client


def main(address: str = "grpc://127.0.0.1:7777") -> None:
    """Give the town a command, read the next events, and ask it in SQL."""
    town = Client(address)
    print("the town is", town.health().state)

    # The same cmd_id twice is one command: after a lost answer, give it again.
    answer = town.command({"command": "announce", "text": "the fair begins", "cmd_id": f"fair-{uuid.uuid1().hex[:8]}"})
    print("accepted" if answer.accepted else f"refused: {answer}")

    # Events in order, each once; the client connects again by itself and goes on where it was.
    for arrived in town.events(from_seq=0, follow=True):
        if arrived.events.num_rows:
            print(arrived.events.num_rows, "events, and", arrived.reach.lag_events, "more are there")
            break

    # Any client of Flight SQL does as well. What it gives is Arrow; Polars reads it: polars.from_arrow(table).
    token = {"adbc.flight.sql.rpc.call_header.authorization": f"Bearer {os.environ['TOWNLET_TOKEN']}"}
    with flightsql.connect(address, db_kwargs=token, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("select name, hunger from agents order by hunger limit 3")
        print(cursor.fetch_arrow_table().to_pylist())


if __name__ == "__main__":
    main(*sys.argv[1:])
