"""Where the page trains, run in Node: what is told when, and what run, pause and step do."""

from tests.widgets.test_learner import START, TEXT, settings

SMALL = {"settings": settings(hiddens=4, numSteps=4), "text": TEXT}
TOLD = """
    const told = [];
    const tell = (report) => told.push(report);
    const job = { ...input, tokens };
    const short = ({ points, trail, frames, updates, seconds, problem }) => ({
      points: points.map((point) => point.updates),
      trail: trail.map(([count]) => count),
      frames: frames.map((frame) => frame.updates),
      updates, seconds, problem,
    });
"""
# A Worker that serves in this thread, and what the page asks the browser for it.
WORKER = """
    const { InWorker, serveWorker } = await load("learning/places.js");
    const made = [];
    const revoked = [];
    URL.createObjectURL = (blob) => `blob:${blob.type}`;
    URL.revokeObjectURL = (url) => revoked.push(url);
    globalThis.Worker = class {
      constructor(url, options) {
        made.push(this);
        Object.assign(this, { url, options, ended: false });
        this.scope = { postMessage: (data) => this.onmessage({ data }) };
        serveWorker(this.scope);
      }
      postMessage(data) { this.scope.onmessage({ data }); }
      terminate() { this.ended = true; }
    };
    const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
"""


def test_a_report_has_what_is_new_and_none_comes_too_soon(run_node):
    program = (
        START
        + TOLD
        + """
    const { Reporter } = await load("learning/reporter.js");
    let clock = 0; // milliseconds
    performance.now = () => clock;
    const reporter = new Reporter(job, tell);
    const work = () => reporter.timed(() => { reporter.learner.step(); clock += 50; });
    work();
    clock = 0;
    reporter.tell(false); // the first comes at once
    clock = 60;
    work();
    clock = 149;
    reporter.tell(false);
    const early = told.length;
    clock = 150;
    reporter.tell(false);
    reporter.tell(false);
    reporter.tell(true);
    reporter.learner.problem = "it broke";
    reporter.tell(false);
    give({ early, told: told.map(short) });
    """
    )
    found = run_node(program, **SMALL)
    one = {"points": [0, 1], "trail": [1], "frames": [0, 1], "updates": 1, "seconds": 0.05}
    two = {"points": [2], "trail": [2], "frames": [2], "updates": 2, "seconds": 0.1}
    nothing = two | {"points": [], "trail": [], "frames": []}
    expected = [r | {"problem": ""} for r in (one, two, nothing)]
    assert found == {"early": 1, "told": [*expected, nothing | {"problem": "it broke"}]}


def test_updates_are_judged_together_and_once(run_node):
    program = """
    const { Judge } = await load("learning/judge.js");
    const judge = new Judge(28);
    const judged = (nll, validation) => {
      nll.forEach((one) => judge.note(one));
      return judge.verdict(validation);
    };
    const far = Math.log(281);
    give([
      judged([11, 12], 5000), judged([], 1e9), judged([far - 3, far + 3], 281),
      judged([far - 3.01, far + 3], 281), judged([far], 279), judged([10, 1], 5000),
    ]);
    """
    two, nothing, mean, *rest = run_node(program)
    words = (
        "Over the last 2 updates it predicted its own text, and after them the validation text, "
    )
    assert two == mean == words + "more than 10 times worse than guessing evenly."
    assert [nothing, *rest] == [""] * 4


def test_a_worker_steps_runs_pauses_and_is_tuned(run_node):
    program = (
        START
        + TOLD
        + WORKER
        + """
    const refusals = [];
    const place = new InWorker("source", job, tell, (message) => refusals.push(message));
    const [worker] = made;
    place.step();
    place.tune({ learningRate: 3 });
    place.step();
    const steps = told.map(short).map(({ points, updates }) => [points, updates]);
    const { changes } = told.at(-1);
    place.run();
    while (told.at(-1).updates < 4) await wait(5);
    place.pause();
    const { updates } = told.at(-1);
    const count = told.length;
    await wait(60);
    const after = told.length - count;
    place.run();
    while (told.at(-1).updates <= updates) await wait(5);
    place.pause();
    worker.onerror({ message: "blocked" });
    worker.onerror({});
    place.stop();
    const { url, options, ended } = worker;
    give({ steps, changes, after, refusals, url, options, ended, revoked });
    """
    )
    found = run_node(program, **SMALL)
    assert found["steps"] == [[[0, 1], 1], [[2], 2]]
    assert found["changes"] == [{"updates": 1, "learningRate": 3}]
    assert found["after"] == 0
    assert found["refusals"] == ["blocked", ""] and found["ended"]
    assert found["url"] == "blob:text/javascript" and found["options"] == {"type": "module"}
    assert set(found["revoked"]) == {found["url"]} and len(found["revoked"]) >= 5


KERNEL = (
    START
    + TOLD
    + """
    const asked = [];
    const kernelOf = () => new InKernel((content) => asked.push(content), job, tell);
    const kernel = kernelOf();
    const vectors = kernel.reporter.learner.vectors;
    const view = (vector) => new DataView(Float32Array.from(vector).buffer);
    const answer = (place, content) => {
      const { id } = asked.at(-1);
      place.receive({ id, nll: [], norms: [], ...content }, vectors.map(view));
    };
    const counts = () => asked.map(({ starts }) => starts.length);
"""
)


