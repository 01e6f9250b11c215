"""Differences of states as JSON Merge Patches (RFC 7396): null removes a key, objects are merged, others replace.

States are nested dicts with text keys, and lists, texts and numbers, without null. No function changes its arguments.
"""

from typing import Any

State = dict[str, Any]


def difference(before: State, after: State) -> State:
    """The patch that turns `before` into `after`; empty if they are equal."""
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
    """The state after a patch: a new mapping that shares unchanged values with `state`."""
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
