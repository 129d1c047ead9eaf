"use strict";
// Tables are whole without this: it adds sorting by each heading, and a filter for the learners.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator(undefined, { numeric: true });
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    const small = head.querySelector("small");
    button.append(...[...head.childNodes].filter((node) => node !== small));
    head.prepend(button);
    button.addEventListener("click", () => {
      const first = head.classList.contains("number") ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      for (const one of heads) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => [key(row, column), row]);
      const numbers = rows.every(([value]) => !Number.isNaN(Number(value)));
      // What has no value comes last, whichever way the rest is sorted.
      const order_of = (a, b) => (a === "" || b === "" ? (a === "") - (b === "") : sign * (numbers ? a - b : collator.compare(a, b)));
      rows.sort(([a], [b]) => order_of(a, b));
      body.append(...rows.map(([, row]) => row));
    });
  });
}
const filter = document.getElementById("filter");
const rows = [...document.querySelectorAll("table[data-filtered] tbody tr")];
// Letters without their accents, so that "sinead" finds Sinéad.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase().replaceAll("ı", "i").replaceAll("ł", "l").replaceAll("ø", "o");
const texts = rows.map((row) => plain(row.textContent));
const shown = document.getElementById("shown");
filter.closest("[hidden]").hidden = false;
filter.addEventListener("input", () => {
  const words = plain(filter.value).split(/\s+/).filter(Boolean);
  let many = 0;
  rows.forEach((row, n) => {
    row.hidden = !words.every((word) => texts[n].includes(word));
    many += !row.hidden;
  });
  shown.textContent = words.length ? `${many} of ${rows.length}` : "";
});
