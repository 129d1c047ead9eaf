// Break it: an experiment is chosen, the reader predicts which promise breaks, and the checks tell.
import { goTo } from "./editor.js";
import { run } from "./python.js";
import { element, prose } from "./replies.js";

const NOTHING = "Nothing turns red";
let count = 0;

export function breaking(panel) {
  const box = element("details", "", "pg-breaking");
  box.append(element("summary", "Break it here"));
  const label = element("label", "Experiment ");
  const select = element("select");
  select.append(new Option("choose one", ""));
  for (const one of panel.example.experiments) select.append(new Option(`${one.number}. ${one.title}`, one.number));
  label.append(select);
  const place = element("div");
  select.addEventListener("change", () => {
    const chosen = panel.example.experiments.find((one) => String(one.number) === select.value);
    panel.reset();
    place.replaceChildren(...(chosen ? [new Experiment(panel, chosen).form] : []));
  });
  box.append(label, place);
  return box;
}

class Experiment {
  constructor(panel, experiment) {
    Object.assign(this, { panel, experiment });
    this.form = element("form");
    this.broken = apply(panel.example.files, experiment.edits);
    if (!experiment.hidden) this.show();
    this.form.append(prose("p", experiment.question), this.predictions());
    this.button = element("button", "Break it and see", "md-button");
    this.result = element("div");
    this.said = element("p", "", "pg-said");
    this.said.setAttribute("role", "status");
    this.form.append(this.button, this.said, this.result);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
  }

  /** The edited code, in the editor, at the line where it begins. */
  show() {
    const { file } = this.experiment.edits[0];
    const before = this.panel.example.files[file].split("\n");
    const line = this.broken[file].split("\n").findIndex((text, index) => text !== before[index]) + 1;
    this.panel.files = { ...this.broken };
    this.panel.choose(file);
    goTo(this.panel.code.area, Math.max(1, line));
    this.panel.say(`The edit of experiment ${this.experiment.number} is in ${file}.`);
  }

  predictions() {
    const choices = this.panel.example.checks.map(({ promise }) => [promise, this.panel.example.promises[promise]]);
    return group("Which promise turns red?", [...choices, ["", NOTHING]], "checkbox");
  }

  async check() {
    if (this.checking) return;
    const predicted = new Set(new FormData(this.form).getAll("choice"));
    if (!predicted.size) {
      this.said.textContent = "Predict first: tick what turns red.";
      return;
    }
    this.checking = this.button.disabled = true;
    this.result.replaceChildren();
    const { env, needs, checks, promises } = this.panel.example;
    const list = element("ul", "", "pg-verdicts");
    const red = new Set();
    try {
      for (const [index, check] of checks.entries()) {
        this.said.textContent = `Checking promise ${index + 1} of ${checks.length} …`;
        const why = await this.verdict({ env, needs, files: this.broken, requests: check.requests, expect: check.expect });
        if (why) red.add(check.promise);
        list.append(verdict(promises[check.promise], why));
      }
      this.tell(predicted, red, list);
    } catch (error) {
      this.said.textContent = error.message;
    } finally {
      this.checking = this.button.disabled = false;
    }
  }

  async verdict(job) {
    let why = "";
    await run(this.panel.build, job, (told) => {
      why = told.problem ?? told.verdict ?? why;
    });
    return why;
  }

  tell(predicted, red, list) {
    const real = red.size ? red : new Set([""]);
    const right = real.size === predicted.size && [...real].every((name) => predicted.has(name));
    this.said.textContent = (right ? "As you predicted. " : "Not as you predicted. ") + (red.size ? `${red.size} red.` : `${NOTHING}.`);
    this.result.append(list);
    const unseen = this.experiment.unseen.map((name) => prose("li", this.panel.example.promises[name]));
    if (unseen.length) {
      const more = element("ul");
      more.append(...unseen);
      this.result.append(element("p", "On your machine these turn red too; a page cannot show them:"), more);
    }
    this.result.append(this.experiment.hidden ? this.diagnosis() : prose("p", this.experiment.why));
  }

  /** The edit is not shown: the reader says what was done. */
  diagnosis() {
    const { choices, answer, why } = this.experiment;
    const box = element("div");
    const said = element("p", "", "pg-said");
    said.setAttribute("role", "status");
    const fields = group("What was done?", choices.map((choice) => [choice, choice]), "radio");
    fields.addEventListener("change", ({ target }) => {
      said.replaceChildren(prose("span", target.value === answer ? "That is it." : `No: ${answer}.`));
      box.append(prose("p", why));
      fields.disabled = true;
      this.show();
    }, { once: true });
    box.append(fields, said);
    return box;
  }
}

/** The files with the edits applied; each text is there exactly once, which the build has checked. */
function apply(files, edits) {
  const changed = { ...files };
  for (const { file, find, replace } of edits) changed[file] = changed[file].replace(find, () => replace);
  return changed;
}

function group(title, choices, type) {
  const fields = element("fieldset");
  fields.append(element("legend", title));
  const name = type === "radio" ? `diagnosis-${++count}` : "choice";
  for (const [value, text] of choices) {
    const label = element("label");
    const input = element("input");
    Object.assign(input, { type, name, value });
    label.append(input, prose("span", text));
    fields.append(label);
  }
  return fields;
}

function verdict(promise, why) {
  const item = element("li", "", why ? "pg-red" : "pg-green");
  item.append(element("strong", why ? "FAIL " : "PASS "), prose("span", promise));
  if (why) item.append(element("p", why, "pg-why"));
  return item;
}
