import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import { createBuyer } from "../support/buyer.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../support/caller.ts";
import type { ChainInfo, TestChain } from "../support/chain.ts";
import { balanceOf, mint, startTestChain } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import { useWorld } from "../support/use-world.ts";

/** A server that pays on two networks: that of the test run, and a second local chain with its own treasury. */

const CHAIN_ID = 31_337;
const COST = 20_000n;
const TREASURY_MICROS = 1_000_000_000n;

const treasuryKey = generatePrivateKey();
const treasury = privateKeyToAddress(treasuryKey);

let second: TestChain;
let chain: ChainInfo;
beforeAll(async () => {
  second = await startTestChain(CHAIN_ID);
  chain = second.info;
  await mint(treasury, TREASURY_MICROS, chain);
  return () => second.stop();
});

const world = useWorld({
  upstreamFor: "all tests",
  changesAtStart: () => ({
    moreNetworks: [{ ...chain, treasury: { privateKey: treasuryKey }, confirmations: 1 }],
  }),
});

/** What is paid on the second network. */
let upstream: Upstream;
let acme: SponsorWithKey;
let grant: GrantOfUser;
let token: string;
const wallet = privateKeyToAddress(generatePrivateKey());
beforeAll(async () => {
  upstream = await startUpstream(Number(COST), chain);
  acme = await world.createSponsor("Acme", wallet);
  grant = await world.createGrant({ budgetCents: 1_000 });
  ({ token } = await world.openSession(grant, { budgetCents: 1_000 }));
});
afterAll(() => upstream.close());

const readyOnSecond = async (): Promise<{ service: string; campaignId: string }> => {
  const service = await world.registerApi(acme.key, upstream);
  const campaignId = await world.createCampaign(acme, [service]);
  await world.completeTask(token, campaignId);
  return { service, campaignId };
};

test("each service is paid on its own network, from that network's treasury, and nowhere else", async () => {
  const { service } = await readyOnSecond();
  const first = await world.readyService({ grant, token });

  const onSecond = expectSuccess(await world.run(token, service));
  const onFirst = expectSuccess(await world.run(token, first.service));
  expect(onSecond.payment).toMatchObject({ network: `eip155:${CHAIN_ID}`, status: "settled" });
  expect(onFirst.payment).toMatchObject({
    network: world.server.options.networks[0].network,
    status: "settled",
  });

  expect(await balanceOf(upstream.payTo, chain)).toBe(COST);
  expect(await balanceOf(upstream.payTo)).toBe(0n);
  expect(await balanceOf(world.upstream.payTo)).toBe(COST);
  expect(await balanceOf(world.upstream.payTo, chain)).toBe(0n);
  expect(await balanceOf(treasury, chain)).toBe(TREASURY_MICROS - COST);
  const { findings, blocks } = await verifyLedger(world.server.deps);
  expect(findings).toEqual([]);
  expect(Object.keys(blocks)).toEqual(world.server.deps.networks.all.map(({ id }) => id));
});

test("a campaign's budget on one network pays for no service on another one", async () => {
  const [service, other] = [
    await world.registerService(acme.key),
    await world.registerApi(acme.key, upstream),
  ];
  const campaignId = await world.createCampaign(acme, [service, other]);
  await world.completeTask(token, campaignId);

  const offered = expectSuccess(await world.call("agent.searchServices", { limit: 50 }, token));
  const keys = (offered.services as unknown as { service_key: string }[]).map(
    ({ service_key }) => service_key,
  );
  expect(keys).toContain(service);
  expect(keys).not.toContain(other);
  expectRefused(await world.run(token, other), 409, "no_sponsor");
  expectRefused(await world.run(token, other, { campaign_id: campaignId }), 409, "no_sponsor");
  expect(await world.db.payment.count({ where: { service: other } })).toBe(0);
  // Its task is still for the same people.
  const changes = { campaign_id: campaignId, service_keys: [other] };
  expectSuccess(await world.call("sponsor.changeCampaign", changes, acme.key));
  expectSuccess(await world.call("agent.getTask", { campaign_id: campaignId }, token));
});

test("a credit is covered only by the balance on its own network", async () => {
  const service = await world.registerApi(acme.key, upstream);
  const campaign = await world.createCampaign(acme, [service], { fundCents: 0 });
  const onFirst = await world.createCampaign(acme, [await world.registerService(acme.key)], { fundCents: 0 });
  await mint(world.server.treasury, 500_000_000n); // covers this credit on the first network only
  const amount_cents = Number((TREASURY_MICROS + 100_000_000n) / 10_000n);
  const credit = (campaign_id: string) =>
    world.callAdmin("bookCredit", {
      sponsor_id: acme.sponsor_id,
      campaign_id,
      amount_cents,
      reference: campaign_id,
    });
  expectRefused(await credit(campaign), 409, "treasury_shortfall");
  expectSuccess(await credit(onFirst));
});

test("a buyer pays for a direct run on the network of the service", async () => {
  const service = await world.registerApi(acme.key, upstream);
  const [buyer, paidBefore] = [await createBuyer(COST * 2n, chain), await balanceOf(upstream.payTo, chain)];
  const answer = await buyer.post(`${world.url}/proxy/${service}/run`, { input: { place: "Lisbon" } });
  expect(answer.status).toBe(200);
  expect(await balanceOf(buyer.wallet.address, chain)).toBe(COST);
  expect(await balanceOf(upstream.payTo, chain)).toBe(paidBefore + COST);
  await eventually(async () => expect((await verifyLedger(world.server.deps)).findings).toEqual([]));
});

test("a withdrawal leaves the treasury of its budget's network", async () => {
  const { campaignId } = await readyOnSecond();
  const input = { campaign_id: campaignId, amount_cents: 3 };
  expectSuccess(await world.call("sponsor.withdrawFromCampaign", input, acme.key));
  await eventually(async () => expect(await balanceOf(wallet, chain)).toBe(30_000n));
  expect(await balanceOf(wallet)).toBe(0n);
});

test("the same nonce may be signed on two networks, but only once on each", async () => {
  const [signed] = await world.db.payment.findMany({ where: { status: "settled" }, take: 1 });
  if (signed === undefined) throw new Error("no payment was signed");
  const { id: _id, incomingId: _incomingId, ...row } = signed;
  const copy = (changes: object) =>
    world.db.payment.create({ data: { ...row, ...changes, network: row.network } });
  await expect(copy({})).rejects.toThrow(/Unique constraint/);
  const elsewhere = world.server.deps.networks.all.find(({ id }) => id !== row.network)?.id ?? "";
  await world.db.payment.create({ data: { ...row, network: elsewhere } });
  await world.database.db.payment.deleteMany({ where: { network: elsewhere, nonce: row.nonce } });
});
