// What Material leaves out, put on whatever it adds to the page, whenever it does so: names, keyboard access, and
// transcripts that are copied without their prompts and outputs.
const name = (selector, label) =>
  document.querySelectorAll(selector).forEach((element, index) => {
    if (!element.hasAttribute("aria-label")) element.setAttribute("aria-label", label(element, index + 1));
  });

function mend() {
  name(".md-search[role=dialog]", () => "Search");
  name("nav.md-code__nav", (_, number) => `Code block ${number}`);
  name(".task-list-item input", (input) => input.closest("li").innerText.trim());
  for (const block of document.querySelectorAll(".language-console:not([data-copy])")) {
    block.dataset.copy = commands(block);
  }
  const boxes = [...document.querySelectorAll("pre > code, .md-typeset__scrollwrap")];
  const scrolls = boxes.map((box) => box.scrollWidth > box.clientWidth); // all is read before anything is written
  boxes.forEach((box, index) => {
    if (scrolls[index] === (box.tabIndex === 0)) return;
    if (scrolls[index]) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
}

function commands(block) {
  const lines = block.querySelector("code").innerHTML.split("\n"); // no element reaches over the end of a line
  const code = document.createElement("code");
  code.innerHTML = lines.filter((line) => line && !line.startsWith('<span class="go">')).join("\n");
  code.querySelectorAll(".gp").forEach((prompt) => prompt.remove());
  return code.textContent;
}

let waiting = false;
function mendSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    mend();
  });
}

new MutationObserver(mendSoon).observe(document.body, { childList: true, subtree: true });
addEventListener("resize", mendSoon);
document.addEventListener("toggle", mendSoon, true); // what was folded has a width only now
mendSoon();
