"""The numbers of a figure as a table, for readers who do not see the figure."""

import math
from collections.abc import Sequence
from html import escape


class DataTable:
    """A table that notebooks and the site show closed, below the figure of the same numbers.

    Args:
        title: what the numbers are.
        head: a name for each column.
        rows: for each row its name and its values, as texts.
    """

    def __init__(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]]):
        self.title, self.head, self.rows = title, list(head), [list(row) for row in rows]

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        body = ("  ".join(map(str.rjust, line, widths)).rstrip() for line in lines)
        return "\n".join([f"Data: {self.title}", *body])

    def _repr_html_(self) -> str:
        # No blank line: it would end the block of HTML when the site's sources hold it in Markdown.
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.head)
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f"<td>{escape(value)}</td>" for value in values)
            + "</tr>\n"
            for name, *values in self.rows
        )
        title = escape(self.title)
        return (
            f'<details class="charlm-data"><summary>Data: {title}</summary>\n'
            f'<div role="group" aria-label="{title}" tabindex="0" style="overflow-x: auto">\n'
            f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>\n"
            "</div></details>"
        )


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
