// Python in a worker of its own: one for the visit, started once, ended and started again when a run does not end.
const LIMIT = 5000; // milliseconds that a run may take to its next reply
const here = new URL(".", import.meta.url);

let texts; // the worker's script and what runs in it, kept: a restart works without a network
let worker;
let ready;
let stands = []; // stand-ins and bundles that the running worker has
let watchers = new Set();
let unasked = false; // Python starts again by itself: what was said of the run that was ended stays
let current;

/** Called with {state, done, all, text} whenever there is something to tell about the loading. */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
const tell = (news) => watchers.forEach((watcher) => watcher(news));

async function text(name) {
  const reply = await fetch(new URL(name, here));
  if (!reply.ok) throw new Error(`${name}: ${reply.status}`);
  return reply.text();
}

export function load(build) {
  texts ??= Promise.all(["worker.js", "inside.json"].map(text)).catch((error) => {
    texts = undefined;
    throw error;
  });
  ready ??= texts.then(([script, inside]) => boot(script, JSON.parse(inside), new URL(`${build}/`, here).href));
  return ready.catch((error) => {
    stop();
    throw error;
  });
}

function boot(script, inside, from) {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  worker = new Worker(address, { type: "module" });
  globalThis.playgroundBoots = (globalThis.playgroundBoots ?? 0) + 1; // the tests count them
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message || "the worker could not be started"));
    worker.onmessage = ({ data }) => {
      if (data.type === "progress") unasked || tell({ state: "loading", ...data });
      else if (data.type === "ready") resolve(tell({ state: "ready" }));
      else if (data.type === "failed") reject(new Error(data.text));
      else current?.hear(data);
    };
    worker.postMessage({ type: "boot", inside, from });
  });
}

function stop() {
  worker?.terminate();
  worker = ready = undefined;
  stands = [];
}

let queue = Promise.resolve();

/**
 * Run a job; each reply goes to `report` as it comes. Runs wait for one another. Rejects where the run was ended.
 * `started` is called when all that the job needs is loaded.
 */
export function run(build, job, report, started = () => {}) {
  const next = queue.then(() => runNow(build, job, report, started));
  queue = next.catch(() => {});
  return next;
}

/** Have all that a job needs loaded. */
async function stand(build, job) {
  unasked = false;
  await load(build);
  const missing = job.needs.filter((need) => !stands.includes(need));
  if (missing.length) {
    await ask({ type: "add", needs: missing }, () => {}, 120_000);
    stands.push(...missing);
  }
}

async function runNow(build, job, report, started) {
  await stand(build, job);
  started();
  await ask({ type: "run", job: JSON.stringify(job), once: "expect" in job }, (line) => report(JSON.parse(line)), LIMIT, build);
}

function ask(message, report, limit, build) {
  return new Promise((resolve, reject) => {
    let clock;
    const wind = () => {
      clearTimeout(clock);
      clock = setTimeout(tooLong, limit);
    };
    const tooLong = () => {
      current = undefined;
      stop();
      reject(new Error(`Ended after ${limit / 1000} seconds without a reply: a loop without an end? Python starts again.`));
      unasked = true;
      if (build) load(build).catch(() => {}); // the next run need not wait for all of it
    };
    const end = (finish) => {
      clearTimeout(clock);
      current = undefined;
      finish();
    };
    current = {
      hear(data) {
        wind();
        if (data.type === "reply") report(data.line);
        else if (data.type === "done") end(resolve);
        else if (data.type === "error") end(() => reject(new Error(data.text)));
      },
    };
    wind();
    worker.postMessage(message);
  });
}

/** Have the app of a job imported before its run is asked for; nothing happens where Python is not ready for it. */
export function prepare(job) {
  if (!worker || current || !job.needs.every((need) => stands.includes(need))) return;
  worker.postMessage({ type: "prepare", job: JSON.stringify(job) });
}

/** How many bytes the running Python holds; for the tests. */
export const memory = () =>
  new Promise((resolve) => {
    current = { hear: (data) => data.type === "memory" && (resolve(data.bytes), (current = undefined)) };
    worker.postMessage({ type: "memory" });
  });
