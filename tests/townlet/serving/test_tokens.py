"""Tokens are read once, from a file that nobody else may read, or from the environment; they are never shown."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.townlet.serving.served import TOKENS, tokens_file
from townlet.errors import ServingError
from townlet.serving.tokens import Tokens, may

TOKEN = "a-token-of-some-length"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "tokens.yaml"
    file.touch()
    file.chmod(mode)
    if mode & 0o200:
        file.write_text(text)
    return file


def test_a_token_gives_its_role(tmp_path: Path) -> None:
    tokens = Tokens.of(tokens_file(tmp_path), {})
    assert {role: tokens.role_of(f"Bearer {token}") for role, token in TOKENS.items()} == {r: r for r in TOKENS}
    for header in ("", "Bearer ", "Bearer", TOKENS["viewer"], f"Bearer  {TOKENS['viewer']}", "Bearer é"):
        assert tokens.role_of(header) is None
    assert not [token for token in TOKENS.values() if token in repr(tokens)]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666, 0o700, 0o610])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ServingError, match=rf"its mode is {mode:o}. Next: chmod 600"):
        Tokens.of(written(tmp_path, f"viewer: {TOKEN}\n", mode), {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no tokens"),
        ("- viewer\n", "holds no tokens"),
        ("viewer: short\n", "viewer: this is no token"),
        ("viewer: 12345678901234567890\n", "viewer: this is no token"),
        (f"viewer: {TOKEN} {TOKEN}\n", "viewer: this is no token"),
        (f"owner: {TOKEN}\n", "a key is none of the roles viewer, operator, admin"),
        (f"viewer: {TOKEN}\noperator: {TOKEN}\n", "two roles have the same token"),
        (f"viewer: {TOKEN}\n  : [\n", "this is not YAML"),
        (f"viewer: {{token: {TOKEN}, until: 2027-01-31}}\n", "viewer: its keys are not token and expires"),
        ("viewer: {expires: 2027-01-31}\n", "viewer: its keys are not token and expires"),
        ("viewer: {token: short, expires: 2027-01-31}\n", "viewer: this is no token"),
        (f"viewer: {{token: {TOKEN}, expires: soon}}\n", "viewer: expires: this is no date, such as 2027-01-31"),
        (f"viewer: {{token: {TOKEN}, expires: 7}}\n", "viewer: expires: this is no date"),
        (
            f"viewer: {{token: {TOKEN}, expires: 2020-01-31}}\n",
            "every token has expired: viewer at 2020-01-31 00:00 UTC",
        ),
    ],
)
def test_a_file_with_anything_else_is_refused_without_repeating_it(tmp_path: Path, text: str, words: str) -> None:
    from townlet.errors import TownletError

    with pytest.raises(TownletError, match=words) as refused:
        Tokens.of(written(tmp_path, text), {})
    assert TOKEN not in str(refused.value) and "12345678901234567890" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2099-01-31", (2099, 1, 31)),
        ("'2099-01-31'", (2099, 1, 31)),
        ("2099-01-31T18:00+01:00", (2099, 1, 31, 17)),
        ("2099-01-31 18:00:00", (2099, 1, 31, 18)),
    ],
)
def test_a_token_expires_at_a_moment_of_utc(tmp_path: Path, said: str, moment: tuple[int, ...]) -> None:
    file = written(tmp_path, f"viewer: {{token: {TOKEN}, expires: {said}}}\noperator: {TOKEN}-2\n")
    tokens = Tokens.of(file, {})
    assert tokens.revealed()[1] == {"viewer": datetime(*moment, tzinfo=UTC).timestamp()}  # type: ignore[arg-type]
    assert tokens.role_of(f"Bearer {TOKEN}") == "viewer" and not tokens.expired


def test_a_token_that_has_expired_is_refused_and_the_others_are_not(tmp_path: Path) -> None:
    file = written(tmp_path, f"viewer: {{token: {TOKEN}, expires: 2020-01-31}}\noperator: {TOKEN}-2\n")
    tokens = Tokens.of(file, {})
    assert tokens.expired == ("viewer at 2020-01-31 00:00 UTC",)
    assert tokens.role_of(f"Bearer {TOKEN}") is None and tokens.role_of(f"Bearer {TOKEN}-2") == "operator"
    shown = tokens.shown(f"Bearer {TOKEN}")
    assert shown is not None and "expired at 2020-01-31 00:00 UTC" in shown.fault


def test_the_environment_holds_tokens_too_and_the_file_goes_first(tmp_path: Path) -> None:
    environment = {"TOWNLET_TOKEN_VIEWER": "from-the-environment", "TOWNLET_TOKEN_ADMIN": "an-admin-of-the-environment"}
    tokens = Tokens.of(written(tmp_path, f"viewer: {TOKEN}\n"), environment)
    assert tokens.role_of(f"Bearer {TOKEN}") == "viewer"
    assert tokens.role_of("Bearer from-the-environment") is None
    assert tokens.role_of("Bearer an-admin-of-the-environment") == "admin"
    with pytest.raises(ServingError, match="TOWNLET_TOKEN_ADMIN: this is no token"):
        Tokens.of(None, {"TOWNLET_TOKEN_ADMIN": "short"})
    with pytest.raises(ServingError, match="only to those who have a token, and there is none"):
        Tokens.of(None, {})


def test_a_role_may_do_what_those_before_it_may() -> None:
    assert may("admin", "operator") and may("operator", "operator") and may("operator", "viewer")
    assert not may("viewer", "operator") and not may("operator", "admin")
