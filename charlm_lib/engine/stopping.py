"""The stop button: it ends a run between two epochs."""

import signal
import threading


class StopButton:
    """Within `with StopButton() as stop:`, Ctrl-C or the stop button only sets `stop.pressed`.

    A KeyboardInterrupt in the middle of an update would lose the donated parameters. A second
    press raises it all the same.
    """

    pressed = False

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
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
