"""Reads the text of a file, and replaces it atomically."""

import os
from pathlib import Path

from eventlog.folder import disk
from townlet.errors import ConfigurationError, TownletError


def read_text(file: Path) -> str:
    """The text of a file, with its own line ends. Raises ConfigurationError if it cannot be read."""
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{file}: the file cannot be read: {(error.strerror or 'it failed').lower()}"
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"{file}: the file cannot be read: it is not text in UTF-8") from error


def replace_text(file: Path, old: str, new: str) -> None:
    """Replace the text `old` of a file by `new`, atomically and durably. Who may read it stays; a link stays a link.

    A crash leaves the old file or the new one. Raises OSError; TownletError if the file does not hold `old` any more.
    """
    file = file.resolve(strict=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        disk.write_file(temporary, new.encode())
        os.chmod(temporary, file.stat().st_mode & 0o7777)
        if file.read_bytes() != old.encode():
            raise TownletError(
                f"{file}: somebody else changed this file meanwhile, so it was not edited. Next: try again"
            )
        disk.rename(temporary, file)
    finally:
        disk.remove(temporary)  # it is there only where something failed
    disk.sync_folder(file.parent)
