"""What a person sees while a model trains: progress, and a growing plot."""

import time

from tqdm import tqdm

from charlm_lib.display.numbers import format_perplexity
from charlm_lib.display.style import in_notebook, show

BAR = "{n_fmt}/{total_fmt} |{bar:14}| {remaining} left{postfix}"  # fits into 80 columns


class FitDisplay:
    """Shows the epochs of `history` as they come, in a notebook or in a terminal.

    In a notebook: one line of text and one figure, both updated in place; when training ends
    they stay as a summary and a still figure, with a table of its numbers. Drawing takes at most
    a tenth of the time.

    Args:
        history: the lists of a `FitResult`, which grow.
        max_epochs: the last epoch to come.
        show: False shows nothing.
        note: what the reader must know about this run.
    """

    def __init__(
        self, history: dict[str, list], max_epochs: int, show: bool = True, note: str = ""
    ):
        self.history, self.max_epochs, self.note = history, max_epochs, note
        self.show = show and max_epochs > 0
        self.in_notebook = in_notebook()

    def __enter__(self):
        self.begun = self.drawn = time.perf_counter()
        self.pause = 0.5
        if self.show and self.in_notebook:
            self.line = show(self._text("compiling"), raw=True, display_id=True)
            self.figure = None
        elif self.show:
            if self.note:
                tqdm.write(self.note)
            done = len(self.history["epoch"])
            self.bar = tqdm(total=self.max_epochs, initial=done, bar_format=BAR)
        return self

    def begin(self) -> None:
        """Count the time from now on: what went before, such as compiling, comes only once."""
        if self.show and not self.in_notebook:
            self.bar.unpause()

    def update(self) -> None:
        """Show the newest epoch; figures only once in a while."""
        if not self.show:
            return
        if not self.in_notebook:
            self.bar.set_postfix_str(self._perplexities(), refresh=False)
            self.bar.update()
            return
        now = time.perf_counter()
        if now - self.drawn > self.pause:
            self._draw()
            bar = tqdm.format_meter(
                len(self.history["epoch"]),
                self.max_epochs,
                now - self.begun,
                bar_format=BAR,
                postfix=self._perplexities(),
            )
            self.line.update(self._text(bar), raw=True)
            self.drawn = time.perf_counter()
            self.pause = max(0.5, 9 * (self.drawn - now))

    def __exit__(self, *error):
        if not self.show:
            return
        if not self.in_notebook:
            self.bar.close()
        elif self.history["epoch"]:
            from charlm_lib.display.plots import perplexity_table

            self._draw()
            show(perplexity_table(self.history))
            # No seconds here: the saved notebook should change only when the result does.
            done = f"epoch {self.history['epoch'][-1]} of {self.max_epochs}"
            note = f" ({self.note})" if self.note else ""
            self.line.update(self._text(f"{done}: {self._perplexities()}{note}"), raw=True)

    def _perplexities(self) -> str:
        train, val = (
            format_perplexity(self.history[f"{name}_perplexity"][-1]) for name in ("train", "val")
        )
        return f"perplexity: train {train}, validation {val}"

    def _text(self, text: str) -> dict[str, str]:
        return {"text/plain": text}

    def _draw(self) -> None:
        import matplotlib.pyplot as plt  # a second, which only a notebook has to spend

        from charlm_lib.display.plots import draw_perplexity

        figure = draw_perplexity(self.history, self.max_epochs, self.note)
        if self.figure is None:
            self.figure = show(figure, display_id=True)
        else:
            self.figure.update(figure)
        plt.close(figure)
