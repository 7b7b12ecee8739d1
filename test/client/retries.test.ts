import { describe, expect, test } from "vitest";
import { connect, createApi } from "../../src/client/index.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { answerLost, createFaultyFetch, errorPage, refusedWith, requestLost } from "./faulty-fetch.ts";
import { refusalOf } from "./refusal.ts";
import { useClientWorld } from "./use-client-world.ts";

const world = useClientWorld();

describe("requests and answers that get lost", () => {
  test.each([
    ["the request", requestLost],
    ["the answer", answerLost],
  ])("a run that loses %s is repeated with the same idempotency key, and paid once", async (_what, lost) => {
    const { service } = await world.sponsorService();
    const network = createFaultyFetch("agent.runService", lost);
    const agent = await connect(world.connectOptions({ fetch: network.fetch }));
    const { output, idempotencyKey } = await agent.run(service, { n: 1 });

    expect(output).toEqual({ echo: { n: 1 } });
    const keys = network.sentTo("agent.runService").map(({ idempotency_key }) => idempotency_key);
    expect(keys).toEqual([idempotencyKey, idempotencyKey]);
    expect(world.upstream.paid()).toHaveLength(1);
  });

  test.each(["agent.planService", "agent.getTask", "agent.completeTask"])(
    "a call of %s whose answer is lost is repeated",
    async (procedure) => {
      const { service } = await world.sponsorService();
      const network = createFaultyFetch(procedure, answerLost);
      const agent = await connect(world.connectOptions({ fetch: network.fetch }));
      expect((await agent.run(service, { n: 1 })).output).toBeDefined();
      expect(network.sentTo(procedure)).toHaveLength(2);
    },
  );

  test("a call that would take effect twice is not repeated when its answer is lost", async () => {
    const network = createFaultyFetch("admin.createAgent", answerLost);
    const api = createApi({ url: world.url, token: ADMIN_KEY, fetch: network.fetch });
    const lost = await refusalOf(api.admin.createAgent.mutate({ name: "Once" }));
    expect(lost).toMatchObject({ code: "network_error", retryAllowed: true, httpStatus: undefined });
    expect(network.sentTo("admin.createAgent")).toHaveLength(1);
    expect((await api.admin.createAgent.mutate({ name: "Twice" })).data.agent_id).toBeTruthy();
  });

  test("a run through agent.api without an idempotency key is not repeated when its answer is lost", async () => {
    const { service } = await world.sponsorService();
    const network = createFaultyFetch("agent.runService", answerLost);
    const agent = await connect(world.connectOptions({ fetch: network.fetch }));
    const lost = await refusalOf(agent.api.agent.runService.mutate({ service_key: service }));
    expect(lost.code).toBe("network_error");
    expect(network.sentTo("agent.runService")).toHaveLength(1);
  });
});

