// What readers have typed, kept while their tab is open; where the browser stores nothing, while the script is there.
const kept = new Map();
const key = (name) => `workbook-playground-${name}`;

/** Tells one edition of an example from another: a draft of the one is none of the other. */
function edition({ files, requests }) {
  const text = JSON.stringify([files, requests]);
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return `${text.length}.${sum}`;
}

export function keep(name, example, { files, requests }) {
  const text = JSON.stringify({ of: edition(example), files, requests });
  kept.set(name, text);
  try {
    sessionStorage.setItem(key(name), text);
  } catch {} // no storage, or no room in it
}

export function forget(name) {
  kept.delete(name);
  try {
    sessionStorage.removeItem(key(name));
  } catch {}
}

/** The draft of an example, if there is one of this edition. */
export function draft(name, example) {
  try {
    const { of, ...found } = JSON.parse(kept.get(name) ?? sessionStorage.getItem(key(name)) ?? "{}");
    return of === edition(example) ? found : undefined;
  } catch {
    return undefined;
  }
}
