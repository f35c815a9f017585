// Elements made from data. Text goes in as text alone: nothing here reads a string as HTML.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name === "cls" ? "class" : name, value === true ? "" : String(value));
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

export function choice(label, options, chosen) {
  const select = el("select", { "aria-label": label });
  for (const [value, text] of options) select.append(el("option", { value, text, selected: value === chosen }));
  return select;
}

let last = 0;
export const uid = (prefix) => `${prefix}-${++last}`;

// A field's name as people write it: "battery_life_hours" is "battery life (hours)".
const UNITS = new Set(["hours", "g", "kg", "l", "ml", "cm", "mm", "m", "w", "mah", "lm", "db", "min", "minutes", "days", "months", "years", "inch", "bar"]);
// "min" is minutes only of what lasts: age_min is the least age.
const LASTING = new Set(["duration", "time", "runtime", "playtime"]);
const endsInUnit = (words) => words.length > 1 && UNITS.has(words.at(-1).toLowerCase()) && (words.at(-1) !== "min" || LASTING.has(words.at(-2)));
const NAMES = { categories: "kind", review_count: "reviews", released_at: "released", list_price: "list price" };
export function fieldName(field) {
  const bare = field.replace(/^attributes\./, "");
  if (NAMES[bare]) return NAMES[bare];
  const words = bare.split(/[_\s]+/).filter(Boolean);
  return endsInUnit(words) ? words.slice(0, -1).join(" ") : words.join(" ");
}

export function unitOf(field) {
  const words = field.split("_");
  return endsInUnit(words) ? words.at(-1) : "";
}

// `currency` is that of the product where a price is one product's; a limit's is the shop's.
export function valueText(value, field = "", currency = document.body.dataset.currency) {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (["price", "list_price"].includes(field) && !Array.isArray(value)) return money(value, currency);
  if (Array.isArray(value)) return value.map((v) => valueText(v)).join(", ");
  const text = typeof value === "number" ? Number(value.toPrecision(6)).toLocaleString("en") : String(value).replaceAll("_", " ");
  const unit = unitOf(field);
  return unit ? `${text} ${unit}` : text;
}

export function money(amount, currency) {
  if (amount === null || amount === undefined) return "no price";
  if (!currency) return String(amount); // no sign is better than a wrong one
  const number = Number(amount);
  const whole = typeof amount === "number" && Number.isInteger(number) ? { maximumFractionDigits: 0 } : {};
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol", ...whole }).format(number);
  } catch {
    return `${amount} ${currency}`;
  }
}

// A picture where the catalogue names one by https; else a quiet drawing that is always the same for a product.
const COLOURS = ["orange", "yellow", "green", "blue", "purple", "pink", "red", "brown", "beige", "grey", "gray", "black", "white", "silver", "gold"];
const SVG = "http://www.w3.org/2000/svg";
export function picture(product) {
  const frame = el("div", { cls: "picture" });
  const drawing = placeholder(product);
  const address = (product.images || []).find((a) => typeof a === "string" && safeAddress(a));
  if (!address) {
    frame.append(drawing);
    return frame;
  }
  const image = el("img", { alt: "", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.replaceWith(drawing));
  image.src = address;
  frame.append(image);
  return frame;
}

export function safeAddress(address) {
  try {
    return new URL(address).protocol === "https:";
  } catch {
    return false;
  }
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function placeholder(product) {
  const kind = (product.categories || []).at(-1) || product.title || "?";
  let hash = 7;
  for (const letter of String(product.id)) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  const colour = String(product.attributes?.colour ?? product.attributes?.color ?? "").toLowerCase();
  const tone = COLOURS.find((c) => colour.includes(c)) || `tone${hash % 6}`;
  const svg = shape("svg", { viewBox: "0 0 100 100", "aria-hidden": "true", class: `art ${tone}` });
  svg.append(shape("rect", { width: 100, height: 100, class: "art-back" }));
  svg.append(shape("circle", { cx: 24 + (hash % 53), cy: 30 + ((hash >> 4) % 30), r: 26 + ((hash >> 8) % 12), class: "art-far" }));
  svg.append(shape("path", { d: `M-5 ${66 + (hash % 9)} Q 30 ${48 + ((hash >> 3) % 18)} 58 ${64 + ((hash >> 5) % 10)} T 105 ${58 + ((hash >> 7) % 14)} V105 H-5Z`, class: "art-near" }));
  const letter = shape("text", { x: 50, y: 63, "text-anchor": "middle", class: "art-letter" });
  letter.textContent = [...kind.trim()][0]?.toUpperCase() || "?";
  svg.append(letter);
  return svg;
}
