// Questions with choices, and how sure the reader is of an answer.
import { element, prose } from "./replies.js";

export const SURE = ["a guess", "fairly sure", "certain"];

/** Choices, of which one can be ticked, or several; what has no value excludes the others. */
export function group(title, choices, type, name) {
  const fields = element("fieldset");
  fields.append(element("legend", title));
  for (const [value, text] of choices) {
    const label = element("label");
    const input = element("input");
    Object.assign(input, { type, name, value });
    label.append(input, prose("span", text));
    fields.append(label);
  }
  fields.addEventListener("change", ({ target }) => {
    if (type !== "checkbox" || !target.checked) return;
    for (const box of fields.querySelectorAll("input")) if (!box.value !== !target.value) box.checked = false;
  });
  return fields;
}
