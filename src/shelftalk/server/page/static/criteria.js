// A wish as a chip: the shopper's words, the field in plain words and which way, and how much it matters.

import * as api from "./api.js";
import { choice, el, fieldName, valueText } from "./dom.js";

const MATTERS = [["1", "if possible"], ["2", "matters"], ["3", "above all"]];
const NUMBERS = [["low", "low"], ["high", "high"]];

export function criterionText(criterion) {
  const { words, importance } = criterion;
  const much = importance === 1 || importance === 3 ? ` (${MATTERS[importance - 1][1]})` : "";
  return `${words ? `${words}: ` : ""}${wanted(criterion)}${much}`;
}

function wanted({ field, want, value }) {
  const name = fieldName(field);
  if (want === "low" || want === "high") return `${want} ${name}`;
  if (typeof value === "boolean") return value === (want === "is") ? name : `not ${name}`;
  return `${name} ${want === "not" ? "not " : ""}${valueText(value)}`;
}

// What turns the wish round or makes it matter more or less; `read` gives the new one. The shopper's words stay only with what
// they were read as.
export async function criterionFields(criterion) {
  const name = fieldName(criterion.field);
  const title = el("span", { cls: "chip-name", text: name });
  const much = choice(`${name}: how much it matters`, MATTERS, String(criterion.importance ?? 2));
  const { fields, read } = await direction(criterion, name);
  const changed = (next) => next.want !== criterion.want || next.value !== (criterion.value ?? null);
  return {
    fields: [title, ...fields, much],
    read: () => {
      const next = read();
      return { field: criterion.field, ...next, importance: Number(much.value), words: changed(next) ? "" : (criterion.words ?? "") };
    },
  };
}

// Which way a field is wanted, in the form that its kind takes: {want, value}.
export async function direction({ field, want, value }, name) {
  if (want === "low" || want === "high") {
    const way = choice(`${name}: low or high`, NUMBERS, want);
    return { fields: [way], read: () => ({ want: way.value, value: null }) };
  }
  if (typeof value === "boolean") {
    const way = choice(`${name}: yes or no`, [["yes", "yes"], ["no", "no"]], value === (want === "is") ? "yes" : "no");
    return { fields: [way], read: () => ({ want: "is", value: way.value === "yes" }) };
  }
  const held = ((await api.facet(field))?.values || []).map(([v]) => v);
  const all = held.includes(value) ? held : [value, ...held];
  const sign = choice(`${name}: is or is not`, [["is", "is"], ["not", "is not"]], want);
  const which = choice(name, all.map((v, i) => [String(i), valueText(v)]), String(all.indexOf(value)));
  return { fields: [sign, which], read: () => ({ want: sign.value, value: all[Number(which.value)] }) };
}
