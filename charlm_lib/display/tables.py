"""Tables: results to read, and the numbers of a figure for readers who do not see it."""

import math
from collections.abc import Iterable, Sequence
from html import escape


class Table:
    """A table to read: a name and values in each row, aligned by column.

    Args:
        head: a name for each column.
        rows: for each row its name and its values, texts or numbers.

    Raises:
        ValueError: a row has not one entry for each column.
    """

    def __init__(self, head: Sequence[str], rows: Iterable[Sequence]):
        self.head, self.rows = list(head), [list(map(str, row)) for row in rows]
        for row in self.rows:
            if len(row) != len(self.head):
                raise ValueError(
                    f"the row {row} has {len(row)} entries for {len(self.head)} columns: "
                    f"{', '.join(self.head)}"
                )

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        # No blank line: it would end the block of HTML when the site's sources hold it in Markdown.
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.head)
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f"<td>{escape(value)}</td>" for value in values)
            + "</tr>\n"
            for name, *values in self.rows
        )
        return (
            '<div class="charlm-table" tabindex="0" role="group" aria-label="Table" '
            'style="overflow-x: auto">\n'
            f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n</div>"
        )


class DataTable(Table):
    """The numbers of a figure, which notebooks and the site show closed below it.

    Args:
        title: what the numbers are.
        head: a name for each column.
        rows: for each row its name and its values, as texts.
    """

    def __init__(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]):
        super().__init__(head, rows)
        self.title = title

    def __repr__(self) -> str:
        return f"Data: {self.title}\n{super().__repr__()}"

    def _repr_html_(self) -> str:
        title = escape(self.title)
        table = super()._repr_html_().replace('"Table"', f'"{title}"', 1)
        return f'<details class="charlm-data"><summary>Data: {title}</summary>\n{table}</details>'


def evenly(count: int, most: int = 13) -> list[int]:
    """Choose up to `most` of the indices 0 to count - 1, evenly, the first and last among them."""
    steps = max(1, min(count, most) - 1)
    return sorted({round(i * (count - 1) / steps) for i in range(steps + 1)})


def telling_epochs(curves: Sequence[Sequence[float]]) -> list[int]:
    """Choose the epochs that tell how curves run: early ones, every tenth part, bests and last."""
    count = max(map(len, curves))
    step = max(1, count // 10)
    finite = [[v if math.isfinite(v) else math.inf for v in values] for values in curves]
    best = {values.index(min(values)) + 1 for values in finite}
    return sorted({1, 2, 5, *range(step, count + 1, step), count, *best} & {*range(1, count + 1)})
