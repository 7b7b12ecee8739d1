import { randomUUID } from "node:crypto";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { Gate } from "../../support/gate.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import { createCampaign, createSponsor, registerApi } from "../../support/world.ts";

/** Unspent budgets go back to their sponsors: on chain, once, and only to the sponsor's own wallet. */

const CENT = 10_000n;

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let wallet: `0x${string}`;
let campaignId: string;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  wallet = privateKeyToAddress(generatePrivateKey());
  acme = await createSponsor(server.url, "Acme", wallet);
  const service = await registerApi(server.url, acme.key, upstream);
  campaignId = await createCampaign(server.url, acme, [service], { fundCents: 100 });
});
afterEach(async () => {
  expect((await verifyLedger(server.deps)).findings).toEqual([]);
});

const withdraw = (
  amount_cents: number,
  changes: Record<string, unknown> = {},
  key = acme.key,
): Promise<Answer> =>
  rest(server.url, "POST", `/sponsor/campaigns/${campaignId}/withdraw`, {
    token: key,
    body: { amount_cents, ...changes },
  });
const owed = () => server.deps.db.payout.findMany({ where: { sponsorId: acme.sponsor_id } });
const budget = async (): Promise<number> =>
  expectSuccess(await rest(server.url, "GET", `/sponsor/campaigns/${campaignId}`, { token: acme.key })).budget
    .limit_cents;

test("an unspent budget reaches the sponsor's wallet, to the unit, and its sponsor sees the transaction", async () => {
  const { withdrawal, budget: left } = expectSuccess(await withdraw(40.5));
  expect(left).toMatchObject({ limit_cents: 59.5, remaining_cents: 59.5 });
  expect(withdrawal).toMatchObject({ status: "pending", amount_cents: 40.5, pay_to: wallet });
  await eventually(async () => expect(await balanceOf(wallet)).toBe(405_000n));
  await eventually(async () => {
    const path = `/sponsor/withdrawals/${withdrawal.withdrawal_id}`;
    const seen = expectSuccess(await rest(server.url, "GET", path, { token: acme.key }));
    expect(seen).toMatchObject({ status: "settled", tx_hash: expect.stringMatching(/^0x/) });
    const globex = await createSponsor(server.url, "Globex");
    expectRefused(await rest(server.url, "GET", path, { token: globex.key }), 404, "not_found");
  });
});

test("of many at once no more is withdrawn than is there", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => withdraw(15)));
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array<number>(6).fill(200), ...Array<number>(14).fill(400)]);
  expect(await budget()).toBe(10);
  await eventually(async () => expect(await balanceOf(wallet)).toBe(90n * CENT), 30_000);
});

test("one key withdraws once, however often it is sent", async () => {
  const key = randomUUID();
  const answers = await Promise.all(Array.from({ length: 10 }, () => withdraw(5, { idempotency_key: key })));
  const ids = new Set(answers.map((answer) => expectSuccess(answer).withdrawal.withdrawal_id));
  expect(ids.size).toBe(1);
  expect(await budget()).toBe(95);
  expectRefused(await withdraw(6, { idempotency_key: key }), 422, "idempotency_conflict");
  await eventually(async () => expect(await balanceOf(wallet)).toBe(5n * CENT));
});

test("more than is there, somebody else's, or without a wallet: refused, and nothing is owed", async () => {
  const { field_errors } = expectRefused(await withdraw(100.01), 400, "validation_error");
  expect(field_errors).toMatchObject([{ path: "/amount_cents" }]);
  expectRefused(await withdraw(0), 400, "validation_error");
  const globex = await createSponsor(server.url, "Globex");
  expectRefused(await withdraw(1, {}, globex.key), 404, "not_found");
  const theirs = await createCampaign(server.url, globex, [
    await registerApi(server.url, globex.key, upstream),
  ]);
  const path = `/sponsor/campaigns/${theirs}/withdraw`;
  expectRefused(
    await rest(server.url, "POST", path, { token: globex.key, body: { amount_cents: 1 } }),
    409,
    "conflict",
  );
  expect(await owed()).toEqual([]);
  expect(await budget()).toBe(100);
});

test("a facilitator that takes its time with one holds up no other", async () => {
  const settling = new Gate();
  const { transfers } = server.deps;
  const submit = transfers.submit.bind(transfers);
  transfers.submit = async (raw) => {
    await settling.pass();
    await submit(raw);
  };
  try {
    for (const cents of [1, 2, 3]) expectSuccess(await withdraw(cents));
    await settling.arrived(3);
  } finally {
    settling.open();
    transfers.submit = submit;
  }
  await eventually(async () => expect(await balanceOf(wallet)).toBe(6n * CENT));
});

test("nothing is signed while payments are paused, also what was owed before", async () => {
  const pause = (paused: boolean) => call(server.url, "admin.setPaymentSwitch", { paused }, ADMIN_KEY);
  await server.deps.db.$executeRaw`UPDATE payment_switch SET paused = true`;
  try {
    expectRefused(await withdraw(1), 503, "payments_paused");
    expect(await owed()).toEqual([]);
  } finally {
    await pause(false);
  }
  expectSuccess(await withdraw(1));
  await eventually(async () => expect(await owed()).toMatchObject([{ status: "settled" }]));
});
