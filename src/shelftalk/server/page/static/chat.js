// The chat: one conversation, kept by the server and named in the address, so that a reload shows it again.

import * as api from "./api.js";
import { el } from "./dom.js";
import { profileSheet } from "./profile.js";
import { basket, compare } from "./sheets.js";
import { watchBasket } from "./shop.js";
import { signInForm } from "./signin.js";
import { Turn } from "./turn.js";
import { whoAsks } from "./who.js";

const $ = (id) => document.getElementById(id);
const form = $("ask");
const say = $("say");
const send = $("send");
const talkNode = $("talk");
const RETRIES_MS = [500, 1500, 3000];
const OFFLINE_MS = 15000; // between tries while the browser says that there is no network
const SLOW_MS = 8000;
const NAMED = /^#[0-9a-f]{32}$/;

const chat = {
  id: NAMED.test(location.hash) ? location.hash.slice(1) : "",
  turns: [],
  seen: new Set(),
  dismissed: new Set(),
  chosen: new Map(),
  busy: null,
};
const isProduct = (id) => (chat.dismissed.has(id) ? "dismissed" : chat.seen.has(id) ? "shown" : "");

const talk = {
  ask,
  act,
  again(turn) {
    drop(turn);
    if (turn.forYou) forYou();
    else ask(turn.request, turn.edited, turn.before);
  },
  isProduct,
  announce: (text) => { $("status").textContent = text; },
  compare(card, on) {
    if (on) chat.chosen.set(card.pick.product_id, card);
    else chat.chosen.delete(card.pick.product_id);
    showTray();
  },
};

function place(request, before, edited) {
  $("welcome").classList.add("begun");
  $("fresh").hidden = false;
  const turn = new Turn(talk, request, before, edited);
  chat.turns.push(turn);
  talkNode.append(turn.node);
  return turn;
}

function drop(turn) {
  stops((kept) => kept.filter((s) => s.key !== turn?.stoppedAs));
  turn?.node.remove();
  chat.turns = chat.turns.filter((t) => t !== turn);
}

async function ask(request, intent = null, before = chat.turns.at(-1)?.intent ?? null) {
  if (chat.busy) chat.busy.abort();
  const stop = new AbortController();
  chat.busy = stop;
  let turn = null;
  try {
    if (!chat.id) remember((await api.begin()).id);
    turn = place(request, before, intent);
    working(true);
    if (document.activeElement !== say) turn.asked.focus({ preventScroll: true });
    turn.node.scrollIntoView({ block: "start", behavior: "smooth" });
    talk.announce("Looking.");
    keep({ id: chat.id, request, intent, before: chat.turns.filter((t) => t.answer).length });
    await follow(turn, request, intent, stop.signal);
  } catch (error) {
    if (error.name === "AbortError") stopped(turn);
    else await trouble(error, turn, request, intent, stop.signal);
  } finally {
    if (chat.busy === stop) {
      chat.busy = null;
      working(false);
      keep(null);
    }
  }
}

// A list without a request: what the shopper's own history, or without one what sells here now and what is new, suggests.
const FOR_YOU = 6;

async function forYou() {
  if (chat.busy) chat.busy.abort();
  let turn = null;
  try {
    if (!chat.id) remember((await api.begin()).id);
    turn = place("For you", null, null);
    turn.forYou = true;
    turn.asked.focus({ preventScroll: true });
    turn.node.scrollIntoView({ block: "start", behavior: "smooth" });
    const answer = await api.forYou({ k: FOR_YOU, conversation: chat.id, ...whoAsks() });
    for (const pick of answer.picks) chat.seen.add(pick.product_id);
    turn.take({ name: "done", data: answer });
  } catch (error) {
    turn ??= place("For you", null, null);
    turn.forYou = true;
    if (error instanceof api.Failed && error.status === 401) {
      drop(turn);
      talkNode.append(signInForm(forYou));
    } else {
      turn.failed(error instanceof api.Failed || error instanceof api.Lost ? sentence(error.message) : "Something went wrong on this page.");
      if (!(error instanceof api.Failed || error instanceof api.Lost)) throw error;
    }
  }
}

// What is under way, so that a reload in the middle asks for it again.
const UNDER_WAY = "shelftalk-under-way";

function keep(asked) {
  try {
    if (asked) sessionStorage.setItem(UNDER_WAY, JSON.stringify(asked));
    else sessionStorage.removeItem(UNDER_WAY);
  } catch {
    // a browser that keeps nothing: a reload forgets what was under way
  }
}

function cutShort() {
  try {
    return JSON.parse(sessionStorage.getItem(UNDER_WAY));
  } catch {
    return null;
  }
}

