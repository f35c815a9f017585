// Signing in: the key goes to the server once and comes back as a cookie that no script can read.

import { signIn } from "./api.js";
import { el } from "./dom.js";

// One form at a time: who asks again before signing in gets a new one in the place of the old.
export function signInForm(then) {
  document.querySelector("form.key")?.remove();
  const input = el("input", { type: "password", id: "key", autocomplete: "off", required: true, maxlength: 500 });
  const said = el("p", { role: "alert", cls: "hint" });
  const form = el("form", { cls: "key" }, el("label", { for: "key", text: "This shop asks for a key." }), input, el("button", { type: "submit", cls: "main", text: "Sign in" }), said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const ok = await signIn(input.value.trim()).catch(() => null);
    input.value = "";
    if (ok) {
      form.remove();
      then();
    } else {
      said.textContent = ok === null ? "The shop cannot be reached." : "This key is not known.";
    }
  });
  queueMicrotask(() => input.focus()); // once it stands on the page
  return form;
}
