import type { Body, Send } from "./follow-next-actions.ts";

interface Sender {
  apiKey: string;
  /** The token of a session that is open already. */
  session?: string;
  /** Sent with every request, such as the one that asks for quiet. */
  headers?: Record<string, string>;
}

/** Sends next actions to their endpoints, with the agent's key or the newest session's token. */
export function sendOverHttp(url: string, { apiKey, session = "", headers = {} }: Sender): Send {
  let token = session;
  return async ({ method = "GET", endpoint, auth }, fields) => {
    const credential = auth === "api_key" ? apiKey : token;
    const query = method === "GET" ? toQuery(fields) : "";
    const response = await fetch(`${url}${endpoint}${query}`, {
      method,
      headers: {
        ...headers,
        ...(credential !== "" && { authorization: `Bearer ${credential}` }),
        ...(method !== "GET" && { "content-type": "application/json" }),
      },
      ...(method !== "GET" && { body: JSON.stringify(fields) }),
    });
    const body = (await response.json()) as Body;
    token = sessionTokenIn(body) ?? token;
    return { status: response.status, body };
  };
}

/** The token of a session that an answer opened. GPT responses are flat. */
export function sessionTokenIn(body: Body): string | undefined {
  const { session_token } = (body.data ?? body) as { session_token?: string };
  return session_token;
}

function toQuery(params: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const item of [value].flat()) query.append(name, String(item));
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}
