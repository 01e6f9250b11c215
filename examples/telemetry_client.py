"""A client of the telemetry feed, written from its JSON Schema alone: docs/telemetry/schema/2/message.schema.json.

    townlet telemetry stream runs/demo --follow --into tcp://127.0.0.1:7777
    python examples/telemetry_client.py tcp://127.0.0.1:7777 [EVERY]

Every EVERY ticks (60) it prints who is where, does what and likes whom. The place may also be a file.
"""

import json
import socket
import sys


def main(place, every="60"):
    """Show a feed to its end."""
    state, news = {}, []
    for message in (each for each in map(json.loads, lines_from(place)) if each["schema"] == 2):
        if message["type"] == "snapshot":  # the whole state: at first, and after messages were missed
            state, news = message["state"], [f"{message['dropped']} messages were missed"] * (message["dropped"] > 0)
        else:
            state = merged(state, message["patch"])
            for one in message.get("tie_changes", ()):
                news.append(f"{one['owner']} about {one['other']}: {one['kind']} (event {one['cause']})")
        if message["tick"] % int(every) == 0:
            show(message["tick"], state, news)
            news = []


def lines_from(place):
    """The lines of a file, of stdin, or of a connection."""
    if place.startswith("tcp://"):
        host, _, port = place.removeprefix("tcp://").rpartition(":")
        with socket.create_connection((host, int(port))) as connection, connection.makefile(encoding="utf-8") as lines:
            yield from lines
    else:
        with open(place, encoding="utf-8") as lines:
            yield from lines


def merged(state, patch):
    """A JSON Merge Patch (RFC 7396): null takes a key away, an object is merged, anything else stands instead."""
    values = {key: merged(state.get(key) or {}, new) if isinstance(new, dict) else new for key, new in patch.items()}
    return {key: value for key, value in {**state, **values}.items() if value is not None}


def show(tick, state, news):
    """Print the town as it is, and what is new of ties."""
    town = state["town"]
    day, minute = divmod(tick * 1440 // town["ticks_per_day"], 1440)
    print(f"{town['name']}, day {day}, {minute // 60:02}:{minute % 60:02}: {town['people']} people, {town['weather']}")
    for name, agent in state["agents"].items():
        ties = state["ties"].get(name, {})
        friend = max(ties, key=lambda other: ties[other]["trust"] - ties[other]["rivalry"], default="nobody")
        needs = " ".join(f"{need} {agent[need]:.1f}" for need in ("hunger", "hygiene", "energy"))
        print(f"  {name} at {agent.get('venue', 'no place')}, {agent.get('doing', 'idle')}; {needs}; likes {friend}")
    print(*(f"  * {line}" for line in news), sep="\n", flush=True)


main(*sys.argv[1:])
