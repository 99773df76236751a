"""What a training run leaves behind, and how it is kept."""

import json
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors.numpy import save

from charlm_lib.cells import build_model, describe_model
from charlm_lib.display.numbers import format_perplexity
from charlm_lib.engine.devices import jit_model
from charlm_lib.engine.fingerprint import json_value
from charlm_lib.engine.settings import our_settings
from charlm_lib.engine.short_runs import note
from charlm_lib.engine.twins import Use, as_ours
from charlm_lib.runs.files import FORMAT, free_name, may_be_replaced, read, write_whole
from charlm_lib.texts.vocabulary import Vocab

ROWS, STEPS = 4, 4  # of the ids that a saved model is known by
LONG = 16  # steps of two models that are compared


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
        stopped: "finished", "interrupted" or "diverged"; `Trainer.fit` says when that is.
        opt_state: the numbers of the optimizer's state, for `Trainer.fit(start=...)`; none of plain
            SGD, which remembers nothing.
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
    opt_state: list[np.ndarray] = field(default_factory=list)

    def __repr__(self) -> str:
        epochs = len(self.history["epoch"])
        text = f"{self.stopped} after {epochs} epoch{'s' * (epochs != 1)}"
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
        """Give the result as it was after its best epoch, but for the state of the optimizer."""
        best, epochs = self.best_epoch, len(self.history["epoch"])
        if not best:
            return replace(self, params=self.best_params, opt_state=[])
        return replace(
            self,
            params=self.best_params,
            history={name: values[:best] for name, values in self.history.items()},
            grad_norms=self.grad_norms[: best * len(self.grad_norms) // epochs],
            opt_state=[] if best < epochs else self.opt_state,
            stopped="finished" if self.stopped == "diverged" else self.stopped,
        )

    def save(self, path: str | Path, overwrite: bool = False, with_optimizer: bool = True) -> None:
        """Write the result to one safetensors file, with the rest as JSON in its metadata.

        Folders are made as needed. An older result is replaced only once the new one is whole, and
        one of a whole training run not by a run that was cut short. A file that is no saved result
        is never replaced: the result then goes to a new file beside it, and a warning says so.
        Where nothing can be written, a warning says so, and the result stays what it is: in memory.
        Where several processes trained together, the first one writes.

        Args:
            path: the file.
            overwrite: replace the file whatever it holds.
            with_optimizer: False leaves out the optimizer's state: a smaller file, from which
                training goes on with a new one.
        """
        path = Path(path)
        if jax.process_index() > 0:
            return
        if self.cut_short and not overwrite and holds_whole_run(path):
            print(f"{path}: keeps its whole training run; save this short one under another name")
            return
        if not (overwrite or may_be_replaced(path)):
            foreign, path = path, free_name(path)
            warnings.warn(
                f"{str(foreign)!r} is no result of charlm_lib and stays as it is: this result is "
                f"saved as {str(path)!r}. Give save another name, or overwrite=True.",
                stacklevel=2,
            )
        kept = self if with_optimizer else replace(self, opt_state=[])
        content = kept._content()
        try:
            write_whole(path, content)
        except OSError as error:
            warnings.warn(
                f"{str(path)!r} in {str(Path.cwd())!r} could not be written ({error}). The result "
                "is in memory only: call save with a file in a folder of your own to keep it.",
                stacklevel=2,
            )

    @our_settings()
    def _content(self) -> bytes:
        """Give the bytes of the file."""
        trees = {name: getattr(self, name) for name in ("params", "best_params")}
        tensors = {
            "grad_norms": self.grad_norms,
            "logits": probe(self.model, self.params, len(self.vocab)),
            **{f"opt_state/{i}": x for i, x in enumerate(self.opt_state)},
            **flatten_dict(trees, sep="/"),
        }
        ours = as_ours(self.model, Use(ROWS, LONG), Use(ROWS, LONG, training=True))
        rest = {
            "format": FORMAT,
            "model": describe_model(ours or self.model),
            "is_ours": ours is not None,
            "vocab": self.vocab.tokens,
            **{k: getattr(self, k) for k in ("history", "settings", "compile_seconds", "stopped")},
        }
        return save(
            {k: np.array(v, order="C") for k, v in tensors.items()},
            metadata={"charlm": json.dumps(rest, default=json_value)},
        )


def _logits(model: nn.Module, params: dict, X: np.ndarray) -> jax.Array:
    return model.apply(params, X)[0][:, -1]  # (ROWS, vocab_size), after the last step


_few_logits = jit_model(_logits, static_argnums=0)


def probe(model: nn.Module, params: dict, vocab_size: int) -> np.ndarray:
    """Compute the few logits that a saved model is known by, whatever its class is called.

    They are the ones after short rows of ids that are always the same: the shorter, the less does
    it matter in which order a machine adds.

    Returns:
        `(ROWS, vocab_size)`.
    """
    X = (5 * np.arange(ROWS * STEPS, dtype=np.int32).reshape(ROWS, STEPS) + 1) % vocab_size
    with jax.default_matmul_precision("highest"):
        return np.asarray(_few_logits()(model, params, X), np.float32)


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


@our_settings()
def load(path: str | Path, model: nn.Module | None = None) -> FitResult:
    """Read a result that `FitResult.save` wrote.

    Args:
        path: the file.
        model: the Flax module, needed only where it computes something else than one of
            charlm_lib's; it must be the one that was saved.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, is not a saved result, or the model computes something else
            from its parameters than the saved one did.
    """
    path = Path(path)
    rest, tensors = read(path)
    grad_norms, logits = tensors.pop("grad_norms"), tensors.pop("logits", None)
    opt_state = [tensors.pop(name) for name in in_order(tensors, "opt_state/")]
    trees = unflatten_dict({tuple(k.split("/")): jax.device_put(v) for k, v in tensors.items()})
    result = FitResult(
        model=library_model(path, rest) if model is None else model,
        vocab=Vocab(rest["vocab"]),
        grad_norms=grad_norms,
        opt_state=opt_state,
        **trees,
        **{k: rest[k] for k in ("history", "settings", "compile_seconds", "stopped")},
    )
    check_computes(path, result, rest["model"], logits)
    return result


def in_order(tensors: dict, start: str) -> list[str]:
    """List the names that begin like this and end with a number, by that number."""
    return sorted((n for n in tensors if n.startswith(start)), key=lambda n: int(n[len(start) :]))


def library_model(path: Path, rest: dict) -> nn.Module:
    """Make the library's model that a file describes; raise a ValueError where it is none."""
    if not rest.get("is_ours", True):
        raise ValueError(
            f"{str(path)!r} holds a model of one's own, {rest['model']}, which computes something "
            "else than charlm_lib's classes: pass that model, load(path, model=...)"
        )
    return build_model(rest["model"])


def check_computes(path: Path, result: FitResult, saved: dict, logits: np.ndarray | None) -> None:
    """Raise a ValueError unless the model computes from its parameters what was saved with them."""
    wanted = jax.eval_shape(result.model.init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    if jax.tree.map(jnp.shape, wanted) != jax.tree.map(jnp.shape, result.params):
        raise ValueError(
            f"{str(path)!r} holds {saved}, whose parameters have other shapes than "
            f"those of {describe_model(result.model)}: pass the model that was saved"
        )
    if logits is None:
        warnings.warn(
            f"{str(path)!r} is from an older version, which did not note what its model computes: "
            "compare its perplexity with the one you know, and save it again.",
            stacklevel=4,
        )
        return
    found = probe(result.model, result.params, len(result.vocab))
    largest = np.abs(logits[np.isfinite(logits)]).max(initial=0)
    if not np.allclose(found, logits, rtol=0, atol=1e-3 * largest, equal_nan=True):
        raise ValueError(
            f"{str(path)!r} holds {saved}, which computed other logits from these parameters than "
            f"{describe_model(result.model)} does: pass the model as it was when it was saved"
        )
