import type { Hex } from "viem";
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  http,
  parseAbi,
  parseEther,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { beforeEach, describe, expect, inject, test } from "vitest";
import { verifyLedgerSinceLastProof } from "../../../src/app/jobs/verify-ledger.ts";
import type { CheckName } from "../../../src/core/money/ledger/index.ts";
import { CHECKS, verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { runSql } from "../../support/database.ts";
import { runProgram } from "../../support/process.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ serverFor: "each test" });

beforeEach(async () => {
  const acme = await world.createSponsor();
  const honest = await world.registerService(acme.key);
  const liar = await world.registerService(acme.key, "liar");
  const free = await world.registerService(acme.key, "free", { price_cents: 0 });
  const campaignId = await world.createCampaign(acme, [honest, liar, free], { fundCents: 50 });
  const { token } = await world.openSession(await world.createGrant());
  await world.completeTask(token, campaignId);
  for (const service of [honest, free, liar])
    for (const n of [1, 2]) await world.run(token, service, { input: { n } });
});

/** The checks that find something wrong. */
async function failedChecks(): Promise<CheckName[]> {
  const { findings } = await verifyLedger(world.server.deps);
  return [...new Set(findings.map(({ check }) => check))].sort();
}

const asOwner = (sql: string): Promise<void> => runSql(world.database.url, sql);

/** Sends a transaction to the token, from an account that gets the gas for it. */
async function callToken(account: PrivateKeyAccount, data: Hex): Promise<Hex> {
  const { rpcUrl, asset } = inject("chain");
  const transport = http(rpcUrl);
  await createTestClient({ mode: "anvil", transport }).setBalance({
    address: account.address,
    value: parseEther("1"),
  });
  const wallet = createWalletClient({ account, chain: baseSepolia, transport });
  return wallet.sendTransaction({ to: asset, data });
}
const TOKEN = parseAbi([
  "function transfer(address to, uint256 value) returns (bool)",
  "function transferFrom(address from, address to, uint256 value) returns (bool)",
]);

test("given paid, free and undecided runs, the ledger's proof finds nothing wrong", async () => {
  const { findings, counts } = await verifyLedger(world.server.deps);
  expect(findings).toEqual([]);
  expect(counts).toMatchObject({ payments: 2, transfers: 2, entries: 3 });
});

test("a payment that the upstream settles after it refused it isn't a finding", async () => {
  await world.upstream.settleHeld();
  expect(await failedChecks()).toEqual([]); // the money has moved, and the payment isn't decided yet
});

/** Switches off triggers and foreign keys, as a superuser can. */
const TAMPERING = "SET session_replication_role = replica;";

describe("the ledger's proof", () => {
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
      "vanished spending",
      ["entries", "reservations"],
      `UPDATE budget_accounts SET spent = 0 WHERE kind = 'campaign'`,
    ],
    [
      "a leaked reservation",
      ["reservations"],
      `UPDATE budget_accounts SET reserved = reserved + 1 WHERE kind = 'session'`,
    ],
    [
      "an account over its cap",
      ["caps", "reservations"],
      `ALTER TABLE budget_accounts DROP CONSTRAINT budget_accounts_cap;
       UPDATE budget_accounts SET reserved = "limit" + 1 WHERE kind = 'grant'`,
    ],
    ["a deleted entry", ["entries", "spends"], "DELETE FROM ledger_transfers WHERE kind = 'spend'"],
    [
      "a changed amount",
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
      "a payment that is called settled and never was",
      ["entries", "payments", "reservations"],
      `WITH p AS (UPDATE payments SET status = 'settled', settled_at = now(), tx_hash = '0x${"cd".repeat(32)}'
                   WHERE id = (SELECT id FROM payments WHERE status = 'refused' LIMIT 1) RETURNING id, amount_micros)
       INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payment_id)
       SELECT 'spend', (SELECT id FROM ledger_accounts WHERE kind = 'budget' LIMIT 1),
              (SELECT id FROM ledger_accounts WHERE kind = 'upstreams'), amount_micros, id FROM p`,
    ],
    [
      "a payment that was released although the money moved",
      ["reservations", "spends", "transfers"],
      "UPDATE payments SET status = 'void', settled_at = NULL WHERE status = 'settled'",
    ],
  ])("the ledger's proof finds %s", async (_what, checks, sql) => {
    await asOwner(`${TAMPERING} ${sql}`);
    expect(await failedChecks()).toEqual(expect.arrayContaining(checks));
  });

  test("the ledger's proof finds a transfer out of the treasury that is no payment", async () => {
    const treasury = privateKeyToAccount(world.server.treasuryKey);
    const args = [`0x${"2".repeat(40)}`, 7n] as const;
    await callToken(treasury, encodeFunctionData({ abi: TOKEN, functionName: "transfer", args }));
    const { findings } = await verifyLedger(world.server.deps);
    expect(findings).toMatchObject([{ check: "transfers", detail: expect.stringContaining("7 to 0x2222") }]);
  });

  test("the ledger's proof finds a treasury that no longer covers the funded budgets", async () => {
    await asOwner(`WITH credit AS (
        INSERT INTO credits (sponsor_id, budget_account_id, amount_micros, reference)
        SELECT sponsor_id, budget_account_id, 1000000000000, 'not there' FROM campaigns LIMIT 1 RETURNING id, budget_account_id
      ), entry AS (
        INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, credit_id)
        SELECT 'deposit', s.id, b.id, 1000000000000, credit.id FROM credit, ledger_accounts s, ledger_accounts b
         WHERE s.kind = 'sponsors' AND b.budget_account_id = credit.budget_account_id
      )
      UPDATE budget_accounts SET "limit" = "limit" + 1000000000000 FROM credit WHERE budget_accounts.id = credit.budget_account_id`);
    expect(await failedChecks()).toEqual(["coverage"]);
  });
});

