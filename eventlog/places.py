"""Paths and URIs, and their names in messages: a path as it was given, or the URI of the run that a folder mirrors."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeGuard
from urllib.parse import unquote, urlsplit

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_URI_IN_TEXT: Final = re.compile(
    r"((?:[A-Za-z][A-Za-z0-9+.-]*:/|(?:s3|gs|file|ftp|https?):)/)"  # "s3:/bucket": a URI that was taken for a path
    r"(\S*[?@]\S*?(?=[)\]'\",;:.]*(?:\s|$)))"
)
_USER: Final = re.compile(r"[^/?@]*:.*@|[^/?:]*@", re.DOTALL)
_PLAIN: Final = re.compile(r"[A-Za-z0-9.:_/-]*")

HARMLESS: Final = ("region", "scheme", "endpoint_override", "retry_limit_seconds", "anonymous")
"""The keys of a URI's query whose values are no secrets."""

_NAMES: dict[Path, str] = {}
"""The names of folders in messages: of mirrors their URIs, of others their paths as they were given."""


def is_uri(name: object) -> TypeGuard[str]:
    """Whether the name of a run or a folder is a URI, not a path."""
    return isinstance(name, str) and _URI.match(name) is not None


def is_address(name: object) -> TypeGuard[str]:
    """Whether the name of a run is the address of a served town: its scheme is one of gRPC."""
    return is_uri(name) and name.lower().startswith("grpc")


def public_uri(uri: str) -> str:
    """The URI for messages and descriptions: without user, password, secrets in its query, and final slash.

    Of the query only the keys in `HARMLESS` are kept, if their values are plain. A secret may hold "/", "?" or "@" as
    they are, not percent-encoded, so everything up to the last "@" counts as user and password.
    """
    scheme, _, rest = uri.partition("://")
    if _USER.match(rest):
        rest = rest.rpartition("@")[2]
    folder, _, query = rest.partition("?")
    kept = "&".join(part for part in query.split("&") if _is_harmless(part))
    return f"{scheme}://{folder.rstrip('/')}{'?' * bool(kept)}{kept}"


def without_secrets(text: str) -> str:
    """A text with every URI in it as `public_uri` shows it, also one that was taken for a path and lost a slash."""
    return _URI_IN_TEXT.sub(lambda found: found[1] + public_uri(f"://{found[2]}").removeprefix("://"), text)


def _is_harmless(part: str) -> bool:
    """Whether a part of a query, `key=value`, says nothing secret."""
    key, _, value = part.partition("=")
    return key in HARMLESS and _PLAIN.fullmatch(unquote(value)) is not None


def refusal(uri: str) -> str:
    """The message that a run on a store, or a served one, can only be read, with the next steps."""
    if is_address(uri):
        return (
            f"{public_uri(uri)} is a served town, which this command cannot write to.\n"
            f"  Next: townlet console ADDRESS        gives it commands\n"
            f"        townlet observe ADDRESS        shows it; tail, story, why, sql and telemetry read it"
        )
    return (
        f"{public_uri(uri)} is on a store, where runs are only read.\n"
        f"  Next: townlet runs copy RUN URI        takes a run of this machine there\n"
        f"        townlet runs copy URI FOLDER        brings one here, to go on with"
    )


def no_store(uri: str, schemes: Iterable[str]) -> str:
    """Why there is no run at a URI whose scheme is none of those of stores."""
    if is_address(uri):
        return "observe, tail, story, why, sql, telemetry and console read a served town"
    return f"known stores are {', '.join(f'{each}://' for each in schemes)}"


def call(folder: Path, name: str) -> None:
    """Make `place_name` call this folder, and the files in it, by this URI or path in this process from now on."""
    _NAMES[folder] = name


def lasting(folder: Path) -> Path:
    """The absolute path of a folder, which stays right when the working directory changes; its name stays as given."""
    whole = folder.absolute()
    if whole != folder:
        call(whole, str(folder))
    return whole


def place_name(path: Path | str) -> str:
    """The path as text for messages; for a URI, or a path in a mirror of a run, the URI without secrets."""
    if is_uri(path):
        return public_uri(path)
    path = Path(path)
    for folder in (path, *path.parents):
        if folder in _NAMES:
            return uri_within(_NAMES[folder], "" if path == folder else path.relative_to(folder).as_posix())
    return str(path)


def in_utf8(name: str) -> str:
    """The name of a file for tables and descriptions; a byte that is not UTF-8 becomes the four characters `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def title(run: Path) -> str:
    """The last part of a run's path, or of its URI."""
    name = _NAMES.get(run, "")
    return urlsplit(name).path.rpartition("/")[2] if is_uri(name) else run.name


def uri_within(uri: str, name: str) -> str:
    """The URI of file `name` in the folder at `uri`, without its query; `uri` itself for "". Also for a path."""
    return f"{uri.partition('?')[0] if is_uri(uri) else uri}/{name}" if name else uri
