// Keeps what a reader has opened for the time without a network. The first click on a playground's button registers it;
// who never clicks never gets it. With a network, everything still comes from the site, so nothing here grows old.
const KEPT = "workbook-pages";
const KEPT_BY_PYTHON = /\/assets\/playground\/[0-9a-f]{16}\/(?!codemirror\.js|fsrs\.js)/; // worker.js has a cache for them

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || KEPT_BY_PYTHON.test(pathname)) return;
  event.respondWith(answer(event));
});

async function answer(event) {
  try {
    const reply = await fetch(event.request);
    if (reply.status === 200) event.waitUntil(keep(event.request.url, reply.clone()));
    return reply;
  } catch (error) {
    const kept = await caches.match(event.request.url, { cacheName: KEPT, ignoreSearch: true, ignoreVary: true });
    return kept ?? Promise.reject(error);
  }
}

async function keep(address, reply) {
  const cache = await caches.open(KEPT).catch(() => undefined);
  await cache?.put(address.split("#")[0], reply).catch(() => {}); // a full disk is no reason to stop
}