// Turns that were stopped: the server has none of them, so that this page keeps them for a reload.
const STOPPED = "shelftalk-stopped";
const MOST_STOPPED = 20;

function stops(change = (kept) => kept) {
  try {
    const found = JSON.parse(sessionStorage.getItem(STOPPED));
    const kept = change(Array.isArray(found) ? found : []).slice(-MOST_STOPPED);
    sessionStorage.setItem(STOPPED, JSON.stringify(kept));
    return kept;
  } catch {
    return []; // a browser that keeps nothing: a reload forgets them
  }
}

function stopped(turn) {
  if (!turn) return;
  turn.failed("Stopped.");
  turn.stoppedAs = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  const before = chat.turns.slice(0, chat.turns.indexOf(turn)).filter((t) => t.answer).length;
  stops((kept) => [...kept, { key: turn.stoppedAs, id: chat.id, request: turn.request, intent: turn.edited, before }]);
}

// The stopped turns that stood before the answer of that number, as they were.
function placeStopped(kept, number) {
  for (const s of kept.filter((one) => one.before === number)) {
    const turn = place(s.request, chat.turns.findLast((t) => t.intent)?.intent ?? null, s.intent);
    turn.stoppedAs = s.key;
    turn.failed("Stopped.");
  }
}

async function follow(turn, request, intent, signal) {
  const body = { request, conversation: chat.id, ...whoAsks(), ...(intent ? { intent } : {}) };
  let slow = setTimeout(still, SLOW_MS);
  function still() {
    if (!turn.answer) turn.doing.textContent = "This takes longer than usual; still working …";
  }
  try {
    for await (const event of api.recommend(body, signal)) {
      clearTimeout(slow);
      slow = setTimeout(still, SLOW_MS);
      for (const id of event.name === "pick" ? [event.data.product_id] : []) chat.seen.add(id);
      turn.take(event);
    }
  } finally {
    clearTimeout(slow);
  }
}

async function trouble(error, turn, request, intent, signal, tried = false) {
  if (error instanceof api.Failed && error.status === 401) {
    drop(turn);
    talkNode.append(signInForm(() => ask(request, intent)));
    return;
  }
  if (!turn) turn = place(request, null, intent);
  if (error instanceof api.Failed && error.status === 404 && error.param === "conversation") {
    remember("");
    turn.failed("This conversation is no longer kept. Asking again begins a new one.");
  } else if (error instanceof api.Failed) {
    turn.failed(error.retryAfter ? `${sentence(error.message)} Try again in ${error.retryAfter} s.` : sentence(error.message));
  } else if (error instanceof api.Lost) {
    await pickUp(turn, request, intent, signal, tried);
  } else {
    turn.failed("Something went wrong on this page.");
    throw error;
  }
}

// After a cut the server may have finished and kept the answer: then it is shown. Else it is asked for once more.
async function pickUp(turn, request, intent, signal, tried) {
  if (!chat.id) {
    turn.failed("The shop cannot be reached.");
    return;
  }
  const before = chat.turns.filter((t) => t.answer).length;
  try {
    const found = await kept(turn, request, before, signal);
    if (found) turn.take({ name: "done", data: found });
    else if (found === null && !tried) await follow(turn, request, intent, signal);
    else turn.failed("The connection was lost before the answer was complete.");
  } catch (error) {
    if (error.name === "AbortError") stopped(turn);
    else await trouble(error, turn, request, intent, signal, true);
  }
}

// The answer that the server kept; null where it says that there is none, undefined where it cannot be reached.
async function kept(turn, request, before, signal) {
  let said;
  for (let i = 0; i < RETRIES_MS.length; i += Number(navigator.onLine)) {
    turn.lost(navigator.onLine);
    if (!navigator.onLine) await Promise.race([online(signal), pause(OFFLINE_MS, signal)]);
    await pause(RETRIES_MS[i], signal);
    try {
      const { turns } = await api.read(chat.id);
      const answers = turns.filter((t) => t.answer);
      const last = answers.at(-1)?.answer;
      if (answers.length > before && last.request === request) return last;
      said = null;
    } catch (error) {
      if (!(error instanceof api.Lost)) throw error;
    }
  }
  return said;
}

// What `start` waits for; "Stop" ends the wait.
function unless(signal, start) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    start(resolve);
  });
}

const pause = (ms, signal) => unless(signal, (resolve) => setTimeout(resolve, ms));
const online = (signal) => unless(signal, (resolve) => addEventListener("online", resolve, { once: true }));

