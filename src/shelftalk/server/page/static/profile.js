// The shopper's profile in a sheet: what it says and what each line rests on, with switches, corrections and "forget me".

import * as api from "./api.js";
import { direction } from "./criteria.js";
import { el, fieldName, uid } from "./dom.js";
import { openSheet } from "./sheets.js";
import { forgetMe, remembered, rememberMe, whoAsks } from "./who.js";

const ASPECTS = { brand: "Brands", price: "Prices", size: "Sizes", category: "Kinds of product", feature: "What products are like", session: "This visit" };
const DONE = { purchase: "bought", cart: "put in the basket", like: "liked", rating: "rated", review: "reviewed", click: "looked closely", view: "looked", dwell: "looked", dismiss: "sent away" };

// Opens the sheet. `session` names the conversation at hand; `announce` tells a screen reader what was done.
export function profileSheet(session, announce) {
  const body = el("div", { cls: "profile" });
  const said = el("p", { role: "status", cls: "hint" });
  const sheet = {
    session, announce, said, body,
    // Shows what `work` gives; the control named `focus` has the focus afterwards, else the sheet's title.
    async take(work, words = "", focus = "") {
      body.setAttribute("aria-busy", "true");
      try {
        const made = await work();
        draw(sheet, made);
        said.textContent = words;
      } catch (error) {
        said.textContent = error.message;
      }
      body.removeAttribute("aria-busy");
      const next = focus && body.querySelector(`[data-focus="${CSS.escape(focus)}"]`);
      if (next) next.focus();
      else if (!body.contains(document.activeElement)) document.getElementById("sheet-title").focus();
    },
  };
  openSheet("Your profile", said, body);
  if (remembered()) sheet.take(() => read(sheet));
  else stranger(sheet);
}

const user = () => whoAsks().user;
const read = ({ session }) => api.profile(user(), session);
const switched = (name, text, on, change) => el("label", { cls: "switch" }, el("input", { type: "checkbox", role: "switch", checked: on, data: { focus: name }, on: { change } }), el("span", { text }));

// Nobody is remembered before they agree.
function stranger(sheet, words = "") {
  const agree = () => {
    if (rememberMe()) sheet.take(() => read(sheet), "From now on this shop remembers what you look at, like and send away, on this device.");
    else sheet.said.textContent = "This browser keeps nothing, so that nothing can be remembered.";
  };
  sheet.said.textContent = words;
  sheet.body.replaceChildren(
    el("p", { text: "This shop remembers nothing about you. If you agree, it keeps what you look at, like and send away under a random number that is kept on this device, and shows you here what it makes of it. You can change, switch off or delete all of it." }),
    el("button", { type: "button", cls: "main", text: "Remember my taste on this device", on: { click: agree } }),
  );
}

function draw(sheet, made) {
  sheet.may = made.personalisation;
  const lines = made.lines.map((line) => lineItem(sheet, line));
  const aspects = [...new Set([...made.lines.map((l) => l.aspect), ...made.aspects_off])].sort((a, b) => Object.keys(ASPECTS).indexOf(a) - Object.keys(ASPECTS).indexOf(b));
  if (!made.personalisation) return withheld(sheet, made, lines);
  const whole = switched("whole", "Use my profile for what I am shown", made.on, (event) => sheet.take(() => api.switchProfile(user(), { on: event.target.checked }), event.target.checked ? "Your profile counts again." : "Your profile is switched off: nothing of it counts.", "whole"));
  const parts = el("fieldset", { cls: "aspects" }, el("legend", { text: "Of it, use" }), ...aspects.map((name) => switched(`aspect-${name}`, ASPECTS[name], !made.aspects_off.includes(name), (event) => sheet.take(() => api.switchProfile(user(), { aspects: { [name]: event.target.checked } }), `${ASPECTS[name]}: ${event.target.checked ? "used again" : "not used"}.`, `aspect-${name}`))));
  const none = el("p", { cls: "hint", text: made.interactions ? "So far you chose nothing that tells a taste: one purchase makes none." : "Nothing is known of you yet." });
  sheet.body.replaceChildren(whole, ...(aspects.length && made.on ? [parts] : []), lines.length ? el("ul", { cls: "lines" }, ...lines) : none, adding(sheet), forgetting(sheet));
}

