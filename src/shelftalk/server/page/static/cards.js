// A pick as a card: what it is, what it costs, why, and what can be done with it.

import { el, fieldName, money, picture, uid, valueText } from "./dom.js";
import { details } from "./sheets.js";
import { basketButton, cardLink } from "./shop.js";
import { fillReason } from "./words.js";

// Why a pick is not for the shopper, as the server knows the reasons; the last is for none of these.
const WHYS = [["price", "Too expensive"], ["brand", "Not this brand"], ["look", "Its look"], ["have", "I have it"], ["other", "Just not for me"]];

export class Card {
  // `act(name, card, why)` is called for "like", "dismiss" (with why), "bought"; `compare(card, on)` for the tick.
  constructor(pick, act, compare) {
    this.pick = pick;
    this.product = { id: pick.product_id, title: pick.title, price: pick.price, currency: pick.currency };
    this.claims = [];
    this.text = "";
    const title = uid("title");
    this.reason = el("p", { cls: "reason" });
    this.price = el("span", { cls: "price", text: money(pick.price, pick.currency) });
    this.facts = el("p", { cls: "facts" });
    this.frame = el("div", { cls: "picture" });
    this.titled = title;
    this.heading = el("h3", { id: title }, el("button", { type: "button", cls: "open", "aria-haspopup": "dialog", text: pick.title, on: { click: () => details(this.product) } }));
    this.badge = el("span", { cls: "badge" });
    this.mark(pick);
    const button = (name, text) => el("button", { type: "button", cls: "quiet", text, "aria-describedby": title, on: { click: () => act(name, this) } });
    this.tick = el("input", { type: "checkbox", "aria-describedby": title, on: { change: () => compare(this, this.tick.checked) } });
    this.buttons = el("div", { cls: "do" }, button("like", "More like this"), (this.refuse = el("button", { type: "button", cls: "quiet", text: "Not for me", "aria-describedby": title, "aria-expanded": "false", on: { click: () => this.askWhy(act) } })), button("bought", "Bought it"), el("label", {}, this.tick, "Compare"));
    this.node = el("li", { cls: "card", "aria-labelledby": title, data: { product: pick.product_id } }, this.frame, el("div", {}, el("div", { cls: "card-head" }, this.heading, this.badge, this.price), this.facts, variants(pick)), el("div", {}, this.reason), this.buttons);
    this.node.children[2].className = "said";
  }

  // What it is the best in of all that fits: "lightest".
  mark({ label }) {
    this.badge.textContent = label ?? "";
    this.badge.hidden = !label;
  }

  claim(claim) {
    this.claims.push(claim);
  }

  add(words) {
    this.text += words;
    this.reason.append(words);
  }

  restart() {
    this.claims = [];
    this.text = "";
    this.reason.replaceChildren();
  }

  // The reason in full: each statement becomes a button with its evidence.
  settle(pick) {
    this.claims = pick.claims;
    this.text = pick.reason;
    this.mark(pick);
    fillReason(this.reason, pick.reason, pick.claims, pick.currency);
    this.seen?.remove();
    this.seen = seeing(pick, this.titled);
    if (this.seen) this.reason.after(this.seen);
  }

  // What the whole record says beside title and price.
  enrich(product) {
    this.product = product;
    this.buttons.prepend(...[cardLink(product, this.titled), basketButton(product, this.titled)].filter(Boolean));
    this.frame.replaceWith((this.frame = picture(product)));
    if (product.list_price && Number(product.list_price) > Number(product.price)) {
      this.price.prepend(el("s", { cls: "was", text: money(product.list_price, product.currency), "aria-label": `before ${money(product.list_price, product.currency)}` }));
    }
    const facts = [];
    if (product.rating) {
      const reviews = product.review_count ? ` (${product.review_count.toLocaleString("en")})` : "";
      facts.push(el("span", { "aria-label": `rated ${product.rating} of 5${product.review_count ? ` by ${product.review_count}` : ""}` }, el("span", { cls: "stars", "aria-hidden": "true", text: "★ " }), `${product.rating.toFixed(1)}${reviews}`));
    }
    facts.push(stock(product));
    if (product.brand) facts.push(el("span", { text: product.brand }));
    this.facts.replaceChildren(...facts.filter(Boolean));
  }

  // "Not for me" asks why, since each reason rules out something else; a second press, or Escape, takes the question back.
  askWhy(act) {
    if (this.whys) return this.forgetWhy();
    const whys = WHYS.filter(([why]) => (why !== "price" || this.product.price) && (why !== "brand" || this.product.brand));
    const pills = whys.map(([why, text]) => el("li", {}, el("button", { type: "button", cls: "pill", text, data: { why }, on: { click: () => { this.forgetWhy(); act("dismiss", this, why); } } })));
    this.whys = el("div", { cls: "whys", role: "group", "aria-label": "Why not?", on: { keydown: (event) => { if (event.key === "Escape") { this.forgetWhy(); this.refuse.focus(); } } } }, el("ul", { cls: "pills" }, ...pills));
    this.refuse.setAttribute("aria-expanded", "true");
    this.buttons.after(this.whys);
    this.whys.querySelector("button").focus();
  }

  forgetWhy() {
    this.whys?.remove();
    this.whys = null;
    this.refuse.setAttribute("aria-expanded", "false");
  }

  say(text) {
    this.buttons.querySelector(".thanks")?.remove();
    this.buttons.append(el("span", { cls: "thanks", text }));
  }
}

// What brought a pick into the list, and what of the shopper's own history it rests on.
function seeing({ sources }, titled) {
  if (!sources?.length) return null;
  const lines = sources.map(({ text, because }) => el("li", { dir: "auto" }, text, because.length ? el("span", { cls: "origin", text: ` (${because.length === 1 ? "one thing" : `${because.length} things`} you did)` }) : ""));
  return el("details", { cls: "seeing" }, el("summary", { text: "Why am I seeing this?", "aria-describedby": titled }), el("ul", {}, ...lines));
}

// The range of prices and what there is of each field in which the variants of a thing differ.
const FEW = 8;
function variants({ variants: held, currency }) {
  if (!held) return null;
  const rows = [];
  if (held.price_min !== held.price_max) rows.push(el("li", { cls: "range", text: `${money(held.price_min, currency)} to ${money(held.price_max, currency)}` }));
  for (const [name, values] of Object.entries(held.options)) {
    const said = values.length > FEW ? [`${valueText(values[0], name)} to ${valueText(values.at(-1), name)}`] : values.map((v) => valueText(v, name));
    rows.push(el("li", { data: { option: name } }, el("span", { cls: "option", text: fieldName(name) }), ...said.map((text) => el("span", { cls: "value", text, dir: "auto" }))));
  }
  return el("ul", { cls: "variants", "aria-label": `${held.product_ids.length} variants` }, ...rows);
}

const STATES = { instock: "In stock", outofstock: "Out of stock", soldout: "Sold out", preorder: "Preorder", backorder: "On back order", discontinued: "No longer made" };

function stock(product) {
  const state = (product.availability || "").split("/").at(-1).toLowerCase().replace(/[^a-z]/g, "");
  const gone = ["outofstock", "soldout", "discontinued"].includes(state) || (!state && product.stock === 0);
  if (gone) return el("span", { cls: "none", text: STATES[state] || "Out of stock" });
  if (product.stock > 0 && product.stock <= 5) return el("span", { text: `Only ${product.stock} left` });
  const text = STATES[state] || product.availability || (product.stock > 0 ? "In stock" : "");
  return text ? el("span", { text }) : null;
}
