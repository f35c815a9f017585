// What was understood, as chips: each can be removed, most can be edited. A change calls back with the new intent.

import * as api from "./api.js";
import { criterionFields, criterionText } from "./criteria.js";
import { choice, el, fieldName, unitOf, valueText } from "./dom.js";

const SIGNS = { "=": "is", "!=": "is not", "<": "under", "<=": "at most", ">": "over", ">=": "at least" };

// `currency` is that of a limit beside it ("currency is JPY"), where the shop has several.
export function limitText({ field, operator, value, span = "" }, currency) {
  const name = fieldName(field);
  const word = refusedWord({ operator, value, span });
  if (word) return `${name} without ${word}`;
  const text = (v) => valueText(v, field, currency);
  if (asksAbout({ field, operator })) return Array.isArray(value) ? `the ${value.length} picks above` : `“${shortened(value)}”`;
  if (field === "categories" && ["=", "in"].includes(operator)) return [value].flat().join(" or ");
  if (field === "price" && SIGNS[operator] && operator.length === 1 && operator !== "=") return `${SIGNS[operator]} ${text(value)}`;
  if (operator === "between") return `${name} ${field === "price" ? text(value[0]) : valueText(value[0])} to ${text(value[1])}`;
  if (operator === "in") return `${name} ${value.map((v) => text(v)).join(" or ")}`;
  if (operator === "not in") return `${name} not ${value.map((v) => text(v)).join(" or ")}`;
  if (operator === "=" && value === true) return name;
  if (operator === "=" && value === false) return `not ${name}`;
  if (operator === "=") return `${name} ${text(value)}`;
  return `${name} ${SIGNS[operator]} ${text(value)}`;
}

// The shopper's word that every refused value holds beside others: "polyester" of "60% cotton, 40% polyester".
function refusedWord({ operator, value, span }) {
  const said = (span ?? "").split(", ").map((part) => part.trim()).filter(Boolean);
  const values = [value].flat();
  if (!["!=", "not in"].includes(operator) || !said.length || !values.every((v) => typeof v === "string")) return "";
  const low = said.map((part) => part.toLowerCase());
  const held = values.map((v) => ` ${v.toLowerCase().replace(/[^\p{L}\p{N}-]+/gu, " ")} `);
  const more = values.some((v) => !low.includes(v.toLowerCase()));
  return more && held.every((v) => low.some((part) => v.includes(` ${part} `))) ? said.join(" or ") : "";
}

// A question about picks that were shown is kept to them by their titles.
const asksAbout = ({ field, operator }) => field === "title" && ["=", "in"].includes(operator);
const shortened = (text) => (text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text);

export function sortText({ field, direction }) {
  return `${direction === "asc" ? "lowest" : "highest"} ${fieldName(field)} first`;
}

// The parts of an intent with how each is shown, left out and changed.
function parts(intent, isProduct) {
  const { criteria = [], unanswered = [], kinds = [] } = intent; // an answer kept from before may be without
  const without = (name, i) => ({ ...intent, [name]: intent[name].filter((_, n) => n !== i) });
  const swapped = (name, i, value) => ({ ...intent, [name]: intent[name].map((old, n) => (n === i ? value : old)) });
  const out = [];
  const titles = intent.constraints.filter(asksAbout).flatMap((c) => c.value);
  const currency = intent.constraints.find((c) => c.field === "currency" && c.operator === "=")?.value;
  intent.constraints.forEach((c, i) => out.push({ text: limitText(c, currency), about: "limit", remove: () => without("constraints", i), edit: asksAbout(c) ? null : { fields: () => limitFields(c), set: (v) => swapped("constraints", i, v) } }));
  kinds.forEach((k, i) => out.push({ text: `looking in ${k}`, about: "kind", remove: () => without("kinds", i) }));
  criteria.forEach((c, i) => out.push({ text: criterionText(c), about: "wish", remove: () => without("criteria", i), edit: { fields: () => criterionFields(c), set: (v) => swapped("criteria", i, v) } }));
  if (intent.sort) {
    const turned = { ...intent.sort, direction: intent.sort.direction === "asc" ? "desc" : "asc" };
    out.push({ text: sortText(intent.sort), about: "order", remove: () => ({ ...intent, sort: null }), turn: () => ({ ...intent, sort: turned }) });
  }
  intent.preferences.forEach((p, i) => out.push({ text: `wish: ${p}`, about: "wish", remove: () => without("preferences", i), edit: { value: p, set: (v) => swapped("preferences", i, v) } }));
  unanswered.forEach((words) => out.push({ text: `no data: ${words}`, about: "wish" }));
  intent.exclude.forEach((x, i) => isProduct(x) || out.push({ text: `without ${x}`, about: "left out", remove: () => without("exclude", i) }));
  const passed = (x) => isProduct(x) === "shown"; // one that was turned down stays left out, whatever the chips say
  const count = intent.exclude.filter(passed).length;
  if (count) out.push({ text: count === 1 ? "without 1 product shown before" : `without ${count} products shown before`, about: "left out", remove: () => ({ ...intent, exclude: intent.exclude.filter((x) => !passed(x)) }) });
  if (intent.limit && intent.limit !== titles.length) out.push({ text: `${intent.limit} wanted`, about: "number", remove: () => ({ ...intent, limit: null }), edit: { value: intent.limit, number: true, set: (v) => ({ ...intent, limit: Math.max(1, Math.min(50, Math.round(v))) }) } });
  return out;
}

