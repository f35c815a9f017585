// The words of the request and the statements that answer them, lit together: point at one and the other lights up.

import { el, fieldName, uid, valueText } from "./dom.js";

// The request as text, with each stretch that some statement answers as a button.
export function fillRequest(target, request, answers) {
  const low = request.toLowerCase();
  const spots = [];
  for (const words of [...new Set(answers)].sort((a, b) => b.length - a.length)) {
    const at = words ? low.indexOf(words.toLowerCase()) : -1;
    if (at >= 0 && spots.every((s) => at + words.length <= s.at || at >= s.at + s.words.length)) spots.push({ at, words });
  }
  spots.sort((a, b) => a.at - b.at);
  const parts = [];
  let from = 0;
  for (const { at, words } of spots) {
    parts.push(request.slice(from, at));
    parts.push(el("button", { type: "button", cls: "word", text: request.slice(at, at + words.length), "aria-pressed": "false", title: "Show which reasons answer this", data: { words: words.toLowerCase() } }));
    from = at + words.length;
  }
  target.replaceChildren(...parts, request.slice(from));
}

// A reason cut into its statements, each a button with its evidence, and the text between them.
export function fillReason(target, reason, claims, currency) {
  const parts = [];
  let from = 0;
  const left = [];
  for (const claim of claims) {
    const at = reason.indexOf(claim.text, from);
    if (at < 0) {
      left.push(claim);
      continue;
    }
    if (at > from) parts.push(reason.slice(from, at));
    parts.push(statement(claim, currency));
    from = at + claim.text.length;
  }
  if (from < reason.length) parts.push(reason.slice(from));
  for (const claim of left) parts.push(" ", statement(claim, currency));
  target.replaceChildren(...parts);
}

function statement(claim, currency) {
  const id = uid("evidence");
  const rows = claim.evidence.map((e) => el("span", { cls: "fact" }, el("span", { cls: "fact-name", text: fieldName(e.field) }), el("span", { text: valueText(e.value, e.field, currency) })));
  const origin = claim.source === "record" ? "In the shop's record" : "Checked against the shop's record";
  return el(
    "span",
    { cls: "claim", data: claim.answers ? { words: claim.answers.toLowerCase() } : {} },
    el("button", { type: "button", cls: "claim-text", text: claim.text, "aria-describedby": id, "aria-pressed": "false" }),
    el("span", { cls: "evidence", role: "tooltip", id }, el("span", { cls: "origin", text: origin }), ...rows, claim.answers ? el("span", { cls: "origin", text: `You asked: “${claim.answers}”` }) : null),
  );
}

// One listener a turn: hovering and focusing light while they last, a tap keeps it lit until the next one.
export function lightTogether(turn) {
  const owner = (target) => (target instanceof Element ? target.closest(".claim, .word") : null);
  let kept = null;
  const show = (item) => {
    const words = item?.dataset.words;
    for (const other of turn.querySelectorAll(".claim, .word")) {
      const lit = other === item || (words !== undefined && other.dataset.words === words);
      other.classList.toggle("lit", lit);
    }
    for (const claim of turn.querySelectorAll(".claim")) claim.classList.toggle("open", claim === item);
  };
  const keep = (item) => {
    kept = item;
    for (const button of turn.querySelectorAll(".word, .claim-text")) button.setAttribute("aria-pressed", String(item !== null && (button === item || button.parentElement === item)));
    show(item);
  };
  turn.addEventListener("pointerover", (event) => event.pointerType === "mouse" && show(owner(event.target) || kept));
  turn.addEventListener("pointerleave", () => show(kept));
  turn.addEventListener("focusin", (event) => show(owner(event.target) || kept));
  turn.addEventListener("focusout", () => show(kept));
  turn.addEventListener("click", (event) => {
    const item = owner(event.target);
    if (item) keep(item === kept ? null : item);
    else if (kept) keep(null);
  });
  turn.addEventListener("keydown", (event) => event.key === "Escape" && keep(null));
}
