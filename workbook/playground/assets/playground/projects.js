// A reader's project, kept in this browser's own database: it's there again tomorrow, and nothing of it leaves the page.
const NAME = "workbook-playground";
const STORE = "projects";
let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function ask(mode, what) {
  const store = (await database()).transaction(STORE, mode).objectStore(STORE);
  return new Promise((resolve, reject) => {
    const asked = what(store);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** The project's files, or undefined, also where the browser keeps nothing. */
export const stored = (name) => ask("readonly", (store) => store.get(name)).catch(() => undefined);

/** Keep the files; false where the browser can't. */
export const store = (name, files) => ask("readwrite", (place) => place.put(files, name)).then(() => true, () => false);
