"""Going on from a result: what a run takes over from it."""

from charlm_lib.engine.fingerprint import goes_on, settings_of_whole
from charlm_lib.engine.running import Begin
from charlm_lib.runs.log import Log
from charlm_lib.runs.results import FitResult


def go_on(start: FitResult, settings: dict, log: Log) -> tuple[Begin, dict, str]:
    """Say what a run begins with that goes on from a result, and take over its history.

    Returns:
        Parameters and state of the optimizer; the settings of the whole run; and a few words.
    """
    begin = Begin(start.params, [])
    if not goes_on(start.settings, settings):
        return begin, settings, "a new run from the parameters of start"
    log.take_over(start)
    done = len(start.history["epoch"])
    words = f"goes on after epoch {done}"
    same = start.settings["optimizer"] == settings["optimizer"]
    if same and (start.opt_state or settings["optimizer"] == "sgd"):
        whole = settings_of_whole(start.settings, done, settings)
        return Begin(start.params, start.opt_state), whole or settings, words
    return begin, settings, f"{words}, with a new state of the optimizer"
