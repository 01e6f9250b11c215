"""Paths and URIs, and their names in messages: a folder's path, or the URI of the run that the folder mirrors."""

import os
import re
from pathlib import Path
from typing import Final, TypeGuard
from urllib.parse import urlsplit

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_URIS: dict[Path, str] = {}


def is_uri(name: object) -> TypeGuard[str]:
    """Whether the name of a run or a folder is a URI, not a path."""
    return isinstance(name, str) and _URI.match(name) is not None


def public_uri(uri: str) -> str:
    """The URI for messages: without user, password and final slash."""
    scheme, _, rest = uri.partition("://")
    folder, mark, query = rest.partition("?")
    host, slash, path = folder.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{(slash + path).rstrip('/')}{mark}{query}"


def refusal(uri: str) -> str:
    """The message that a run on a store can only be read, with the next steps."""
    return (
        f"{public_uri(uri)} is on a store, where runs are only read.\n"
        f"  Next: townlet runs copy RUN URI        takes a closed run of this machine there\n"
        f"        townlet runs copy URI FOLDER        brings one here, to go on with"
    )


def call_by_uri(folder: Path, uri: str) -> None:
    """Make `place_name` call this folder, and the files in it, by the URI in this process from now on."""
    _URIS[folder] = uri


def place_name(path: Path) -> str:
    """The path as text for messages; the URI for a path in a mirror of a run."""
    for folder in (path, *path.parents):
        if folder in _URIS:
            return uri_within(_URIS[folder], "" if path == folder else path.relative_to(folder).as_posix())
    return str(path)


def in_utf8(name: str) -> str:
    """The name of a file for tables and descriptions; a byte that is not UTF-8 becomes the four characters `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def title(run: Path) -> str:
    """The last part of a run's path, or of its URI."""
    return urlsplit(_URIS[run]).path.rpartition("/")[2] if run in _URIS else run.name


def uri_within(uri: str, name: str) -> str:
    """The URI of file `name` in the folder at `uri`, without its query; `uri` itself for ""."""
    return f"{uri.partition('?')[0]}/{name}" if name else uri
