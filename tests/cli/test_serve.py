"""`townlet serve`: what cannot be served is refused before anything lives, and no token is repeated."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import townlet
from cli.main import townlet as program
from tests.townlet.serving.served import TOKENS, tokens_file
from tests.townlet.towns import KITCHEN


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serve")


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    return townlet.simulate(KITCHEN, ticks=10, seed=7, into=folder / "town").path


@pytest.fixture
def tokens(folder: Path) -> str:
    return str(tokens_file(folder))


def said(*arguments: str) -> Result:
    return CliRunner(env={"TOWNLET_TOKEN_VIEWER": "", "TOWNLET_TOKEN_OPERATOR": "", "TOWNLET_TOKEN_ADMIN": ""}).invoke(
        program, ["serve", *arguments]
    )


def code_and_words(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    result = said(*arguments)
    words = result.stderr + capfd.readouterr().err
    assert not [token for token in TOKENS.values() if token in words]
    return result.exit_code, words


def test_without_a_token_nothing_is_served(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, words = code_and_words(capfd, str(run), "--port", "0")
    assert code == 2 and "there is none" in words


def test_a_file_of_tokens_that_others_may_read_is_refused(
    run: Path, tokens: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path(tokens).chmod(0o644)
    code, words = code_and_words(capfd, str(run), "--port", "0", "--tokens", tokens)
    Path(tokens).chmod(0o600)
    assert code == 2 and "its mode is 644. Next: chmod 600" in words


def test_a_port_that_is_taken_is_refused(run: Path, tokens: str, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in (("--port", port), ("--port", "0", "--http-port", port)):
            code, words = code_and_words(capfd, str(run), *option, "--tokens", tokens)
            assert code == 2 and f"nothing can be served at 127.0.0.1:{port}" in words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "0.0.0.0"), "without TLS everybody on the way reads the tokens"),
        (("--tls-cert", "x.pem"), "--tls-cert and --tls-key belong together"),
        (("--client-ca", "x.pem"), "--client-ca needs both"),
        (("--seed", "8"), "--seed is for a new town"),
        (("--perturb", "wild"), "--perturb is for a new town"),
        (("--pace", "2x"), "'2x' is not one of"),
    ],
)
def test_what_does_not_go_together_is_refused(
    run: Path, tokens: str, options: tuple[str, ...], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, told = code_and_words(capfd, str(run), "--port", "0", "--tokens", tokens, *options)
    assert code == 2 and words in told


def test_what_is_no_town_is_refused_with_the_nearest(tokens: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, words = code_and_words(capfd, "twon", "--port", "0", "--tokens", tokens)
    assert code == 2 and "town" in words


def test_a_new_town_does_not_replace_a_run(run: Path, tokens: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, words = code_and_words(capfd, "town", "--into", str(run), "--port", "0", "--tokens", tokens)
    assert code == 2 and "is a run already" in words
