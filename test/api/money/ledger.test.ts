import { createPublicClient, createTestClient, createWalletClient, http, parseAbi, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import type { CheckName } from "../../../src/core/money/ledger/index.ts";
import { CHECKS, verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { call } from "../../support/call.ts";
import { runSql } from "../../support/database.ts";
import { runProgram } from "../../support/process.ts";
import type { TestServer } from "../../support/server.ts";
import { startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

/** The proof of the books: silent when all is well, and not silent about anything that could go wrong. */

let server: TestServer;
let upstream: Upstream;
beforeEach(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  const honest = await registerApi(server.url, acme.key, upstream);
  const liar = await registerApi(server.url, acme.key, upstream, "liar");
  const free = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  const campaignId = await createCampaign(server.url, acme, [honest, liar, free], { fundCents: 50 });
  const { token } = await openSession(server.url, await createGrant(server.url));
  await completeTask(server.url, token, campaignId);
  for (const service_key of [honest, free, liar]) {
    for (const n of [1, 2]) await call(server.url, "agent.runService", { service_key, input: { n } }, token);
  }
});
afterEach(async () => {
  await upstream.close();
  await server.close();
});

const wrongChecks = async (): Promise<CheckName[]> => {
  const { findings } = await verifyLedger(server.deps);
  return [...new Set(findings.map(({ check }) => check))].sort();
};

const asOwner = (sql: string): Promise<void> => runSql(server.database.url, sql);

test("is silent where all is well: paid, free, and not yet decided", async () => {
  const { findings, counts } = await verifyLedger(server.deps);
  expect(findings).toEqual([]);
  expect(counts).toMatchObject({ payments: 2, transfers: 2, entries: 3 });
});

test("a payment that settles after it was denied is a payment like any other", async () => {
  await upstream.settleHeld();
  expect(await wrongChecks()).toEqual([]); // moved, and not yet decided
});

describe("finds", () => {
  /** As somebody would who can change the database at will: triggers and constraints out of the way. */
  const TAMPERING = "SET session_replication_role = replica;";

  test.each<[string, CheckName[], string]>([
    [
      "a budget that grew without a deposit",
      ["entries"],
      `UPDATE budget_accounts SET "limit" = "limit" + 1 WHERE kind = 'campaign'`,
    ],
    [
      "a deposit that nobody paid in",
      ["coverage", "entries"],
      `UPDATE budget_accounts SET "limit" = "limit" + 1000000000000 WHERE kind = 'campaign'`,
    ],
    [
      "spending that vanished",
      ["entries", "reservations"],
      `UPDATE budget_accounts SET spent = 0 WHERE kind = 'campaign'`,
    ],
    [
      "a reservation that leaked",
      ["reservations"],
      `UPDATE budget_accounts SET reserved = reserved + 1 WHERE kind = 'session'`,
    ],
    [
      "an account over its cap",
      ["caps", "reservations"],
      `ALTER TABLE budget_accounts DROP CONSTRAINT budget_accounts_cap;
       UPDATE budget_accounts SET reserved = "limit" + 1 WHERE kind = 'grant'`,
    ],
    ["an entry that was deleted", ["entries", "spends"], "DELETE FROM ledger_transfers WHERE kind = 'spend'"],
    [
      "an amount that was changed",
      ["payments", "spends"],
      "UPDATE payments SET amount_micros = 1 WHERE status = 'settled'",
    ],
    [
      "another payee",
      ["payments"],
      `UPDATE payments SET pay_to = '0x${"1".repeat(40)}' WHERE status = 'settled'`,
    ],
    [
      "a made-up transaction",
      ["payments"],
      `UPDATE payments SET tx_hash = '0x${"ab".repeat(32)}' WHERE status = 'settled'`,
    ],
    [
      "a payment that was called settled and never was",
      ["entries", "payments", "reservations"],
      `WITH p AS (UPDATE payments SET status = 'settled', settled_at = now(), tx_hash = '0x${"cd".repeat(32)}'
                   WHERE id = (SELECT id FROM payments WHERE status = 'refused' LIMIT 1) RETURNING id, amount_micros)
       INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payment_id)
       SELECT 'spend', (SELECT id FROM ledger_accounts WHERE kind = 'budget' LIMIT 1),
              (SELECT id FROM ledger_accounts WHERE kind = 'upstreams'), amount_micros, id FROM p`,
    ],
    [
      "a payment that was given back although the money moved",
      ["reservations", "spends", "transfers"],
      "UPDATE payments SET status = 'void', settled_at = NULL WHERE status = 'settled'",
    ],
  ])("%s", async (_what, checks, sql) => {
    await asOwner(`${TAMPERING} ${sql}`);
    const found = await wrongChecks();
    expect(found).toEqual(expect.arrayContaining(checks));
  });

  test("money that left the treasury for nobody", async () => {
    const { rpcUrl, asset } = inject("chain");
    const account = privateKeyToAccount(server.treasuryKey);
    const transport = http(rpcUrl);
    await createTestClient({ mode: "anvil", transport }).setBalance({
      address: account.address,
      value: parseEther("1"),
    });
    const wallet = createWalletClient({ account, chain: baseSepolia, transport });
    const abi = parseAbi(["function transfer(address to, uint256 value) returns (bool)"]);
    await wallet.writeContract({
      address: asset,
      abi,
      functionName: "transfer",
      args: [`0x${"2".repeat(40)}`, 7n],
    });
    const { findings } = await verifyLedger(server.deps);
    expect(findings).toMatchObject([{ check: "transfers", detail: expect.stringContaining("7 to 0x2222") }]);
  });

  test("a treasury that no longer covers what is funded", async () => {
    await asOwner(`WITH credit AS (
        INSERT INTO credits (sponsor_id, budget_account_id, amount_micros, reference)
        SELECT sponsor_id, budget_account_id, 1000000000000, 'not there' FROM campaigns LIMIT 1 RETURNING id, budget_account_id
      ), entry AS (
        INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, credit_id)
        SELECT 'deposit', s.id, b.id, 1000000000000, credit.id FROM credit, ledger_accounts s, ledger_accounts b
         WHERE s.kind = 'sponsors' AND b.budget_account_id = credit.budget_account_id
      )
      UPDATE budget_accounts SET "limit" = "limit" + 1000000000000 FROM credit WHERE budget_accounts.id = credit.budget_account_id`);
    expect(await wrongChecks()).toEqual(["coverage"]);
  });
});

test("what was recorded can't be changed: not by a server, and not even by the tables' owner", async () => {
  const events = ["payment_events", "incoming_payment_events", "payout_events"];
  for (const table of [...events, "ledger_transfers", "agent_audit_logs", "credits"]) {
    for (const sql of [`UPDATE ${table} SET id = id`, `DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]) {
      await expect(asOwner(sql), sql).rejects.toThrow("only grows");
      await expect(runSql(server.database.serverUrl, sql), sql).rejects.toThrow("permission denied");
    }
  }
  expect(await wrongChecks()).toEqual([]);
});

test("somebody who moves nothing out of the treasury, to be seen in its history, moves nothing", async () => {
  const { rpcUrl, asset } = inject("chain");
  const stranger = privateKeyToAccount(generatePrivateKey());
  const transport = http(rpcUrl);
  await createTestClient({ mode: "anvil", transport }).setBalance({
    address: stranger.address,
    value: parseEther("1"),
  });
  const hash = await createWalletClient({ account: stranger, chain: baseSepolia, transport }).writeContract({
    address: asset,
    abi: parseAbi(["function transferFrom(address,address,uint256) returns (bool)"]),
    functionName: "transferFrom",
    args: [server.treasury, stranger.address, 0n],
  });
  const { status } = await createPublicClient({ transport }).waitForTransactionReceipt({ hash });
  expect(status).toBe("success");
  expect(await wrongChecks()).toEqual([]);
});

test("npm run ledger:verify tells it, and ends with 1 if anything is wrong", async () => {
  const { network, asset, rpcUrl, facilitatorUrl } = inject("chain");
  const verify = () =>
    runProgram("--verify-ledger", {
      DATABASE_URL: server.database.serverUrl,
      DATA_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
      X402_NETWORK: network,
      X402_ASSET: asset,
      X402_RPC_URL: rpcUrl,
      X402_FACILITATOR_URL: facilitatorUrl,
      TREASURY_PRIVATE_KEY: server.treasuryKey,
    });
  const { stdout } = await verify();
  expect(stdout.match(/^ok /gm)).toHaveLength(Object.keys(CHECKS).length);
  expect(stdout).toMatch(
    /looked at \d+ accounts, 3 entries, 2 settled payments and 2 transfers, up to block \d+/,
  );

  await asOwner(`UPDATE budget_accounts SET "limit" = "limit" + 1 WHERE kind = 'campaign'`);
  await expect(verify()).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^WRONG {2}funded accounts equal their entries\n +account /m),
  });
});

test("metrics show what the proof found, by check", async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  for (const check of Object.keys(CHECKS))
    expect(text).toContain(`tollfree_ledger_findings{check="${check}"} 0`);
});
