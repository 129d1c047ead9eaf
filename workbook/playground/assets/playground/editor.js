// A field for code, with numbered lines: Tab indents, Shift and Tab go back; after Escape, Tab leaves the field as it does anywhere else.
const INDENT = "    ";
let count = 0;

export function field(label, hint) {
  const box = document.createElement("div");
  const name = document.createElement("label");
  const area = document.createElement("textarea");
  const note = document.createElement("p");
  area.id = `playground-field-${++count}`;
  note.id = `${area.id}-hint`;
  name.htmlFor = area.id;
  name.textContent = label;
  note.textContent = hint;
  area.setAttribute("aria-describedby", note.id);
  Object.assign(area, { spellcheck: false, wrap: "off" });
  for (const off of ["autocapitalize", "autocomplete", "autocorrect"]) area.setAttribute(off, "off");
  keys(area);
  const frame = document.createElement("div");
  frame.className = "pg-frame";
  frame.append(numbers(area), area);
  box.append(name, frame, note);
  return { box, area, name };
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

export function show(area, text, most) {
  area.value = text;
  area.rows = Math.min(most, text.split("\n").length + 1);
  area.setSelectionRange(0, 0);
  area.scrollTop = 0;
  area.dispatchEvent(new Event("shown"));
}

/** Select a line, counted from 1, and bring it into view. */
export function goTo(area, line) {
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
