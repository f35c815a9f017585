// The server's API as this page uses it. A stream that ends before its last event is a lost connection.

export class Failed extends Error {
  constructor(status, type, message, retryAfter, param) {
    super(message);
    Object.assign(this, { status, type, retryAfter, param });
  }
}

export class Lost extends Error {}

async function call(method, path, body, signal) {
  let reply;
  try {
    reply = await fetch(path, {
      method,
      signal,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Lost("the shop cannot be reached");
  }
  if (!reply.ok) {
    const found = await reply.json().catch(() => ({}));
    const error = found.error || {};
    throw new Failed(reply.status, error.type || "http", error.message || `HTTP ${reply.status}`, Number(reply.headers.get("Retry-After")) || 0, error.param);
  }
  return reply;
}

const json = async (method, path, body) => {
  const reply = await call(method, path, body);
  return reply.status === 204 ? null : reply.json();
};

export const begin = () => json("POST", "/v1/conversations");
export const read = (id) => json("GET", `/v1/conversations/${encodeURIComponent(id)}`);
export const facets = () => json("GET", "/v1/facets");
// The facet of one field, undefined where there is none; they are asked for once.
let known = null;
export async function facet(field) {
  known ??= facets().catch(() => {
    known = null;
    return { facets: [] };
  });
  return (await known).facets.find((f) => f.field === field);
}
const profilePath = (user, line) => `/v1/users/${encodeURIComponent(user)}/profile${line === undefined ? "" : `/lines/${encodeURIComponent(line)}`}`;
export const profile = (user, session) => json("GET", `${profilePath(user)}?${new URLSearchParams(session ? { session } : {})}`);
export const switchProfile = (user, body) => json("PATCH", profilePath(user), body);
export const addLine = (user, body) => json("POST", `${profilePath(user)}/lines`, body);
export const changeLine = (user, line, body) => json("PATCH", profilePath(user, line), body);
export const deleteLine = (user, line) => json("DELETE", profilePath(user, line));
export const forgetProfile = (user) => json("DELETE", profilePath(user));
export const consentTo = (user, body) => json("PUT", `/v1/users/${encodeURIComponent(user)}/consent`, body);
export const note = (body) => json("POST", "/v1/interactions", body);
export const forYou = (body) => json("POST", "/v1/for-you", body);
export const critiques = (intent, picks) => json("POST", "/v1/critiques", { intent, picks });
export const byWords = (words) => json("GET", `/v1/products?${new URLSearchParams({ words })}`);
export const byIds = (ids) => json("GET", `/v1/products?${new URLSearchParams(ids.map((id) => ["ids", id]))}`);
export const why = (id, request, intent) => json("POST", "/v1/why", { product_id: id, request, intent });

export async function signIn(key) {
  const reply = await fetch("/session", { method: "POST", headers: { Authorization: `Bearer ${key}` }, credentials: "same-origin" });
  return reply.ok;
}

// The server sends at least a comment every 10 s; where nothing comes for longer the line is dead, whatever the system says.
// Once the browser says that it is offline, little more is waited for: a stream that is open does not notice by itself.
const SILENT_MS = 25000;
const OFFLINE_MS = 2000;

function unlessSilent(promise) {
  const timers = [];
  let offline;
  const late = new Promise((_, reject) => {
    const limit = (ms) => timers.push(setTimeout(() => reject(new Lost("the connection was lost")), ms));
    offline = () => limit(OFFLINE_MS);
    addEventListener("offline", offline);
    limit(navigator.onLine ? SILENT_MS : OFFLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => {
    timers.forEach(clearTimeout);
    removeEventListener("offline", offline);
  });
}

// Yields {name, data} of each event. Throws Lost where the stream breaks off or goes silent before "done" or "error".
export async function* recommend(body, signal) {
  const cut = new AbortController();
  if (signal.aborted) cut.abort();
  signal.addEventListener("abort", () => cut.abort(), { once: true });
  try {
    yield* events(await unlessSilent(call("POST", "/v1/recommendations", { ...body, stream: true }, cut.signal)));
  } finally {
    cut.abort();
  }
}

async function* events(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let ended = false;
  try {
    while (!ended) {
      const { value, done } = await unlessSilent(reader.read());
      if (done) break;
      rest += value;
      let end;
      while ((end = rest.indexOf("\n\n")) >= 0) {
        const event = parse(rest.slice(0, end));
        rest = rest.slice(end + 2);
        if (event === null) continue;
        ended = event.name === "done" || event.name === "error";
        yield event;
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Lost("the connection was lost");
  }
  if (!ended) throw new Lost("the connection was lost");
}

function parse(block) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}
