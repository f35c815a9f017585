"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const PRINTED = 100; // rows on paper
  const runs = Object.values(data.values)[0].length;
  const columns = runs + 1 + (runs > 1 ? 1 : 0);
  const control = (id) => document.getElementById(id);
  const chosen = (id, otherwise) => (control(id) ? control(id).value : otherwise);
  const texts = rows.map((row) => row.cells[0].textContent.toLowerCase());
  const said = control("count").textContent;
  const more = said.includes(";") ? said.slice(said.indexOf(";")) : "";

  function shown(value, signed) {
    if (value === null) return "-";
    const size = Math.abs(value);
    const places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
    const text = value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
    return signed && value > 0 ? "+" + text : text;
  }

  function difference(row) {
    const values = data.values[chosen("metric")];
    const after = values[Number(chosen("variant", "1"))][row];
    const before = values[0][row];
    return after === null || before === null ? null : after - before;
  }

  function outcome(row) {
    const gain = difference(row);
    if (gain === null) return "none";
    if (Math.abs(gain) < 1e-9) return "tie";
    return (gain > 0) === (data.better[chosen("metric")] !== "lower") ? "win" : "loss";
  }

  function fill() {
    const values = data.values[chosen("metric")];
    for (const row of rows) {
      const i = Number(row.dataset.row);
      for (let run = 0; run < runs; run += 1) row.cells[1 + run].textContent = shown(values[run][i], false);
      if (runs > 1) {
        const cell = row.cells[1 + runs];
        const kind = outcome(i);
        cell.textContent = shown(difference(i), true);
        cell.className = "n" + (kind === "win" ? " v-better" : kind === "loss" ? " v-worse" : "");
      }
    }
  }

  function filter() {
    const words = chosen("search").toLowerCase().split(/\s+/).filter(Boolean);
    const kind = chosen("outcome", "");
    const picks = Array.from(document.querySelectorAll("select[data-column]"), (s) => [columns + Number(s.dataset.column), s.value]);
    let count = 0;
    for (const row of rows) {
      const i = Number(row.dataset.row);
      const fits = words.every((w) => texts[i].includes(w)) && (!kind || outcome(i) === kind) &&
        picks.every(([cell, value]) => value === "*" || "=" + row.cells[cell].textContent === value);
      row.hidden = !fits;
      if (fits) count += 1;
    }
    control("count").textContent = (count === rows.length ? `${count} requests` : `${count} of ${rows.length} requests`) + more;
  }

  function key(name, row) {
    const i = Number(row.dataset.row);
    if (name === "d") return difference(i);
    if (name[0] === "v") return data.values[chosen("metric")][Number(name.slice(1))][i];
    if (name[0] !== "c") return row.cells[0].textContent;
    const text = row.cells[columns + Number(name.slice(1))].textContent;
    return text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text);
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }

  // What is missing stands last, whichever way the rest is sorted.
  function sort(button) {
    const head = button.closest("th");
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = rows.map((row) => [key(button.dataset.sort, row), row]);
    keyed.sort(([a, x], [b, y]) => {
      if (a === null || b === null) return (a === null) - (b === null) || x.dataset.row - y.dataset.row;
      return (down ? -1 : 1) * compare(a, b) || x.dataset.row - y.dataset.row;
    });
    body.append(...keyed.map(([, row]) => row));
  }

  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) sort(button);
  });
  control("filters").addEventListener("submit", (event) => event.preventDefault());
  control("filters").addEventListener("input", () => { fill(); filter(); });
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("main > section > details:not([open]), .case:not([open])"));
    for (const part of opened) part.open = true;
    const there = Array.from(body.rows).filter((row) => !row.hidden);
    there.forEach((row, i) => row.classList.toggle("unprinted", i >= PRINTED));
    control("printed").textContent = there.length > PRINTED ? `The first ${PRINTED} are printed, in the order chosen on the page.` : "";
  });
  window.addEventListener("afterprint", () => { for (const part of opened) part.open = false; });
  fill();
  filter();
})();
