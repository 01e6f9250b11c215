"""Reward settings in a file of their own, by which a history can be paid."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from projections.spelling import proposed
from townlet.configuration.load import configs_folder, load
from townlet.errors import ConfigurationError
from townlet.yaml_text import read_yaml

BLOCK = "rewards"


def shipped_rewards() -> dict[str, Path]:
    """The shipped files by their plain names: c1, c2, c3, off."""
    return {file.stem: file for file in sorted((configs_folder() / BLOCK).glob("*.yaml"))}


def rewards_file(source: Path | str) -> Mapping[str, Any]:
    """The keys that a file gives below `rewards`: a YAML file's path, or a shipped one's name.

    Raises ConfigurationError with every fault, each by file, line and key; also for a file that sets anything else.
    """
    shipped = shipped_rewards()
    file = shipped.get(str(source), Path(source))
    if not file.is_file():
        known = ", ".join(shipped)
        raise ConfigurationError(f"{source}: there is no such file; shipped are {known}{proposed(file.stem, shipped)}")
    load(file)
    content = read_yaml(file.read_text(encoding="utf-8"), str(source)) or {}
    others = [str(key) for key in content if key != BLOCK]
    if others:
        raise ConfigurationError(f"{source}: a file of rewards has the block rewards alone, not {', '.join(others)}")
    given: Mapping[str, Any] = content.get(BLOCK) or {}
    return given
