"""The stop button: it ends a run between two epochs."""

import signal
import threading
from contextlib import contextmanager


class StopButton:
    """Within `with StopButton() as stop:`, Ctrl-C or the stop button only sets `stop.pressed`.

    A KeyboardInterrupt in the middle of an update would lose the donated parameters. A second
    press raises it all the same, but not within `with stop.held():`. What computes there cannot be
    broken off, so Python hears of the press when it is done: then it would only be lost.
    """

    pressed = is_held = False

    @contextmanager
    def held(self):
        """Let no press raise anything for a while."""
        self.is_held = True
        try:
            yield
        finally:
            self.is_held = False

    def __enter__(self):
        # Python delivers signals to the main thread only.
        self._active = threading.current_thread() is threading.main_thread()
        if self._active:
            self._previous = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *error):
        if self._active:
            signal.signal(signal.SIGINT, self._previous)

    def _press(self, signum, frame):
        if self.pressed and not self.is_held:
            raise KeyboardInterrupt
        self.pressed = True
