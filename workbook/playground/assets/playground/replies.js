// Replies as a reader sees them: the request, status, headers, body and time, and what the app wrote to its log.
export function element(tag, text = "", css = "") {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (css) made.className = css;
  return made;
}

/** An element with a sentence of the course in it; what stands between backquotes is code. */
export function prose(tag, text) {
  const made = document.createElement(tag);
  text.split("`").forEach((part, index) => made.append(index % 2 ? element("code", part) : part));
  return made;
}

const time = (ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0)) + " ms";

export function reply(told) {
  const item = element("li", "", "pg-reply");
  item.append(element("p", `${told.method} ${told.target}`, "pg-asked"));
  const line = element("p", "", `pg-status pg-${String(told.status)[0]}xx`);
  line.append(element("strong", `${told.status} ${told.reason}`), element("span", time(told.ms)));
  item.append(line);
  const headers = told.headers.map((pair) => pair.join(": ")).join("\n");
  item.append(block(`${headers}\n\n${told.body || size(told)}`, "Headers and body"));
  if (told.base64) item.append(...picture(told));
  if (told.log.trim()) item.append(element("p", "Its log:", "pg-of"), block(told.log.trimEnd(), "Log"));
  if (told.log_after.trim()) {
    const after = `Its log after the reply was complete, ${time(told.after_ms)} later:`;
    item.append(element("p", after, "pg-of"), block(told.log_after.trimEnd(), "Log after the reply"));
  }
  return item;
}

const size = (told) => (told.base64 ? `(${atob(told.base64).length} bytes)` : "(no body)");

function block(text, label) {
  const pre = element("pre", text);
  pre.tabIndex = 0; // it may scroll
  pre.setAttribute("role", "region");
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

/** What went wrong, with a button that goes to the line. */
export function problem(told, goTo) {
  const box = element("div", "", "pg-problem");
  const where = told.file ? `${told.file === "requests" ? "Requests" : told.file}, line ${told.line}` : "";
  const line = element("p");
  if (where) {
    const button = element("button", where);
    button.type = "button";
    button.addEventListener("click", () => goTo(told.file, told.line));
    line.append(button, ": ");
  }
  line.append(told.problem);
  box.append(line);
  if (told.log?.trim()) box.append(block(told.log.trimEnd(), "Log"));
  return box;
}