describe("the job", () => {
  const compare = async (): Promise<Record<string, number>> => {
    let counts: Record<string, number> = {};
    await verifyLedgerSinceLastProof(world.server.deps, (found) => (counts = found)).run();
    return counts;
  };
  const tamper = (): Promise<void> =>
    asOwner(`${TAMPERING} UPDATE payments SET tx_hash = '0x${"ab".repeat(32)}', created_at = created_at - interval '1 day',
                                   settled_at = settled_at - interval '1 day' WHERE status = 'settled'`);
  const lastComparedBefore = (interval: string): Promise<void> =>
    asOwner(`UPDATE ledger_proofs SET proved_at = now() - interval '${interval}'`);

  test("compares with the chain what was paid since the last time, and two days as long as something is wrong", async () => {
    expect(await compare()).toMatchObject({ payments: 0, transfers: 0 });
    await tamper();
    // A day ago, an earlier round compared them.
    expect(await compare()).toMatchObject({ payments: 0, transfers: 0 });
    await lastComparedBefore("24 hours");
    expect(await compare()).toMatchObject({ payments: 2 });
    expect(await compare()).toMatchObject({ payments: 2 });
  });

  test("finds a transfer of an older payment that was released meanwhile", async () => {
    expect(await compare()).toMatchObject({ transfers: 0 });
    await asOwner(
      `${TAMPERING} UPDATE payments SET status = 'void', settled_at = NULL WHERE status = 'settled'`,
    );
    expect(await compare()).toMatchObject({ transfers: 2 });
  });
});

test("append-only tables can't be changed, not by a server and not by their owner", async () => {
  const events = ["payment_events", "incoming_payment_events", "payout_events"];
  for (const table of [...events, "ledger_transfers", "agent_audit_logs", "credits"]) {
    for (const sql of [`UPDATE ${table} SET id = id`, `DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]) {
      await expect(asOwner(sql), sql).rejects.toThrow("only grows");
      await expect(runSql(world.database.serverUrl, sql), sql).rejects.toThrow("permission denied");
    }
  }
  expect(await failedChecks()).toEqual([]);
});

test("a stranger's transfer of nothing out of the treasury isn't a finding", async () => {
  const stranger = privateKeyToAccount(generatePrivateKey());
  const args = [world.server.treasury, stranger.address, 0n] as const;
  const data = encodeFunctionData({ abi: TOKEN, functionName: "transferFrom", args });
  const hash = await callToken(stranger, data);
  const { status } = await createPublicClient({
    transport: http(inject("chain").rpcUrl),
  }).waitForTransactionReceipt({ hash });
  expect(status).toBe("success");
  expect(await failedChecks()).toEqual([]);
});

test(
  "npm run ledger:verify prints what it checked, and exits with 1 on a finding",
  { timeout: 90_000 },
  async () => {
    const { network, asset, rpcUrl, facilitatorUrl } = inject("chain");
    const verify = () =>
      runProgram("--verify-ledger", {
        DATABASE_URL: world.database.serverUrl,
        DATA_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
        X402_NETWORK: network,
        X402_ASSET: asset,
        X402_RPC_URL: rpcUrl,
        X402_FACILITATOR_URL: facilitatorUrl,
        TREASURY_PRIVATE_KEY: world.server.treasuryKey,
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
  },
);

test("the metrics show the findings of the ledger's proof, by check", async () => {
  const text = await (await fetch(`${world.url}/metrics`)).text();
  for (const check of Object.keys(CHECKS))
    expect(text).toContain(`tollfree_ledger_findings{check="${check}"} 0`);
});
