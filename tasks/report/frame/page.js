"use strict";
// Charts, sorting and filters of the page; all numbers are also in tables, which need no script.

const PAGE = 20;

async function drawCharts() {
  const config = JSON.parse(document.getElementById("chart-config").textContent);
  for (const place of document.querySelectorAll("[data-chart]")) {
    const spec = JSON.parse(document.getElementById(`spec-${place.dataset.chart}`).textContent);
    const { view } = await vegaEmbed(place, spec, { config, renderer: "svg", actions: false, tooltip: { theme: "custom" } });
    const picture = place.querySelector("svg");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", place.dataset.alt);
    if (spec.params?.some((param) => param.name === "lit")) followPointer(view);
  }
  document.documentElement.dataset.ready = "true";
}

// Charts in which one model can be highlighted, and the model that stays highlighted after a press.
const litViews = [];
let kept = "";

function light(model) {
  for (const view of litViews) view.signal("lit", model).runAsync();
}

function keep(model) {
  kept = model === kept ? "" : model;
  for (const button of document.querySelectorAll("[data-model]")) {
    button.setAttribute("aria-pressed", button.dataset.model === kept);
  }
  light(kept);
}

function followPointer(view) {
  litViews.push(view);
  view.addEventListener("pointerover", (_event, item) => light(item?.datum?.model ?? kept));
  view.addEventListener("pointerout", () => light(kept));
  view.addEventListener("click", (_event, item) => keep(item?.datum?.model ?? kept));
}

function compareCells(first, second) {
  const [a, b] = [Number(first), Number(second)];
  const bothNumbers = first !== "" && second !== "" && !Number.isNaN(a) && !Number.isNaN(b);
  return bothNumbers ? a - b : String(first).localeCompare(String(second));
}

function sortTable(head) {
  const table = head.closest("table");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const column = heads.indexOf(head);
  const descending = head.getAttribute("aria-sort") === "ascending";
  const key = (row) => row.cells[column].dataset.sort;
  const rows = [...body.rows].sort((a, b) => {
    // Rows without a value stay at the end in either order.
    if ((key(a) === "") !== (key(b) === "")) return key(a) === "" ? 1 : -1;
    return (descending ? -1 : 1) * compareCells(key(a), key(b));
  });
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  body.append(...rows);
}

function filterReviews(form, limit) {
  const [model, label, text] = ["model", "label", "text"].map((name) => form.elements[name].value);
  const wanted = text.toLowerCase();
  const reviews = [...document.querySelectorAll("#reviews .review")];
  const fitting = reviews.filter(
    (review) =>
      (model === "" || review.dataset.models.split(" ").includes(model)) &&
      (label === "" || review.dataset.label === label) &&
      review.textContent.toLowerCase().includes(wanted),
  );
  const shown = new Set(fitting.slice(0, limit));
  for (const review of reviews) review.hidden = !shown.has(review);
  const more = document.getElementById("more");
  more.hidden = shown.size === fitting.length;
  more.onclick = () => filterReviews(form, limit + PAGE);
  form.querySelector("output").textContent = `${shown.size} of ${fitting.length} reviews`;
}

for (const head of document.querySelectorAll(".sortable thead th")) {
  head.querySelector("button").addEventListener("click", () => sortTable(head));
}
for (const button of document.querySelectorAll("[data-model]")) {
  button.addEventListener("click", () => keep(button.dataset.model));
  button.addEventListener("pointerenter", () => light(button.dataset.model));
  button.addEventListener("pointerleave", () => light(kept));
}
const filters = document.getElementById("filters");
if (filters) {
  filters.addEventListener("input", () => filterReviews(filters, PAGE));
  filters.addEventListener("submit", (event) => event.preventDefault());
  filterReviews(filters, PAGE);
}
drawCharts();
