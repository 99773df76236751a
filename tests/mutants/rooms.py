"""Which files mistakes are put into, and the tests that belong to each, quick ones first."""

ROOMS = {
    "core": {
        "charlm_lib/losses.py": "core/any_numbers core/losses",
        "charlm_lib/comparison.py": "core/comparison",
        "charlm_lib/checks.py": "core/models texts/data",
        "charlm_lib/layers/scratch.py": "core/models",
        "charlm_lib/layers/concise.py": "core/models",
        "charlm_lib/language_model.py": "core/models",
        "charlm_lib/cells.py": "core/cells runs/own_models",
        "charlm_lib/layers/linear_recurrence.py": "core/linear_recurrence",
        "charlm_lib/layers/attention.py": "core/attention",
        "charlm_lib/layers/residual.py": "core/residual",
        "charlm_lib/own_text.py": "core/own_text",
        "charlm_lib/evaluation.py": "core/evaluation",
        "charlm_lib/ngram.py": "core/ngram",
        "charlm_lib/sampling.py": "core/any_numbers core/sampling",
        "charlm_lib/export.py": "widgets/export",
        "charlm_lib/texts/cleaning.py": "texts/any_text texts/corpus",
        "charlm_lib/texts/corpus.py": "texts/corpus",
        "charlm_lib/texts/files.py": "texts/corpus",
        "charlm_lib/texts/vocabulary.py": "texts/any_text texts/data",
        "charlm_lib/texts/data.py": "texts/any_text texts/data",
        "charlm_lib/runs/checkpoints.py": "runs/going_on",
        "charlm_lib/runs/files.py": "runs/results",
        "charlm_lib/runs/going_on.py": "runs/going_on",
        "charlm_lib/runs/judging.py": "runs/training runs/short_runs runs/going_on runs/own_models",
        "charlm_lib/runs/keeping.py": "runs/results runs/going_on",
        "charlm_lib/runs/log.py": "runs/kept_apart runs/training runs/going_on",
        "charlm_lib/runs/results.py": "runs/kept_apart runs/results runs/short_runs",
        "charlm_lib/runs/training.py": "runs/training runs/going_on",
    },
    "engine": {
        "charlm_lib/engine/batches.py": "engine/branches engine/devices texts/data",
        "charlm_lib/engine/compiling.py": "engine/devices engine/configurations",
        "charlm_lib/engine/devices.py": "engine/devices engine/configurations",
        "charlm_lib/engine/epochs.py": (
            "engine/branches runs/own_models engine/devices runs/training"
        ),
        "charlm_lib/engine/fingerprint.py": "engine/fingerprint runs/results",
        "charlm_lib/engine/fused.py": "engine/fused engine/twins",
        "charlm_lib/engine/lstm_recurrence.py": "engine/fused",
        "charlm_lib/engine/optimizers.py": "engine/branches runs/going_on runs/training",
        "charlm_lib/engine/parameters.py": "engine/parameters",
        "charlm_lib/engine/probing.py": "runs/own_models",
        "charlm_lib/engine/products.py": "engine/branches engine/fused",
        "charlm_lib/engine/programs.py": "runs/going_on",
        "charlm_lib/engine/recurrences.py": "engine/fused",
        "charlm_lib/engine/running.py": "engine/streams runs/training runs/going_on",
        "charlm_lib/engine/settings.py": "engine/configurations",
        "charlm_lib/engine/short_runs.py": "runs/short_runs",
        "charlm_lib/engine/source.py": "engine/source",
        "charlm_lib/engine/stopping.py": "runs/training",
        "charlm_lib/engine/streams.py": "engine/branches engine/streams runs/own_models",
        "charlm_lib/engine/twins.py": "engine/twins runs/results",
    },
    "model": {
        "model/backward.js": "core",
        "model/cells/activations.js": "core gates",
        "model/cells/cells.js": "page_numbers core export",
        "model/cells/gru.js": "core",
        "model/cells/lstm.js": "core",
        "model/cells/tanh.js": "core",
        "model/correlation.js": "any_case influence units",
        "model/gates.js": "gates",
        "model/influence.js": "influence",
        "model/jacobians.js": "jacobians",
        "model/loss.js": "any_case core learner",
        "model/network.js": "core",
        "model/parameters.js": "core learner",
        "model/random.js": "core units",
        "model/sampling.js": "page_numbers any_case core",
        "model/sketch.js": "sketch",
        "model/softmax.js": "any_case core",
        "model/study.js": "study",
        "model/terms/gradients.js": "terms_of_numbers",
        "model/terms/passage.js": "terms_of_numbers",
        "model/terms/term.js": "terms_of_numbers",
        "model/text.js": "any_case text core",
        "model/trace.js": "core gates",
        "model/unit_search.js": "units",
        "model/welch.js": "any_case study",
    },
    "learning": {
        "learning/comparison.js": "places learner",
        "learning/film.js": "film",
        "learning/judge.js": "places learner",
        "learning/learner.js": "learner",
        "learning/optimizers.js": "any_case learner",
        "learning/own_text.js": "text",
        "learning/places.js": "places learner film",
        "learning/reel.js": "film learner",
        "learning/reporter.js": "places learner",
        "learning/screen.js": "film learner",
        "learning/training_run.js": "places film",
        "learning/windows.js": "any_case learner",
    },
}
JS = "charlm_lib/widgets/js/"


def files(rooms: list[str]) -> dict[str, list[str]]:
    """Give the files of some rooms, each with the places of its tests."""
    found = {}
    for chosen in rooms:
        for name, tests in ROOMS[chosen].items():
            if name.endswith(".js"):
                found[JS + name] = [f"tests/widgets/test_{it}.py" for it in tests.split()]
            else:
                places = (it.rsplit("/", 1) for it in tests.split())
                found[name] = [f"tests/{room}/test_{file}.py" for room, file in places]
    return found


def room_of(file: str) -> str:
    """Name the room of a file."""
    return next(room for room in ROOMS if file in files([room]))
