// Python in a worker of its own: one for the visit, started once, ended and started again when a run does not end.
const LIMIT = 5000; // milliseconds that a run may take to its next reply
const TEST_LIMIT = 10_000; // the same for a test, which may do more between two signs of life
const START_LIMIT = 30_000; // until an app that a test starts is imported, as on a machine
const OFFLINE = "A file couldn't be fetched. Are you offline? Try again when you're back.";
const here = new URL(".", import.meta.url);

let texts; // the worker's script and what runs in it, kept: a restart works without a network
let modules; // what runs tests, kept like them
let worker;
let ready;
let up = false; // it has started
let from; // the folder of the build
let stands = []; // stand-ins and bundles that the running worker has
let watchers = new Set();
let unasked = false; // Python starts again by itself: what was said of the run that was ended stays
let current; // who hears what the worker says
let ahead; // an app is being imported before its run is asked for
let stuck = ""; // that one did not come to an end
let keptAhead; // called when the bundle of the tests has come

/** Called with {state, done, all, text} whenever there is something to tell about the loading. */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
const tell = (news) => watchers.forEach((watcher) => watcher(news));

const early = new Map(); // files that were fetched while the reader was online

/** A file of the playground. */
export async function fetched(name) {
  if (early.has(name)) return new Response(early.get(name));
  const reply = await fetch(new URL(name, here)).catch(() => Promise.reject(new Error(OFFLINE)));
  if (!reply.ok) throw new Error(`${name}: ${reply.status}`);
  return reply;
}
const text = async (name) => (await fetched(name)).text();

/** Fetch files of the playground, and the bundle of the tests, before anyone asks for them. */
export async function fetchAhead(names) {
  const bundled = new Promise((kept) => (keptAhead = kept));
  worker?.postMessage({ type: "keep", names: ["tests.zip.txt"] });
  await Promise.all(["testing.json", ...names].map(async (name) => early.set(name, await text(name))));
  await bundled;
}

function begin() {
  texts ??= Promise.all(["worker.js", "inside.json"].map(text)).catch((error) => {
    texts = undefined;
    throw error;
  });
  ready ??= texts.then(([script, inside]) => boot(script, JSON.parse(inside)));
  return ready.catch((error) => {
    stop();
    throw error;
  });
}

function boot(script, inside) {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  worker = new Worker(address, { type: "module" });
  globalThis.playgroundBoots = (globalThis.playgroundBoots ?? 0) + 1; // the tests count them
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message || "the worker couldn't start"));
    worker.onmessage = ({ data }) => {
      if (data.type === "progress") unasked || tell({ state: "loading", ...data });
      else if (data.type === "ready") {
        up = true;
        resolve(tell({ state: "ready" }));
      }
      else if (data.type === "kept") keptAhead?.();
      else if (data.type === "failed") reject(new Error(data.text));
      else current?.hear(data);
    };
    worker.postMessage({ type: "boot", inside, from, offline: OFFLINE });
  });
}

function stop() {
  worker?.terminate();
  worker = ready = current = undefined;
  up = false;
  stands = [];
}

/** End the Python that runs, and start another: the next run need not wait for all of it. */
function restart() {
  stop();
  unasked = true;
  begin().catch(() => {});
}

let queue = Promise.resolve();

function inTurn(work) {
  const next = queue.then(() => ahead).then(work);
  queue = next.catch(() => {});
  return next;
}

/** Have Python, and all that an example needs, loaded. */
export const load = (build, needs) => inTurn(() => stand(build, needs));

/**
 * Run a job; each reply goes to `report` as it comes. Runs wait for one another. Rejects where the run was ended.
 * `started` is called when all that the job needs is loaded. `signal` stops it: Python starts again if it was busy.
 */
export const run = (build, job, report, started = () => {}, signal = undefined) =>
  unlessStopped(inTurn(() => runNow(build, job, report, started, signal)), signal);

function unlessStopped(done, signal) {
  if (!signal) return done;
  const stopped = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  return Promise.race([done, stopped]);
}

/**
 * Run the tests of a job: its files, and which of them are tests. Each event goes to `report`.
 * `started` is called when all that they need is loaded.
 */
export const test = (build, job, report, started = () => {}, signal = undefined) =>
  unlessStopped(inTurn(() => testNow(build, job, report, started, signal)), signal);

async function testNow(build, job, report, started, signal) {
  signal?.throwIfAborted();
  await stand(build, [...job.needs, "tests"]);
  signal?.throwIfAborted();
  started();
  let at = "";
  let starting = false;
  const hear = (line) => {
    const told = JSON.parse(line);
    if (told.event === "begun") at = told.test;
    starting = told.event === "starting";
    report(told);
  };
  // Before the first test they are collected, which is our work, and not the reader's app.
  const limit = () => (!at ? 60_000 : starting ? START_LIMIT : TEST_LIMIT);
  const late = () => `Ended after ${(starting ? START_LIMIT : TEST_LIMIT) / 1000} seconds without a sign of life, in ${at.split("::").at(-1)}. A loop without an end, or a long wait? Python starts again.`;
  await ask({ type: "test", job: JSON.stringify(job) }, { hear, limit, late, signal });
}