def test_the_kernel_is_asked_for_what_is_to_be_done_and_no_more(run_node):
    program = (
        KERNEL
        + """
    kernel.ask();
    const idle = asked.length;
    kernel.step();
    answer(kernel, { nll: [3], norms: [1] });
    const one = counts();
    kernel.run();
    answer(kernel, { nll: Array(19).fill(3), norms: Array(19).fill(1) });
    const two = counts();
    kernel.pause();
    const paused = short(told.at(-1)).updates;
    answer(kernel, { nll: Array(20).fill(3), norms: Array(20).fill(1) });
    kernel.receive({ id: "", nll: [3], norms: [1] }, vectors.map(view));
    give({ idle, one, two, paused, all: counts(), last: short(told.at(-1)) });
    """
    )
    found = run_node(program, **SMALL)
    assert found["idle"] == 0 and found["one"] == [1]
    assert found["two"] == found["all"] == [1, 19, 20]  # up to each point of the curve
    assert found["paused"] == 20 and found["last"]["updates"] == 40
    assert found["last"]["points"] == [40]


def test_what_the_kernel_cannot_do_ends_the_run(run_node):
    program = (
        KERNEL
        + """
    kernel.run();
    answer(kernel, { nll: [3, null], norms: [1, null] });
    const infinite = told.at(-1);
    const other = kernelOf();
    other.run();
    answer(other, { error: "it is full" });
    const ends = [infinite, told.at(-1)].map((it) => [it.updates, it.exploded, it.problem]);
    give({ ends, asked: asked.length });
    """
    )
    found = run_node(program, **SMALL)
    infinite, error = found["ends"]
    assert infinite == [2, True, "The numbers of update 2 are no longer finite."]
    assert error == [0, False, "The kernel could not train: it is full"]
    assert found["asked"] == 2


RUN = (
    START
    + TOLD
    + WORKER
    + """
    const { TrainingRun } = await load("learning/training_run.js");
    const page = { get: (name) => name };
    const runOf = () => new TrainingRun("A", input.settings, { ...job, title: "it" });
    const stateOf = ({ placeName, updates, seconds, problem, hasBegun, points, film }) => ({
      placeName, updates, seconds, problem, hasBegun,
      points: points.map((point) => point.updates), film: [...film.updates],
    });
    let changes = 0;
    const changed = () => { changes += 1; };
"""
)


def test_a_run_knows_what_its_place_reported(run_node):
    program = (
        RUN
        + """
    const run = runOf();
    const states = [stateOf(run)];
    run.begin("worker", page, changed);
    const { place } = run;
    run.begin("slices", page, changed); // it has a place already
    states.push(stateOf(run));
    run.step();
    states.push(stateOf(run));
    made[0].onerror({ message: "gone" });
    states.push(stateOf(run));
    const other = runOf();
    other.begin("worker", page, changed);
    other.running = true;
    other.stop();
    const stopped = made[1].ended && !other.running;
    give({ states, changes, same: run.place === place, stopped });
    """
    )
    found = run_node(program, **SMALL)
    states = found["states"]
    seconds = [state.pop("seconds") for state in states]
    new = {"placeName": "", "updates": 0, "problem": "", "hasBegun": False}
    new |= {"points": [], "film": []}
    stepped = {"placeName": "worker", "updates": 1, "hasBegun": True}
    stepped |= {"points": [0, 1], "film": [1], "problem": ""}
    failed = stepped | {"problem": "The Worker of this page failed: gone"}
    assert states == [new, new | {"placeName": "worker"}, stepped, failed]
    assert seconds[:2] == [0, 0] and 0 < seconds[2] < 60
    assert found["changes"] == 2 and found["same"] and found["stopped"]


def test_a_refused_worker_is_replaced_at_once_or_later(run_node):
    program = (
        RUN
        + """
    const late = runOf();
    const Silent = class extends Worker { postMessage() {} };
    globalThis.Worker = Silent;
    late.begin("worker", page, changed);
    late.step();
    const before = stateOf(late);
    made[0].onerror({ message: "" }); // it never started
    globalThis.Worker = class { constructor() { throw new Error("forbidden"); } };
    const atOnce = runOf();
    atOnce.begin("worker", page, changed);
    const { Comparison } = await load("learning/comparison.js");
    const comparison = new Comparison();
    comparison.add(input.settings, { ...job, title: "it" });
    comparison.receive({ id: "x", nll: [], norms: [] }, []); // no run is in the kernel
    give({ states: [before, late, atOnce].map((it) => (it.place ? stateOf(it) : it)) });
    """
    )
    before, late, at_once = run_node(program, **SMALL)["states"]
    assert before["placeName"] == "worker" and before["points"] == []
    assert late["placeName"] == "slices" and late["points"] == [0, 1] and not late["problem"]
    assert at_once["placeName"] == "slices" and not at_once["hasBegun"]
