// A field for code. Where CodeMirror can't be loaded it's a text area with numbered lines: Tab indents, Shift and Tab
// go back; after Escape, Tab leaves the field as it does anywhere else.
import { codeField } from "./code.js";

const INDENT = "    ";
const SOON = 8000; // milliseconds: who waits longer for the editor gets a text area
let count = 0;

/** CodeMirror, as the build has it; undefined where it doesn't come. */
export function loadEditor(build) {
  const late = new Promise((over) => setTimeout(over, SOON));
  return Promise.race([import(new URL(`${build}/codemirror.js`, import.meta.url)), late]).catch(() => undefined);
}

/**
 * A field: `box` is its element, `name` its label, and `area` is, or acts like, a text area: it has a `value`, takes the
 * focus, and tells of `input`. The rest is what one can do with it.
 * `language` is "python" or "requests".
 */
export function field(cm, label, hint, language) {
  const parts = { box: document.createElement("div"), frame: document.createElement("div") };
  const id = `playground-field-${++count}`;
  parts.name = document.createElement(cm ? "p" : "label");
  parts.name.className = "pg-label";
  parts.name.textContent = label;
  parts.note = document.createElement("p");
  parts.note.textContent = hint;
  parts.error = document.createElement("p");
  parts.error.className = "pg-problem";
  parts.error.hidden = true;
  for (const part of ["name", "note", "error"]) parts[part].id = `${id}-${part}`;
  parts.frame.className = "pg-frame";
  const made = cm ? codeField(cm, parts, language) : plainField(parts, id);
  parts.box.append(parts.name, parts.frame, parts.error, parts.note);
  return {
    ...made,
    box: parts.box,
    name: parts.name,
    /** Mark the lines of problems, each {line, text}; [] takes the marks away. */
    mark(problems) {
      made.mark?.(problems);
      parts.error.hidden = !problems.length;
      parts.error.textContent = problems.map(({ line, text }) => `Line ${line}: ${text}`).join("\n");
    },
  };
}

function plainField({ name, note, error, frame }, id) {
  const area = document.createElement("textarea");
  area.id = name.htmlFor = id;
  area.setAttribute("aria-describedby", `${error.id} ${note.id}`);
  Object.assign(area, { spellcheck: false, wrap: "off" });
  for (const off of ["autocapitalize", "autocomplete", "autocorrect"]) area.setAttribute(off, "off");
  keys(area);
  frame.append(numbers(area), area);
  return {
    area,
    show: (text, most) => show(area, text, most),
    goTo: (line) => goTo(area, line),
  };
}

/** The numbers beside the lines: only for the eye, since errors name their line in words. */
function numbers(area) {
  const column = document.createElement("div");
  column.className = "pg-numbers";
  column.setAttribute("aria-hidden", "true");
  let shown = 0;
  const align = () => (column.scrollTop = area.scrollTop);
  area.addEventListener("scroll", align);
  const count = () => {
    const lines = area.value.split("\n").length;
    if (lines !== shown) column.textContent = Array.from({ length: (shown = lines) }, (_, index) => index + 1).join("\n");
    align();
  };
  for (const changed of ["input", "shown"]) area.addEventListener(changed, count);
  return column;
}

function show(area, text, most) {
  area.value = text;
  area.rows = Math.min(most, text.split("\n").length + 1);
  area.setSelectionRange(0, 0);
  area.scrollTop = 0;
  area.dispatchEvent(new Event("shown"));
}

/** Select a line, counted from 1, and bring it into view. */
function goTo(area, line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus({ preventScroll: true });
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const height = area.scrollHeight / Math.max(1, lines.length);
  area.scrollTop = Math.max(0, (line - 4) * height);
  area.scrollIntoView({ block: "center" });
}

function keys(area) {
  let leaving = false;
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leaving = true;
    else if (event.key !== "Tab") leaving = event.key === "Shift" && leaving;
    else if (!leaving && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      indent(area, event.shiftKey);
    }
  });
  area.addEventListener("blur", () => (leaving = false));
}

function indent(area, back) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  if (!back && start === end) return insert(area, INDENT);
  const first = value.lastIndexOf("\n", start - 1) + 1;
  const last = end > start && value[end - 1] === "\n" ? end - 1 : end;
  const old = value.slice(first, last);
  const changed = old.split("\n").map((line) => (back ? line.replace(/^ {1,4}/, "") : line && INDENT + line)).join("\n");
  if (changed === old) return;
  area.setSelectionRange(first, last);
  insert(area, changed);
  if (start === end) area.setSelectionRange(Math.max(first, start - (old.length - changed.length)), Math.max(first, start - (old.length - changed.length)));
  else area.setSelectionRange(first, first + changed.length);
}

/** As if typed: undo takes it back. */
function insert(area, text) {
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
}
