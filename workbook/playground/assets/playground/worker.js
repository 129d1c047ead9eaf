// Python, in a thread of the browser's own. Made from a text that the page holds, so it imports nothing by name.
const CACHE = "workbook-playground-";
const BUNDLES = { fastapi: 0, database: 0, passwords: 0, tests: 0 };
const MOST_BEFORE_TIDYING = 10;
const IDLE = 200; // milliseconds without a run
const SUFFIX = ".zip.txt";
const PACKAGES = "/lib/python3.14/site-packages";
let python;
let session;
let from;
let offline; // what to say where there is no network
let sizes;
let idle; // a clock
let runs = 0;
let done = 0;
let all = 0;

const progress = (text) => postMessage({ type: "progress", done, all, text });

async function kept() {
  try {
    const name = CACHE + from.split("/").at(-2);
    for (const other of await caches.keys()) {
      if (other.startsWith(CACHE) && other !== name) await caches.delete(other);
    }
    return await caches.open(name);
  } catch {
    return undefined; // no storage here: the browser's ordinary cache has to do
  }
}

/** Have files of the build in the cache, while Python does something else. */
async function keep(names) {
  const cache = await kept();
  for (const name of cache ? names : []) {
    if (!(await cache.match(from + name))) await cache.add(from + name).catch(() => {}); // offline: then it's missing
  }
  postMessage({ type: "kept" });
}

/** The bytes of a file of the build; a second visit, and one without a network, has them already. */
async function bytes(cache, name) {
  const address = from + name;
  let reply = await cache?.match(address).catch(() => undefined);
  if (!reply) {
    reply = await fetch(address).catch(() => Promise.reject(new Error(offline)));
    if (!reply.ok) throw new Error(`${name}: ${reply.status}`);
    await cache?.put(address, reply.clone()).catch(() => {}); // a full disk is no reason to stop
  }
  const parts = [];
  for (const reader = reply.body.getReader(); ; ) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    parts.push(value);
    done += value.length;
    progress("Loading");
  }
  return new Blob(parts);
}

const module = async (blob) => {
  const address = URL.createObjectURL(new Blob([blob], { type: "text/javascript" }));
  return import(address).finally(() => URL.revokeObjectURL(address));
};

async function boot({ inside, from: build, offline: said }) {
  from = build;
  offline = said;
  const cache = await kept();
  const manifest = JSON.parse(await (await bytes(cache, "manifest.json")).text());
  sizes = manifest.files;
  const names = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", `python${SUFFIX}`, `fastapi${SUFFIX}`];
  done = 0;
  all = names.reduce((sum, name) => sum + sizes[name].bytes, 0);
  const [loader, glue, wasm, library, packages] = names.map((name) => bytes(cache, name));
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([loader.then(module), glue.then(module)]);
  const fetched = globalThis.fetch;
  globalThis.fetch = async (address, ...more) => {
    const name = String(address).split("/").at(-1);
    const blob = { "pyodide.asm.wasm": wasm, [`python${SUFFIX}`]: library }[name];
    if (!blob) return fetched(address, ...more);
    const type = name.endsWith(".wasm") ? "application/wasm" : "application/zip";
    return new Response(await blob, { headers: { "Content-Type": type } });
  };
  python = await loadPyodide({
    indexURL: from,
    stdLibURL: `${from}python${SUFFIX}`,
    lockFileContents: { info: { abi_version: "2026_0", arch: "wasm32", platform: "", python: "3.14.2", version: "" }, packages: {} },
    packageBaseUrl: from,
    createPyodideModule,
    stdout: () => {},
    stderr: () => {},
  });
  globalThis.fetch = fetched;
  await unpack(packages);
  done = all;
  progress("Starting FastAPI");
  write(Object.fromEntries(Object.entries(inside).map(([name, text]) => [`playground_inside/${name}`, text])));
  session = python.pyimport("playground_inside.session");
  session.warm_up();
  postMessage({ type: "ready" });
}

async function unpack(blob) {
  python.unpackArchive(new Uint8Array(await (await blob).arrayBuffer()), "zip", { extractDir: PACKAGES });
}

function write(modules) {
  for (const [name, text] of Object.entries(modules)) {
    python.FS.mkdirTree(`${PACKAGES}/${name}`.replace(/\/[^/]*$/, ""));
    python.FS.writeFile(`${PACKAGES}/${name}`, text);
  }
}

async function add({ needs, modules }) {
  const cache = await kept();
  const bundles = needs.filter((need) => need in BUNDLES);
  done = 0;
  all = bundles.reduce((sum, name) => sum + sizes[name + SUFFIX].bytes, 0);
  await Promise.all(bundles.map((name) => unpack(bytes(cache, name + SUFFIX))));
  write(modules);
  progress("Starting");
  await session.install(needs);
}

const prepare = ({ job }) => session.prepare(job);

async function run({ job, once }) {
  clearTimeout(idle);
  await session.run_job(job, (line) => postMessage({ type: "reply", line }));
  if (++runs % MOST_BEFORE_TIDYING === 0) session.tidy();
  else idle = setTimeout(() => inTurn(() => rest(once ? undefined : job)), IDLE);
}

async function test({ job }) {
  clearTimeout(idle);
  await session.test_job(job, (line) => postMessage({ type: "reply", line }));
  idle = setTimeout(() => inTurn(() => rest()), IDLE);
}

async function cell({ job }) {
  clearTimeout(idle);
  await session.cell_job(job, (line) => postMessage({ type: "reply", line }));
}

const hand = ({ job }) => postMessage({ type: "reply", line: session.hand(job) });

/** Nobody waits: free what the run left, and import the same app for the next run. */
async function rest(job) {
  session.tidy();
  if (job) await session.prepare(job);
}

let queue = Promise.resolve();
const inTurn = (work) => (queue = queue.then(work));

// os._exit ends Python itself, and comes out of no call.
addEventListener("unhandledrejection", ({ reason }) => reason?.name === "Exit" && postMessage({ type: "gone" }));

onmessage = ({ data }) => (data.type === "keep" ? keep(data.names) : inTurn(() => answer(data)));

async function answer(data) {
  if (data.type === "boot") {
    await boot(data).catch((error) => postMessage({ type: "failed", text: String(error.message ?? error) }));
    return;
  }
  if (data.type === "memory") {
    postMessage({ type: "memory", bytes: python._module.HEAPU8.length });
    return;
  }
  try {
    await { add, cell, hand, prepare, run, test }[data.type](data);
    postMessage({ type: "done" });
  } catch (error) {
    postMessage({ type: "error", text: String(error.message ?? error) });
  }
}
