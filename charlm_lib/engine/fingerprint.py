"""What the outcome of a training run depends on."""

import json
from dataclasses import asdict

import jax
import numpy as np

from charlm_lib.engine import source
from charlm_lib.engine.parameters import as_key, first_params
from charlm_lib.engine.short_runs import shorten
from charlm_lib.engine.twins import program
from charlm_lib.results import describe_model, fingerprint, json_value


def describe_fit(trainer, model, data, key, optimizer: str = "sgd", params=None) -> dict:
    """Describe a training run by everything that its outcome depends on, as JSON types.

    `params` are the first parameters; None: they are drawn.
    """
    params = first_params(model, key) if params is None else params
    windows = ("batch_size", "num_steps", "num_train", "num_val", "stride")
    start = b"".join(np.asarray(x).tobytes() for x in jax.tree.leaves(params))
    settings = {
        "trainer": asdict(trainer),
        "fast": shorten(trainer.max_epochs, data.starts("train"))[2],
        "optimizer": optimizer,
        "model": describe_model(model),
        # What the model computes, whatever its class is called.
        "program": fingerprint(
            "".join(program(model.clone(lr=0.0), use) for use in trainer.uses(data))
        ),
        "first_params": fingerprint(start.hex()),
        "text": fingerprint(data.text),
        **{name: getattr(data, name) for name in windows},
        "key": np.asarray(jax.random.key_data(as_key(key))).tolist(),
        "source": source.fingerprint("import charlm_lib.training"),
    }
    return json.loads(json.dumps(settings, default=json_value))
