"""`townlet config`"""

import io
import json
from typing import Any

import click

from cli import options, output
from cli.main import COMMANDS, Group
from cli.names import CONFIG


@click.group(
    "config",
    cls=Group,
    help=COMMANDS["config"],
    epilog=options.examples(
        "townlet config show configs/town.yaml",
        "townlet config validate my-town.yaml",
        "townlet config schema > town.schema.json",
    ),
)
def command() -> None:
    pass


@command.command(
    "show",
    help="""Show a complete configuration, with all defaults.

    CONFIG is a YAML file or the name of a shipped configuration; left out, it is the default town. The map's content
    and the list of names are shown only with --full. The output is a valid configuration.
    """,
    epilog=options.examples(
        "townlet config show",
        "townlet config show queue_conflict --set town.people=12 --json",
    ),
)
@click.argument("config", required=False, type=CONFIG)
@options.settings_option
@click.option("--full", is_flag=True, help="With the map's content and the list of names.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of YAML.")
def show(config: str | None, overrides: dict[str, object], full: bool, as_json: bool) -> None:
    from townlet.configuration.load import load

    settings = json.loads(load(config, overrides).text)
    if not full:
        settings = {key: value for key, value in settings.items() if key not in ("map_content", "people_names")}
    if as_json:
        output.as_json(settings)
    else:
        output.data(_yaml(settings))


@command.command(
    "validate",
    help="""Check a configuration: list all faults together, each with its place and the nearest valid name.

    Exits with code 2 if there are faults.
    """,
    epilog=options.examples("townlet config validate my-town.yaml", "townlet config validate town --set town.people=9"),
)
@click.argument("config", type=CONFIG)
@options.settings_option
@options.output_formats
def validate(config: str, overrides: dict[str, object], form: str) -> None:
    from townlet.configuration.load import load

    resolved = load(config, overrides, founded=True)
    output.record({"config": config, "name": resolved.settings.name, "config_id": resolved.config_id}, form)
    output.words("no faults")
    for doubt in resolved.doubts():
        output.words(doubt)


@command.command(
    "schema",
    help="Print the JSON Schema of a configuration, for editors and checkers.",
    epilog=options.examples("townlet config schema > town.schema.json"),
)
def schema() -> None:
    from townlet.configuration.load import schema as settings_schema

    output.as_json(settings_schema())


def _yaml(settings: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    text = io.StringIO()
    yaml.dump(settings, text)
    return text.getvalue().rstrip("\n")