async function act(name, card, turn, why) {
  const product = card.pick.product_id;
  const kind = { like: "like", dismiss: "dismiss", bought: "purchase" }[name];
  try {
    await api.note({ product_id: product, kind, ...(why ? { why } : {}), ...whoAsks(), conversation: chat.id, request: turn.request });
  } catch (error) {
    card.say(sentence(error.message));
    return;
  }
  if (name === "bought") {
    card.say("Noted. Enjoy it!");
    talk.announce("Noted.");
  } else if (name === "dismiss") {
    chat.dismissed.add(product);
    card.node.classList.add("gone");
    if (turn.forYou) forYou();
    else ask(turn.request, wanted(turn), turn.intent);
  } else {
    ask(`More like ${card.product.title}`.slice(0, 300), alike(card, turn), turn.intent);
  }
}

// What was wanted when these were shown. A question about picks ("is the second waterproof?") is kept to them and their number, which
// nobody named: then it is what was wanted before it.
function wanted(turn) {
  const asks = (intent) => intent.constraints.some((c) => c.field === "title" && ["=", "in"].includes(c.operator));
  const before = chat.turns.slice(0, chat.turns.indexOf(turn) + 1).findLast((t) => t.intent?.shopping && !asks(t.intent));
  const intent = before?.intent ?? { ...turn.intent, constraints: turn.intent.constraints.filter((c) => c.field !== "title"), limit: null, query: "" };
  return { ...intent, shopping: true };
}

// The same limits, searched with the product's own words in the place where it stands, without what is on the table.
function alike(card, turn) {
  const intent = wanted(turn);
  const named = intent.constraints.some((c) => c.field === "categories");
  const kinds = named ? (intent.kinds ?? []) : (card.product.categories ?? []).slice(-1);
  const shown = turn.answer ? turn.answer.picks.map((p) => p.product_id) : [];
  return { ...intent, sort: null, kinds, query: card.product.title.slice(0, 400), exclude: [...new Set([...intent.exclude, ...shown])] };
}

function showTray() {
  const cards = [...chat.chosen.values()];
  $("tray").hidden = !cards.length;
  const open = el("button", { type: "button", cls: "main", text: cards.length > 1 ? `Compare ${cards.length} picks` : "Choose another to compare", disabled: cards.length < 2, on: { click: () => compare(cards.map((c) => c.product)) } });
  const clear = el("button", { type: "button", text: "Clear", on: { click: () => { for (const c of cards) c.tick.checked = false; chat.chosen.clear(); showTray(); say.focus(); } } });
  $("tray").replaceChildren(open, clear);
}

function remember(id) {
  chat.id = id;
  history.replaceState(null, "", id ? `#${id}` : location.pathname);
}

function working(on) {
  send.textContent = on ? "Stop" : "Ask";
  send.classList.toggle("main", !on);
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

function grow() {
  say.rows = 1;
  if (!say.value) return;
  const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(say);
  const inside = say.scrollHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
  say.rows = Math.min(6, Math.max(1, Math.round(inside / parseFloat(lineHeight))));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (chat.busy) {
    chat.busy.abort();
    return;
  }
  const text = say.value.trim();
  if (!text) return;
  say.value = "";
  grow();
  ask(text);
});
say.addEventListener("input", grow);
say.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!chat.busy) form.requestSubmit();
  }
});
for (const button of document.querySelectorAll("[data-say]")) button.addEventListener("click", () => ask(button.dataset.say));
$("for-you").addEventListener("click", forYou);
$("fresh").addEventListener("click", () => location.assign(location.pathname)); // the way back leads to this one again
$("skip").addEventListener("click", (event) => { event.preventDefault(); say.focus(); }); // the address names the conversation
addEventListener("hashchange", () => NAMED.test(location.hash) && location.hash.slice(1) !== chat.id && location.reload());

async function restore() {
  if (!chat.id) return;
  try {
    const { turns } = await api.read(chat.id);
    const answers = turns.filter((t) => t.answer).map((t) => t.answer);
    const kept = stops().filter((s) => s.id === chat.id);
    for (const [number, answer] of answers.entries()) {
      placeStopped(kept, number);
      for (const pick of answer.picks) chat.seen.add(pick.product_id);
      const turn = place(answer.request, chat.turns.at(-1)?.intent ?? null, answer.edited ? answer.intent : null);
      turn.take({ name: "done", data: answer });
    }
    placeStopped(kept, answers.length);
    chat.turns.at(-1)?.node.scrollIntoView({ block: "start" });
    const asked = cutShort();
    keep(null);
    if (asked?.id === chat.id && asked.before === answers.length) ask(asked.request, asked.intent);
  } catch (error) {
    if (error instanceof api.Failed && error.status === 401) talkNode.append(signInForm(restore));
    else if (error instanceof api.Failed) remember("");
    else talk.announce("The shop cannot be reached; the conversation could not be shown.");
  }
}

$("profile").addEventListener("click", () => profileSheet(chat.id, talk.announce));
watchBasket($("basket"), basket);
restore();
