"""Paths and URIs, and what messages call a folder: its path, but a mirror of a run on a store by that run's URI."""

import re
from pathlib import Path
from typing import Final, TypeGuard
from urllib.parse import urlsplit

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_URIS: dict[Path, str] = {}


def is_uri(name: object) -> TypeGuard[str]:
    """Whether something that names a run or a folder is a URI rather than a path."""
    return isinstance(name, str) and _URI.match(name) is not None


def public_uri(uri: str) -> str:
    """The URI without a secret and a slash at its end, as messages give it."""
    scheme, _, rest = uri.partition("://")
    folder, mark, query = rest.partition("?")
    host, slash, path = folder.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{(slash + path).rstrip('/')}{mark}{query}"


def refusal(uri: str) -> str:
    """Why nothing lives on a store, and what to do instead."""
    return (
        f"{public_uri(uri)} is on a store, where runs are only read.\n"
        f"  Next: townlet runs copy RUN URI        takes a closed run of this machine there\n"
        f"        townlet runs copy URI FOLDER        brings one here, to go on with"
    )


def call_by_uri(folder: Path, uri: str) -> None:
    """From now on messages of this process call the folder, and what is in it, by the URI."""
    _URIS[folder] = uri


def place_name(path: Path) -> str:
    """A path as messages give it; of a mirrored run the URI, as a command takes it."""
    for folder in (path, *path.parents):
        if folder in _URIS:
            return uri_within(_URIS[folder], "" if path == folder else path.relative_to(folder).as_posix())
    return str(path)


def title(run: Path) -> str:
    """The last part of a run's path, or of its URI."""
    return urlsplit(_URIS[run]).path.rpartition("/")[2] if run in _URIS else run.name


def uri_within(uri: str, name: str) -> str:
    """The URI of something in the folder at `uri`, without what only says how to reach it; "" is the folder's own."""
    return f"{uri.partition('?')[0]}/{name}" if name else uri
