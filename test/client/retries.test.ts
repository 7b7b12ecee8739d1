import { describe, expect, it } from "vitest";
import { connect, createApi } from "../../src/client/index.ts";
import { refusalOf } from "./refusal.ts";
import { answerLost, errorPage, refusedWith, requestLost, wireWith } from "./wire.ts";
import { clientWorld } from "./world.ts";

const world = clientWorld();

describe("a network that loses things", () => {
  it.each([
    ["the request", requestLost],
    ["the answer", answerLost],
  ])(
    "losing %s of a run, the client repeats it with the same key, and it is paid once",
    async (_what, lost) => {
      const { service } = await world.sponsored();
      const wire = wireWith("agent.runService", lost);
      const agent = await connect(world.standing({ fetch: wire.fetch }));
      const { output, idempotencyKey } = await agent.run(service, { n: 1 });

      expect(output).toEqual({ echo: { n: 1 } });
      const keys = wire.sentTo("agent.runService").map(({ idempotency_key }) => idempotency_key);
      expect(keys).toEqual([idempotencyKey, idempotencyKey]);
      expect(world.upstream.paid()).toHaveLength(1);
    },
  );

  it("repeats completions and plans, but never what would happen twice", async () => {
    const { service } = await world.sponsored();
    for (const procedure of ["agent.planService", "agent.getTask", "agent.completeTask"]) {
      const { fetch } = wireWith(procedure, answerLost);
      const agent = await connect(world.standing({ fetch }));
      expect((await agent.run(service, { n: procedure.length })).output).toBeDefined();
    }
    const wire = wireWith("admin.createAgent", answerLost);
    const api = createApi({ url: world.url, token: "admin-key-of-the-tests", fetch: wire.fetch });
    const lost = await refusalOf(api.admin.createAgent.mutate({ name: "Once" }));
    expect(lost).toMatchObject({ code: "network_error", retryAllowed: true, httpStatus: undefined });
    expect(wire.sentTo("admin.createAgent")).toHaveLength(1);
    expect((await api.admin.createAgent.mutate({ name: "Twice" })).data.agent_id).toBeTruthy();
  });

  it("doesn't repeat a run that was called without a key", async () => {
    const { service } = await world.sponsored();
    const wire = wireWith("agent.runService", answerLost);
    const agent = await connect(world.standing({ fetch: wire.fetch }));
    await agent.run((await world.sponsored()).service);
    const bare = wireWith("agent.runService", answerLost);
    const other = await connect(world.standing({ fetch: bare.fetch }));
    const lost = await refusalOf(other.api.agent.runService.mutate({ service_key: service }));
    expect(lost.code).toBe("network_error");
    expect(bare.sentTo("agent.runService")).toHaveLength(1);
  });
});

describe("a server that asks to wait", () => {
  const retry = { retries: 2, maxWaitSeconds: 5 };

  it("is asked again after as long as it said", async () => {
    const busy = refusedWith(429, "rate_limited", { retry_after_seconds: 1 });
    const wire = wireWith("agent.flowStatus", busy);
    const agent = await connect(world.standing({ fetch: wire.fetch, retry }));
    const start = performance.now();
    await agent.status();
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  it("is asked again for a run that is still going on, with the same key", async () => {
    const { service } = await world.sponsored();
    const busy = refusedWith(409, "idempotency_in_progress", { retry_after_seconds: 1 });
    // The connection breaks while the server is at work, which then says so, and at last has the answer.
    const wire = wireWith("agent.runService", answerLost, busy);
    const agent = await connect(world.standing({ fetch: wire.fetch, retry }));
    expect((await agent.run(service, { n: 1 })).output).toEqual({ echo: { n: 1 } });
    const keys = wire.sentTo("agent.runService").map(({ idempotency_key }) => idempotency_key);
    expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
    expect(world.upstream.paid()).toHaveLength(1);
  });

  it("is left alone after so many tries, or where waiting would take too long", async () => {
    const down = refusedWith(503, "service_unavailable");
    const failing = wireWith("agent.flowStatus", down, down, down, down);
    const agent = await connect(world.standing({ fetch: failing.fetch, retry }));
    expect(await refusalOf(agent.status())).toMatchObject({ code: "service_unavailable", requestId: "r-1" });
    expect(failing.sentTo("agent.flowStatus")).toHaveLength(3);

    const slow = wireWith("agent.flowStatus", refusedWith(429, "rate_limited", { retry_after_seconds: 60 }));
    const hasty = await connect(world.standing({ fetch: slow.fetch, retry }));
    expect(await refusalOf(hasty.status())).toMatchObject({ code: "rate_limited", retryAfterSeconds: 60 });
    expect(slow.sentTo("agent.flowStatus")).toHaveLength(1);
  });

  it("is asked again where something in between answered, and what that said is told", async () => {
    const wire = wireWith("agent.flowStatus", errorPage(502), errorPage(504), errorPage(503), errorPage(404));
    const agent = await connect(world.standing({ fetch: wire.fetch, retry }));
    expect(await refusalOf(agent.status())).toMatchObject({
      code: "invalid_response",
      details: { status: 503 },
      httpStatus: 503,
    });
    expect(await refusalOf(agent.status())).toMatchObject({ details: { status: 404 } });
    expect(wire.sentTo("agent.flowStatus")).toHaveLength(4);
    expect((await agent.status()).flow_state).toBe("authenticated");
  });

  it("is given up on while waiting, when the caller is", async () => {
    const busy = refusedWith(429, "rate_limited", { retry_after_seconds: 30 });
    const agent = await connect(world.standing({ fetch: wireWith("agent.flowStatus", busy).fetch }));
    const start = performance.now();
    await expect(agent.status({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    await expect(agent.status({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it("takes too long to answer for its client's patience", async () => {
    const hanging = (): Promise<Response> => new Promise(() => undefined);
    const { fetch } = wireWith("agent.flowStatus", hanging);
    const agent = await connect(
      world.standing({
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
    expect((await agent.status()).flow_state).toBe("authenticated"); // at the second try
  });
});

describe("a session that ends", () => {
  it("is opened again when it has expired, once for all calls, with the budget that was left", async () => {
    const { service } = await world.sponsored();
    const wire = wireWith("agent.auth");
    const agent = await connect(world.standing({ fetch: wire.fetch }));
    await agent.run(service);
    const first = agent.session.session_id;
    await world.server.database.db.agentSession.update({
      where: { id: first },
      data: { expiresAt: new Date(Date.now() - 1_000) },
    });

    const [status] = await Promise.all([agent.status(), agent.search(), agent.run(service, { n: 2 })]);
    expect(status.session.session_id).not.toBe(first);
    expect(status.budget.limit_cents).toBe(48);
    expect(wire.sentTo("agent.auth")).toHaveLength(2);
  });

  it("isn't opened again when it was revoked: somebody wanted it to end", async () => {
    const wire = wireWith("agent.auth");
    const agent = await connect(world.standing({ fetch: wire.fetch }));
    await world.server.database.db.agentSession.update({
      where: { id: agent.session.session_id },
      data: { revokedAt: new Date(), active: false },
    });
    expect(await refusalOf(agent.status())).toMatchObject({ code: "session_revoked" });
    expect(wire.sentTo("agent.auth")).toHaveLength(1);
  });
});
