// Who asks: a random id that this browser keeps, only once the shopper has agreed to it. Without one nothing is remembered of them.

const KEY = "shelftalk-user";

function kept() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // a browser that keeps nothing: nobody is known
  }
}

// {user} where the shopper agreed, {} else: to be spread into what is sent.
export function whoAsks() {
  const user = kept();
  return user ? { user } : {};
}

export function remembered() {
  return Boolean(kept());
}

// Begins to remember; false where the browser keeps nothing.
export function rememberMe() {
  try {
    if (!kept()) localStorage.setItem(KEY, crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join(""));
    return true;
  } catch {
    return false;
  }
}

export function forgetMe() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // nothing was kept
  }
}
