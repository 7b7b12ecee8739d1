import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { creditIncoming } from "../../src/core/money/incoming-payment/store.ts";
import { endPayment } from "../../src/core/money/payment/end-payment-store.ts";
import { openLedger } from "../../src/core/money/ledger/index.ts";
import { recordRefunds } from "../../src/core/money/payout/index.ts";
import { claimDirectPayment } from "../../src/core/runs/direct-run/store.ts";
import type { Network } from "../../src/core/ports/network.ts";
import { createNetworks } from "../../src/core/ports/network.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";

const ROUNDS = 150;
const AMOUNT = 5n;
const ADDRESS = `0x${"1".repeat(40)}` as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  const network = { id: "eip155:84532", asset: ADDRESS } as Network; // the ledger needs no more of it
  await openLedger({ sql: database.sql, networks: createNetworks([network]) });
  return () => database.close();
});

async function claim(round: number): Promise<{ incomingId: string; paymentId: string; accountId: string }> {
  const terms = { network: "eip155:84532", asset: ADDRESS, payTo: ADDRESS, amountMicros: AMOUNT };
  const paymentId = randomUUID();
  const incomingId = await claimDirectPayment(database.sql, {
    authorization: { ...terms, payer: ADDRESS, nonce: `nonce ${round}`, validBefore: 1n, claimedAtBlock: 1n },
    paymentId,
    service: "any",
    quote: terms,
    quoteDigest: Buffer.alloc(32),
    requestDigest: Buffer.alloc(32),
    retryIdDigest: undefined,
    feeMicros: 0n,
  });
  if (incomingId === undefined) throw new Error("claimed before");
  const { budgetAccountId } = await database.db.incomingPayment.findUniqueOrThrow({
    where: { id: incomingId },
  });
  return { incomingId, paymentId, accountId: budgetAccountId };
}

test(
  "a direct run that ends just as the buyer's money arrives owes the whole amount back, and holds nothing",
  { timeout: 120_000 },
  async () => {
    const { db, sql } = database;
    for (let round = 0; round < ROUNDS; round++) {
      const { incomingId, paymentId, accountId } = await claim(round);
      const ended = await Promise.all([
        endPayment(sql, paymentId, { status: "void", reason: "for a test" }),
        creditIncoming.count(sql, { id: incomingId, tx_hash: "0x1", evidence: {} }),
      ]);
      expect(ended).toEqual([{ setAside: undefined }, 1]);
      expect(await recordRefunds.all(sql, { limit: 10n })).toHaveLength(1);
      const account = await db.budgetAccount.findUniqueOrThrow({ where: { id: accountId } });
      expect(account).toMatchObject({ limit: 0n, reserved: 0n, spent: 0n });
      expect(await db.payout.findMany({ where: { incomingId } })).toMatchObject([{ amountMicros: AMOUNT }]);
    }
  },
);
