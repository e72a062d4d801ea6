"use strict";
// What the page does beyond showing: sort, filter, open, copy, look closer.
// Without it the page shows everything.
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

// The table of models. Few rows are shown at first: a browser lays out
// thousands of them slowly, and nobody reads them.
const body = $(".models tbody");
const form = $(".filter");
const rows = [...body.rows].filter((row) => row.className);
const page = 100;
let shown = page;

const order = ["FAIL", "INCONCLUSIVE", "PASS"];
const keys = {
  verdict: (row) => order.indexOf(row.className),
  text: (row, column) => row.cells[column].textContent.toLowerCase(),
  number: (row, column) => parseFloat(row.cells[column].textContent.replace(/[,%]/g, "")) || 0, // – has no number
};

function sortBy(header, kind) {
  const up = header.getAttribute("aria-sort") !== "ascending";
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", up ? "ascending" : "descending");
  const keyed = rows.map((row) => [keys[kind](row, header.cellIndex), row]);
  keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1));
  rows.splice(0, rows.length, ...keyed.map(([, row]) => row));
  body.append(...rows);
  filter();
}

for (const header of $$("th[data-sort]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = header.textContent;
  button.addEventListener("click", () => sortBy(header, header.dataset.sort));
  header.replaceChildren(button);
}

function filter() {
  const name = $("[type=search]", form).value.toLowerCase();
  const kind = $("select", form)?.value;
  const verdicts = new Set($$(":checked", form).map((box) => box.value));
  let found = 0;
  for (const row of rows) {
    const fits = verdicts.has(row.className) && row.cells[1].textContent.toLowerCase().includes(name) &&
      (!kind || (row.dataset.k ?? "").split(" ").includes(kind));
    row.hidden = !fits || ++found > shown;
  }
  $("output", form).textContent = found === rows.length ? "" : `${found.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
  $(".more").hidden = found <= shown;
  $(".more button").textContent = `Show all ${found.toLocaleString("en")}`;
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
$(".more button").addEventListener("click", () => {
  shown = Infinity;
  filter();
});
form.hidden = rows.length < 2;
filter(); // a browser that goes back restores the fields

// A link to a model's details opens them. The focus goes to the whole, not to
// its summary: the rest of the Enter that chose the link would close it again.
function open() {
  const model = location.hash && document.getElementById(location.hash.slice(1));
  if (!(model instanceof HTMLDetailsElement)) return;
  model.open = true;
  model.tabIndex = -1;
  model.focus({ preventScroll: true });
  model.scrollIntoView();
}
addEventListener("hashchange", open);

// The theme is the system's until somebody chooses. A browser may refuse to
// remember.
const themes = { "": "Theme: system", light: "Theme: light", dark: "Theme: dark" };
const toggle = $("#theme");
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  toggle.textContent = themes[theme] ?? themes[""];
  try { localStorage.setItem("parity-theme", theme); } catch {}
  redraw();
}
toggle.addEventListener("click", () => {
  const names = Object.keys(themes);
  setTheme(names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length]);
});
toggle.hidden = false;

for (const button of $$(".copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = $("code", button.parentNode);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch { // not allowed to: what is selected can be copied by hand
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
  });
}

// Charts are drawn by uPlot over the picture that the page comes with, once
// somebody can see them: to zoom, drag; to zoom out, double-click.
const numbers = (text) => text.split(" ").map(Number);
const charts = new Map(); // figure to uPlot

const latency = (us) => us >= 1e6 ? `${+(us / 1e6).toPrecision(3)} s` : us >= 1e3 ? `${+(us / 1e3).toPrecision(3)} ms` : `${Math.round(us)} µs`;
const share = (value) => value == null ? "–" : `${+value.toPrecision(3)}%`;
const moment = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");

// decades lists 1, 2 and 5 of each decade; the ones alone where there are many.
function decades(from, to) {
  const list = [];
  for (let decade = 10 ** Math.floor(Math.log10(from)); decade <= to; decade *= 10) {
    for (const factor of to / from > 300 ? [1] : [1, 2, 5]) list.push(decade * factor);
  }
  return list.filter((v) => v >= from && v <= to);
}

const kinds = {
  latency: { names: ["reference", "candidate"], x: latency, scale: { time: false, distr: 3 },
    axis: { splits: (u, axis, from, to) => decades(from, to), filter: (u, splits) => splits } },
  timeline: { names: ["mismatched"], x: moment, scale: { time: true },
    tick: (v, span) => span > 86400 ? moment(v).slice(5, 16) : span > 600 ? moment(v).slice(11, 16) : moment(v).slice(11) },
};

function draw(figure) {
  const kind = kinds[figure.dataset.chart], svg = $("svg", figure);
  if (!svg || !figure.dataset.edges) return;
  const colour = (selector, property) => getComputedStyle($(selector, svg))[property]; // of the theme
  const judged = figure.dataset.judged && numbers(figure.dataset.judged);
  const series = kind.names.map((name) => {
    const stroke = colour("." + name, "stroke"), fill = stroke.replace("rgb(", "rgba(").replace(")", ", 0.14)");
    return {
      label: name, stroke, fill, width: 1.5, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false },
      value: (u, v, _, i) => share(v) + (judged && v != null ? ` of ${judged[i].toLocaleString("en")}` : ""),
    };
  });
  const values = kind.names.map((name) => numbers(figure.dataset[name]));
  for (const list of [...values, ...(judged ? [judged] : [])]) list.push(list.at(-1)); // the last step's end
  const line = { stroke: colour(".base", "stroke"), width: 1 };
  const axis = { stroke: colour("text", "fill"), font: "11px sans-serif", grid: line, ticks: line };
  const tick = (u, splits) => splits.map((v) => (kind.tick ?? kind.x)(v, u.scales.x.max - u.scales.x.min));
  charts.get(figure)?.destroy();
  charts.set(figure, new uPlot({
    width: Math.min(440, figure.clientWidth), height: 150,
    series: [{ label: "from", value: (u, v) => v == null ? "–" : kind.x(v) }, ...series],
    scales: { x: { ...kind.scale, range: (u, from, to) => [from, to] }, y: { range: (u, from, to) => [0, to * 1.04] } },
    axes: [{ ...axis, size: 30, values: tick, ...kind.axis }, { ...axis, size: 44, values: (u, splits) => splits.map(share) }],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"), cursor: { y: false },
  }, [numbers(figure.dataset.edges), ...values], figure));
  svg.style.display = "none";
}

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting && !charts.has(target)) draw(target);
});
for (const figure of $$(".chart")) seen.observe(figure);
function redraw() {
  for (const figure of charts.keys()) draw(figure);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

let remembered = "";
try { remembered = localStorage.getItem("parity-theme") ?? ""; } catch {}
setTheme(remembered);
open();
