"""Makes the type of JSON Merge Patches for another type: every key may be missing, or null to remove it."""

from functools import cache
from typing import Annotated, Any, NotRequired, Required, get_args, get_origin

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict, get_type_hints, is_typeddict

_TYPED_DICT: Any = TypedDict


@cache
def patch_of(kind: Any) -> Any:
    """The patch type of a TypedDict or a dict; for any other type the type itself, as a patch replaces its values."""
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
    """The type of a key without NotRequired or Required."""
    return get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint


def _is_mapping(kind: Any) -> bool:
    return is_typeddict(kind) or get_origin(kind) is dict
