// The tasks of a stage: the reader changes the code above, and the course's own tests say when it's done.
import { apply, difference } from "./breaking.js";
import { hints } from "./hints.js";
import { note, progress } from "./progress.js";
import { fetched } from "./python.js";
import { element, prose } from "./replies.js";
import { judge, verdict } from "./verdicts.js";

const NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const number = (count) => NUMBERS[count] ?? String(count);
const promises = (count) => `${number(count)} promise${count === 1 ? "" : "s"}`;
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** The box with all tasks of the panel's stage; they are loaded when it's opened. */
export function tasks(panel) {
  const box = element("details", "", "pg-tasks");
  box.append(element("summary", "Do a task here"));
  const place = element("div");
  box.append(place);
  box.addEventListener("toggle", async () => {
    if (!box.open || place.childNodes.length) return;
    const said = element("p", "Loading the tasks …", "pg-said");
    said.setAttribute("role", "status");
    place.replaceChildren(said);
    try {
      const told = await (await fetched(`tasks/${panel.key}.json`)).json();
      place.replaceChildren(...chooser(panel, told));
    } catch (error) {
      place.replaceChildren();
      box.open = false;
      panel.say(error.message);
    }
  });
  return box;
}

function chooser(panel, stage) {
  const label = element("label", "Task ");
  const select = element("select");
  const place = element("div");
  let view;
  const name = (task) => `${stage.step}/${task.name}`;
  const list = () => {
    const { tasks: done = {} } = progress();
    const chosen = select.value;
    select.replaceChildren(new Option("choose one", ""), ...stage.tasks.map((task) => new Option(task.title + (done[name(task)] ? " (done)" : ""), task.name)));
    select.value = chosen;
  };
  list();
  select.value = "";
  select.addEventListener("change", () => {
    const task = stage.tasks.find((one) => one.name === select.value);
    view?.button.remove();
    view = task && new TaskView(panel, stage, task, list);
    place.replaceChildren(...(view ? [view.box] : []));
    if (view) panel.runs.after(view.button); // the bar is always in view
  });
  label.append(select);
  return [label, place];
}

class TaskView {
  constructor(panel, stage, task, changed) {
    Object.assign(this, { panel, stage, task, changed });
    this.box = element("div");
    const text = element("div", "", "pg-text");
    text.innerHTML = task.text; // the course's own Markdown, rendered when the site was built
    for (const table of text.querySelectorAll("table")) scrolls(table);
    const { button, taken } = hints(panel, task.hints, () => this.offerSolution());
    this.after = element("div");
    this.done = element("p", "", "pg-title");
    const buttons = element("div", "", "pg-buttons");
    buttons.append(button);
    this.button = panel.button("Check the task", () => this.check());
    const where = "Change the stage's code in the field below, then press “Check the task”. Nothing leaves the page.";
    this.box.append(text, ...this.elsewhere(), element("p", where), buttons, taken, this.done, this.after);
    if (this.isDone) this.finish();
  }

  get name() {
    return `${this.stage.step}/${this.task.name}`;
  }

  get isDone() {
    return Boolean(progress().tasks?.[this.name]);
  }

  /** What this page can't prove, said before anyone tries. */
  elsewhere() {
    const needs = {};
    for (const why of Object.values(this.task.elsewhere)) needs[why] = (needs[why] ?? 0) + 1;
    const command = `workbook check ${this.stage.step}`;
    return Object.entries(needs).map(([why, count]) => {
      const said = prose("p", `${capital(promises(count))} ${count === 1 ? "needs" : "need"} ${why}, which a page doesn't have. Prove ${count === 1 ? "it" : "them"} on your machine with \`${command}\`.`);
      said.className = "pg-note";
      return said;
    });
  }

  check() {
    const { panel, stage, task } = this;
    const own = Object.keys(task.tests).map((name) => `${stage.place}/${name}`);
    const others = Object.keys(stage.tests).map((name) => `${stage.place}/${name}`);
    const files = {};
    for (const [name, text] of Object.entries({ ...panel.files, ...stage.tests, ...task.tests })) files[`${stage.place}/${name}`] = text;
    const job = { needs: panel.example.needs, files, elsewhere: stage.elsewhere, tests: [...own, ...others.filter((name) => name.includes("/test_"))] };
    return judge(panel, "Checking the task …", job, (verdicts, ended) => this.tell(verdicts, own, others, ended));
  }

  tell(verdicts, own, others, ended) {
    const { panel, task } = this;
    const tell = (text) => panel.say(text);
    const goTo = (file, line) => panel.goTo(file, line);
    const mine = verdicts.of(own);
    const broken = verdicts.of(others).filter(({ outcome }) => outcome === "failed");
    const items = [...mine, ...broken].map((one) => verdict(one, goTo));
    panel.results.replaceChildren(...items);
    panel.results.querySelector(".pg-red")?.scrollIntoView({ block: "nearest" });
    if (ended || verdicts.trouble) {
      tell(ended || "The tests couldn't be read.");
      if (verdicts.trouble) panel.results.prepend(element("li", verdicts.trouble, "pg-problem"));
      return;
    }
    const here = mine.filter(({ outcome }) => outcome !== "elsewhere");
    const kept = here.filter(({ outcome }) => outcome === "passed");
    const left = mine.length - here.length;
    if (!here.length) return tell("A page can prove no part of this task: see what each promise needs.");
    if (kept.length < here.length) return tell(`Not done yet: ${kept.length ? number(kept.length) : "none"} of ${promises(here.length)} ${kept.length === 1 ? "is" : "are"} kept.`);
    if (broken.length) return tell(`The task's promises are kept, but ${promises(broken.length)} of the stage ${broken.length === 1 ? "is" : "are"} broken now.`);
    if (left) {
      tell(`Everything that a page can prove is kept. ${capital(promises(left))} ${left === 1 ? "is" : "are"} left: prove ${left === 1 ? "it" : "them"} on your machine.`);
      this.offerSolution();
      return;
    }
    note(this.stage.course, "tasks", this.name, new Date().toISOString());
    tell(`Done: ${number(here.length)} of ${promises(here.length)} kept, and the stage's own too. Compare your code with our solution above.`);
    this.finish();
    this.changed();
  }

  finish() {
    this.done.textContent = "You've done this task.";
    this.offerSolution();
  }

  offerSolution() {
    if (this.after.childNodes.length) return;
    const files = { ...this.panel.example.files };
    const changes = this.task.solution.map((edit) => apply(files, edit));
    const box = element("details");
    box.append(element("summary", "Our solution, to compare with"), ...changes.flatMap(difference));
    this.after.append(box);
  }
}

function scrolls(table) {
  const frame = element("div", "", "pg-table");
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", "When it's done");
  table.replaceWith(frame);
  frame.append(table);
}
