"""How answers of paired futures are worded and set: numbers of days, and tables in aligned columns."""

from collections.abc import Container, Sequence


def days_words(days: int) -> str:
    """A number of days in words: `1 day`, `5 days`."""
    return "1 day" if days == 1 else f"{days} days"


def aligned(rows: Sequence[Sequence[str]], left: Container[int] = (0,)) -> list[str]:
    """Rows of equally many cells as lines in aligned columns: to the left in the columns `left`, else to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    cells = (
        (
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return ["  ".join(row).rstrip() for row in cells]
