// What tests found, as a reader sees it: a promise and its verdict, and the failure card of a broken one.
import { test } from "./python.js";
import { block, element, prose } from "./replies.js";

const ON_A_MACHINE = new Set(["Repeat it", "Files"]); // of a card: what's typed into a terminal
const NOT_SHOWN = new Set(["Hint"]);
const ELSEWHERE = "not in a page: ";

/** Sorts the events of a run by promise: `tests` of one function belong together. */
class Verdicts {
  constructor() {
    this.promises = new Map();
    this.trouble = "";
  }

  hear(told) {
    if (told.event === "not-collected") this.trouble ||= told.text;
    if (!told.name) return;
    const key = told.test.split("[")[0];
    const promise = this.promises.get(key) ?? { key, name: told.name, outcome: "passed", cards: [] };
    this.promises.set(key, promise);
    promise.text ??= told.promise;
    if (told.event === "failed") {
      promise.outcome = "failed";
      promise.cards.push(told.card ?? { sections: [["It says", told.text.split("\n")]] });
    } else if (told.event === "skipped" && promise.outcome !== "failed") {
      promise.outcome = "elsewhere";
      promise.needs = told.reason.replace(ELSEWHERE, "");
    }
  }

  /** The promises of the tests in these files. */
  of(files) {
    return [...this.promises.values()].filter(({ key }) => files.includes(key.split("::")[0]));
  }
}

/**
 * Run a job's tests on what stands in the panel, and say how far they are. `tell` gets what they found, and why the run
 * was ended if it was, unless the reader has gone on to something else.
 */
export async function judge(panel, said, job, tell) {
  const turn = panel.start(said);
  if (!turn) return;
  const say = (text) => turn === panel.turn && panel.say(text);
  const verdicts = new Verdicts();
  let [all, done] = [0, 0];
  const hear = (told) => {
    verdicts.hear(told);
    all += told.event === "collected";
    done += told.event === "begun";
    if (told.event === "begun") say(`Checking: test ${done} of ${all} …`);
  };
  let ended = "";
  try {
    say(`Loading what runs the tests: ${panel.host.getAttribute("more")} MB, once …`);
    await test(panel.build, job, hear, () => say(said), panel.work.signal);
  } catch (error) {
    ended = error.message;
  }
  if (turn === panel.turn) tell(verdicts, ended);
  panel.end(turn);
  panel.host.dataset.checks = Number(panel.host.dataset.checks ?? 0) + 1;
}

export function verdict({ text, outcome, cards, needs }, goTo) {
  const css = { passed: "pg-green", failed: "pg-red" }[outcome] ?? "";
  const item = element("li", "", css);
  const word = { passed: "PASS ", failed: "FAIL " }[outcome] ?? "NOT HERE ";
  item.append(element("strong", word), prose("span", text));
  if (needs) item.append(element("p", `It needs ${needs}, which a page doesn't have.`, "pg-why"));
  if (cards.length) item.append(...card(cards[0], goTo));
  return item;
}

function card({ sections }, goTo) {
  const shown = sections.filter(([label]) => !ON_A_MACHINE.has(label) && !NOT_SHOWN.has(label));
  const typed = sections.filter(([label]) => ON_A_MACHINE.has(label));
  const made = shown.flatMap(([label, lines]) => section(label, lines, goTo));
  if (!typed.length) return made;
  const more = element("details");
  more.append(element("summary", "Repeat it on your machine"), ...typed.flatMap(([label, lines]) => section(label, lines)));
  return [...made, more];
}

function section(label, lines, goTo) {
  if (label === "It says") return [element("p", lines.join(" "), "pg-why")];
  const made = [element("p", `${label}:`, "pg-of"), block(lines.join("\n"), label)];
  const frame = goTo && [...lines.join("\n").matchAll(/(?:File "|^)([\w./-]+\.py)"?, line (\d+)/gm)].at(-1);
  if (frame) {
    const place = element("button", `${frame[1]}, line ${frame[2]}`, "pg-place");
    place.type = "button";
    place.addEventListener("click", () => goTo(frame[1], Number(frame[2])));
    made.push(place);
  }
  return made;
}
