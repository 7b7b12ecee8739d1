/** What can happen to a request between the client and the server. */

type Fetch = typeof globalThis.fetch;

export interface Wire {
  fetch: Fetch;
  /** The bodies that were sent to a procedure, in order. */
  sentTo(procedure: string): Record<string, unknown>[];
}

/** A network on which the first calls of a procedure meet with accidents, one each; all others get through. */
export function wireWith(
  procedure: string,
  ...accidents: ((send: () => Promise<Response>) => Promise<Response>)[]
): Wire {
  const sent: { url: string; body: Record<string, unknown> }[] = [];
  return {
    async fetch(input, init) {
      const url = input as string; // as the client calls it
      const body = typeof init?.body === "string" ? init.body : "{}";
      sent.push({ url, body: JSON.parse(body) as Record<string, unknown> });
      const send = (): Promise<Response> => fetch(input, init);
      const accident = url.includes(procedure) ? accidents.shift() : undefined;
      return accident === undefined ? send() : accident(send);
    },
    sentTo: (name) => sent.filter(({ url }) => url.includes(name)).map(({ body }) => body),
  };
}

/** The server does its work, and nobody hears of it. */
export const answerLost = async (send: () => Promise<Response>): Promise<Response> => {
  await (await send()).text();
  throw new TypeError("terminated");
};

/** The request never gets there. */
export const requestLost = (): Promise<Response> => Promise.reject(new TypeError("fetch failed"));

/** The server refuses, in its own words. */
export const refusedWith =
  (httpStatus: number, error_code: string, more: object = {}) =>
  (): Promise<Response> => {
    const data = {
      status: "error",
      error_code,
      message: error_code,
      retry_allowed: true,
      next_actions: [],
      request_id: "r-1",
      ...more,
    };
    return Promise.resolve(Response.json({ error: { data } }, { status: httpStatus }));
  };

/** Something in between answers. */
export const errorPage = (status: number) => (): Promise<Response> =>
  Promise.resolve(new Response("<h1>Bad gateway</h1>", { status, headers: { "content-type": "text/html" } }));
