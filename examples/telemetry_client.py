"""A client of the telemetry feed, written from its JSON Schema alone: docs/telemetry/schema/2/message.schema.json.

    townlet telemetry stream runs/demo --follow --into tcp://127.0.0.1:7777
    python examples/telemetry_client.py tcp://127.0.0.1:7777

It keeps the state that the messages make, and every EVERY ticks (by default 60) prints what an overlay on a map of the
town would show: who is where and does what, how they feel, what changed between whom, who waits where. PLACE may also
be a file, or - for stdin.
"""

import json
import socket
import sys
from collections import deque

SCHEMA = 2
NEEDS = ("hunger", "hygiene", "energy")


def main():
    """Show a feed to its end."""
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: {sys.argv[0]} PLACE [EVERY]")
    every = int(sys.argv[2]) if len(sys.argv) == 3 else 60
    state, news, tick = {}, deque(maxlen=5), None
    for line in lines_from(sys.argv[1]):
        message = json.loads(line)
        if message["schema"] != SCHEMA:
            continue  # the same in another version stands beside it
        tick = message["tick"]
        if message["type"] == "snapshot":
            state = message["state"]
            if message["dropped"]:
                news.append(f"({message['dropped']} messages were missed)")
        else:
            state = merged(state, message["patch"])
            news.extend(in_words(change) for change in message.get("tie_changes", ()) if change["change"] != "decayed")
            news.extend(f"many ties make room for others: {each['share']:.0%}" for each in message.get("warnings", ()))
        if tick % every == 0:
            show(tick, state, news)
    if tick is not None and tick % every:
        show(tick, state, news)


def lines_from(place):
    """The lines of a file, of stdin, or of a connection."""
    if place.startswith("tcp://"):
        host, _, port = place.removeprefix("tcp://").rpartition(":")
        with socket.create_connection((host, int(port))) as connection, connection.makefile(encoding="utf-8") as lines:
            yield from lines
    elif place == "-":
        yield from sys.stdin
    else:
        with open(place, encoding="utf-8") as lines:
            yield from lines


def merged(state, patch):
    """A JSON Merge Patch (RFC 7396): null takes a key away, an object is merged, anything else stands instead."""
    made = dict(state)
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict):
            made[key] = merged(made.get(key) or {}, value)
        else:
            made[key] = value
    return made


def show(tick, state, news):
    """Print the overlay."""
    town = state["town"]
    day, minute = divmod(tick, town["ticks_per_day"])
    minute = minute * 1440 // town["ticks_per_day"]
    mains = "".join(f", no {name}" for name in ("power", "water") if not town[name])
    clock = f"day {day}, {minute // 60:02}:{minute % 60:02}"
    print(f"{town['name']}, {clock}: {town['people']} people, {town['weather']}{mains}")
    for name, agent in state["agents"].items():
        needs = " ".join(bar(agent[need]) for need in NEEDS)
        where = agent.get("venue", "out of doors")
        deed = agent.get("doing") or state["policy"][name].get("option", "")
        earned = state["rewards"].get(name, {}).get("episode", 0.0)
        at = f"{agent['row']:>2},{agent['col']:<2}"
        print(f"  {name:<10} {at} {where:<14} {deed:<10} {needs} {earned:+7.3f}  {bonds(state, name)}")
    for place, queue in state["queues"].items():
        if queue.get("waiting"):
            print(f"  {place}: {queue.get('holder', 'nobody')}, then {', '.join(queue['waiting'])}")
    for each in news:
        print(f"  * {each}")
    news.clear()
    print(flush=True)


def bar(share):
    """A number from 0 to 1 as a bar."""
    full = round(share * 5)
    return "#" * full + "." * (5 - full)


def bonds(state, name):
    """Whom somebody likes most, and against whom it holds most."""
    ties = state["ties"].get(name, {})
    said = []
    if ties:
        friend = max(ties, key=lambda other: ties[other]["trust"] + ties[other]["familiarity"] - ties[other]["rivalry"])
        rival = max(ties, key=lambda other: ties[other]["rivalry"])
        minded = ties[rival]["rivalry"] >= max(0.1, ties[rival]["trust"])
        said = [f"likes {friend}"] + ([f"minds {rival}"] if minded else [])
    return ", ".join(said)


def in_words(change):
    """A change of a tie in a line."""
    delta = ", ".join(f"{side} {value:+.2f}" for side, value in change["delta"].items())
    about = f"{change['owner']} about {change['other']}"
    return f"{about}: {change['kind']} (event {change['cause']}) {delta or change['change']}"


if __name__ == "__main__":
    main()
