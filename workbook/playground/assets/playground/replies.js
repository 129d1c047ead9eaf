// Replies as a reader sees them: the request, status, headers, body and time, and what the app wrote to its log.
export function element(tag, text = "", css = "") {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (css) made.className = css;
  return made;
}

/** Give the reader a file, as the browser gives any other. */
export function download(name, content, type) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a browser may ask where to first
}

/** An element with a sentence of the course in it; what stands between backquotes is code. */
export function prose(tag, text) {
  const made = document.createElement(tag);
  text.split("`").forEach((part, index) => made.append(index % 2 ? element("code", part) : part));
  return made;
}

const time = (ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0)) + " ms";

/** `goTo` is called with the file and the line of a crash. */
export function reply(told, goTo) {
  const item = element("li", "", "pg-reply");
  item.append(element("p", told.title || `Request ${told.number + 1}`, "pg-title"));
  item.append(element("p", `${told.method} ${told.target}`, "pg-asked"));
  if (told.sent.length) item.append(element("p", told.sent.map(header).join("\n"), "pg-sent"));
  const line = element("p", "", `pg-status pg-${String(told.status)[0]}xx`);
  line.append(element("strong", `${told.status} ${told.reason}`), element("span", time(told.ms)));
  item.append(line);
  const headers = told.headers.map((pair) => pair.join(": ")).join("\n");
  item.append(block(`${headers}\n\n${told.body || size(told)}`, "Headers and body"));
  if (told.base64) item.append(...picture(told));
  const crash = goTo && raised(told);
  if (crash) {
    const said = element("p", "", "pg-problem");
    said.append(place(crash.file, crash.line, goTo), crash.text && `: ${crash.text}`);
    item.append(said);
  }
  if (told.log.trim()) item.append(element("p", "Its log:", "pg-of"), block(told.log.trimEnd(), "Log"));
  if (told.log_after.trim()) {
    const after = `Its log after the response was complete, ${time(told.after_ms)} later:`;
    item.append(element("p", after, "pg-of"), block(told.log_after.trimEnd(), "Log after the response"));
  }
  return item;
}

const LONGEST = 80; // of a token only the beginning counts

function header([name, value]) {
  return `${name}: ${value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value}`;
}

/** The reader's line in which the last traceback of a crash's log ends, and what was raised there. */
export function raised({ status, log, log_after }) {
  if (status < 500) return undefined;
  const all = log + log_after;
  const frames = [...all.matchAll(/File "([\w./-]+\.py)", line (\d+), in/g)].filter(([, file]) => !file.startsWith("/"));
  if (!frames.length) return undefined;
  const { 1: file, 2: line, index } = frames.at(-1);
  const errors = [...all.matchAll(/^[\s|+]*((?:\w+\.)*[A-Z]\w*(?:: .*)?)$/gm)].filter((found) => found.index > index);
  return { file, line: Number(line), text: errors[0]?.[1] ?? "" };
}

/** A button that leads to a line. */
export function place(file, line, goTo) {
  const button = element("button", `${file === "requests" ? "Requests" : file}, line ${line}`, "pg-place");
  button.type = "button";
  button.addEventListener("click", () => goTo(file, line));
  return button;
}

const size = (told) => (told.base64 ? `(${atob(told.base64).length} bytes)` : "(no body)");

/** Code, or what a program wrote. */
export function block(text, label) {
  const pre = element("pre", text);
  pre.tabIndex = 0; // it may scroll
  pre.setAttribute("role", "group"); // not a region: many of them are no landmarks
  pre.setAttribute("aria-label", label);
  return pre;
}

function picture(told) {
  const type = told.headers.find(([name]) => name === "content-type")?.[1] ?? "";
  if (!/^image\/(png|jpeg|webp)$/.test(type)) return [];
  const image = element("img");
  image.src = `data:${type};base64,${told.base64}`;
  image.alt = `The picture at ${told.target}`;
  return [image];
}

/** What there is to read of a problem besides its line and its first words. */
export function problem(told, short) {
  const box = element("li", "", "pg-problem");
  if (told.problem !== short) box.append(block(told.problem, "Problem"));
  if (told.log?.trim()) box.append(element("p", "The log:", "pg-of"), block(told.log.trimEnd(), "Log"));
  return box.childNodes.length ? [box] : [];
}

/** Have the playground's style on this page. */
export async function style() {
  if (document.getElementById("playground-style")) return;
  const link = element("link");
  Object.assign(link, { id: "playground-style", rel: "stylesheet", href: new URL("playground.css", import.meta.url) });
  await new Promise((loaded) => {
    link.onload = link.onerror = loaded;
    document.head.append(link);
  });
}
