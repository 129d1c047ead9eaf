// Break it: an experiment is chosen, the reader predicts which promise breaks, and the checks tell.
import { check } from "./checking.js";
import { goTo } from "./editor.js";
import { block, element, prose } from "./replies.js";

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
    place.replaceChildren(...(chosen ? [new Experiment(panel, chosen).form] : []));
  });
  box.append(label, place);
  return box;
}

class Experiment {
  constructor(panel, experiment) {
    Object.assign(this, { panel, experiment });
    this.form = element("form");
    this.files = { ...panel.example.files };
    this.changes = experiment.edits.map((edit) => apply(this.files, edit));
    this.edit = element("div");
    if (!experiment.hidden) this.show();
    this.button = element("button", "Break it and see", "md-button");
    this.said = element("p", "", "pg-said");
    this.said.setAttribute("role", "status");
    this.result = element("div");
    const what = "It is done to the stage's own code. What you typed above stays, and is not looked at.";
    this.form.append(prose("p", experiment.question), this.edit, this.predictions(), this.button, element("p", what), this.said, this.result);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
  }

  /** The edit, and a button that puts it into the editor. */
  show() {
    const put = element("button", "Put it into the editor", "pg-place");
    put.type = "button";
    put.addEventListener("click", () => this.put());
    this.edit.replaceChildren(...this.changes.flatMap(difference), put);
  }

  put() {
    const { panel, changes, experiment } = this;
    const { file, line } = changes[0];
    const requests = panel.requests.area.value;
    panel.replace({ files: this.files, requests }, `The edit of experiment ${experiment.number} is in ${file}.`, file);
    panel.keep();
    goTo(panel.code.area, line);
  }

  predictions() {
    const { checks, promises } = this.panel.example;
    const fields = group("Which promise turns red?", [...checks.map(({ promise }) => [promise, promises[promise]]), ["", NOTHING]], "checkbox");
    fields.addEventListener("change", ({ target }) => {
      // Nothing and something cannot both be predicted.
      if (target.checked) for (const box of fields.querySelectorAll("input")) if (!box.value !== !target.value) box.checked = false;
    });
    return fields;
  }

  async check() {
    if (this.checking) return;
    const predicted = new Set(new FormData(this.form).getAll("choice"));
    if (!predicted.size) {
      this.said.textContent = "Predict first: tick what turns red.";
      return;
    }
    this.checking = true;
    this.button.setAttribute("aria-disabled", "true");
    this.result.replaceChildren();
    try {
      const { red, items } = await check(this.panel, this.files, (text) => (this.said.textContent = text));
      this.tell(predicted, red, items);
    } catch (error) {
      this.said.textContent = error.message;
    }
    this.checking = false;
    this.button.removeAttribute("aria-disabled");
  }

  tell(predicted, red, items) {
    const real = red.size ? red : new Set([""]);
    const right = real.size === predicted.size && [...real].every((name) => predicted.has(name));
    this.said.textContent = (right ? "As you predicted. " : "Not as you predicted. ") + (red.size ? `${red.size} red.` : `${NOTHING}.`);
    const list = element("ul", "", "pg-verdicts");
    list.append(...items);
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
    const button = element("button", "Answer", "md-button");
    button.type = "button";
    button.addEventListener("click", () => {
      const chosen = fields.querySelector(":checked")?.value;
      if (chosen === undefined) return said.replaceChildren("Choose one first.");
      said.replaceChildren(prose("span", chosen === answer ? "That is it." : `No: ${answer}.`));
      fields.disabled = true;
      this.show();
      button.replaceWith(this.edit, prose("p", why));
    });
    box.append(fields, said, button);
    return box;
  }
}

/** Apply an edit, whose text is there exactly once, as the build has checked; what it does to whole lines. */
function apply(files, { file, find, replace }) {
  const before = files[file];
  const at = before.indexOf(find);
  const first = before.lastIndexOf("\n", at - 1) + 1;
  const end = (text, from) => (text.indexOf("\n", from) + 1 || text.length + 1) - 1;
  files[file] = before.replace(find, () => replace);
  const old = before.slice(first, end(before, at + find.length)).split("\n");
  const now = files[file].slice(first, end(files[file], at + replace.length)).split("\n");
  let line = before.slice(0, first).split("\n").length;
  while (old.length && now.length && old[0] === now[0]) {
    old.shift();
    now.shift();
    line += 1;
  }
  while (old.length && now.length && old.at(-1) === now.at(-1)) {
    old.pop();
    now.pop();
  }
  return { file, line, old, now };
}

function difference({ file, line, old, now }) {
  const lines = block("", "What the edit changes");
  for (const text of old) lines.append(element("del", `- ${text}\n`));
  for (const text of now) lines.append(element("ins", `+ ${text}\n`));
  return [element("p", `${file}, line ${line}:`, "pg-of"), lines];
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
