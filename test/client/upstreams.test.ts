import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/client/index.ts";
import { refusalOf } from "./refusal.ts";
import { useClientWorld } from "./use-client-world.ts";

const world = useClientWorld();

describe("runs of unreliable upstreams", () => {
  test.each(["lost", "hang"] as const)(
    "a run whose upstream took the money and never answered (%s) fails with output_unavailable and the payment",
    async (behaviour) => {
      const agent = await connect(world.connectOptions());
      const refused = await refusalOf(
        agent.run((await world.sponsorService(behaviour)).service, {}, { idempotencyKey: "k" }),
      );
      expect(refused).toMatchObject({
        code: "output_unavailable",
        details: { reason: "not_delivered", payment: { status: "settled", amount_cents: 2 } },
        retryAllowed: false,
      });
    },
  );

  test("a run whose upstream fails after payment is refused with upstream_error and the payment's id", async () => {
    const agent = await connect(world.connectOptions());
    const refused = await refusalOf(agent.run((await world.sponsorService("fails")).service));
    expect(refused).toMatchObject({
      code: "upstream_error",
      httpStatus: 502,
      retryAllowed: false,
      details: {
        upstream: { status: 500, excerpt: expect.stringContaining("after taking the money") as string },
      },
    });
    if (refused.code !== "upstream_error") throw refused;
    const { data } = await agent.api.agent.getPayment.query({
      payment_id: refused.details?.payment_id ?? "",
    });
    expect(data.payment.amount_cents).toBe(2);
  });

  test("a pending run can be waited for later with the same idempotency key, until the payment expired", async () => {
    world.upstream.terms.maxTimeoutSeconds = 4;
    const { service } = await world.sponsorService("never");
    const agent = await connect(world.connectOptions());
    const pending = await refusalOf(agent.run(service, {}, { waitSeconds: 0 }));
    expect(pending).toMatchObject({ code: "payment_pending", retryAllowed: true });
    if (pending.code !== "payment_pending") throw pending;

    const { idempotency_key: idempotencyKey, payment } = pending.details;
    const expired = await refusalOf(agent.run(service, {}, { idempotencyKey, waitSeconds: 30 }));
    expect(expired).toMatchObject({
      code: "output_unavailable",
      details: { payment: { payment_id: payment.payment_id, status: "expired" } },
      retryAllowed: true,
    });
  });

  test("a run whose first paid request was dropped gets the output when the same signed request is sent again", async () => {
    const proxy = await startDroppingProxy(world.upstream.url("honest"));
    const { service } = await world.sponsorService("honest", { upstream_url: proxy.url });
    const agent = await connect(world.connectOptions());
    const { output, payment } = await agent.run(service, { n: 7 });
    expect(output).toEqual({ echo: { n: 7 } });
    expect(payment.status).toBe("settled");
    await proxy.close();
  });

  test("a run ends when its caller aborts, while the payment is still pending", async () => {
    world.upstream.terms.maxTimeoutSeconds = 4;
    const agent = await connect(world.connectOptions());
    const run = agent.run(
      (await world.sponsorService("never")).service,
      {},
      { signal: AbortSignal.timeout(1_500) },
    );
    await expect(run).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

/** A proxy in front of an upstream that drops the first request with a payment. */
async function startDroppingProxy(target: string): Promise<{ url: string; close(): Promise<void> }> {
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
