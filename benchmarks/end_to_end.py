"""Whole runs as a person waits for them: 100 epochs with validation, compile included.

`end_to_end.py ours|plain LAYERS EPOCHS` prints the seconds of one run in this new process.
"""

import sys
import time

import charlm_lib as cl
from benchmarks.flax_model import make_data, make_model
from benchmarks.workloads import WORKLOADS, quick

NUM_VAL = 5 * 1024  # whole batches, so that the plain loop compiles each function once only


def main() -> None:
    """Time one run, from the model's arguments to the last validation."""
    contender, layers, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    names = {"1": "1 layer, written out", "2": "2 layers, written out"}
    workload = WORKLOADS[names[layers]]
    num_val = NUM_VAL
    if "--quick" in sys.argv:
        workload, num_val = quick(workload), 32
    data = make_data(workload, num_val)
    begun = time.perf_counter()
    if contender == "ours":
        trainer = cl.Trainer(epochs, gradient_clip_val=workload.clip)
        trainer.fit(make_model(workload), data, show=False)
    else:
        from benchmarks.plain_loop import make_loop

        epoch, validate = make_loop(workload, data)
        for _ in range(epochs):
            epoch()
            validate()
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main()