describe("answers that ask the client to retry", () => {
  const retry = { retries: 2, maxWaitSeconds: 5 };

  test("a rate-limited call is repeated after the seconds that the server named", async () => {
    const busy = refusedWith(429, "rate_limited", { retry_after_seconds: 1 });
    const network = createFaultyFetch("agent.flowStatus", busy);
    const agent = await connect(world.connectOptions({ fetch: network.fetch, retry }));
    const start = performance.now();
    await agent.status();
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  test("a run that is still in progress is asked for again with the same idempotency key, and paid once", async () => {
    const { service } = await world.sponsorService();
    const busy = refusedWith(409, "idempotency_in_progress", { retry_after_seconds: 1 });
    // First the answer is lost, then the server says that the run is in progress, then it has the answer.
    const network = createFaultyFetch("agent.runService", answerLost, busy);
    const agent = await connect(world.connectOptions({ fetch: network.fetch, retry }));
    expect((await agent.run(service, { n: 1 })).output).toEqual({ echo: { n: 1 } });
    const keys = network.sentTo("agent.runService").map(({ idempotency_key }) => idempotency_key);
    expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
    expect(world.upstream.paid()).toHaveLength(1);
  });

  test("a call that keeps failing is given up after the configured number of retries", async () => {
    const down = refusedWith(503, "service_unavailable");
    const failing = createFaultyFetch("agent.flowStatus", down, down, down, down);
    const agent = await connect(world.connectOptions({ fetch: failing.fetch, retry }));
    expect(await refusalOf(agent.status())).toMatchObject({ code: "service_unavailable", requestId: "r-1" });
    expect(failing.sentTo("agent.flowStatus")).toHaveLength(3);
  });

  test("a call is not repeated when the server asks for a longer wait than the client allows", async () => {
    const slow = createFaultyFetch(
      "agent.flowStatus",
      refusedWith(429, "rate_limited", { retry_after_seconds: 60 }),
    );
    const agent = await connect(world.connectOptions({ fetch: slow.fetch, retry }));
    expect(await refusalOf(agent.status())).toMatchObject({ code: "rate_limited", retryAfterSeconds: 60 });
    expect(slow.sentTo("agent.flowStatus")).toHaveLength(1);
  });

  test("a call that a proxy answered with 502, 503 or 504 is repeated; one with 404 is not, and the error names the status", async () => {
    const network = createFaultyFetch(
      "agent.flowStatus",
      errorPage(502),
      errorPage(504),
      errorPage(503),
      errorPage(404),
    );
    const agent = await connect(world.connectOptions({ fetch: network.fetch, retry }));
    expect(await refusalOf(agent.status())).toMatchObject({
      code: "invalid_response",
      details: { status: 503 },
      httpStatus: 503,
    });
    expect(await refusalOf(agent.status())).toMatchObject({ details: { status: 404 } });
    expect(network.sentTo("agent.flowStatus")).toHaveLength(4);
    expect((await agent.status()).flow_state).toBe("authenticated");
  });

  test("a call that waits before a retry ends when its caller aborts", async () => {
    const busy = refusedWith(429, "rate_limited", { retry_after_seconds: 30 });
    const agent = await connect(
      world.connectOptions({ fetch: createFaultyFetch("agent.flowStatus", busy).fetch }),
    );
    const start = performance.now();
    await expect(agent.status({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    await expect(agent.status({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test("a call without an answer within timeoutSeconds is repeated", async () => {
    const hanging = (): Promise<Response> => new Promise(() => undefined);
    const { fetch } = createFaultyFetch("agent.flowStatus", hanging);
    const agent = await connect(
      world.connectOptions({
        timeoutSeconds: 2,
        fetch: (input, init) =>
          Promise.race([
            fetch(input, init),
            new Promise<never>((_resolve, reject) =>
              init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error)),
            ),
          ]),
      }),
    );
    expect((await agent.status()).flow_state).toBe("authenticated"); // from the second request
  });
});

describe("a session that ended", () => {
  test("an expired session is replaced once for all waiting calls, with the budget that was left", async () => {
    const { service } = await world.sponsorService();
    const network = createFaultyFetch("agent.auth");
    const agent = await connect(world.connectOptions({ fetch: network.fetch }));
    await agent.run(service);
    const expiredId = agent.session.session_id;
    await world.database.db.agentSession.update({
      where: { id: expiredId },
      data: { expiresAt: new Date(Date.now() - 1_000) },
    });

    const [status] = await Promise.all([agent.status(), agent.search(), agent.run(service, { n: 2 })]);
    expect(status.session.session_id).not.toBe(expiredId);
    expect(status.budget.limit_cents).toBe(48);
    expect(network.sentTo("agent.auth")).toHaveLength(2);
  });

  test("a revoked session is not replaced, since a person or the agent ended it on purpose", async () => {
    const network = createFaultyFetch("agent.auth");
    const agent = await connect(world.connectOptions({ fetch: network.fetch }));
    await world.database.db.agentSession.update({
      where: { id: agent.session.session_id },
      data: { revokedAt: new Date(), active: false },
    });
    expect(await refusalOf(agent.status())).toMatchObject({ code: "session_revoked" });
    expect(network.sentTo("agent.auth")).toHaveLength(1);
  });
});