export const describe = (intent, isProduct) => parts(intent, isProduct).map((p) => p.text);

export function chips(intent, isProduct, changed) {
  const found = parts(intent, isProduct);
  if (!found.length) return null;
  const list = el("ul", { cls: "chips", "aria-label": "What was understood" });
  for (const part of found) {
    if (!part.remove) {
      list.append(el("li", { cls: "chip unread", title: "The shop's records say nothing about this" }, el("span", { cls: "chip-edit", text: part.text })));
      continue;
    }
    const item = el("li", { cls: "chip" });
    const label = part.edit || part.turn
      ? el("button", { type: "button", cls: "chip-edit", text: part.text, title: part.turn ? "Turn the order round" : "Change this", on: { click: () => (part.turn ? changed(part.turn()) : open(item, part, changed)) } })
      : el("span", { cls: "chip-edit", text: part.text });
    item.append(label, el("button", { type: "button", cls: "chip-x", text: "×", "aria-label": `Remove ${part.about}: ${part.text}`, on: { click: () => changed(part.remove()) } }));
    list.append(item);
  }
  return list;
}

async function open(item, part, changed) {
  const old = [...item.childNodes];
  const close = () => {
    item.classList.remove("editing");
    item.replaceChildren(...old);
    old[0].focus();
  };
  const { fields, read } = part.edit.fields ? await part.edit.fields() : plainField(part);
  const form = el("form", { cls: "chip-form", "aria-label": `Change ${part.about}: ${part.text}` }, ...fields, el("button", { type: "submit", cls: "small", text: "Set" }), el("button", { type: "button", cls: "quiet small", text: "Cancel", on: { click: close } }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = read();
    if (value === null) return;
    close();
    changed(part.edit.set(value));
  });
  form.addEventListener("keydown", (event) => event.key === "Escape" && close());
  item.classList.add("editing");
  item.replaceChildren(form);
  form.querySelector("select, input").focus();
}

function plainField(part) {
  const input = el("input", { type: part.edit.number ? "number" : "text", value: part.edit.value, "aria-label": part.about, maxlength: 400, required: true });
  return { fields: [input], read: () => (part.edit.number ? Number(input.value) : input.value.trim()) || null };
}

async function limitFields(limit) {
  const found = await api.facet(limit.field);
  const name = fieldName(limit.field);
  const measured = found && ["money", "number", "date"].includes(found.kind);
  const title = el("span", { cls: "chip-name", text: name });
  if (measured) return numberFields(limit, found, title, name);
  const values = (found?.values || []).map((pair) => pair[0] ?? pair.value);
  const sign = choice(`${name}: comparison`, [["=", "is"], ["!=", "is not"]], ["!=", "not in"].includes(limit.operator) ? "!=" : "=");
  if (!values.length) {
    const input = el("input", { type: "text", value: String(limit.value), "aria-label": name, maxlength: 400, required: true });
    return { fields: [title, sign, input], read: () => ({ field: limit.field, operator: sign.value, value: input.value.trim() }) };
  }
  const several = Array.isArray(limit.value);
  const current = several ? limit.value[0] : limit.value;
  const all = values.some((v) => String(v).toLowerCase() === String(current).toLowerCase()) ? values : [current, ...values];
  const index = all.findIndex((v) => String(v).toLowerCase() === String(current).toLowerCase());
  const together = several ? [["", limit.value.map((v) => valueText(v)).join(" or ")]] : [];
  const select = choice(name, [...together, ...all.map((v, i) => [String(i), valueText(v)])], several ? "" : String(index));
  const read = () => (select.value === "" ? { field: limit.field, operator: sign.value === "=" ? "in" : "not in", value: limit.value } : { field: limit.field, operator: sign.value, value: all[Number(select.value)] });
  return { fields: [title, sign, select], read };
}

function numberFields(limit, found, title, name) {
  const between = limit.operator === "between";
  const dated = found.kind === "date";
  const signs = [["<=", "at most"], ["<", "under"], [">=", "at least"], [">", "over"], ["=", "exactly"]];
  if (between) {
    const [low, high] = limit.value.map((v, i) => el("input", { type: dated ? "text" : "number", step: "any", value: v, "aria-label": `${name}, ${i ? "highest" : "lowest"}`, required: true }));
    const cast = (input) => (dated ? input.value.trim() : Number(input.value));
    return { fields: [title, low, el("span", { text: "to" }), high], read: () => ({ ...limit, value: [cast(low), cast(high)].sort((a, b) => (a < b ? -1 : Number(a > b))) }) };
  }
  const sign = choice(`${name}: comparison`, signs, limit.operator);
  const value = Array.isArray(limit.value) ? limit.value[0] : limit.value;
  const input = el("input", { type: dated ? "text" : "number", step: "any", value, "aria-label": name, required: true });
  const unit = unitOf(limit.field);
  return { fields: [title, sign, input, unit ? el("span", { text: unit }) : null].filter(Boolean), read: () => ({ field: limit.field, operator: sign.value, value: dated ? input.value.trim() : Number(input.value) }) };
}
