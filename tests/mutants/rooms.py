"""Which files mistakes are put into, and the tests that belong to each, quick ones first."""

ROOMS = {
    "core": {
        "charlm_lib/losses.py": "core/test_losses.py",
        "charlm_lib/comparison.py": "core/test_comparison.py",
        "charlm_lib/models.py": "core/test_models.py",
        "charlm_lib/cells.py": "core/test_cells.py runs/test_own_models.py",
        "charlm_lib/linear_recurrence.py": "core/test_linear_recurrence.py",
        "charlm_lib/attention.py": "core/test_attention.py",
        "charlm_lib/residual.py": "core/test_residual.py",
        "charlm_lib/own_text.py": "core/test_own_text.py",
        "charlm_lib/evaluation.py": "core/test_evaluation.py",
        "charlm_lib/ngram.py": "core/test_ngram.py",
        "charlm_lib/sampling.py": "core/test_sampling.py",
        "charlm_lib/export.py": "widgets/test_export.py",
        "charlm_lib/texts/cleaning.py": "texts/test_corpus.py",
        "charlm_lib/texts/corpus.py": "texts/test_corpus.py",
        "charlm_lib/texts/files.py": "texts/test_corpus.py",
        "charlm_lib/texts/vocabulary.py": "texts/test_data.py",
        "charlm_lib/texts/data.py": "texts/test_data.py",
        "charlm_lib/runs/files.py": "runs/test_results.py",
        "charlm_lib/runs/judging.py": "runs/test_training.py runs/test_short_runs.py",
        "charlm_lib/runs/keeping.py": "runs/test_results.py runs/test_going_on.py",
        "charlm_lib/runs/results.py": "runs/test_results.py",
        "charlm_lib/runs/training.py": "runs/test_training.py runs/test_going_on.py",
    },
    "engine": {
        "charlm_lib/engine/batches.py": "engine/test_devices.py texts/test_data.py",
        "charlm_lib/engine/compiling.py": "engine/test_configurations.py engine/test_devices.py",
        "charlm_lib/engine/devices.py": "engine/test_devices.py engine/test_configurations.py",
        "charlm_lib/engine/epochs.py": "engine/test_devices.py runs/test_training.py",
        "charlm_lib/engine/fingerprint.py": "engine/test_source.py runs/test_results.py",
        "charlm_lib/engine/fused.py": "engine/test_fused.py engine/test_twins.py",
        "charlm_lib/engine/lstm_recurrence.py": "engine/test_fused.py",
        "charlm_lib/engine/optimizers.py": "runs/test_going_on.py runs/test_training.py",
        "charlm_lib/engine/parameters.py": "engine/test_parameters.py",
        "charlm_lib/engine/probing.py": "runs/test_own_models.py",
        "charlm_lib/engine/products.py": "engine/test_fused.py",
        "charlm_lib/engine/programs.py": "runs/test_going_on.py",
        "charlm_lib/engine/recurrences.py": "engine/test_fused.py",
        "charlm_lib/engine/running.py": "runs/test_training.py runs/test_going_on.py",
        "charlm_lib/engine/settings.py": "engine/test_configurations.py",
        "charlm_lib/engine/short_runs.py": "runs/test_short_runs.py",
        "charlm_lib/engine/source.py": "engine/test_source.py",
        "charlm_lib/engine/stopping.py": "runs/test_training.py",
        "charlm_lib/engine/streams.py": "engine/test_streams.py",
        "charlm_lib/engine/twins.py": "engine/test_twins.py",
    },
    "model": {
        "model/backward.js": "core",
        "model/cells/activations.js": "core gates",
        "model/cells/cells.js": "core export",
        "model/cells/gru.js": "core",
        "model/cells/lstm.js": "core",
        "model/cells/tanh.js": "core",
        "model/correlation.js": "influence units",
        "model/gates.js": "gates",
        "model/influence.js": "influence",
        "model/jacobians.js": "jacobians",
        "model/loss.js": "core learner",
        "model/network.js": "core",
        "model/parameters.js": "core learner",
        "model/random.js": "core units",
        "model/sampling.js": "core",
        "model/sketch.js": "sketch",
        "model/softmax.js": "core",
        "model/study.js": "study",
        "model/terms/gradients.js": "terms_of_numbers",
        "model/terms/passage.js": "terms_of_numbers",
        "model/terms/term.js": "terms_of_numbers",
        "model/text.js": "text core",
        "model/trace.js": "core gates",
        "model/unit_search.js": "units",
        "model/welch.js": "study",
    },
    "learning": {
        "learning/comparison.js": "learner",
        "learning/learner.js": "learner",
        "learning/optimizers.js": "learner",
        "learning/own_text.js": "text",
        "learning/places.js": "learner",
        "learning/reporter.js": "learner",
        "learning/training_run.js": "learner",
        "learning/windows.js": "learner",
    },
}
JS = "charlm_lib/widgets/js/"


def files(rooms: list[str]) -> dict[str, list[str]]:
    """Give the files of some rooms, each with the places of its tests."""
    found = {}
    for room in rooms:
        for name, tests in ROOMS[room].items():
            if name.endswith(".js"):
                found[JS + name] = [f"tests/widgets/test_{it}.py" for it in tests.split()]
            else:
                found[name] = [f"tests/{it}" for it in tests.split()]
    return found


def room_of(file: str) -> str:
    """Name the room of a file."""
    return next(room for room in ROOMS if file in files([room]))
