// One turn of the talk: the request, what was understood, the cards as they come, and what to do next.

import * as api from "./api.js";
import { Card } from "./cards.js";
import { chips, describe, limitText } from "./chips.js";
import { el, money, uid } from "./dom.js";
import { table, whyNot } from "./sheets.js";
import { fillRequest, lightTogether } from "./words.js";

export class Turn {
  // `talk` is the page: ask(request, intent), act(name, card, turn), compare(card, on), announce(text), isProduct(id).
  constructor(talk, request, before, edited) {
    Object.assign(this, { talk, request, before, edited, cards: new Map(), answer: null, intent: null });
    this.asked = el("h2", { cls: "asked", tabindex: -1, text: request, dir: "auto" });
    this.changed = el("p", { cls: "changed", hidden: true });
    this.doing = el("p", { cls: "doing", text: "Reading your request …" });
    this.chips = el("div");
    this.banner = el("div", { hidden: true });
    this.opening = el("p", { cls: "opening", hidden: true });
    this.table = el("div", { cls: "compared" });
    this.list = el("ol", { cls: "cards", "aria-label": "Picks" });
    this.after = el("div");
    this.node = el("article", { cls: "turn", "aria-busy": "true" }, this.asked, this.changed, this.chips, this.banner, this.opening, this.table, this.list, this.doing, this.after);
    lightTogether(this.node);
  }

  take({ name, data }) {
    if (name === "queued") this.doing.textContent = data.ahead ? `Others are being answered first (${data.ahead} before you) …` : "You are next …";
    else if (name === "understood") this.understood(data);
    else if (name === "candidates") this.found(data);
    else if (name === "pick") this.pick(data);
    else if (name === "claim") this.cards.get(data.product_id)?.claim(data);
    else if (name === "reason") this.cards.get(data.product_id)?.add(data.delta);
    else if (name === "done") this.done(data);
    else if (name === "error") this.failed(data.error.message);
  }

  understood(intent) {
    this.intent = intent;
    for (const card of this.cards.values()) card.restart(); // told anew: after a cut, or without the language model
    this.doing.hidden = false;
    if (this.edited && this.before) {
      const old = describe(this.before, this.talk.isProduct);
      const now = describe(intent, this.talk.isProduct);
      const added = now.filter((t) => !old.includes(t));
      const gone = old.filter((t) => !now.includes(t)).map((t) => `no longer ${t}`);
      const said = [...added, ...gone].join(", ");
      this.changed.textContent = said ? `Changed: ${said}` : "Asked again, without what you waved away";
      this.changed.hidden = false;
    }
    if (!intent.shopping) return;
    const row = chips(intent, this.talk.isProduct, (changed) => this.talk.ask(this.request, changed, intent));
    this.chips.replaceChildren(...(row ? [row] : []));
    this.doing.textContent = "Looking through the shelves …";
  }

  found({ matching, relaxed, no_match: none, seen }) {
    this.seen = seen;
    if (none) this.missed(relaxed);
    else this.doing.textContent = matching === 1 ? "One product fits. Choosing …" : `${matching} products fit. Choosing …`;
  }

  missed(relaxed) {
    const missing = relaxed.map((limit) => limitText(limit)).join(", ");
    const text = missing ? `The nearest ones are below. They miss: ${missing}.` : "The nearest ones are below.";
    this.banner.className = "banner";
    const head = this.seen ? "You have seen all that fits." : "Nothing in the shop fits all of that.";
    this.banner.replaceChildren(el("strong", { text: head }), text);
    this.banner.hidden = false;
  }

  pick(pick) {
    if (this.cards.has(pick.product_id)) return;
    const card = new Card(pick, (name, it, why) => this.talk.act(name, it, this, why), this.talk.compare);
    this.cards.set(pick.product_id, card);
    this.list.append(card.node);
    this.doing.textContent = "Writing the reasons …";
    if (!this.waiting) this.waiting = Promise.resolve().then(() => this.enrich());
  }

  async enrich() {
    this.waiting = null;
    const bare = [...this.cards.values()].filter((c) => !c.rich);
    for (const card of bare) card.rich = true;
    try {
      const { products } = await api.byIds(bare.map((c) => c.pick.product_id));
      for (const product of products) this.cards.get(product.id)?.enrich(product);
    } catch {
      for (const card of bare) card.enrich(card.product);
    }
  }

