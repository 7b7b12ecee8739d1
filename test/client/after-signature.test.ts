import { describe, expect, test } from "vitest";
import { connect } from "../../src/client/index.ts";
import { balanceOf } from "../support/chain.ts";
import { createBuyer } from "../support/buyer.ts";
import type { Behaviour } from "../support/upstream.ts";
import { createFaultyFetch } from "./faulty-fetch.ts";
import { refusalOf } from "./refusal.ts";
import { useClientWorld } from "./use-client-world.ts";

const world = useClientWorld();
const PRICE = 20_000n;
/** A client that repeats whatever it may. */
const EAGER = { retry: { retries: 5, maxWaitSeconds: 30 } };

/** Sellers that take the money and bring nothing, and what the client makes of each. */
const TAKERS: [string, Behaviour, string][] = [
  ["answers 500", "fails", "upstream_error"],
  ["answers 404 and asks to come back", "scripted", "upstream_error"],
  ["cuts the connection", "lost", "output_unavailable"],
  ["never answers", "hang", "output_unavailable"],
];

describe("a seller that takes the money and brings nothing", () => {
  test.each(TAKERS)(
    "given a seller that %s, the client pays once and allows no retry",
    async (_how, behaviour, code) => {
      world.upstream.answerWith((res) => {
        res.writeHead(404, { "content-type": "application/json", "retry-after": "1" });
        res.end('{"detail":"no such city"}');
      });
      const { service } = await world.sponsorService(behaviour);
      const network = createFaultyFetch("none");
      const buyer = await createBuyer(1_000_000n);
      let payWithCalls = 0;
      const agent = await connect(world.connectOptions({ fetch: network.fetch, ...EAGER }));
      const payWith = (url: string, init: RequestInit): Promise<Response> => {
        payWithCalls += 1;
        return buyer.post(url, JSON.parse(init.body as string) as object);
      };

      const refused = await refusalOf(agent.run(service, { n: 1 }, { payWith }));
      expect(refused).toMatchObject({ code, retryAllowed: false });

      // The same input without a key, as another run of the client, doesn't pay either.
      const again = await refusalOf(
        agent.api.agent.runService.mutate({ service_key: service, input: { n: 1 } }),
      );
      expect(again).toMatchObject({ code: "duplicate_request" });

      expect(payWithCalls).toBe(0);
      expect(await balanceOf(buyer.wallet.address)).toBe(1_000_000n);
      expect(await balanceOf(world.upstream.payTo)).toBe(PRICE);
      const signatures = world.upstream.paid().map(({ headers }) => headers["payment-signature"]);
      expect(new Set(signatures).size).toBe(1);
      const keys = network.sentTo("agent.runService").map(({ idempotency_key }) => idempotency_key);
      expect(new Set(keys.filter((key) => key !== undefined)).size).toBe(1);
    },
  );

  test("given a refusal with a reason, the error shows the seller's words, the payment and its next actions", async () => {
    world.upstream.answerWith((res) => {
      res.writeHead(422, { "content-type": "application/json" }).end('{"detail":"no such city"}');
    });
    const { service } = await world.sponsorService("scripted");
    const network = createFaultyFetch("none");
    const agent = await connect(world.connectOptions({ fetch: network.fetch, ...EAGER }));
    const refused = await refusalOf(agent.run(service, { n: 2 }));
    if (refused.code !== "upstream_error") throw refused;
    expect(refused.details?.upstream).toEqual({
      status: 422,
      content_type: "application/json",
      excerpt: '{"detail":"no such city"}',
    });
    expect(refused.details?.payment_id).toEqual(expect.any(String));
    expect(network.sentTo("agent.runService")).toHaveLength(1);
    const payment = refused.nextActions.find(({ action }) => action === "get_payment");
    if (payment === undefined) throw new Error("the refusal leads to no payment");
    const { data } = await agent.follow(payment);
    expect(data).toMatchObject({ payment: { payment_id: refused.details?.payment_id } });
  });

  test("the same key again gives the first error, and pays nothing more", async () => {
    const { service } = await world.sponsorService("fails");
    const agent = await connect(world.connectOptions(EAGER));
    const options = { idempotencyKey: "one-run" };
    const first = await refusalOf(agent.run(service, {}, options));
    const second = await refusalOf(agent.run(service, {}, options));
    for (const refused of [first, second]) {
      expect(refused).toMatchObject({ code: "upstream_error", retryAllowed: false });
    }
    expect(world.upstream.paid()).toHaveLength(1);
  });
});
