// Earlier predictions, asked again when they're due, and progress as a file.
import { group, SURE } from "./choices.js";
import { dueCards } from "./deck.js";
import { asFile, merge, progress, read, reviewed } from "./progress.js";
import { fetched } from "./python.js";
import { block, download, element, prose, style } from "./replies.js";

const MINUTES = 5;
const NONE = "None of them";

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

export async function open(host, _, build) {
  const scheduler = import(new URL(`${build}/fsrs.js`, import.meta.url));
  const deck = fetched("deck.json").then((reply) => reply.json());
  const loaded = await Promise.all([deck, scheduler, style()]);
  return new Review(host, loaded[0], loaded[1]);
}

class Review {
  constructor(host, deck, scheduler) {
    Object.assign(this, { deck, scheduler });
    this.place = element("div");
    this.said = element("p", "", "pg-said");
    this.said.setAttribute("role", "status");
    host.append(this.place, this.said);
    this.overview().focus({ preventScroll: true });
  }

  button(text, pressed) {
    const made = element("button", text, "md-button");
    made.type = "button";
    made.addEventListener("click", pressed);
    return made;
  }

  /** How far the reader is, and what can be done. */
  overview(said = "") {
    const all = progress();
    const due = dueCards(this.scheduler, this.deck, all);
    const tasks = Object.values(this.deck.tasks).flat().length;
    const cards = this.deck.cards.filter(({ key }) => key).length;
    const facts = `Done in this browser: ${Object.keys(all.tasks).length} of ${count(tasks, "task")}, ${Object.keys(all.experiments).length} of ${count(cards, "prediction")}.`;
    const buttons = element("div", "", "pg-buttons");
    const asks = this.button(due.length ? `Review ${count(due.length, "question")}` : "Review", () => this.begin());
    this.file = element("input");
    Object.assign(this.file, { type: "file", accept: ".json,application/json", hidden: true });
    this.file.setAttribute("aria-label", "A progress file");
    this.file.addEventListener("change", () => this.bring());
    this.imports = this.button("Import a file", () => this.file.click());
    buttons.append(asks, this.button("Export to a file", () => this.take()), this.imports, this.file);
    this.place.replaceChildren(element("p", facts), buttons);
    this.tell(said || (due.length ? `${count(due.length, "question")} to review.` : this.none(all)));
    return asks;
  }

  none({ experiments }) {
    if (Object.keys(experiments).length) return "Nothing is due. What you predicted comes back here, in a day or more.";
    return "Nothing is due. What you predict in the stages, with Break it here, comes back on this page in a day or more.";
  }

  tell(text) {
    this.said.textContent = text;
  }

  take() {
    download("workbook-progress.json", asFile(this.deck), "application/json");
    this.tell("Your progress is in workbook-progress.json. On your machine: uv run workbook progress import workbook-progress.json");
  }

  async bring() {
    const [file] = this.file.files;
    if (!file) return;
    let said;
    try {
      const { tasks, predictions, reviews, unknown, kept } = merge(read(await file.text(), this.deck), this.deck);
      const parts = [[tasks, "task"], [predictions, "prediction"], [reviews, "review"]].filter(([number]) => number);
      const told = parts.map(([number, noun]) => count(number, noun)).join(", ");
      said = told ? `New from ${file.name}: ${told}.` : `You have all of ${file.name} already.`;
      if (unknown) said += ` ${unknown} of its lines are about something that this course doesn't have.`;
      if (!kept) said += " This browser stores nothing, so it's gone when you close the page.";
    } catch (error) {
      said = error.message;
    }
    this.overview(said);
    this.imports.focus({ preventScroll: true });
  }

  begin() {
    this.due = dueCards(this.scheduler, this.deck, progress());
    this.began = Date.now();
    this.at = 0;
    if (this.due.length) this.ask();
    else this.tell(this.none(progress()));
  }

  ask() {
    const { card, wasCertain } = this.due[this.at];
    const form = element("form");
    const head = element("h3", `${this.at + 1} of ${this.due.length}, from ${card.from}: ${card.title}`);
    head.tabIndex = -1;
    const shown = card.edits.flatMap(({ file, lines }) => [element("p", `${file}:`, "pg-of"), difference(lines)]);
    const choices = card.choices.map((text, index) => [index, text]);
    const picks = card.about
      ? group("Which is it?", choices, "radio", "choice")
      : group("Which promises will break?", [...choices, ["", NONE]], "checkbox", "choice");
    const sure = group("How sure are you?", SURE.map((words) => [words, words]), "radio", "sure");
    const button = element("button", "Answer", "md-button");
    form.append(head, prose("p", card.question), ...shown, picks, sure, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer(card, form, button);
    });
    this.place.replaceChildren(form);
    this.tell(wasCertain ? "Last time you were certain, and it wasn't so." : "");
    head.focus();
  }

  answer(card, form, button) {
    const given = new FormData(form);
    const sure = given.get("sure");
    if (!given.has("choice") || !sure) return this.tell(given.has("choice") ? "How sure are you?" : "Choose first.");
    const chosen = given.getAll("choice").filter(Boolean).map(Number);
    const right = JSON.stringify(chosen) === JSON.stringify(card.right);
    reviewed({ step: card.step, title: card.title, answer: chosen.map((index) => card.names[index]), sure, right });
    for (const fields of form.querySelectorAll("fieldset")) fields.disabled = true;
    for (const [index, label] of form.querySelectorAll("fieldset:first-of-type label").entries()) {
      const isRight = card.right.length ? card.right.includes(index) : index === card.choices.length;
      if (isRight) label.append(element("strong", card.about ? " This one." : card.right.length ? " This breaks." : " This is so."));
    }
    const next = this.button("Next", () => this.next());
    button.replaceWith(prose("p", card.why), next);
    this.tell(right ? "That's right." : "Not quite.");
    next.focus();
  }

  next() {
    this.at += 1;
    const left = this.due.length - this.at;
    const isOver = Date.now() - this.began > MINUTES * 60_000;
    if (left && !isOver) return this.ask();
    const said = left ? `Five minutes are over. ${count(left, "more question")} can wait.` : "That was all that's due today.";
    this.overview(said).focus();
  }
}

function difference(lines) {
  const shown = block("", "What the edit changes");
  for (const line of lines) shown.append(element({ "-": "del", "+": "ins" }[line[0]] ?? "span", `${line}\n`));
  return shown;
}
