"""docs/observer.md, where it shows what somebody will copy."""

import re
from pathlib import Path

from tui.actions import ACTIONS
from tui.keys import keys_of
from tui.looks import LOOKS
from tui.manual import document


def test_the_keys_it_shows_can_be_used(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", document(), re.S)
    (tmp_path / "keys.yaml").write_text(shown)
    keys = keys_of(tmp_path / "keys.yaml")
    assert keys["event_on"] == ("j", "ctrl+right")
    assert keys["palette"] == ()


def test_it_has_every_action_and_every_theme() -> None:
    text = document()
    assert [each.name for each in ACTIONS if f"| `{each.name}` |" not in text] == []
    assert [name for name in LOOKS if f"`{name}`" not in text] == []
