"""The user's own keys: a YAML file of lines `action: key`, or `action: [key, key]`, checked against the actions."""

import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import punctuation
from typing import Any, Final

from platformdirs import user_config_path

from projections.spelling import proposed
from townlet.errors import ConfigurationError
from townlet.yaml_text import read_yaml
from tui.actions import ACTIONS

VARIABLE: Final = "TOWNLET_KEYS"
"""The environment variable that names another file."""

MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "hyper", "meta")
MOVING: Final = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown")
EDITING: Final = ("insert", "delete", "backspace", "space", "enter", "tab", "escape")
SHORT: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Textual's names for characters, by their names in Unicode, where the two differ."""


def _key_of(character: str) -> str | None:
    """Textual's name for the key of a character; None where it has no name."""
    if character.isalnum():
        return character
    called = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return SHORT.get(called, called) or None


FUNCTION: Final = tuple(f"f{number}" for number in range(1, 25))
NAMED: Final = frozenset(name for name in (*MOVING, *EDITING, *FUNCTION, *map(_key_of, punctuation)) if name)
"""The keys that have a name of several letters."""

TAKEN: Final = frozenset({"up", "down", "pageup", "pagedown", "enter", "escape", "tab", "shift+tab"})
"""The keys that move about in the panels. No action can have them."""


def keys_file() -> Path:
    """The path of the user's key file: what TOWNLET_KEYS says, else `keys.yaml` in the user's configuration."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_config_path("townlet") / "keys.yaml"


def keys_of(path: Path | None = None) -> Mapping[str, tuple[str, ...]]:
    """The keys of every action, by its name, as Textual calls them. `path` is a key file (None: the user's).

    Actions that the file leaves out keep the keys of the table; an action whose list is empty has no key. Raises
    ConfigurationError where the file that TOWNLET_KEYS names is missing, and with every fault of a file: an action that
    does not exist, a name that no key has, one key for two actions.
    """
    own = {action.name: action.keys for action in ACTIONS}
    file = keys_file() if path is None else path
    if not file.is_file():
        if path is None and not os.environ.get(VARIABLE):
            return own
        raise ConfigurationError(f"There is no file {file}. Next: make it, with lines such as `play: space`")
    faults = list[str]()
    keys = own | dict(_keys_in(_read(file), faults))
    faults += clashes(keys)
    if faults:
        listed = "".join(f"\n  {fault}" for fault in faults)
        raise ConfigurationError(f"{file} cannot be used:{listed}")
    return keys


def clashes(keys: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A sentence for each key that two actions have."""
    owners = dict[str, str]()
    for action, wished in keys.items():
        for key in dict.fromkeys(wished):
            if key in owners:
                yield f"{action}: {key} is also for {owners[key]}; give one of the two another key"
            owners[key] = action


def key_name(written: str) -> str | None:
    """Textual's name for a key: `slash` for `/`, `ctrl+p` for `Ctrl+P`, `X` for `X`; None for an unknown key."""
    *modifiers, key = written.split("+") if len(written) > 1 and not written.endswith("+") else [written]
    held = [modifier.strip().lower() for modifier in modifiers]
    if any(modifier not in MODIFIERS for modifier in held):
        return None
    named = _unmodified(key.strip() or key)
    if named is None:
        return None
    if held and len(named) == 1:
        named = named.lower()
    return "+".join([*sorted(held), named])


def _unmodified(key: str) -> str | None:
    if len(key) == 1:
        return _key_of(key)
    lower = SHORT.get(key.lower(), key.lower())
    return lower if lower in NAMED else None


def _read(file: Path) -> Mapping[Any, Any]:
    try:
        tree = read_yaml(file.read_text(encoding="utf-8"), "its text")
    except (ConfigurationError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    if tree is None:
        return {}
    if not isinstance(tree, Mapping):
        raise ConfigurationError(f"{file} must have lines such as `play: space`, not {type(tree).__name__}")
    return tree


def _keys_in(tree: Mapping[Any, Any], faults: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each action in a file with its keys; a sentence for each fault is appended to `faults`."""
    names = [action.name for action in ACTIONS]
    for action, wished in tree.items():
        if action not in names:
            faults.append(f"{action}: there is no such action{proposed(str(action), names)}")
            continue
        made = []
        for written in wished if isinstance(wished, list) else [wished]:
            key = key_name(str(written)) if isinstance(written, str | int) else None
            if key is None:
                faults.append(f"{action}: no key is called {written!r}{proposed(str(written), NAMED)}")
            elif key in TAKEN:
                faults.append(f"{action}: {key} is for moving about in the panels; take another")
            else:
                made.append(key)
        yield action, tuple(made)
