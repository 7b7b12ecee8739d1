import { createHash, randomBytes } from "node:crypto";
import type { SignedIn } from "./console-client.ts";
import type { Decide } from "./oauth.ts";
import { allow, authorize, REDIRECT_URI } from "./oauth.ts";

/** OAuth spoken by hand, for what the official clients never send. */

export interface Tokens {
  access_token: string;
  refresh_token: string;
  scope: string;
  expires_in: number;
}

export interface Answer {
  status: number;
  // Errors and tokens have different fields, and tests assert on parts of them.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

const readAnswer = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
};

/** A client that registers itself and signs people in, step by step. */
export class HandHost {
  readonly #url: () => string;
  readonly verifier = randomBytes(32).toString("base64url");
  clientId = "";

  constructor(url: () => string) {
    this.#url = url;
  }

  register(changes: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return fetch(`${this.#url()}/oauth/register`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ client_name: "Hand-made host", redirect_uris: [REDIRECT_URI], ...changes }),
    }).then(readAnswer);
  }

  /** The address that a person is sent to. Registers first, if it hasn't. A field that is undefined is left out. */
  async request(changes: Record<string, string | undefined> = {}): Promise<URL> {
    if (this.clientId === "")
      this.clientId = ((await this.register()).body as { client_id: string }).client_id;
    const fields: Record<string, string | undefined> = {
      ...{ response_type: "code", client_id: this.clientId, redirect_uri: REDIRECT_URI, state: "s-1" },
      ...{ scope: "agent", resource: `${this.#url()}/mcp` },
      code_challenge: createHash("sha256").update(this.verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...changes,
    };
    const url = new URL("/oauth/authorize", this.#url());
    for (const [name, value] of Object.entries(fields))
      if (value !== undefined) url.searchParams.set(name, value);
    return url;
  }

  /** Has a person answer, and returns the code. */
  async code(person: SignedIn, decide: Decide = allow()): Promise<string> {
    const answer = await authorize(await this.request(), person, decide);
    return answer.searchParams.get("code") ?? "";
  }

  exchange(code: string, changes: Record<string, string> = {}): Promise<Answer> {
    return this.token({
      grant_type: "authorization_code",
      ...{ code, redirect_uri: REDIRECT_URI, client_id: this.clientId, code_verifier: this.verifier },
      ...changes,
    });
  }

  refresh(refreshToken: string): Promise<Answer> {
    return this.token({ grant_type: "refresh_token", refresh_token: refreshToken, client_id: this.clientId });
  }

  token(fields: Record<string, string>, url = this.#url()): Promise<Answer> {
    return fetch(`${url}/oauth/token`, { method: "POST", body: new URLSearchParams(fields) }).then(
      readAnswer,
    );
  }

  revoke(token: string): Promise<Answer> {
    return fetch(`${this.#url()}/oauth/revoke`, {
      method: "POST",
      body: new URLSearchParams({ token, client_id: this.clientId }),
    }).then(readAnswer);
  }

  /** Signs a person in. */
  async signIn(person: SignedIn, decide?: Decide): Promise<Tokens> {
    return (await this.exchange(await this.code(person, decide))).body as Tokens;
  }

  /** Calls a tool as a host of 2025-06-18 does. */
  async call(
    token: string | undefined,
    tool = "flow_status",
    args: object = {},
  ): Promise<Answer & { headers: Headers }> {
    const response = await fetch(`${this.#url()}/mcp`, {
      method: "POST",
      headers: {
        ...{ "content-type": "application/json", accept: "application/json, text/event-stream" },
        "mcp-protocol-version": "2025-06-18",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: tool, arguments: args },
      }),
    });
    const text = await response.text();
    // The answer is one event.
    const json = text.startsWith("{") ? text : (/^data: (\{.*\})$/m.exec(text)?.[1] ?? "{}");
    return { status: response.status, body: JSON.parse(json), headers: response.headers };
  }
}
