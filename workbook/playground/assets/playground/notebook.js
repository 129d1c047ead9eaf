// A stage's notebook: its cells become editors, and run one after another in this page's Python.
import { field, loadEditor } from "./editor.js";
import { keepForLater } from "./later.js";
import { cell, fetched, load, watch } from "./python.js";
import { block, element, style } from "./replies.js";
import { Working } from "./working.js";

const MOST_LINES = 30;

export async function open(host, name, build) {
  const read = fetched(`notebooks/${name}.json`).then((reply) => reply.json());
  const [told, cm] = await Promise.all([read, loadEditor(build), style()]);
  const notebook = new Notebook(host, name, told, build, cm);
  notebook.begin();
  return notebook;
}

class Notebook {
  constructor(host, key, told, build, cm) {
    Object.assign(this, { host, key, told, build, fresh: true });
    this.status = element("p", "", "pg-said");
    this.status.setAttribute("role", "status");
    const buttons = element("div", "", "pg-buttons");
    this.all = button("Run all cells", () => this.runAll());
    this.working = new Working(button("Stop", () => this.stop()), this.all);
    buttons.append(this.all, this.working.button, button("Begin again", () => this.reset()));
    const notes = told.notes.map((note) => element("p", note, "pg-note"));
    host.append(...notes, buttons, this.status);
    const places = [...document.querySelectorAll(".nb-cell")];
    this.cells = told.cells.map((code, index) => new Cell(this, places[index], index + 1, code, cm, told.elsewhere[index + 1]));
    this.leave = watch(({ state, text, done, all }) => {
      if (this.waits && state === "loading") this.status.textContent = text === "Loading" && all ? `Loading Python: ${(done / 1e6).toFixed(0)} of ${(all / 1e6).toFixed(0)} MB` : `${text} …`;
    });
    this.all.focus({ preventScroll: true });
  }

  async begin() {
    this.waits = true;
    this.say("Loading Python and FastAPI …");
    try {
      await load(this.build, [...this.told.needs, "tests"]);
      keepForLater([`notebooks/${this.key}.json`]);
      if (this.waits) this.say("Python is ready. Run the cells from the top; you can change each of them.");
    } catch (error) {
      this.say(`Python couldn't start: ${error.message}`);
    }
    this.waits = false;
  }

  say(text) {
    this.status.textContent = text;
  }

  stop() {
    this.working.stop();
    this.fresh = true;
  }

  reset() {
    this.fresh = true;
    for (const one of this.cells) one.reset();
    this.say("Every cell is as it was, and nothing has run.");
  }

  /** Run some cells in turn, up to the first that fails; true where none did. */
  async run(cells) {
    if (this.work) return;
    this.waits = false;
    this.work = this.working.begin();
    let failed;
    try {
      for (const one of cells) {
        this.say(`Running cell ${one.number} of ${this.cells.length} …`);
        if ((failed = await one.answer(this.work.signal))) break;
      }
      this.say(failed ? `Cell ${failed} failed: see below it.` : cells.length > 1 ? "All cells that a page can run have run." : `Cell ${cells[0].number} has run.`);
    } catch (error) {
      this.fresh = true;
      this.say(error.message);
    }
    this.working.end(this.work);
    this.work = undefined;
    this.host.dataset.runs = Number(this.host.dataset.runs ?? 0) + 1;
  }

  runAll() {
    this.fresh = true;
    return this.run(this.cells.filter((one) => !one.needs));
  }
}

class Cell {
  constructor(notebook, place, number, code, cm, needs) {
    Object.assign(this, { notebook, place, number, code, needs });
    const [input, ...before] = place.children;
    this.before = before; // what it gave when the site was built
    this.out = element("div", "", "pg-out");
    this.out.append(...before);
    place.classList.add("pg-cell");
    this.field = field(cm, `Cell ${number}`, "", "python");
    this.field.show(code, MOST_LINES);
    this.said = element("p", "", "pg-said");
    this.said.setAttribute("role", "status");
    this.button = button(`Run cell ${number}`, () => notebook.run([this]));
    const buttons = element("div", "", "pg-buttons");
    buttons.append(this.button);
    if (needs) this.said.textContent = `This cell needs ${needs}, which a page doesn't have. Below is what it gave on a machine.`;
    input.replaceWith(this.field.box, ...(needs ? [] : [buttons]), this.said, this.out);
    place.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || needs || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
      event.preventDefault();
      notebook.run([this]);
    });
  }

  reset() {
    this.field.show(this.code, MOST_LINES);
    this.out.replaceChildren(...this.before);
    if (!this.needs) this.said.textContent = "";
  }

  /** Run it; its number where it failed. */
  async answer(signal) {
    const { notebook } = this;
    const { files, needs } = notebook.told;
    const job = { key: notebook.key, files, needs, number: this.number, code: this.field.area.value, fresh: notebook.fresh };
    this.said.textContent = "Running …";
    try {
      const { out, value, problem } = await cell(notebook.build, job, signal);
      notebook.fresh = false;
      const shown = [["It says", out.trimEnd()], ["It returns", value], ["It failed", problem]].filter(([, text]) => text);
      this.out.replaceChildren(...shown.flatMap(([label, text]) => [element("p", `${label}:`, "pg-of"), block(text, `${label}, cell ${this.number}`)]));
      this.said.textContent = problem ? "It failed." : shown.length ? "It ran." : "It ran, and gave nothing to show.";
      return problem ? this.number : undefined;
    } catch (error) {
      this.said.textContent = "It didn't end.";
      throw error;
    }
  }
}

function button(text, pressed) {
  const made = element("button", text, "md-button");
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}
