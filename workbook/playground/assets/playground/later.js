// What a reader will need without a network, fetched while they read: the page itself, and what runs the tests.
import { fetchAhead } from "./python.js";

const KEPT = "workbook-pages"; // as in offline.js
const SITE = new URL("../../", import.meta.url); // offline.js is there, because it may only keep what's below it

/** Have these files of the playground, and what this visit has loaded already, for the time without a network. */
export function keepForLater(names) {
  const begin = async () => {
    await fetchAhead(names).catch(() => {}); // offline already: who needs them will be told
    await keepThisVisit().catch(() => {}); // no storage, or no worker here: then the page works as long as it's open
    document.documentElement.dataset.kept = location.pathname; // the tests wait for it
  };
  (globalThis.requestIdleCallback ?? setTimeout)(begin);
}

async function keepThisVisit() {
  await navigator.serviceWorker.register(new URL("playground-offline.js", SITE));
  const cache = await caches.open(KEPT);
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const ours = [location.href.split("#")[0], ...loaded].filter((address) => address.startsWith(SITE.href) && !/\/[0-9a-f]{16}\/(?!codemirror|fsrs)/.test(address));
  await Promise.allSettled([...new Set(ours)].map((address) => cache.match(address).then((kept) => kept ?? cache.add(address))));
}
