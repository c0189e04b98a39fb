/** A vault that this page's own host keeps: GET, and PUT on the condition that nobody else has written meanwhile. */

import { checkSize, MAX_VAULT_BYTES, PageError, type Source, type Stored } from "./source";

export class HostSource implements Source {
  readonly kind = "host";
  readonly isUnsaved = false;
  readonly name: string;
  readonly #url: URL;
  /** What `strongroom dashboard` gave for its token; a host with logins of its own uses cookies instead. */
  readonly #session: string | null;

  constructor(name: string, url: URL, session: string | null) {
    this.name = name;
    this.#url = url;
    this.#session = session;
  }

  async prepare(): Promise<void> {}

  async read(): Promise<Stored> {
    return await stored(await this.#fetch("GET", {}));
  }

  async readLater(since: Stored): Promise<Stored | null> {
    const response = await this.#fetch("GET", since.tag === null ? {} : { "If-None-Match": since.tag });
    if (response.status === 304) {
      return null;
    }
    const now = await stored(response);
    return now.tag !== null && now.tag === since.tag ? null : now;
  }

  async write(bytes: Uint8Array, since: Stored): Promise<Stored> {
    if (since.tag === null) {
      throw new PageError("host_no_etag");
    }
    const headers = { "If-Match": since.tag, "Content-Type": "application/octet-stream" };
    const response = await this.#fetch("PUT", headers, bytes);
    return { bytes, tag: response.headers.get("ETag") };
  }

  async #fetch(method: string, headers: Record<string, string>, body?: Uint8Array): Promise<Response> {
    if (this.#session !== null) {
      headers.Authorization = `Bearer ${this.#session}`;
    }
    return await ask(this.#url, { method, headers, ...(body && { body: body as Uint8Array<ArrayBuffer> }) });
  }
}

/** The host's vault, if the page was opened by `strongroom dashboard` or its host names one; else `null`. */
export async function hostVault(token: string | null): Promise<HostSource | null> {
  if (token !== null) {
    forgetSession();
    return await startSession(token);
  }
  const kept = keptSession();
  if (kept !== null) {
    return new HostSource(kept.name, here("vault"), kept.session);
  }
  const named = document.querySelector<HTMLMetaElement>('meta[name="strongroom-vault"]')?.content;
  if (!named) {
    return null;
  }
  const url = here(named);
  if (url.origin !== location.origin) {
    throw new PageError("host_other_origin");
  }
  return new HostSource(decodeURIComponent(url.pathname.split("/").at(-1) || "vault"), url, null);
}

/** Takes the one-time token out of the address bar, before anything else can see it. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash !== "") {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return token;
}

async function startSession(token: string): Promise<HostSource> {
  const headers = { "Content-Type": "application/json" };
  const response = await ask(here("session"), { method: "POST", headers, body: JSON.stringify({ token }) });
  const answer = await json(response);
  const { session, name } = answer;
  if (typeof session !== "string" || typeof name !== "string") {
    throw new PageError("host_answer", String(response.status));
  }
  // For this tab only, so that reading the page again does not need another token. It opens nothing: the vault stays sealed.
  sessionStorage.setItem(SESSION, JSON.stringify({ session, name }));
  return new HostSource(name, here("vault"), session);
}

const SESSION = "strongroom-session";

function keptSession(): { session: string; name: string } | null {
  const kept = sessionStorage.getItem(SESSION);
  return kept === null ? null : (JSON.parse(kept) as { session: string; name: string });
}

export function forgetSession(): void {
  sessionStorage.removeItem(SESSION);
}

function here(path: string): URL {
  return new URL(path, document.baseURI);
}

/** A host that says nothing for so long says nothing at all. */
const PATIENCE_MS = 60_000;

async function ask(url: URL, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      ...request,
      cache: "no-store",
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new PageError("host_silent");
  }
  const { status } = response;
  if (response.ok || status === 304) {
    return response;
  }
  const said = await saidByHost(response);
  const code = ({ 401: "host_session", 403: "host_forbidden", 404: "host_missing", 412: "changed" } as const)[status];
  if (code !== undefined) {
    throw new PageError(code);
  }
  if (status === 413) {
    throw new PageError("host_too_large");
  }
  throw new PageError(
    status === 507 ? "storage_full" : "host_answer",
    said === "" ? String(status) : `${status}: ${said}`,
  );
}

const MOST_SAID = 4096;

/** What a refusal says for people, if it is `{"message": "..."}`; all else is the business of the host's own pages. */
async function saidByHost(response: Response): Promise<string> {
  const length = Number(response.headers.get("Content-Length") ?? Infinity);
  if (length > MOST_SAID || !response.headers.get("Content-Type")?.startsWith("application/json")) {
    void response.body?.cancel();
    return "";
  }
  const { message } = await json(response).catch(() => ({ message: "" }));
  return typeof message === "string" ? message : "";
}

async function stored(response: Response): Promise<Stored> {
  const bytes = await limitedBytes(response);
  // A login page or a proxy's error page, sent as if all were well. A vault never begins so.
  if (bytes[0] === "<".charCodeAt(0) || response.headers.get("Content-Type")?.startsWith("text/html")) {
    throw new PageError("host_html");
  }
  return { bytes, tag: response.headers.get("ETag") };
}

/** The body, as far as a vault can go: the host's word for its length is not taken. */
async function limitedBytes(response: Response): Promise<Uint8Array> {
  checkSize(Number(response.headers.get("Content-Length") ?? 0));
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      length += part.value.length;
      if (length > MAX_VAULT_BYTES) {
        void reader?.cancel();
        break;
      }
      parts.push(part.value);
    }
  } catch {
    throw new PageError("host_silent");
  }
  checkSize(length);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function json(response: Response): Promise<Record<string, unknown>> {
  try {
    const answer: unknown = await response.json();
    return typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
  } catch {
    throw new PageError("host_html");
  }
}
