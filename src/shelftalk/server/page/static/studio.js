// The try-out: two variants on one request, shown side by side.

import { el, money } from "./dom.js";

const form = document.getElementById("try");
const said = document.getElementById("said");
const sides = document.getElementById("sides");

function variant(fieldset) {
  const out = { prompts: {} };
  for (const select of fieldset.querySelectorAll("select")) {
    if (!select.value) continue;
    if (select.name.startsWith("prompt-")) out.prompts[select.name.slice(7)] = select.value;
    else out[select.name] = select.value;
  }
  return out;
}

function side(name, answer) {
  const picks = answer.picks.map((p) => el("li", {}, el("strong", { text: p.title }), ` ${money(p.price, p.currency)}`, el("br"), p.reason));
  const times = Object.entries(answer.timings_ms).map(([stage, ms]) => `${stage} ${Math.round(ms)} ms`).join(", ");
  const tokens = answer.tokens.prompt + answer.tokens.completion;
  return el("section", { cls: "side" }, el("h3", { text: `Variant ${name}` }), picks.length ? el("ol", {}, ...picks) : el("p", { text: "Nothing was picked." }), el("p", { cls: "hint", text: `${times}; ${tokens} tokens` }), ...answer.notes.map((text) => el("p", { cls: "hint", text })));
}

async function ask(body) {
  const options = { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const reply = await fetch("/studio/try", options).catch(() => {
    throw new Error("The server cannot be reached.");
  });
  const found = await reply.json().catch(() => ({}));
  if (!reply.ok || !found.answers) throw new Error(found.error?.message || `The server answered with HTTP ${reply.status}.`);
  return found.answers;
}

let asking = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (asking) return;
  asking = true;
  said.textContent = "Asking both …";
  sides.replaceChildren();
  try {
    const [a, b] = await ask({ request: form.elements.request.value, variants: [...form.querySelectorAll("fieldset")].map(variant) });
    sides.replaceChildren(side("A", a), side("B", b));
    const ids = (answer) => answer.picks.map((p) => p.product_id).join(" ");
    said.textContent = ids(a) === ids(b) ? "Both pick the same products in the same order." : "They pick differently.";
  } catch (error) {
    said.textContent = error.message;
  } finally {
    asking = false;
  }
});
