"""The tokens of a served town, each with its role: read once, compared in constant time, never printed."""

import hmac
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from townlet.errors import ServingError
from townlet.serving.protocol import ROLES, Role
from townlet.yaml_text import read_yaml

VARIABLES: Final[Mapping[Role, str]] = {
    "viewer": "TOWNLET_TOKEN_VIEWER",
    "operator": "TOWNLET_TOKEN_OPERATOR",
    "admin": "TOWNLET_TOKEN_ADMIN",
}
"""By role, the environment variable that may hold its token."""

TOKEN: Final = re.compile(r"[!-~]{16,512}")
"""A token: 16 characters at least, because a shorter one can be guessed."""

FILE_BYTES_MOST: Final = 64 * 1024

SCHEME: Final = "Bearer "


class Tokens:
    """Tokens by role. What it shows of itself holds none of them."""

    def __init__(self, by_role: Mapping[Role, str]) -> None:
        self._by_role = dict(by_role)

    def __repr__(self) -> str:
        return f"Tokens({', '.join(self._by_role)})"

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that have a token."""
        return tuple(self._by_role)

    @classmethod
    def of(cls, file: Path | None, environment: Mapping[str, str] = os.environ) -> Self:
        """The tokens of a file, and of the environment for roles that the file does not name.

        Raises ServingError for a file that others may read, for what is no role, for a token that is none; OSError.
        """
        by_role: dict[Role, str] = {}
        for role, variable in VARIABLES.items():
            if environment.get(variable):
                by_role[role] = _checked(environment[variable], variable)
        if file is not None:
            by_role |= _in_file(file)
        if not by_role:
            raise ServingError(
                "a town is served only to those who have a token, and there is none.\n"
                "  Next: write `viewer: TOKEN` into a file of mode 600 and give it with --tokens, or set "
                f"{VARIABLES['viewer']}"
            )
        if len(set(by_role.values())) < len(by_role):
            raise ServingError("two roles have the same token: give each its own")
        return cls(by_role)

    def revealed(self) -> dict[Role, str]:
        """The tokens themselves by role, for the process that compares them."""
        return dict(self._by_role)

    def role_of(self, header: str) -> Role | None:
        """The role of a header `Bearer TOKEN`; None where it holds none of the tokens.

        Every token is compared, in a time that does not depend on what is alike.
        """
        found: Role | None = None
        given = header[len(SCHEME) :].encode() if header.startswith(SCHEME) else b""
        for role, token in self._by_role.items():
            if hmac.compare_digest(given, token.encode()):
                found = role
        return found


def may(role: Role, needed: Role) -> bool:
    """Whether a role may do what needs another one."""
    return ROLES.index(role) >= ROLES.index(needed)


def _in_file(file: Path) -> dict[Role, str]:
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as opened:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise ServingError(f"{file} is no file, so it holds no tokens")
        if found.st_mode & 0o177:
            mode = f"{stat.S_IMODE(found.st_mode):o}"
            raise ServingError(f"{file} holds tokens, and its mode is {mode}. Next: chmod 600 {file}")
        content = read_yaml(opened.read(FILE_BYTES_MOST).decode("utf-8", "replace"), str(file))
    if not isinstance(content, dict) or not content:
        raise ServingError(f"{file} holds no tokens: write a line `role: token` for each, of {', '.join(ROLES)}")
    by_role: dict[Role, str] = {}
    for role, token in content.items():
        if role not in ROLES:
            raise ServingError(f"{file}: a key is none of the roles {', '.join(ROLES)}")
        by_role[role] = _checked(token, f"{file}: {role}")
    return by_role


def _checked(token: object, where: str) -> str:
    """The token, if it is one. What was given is not repeated."""
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise ServingError(
            f"{where}: this is no token: 16 to 512 letters, digits and signs of ASCII without a blank, in quotes where "
            "they are digits only. Next: make one, such as with: openssl rand -hex 24"
        )
    return token
