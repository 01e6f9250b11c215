"""`townlet policy`"""

from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS, Group
from cli.names import POLICY


@click.group(
    "policy",
    cls=Group,
    help=f"""{COMMANDS["policy"]}

    A policy is a file of weights with a header that says what they are; it holds no code. FILE is its path
    (.safetensors) or the name of a shipped policy.
    """,
    epilog=options.examples(
        "townlet policy show my.safetensors",
        "townlet policy export my.safetensors --onnx my.onnx",
    ),
)
def command() -> None:
    pass


@command.command(
    "show",
    help="""Show what a policy is: its network, the observations it learned on, and how it was trained.

    Exits with code 2 if the file is no policy, or was changed since it was written.
    """,
    epilog=options.examples("townlet policy show my.safetensors --json"),
)
@click.argument("file", type=POLICY)
@options.output_formats
def show(file: str, form: str) -> None:
    from townlet.policies.shelf import find_policy

    policy = find_policy(file)
    told = policy.identity.model_dump(mode="json")
    told["actions"] = ", ".join(told["actions"])
    numbers = sum(tensor.size for tensor in policy.tensors.values())
    output.record(
        {"policy": policy.name, "digest": policy.digest, "inputs": policy.inputs, "numbers": numbers, **told}, form
    )


@command.command(
    "export",
    help="""Write a policy as an ONNX model, for other runtimes.

    Its inputs are `observation` (float32, rows x numbers) and `action_mask` (bool, rows x options), its outputs
    `log_probs` and `value`. This needs the package onnx: pip install 'townlet[onnx]'
    """,
    epilog=options.examples("townlet policy export my.safetensors --onnx my.onnx"),
)
@click.argument("file", type=POLICY)
@click.option("--onnx", "onnx", type=options.NewPath(), required=True, help="The file to write.")
@options.output_formats
def export(file: str, onnx: Path, form: str) -> None:
    from townlet.policies.onnx_model import write_onnx
    from townlet.policies.shelf import find_policy

    policy = find_policy(file)
    write_onnx(policy, onnx)
    output.record({"policy": policy.name, "digest": policy.digest, "to": str(onnx), "bytes": onnx.stat().st_size}, form)
