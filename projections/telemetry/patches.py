"""The type of what changes a value of another type, by JSON Merge Patch: every key may be missing, or null to go."""

from functools import cache
from typing import Annotated, Any, NotRequired, Required, get_args, get_origin

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict, get_type_hints, is_typeddict

_TYPED_DICT: Any = TypedDict


@cache
def patch_of(kind: Any) -> Any:
    """The patch of a typed mapping, or of a mapping by name; any other value is replaced as a whole."""
    if is_typeddict(kind):
        fields = {name: _inner(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}
        patches: Any = {name: patch_of(inner) | None for name, inner in fields.items()}
        made: Any = _TYPED_DICT(f"{kind.__name__}Patch", patches, total=False)
        made.__doc__ = f"What changes {kind.__name__}."
        return with_config(ConfigDict(extra="forbid"))(made)
    if get_origin(kind) is dict:
        key, value = get_args(kind)
        by_name: Any = dict
        return by_name[key, patch_of(value) | None]
    if get_origin(kind) is Annotated and _is_mapping(get_args(kind)[0]):
        return patch_of(get_args(kind)[0])
    return kind


def _inner(hint: Any) -> Any:
    """The type of a key that may be missing."""
    return get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint


def _is_mapping(kind: Any) -> bool:
    return is_typeddict(kind) or get_origin(kind) is dict
