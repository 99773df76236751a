"""Signals that end a training run: what was learned is kept, as after Ctrl-C."""

import os
import signal
import threading

NAMES = ("SIGTERM", "SIGHUP")  # kill, a batch queue, a shutdown; a terminal that was closed


class StopSignals:
    """Within `with StopSignals() as stop:`, SIGTERM and SIGHUP do what Ctrl-C does there.

    Only the first one counts: a closed terminal may send several, and a second Ctrl-C would give
    the run up. A signal that is ignored, as under `nohup`, stays ignored.
    """

    received: int | None = None

    def __enter__(self):
        # Python delivers signals to the main thread only.
        active = threading.current_thread() is threading.main_thread()
        numbers = [getattr(signal, name) for name in NAMES if active and hasattr(signal, name)]
        heard = [n for n in numbers if signal.getsignal(n) is not signal.SIG_IGN]
        self._terminals = [fd for fd in (1, 2) if os.isatty(fd)]
        self._previous = {number: signal.signal(number, self._stop) for number in heard}
        return self

    def __exit__(self, *error):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @property
    def status(self) -> int:
        """The exit status of a process that was stopped, as a shell counts it."""
        return 128 + (self.received or signal.SIGINT)

    def _stop(self, number, frame):
        if self.received is not None:
            return
        self.received = number
        if number != signal.SIGTERM:  # the terminal is gone, and writing to it would fail
            self._fall_silent()
        press = signal.getsignal(signal.SIGINT)
        if not callable(press):  # Ctrl-C is ignored, as in a job that a script runs beside itself
            raise KeyboardInterrupt
        press(number, frame)

    def _fall_silent(self):
        with open(os.devnull, "wb") as nowhere:
            for fd in self._terminals:
                os.dup2(nowhere.fileno(), fd)
