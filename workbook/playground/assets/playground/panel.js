// The opened playground: the stage's files, its requests, and what came back.
import { breaking } from "./breaking.js";
import { field, goTo, show } from "./editor.js";
import { load, prepare, run, watch } from "./python.js";
import { element, problem, reply } from "./replies.js";

const REQUESTS_HINT =
  "POST /posts, headers in the lines below it, an empty line, the body; ### begins the next request. " +
  "{{id}} is that field of an earlier reply; in a form, file=@picture.png sends a file.";
const CODE_HINT = "Ctrl and Enter run it. Tab indents; Escape and then Tab leaves the field.";

let examples;

async function read() {
  const reply = await fetch(new URL("examples.json", import.meta.url));
  if (!reply.ok) throw new Error(`examples.json: ${reply.status}`);
  return reply.json();
}

async function style() {
  if (document.getElementById("playground-style")) return;
  const link = element("link");
  Object.assign(link, { id: "playground-style", rel: "stylesheet", href: new URL("playground.css", import.meta.url) });
  await new Promise((loaded) => {
    link.onload = link.onerror = loaded;
    document.head.append(link);
  });
}

export async function open(host, name, build) {
  examples ??= read().catch((error) => {
    examples = undefined;
    throw error;
  });
  const [{ [name]: example }] = await Promise.all([examples, style()]);
  const panel = new Panel(host, example, build);
  load(build).then(() => panel.say("Python is ready."), (error) => panel.say(`Python could not be started: ${error.message}`));
  return panel;
}

class Panel {
  constructor(host, example, build) {
    Object.assign(this, { host, example, build, files: { ...example.files } });
    this.names = Object.keys(example.files);
    this.code = field(this.names[0], CODE_HINT);
    this.requests = field("Requests", REQUESTS_HINT);
    this.status = element("p", "", "pg-said");
    this.status.setAttribute("role", "status");
    this.bar = element("progress");
    this.bar.setAttribute("aria-label", "Loading");
    this.results = element("ol", "", "pg-replies");
    this.runs = this.button("Run", () => this.run());
    // Whoever points at the button will press it: by then the app is imported.
    for (const sign of ["pointerenter", "focus"]) this.runs.addEventListener(sign, () => prepare(this.job()));
    this.resets = this.button("Reset", () => this.reset());
    const buttons = element("div", "", "pg-buttons");
    buttons.append(this.runs, this.resets);
    const notes = example.notes.map((note) => element("p", note, "pg-note"));
    const chooser = this.names.length > 1 ? [this.chooser()] : [];
    const top = element("div", "", "pg-top");
    top.append(buttons, this.status, this.bar);
    host.append(...notes, top, ...chooser, this.code.box, this.requests.box, this.results);
    if (example.experiments.length) host.append(breaking(this));
    host.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.run();
    });
    this.code.area.addEventListener("input", () => (this.files[this.name] = this.code.area.value));
    this.reset();
    this.say("Loading Python and FastAPI …");
    this.leave = watch((news) => this.hear(news));
    this.code.area.focus({ preventScroll: true });
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
    this.select.append(...this.names.map((name) => new Option(name)));
    this.select.addEventListener("change", () => this.choose(this.select.value));
    label.append(this.select);
    return label;
  }

  choose(name) {
    this.name = name;
    this.code.name.textContent = name;
    if (this.select) this.select.value = name;
    show(this.code.area, this.files[name], 18);
  }

  reset() {
    this.files = { ...this.example.files };
    this.choose(this.name ?? this.example.first);
    show(this.requests.area, this.example.requests, 12);
    this.results.replaceChildren();
    this.say("Everything is as it was.");
  }

  say(text) {
    this.status.textContent = text;
    this.bar.hidden = true;
  }

  hear({ state, done, all, text }) {
    if (state !== "loading") return;
    this.bar.hidden = !all;
    this.bar.max = all;
    this.bar.value = done;
    const loaded = `${text}: ${(done / 1e6).toFixed(0)} of ${(all / 1e6).toFixed(0)} MB`;
    const words = text === "Loading" ? loaded : `${text} …`;
    if (text !== this.told) this.status.textContent = (this.told = text) === "Loading" ? "Loading Python and FastAPI …" : words;
    this.bar.title = words;
  }

  job(more = {}) {
    const { env, needs } = this.example;
    return { env, needs, files: this.files, requests: this.requests.area.value, ...more };
  }

  goTo(file, line) {
    if (file === "requests") goTo(this.requests.area, line);
    else if (file in this.files) {
      this.choose(file);
      goTo(this.code.area, line);
    }
  }

  async run() {
    if (this.running) return;
    this.running = true;
    this.runs.disabled = true;
    this.results.replaceChildren();
    let started = performance.now();
    let failed = "";
    let replies = 0;
    try {
      await run(this.build, this.job(), (told) => {
        if (told.problem) {
          failed = told.problem;
          this.results.append(this.item(told));
        } else {
          replies += 1;
          this.results.append(reply(told));
        }
        if (replies === 1) this.results.lastChild.scrollIntoView({ block: "nearest" });
      }, () => (started = performance.now()));
      const took = `${((performance.now() - started) / 1000).toFixed(2)} seconds`;
      const answered = replies === 1 ? "One reply" : `${replies} replies`;
      this.say(failed ? `It failed: ${failed}` : `${answered} in ${took}. The app was started anew, with no data.`);
    } catch (error) {
      this.say(error.message);
    } finally {
      this.runs.disabled = this.running = false;
      this.host.dataset.runs = Number(this.host.dataset.runs ?? 0) + 1;
    }
  }

  item(told) {
    const item = element("li");
    item.append(problem(told, (file, line) => this.goTo(file, line)));
    return item;
  }
}
