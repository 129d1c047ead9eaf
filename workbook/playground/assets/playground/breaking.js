// Break it: an experiment is chosen, the reader predicts which promise breaks, and the checks tell.
import { check } from "./checking.js";
import { group, SURE } from "./choices.js";
import { predicted, progress } from "./progress.js";
import { block, element, prose } from "./replies.js";

const NOTHING = "Nothing turns red";
const SURE_FIRST = "How sure are you? Choose one of the three.";

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
    Object.assign(this, { panel, experiment, place: `${panel.key}/${experiment.number}` });
    this.form = element("form");
    this.files = { ...panel.example.files };
    this.changes = experiment.edits.map((edit) => apply(this.files, edit));
    this.edit = element("div");
    if (!experiment.hidden) this.show();
    this.button = element("button", "Break it and see", "md-button");
    this.said = element("p", "", "pg-said");
    this.said.setAttribute("role", "status");
    this.result = element("div");
    const what = "The edit changes the stage's own code, and not what you typed above.";
    this.form.append(prose("p", experiment.question), this.edit, this.predictions(), ...(experiment.hidden ? [] : [this.sure()]), this.button, element("p", what), this.said, this.result);
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
    const { requests } = panel.written();
    panel.replace({ files: this.files, requests }, `The edit of experiment ${experiment.number} is in ${file}.`, file);
    panel.keep();
    panel.goTo(file, line);
  }

  predictions() {
    const { checks, promises } = this.panel.example;
    const choices = checks.map(({ promise }) => [promise, promises[promise]]);
    return group("Which promise turns red?", [...choices, ["", NOTHING]], "checkbox", "choice");
  }

  /** How sure the reader is, asked with the answer that is kept: the first one. */
  sure() {
    const before = progress().experiments[this.place];
    if (!before) return group("How sure are you?", SURE.map((words) => [words, words]), "radio", "sure");
    return element("p", `You've predicted this one before, and you were ${before.right ? "right" : "wrong"}. “Review and progress” asks it again when it's due.`);
  }

  async check() {
    if (this.checking) return;
    const given = new FormData(this.form);
    const answer = new Set(given.getAll("choice"));
    if (!answer.size) return this.say("Predict first: tick what turns red.");
    if (this.form.querySelector("[name=sure]") && !given.has("sure")) return this.say(SURE_FIRST);
    this.checking = true;
    this.button.setAttribute("aria-disabled", "true");
    this.result.replaceChildren();
    const work = this.panel.working.begin();
    try {
      const { red, items } = await check(this.panel, this.files, (text) => (this.said.textContent = text), work.signal);
      this.tell(answer, red, items, given.get("sure"));
    } catch (error) {
      this.said.textContent = error.message;
    }
    this.panel.working.end(work);
    this.checking = false;
    this.button.removeAttribute("aria-disabled");
  }

  say(text) {
    this.said.textContent = text;
  }

  /** Keep an answer, unless there's one already. */
  keep(answer, right, sure) {
    predicted(this.place, { title: this.experiment.title, answer, right, sure: sure ?? "" });
  }

  tell(answer, red, items, sure) {
    const real = red.size ? red : new Set([""]);
    const right = real.size === answer.size && [...real].every((name) => answer.has(name));
    if (!this.experiment.hidden) this.keep([...answer].filter(Boolean), right, sure);
    this.said.textContent = (right ? "As you predicted. " : "Not as you predicted. ") + (red.size ? `${red.size} red.` : `${NOTHING}.`);
    const list = element("ul", "", "pg-verdicts");
    list.append(...items);
    this.result.append(list);
    const unseen = this.experiment.unseen.map((name) => prose("li", this.panel.example.promises[name]));
    if (unseen.length) {
      const more = element("ul");
      more.append(...unseen);
      this.result.append(element("p", "On your machine these turn red too; a page can't show them:"), more);
    }
    this.result.append(this.experiment.hidden ? this.diagnosis() : prose("p", this.experiment.why));
  }

  /** The edit is not shown: the reader says what was done. */
  diagnosis() {
    const { choices, answer, why } = this.experiment;
    const box = element("div");
    const said = element("p", "", "pg-said");
    said.setAttribute("role", "status");
    const fields = group("What was done?", choices.map((choice) => [choice, choice]), "radio", "diagnosis");
    const degrees = this.sure();
    const button = element("button", "Answer", "md-button");
    button.type = "button";
    button.addEventListener("click", () => {
      const chosen = fields.querySelector(":checked")?.value;
      if (chosen === undefined) return said.replaceChildren("Choose one first.");
      const sure = degrees.querySelector(":checked")?.value;
      if (degrees.matches("fieldset") && !sure) return said.replaceChildren(SURE_FIRST);
      this.keep([chosen], chosen === answer, sure);
      said.replaceChildren(prose("span", chosen === answer ? "That's it." : `No: ${answer}.`));
      fields.disabled = degrees.disabled = true;
      this.show();
      button.replaceWith(this.edit, prose("p", why));
    });
    box.append(fields, degrees, said, button);
    return box;
  }
}

/** Apply an edit, whose text is there exactly once, as the build has checked; what it does to whole lines. */
export function apply(files, { file, find, replace }) {
  const before = files[file] ?? ""; // an edit may make a file
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

export function difference({ file, line, old, now }) {
  const lines = block("", "What the edit changes");
  for (const text of old) lines.append(element("del", `- ${text}\n`));
  for (const text of now) lines.append(element("ins", `+ ${text}\n`));
  return [element("p", `${file}, line ${line}:`, "pg-of"), lines];
}