  done(answer) {
    this.answer = answer;
    this.intent = answer.intent;
    if (!this.chips.childElementCount) this.understood(answer.intent);
    if (answer.no_match && answer.intent.shopping) {
      if (answer.picks.length) this.missed(answer.relaxed);
      else if (this.forYou) this.nothing("There is nothing to suggest yet.", "Ask for something, or look around first.");
      else if (this.seen) this.nothing("You have seen all that fits.");
      else if (!own(answer)) this.nothing();
    }
    for (const id of [...this.cards.keys()]) {
      if (!answer.picks.some((p) => p.product_id === id)) this.drop(id);
    }
    for (const pick of answer.picks) {
      this.pick(pick);
      this.cards.get(pick.product_id).settle(pick);
    }
    const order = answer.picks.map((p) => this.cards.get(p.product_id).node);
    if (order.some((node, i) => this.list.children[i] !== node)) this.list.append(...order);
    fillRequest(this.asked, this.request, answer.picks.flatMap((p) => p.claims.map((c) => c.answers).filter(Boolean)));
    this.doing.hidden = true;
    this.node.setAttribute("aria-busy", "false");
    this.opening.textContent = answer.opening ?? "";
    this.opening.hidden = !answer.opening;
    this.after.replaceChildren(...(answer.follow_up ? [this.followUp(answer.follow_up)] : []));
    if (answer.comparison) this.compared(answer.comparison);
    this.notes(answer);
    if (answer.intent.shopping && !this.forYou) this.next(answer);
    this.talk.announce(spoken(answer));
  }

  drop(id) {
    this.cards.get(id).node.remove();
    this.cards.delete(id);
  }

  nothing(said = "Nothing in the shop fits that.", then = "Take a limit away above, or say it in other words.") {
    this.banner.className = "banner";
    this.banner.replaceChildren(el("strong", { text: said }), then);
    this.banner.hidden = false;
  }

  // Asked in words how the picks compare: the table stands in the talk.
  compared({ product_ids: ids, fields }) {
    const products = ids.map((_, i) => Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, values[i]])));
    this.table.replaceChildren(...table(products));
  }

  // A question back: each answer sends its own request as the next turn.
  followUp({ question, answers }) {
    const id = uid("question");
    const buttons = answers.map(({ text, request }) => el("li", {}, el("button", { type: "button", cls: "pill", text, on: { click: () => this.talk.ask(request) } })));
    return el("div", { cls: "follow", role: "group", "aria-labelledby": id }, el("p", { id, text: question }), el("ul", { cls: "pills" }, ...buttons));
  }

  notes(answer) {
    if (!answer.notes.length) return;
    const said = own(answer);
    if (said) {
      this.after.append(el("p", { cls: "found", text: said, lang: answer.language, dir: "auto" }));
      if (answer.notes.length === 1) return;
    }
    if (!answer.intent.shopping) this.after.append(el("p", { cls: "found", text: answer.notes.join(" ") }));
    else this.after.append(el("details", { cls: "notes" }, el("summary", { text: "How this was read" }), el("ul", {}, ...answer.notes.slice(said ? 1 : 0).map((text) => el("li", { text, dir: "auto" })))));
  }

  next(answer) {
    const row = el("ul", { cls: "pills", "aria-label": "Trade-offs" });
    const why = el("li", {}, el("button", { type: "button", cls: "quiet", text: "Why not …?", on: { click: () => whyNot(this.request, answer.intent) } }));
    row.append(why);
    const hint = el("p", { cls: "hint", text: "Rather something else?", hidden: true });
    this.after.append(el("div", { cls: "trade" }, hint, row));
    if (answer.no_match || !answer.picks.length) return;
    api.critiques({ ...answer.intent, shopping: true }, answer.picks.map((p) => p.product_id)).then(({ critiques }) => {
      const pills = critiques.map((c) => el("li", {}, el("button", { type: "button", cls: "pill", data: { critique: c.label }, "aria-label": `${c.label}, ${c.count} product${c.count === 1 ? "" : "s"}`, on: { click: () => this.talk.ask(this.request, c.intent, answer.intent) } }, c.label, el("span", { cls: "count", text: `(${c.count})` }))));
      why.before(...pills);
      hint.hidden = !pills.length;
    }, () => {});
  }

  // Said in place of the answer; with `again`, a button that asks once more.
  failed(message, again = true) {
    this.doing.hidden = true;
    this.node.setAttribute("aria-busy", "false");
    const button = el("button", { type: "button", text: "Ask again", on: { click: () => this.talk.again(this) } });
    this.after.replaceChildren(el("div", { cls: "banner bad" }, el("strong", { text: message }), again ? button : ""));
    this.talk.announce(message);
  }

  lost(online) {
    this.doing.hidden = false;
    this.doing.textContent = online ? "The connection was lost. Trying to pick the answer up …" : "You are offline. The answer goes on once you are back.";
    this.talk.announce(this.doing.textContent);
  }
}

// What a shopper who writes in another language than English is told in that language: the first note of such an answer.
function own(answer) {
  return answer.language && answer.language !== "en" && answer.intent.shopping ? answer.notes[0] : undefined;
}

function spoken(answer) {
  if (!answer.intent.shopping) return answer.notes.join(" ");
  if (!answer.picks.length) return own(answer) ?? "Nothing in the shop fits that.";
  const head = (own(answer) ? `${own(answer)} ` : "") + (answer.no_match ? "Nothing fits all of that. The nearest: " : "");
  const picks = answer.picks.map((p) => `${p.rank}: ${p.title}, ${money(p.price, p.currency)}.`);
  return head + [answer.opening, ...picks, answer.follow_up?.question].filter(Boolean).join(" ");
}
