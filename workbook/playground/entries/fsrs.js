// What `review` uses of FSRS, the scheduler: see assets/playground/deck.js.
export { fsrs, Rating } from "ts-fsrs";
