// What a reader has done, kept in this browser: tasks and predictions. It can be taken elsewhere as a file.
const KEY = "workbook-progress";
const MOST_BYTES = 5_000_000;
let here = {}; // where the browser stores nothing, it's kept as long as the page is

/** All progress: {tasks: {place: time}, experiments: {place: answer}, reviews: [answer]}. */
export function progress() {
  try {
    here = JSON.parse(localStorage.getItem(KEY)) ?? here;
  } catch {} // no storage, or not ours
  const { tasks = {}, experiments = {}, reviews = [], ...more } = Object(here);
  return { ...more, tasks, experiments, reviews };
}

/** Keep progress; false where it won't outlive the page. */
export function keep(all) {
  here = all;
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
    return true;
  } catch {
    return false;
  }
}

/** Note something once, a task that's done, say: what's known already stays. */
export function note(course, kind, name, value) {
  const all = progress();
  if (all[kind]?.[name]) return false;
  keep({ ...all, course, [kind]: { ...all[kind], [name]: value } });
  return true;
}

/** Keep the first answer to an experiment, as `step/number`; what's answered again counts in a review only. */
export const predicted = (place, answer) =>
  note(progress().course, "experiments", place, { ...answer, when: new Date().toISOString() });

export function reviewed(answer) {
  const all = progress();
  all.reviews.push({ ...answer, when: new Date().toISOString() });
  keep(all);
}

export const asFile = (deck) => JSON.stringify({ ...progress(), course: deck.course }, null, 1);

/** What a file holds. Throws an error with one sentence where it isn't progress in this course. */
export function read(text, deck) {
  let found;
  try {
    if (text.length > MOST_BYTES) throw new Error(`more than ${MOST_BYTES / 1e6} MB`);
    found = JSON.parse(text);
    check(found);
  } catch (error) {
    throw new Error(`That isn't a progress file (${error.message}).`);
  }
  const { course, tasks = {}, experiments = {}, reviews = [] } = found;
  const steps = [...Object.keys(tasks), ...Object.keys(experiments), ...reviews.map(({ step }) => step)].map(
    (place) => place.split("/")[0],
  );
  if (course !== deck.course && !(steps.length && steps.every((step) => step in deck.tasks))) {
    throw new Error(`That's progress in another course, “${course}”.`);
  }
  return { tasks, experiments, reviews };
}

function check(found) {
  const isTable = (one) => Object.prototype.toString.call(one) === "[object Object]";
  const isTime = (one) => typeof one === "string" && !Number.isNaN(Date.parse(one));
  const isAnswer = (one) => isTable(one) && isTime(one.when) && typeof one.right === "boolean";
  if (!isTable(found) || typeof found.course !== "string") throw new Error("it names no course");
  const { tasks = {}, experiments = {}, reviews = [] } = found;
  if (!isTable(tasks) || !Object.values(tasks).every(isTime)) throw new Error("its tasks have no times");
  if (!isTable(experiments) || !Object.values(experiments).every(isAnswer)) throw new Error("a prediction has no answer");
  const isReview = (one) => isAnswer(one) && typeof one.step === "string";
  if (!Array.isArray(reviews) || !reviews.every(isReview)) throw new Error("a review has no answer");
}

/**
 * Add what a file holds: the earlier time of a task counts, and an answer counts once, wherever it was given.
 * Resolves to how many of each were new, and how many this course doesn't have.
 */
export function merge(found, deck) {
  const all = progress();
  const added = { tasks: 0, predictions: 0, reviews: 0, unknown: 0 };
  for (const [place, when] of Object.entries(found.tasks)) {
    const [step, task = step] = place.split("/");
    const known = deck.tasks[step]?.includes(task);
    const before = all.tasks[place];
    if (!known) added.unknown += 1;
    else if (!before || Date.parse(when) < Date.parse(before)) {
      all.tasks[place] = when;
      added.tasks += !before;
    }
  }
  const cards = new Map(deck.cards.map((card) => [`${card.step}/${card.title}`, card]));
  const byPlace = new Map(deck.cards.map((card) => [card.key, card]));
  const firsts = Object.entries(found.experiments).map(([place, answer]) => [
    answer.title ? cards.get(`${place.split("/")[0]}/${answer.title}`) : byPlace.get(place),
    answer,
  ]);
  const again = found.reviews.map((answer) => [cards.get(`${answer.step}/${answer.title}`), answer]);
  const known = answers(all, deck);
  for (const [card, answer] of [...firsts, ...again].sort((one, two) => Date.parse(one[1].when) - Date.parse(two[1].when))) {
    if (!card) {
      added.unknown += 1;
      continue;
    }
    const when = Date.parse(answer.when);
    if (known.some((one) => one.card === card && Date.parse(one.answer.when) === when)) continue;
    const told = { answer: answer.answer ?? [], sure: answer.sure ?? "", right: answer.right, when: answer.when, title: card.title };
    known.push({ card, answer: told });
    if (card.key && !all.experiments[card.key]) {
      all.experiments[card.key] = told;
      added.predictions += 1;
    } else {
      all.reviews.push({ ...told, step: card.step });
      added.reviews += 1;
    }
  }
  return { ...added, kept: keep(all) };
}

/** Every answer so far with the card that it's to, the oldest first. */
export function answers({ experiments, reviews }, { cards }) {
  const find = (step, title) => cards.find((card) => card.step === step && card.title === title);
  const firsts = Object.entries(experiments).map(([place, answer]) => ({
    card: find(place.split("/")[0], answer.title) ?? cards.find(({ key }) => key === place),
    answer,
  }));
  const again = reviews.map((answer) => ({ card: find(answer.step, answer.title), answer }));
  const known = [...firsts, ...again].filter(({ card }) => card);
  return known.sort((one, two) => Date.parse(one.answer.when) - Date.parse(two.answer.when));
}
