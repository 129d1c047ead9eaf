// What's due: FSRS spaces predictions by how they went, and how sure the reader was. workbook/learner/review.py does
// the same with the same scheduler's edition for Python, and a test compares the two.
import { answers } from "./progress.js";

const DAY = 86_400_000;
const FIRST_ASKED = DAY; // after the last of its stages' experiments: a question across stages
const CERTAIN = "certain";

/** When a card with these answers, the oldest first, is to be asked again. */
export function dueAt({ fsrs, Rating }, told) {
  const scheduler = fsrs({ enable_fuzz: false, learning_steps: [], relearning_steps: [] });
  let memory = null;
  let last = 0;
  for (const answer of told) {
    const when = Date.parse(answer.when);
    const days = last ? Math.max(0, Math.floor((when - last) / DAY)) : 0;
    memory = scheduler.next_state(memory, days, rating(Rating, answer));
    last = when;
  }
  return last + scheduler.next_interval(memory.stability, 0) * DAY;
}

function rating(Rating, { right, sure }) {
  if (!right) return Rating.Again;
  return { "a guess": Rating.Hard, [CERTAIN]: Rating.Easy }[sure] ?? Rating.Good;
}

/** What's due now: first what was certain and wrong, and in each of the two groups the longest due first. */
export function dueCards(library, deck, all, now = Date.now()) {
  const told = new Map(deck.cards.map((card) => [card, []]));
  for (const { card, answer } of answers(all, deck)) told.get(card).push(answer);
  const found = [];
  for (const card of deck.cards) {
    const mine = told.get(card);
    const begun = mine.length ? dueAt(library, mine) : card.about && firstAsked(deck, told, card.about);
    const last = mine.at(-1);
    if (begun && begun <= now) found.push({ card, due: begun, wasCertain: last?.sure === CERTAIN && !last.right });
  }
  return found.sort((one, two) => two.wasCertain - one.wasCertain || one.due - two.due);
}

/** A day after the last experiment of these stages was predicted first; 0 while one of them hasn't been. */
function firstAsked(deck, told, about) {
  const firsts = deck.cards.filter(({ key, step }) => key && about.includes(step)).map((card) => told.get(card)[0]);
  if (!firsts.length || firsts.includes(undefined)) return 0;
  return Math.max(...firsts.map(({ when }) => Date.parse(when))) + FIRST_ASKED;
}
