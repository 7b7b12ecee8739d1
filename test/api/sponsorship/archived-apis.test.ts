import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { createBuyer } from "../../support/buyer.ts";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { ReadyService, SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** An archived API takes no new calls, and nothing of it is lost. */

const world = useWorld();
let acme: SponsorWithKey;
let wallet: `0x${string}`;
let setup: ReadyService;

beforeEach(async () => {
  wallet = privateKeyToAddress(generatePrivateKey());
  acme = await world.createSponsor("Acme", wallet);
  setup = await world.readyService({ sponsor: acme });
  await world.bookCredit(acme.sponsor_id, { service_key: setup.service }, 50);
});
afterEach(async () => {
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});

const archive = (transport: Transport = "rest", key = acme.key): Promise<Answer> =>
  world.call("sponsor.archiveApi", { service_key: setup.service }, key, transport);
const get = async (): Promise<Answer["body"]> =>
  expectSuccess(await world.call("sponsor.getApi", { service_key: setup.service }, acme.key));
const run = (n = 1): Promise<Answer> => world.run(setup.token, setup.service, { input: { n } });

describe.each(TRANSPORTS)("an archived API, over %s", (transport) => {
  test("an archived API takes no new calls, and archiving it again changes nothing", async () => {
    const archived = expectSuccess(await archive(transport));
    expect(archived).toMatchObject({
      service_key: setup.service,
      active: false,
      archived_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    });
    expect(expectSuccess(await archive(transport))).toEqual(archived);
    world.upstream.seen.length = 0;
    for (const answer of [
      await run(),
      await world.call("proxy.run", { service_key: setup.service, input: {} }, undefined, transport),
    ])
      expect(expectRefused(answer, 409, "inactive").retry_allowed).toBe(false);
    const planned = await world.call("agent.planService", { service_key: setup.service }, setup.token);
    expect(expectSuccess(planned).blocked).toEqual({
      error_code: "inactive",
      message: "This service is archived.",
    });
    expect(world.upstream.seen).toEqual([]);
  });

  test("an archived API can't be changed or made active again, and its key stays taken", async () => {
    expectSuccess(await archive(transport));
    const before = await get();
    for (const changes of [{ active: true }, { name: "New" }, { repin: true }]) {
      const input = { service_key: setup.service, ...changes };
      expectRefused(await world.call("sponsor.changeApi", input, acme.key, transport), 409, "inactive");
    }
    expect(await get()).toEqual(before);
    await expect(world.registerService(acme.key, "honest", { service_key: setup.service })).rejects.toThrow(
      "conflict",
    );
  });

  test("another sponsor can't archive it", async () => {
    const globex = await world.createSponsor("Globex");
    expectRefused(await archive(transport, globex.key), 404, "not_found");
    expectSuccess(await run());
  });
});

test("an archived API isn't found by searches, lists of what is sold, or new campaigns", async () => {
  const found = async (): Promise<boolean[]> => {
    const services = expectSuccess(await world.call("agent.searchServices", {}, setup.token)).services;
    const sold = (await world.rest("GET", "/discovery/resources")).body.items as { resource: string }[];
    return [
      (services as { service_key: string }[]).some(({ service_key }) => service_key === setup.service),
      sold.some(({ resource }) => resource.includes(setup.service)),
    ];
  };
  expect(await found()).toEqual([true, true]);
  expectSuccess(await archive());
  expect(await found()).toEqual([false, false]);
  await expect(world.createCampaign(acme, [setup.service])).rejects.toThrow("validation_error");
});

test("given a payment that is under way, then archiving lets it be settled and delivered, and counts it", async () => {
  const gate = world.upstream.hold("paid");
  const running = run();
  await gate.arrived();
  expectSuccess(await archive());
  gate.open();
  const { payment, output } = expectSuccess(await running);
  expect(output).toEqual({ echo: { n: 1 } });
  await eventually(async () => {
    const input = { payment_id: payment.payment_id };
    const seen = expectSuccess(await world.call("agent.getPayment", input, setup.token));
    expect(seen).toMatchObject({ payment: { status: "settled" }, output: { echo: { n: 1 } } });
  });
  expect(await get()).toMatchObject({
    reliability: { paid_calls: 1, undelivered_calls: 0 },
    figures: { spent_cents: 2, unique_users: 1 },
  });
});

test("the budget of an archived API can be withdrawn, and can't be funded any more", async () => {
  const path = `/sponsor/apis/${setup.service}`;
  const fund = (headers: Record<string, string> = {}) =>
    world.rest("POST", `${path}/fund`, { token: acme.key, body: { amount_cents: 5 }, headers });
  const buyer = await createBuyer(100_000n);
  const signed = await buyer.sign(await fund());
  const unused = await buyer.sign(await fund());
  expect(expectSuccess(await fund(signed))).toMatchObject({
    budget: { limit_cents: 55 },
    credited_cents: 5,
  });

  expectSuccess(await archive());
  for (const headers of [{}, unused]) expectRefused(await fund(headers), 409, "inactive");
  // A payment that was taken before is still answered.
  expect(expectSuccess(await fund(signed))).toMatchObject({ credited_cents: 5 });
  expect(await balanceOf(buyer.wallet.address)).toBe(50_000n);

  const amount = { token: acme.key, body: { amount_cents: 55 } };
  expectSuccess(await world.rest("POST", `${path}/withdraw`, amount));
  await eventually(async () => expect(await balanceOf(wallet)).toBe(550_000n));
  expect((await get()).budget).toMatchObject({ remaining_cents: 0 });
});
