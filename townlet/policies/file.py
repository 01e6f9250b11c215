"""A policy's file: named tensors and an identity, as safetensors. It holds numbers and text, never code.

The header's metadata has one entry, `townlet`: the identity as JSON. So the same tensors and identity give the same
bytes, and a file says what it is before anybody runs it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
import safetensors
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.numpy import save

from eventlog.catalogue.registries import Action
from eventlog.folder import disk
from eventlog.folder.regular import read_regular
from eventlog.printable import printable_line
from projections.observations.layout import MAPS, Layout
from townlet.errors import PolicyError, PolicyMisfit
from townlet.policies.decisions import OPTIONS
from townlet.policies.shapes import inputs_most, memory_size, shapes_of

if TYPE_CHECKING:
    from townlet.policies.answering import Answerer
    from townlet.policies.forward import NET

FORMAT: Final = "townlet-policy/1"
"""The form of a policy's file that this code writes, and the only one that it reads."""

ENTRY: Final = "townlet"
"""The entry of the header's metadata that holds the identity."""

BYTES_MOST: Final = 64 * 1024 * 1024
"""The largest file that is read; a policy of 119 numbers and 128 hidden units takes 130 kB."""

HIDDEN_MOST: Final = 1024
"""The most units of a hidden layer."""

NEXT: Final = "Next: take the file anew from whoever made it, or train it again: townlet train --help"

ACTIONS: Final = tuple(action.name.lower() for action in Action)
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"option": OPTIONS, "primitive": ACTIONS}
"""What a policy of each control chooses from, in the order of its outputs."""

Hex = Annotated[str, Field(pattern="^[0-9a-f]{0,64}$")]
Word = Annotated[str, Field(max_length=200)]


class Identity(BaseModel):
    """What a policy is and where it comes from, as the file's header says it. Digests are hex, "" where unknown.

    `layout` is the hash of the observations' layout, and `variant` its name; `actions` are the names of what it
    chooses from; `config_id`, `stage`, `horizon_days`, `code` and `training` say how it was trained; `weights` is the
    digest of its tensors, which `write_policy` fills in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal["townlet-policy/1"] = FORMAT
    kind: Literal["mlp", "cnn", "lstm"] = "mlp"
    layout: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    variant: Literal["full", "hybrid", "compact"]
    control: Literal["option", "primitive"] = "option"
    actions: tuple[Word, ...] = OPTIONS
    config_id: Hex = ""
    stage: Word = "OFF"
    horizon_days: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] = 4.0
    hidden: Annotated[int, Field(ge=1, le=HIDDEN_MOST)]
    code: Word = ""
    training: Hex = ""
    weights: Hex = ""

    @property
    def digest(self) -> str:
        """The policy's name in records: the first 16 hex digits of sha256 over the identity, the weights' included."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Policy:
    """A policy that was read and checked. `tensors` are float32 arrays by name, without NaN and infinity."""

    name: str
    identity: Identity
    tensors: Mapping[str, np.ndarray]

    @classmethod
    def read(cls, path: Path | str) -> "Policy":
        """The policy in a file; its name is the file's, without ending. Raises PolicyError."""
        path = Path(path)
        try:
            content = read_regular(path, BYTES_MOST + 1)
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or "its name cannot be one").lower()
            raise PolicyError(f"{printable_line(str(path))}: the policy cannot be read: {reason}") from error
        return cls(path.stem, *parsed(content, str(path)))

    @property
    def digest(self) -> str:
        """The policy's name in records, 16 hex digits: see `Identity.digest`."""
        return self.identity.digest

    @property
    def inputs(self) -> int:
        """The number of floats that the first layer takes: of a cnn, with those that its convolutions make."""
        return int(self.tensors["trunk.0.weight"].shape[1])

    @property
    def memory_size(self) -> int:
        """The floats that it remembers of a person from one decision to the next; 0 but for an lstm."""
        return memory_size(self.identity.kind, self.identity.hidden)

    @cached_property
    def net(self) -> "NET":
        """The tensors as the compiled forward pass takes them: matrices [inputs, outputs], heads in one matrix.

        Raises PolicyMisfit, a NotImplementedError, for a kind that only torch runs.
        """
        from townlet.policies.forward import net_of

        if self.identity.kind != "mlp":
            raise PolicyMisfit(
                f"the policy {self.name} is of kind {self.identity.kind}, and only mlp runs compiled: "
                "let it answer through torch (Policy.answerer), or train one with network.kind: mlp"
            )
        return net_of(self.tensors)

    def require_torch(self) -> None:
        """Raise PolicyError, which says how to install it, where torch is missing."""
        if find_spec("torch") is None:
            raise PolicyError(
                f"the policy {self.name} is of kind {self.identity.kind}, which runs through torch, and torch is not "
                "installed. Next: pip install 'townlet[train]', or take a policy of kind mlp, which needs none"
            )

    def answerer(self, layout: Layout) -> "Answerer":
        """The policy as torch answers by it, with one thread in this process; `layout` is the one that it learned on.

        Raises PolicyError where torch is missing.
        """
        self.require_torch()
        import torch

        from townlet.policies.answering import Answerer
        from townlet.policies.networks import network_of

        torch.set_num_threads(1)
        identity = self.identity
        network = network_of(identity.kind, layout, len(identity.actions), identity.hidden)
        network.load_state_dict({name: torch.from_numpy(np.array(tensor)) for name, tensor in self.tensors.items()})
        return Answerer(network)


