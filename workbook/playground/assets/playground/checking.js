// The promises of a stage that a page can check, each by requests of its own to a fresh app.
import { run } from "./python.js";
import { element, prose, reply } from "./replies.js";

/**
 * Check them on these files. `say` is told how far it is, and `signal` stops it.
 * Resolves to the names of those that are broken, and an item for each to show.
 */
export async function check(panel, files, say, signal) {
  const { env, needs, checks, promises } = panel.example;
  const items = [];
  const red = new Set();
  for (const [index, { promise, requests, expect }] of checks.entries()) {
    say(`Checking promise ${index + 1} of ${checks.length} …`);
    const replies = [];
    let why = "";
    await run(panel.build, { env, needs, files, requests, expect }, (told) => {
      if (told.status) replies.push(told);
      else why = told.problem ? `${told.file ? `${told.file}, line ${told.line}: ` : ""}${told.problem}` : told.verdict;
    }, undefined, signal);
    if (why) red.add(promise);
    items.push(verdict(promises[promise], why, replies));
  }
  return { red, items };
}

function verdict(promise, why, replies) {
  const item = element("li", "", why ? "pg-red" : "pg-green");
  item.append(element("strong", why ? "FAIL " : "PASS "), prose("span", promise));
  if (!why) return item;
  item.append(element("p", why, "pg-why"));
  if (replies.length) {
    const seen = element("details");
    const list = element("ol", "", "pg-replies");
    list.append(...replies.map((told) => reply(told)));
    seen.append(element("summary", replies.length === 1 ? "The request and its response" : "The requests and their responses"), list);
    item.append(seen);
  }
  return item;
}
