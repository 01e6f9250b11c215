"""The tokens of a served town, each with its role: read once, compared in constant time, never printed.

A token may expire: from that moment on it is refused, also in calls that are open then.
"""

import hmac
import os
import re
import stat
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

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


FORMS: Final = "a line `role: token`, or `role: {token: TOKEN, expires: 2027-01-31}`"
"""How a file gives a token."""


class Shown(NamedTuple):
    """What a header shows: a role, and when its token expires, in seconds since 1970 (None: never)."""

    role: Role
    expires_s: float | None

    @property
    def fault(self) -> str:
        """Why the token is refused now, in words; "" if it is not."""
        if self.expires_s is None or time.time_ns() / 1e9 < self.expires_s:
            return ""
        return f"this token expired at {in_utc(self.expires_s)}. Next: ask whoever serves the town for a new one"


class Tokens:
    """Tokens by role, and when they expire. What it shows of itself holds none of them."""

    def __init__(self, by_role: Mapping[Role, str], expires_s: Mapping[Role, float] | None = None) -> None:
        """`expires_s` has the moments, in seconds since 1970, of those tokens that expire."""
        self._by_role, self._expires_s = dict(by_role), dict(expires_s or {})

    def __repr__(self) -> str:
        return f"Tokens({', '.join(self._by_role)})"

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that have a token."""
        return tuple(self._by_role)

    @property
    def expired(self) -> tuple[str, ...]:
        """The roles whose tokens have expired, each with the moment, in words."""
        now_s = time.time_ns() / 1e9
        return tuple(f"{role} at {in_utc(end)}" for role, end in self._expires_s.items() if end <= now_s)

    @classmethod
    def of(cls, file: Path | None, environment: Mapping[str, str] = os.environ) -> Self:
        """The tokens of a file, and of the environment for roles that the file does not name.

        Raises ServingError for a file that others may read, for what is no role, for a token that is none, and where
        all have expired; OSError.
        """
        by_role, expires_s = dict[Role, str](), dict[Role, float]()
        for role, variable in VARIABLES.items():
            if environment.get(variable):
                by_role[role] = _checked(environment[variable], variable)
        if file is not None:
            in_file, expires_s = _in_file(file)
            by_role |= in_file
        if not by_role:
            raise ServingError(
                "a town is served only to those who have a token, and there is none.\n"
                "  Next: write `viewer: TOKEN` into a file of mode 600 and give it with --tokens, or set "
                f"{VARIABLES['viewer']}"
            )
        if len(set(by_role.values())) < len(by_role):
            raise ServingError("two roles have the same token: give each its own")
        made = cls(by_role, expires_s)
        if len(made.expired) == len(by_role):
            raise ServingError(
                f"every token has expired: {', '.join(made.expired)}. Next: give them new values and later dates"
            )
        return made

    def revealed(self) -> tuple[dict[Role, str], dict[Role, float]]:
        """The tokens themselves by role, and when they expire, for the process that compares them."""
        return dict(self._by_role), dict(self._expires_s)

    def role_of(self, header: str) -> Role | None:
        """The role of a header `Bearer TOKEN`; None where it holds none of the tokens, or one that has expired."""
        shown = self.shown(header)
        return None if shown is None or shown.fault else shown.role

    def shown(self, header: str) -> Shown | None:
        """What a header `Bearer TOKEN` shows; None where it holds none of the tokens.

        Every token is compared, in a time that does not depend on what is alike.
        """
        found: Role | None = None
        given = header[len(SCHEME) :].encode() if header.startswith(SCHEME) else b""
        for role, token in self._by_role.items():
            if hmac.compare_digest(given, token.encode()):
                found = role
        return None if found is None else Shown(found, self._expires_s.get(found))


def may(role: Role, needed: Role) -> bool:
    """Whether a role may do what needs another one."""
    return ROLES.index(role) >= ROLES.index(needed)


def in_utc(moment_s: float) -> str:
    """A moment in words, to the minute."""
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d %H:%M} UTC"


def _in_file(file: Path) -> tuple[dict[Role, str], dict[Role, float]]:
    """The tokens of a file by role, and when they expire."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as opened:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise ServingError(f"{file} is no file, so it holds no tokens")
        if found.st_mode & 0o177:
            mode = f"{stat.S_IMODE(found.st_mode):o}"
            raise ServingError(f"{file} holds tokens, and its mode is {mode}. Next: chmod 600 {file}")
        content = read_yaml(opened.read(FILE_BYTES_MOST).decode("utf-8", "replace"), str(file), dates=True)
    if not isinstance(content, dict) or not content:
        raise ServingError(f"{file} holds no tokens: write {FORMS}, for roles of {', '.join(ROLES)}")
    by_role, expires_s = dict[Role, str](), dict[Role, float]()
    for role, token in content.items():
        if role not in ROLES:
            raise ServingError(f"{file}: a key is none of the roles {', '.join(ROLES)}")
        if isinstance(token, dict):
            if not {"token"} <= set(token) <= {"token", "expires"}:
                raise ServingError(f"{file}: {role}: its keys are not token and expires: write {FORMS}")
            if "expires" in token:
                expires_s[role] = _moment(token["expires"], f"{file}: {role}: expires")
            token = token["token"]
        by_role[role] = _checked(token, f"{file}: {role}")
    return by_role, expires_s


def _moment(value: Any, where: str) -> float:
    """The seconds since 1970 of a date, which begins at 00:00 UTC, or of a time; without a zone it is in UTC."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        moment: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, AttributeError, OverflowError):
        raise ServingError(
            f"{where}: this is no date, such as 2027-01-31, and no time, such as 2027-01-31T18:00+01:00"
        ) from None


def _checked(token: object, where: str) -> str:
    """The token, if it is one. What was given is not repeated."""
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise ServingError(
            f"{where}: this is no token: 16 to 512 letters, digits and signs of ASCII without a blank, in quotes where "
            "they are digits only. Next: make one, such as with: openssl rand -hex 24"
        )
    return token