/** Run a cell of a notebook: its code, and the files that it's among. Resolves to what it printed and returned. */
export const cell = (build, job, signal) => unlessStopped(inTurn(() => cellNow(build, job, signal)), signal);

async function cellNow(build, job, signal) {
  signal?.throwIfAborted();
  await stand(build, [...job.needs, "tests"]);
  signal?.throwIfAborted();
  let told;
  const hear = (line) => (told = JSON.parse(line));
  const limit = () => (told?.event === "starting" ? START_LIMIT : TEST_LIMIT);
  const late = () => `Ended after ${limit() / 1000} seconds without a sign of life. Python starts again: run the cells from the top.`;
  await ask({ type: "cell", job: JSON.stringify(job) }, { hear, limit, late, signal });
  return told;
}

/** Make a zip of a project's files, or read one: Python's own answer. */
export const hand = (build, job) => inTurn(async () => {
  await stand(build, ["tests"]);
  let answer;
  const hear = (line) => (answer = JSON.parse(line));
  await ask({ type: "hand", job: JSON.stringify(job) }, { hear, limit: () => 60_000, late: () => "The zip took longer than a minute." });
  return answer;
});

async function stand(build, needs) {
  unasked = false;
  from = new URL(`${build}/`, here).href;
  await begin();
  const missing = needs.filter((need) => !stands.includes(need));
  if (!missing.length) return;
  if (stands.includes("tests")) {
    stop(); // packages that come after tests have run would find what those left
    return stand(build, needs);
  }
  if (missing.includes("tests")) {
    modules ??= await text("testing.json").then(JSON.parse);
  }
  await ask({ type: "add", needs: missing, modules: missing.includes("tests") ? modules : {} }, { limit: () => 120_000, late: () => "Loading took longer than two minutes." });
  stands.push(...missing);
  tell({ state: "ready" });
}

async function runNow(build, job, report, started, signal) {
  signal?.throwIfAborted();
  if (stuck === code(job)) {
    stuck = ""; // who presses once more is believed
    throw new Error(noReply(""));
  }
  stuck = "";
  await stand(build, job.needs);
  signal?.throwIfAborted();
  started();
  let asking = "";
  const hear = (line) => {
    const told = JSON.parse(line);
    if ("asking" in told) asking = told.asking;
    else report(told);
  };
  await ask({ type: "run", job: JSON.stringify(job), once: "expect" in job }, { hear, late: () => noReply(asking), signal });
}

const code = ({ files, env }) => JSON.stringify([files, env]);

function noReply(asking) {
  const what = asking ? `${asking} got no response` : "the app did not start";
  return `Ended after ${LIMIT / 1000} seconds: ${what}. A loop without an end, or a long wait? Python starts again.`;
}

/** Ask the worker something; where it does not answer in time, is stopped or has ended, Python starts again. */
function ask(message, { hear = () => {}, limit = () => LIMIT, late, signal }) {
  return new Promise((resolve, reject) => {
    let clock;
    const wind = () => {
      clearTimeout(clock);
      clock = setTimeout(() => {
        restart();
        reject(new Error(late()));
      }, limit());
    };
    const end = (finish) => {
      clearTimeout(clock);
      current = undefined;
      finish();
    };
    current = {
      hear(data) {
        if (data.type === "reply") {
          hear(data.line);
          wind();
        } else if (data.type === "done") end(resolve);
        else if (data.type === "error") end(() => reject(new Error(data.text)));
        else if (data.type === "gone") {
          end(restart);
          reject(new Error("Your code has ended Python itself, as os._exit does. Python starts again."));
        }
      },
    };
    const asked = current;
    signal?.addEventListener("abort", () => {
      if (current !== asked) return;
      end(restart);
      reject(signal.reason);
    });
    wind();
    worker.postMessage(message);
  });
}

/** Have the app of a job imported before its run is asked for; nothing happens where Python is not ready for it. */
export function prepare(job) {
  if (!up || current || ahead || !job.needs.every((need) => stands.includes(need))) return;
  ahead = ask({ type: "prepare", job: JSON.stringify(job) }, { late: () => "" })
    .catch((error) => {
      if (!error.message) stuck = code(job);
    })
    .finally(() => (ahead = undefined));
}

/** How many bytes the running Python holds; for the tests. */
export const memory = () =>
  new Promise((resolve) => {
    current = { hear: (data) => data.type === "memory" && (resolve(data.bytes), (current = undefined)) };
    worker.postMessage({ type: "memory" });
  });
