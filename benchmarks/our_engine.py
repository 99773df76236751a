"""The Trainer, as a reader calls it."""

from dataclasses import replace

import optax

import charlm_lib as cl
from benchmarks.flax_model import LR, make_data, make_model
from benchmarks.workloads import Workload
from charlm_lib.engine import batches, epochs, running


def has_twin(workload: Workload) -> bool:
    """Say whether the library has a faster twin of the workload's layer."""
    model = make_model(workload)
    return type(cl.fuse(model, cl.Use(1, 1))) is not type(model)


def prepare(workload: Workload, contender: str):
    """Make a function that trains for some epochs and gives the seconds per update.

    The validation of one window, rounded up to a micro-batch per core, is part of each epoch.

    Args:
        contender: "fused", the Trainer as it is; "unmodified", the same on the chapter's module;
            "all cores", the same without micro-batches; "one program", that on one device, which
            is the caller's to see to; "cuDNN in JAX", on `jax.experimental.rnn`; or a candidate for
            a GPU (`gpu.candidates`), in place of the fused recurrence.
    """
    from benchmarks.gpu.candidates import RUNNERS, take_the_place

    if contender in RUNNERS:
        take_the_place(contender)
    elif contender != "fused":
        running.fuse = lambda model, *uses: model
    if contender == "cuDNN in JAX":
        workload = replace(workload, layer="CudnnLSTM")
    if contender in ("all cores", "one program"):
        for module in (batches, epochs):
            module.micro_batch_size = lambda batch_size, mesh: -(-batch_size // mesh.size)
    model, data = make_model(workload), make_data(workload)
    adam = optax.adam(LR["adam"])  # one object, compiled for once
    optimizer = adam if workload.optimizer == "adam" else None
    dtype = None if workload.dtype == "float32" else workload.dtype

    def run() -> float:
        trainer = cl.Trainer(
            workload.num_epochs, gradient_clip_val=workload.clip, compute_dtype=dtype
        )
        result = trainer.fit(model, data, show=False, optimizer=optimizer)
        return result.run_seconds / (workload.num_epochs * workload.num_updates)

    return run
