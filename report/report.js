"use strict";
// Sorts and filters the table of models. Without it the page shows everything.
const body = document.querySelector(".models tbody");
const form = document.querySelector(".filter");
const rows = [...body.rows].filter((row) => row.className);

const order = ["FAIL", "INCONCLUSIVE", "PASS"];
const keys = {
  verdict: (row) => order.indexOf(row.className),
  text: (row, column) => row.cells[column].textContent,
  number: (row, column) => parseFloat(row.cells[column].textContent.replace(/[,%]/g, "")) || 0, // – has no number
};

function sortBy(header, kind) {
  const up = header.getAttribute("aria-sort") !== "ascending";
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", up ? "ascending" : "descending");
  const keyed = rows.map((row) => [keys[kind](row, header.cellIndex), row]);
  keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1));
  body.append(...keyed.map(([, row]) => row));
}

for (const header of document.querySelectorAll("th[data-sort]")) {
  const button = document.createElement("button");
  button.textContent = header.textContent;
  button.addEventListener("click", () => sortBy(header, header.dataset.sort));
  header.replaceChildren(button);
}

function filter() {
  const name = form.querySelector("[type=search]").value.toLowerCase();
  const verdicts = new Set([...form.querySelectorAll(":checked")].map((box) => box.value));
  let shown = 0;
  for (const row of rows) {
    row.hidden = !verdicts.has(row.className) || !row.cells[1].textContent.toLowerCase().includes(name);
    if (!row.hidden) shown++;
  }
  form.querySelector("output").textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = rows.length < 2;
filter(); // a browser that goes back restores the fields

// A link to a model's details opens them.
function open() {
  const model = location.hash && document.getElementById(location.hash.slice(1));
  if (model instanceof HTMLDetailsElement) model.open = true;
}
addEventListener("hashchange", open);
open();
