"""How two states differ: a JSON Merge Patch (RFC 7396). A key with null goes, an object is merged, all else replaces.

States are nested dicts by texts, and lists and numbers, without null. Nothing is changed in place.
"""

from typing import Any

State = dict[str, Any]


def difference(before: State, after: State) -> State:
    """What makes `after` of `before`; empty where they are equal."""
    patch: State = {name: None for name in before if name not in after}
    for name, value in after.items():
        if name not in before:
            patch[name] = value
            continue
        old = before[name]
        if isinstance(value, dict) and isinstance(old, dict):
            inner = difference(old, value)
            if inner:
                patch[name] = inner
        elif value != old:
            patch[name] = value
    return patch


def merged_state(state: State, patch: State) -> State:
    """The state that a patch makes of this one: a new mapping that shares what stayed."""
    made = dict(state)
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        elif isinstance(value, dict):
            old = made.get(name)
            made[name] = merged_state(old if isinstance(old, dict) else {}, value)
        else:
            made[name] = value
    return made
