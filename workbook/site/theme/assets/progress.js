// Which steps are done: a tick for each, kept in this browser and nowhere else.
const KEPT_AS = "workbook.done";
let done = new Set();

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT_AS));
    done = new Set(Array.isArray(kept) ? kept : []);
  } catch {
    // no storage here, or not ours: the ticks hold as long as the page does
  }
}

function keep() {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify([...done]));
  } catch {
    // as above
  }
}

function show() {
  for (const box of document.querySelectorAll("input[data-step]")) {
    box.checked = done.has(box.dataset.step);
    box.closest(".tick").hidden = false;
  }
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[data-step]")) return;
  read(); // another tab may have ticked something since
  if (target.checked) done.add(target.dataset.step);
  else done.delete(target.dataset.step);
  keep();
  show();
});
addEventListener("storage", () => { read(); show(); });
addEventListener("pageshow", () => { read(); show(); });
if (window.document$) window.document$.subscribe(show); // pages that Material puts in without loading
read();
show();
