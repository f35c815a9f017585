// What opens above the page: a product with all its facts, the comparison of chosen picks, the basket, and "why not ...?".

import * as api from "./api.js";
import { el, fieldName, money, picture, valueText } from "./dom.js";
import { basketButton, inBasket, remove, shopLink, total } from "./shop.js";

const sheet = document.getElementById("sheet");
const title = document.getElementById("sheet-title");
const body = document.getElementById("sheet-body");
document.getElementById("sheet-close").addEventListener("click", () => sheet.close());

export function openSheet(text, ...content) {
  title.textContent = text;
  body.replaceChildren(...content);
  if (!sheet.open) sheet.showModal();
  title.focus();
}

const UNTOLD = new Set(["id", "title", "description", "images", "url", "currency", "price", "list_price", "attributes", "item_group_id"]);
const HIDDEN = new Set([...UNTOLD, "released_at"]);

export function compare(products) {
  openSheet(`Compare ${products.length} picks`, ...table(products));
}

// What differs first, a product a column; attributes may stand beside the other fields or below `attributes`.
export function table(products) {
  const flat = products.map((p) => ({ ...p, ...(p.attributes || {}) }));
  const names = [...new Set(flat.flatMap((p) => Object.keys(p)))].filter((n) => !HIDDEN.has(n) && flat.some((p) => given(p[n])));
  const rows = names.map((name) => {
    const cells = flat.map((p) => (given(p[name]) ? valueText(p[name], name) : "–"));
    return { name, cells, differs: new Set(cells).size > 1 };
  });
  rows.sort((a, b) => Number(b.differs) - Number(a.differs));
  const head = el("thead", {}, el("tr", {}, el("td", {}, el("span", { cls: "unseen", text: "Property" })), ...products.map((p) => el("th", { scope: "col", text: p.title }))));
  const price = row("price", products.map((p) => money(p.price, p.currency)), new Set(products.map((p) => p.price)).size > 1);
  const cells = el("table", {}, head, el("tbody", {}, price, ...rows.map((r) => row(r.name, r.cells, r.differs))));
  return [el("p", { cls: "hint", text: "What differs comes first." }), el("div", { cls: "scroll", tabindex: 0, role: "region", "aria-label": "Comparison" }, cells)];
}

const given = (value) => value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && !value.length);
const row = (name, cells, differs) => el("tr", { cls: differs ? "differs" : "same" }, el("th", { scope: "row", text: fieldName(name) }), ...cells.map((text) => el("td", { text })));

// One product: its picture, its price, everything that its record says, and where it is to be had.
export function details(product) {
  const facts = { ...product, ...(product.attributes || {}) };
  const shows = (value) => given(value) && (typeof value !== "object" || Array.isArray(value));
  const names = Object.keys(facts).filter((n) => !UNTOLD.has(n) && shows(facts[n]));
  const before = product.list_price && Number(product.list_price) > Number(product.price) ? el("s", { cls: "was", text: money(product.list_price, product.currency) }) : null;
  const price = el("p", { cls: "price" }, before, money(product.price, product.currency));
  const told = el("tbody", {}, ...names.map((n) => row(n, [valueText(facts[n], n, product.currency)], false)));
  const doing = el("p", { cls: "do" }, shopLink(product, "sheet-title"), basketButton(product, "sheet-title"));
  const words = product.description ? el("p", { cls: "description", text: product.description, dir: "auto" }) : null;
  const head = el("div", { cls: "product" }, picture(product), el("div", {}, price, doing));
  openSheet(product.title, head, ...[words].filter(Boolean), el("div", { cls: "scroll", tabindex: 0, role: "region", "aria-label": "Facts" }, el("table", { cls: "told" }, told)));
}

export function basket() {
  const list = el("ul", { cls: "basket" });
  const sum = el("p", { cls: "price" });
  const show = () => {
    const held = inBasket();
    list.replaceChildren(...held.map((p) => el("li", {}, el("span", { cls: "name", text: p.title }), el("span", { cls: "price", text: money(p.price, p.currency) }), shopLink(p), el("button", { type: "button", cls: "quiet small", text: "Remove", "aria-label": `Remove ${p.title}`, on: { click: () => { remove(p.id); show(); title.focus(); } } }))));
    const comes = total(held);
    sum.textContent = !held.length ? "The basket is empty." : comes ? `Together: ${comes}` : "";
  };
  show();
  openSheet("Basket", list, sum);
}

export function whyNot(request, intent) {
  const input = el("input", { type: "text", role: "searchbox", enterkeyhint: "search", "aria-label": "Name of the product", placeholder: "Name of a product", maxlength: 200, required: true });
  const results = el("ul", { cls: "results" });
  const said = el("div", { role: "status" });
  const choose = (button, product) => {
    for (const other of results.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    tell(product, request, intent, said);
  };
  const form = el("form", { cls: "finder" }, input, el("button", { type: "submit", cls: "main", text: "Find" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.replaceChildren();
    try {
      const { products } = await api.byWords(input.value.trim());
      results.replaceChildren(...products.map((p) => el("li", {}, el("button", { type: "button", "aria-pressed": "false", on: { click: (event) => choose(event.currentTarget, p) } }, el("span", { text: p.title }), el("span", { cls: "price", text: money(p.price, p.currency) })))));
      said.textContent = products.length ? "Choose the one you mean." : "No product carries these words.";
    } catch (error) {
      said.textContent = error.message;
    }
  });
  openSheet("Why not …?", el("p", { cls: "hint", text: "Name a product and read why it is not among the picks." }), form, results, said);
  input.focus();
}

async function tell(product, request, intent, said) {
  said.textContent = "Looking it up …";
  try {
    const found = await api.why(product.id, request, intent);
    const lines = found.claims.map((c) => el("li", {}, c.text));
    for (const above of found.above) lines.push(el("li", {}, el("strong", { text: `${above.rank}. ${above.title}` }), above.claims.length ? `: ${above.claims.map((c) => c.text).join(" ")}` : "", above.decided ? ` ${above.decided}` : ""));
    said.replaceChildren(el("div", { cls: "verdict" }, el("strong", { text: product.title }), el("p", { text: found.summary }), el("ul", {}, ...lines)));
    said.scrollIntoView({ block: "nearest" });
  } catch (error) {
    said.textContent = error.message;
  }
}
