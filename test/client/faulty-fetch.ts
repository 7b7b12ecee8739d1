/**
 * Faults between the client and the server: lost requests, lost answers, and answers that the server didn't
 * give.
 */

type Fetch = typeof globalThis.fetch;
type Fault = (send: () => Promise<Response>) => Promise<Response>;

export interface FaultyFetch {
  fetch: Fetch;
  /** The bodies that were sent to a procedure, in order. */
  sentTo(procedure: string): Record<string, unknown>[];
}

/** A `fetch` whose first calls of a procedure meet one fault each. All other calls get through. */
export function createFaultyFetch(procedure: string, ...faults: Fault[]): FaultyFetch {
  const sent: { url: string; body: Record<string, unknown> }[] = [];
  return {
    async fetch(input, init) {
      const url = input as string; // the client passes a string
      const body = typeof init?.body === "string" ? init.body : "{}";
      sent.push({ url, body: JSON.parse(body) as Record<string, unknown> });
      const send = (): Promise<Response> => fetch(input, init);
      const fault = url.includes(procedure) ? faults.shift() : undefined;
      return fault === undefined ? send() : fault(send);
    },
    sentTo: (name) => sent.filter(({ url }) => url.includes(name)).map(({ body }) => body),
  };
}

/** The server executes the call. Its answer is lost. */
export const answerLost: Fault = async (send) => {
  await (await send()).text();
  throw new TypeError("terminated");
};

/** The request doesn't reach the server. */
export const requestLost: Fault = () => Promise.reject(new TypeError("fetch failed"));

/** The server refuses with an envelope. */
export const refusedWith =
  (httpStatus: number, error_code: string, more: object = {}): Fault =>
  () => {
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

/** A proxy answers in place of the server. */
export const errorPage =
  (status: number): Fault =>
  () =>
    Promise.resolve(
      new Response("<h1>Bad gateway</h1>", { status, headers: { "content-type": "text/html" } }),
    );
