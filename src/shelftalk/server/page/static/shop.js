// What the shop gives of its own on the page: a button that leads to a product, and a small basket, both by setting.

import { el, money, safeAddress } from "./dom.js";

const { button, link, basket } = document.body.dataset;
const KEPT = "shelftalk-basket";
const MOST = 50;

// Where a product is to be had: by the shop's own link with the product's id in it, else at the product's address.
export function address(product) {
  const made = link ? link.replaceAll("{id}", encodeURIComponent(product.id)) : product.url;
  return made && safeAddress(made) ? made : "";
}

export function shopLink(product, about) {
  const href = address(product);
  return href ? el("a", { cls: "buy", href, target: "_blank", rel: "noopener noreferrer", text: button || "See it in the shop", "aria-describedby": about }) : null;
}

// On a card the shop's link stands only where the shop has named its button.
export const cardLink = (product, about) => (button ? shopLink(product, about) : null);

let held = read();
const watchers = new Set();

function read() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT));
    return Array.isArray(found) ? found.filter((p) => p && typeof p.id === "string" && typeof p.title === "string") : [];
  } catch {
    return [];
  }
}

function change(next) {
  held = next.slice(0, MOST);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(held));
  } catch {
    // a browser that keeps nothing: a reload forgets the basket
  }
  for (const told of watchers) told(held);
}

export const inBasket = () => held;
export const remove = (id) => change(held.filter((p) => p.id !== id));

// Puts a product into the basket and takes it out again; null where the shop wants none.
export function basketButton(product, about) {
  if (!basket) return null;
  const it = el("button", { type: "button", cls: "quiet", "aria-describedby": about });
  const inside = () => held.some((p) => p.id === product.id);
  const show = () => {
    it.textContent = inside() ? "In the basket" : "Add to basket";
    it.setAttribute("aria-pressed", String(inside()));
  };
  it.addEventListener("click", () => {
    const { id, title, price, currency, url } = product;
    if (inside()) remove(id);
    else change([...held, { id, title, price, currency, url }]);
  });
  watchers.add(show);
  show();
  return it;
}

// The button that opens the basket: how many there are, hidden while it is empty.
export function watchBasket(opener, open) {
  if (!opener) return;
  const show = () => {
    opener.hidden = !held.length;
    opener.textContent = `Basket (${held.length})`;
  };
  watchers.add(show);
  opener.addEventListener("click", open);
  show();
}

// What it comes to, a sum a currency; "" where something has no price.
export function total(products) {
  const sums = new Map();
  for (const p of products) {
    if (p.price === null || p.price === undefined) return "";
    sums.set(p.currency, (sums.get(p.currency) ?? 0) + Math.round(Number(p.price) * 100));
  }
  return [...sums].map(([currency, cents]) => money((cents / 100).toFixed(2), currency)).join(" and ");
}
