// The opened playground: the stage's files, its requests, and what came back.
import { breaking } from "./breaking.js";
import { check } from "./checking.js";
import { draft, forget, keep } from "./drafts.js";
import { field, loadEditor } from "./editor.js";
import { newFile } from "./files.js";
import { keepForLater } from "./later.js";
import { fetched, load, prepare, run, watch } from "./python.js";
import { element, place, problem, raised, reply, style } from "./replies.js";
import { tasks } from "./tasks.js";
import { Working } from "./working.js";

const REQUESTS_HINT =
  "POST /posts, headers in the lines below it, an empty line, the body; ### begins the next request. " +
  "{{id}} is that field of an earlier response; in a form, file=@picture.png sends a file.";
const KEYS_HINT = "Ctrl and Enter run it. Tab indents; Escape and then Tab leaves the field.";
const SEARCH_HINT = "Ctrl and F searches in it, Ctrl and Z takes back.";
const BY_TOUCH = "(hover: none) and (pointer: coarse)"; // a phone: it has no such keys
const LONGEST = 160; // characters of an error in the bar

let examples;

const read = async () => (await fetched("examples.json")).json();

export async function open(host, name, build) {
  examples ??= read().catch((error) => {
    examples = undefined;
    throw error;
  });
  const [{ [name]: example }, cm] = await Promise.all([examples, loadEditor(build), style()]);
  const panel = new Panel(host, name, example, build, cm);
  panel.begin();
  return panel;
}

const replied = (count) => (count === 1 ? "one response" : `${count} responses`);