// The shopper does not consent to personalisation, or where the shop wants a yes first was not asked yet: nothing acts, nothing is added.
function withheld(sheet, made, lines) {
  const said = made.notes.map((text) => el("p", { text, dir: "auto" }));
  const agree = () => sheet.take(async () => {
    await api.consentTo(user(), { personalisation: true });
    return read(sheet);
  }, "Personalisation is on: your profile counts.", "whole");
  const button = el("button", { type: "button", cls: "main", text: "Let my taste shape what I am shown", on: { click: agree } });
  sheet.body.replaceChildren(...said, button, ...(lines.length ? [el("ul", { cls: "lines" }, ...lines)] : []), forgetting(sheet));
}

function lineItem(sheet, line) {
  const id = uid("line");
  const statement = el("p", { id, cls: "says", text: line.text, dir: "auto" });
  const on = el("input", { type: "checkbox", role: "switch", checked: line.on, disabled: !sheet.may, "aria-labelledby": id, data: { focus: `on-${line.id}` }, on: { change: (event) => sheet.take(() => api.changeLine(user(), line.id, { on: event.target.checked }), event.target.checked ? "The line counts again." : "The line is switched off.", `on-${line.id}`) } });
  const form = el("div", { hidden: true });
  const change = el("button", { type: "button", cls: "quiet", text: "Change", "aria-describedby": id, "aria-expanded": "false", data: { focus: `change-${line.id}` } });
  change.addEventListener("click", () => {
    form.hidden = !form.hidden;
    change.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) changing(sheet, line, form);
  });
  const words = line.criterion.words ? el("p", { cls: "hint" }, "In your words: ", el("q", { text: line.criterion.words, dir: "auto" })) : null;
  const remove = el("button", { type: "button", cls: "quiet", text: "Delete", "aria-describedby": id, on: { click: () => sheet.take(() => api.deleteLine(user(), line.id), "Deleted. It comes back only from what you do from now on.") } });
  return el("li", { cls: line.on ? "" : "off", data: { line: line.id } }, on, el("div", {}, statement, words, grounds(line), el("div", { cls: "do" }, ...(sheet.may ? [change] : []), remove), form));
}

// The interactions that a line rests on, newest first.
function grounds(line) {
  if (!line.evidence.length) return null;
  const rows = line.evidence.toSorted((a, b) => b.at.localeCompare(a.at)).map((e) => el("li", {}, el("time", { datetime: e.at, text: new Date(e.at).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" }) }), ` ${DONE[e.kind] ?? e.kind}: `, el("span", { text: e.title, dir: "auto" })));
  return el("details", { cls: "grounds" }, el("summary", { text: `What this rests on (${line.evidence.length})` }), el("ul", {}, ...rows));
}

// What a line says instead, by what its field holds: a direction, a range, or another value.
async function changing(sheet, line, place) {
  const name = fieldName(line.criterion.field);
  const { fields, read: told } = line.span ? range(line.span) : await direction(line.criterion, name);
  const form = el("form", { cls: "correct" }, el("span", { text: name }), ...fields, el("button", { type: "submit", cls: "small", text: "Save" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sheet.take(() => api.changeLine(user(), line.id, told()), "Changed. It stays so, whatever you do from now on.", `change-${line.id}`);
  });
  place.replaceChildren(form);
  form.querySelector("input, select").focus();
}

function range(span) {
  const [low, high] = span.map((end, at) => el("input", { type: "number", step: "any", min: 0, value: end, required: true, "aria-label": at ? "to" : "from" }));
  return { fields: [low, "to", high], read: () => ({ span: [low.value, high.value] }) };
}

function adding(sheet) {
  const input = el("input", { type: "text", "aria-label": "What should the shop know of your taste?", placeholder: "No perfume; or tents under 200", maxlength: 400, required: true, data: { focus: "add" } });
  const form = el("form", { cls: "finder" }, input, el("button", { type: "submit", text: "Add" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sheet.take(() => api.addLine(user(), { words: input.value.trim() }), "Added.", "add");
  });
  return form;
}

// Asked twice, since it cannot be undone.
function forgetting(sheet) {
  const place = el("p", { cls: "forget" });
  const first = el("button", { type: "button", cls: "quiet", text: "Forget me" });
  first.addEventListener("click", () => {
    const sure = el("button", { type: "button", text: "Delete all that is known of me", on: { click: () => gone(sheet) } });
    const no = el("button", { type: "button", cls: "quiet", text: "Keep it", on: { click: () => { place.replaceChildren(first); first.focus(); } } });
    place.replaceChildren(sure, no);
    sure.focus();
  });
  place.append(first);
  return place;
}

async function gone(sheet) {
  try {
    await api.forgetProfile(user());
  } catch (error) {
    sheet.said.textContent = error.message;
    return;
  }
  forgetMe();
  stranger(sheet, "All that was known of you is deleted.");
  document.getElementById("sheet-title").focus();
}
