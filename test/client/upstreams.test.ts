import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { connect } from "../../src/client/index.ts";
import { refusalOf } from "./refusal.ts";
import { clientWorld } from "./world.ts";

const world = clientWorld();

describe("an upstream that isn't reliable", () => {
  it.each(["lost", "hang"] as const)(
    "%s: the money went and nothing came, as the payment shows",
    async (behaviour) => {
      const agent = await connect(world.standing());
      const refused = await refusalOf(
        agent.run((await world.sponsored(behaviour)).service, {}, { idempotencyKey: "k" }),
      );
      expect(refused).toMatchObject({
        code: "output_unavailable",
        details: { reason: "not_delivered", payment: { status: "settled", amount_cents: 2 } },
        retryAllowed: false,
      });
    },
  );

  it("fails: its error is told at once, with the payment", async () => {
    const agent = await connect(world.standing());
    const refused = await refusalOf(agent.run((await world.sponsored("fails")).service));
    expect(refused).toMatchObject({
      code: "upstream_error",
      httpStatus: 502,
      details: { upstream_status: 500 },
    });
    if (refused.code !== "upstream_error") throw refused;
    const { data } = await agent.api.agent.getPayment.query({
      payment_id: refused.details?.payment_id ?? "",
    });
    expect(data.payment.amount_cents).toBe(2);
  });

  it("never: waits as long as asked, and the same key goes on with it", async () => {
    world.upstream.terms.maxTimeoutSeconds = 4;
    const { service } = await world.sponsored("never");
    const agent = await connect(world.standing());
    const pending = await refusalOf(agent.run(service, {}, { waitSeconds: 0 }));
    expect(pending).toMatchObject({ code: "payment_pending", retryAllowed: true });
    if (pending.code !== "payment_pending") throw pending;

    const { idempotency_key: idempotencyKey, payment } = pending.details;
    const over = await refusalOf(agent.run(service, {}, { idempotencyKey, waitSeconds: 30 }));
    expect(over).toMatchObject({
      code: "output_unavailable",
      details: { payment: { payment_id: payment.payment_id, status: "expired" } },
      retryAllowed: true,
    });
  });

  it("cuts its answer, and is heard when the same signed request is sent again", async () => {
    const flaky = await startFlaky(world.upstream.url("honest"));
    const { service } = await world.sponsored("honest", { upstream_url: flaky.url });
    const agent = await connect(world.standing());
    const { output, payment } = await agent.run(service, { n: 7 });
    expect(output).toEqual({ echo: { n: 7 } });
    expect(payment.status).toBe("settled");
    await flaky.close();
  });

  it("is no reason to wait for a caller who left", async () => {
    world.upstream.terms.maxTimeoutSeconds = 4;
    const agent = await connect(world.standing());
    const run = agent.run(
      (await world.sponsored("never")).service,
      {},
      { signal: AbortSignal.timeout(1_500) },
    );
    await expect(run).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

/** In front of an upstream: drops the first request that carries a payment. */
async function startFlaky(target: string): Promise<{ url: string; close(): Promise<void> }> {
  let dropped = false;
  const server = createServer((req, res) => {
    const payment = req.headers["payment-signature"];
    if (payment !== undefined && !dropped) {
      dropped = true;
      res.destroy();
      return;
    }
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const answer = await fetch(target, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(typeof payment === "string" && { "payment-signature": payment }),
        },
        body: Buffer.concat(chunks),
      });
      res.writeHead(
        answer.status,
        Object.fromEntries(
          [...answer.headers].filter(
            ([name]) => !/^(content-length|transfer-encoding|connection|keep-alive)$/.test(name),
          ),
        ),
      );
      res.end(Buffer.from(await answer.arrayBuffer()));
    })().catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