def write_policy(path: Path | str, tensors: Mapping[str, np.ndarray], identity: Identity) -> Identity:
    """Write a policy's file atomically; returns its identity with the digest of these tensors.

    `tensors` are arrays of float32 by the names of the network's modules. Raises PolicyError for tensors that do not
    fit the identity, such as another shape or NaN; OSError.
    """
    path = Path(path)
    whole = {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())}
    identity = identity.model_copy(update={"weights": weights_digest(whole)})
    _require_fitting(whole, identity, str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    disk.replace_file(path, save(whole, {ENTRY: identity.model_dump_json()}))
    return identity


def weights_digest(tensors: Mapping[str, np.ndarray]) -> str:
    """sha256 over the tensors' names, shapes and bytes, in the order of names; 64 hex digits."""
    digest = sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}\n".encode() + np.ascontiguousarray(tensor).tobytes())
    return digest.hexdigest()


def parsed(content: bytes, where: str) -> tuple[Identity, dict[str, np.ndarray]]:
    """The identity and the tensors in the bytes of a policy's file; messages call it `where`. Raises PolicyError."""
    if len(content) > BYTES_MOST:
        raise _fault(where, f"it has more than {BYTES_MOST:,} bytes, the most that a policy's file may have")
    try:
        found = safetensors.deserialize(content)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        raise _fault(where, f"it is not a safetensors file: {printable_line(str(error))[:160]}") from error
    identity = _identity(content, where)
    tensors = {name: _tensor(name, tensor, where) for name, tensor in sorted(found)}
    _require_fitting(tensors, identity, where)
    if identity.weights != weights_digest(tensors):
        raise _fault(where, "its weights are not those that its header names by digest: they were changed or damaged")
    return identity, tensors


def _identity(content: bytes, where: str) -> Identity:
    """The identity in the header of a whole safetensors file."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    text = (header.get("__metadata__") or {}).get(ENTRY)
    if text is None:
        raise _fault(where, f"its header has no entry {ENTRY!r}: these tensors are of another program")
    try:
        return Identity.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = printable_line(".".join(map(str, first["loc"])))[:80]
        if key == "format":
            raise _fault(where, f"its format is {first['input']!r:.60}, and this version reads {FORMAT}") from error
        raise _fault(where, f"its header says something impossible: {key or ENTRY}: {first['msg'][:120]}") from error


def _tensor(name: str, tensor: Mapping[str, Any], where: str) -> np.ndarray:
    """One tensor of a file, read-only."""
    if tensor["dtype"] != "F32":
        raise _fault(where, f"its tensor {printable_line(name)[:80]} is {tensor['dtype']}, and weights are F32")
    weights = np.frombuffer(tensor["data"], "<f4").reshape(tensor["shape"])
    weights.flags.writeable = False
    return weights


def _require_fitting(tensors: Mapping[str, np.ndarray], identity: Identity, where: str) -> None:
    """Raise PolicyError unless the tensors are those of the identity's network, all of them finite."""
    choices = CHOICES[identity.control]
    if identity.actions != choices:
        raise _fault(
            where,
            f"it chooses from {', '.join(identity.actions) or 'nothing'}, and control {identity.control!r} has "
            f"{', '.join(choices)}",
        )
    for name, tensor in tensors.items():
        shown = printable_line(name)[:80]
        if tensor.dtype != np.float32:
            raise _fault(where, f"its tensor {shown} is {tensor.dtype}, and weights are float32")
        if not np.isfinite(tensor).all():
            raise _fault(where, f"its tensor {shown} holds NaN or infinity, so it decides nothing")
    _require_shapes(tensors, identity, where)


def _require_shapes(tensors: Mapping[str, np.ndarray], identity: Identity, where: str) -> None:
    """Raise PolicyError unless every tensor of the identity's network is there, in the right shape, and no other."""
    kind, variant = identity.kind, identity.variant
    if kind == "cnn" and not MAPS[variant]:
        raise _fault(where, f"it is a cnn, and observations of the variant {variant} have no map")
    first, most = tensors.get("trunk.0.weight"), inputs_most(kind)
    inputs = first.shape[1] if first is not None and first.ndim == 2 and 0 < first.shape[1] <= most else most
    shapes = shapes_of(kind, variant, inputs, identity.hidden, len(identity.actions))
    if more := sorted(set(tensors) - set(shapes)):
        raise _fault(where, f"its tensor {printable_line(more[0])[:80]} is no part of a network of kind {kind}")
    for name, shape in shapes.items():
        if name not in tensors:
            raise _fault(where, f"it has no tensor {name}")
        if tensors[name].shape != shape:
            raise _fault(where, f"its tensor {name} has shape {tensors[name].shape}, and its header asks for {shape}")


def _fault(where: str, fault: str) -> PolicyError:
    return PolicyError(f"{printable_line(where)} is not a policy that can be run: {fault}.\n  {NEXT}")
