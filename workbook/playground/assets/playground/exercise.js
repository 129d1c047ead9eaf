// An exercise in the page: the reader's copy of the whole project, its public tests, and the zip to hand in.
import { loadEditor } from "./editor.js";
import { hints } from "./hints.js";
import { Panel } from "./panel.js";
import { note } from "./progress.js";
import { store, stored } from "./projects.js";
import { fetched, hand } from "./python.js";
import { download, element, style } from "./replies.js";
import { judge, verdict } from "./verdicts.js";

const KEPT_AFTER = 300; // milliseconds without a key
const PROJECT = "final"; // all exercises are done in one project

export async function open(host, name, build) {
  const read = fetched(`exercises/${name}.json`).then((reply) => reply.json());
  const [told, kept, cm] = await Promise.all([read, stored(PROJECT), loadEditor(build), style()]);
  // A starter's files come to a project that an earlier exercise has begun; a file that's there already stays.
  const saved = kept && { ...kept, requests: kept.requests ?? told.requests, files: { ...told.starter, ...kept.files } };
  const panel = new ExercisePanel(host, name, { ...told, saved, files: { ...told.files, ...told.starter } }, build, cm);
  panel.begin();
  return panel;
}

class ExercisePanel extends Panel {
  constructor(host, key, example, build, cm) {
    super(host, key, example, build, cm);
    this.runs.after(this.button("Check the exercise", () => this.checkAll()));
    const { button, taken } = hints(this, example.hints);
    const box = element("div", "", "pg-buttons");
    box.append(button);
    this.results.before(box, taken, this.handing());
  }

  get stays() {
    return "What you type stays in this browser.";
  }

  kept() {
    return this.example.saved;
  }

  keep() {
    clearTimeout(this.clock);
    this.clock = setTimeout(async () => {
      if (!(await store(PROJECT, this.written()))) this.say("This browser keeps nothing here: save your project as a zip before you leave.");
      this.host.dataset.kept = Number(this.host.dataset.kept ?? 0) + 1;
    }, KEPT_AFTER);
  }

  forget() {
    this.keep();
  }

  /** What goes out of the page, and what comes in. */
  handing() {
    const box = element("div", "", "pg-handing");
    const buttons = element("div", "", "pg-buttons");
    const file = element("input");
    Object.assign(file, { type: "file", accept: ".zip,application/zip", hidden: true });
    file.setAttribute("aria-label", "A zip of the project");
    file.addEventListener("change", async () => {
      if (file.files[0]) await this.bringIn(file.files[0]);
      file.value = "";
    });
    buttons.append(this.button("Save as a zip", () => this.takeOut()), this.button("Open a zip", () => file.click()), file);
    box.append(buttons, element("p", "The zip is the one that “workbook submit” makes: hand it in, or go on with it on your machine. Your project stays in this browser, and nothing is sent anywhere."));
    return box;
  }

  async takeOut() {
    const turn = this.start("Packing …");
    if (!turn) return;
    try {
      const { problem, name, zip, files } = await hand(this.build, { files: this.files, name: this.key });
      if (problem) this.say(problem);
      else {
        download(name, Uint8Array.from(atob(zip), (letter) => letter.charCodeAt(0)), "application/zip");
        this.say(`${name} holds ${files.length} files.`);
      }
    } catch (error) {
      this.say(error.message);
    }
    this.end(turn);
  }

  async bringIn(given) {
    const turn = this.start("Opening …");
    if (!turn) return;
    try {
      const bytes = new Uint8Array(await given.arrayBuffer());
      let letters = "";
      for (let at = 0; at < bytes.length; at += 32768) letters += String.fromCharCode(...bytes.subarray(at, at + 32768));
      const { problem, files, left_out: left = [] } = await hand(this.build, { zip: btoa(letters), name: given.name });
      if (problem) this.say(problem);
      else {
        const others = left.length ? ` ${left.length} files that aren't text were left out.` : "";
        this.replace({ files, requests: this.requests.area.value }, `${given.name} is open.${others}`, this.example.first);
        this.keep();
      }
    } catch (error) {
      this.say(error.message);
    }
    this.end(turn);
  }

  checkAll() {
    const { needs, tests, elsewhere, place, project } = this.example;
    const files = { ...tests };
    for (const [name, text] of Object.entries(this.files)) files[`${project}/${name}`] = text;
    const names = Object.keys(tests).filter((name) => name.startsWith(`${place}/test_`));
    const job = { needs, files, elsewhere, tests: names, submission: project };
    return judge(this, "Checking the exercise …", job, (verdicts, ended) => this.tell(verdicts, names, ended));
  }

  tell(verdicts, names, ended) {
    const found = verdicts.of(names);
    this.results.replaceChildren(...found.map((one) => verdict(one, (file, line) => this.goTo(file, line))));
    if (ended || verdicts.trouble) {
      if (verdicts.trouble) this.results.prepend(element("li", verdicts.trouble, "pg-problem"));
      return this.say(ended || "The tests couldn't be read.");
    }
    const here = found.filter(({ outcome }) => outcome !== "elsewhere");
    const kept = here.filter(({ outcome }) => outcome === "passed");
    if (kept.length < here.length) return this.say(`Not done yet: ${kept.length} of ${here.length} promises are kept.`);
    if (here.length < found.length) return this.say(`Everything that a page can prove is kept. ${found.length - here.length} of ${found.length} promises are left: prove them on your machine.`);
    note(this.example.course, "tasks", this.key, new Date().toISOString());
    this.say(`Done: all ${here.length} public promises are kept. Save the project as a zip, and hand that in.`);
  }
}
