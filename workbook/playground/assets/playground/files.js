// A new file for the reader's app, beside the chooser.
import { element } from "./replies.js";

const NAME = /^(?:[a-z_]\w*\/)*[a-z_]\w*\.py$/i;
let count = 0;

export function newFile(panel) {
  const form = element("div", "", "pg-new");
  const label = element("label", "New file ");
  const input = element("input");
  input.id = `playground-new-${++count}`;
  const folder = Object.keys(panel.files).find((name) => name.includes("/"))?.split("/")[0];
  Object.assign(input, { type: "text", placeholder: folder ? `${folder}/routers/comments.py` : "module.py", spellcheck: false, autocapitalize: "off", autocomplete: "off" });
  const add = () => {
    const name = input.value.trim();
    if (!NAME.test(name)) return panel.say(`“${name}” is not a name for a Python file. Write one like ${input.placeholder}`);
    if (!(name in panel.files)) panel.files[name] = "";
    input.value = "";
    panel.list();
    panel.choose(name);
    panel.keep();
    panel.say(`${name} is there.`);
    panel.code.area.focus();
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    add();
  });
  label.append(input);
  form.append(label, panel.button("Add it", add));
  return form;
}