export class Panel {
  constructor(host, key, example, build, cm) {
    Object.assign(this, { host, key, example, build, turn: 0, marks: {}, files: { ...example.files } });
    this.names = Object.keys(example.files);
    const keys = matchMedia(BY_TOUCH).matches ? [] : [KEYS_HINT, ...(cm ? [SEARCH_HINT] : [])];
    this.code = field(cm, this.names[0], [...keys, this.stays].join(" "), "python");
    this.requests = field(cm, "Requests", REQUESTS_HINT, "requests");
    this.status = element("p", "", "pg-said");
    this.status.setAttribute("role", "status");
    this.bar = element("progress");
    this.bar.setAttribute("aria-label", "Loading");
    this.results = element("ol", "", "pg-replies");
    this.runs = this.button("Run", () => this.run());
    // Whoever points at the button will press it: by then the app is imported.
    for (const sign of ["pointerenter", "focus"]) this.runs.addEventListener(sign, () => this.running || prepare(this.job()));
    const buttons = element("div", "", "pg-buttons");
    this.working = new Working(this.button("Stop", () => this.working.stop()), this.runs);
    const checks = example.checks.length ? [this.button("Check it", () => this.check())] : [];
    buttons.append(this.runs, this.working.button, ...checks, this.button("Reset", () => this.reset()));
    const notes = example.notes.map((note) => element("p", note, "pg-note"));
    const chooser = this.names.length > 1 ? [this.chooser(), newFile(this)] : [];
    const top = element("div", "", "pg-top");
    top.append(buttons, this.status, this.bar);
    host.append(...notes, top, ...chooser, this.code.box, this.requests.box, this.results);
    if (example.experiments.length) host.append(breaking(this));
    if (example.tasks) top.before(tasks(this));
    host.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.run();
    });
    this.draft = this.kept();
    this.put(this.draft ?? example);
    this.code.area.addEventListener("input", () => {
      this.files[this.name] = this.code.area.value;
      delete this.marks[this.name]; // its lines may be others now
    });
    for (const { area } of [this.code, this.requests]) area.addEventListener("input", () => this.keep());
    this.leave = watch((news) => this.hear(news));
    this.runs.focus({ preventScroll: true });
  }

  async begin() {
    this.wait("Loading Python and FastAPI …");
    // The button that was pressed is gone by the next frame, and on a phone what's above the editor would be, too.
    requestAnimationFrame(() => this.host.getBoundingClientRect().top < 0 && this.host.scrollIntoView({ block: "start" }));
    try {
      await load(this.build, this.example.needs);
      keepForLater(this.example.tasks ? [`tasks/${this.key}.json`] : []);
      if (this.waits && !this.running) this.say(this.draft ? "Python is ready. What you typed here before is back; Reset puts the stage's own text in its place." : "Python is ready.");
    } catch (error) {
      this.say(`Python couldn't start: ${error.message}`);
    }
  }

  /** How long the reader's text is kept. */
  get stays() {
    return "What you type stays until you close the tab.";
  }

  button(text, pressed) {
    const made = element("button", text, "md-button");
    made.type = "button";
    made.addEventListener("click", pressed);
    return made;
  }

  chooser() {
    const label = element("label", "File ");
    this.select = element("select");
    this.select.addEventListener("change", () => this.choose(this.select.value));
    label.append(this.select);
    return label;
  }

  /** The files, folder by folder: a reader may have added some. */
  list() {
    const folders = new Map();
    for (const name of Object.keys(this.files).sort()) {
      const folder = name.slice(0, name.lastIndexOf("/") + 1);
      if (!folders.has(folder)) folders.set(folder, element("optgroup"));
      folders.get(folder).append(new Option(name));
    }
    for (const [folder, group] of folders) group.label = folder || "./";
    this.select?.replaceChildren(...folders.values());
  }

  choose(name) {
    this.name = name;
    this.code.name.textContent = name;
    if (this.select) this.select.value = name;
    this.code.show(this.files[name], 18, name);
    this.code.mark(this.marks[name] ?? []);
  }

  /** Mark a line in which something went wrong. */
  mark(file, line, text) {
    (this.marks[file] ??= []).push({ line, text });
    const shown = { requests: this.requests, [this.name]: this.code }[file];
    shown?.mark(this.marks[file]);
  }

  unmark() {
    this.marks = {};
    for (const one of [this.code, this.requests]) one.mark([]);
  }

  /** What stands in the fields. */
  written() {
    return { files: { ...this.files }, requests: this.requests.area.value };
  }

  put({ files, requests }, file = this.name ?? this.example.first) {
    this.files = { ...files };
    this.list();
    this.choose(file in files ? file : this.example.first);
    this.requests.show(requests, 12);
  }

  kept() {
    return draft(this.key, this.example);
  }

  forget() {
    forget(this.key);
  }

  keep() {
    keep(this.key, this.example, this.written());
  }

  /** Put other texts into the fields, which one press takes back. */
  replace(texts, said, file) {
    const before = this.written();
    this.put(texts, file);
    if (JSON.stringify(before) === JSON.stringify(this.written())) return this.say(said);
    const undo = this.button("Undo", () => {
      this.put(before);
      this.keep();
      this.say("Your text is back.");
      this.code.area.focus({ preventScroll: true });
    });
    undo.className = "pg-place";
    this.say(`${said} `, undo);
  }

  reset() {
    this.end(this.turn); // of a run that goes on nothing is shown any more
    this.turn += 1;
    this.results.replaceChildren();
    this.unmark();
    this.replace(this.example, "Everything is as it was.");
    this.forget();
  }

  say(text, ...more) {
    this.waits = false;
    this.status.replaceChildren(text, ...more);
    this.bar.hidden = true;
  }

  /** Say what goes on: how far the loading is may take its place, which it may not of an answer or its Undo. */
  wait(text) {
    this.say(text);
    this.waits = true;
  }

  hear({ state, done, all, text }) {
    if (state !== "loading") {
      this.bar.hidden = true;
      return;
    }
    this.bar.hidden = !all;
    this.bar.max = all;
    this.bar.value = done;
    const loaded = `${text}: ${(done / 1e6).toFixed(0)} of ${(all / 1e6).toFixed(0)} MB`;
    const words = text === "Loading" ? loaded : `${text} …`;
    if (this.waits && text !== this.told) this.status.textContent = (this.told = text) === "Loading" ? "Loading Python and FastAPI …" : words;
    this.bar.title = words;
  }

  job(more = {}) {
    const { env, needs } = this.example;
    return { env, needs, ...this.written(), ...more };
  }

  goTo(file, line) {
    if (file === "requests") this.requests.goTo(line);
    else if (file in this.files) {
      this.choose(file);
      this.code.goTo(line);
    }
  }

  /** Begin something that one can wait for; its number, or 0 where something else goes on. */
  start(said) {
    if (this.running) return 0;
    this.running = true;
    this.runs.setAttribute("aria-disabled", "true"); // not `disabled`: who pressed it by keyboard keeps the focus
    this.results.replaceChildren();
    this.unmark();
    this.wait(said);
    this.work = this.working.begin();
    return (this.turn += 1);
  }

  end(turn) {
    if (turn !== this.turn) return;
    this.working.end(this.work);
    this.running = false;
    this.runs.removeAttribute("aria-disabled");
  }

  async run() {
    const turn = this.start("Running …");
    if (!turn) return;
    let started = performance.now();
    let failed;
    let replies = 0;
    const report = (told) => {
      if (turn !== this.turn) return;
      if (told.problem) failed = told;
      else this.results.append(reply(told, (...where) => this.goTo(...where)));
      const crash = !told.problem && raised(told);
      if (crash) this.mark(crash.file, crash.line, crash.text);
      replies += !told.problem;
      if (replies === 1 && !failed) this.results.lastChild.scrollIntoView({ block: "nearest" });
    };
    const begun = () => {
      started = performance.now();
      if (turn === this.turn) this.wait("Running …");
    };
    let end;
    try {
      await run(this.build, this.job(), report, begun, this.work.signal);
      const took = `${((performance.now() - started) / 1000).toFixed(2)} seconds`;
      const answered = replied(replies);
      end = () => (failed ? this.fail(failed, replies) : this.say(`${answered[0].toUpperCase()}${answered.slice(1)} in ${took}. The app was started again for this run.`));
    } catch (error) {
      end = () => this.say(error.message);
    }
    if (turn === this.turn) end();
    this.end(turn);
    this.host.dataset.runs = Number(this.host.dataset.runs ?? 0) + 1;
  }

  /** Say what went wrong and where: the bar is always in view. */
  fail(told, replies) {
    const first = told.problem.split("\n")[0];
    const short = first.length > LONGEST ? `${first.slice(0, LONGEST)}…` : first;
    if (told.file) this.mark(told.file, told.line, first);
    const where = told.file ? [place(told.file, told.line, (...at) => this.goTo(...at)), ": "] : [];
    this.say(replies ? `After ${replied(replies)} it failed: ` : "It failed: ", ...where, short);
    this.results.append(...problem(told, short));
  }

  /** The promises of the stage, checked on what stands in the fields. */
  async check() {
    const turn = this.start("Checking …");
    if (!turn) return;
    let said;
    try {
      const { red, items } = await check(this, this.files, (text) => turn === this.turn && this.say(text), this.work.signal);
      said = red.size ? `${red.size} of ${items.length} promises are broken by this code.` : `All ${items.length} promises that a page can check are kept.`;
      if (turn === this.turn) this.results.replaceChildren(...items);
    } catch (error) {
      said = error.message;
    }
    if (turn === this.turn) this.say(said);
    this.end(turn);
  }
}
