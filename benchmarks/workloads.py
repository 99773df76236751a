"""What is measured. Nothing here needs JAX, so that the process with PyTorch can read it too."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Workload:
    """One training run: a language model, its windows, and how it learns."""

    layer: str  # a class of charlm_lib.layers
    num_layers: int = 1
    num_hiddens: int = 32
    batch_size: int = 1024
    num_steps: int = 32
    vocab_size: int = 28
    optimizer: str = "sgd"
    clip: float | None = 1.0
    num_updates: int = 10  # in an epoch
    num_epochs: int = 2  # in a measured run, which should take a second or so
    dtype: str = "float32"  # of products and states; or "bfloat16"

    @property
    def num_blocks(self) -> int:
        """How many blocks of weights a layer has: one for each gate, or just one."""
        return {"GRU": 3, "LSTM": 4}.get(self.layer, 1)

    @property
    def is_written_out(self) -> bool:
        """Whether the layer's loop over time is a loop in Python, unrolled into the program."""
        return self.layer in ("RNNScratch", "StackedRNNScratch")


WORKLOADS = {
    "1 layer, written out": Workload("RNNScratch", num_epochs=20),
    "1 layer, nn.scan": Workload("RNN", num_epochs=20),
    "2 layers, written out": Workload("StackedRNNScratch", 2, num_epochs=5),
    "2 layers, GRU": Workload("GRU", 2, num_epochs=5),
    "2 layers, LSTM": Workload("LSTM", 2, num_epochs=5),
    "2 layers, GRU, 256 units": Workload(
        "GRU",
        2,
        256,
        batch_size=64,
        num_steps=100,
        optimizer="adam",
        clip=None,
        num_updates=8,
        num_epochs=1,
    ),
}


def quick(workload: Workload) -> Workload:
    """Shrink a workload until it only shows that the programs run."""
    batch_size = min(32, workload.batch_size)
    return replace(
        workload, num_hiddens=8, batch_size=batch_size, num_steps=4, num_updates=2, num_epochs=1
    )
