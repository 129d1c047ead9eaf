// Hints, one at a time: each press shows the next.
import { element } from "./replies.js";

/** A button and the place where the hints appear; `ended` is called when the last one is shown. */
export function hints(panel, texts, ended = () => {}) {
  const taken = element("div");
  let shown = 0;
  const label = () => {
    button.hidden = shown === texts.length;
    button.textContent = `Show hint ${shown + 1} of ${texts.length}`;
  };
  const button = panel.button("", () => {
    const [title, html] = texts[shown];
    shown += 1;
    const hint = element("div", "", "pg-hint");
    hint.tabIndex = -1;
    const body = element("div");
    body.innerHTML = html; // the course's own Markdown, rendered when the site was built
    hint.append(element("p", `Hint ${shown}: ${title}`, "pg-title"), body);
    taken.append(hint);
    label();
    hint.focus({ preventScroll: true }); // so that it's read out, also when the last one takes the button away
    hint.scrollIntoView({ block: "nearest" });
    if (shown === texts.length) ended();
  });
  label();
  return { button, taken };
}
