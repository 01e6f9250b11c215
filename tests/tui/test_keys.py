"""Keys as a user wants them: a file is taken as a whole or refused with every fault of it."""

from pathlib import Path
from string import printable

import pytest
from textual.keys import Keys, _character_to_key

from townlet.errors import ConfigurationError
from tui.actions import ACTIONS
from tui.keys import NAMED, clashes, key_name, keys_file, keys_of

OWN = {action.name: action.keys for action in ACTIONS}


def written(folder: Path, words: str) -> Path:
    file = folder / "keys.yaml"
    file.write_text(words, encoding="utf-8")
    return file


def test_no_key_has_two_actions() -> None:
    assert list(clashes(OWN)) == []
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


def test_the_keys_of_the_actions_are_keys() -> None:
    for keys in OWN.values():
        assert [key_name(key) for key in keys] == list(keys)


def test_characters_are_called_as_textual_calls_them() -> None:
    for character in printable[:95]:
        assert key_name(character) == _character_to_key(character)


def test_the_keys_that_have_names_are_textual_s() -> None:
    known = {key.value for key in Keys} | {_character_to_key(character) for character in printable[:95]}
    assert known >= NAMED


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("/", "slash"),
        ("Solidus", "slash"),
        ("+", "plus"),
        ("Ctrl+P", "ctrl+p"),
        ("shift+ctrl+left", "ctrl+shift+left"),
        ("X", "X"),
        ("F5", "f5"),
        ("spacebar", None),
        ("strg+p", None),
        ("", None),
    ],
)
def test_a_key_can_be_written_in_more_than_one_way(said: str, key: str | None) -> None:
    assert key_name(said) == key


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    keys = keys_of(written(tmp_path, "play: [k, P]\npanel_kpis: ctrl+k\nspeed_1: 1\nreverse: []\n"))
    assert keys == OWN | {"play": ("k", "P"), "panel_kpis": ("ctrl+k",), "reverse": ()}


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, "plya: k\nfaster: spcae\nslower: enter\nwhy: [f]\n")
    with pytest.raises(ConfigurationError) as refused:
        keys_of(file)
    assert str(refused.value).splitlines() == [
        f"{file} cannot be used:",
        "  plya: there is no such action; did you mean play?",
        "  faster: no key is called 'spcae'; did you mean space?",
        "  slower: enter is for moving about in the panels; take another",
        "  filter: f is also for why; give one of the two another key",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("- play\n", "must have lines such as `play: space`, not list"),
        ("play: [k\n", "cannot be read"),
        ("play: k\nplay: j\n", "cannot be read"),
        ("play: {key: k}\n", "play: no key is called"),
    ],
)
def test_what_is_no_list_of_keys_is_refused(tmp_path: Path, words: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        keys_of(written(tmp_path, words))


def test_the_variable_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "play: k\npanel_kpis: K\n")
    monkeypatch.setenv("TOWNLET_KEYS", str(file))
    assert keys_file() == file
    assert keys_of()["play"] == ("k",)
    monkeypatch.setenv("TOWNLET_KEYS", str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigurationError, match=r"There is no file .*none\.yaml"):
        keys_of()


def test_without_a_file_the_keys_are_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOWNLET_KEYS", raising=False)
    monkeypatch.setattr("tui.keys.user_config_path", lambda name: tmp_path / name)
    assert keys_file() == tmp_path / "townlet" / "keys.yaml"
    assert keys_of() == OWN
    assert keys_of(written(tmp_path, "")) == OWN
