"""F10: whatever a command prints about a place on a store, it prints no secret."""

import json
import logging
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import townlet
from cli.main import townlet as commands
from eventlog.errors import EventLogError
from eventlog.folder.stores import Store
from eventlog.places import place_name, public_uri, without_secrets

SECRET = "sEcReT"
URIS = (
    f"s3://key:{SECRET}@bucket/runs/a",
    f"s3://key:ab/{SECRET}/cd@bucket/runs/a",
    f"s3://key:ab?{SECRET}@bucket/runs/a?region=eu-west-1",
    f"s3://key:ab@{SECRET}@bucket/runs/a",
    f"s3://{SECRET}@bucket/runs/a",
    f"s3://:{SECRET}@bucket/runs/a",
    f"s3://bucket/runs/a?secret_key={SECRET}&region=eu-west-1",
    f"s3://bucket/runs/a?access_key=k&secret_key=ab/{SECRET}?c&session_token={SECRET}",
    f"s3://bucket/runs/a?secret_key=ab&{SECRET}",
    f"s3://bucket/runs/a?endpoint_override=http://user:{SECRET}@localhost:1",
    f"s3://bucket/runs/a?endpoint_override=user%3A{SECRET}%40localhost",
    f"s3://bucket/runs/a?region=x#{SECRET}=1",
    f"gs://bucket/runs/a?access_token={SECRET}",
    f"ftp://user:{SECRET}@host/a",
    f"s3://key:{SECRET}'x@bucket/runs/a",
)
COMMANDS = (
    "run --ticks 1 --into URI",
    "resume URI --ticks 1",
    "replay URI",
    "replay URI --to-tick 5",
    "sql URI",
    "sql URI,URI --json",
    "observe URI --plain",
    "observe URI --live",
    "observe URI --web --port 1",
    "story URI",
    "story URI -f",
    "why URI alice bob",
    "refold URI --set relationships.capacity=3",
    "fork URI --into b",
    "fork a --into URI",
    "diff URI a",
    "verify URI",
    "plot ties URI",
    "plot ties --into URI",
    "tail URI",
    "tail URI --follow",
    "watch URI",
    "watch URI --follow",
    "telemetry stream URI --to -",
    "telemetry stream URI -f --to -",
    "telemetry stream a --to URI",
    "telemetry summary URI",
    "telemetry validate URI",
    "export URI --format csv",
    "export URI --format csv --into x",
    "export a --format csv --into URI",
    "export --check URI",
    "dataset URI --into x",
    "dataset a --into URI",
    "runs copy URI b",
    "runs copy a URI",
    "runs archive URI",
    "runs prune URI",
    "runs rebuild URI",
    "runs list URI",
    "config validate URI",
    "bench URI",
    "nonsense URI",
    "tail URI --nonsense",
)


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("towns")
    townlet.simulate({"town": {"map": "kitchen", "people": 4}}, ticks=5, into=folder / "runs" / "a")
    return folder


@pytest.mark.parametrize("uri", URIS)
def test_f10_a_uri_is_shown_without_its_secrets(uri: str) -> None:
    shown = public_uri(uri)
    assert SECRET not in shown and "@" not in shown
    assert shown == place_name(uri) == public_uri(shown), "it is steady"
    for text in (uri, f"cannot read {uri}: no answer", f"({uri}), or {uri}.", f"'{uri}'", f'{{"uri": "{uri}"}}'):
        assert SECRET not in without_secrets(text), text
    assert without_secrets(f"there is no {shown}/run.json.") == f"there is no {shown}/run.json."


def test_f10_what_is_no_secret_stays() -> None:
    for uri in (
        "s3://bucket/runs/a",
        "s3://bucket/runs/a?scheme=http&endpoint_override=localhost:9000",
        "s3://bucket/runs/a?region=eu-west-1",
        "file:///towns/a@b/run",
    ):
        assert public_uri(uri) == uri
        assert without_secrets(f"({uri})") == f"({uri})"


@pytest.mark.parametrize("command", COMMANDS)
def test_f10_no_command_prints_a_secret(
    towns: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    """Neither where the store is not reached, nor where the command refuses a URI at once."""

    def unreached(uri: str) -> tuple[object, str]:
        raise OSError(f"When reading {uri}: curlCode: 7, Could not connect to server")

    monkeypatch.chdir(towns)
    monkeypatch.setattr("eventlog.folder.stores._s3_location", unreached)
    monkeypatch.setattr("eventlog.folder.stores._other_location", lambda uri, scheme: unreached(uri))
    monkeypatch.setattr("tui.serving.serve", lambda arguments, title, port, say: say(title))
    for uri in URIS:
        words = [word.replace("URI", uri) for word in command.split()]
        with caplog.at_level(logging.DEBUG):
            result = CliRunner().invoke(commands, words, input="select 1")
        assert result.exit_code in (1, 2), (words, result.output)
        assert "Traceback" not in result.output and "fault of Townlet" not in result.output, (words, result.output)
        assert SECRET not in result.output + caplog.text, words
        assert SECRET not in "".join(str(path) for path in towns.rglob("*"))


@pytest.mark.parametrize("uri", URIS)
def test_f10_no_error_of_the_library_holds_a_secret(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with pytest.raises(EventLogError) as caught:
        townlet.open(f"{uri}&x=y" if "?" in uri else f"{uri}?nothing=1")
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(Store(uri).place_name("run.json"))


def test_f10_a_description_of_an_export_names_no_secret(towns: Path, tmp_path: Path) -> None:
    uri = f"file://{towns}/runs/a?secret_key={SECRET}"
    monkey = public_uri(uri)
    assert SECRET not in monkey and re.match(r"file:///.*/runs/a$", monkey)
    result = CliRunner().invoke(commands, ["export", monkey, "--to", "csv", "--into", str(tmp_path / "x")])
    assert result.exit_code == 0, result.output
    assert SECRET not in json.dumps((tmp_path / "x" / "manifest.json").read_text())
