// `npm run bench:adapter`: what a call costs before and after its operation, which is in memory and does nothing. Beside the same
// operation on other frameworks, each with a request id and a line of the log for each request.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Measured } from "./compare.ts";
import { compare } from "./compare.ts";
import { report, roundsOr, secondsOr } from "./report.ts";
import type { MeasuredServer } from "./start-server.ts";
import { pinBench, startPeer, startProgram } from "./start-server.ts";

const CALLERS = 8;
const QUERY = "?name=Ada&limit=20";
const ANSWER = { status: "success", data: { text: "x".repeat(300) }, next_actions: [] };
const PEERS = [
  { program: "fastify-hello", name: "Fastify + zod", atMost: 3 },
  { program: "orpc-hello", name: "oRPC", atMost: 1 },
  { program: "trpc-to-openapi-hello", name: "trpc-to-openapi", atMost: 0.5 },
];

let ours: MeasuredServer;
let peers: MeasuredServer[];

beforeAll(async () => {
  pinBench();
  const asked = { answer: ANSWER };
  [ours, peers] = await Promise.all([
    startProgram("adapter-server", asked),
    Promise.all(PEERS.map(({ program }) => startPeer(program, asked))),
  ]);
}, 60_000);

afterAll(async () => {
  await Promise.all([ours, ...peers].map((server) => server.stop()));
});

const asMeasured = (name: string, server: MeasuredServer): Measured => ({
  name,
  server,
  path: `/agent/hello${QUERY}`,
  headers: [{}],
});

test("all give the same answer, with an id, and refuse the same", async () => {
  for (const { url } of [ours, ...peers]) {
    const answer = await fetch(`${url}/agent/hello${QUERY}`);
    expect([answer.status, await answer.json()]).toEqual([200, ANSWER]);
    expect(answer.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
    for (const bad of ["?limit=51", "?other=1", "?limit=many"])
      expect((await fetch(`${url}/agent/hello${bad}`)).status).toBe(400);
  }
});

test("the adapter alone", async () => {
  const options = { callers: CALLERS, rounds: roundsOr(8), secondsPerSlice: secondsOr(1.5) };
  for (const [n, { name, atMost }] of PEERS.entries()) {
    const peer = asMeasured(name, peers[n] as MeasuredServer);
    const { cpu } = await compare(asMeasured("Tollfree", ours), peer, options);
    report({ what: "the adapter alone, CPU", against: name, measured: cpu, unit: "×", target: { atMost } });
  }
  const session = {
    ...asMeasured("Tollfree, a session", ours),
    path: `/agent/hello-session${QUERY}`,
    headers: [{ authorization: "Bearer tf_as_bench" }],
  };
  const fastify = asMeasured("Fastify + zod", peers[0] as MeasuredServer);
  const { cpu } = await compare(session, fastify, options);
  report({ what: "the same with a session, CPU", against: "Fastify + zod", measured: cpu, unit: "×" });
});
