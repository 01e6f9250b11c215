"""Text that a terminal shows and does not obey: control characters appear as escapes such as `\\x1b`.

A name in a log, a manifest or a folder may hold any character. Characters that turn the direction of a line are escaped
too, and halves of characters, which stand for bytes of a file's name that are no UTF-8.
"""

import re
from typing import Final

_CONTROLS: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_IN_TEXT: Final = re.compile(f"[{_CONTROLS}]")
_IN_LINE: Final = re.compile(f"[{_CONTROLS}\t\n]")
_SHORT: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def printable(text: str) -> str:
    """A text of any number of lines, with its control characters but tab and newline as escapes."""
    return _IN_TEXT.sub(_escape, text)


def printable_line(text: str) -> str:
    """A text as one line, with all its control characters as escapes."""
    return _IN_LINE.sub(_escape, text)


def without_controls(text: str) -> str:
    """A text of one line without control characters, where there is no room for escapes. Its width stays the same."""
    return _IN_LINE.sub("", text)


def printable_json(text: str) -> str:
    """JSON with the same meaning, in which control characters are JSON's escapes."""
    return _IN_TEXT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return _SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
