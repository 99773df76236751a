"""What a training run leaves behind, and how it is kept in one file."""

import json
import secrets
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from charlm_lib.cells import build_model, describe_model
from charlm_lib.data import Vocab
from charlm_lib.display.numbers import format_perplexity
from charlm_lib.engine.fingerprint import json_value
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.short_runs import note

FORMAT = "charlm_lib result 1"


@dataclass
class FitResult:
    """A trained language model with everything that is needed to use and judge it.

    Attributes:
        model: the Flax module.
        params: its parameters after the last finite update.
        vocab: the vocabulary of the text.
        history: equally long lists, one entry per epoch: `epoch` (from 1), `train_perplexity`
            (mean over the epoch's updates, while they change the model), `val_perplexity` (after
            the epoch) and `seconds` (run time of the epoch).
        settings: what was trained how (text, windows, trainer, model), as JSON types.
        best_params: the parameters with the lowest validation perplexity.
        grad_norms: norm of the gradient of the mean loss before clipping, one per update.
        compile_seconds: time for tracing and compiling, and drawing the first parameters meanwhile;
            not part of the history's seconds.
        stopped: "finished", "interrupted" or "diverged".
    """

    model: nn.Module
    params: dict
    vocab: Vocab
    history: dict[str, list]
    settings: dict
    best_params: dict
    grad_norms: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    compile_seconds: float = 0.0
    stopped: str = "finished"

    def __repr__(self) -> str:
        text = f"{self.stopped} after {len(self.history['epoch'])} epochs"
        if self.history["epoch"]:
            train, val = self.history["train_perplexity"], self.history["val_perplexity"]
            text += (
                f": train perplexity {format_perplexity(train[-1])}, validation perplexity "
                f"{format_perplexity(val[-1])}"
            )
            if self.best_epoch:
                best = format_perplexity(val[self.best_epoch - 1])
                text += f" (best {best} at epoch {self.best_epoch})"
            text += f"; {self.run_seconds:.1f} s + {self.compile_seconds:.1f} s to compile"
        return f"{text} ({self.note})" if self.note else text

    @property
    def note(self) -> str:
        """What `CHARLM_FAST=1` left out of this run; empty for a whole one."""
        return note(self.settings.get("left_out", ""))

    @property
    def run_seconds(self) -> float:
        """Seconds spent in the epochs, without compilation."""
        return sum(self.history["seconds"])

    @property
    def cut_short(self) -> bool:
        """Whether training ended before its time, by the stop button or under `CHARLM_FAST=1`."""
        return was_cut_short(self.stopped, self.settings)

    @property
    def num_params(self) -> int:
        """How many numbers the model has learned."""
        return sum(x.size for x in jax.tree.leaves(self.params))

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, with the lowest validation perplexity; 0 if untrained."""
        val = self.history["val_perplexity"]
        return 1 + int(np.nanargmin(val)) if np.isfinite(val).any() else 0

    def at_best_epoch(self) -> "FitResult":
        """Give the same result with the parameters of its best epoch."""
        return replace(self, params=self.best_params)

    def save(self, path: str | Path) -> None:
        """Write the result to one safetensors file, with the rest as JSON in its metadata.

        Folders are made as needed. An older file is replaced only once the new one is whole, and
        one with a whole training run not by a run that was cut short. Where nothing can be
        written, a warning says so, and the result stays what it is: in memory. Where several
        processes trained together, the first one writes.
        """
        path = Path(path)
        if jax.process_index() > 0:
            return
        if self.cut_short and holds_whole_run(path):
            print(f"{path}: keeps its whole training run; save this short one under another name")
            return
        tensors = {"grad_norms": np.asarray(self.grad_norms)}
        for name in ("params", "best_params"):
            tensors |= flatten_dict({name: getattr(self, name)}, sep="/")
        rest = {
            "format": FORMAT,
            "model": describe_model(self.model),
            "vocab": self.vocab.tokens,
            **{k: getattr(self, k) for k in ("history", "settings", "compile_seconds", "stopped")},
        }
        content = save(
            {k: np.array(v, order="C") for k, v in tensors.items()},
            metadata={"charlm": json.dumps(rest, default=json_value)},
        )
        try:
            write_whole(path, content)
        except OSError as error:
            warnings.warn(
                f"{str(path)!r} in {str(Path.cwd())!r} could not be written ({error}). The result "
                "is in memory only: call save with a file in a folder of your own to keep it.",
                stacklevel=2,
            )


def was_cut_short(stopped: str, settings: dict) -> bool:
    """Say whether training ended before its time; `FitResult` explains both arguments."""
    return stopped == "interrupted" or bool(settings.get("left_out"))


def holds_whole_run(path: Path) -> bool:
    """Say whether a file holds a result that was not cut short."""
    try:
        saved, _ = read(path)
    except (FileNotFoundError, ValueError):
        return False
    return not was_cut_short(saved["stopped"], saved["settings"])


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, so that nobody ever finds half of it, even where several write at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@our_settings()
def load(path: str | Path, model: nn.Module | None = None) -> FitResult:
    """Read a result that `FitResult.save` wrote.

    Args:
        path: the file.
        model: the Flax module, needed only where it is not one of `charlm_lib.models`; its
            parameters must have the shapes of those in the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, is not a saved result, or does not fit the model.
    """
    path = Path(path)
    rest, tensors = read(path)
    grad_norms = tensors.pop("grad_norms")
    trees = unflatten_dict({tuple(k.split("/")): jax.device_put(v) for k, v in tensors.items()})
    if model is not None:
        wanted = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
        if jax.tree.map(jnp.shape, wanted) != jax.tree.map(jnp.shape, trees["params"]):
            raise ValueError(
                f"{str(path)!r} holds {rest['model']}, whose parameters have other shapes than "
                f"those of {describe_model(model)}: pass the model that was saved"
            )
    return FitResult(
        model=model or build_model(rest["model"]),
        vocab=Vocab(rest["vocab"]),
        grad_norms=grad_norms,
        **trees,
        **{k: rest[k] for k in ("history", "settings", "compile_seconds", "stopped")},
    )


def read(path: Path) -> tuple[dict, dict]:
    """Read the JSON part and the arrays of a saved result; errors as for `load`."""
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no saved result {str(path)!r} in {str(Path.cwd())!r}: check the name, or "
            "run the chapter that trains this model first."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            rest = json.loads((file.metadata() or {}).get("charlm", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError, OSError) as error:
        raise ValueError(
            f"{str(path)!r} is damaged or is not a saved result ({error}): delete it and train "
            "again"
        ) from error
    found = rest.get("format") if isinstance(rest, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"{str(path)!r} is a safetensors file, but not one that FitResult.save of this "
            f"version wrote (format {found!r}, expected {FORMAT!r})"
        )
    return rest, tensors
