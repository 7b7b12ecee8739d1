import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { creditIncoming } from "../../src/core/money/incoming-payment/store.ts";
import { endPayment } from "../../src/core/money/payment/store.ts";
import { recordRefunds } from "../../src/core/money/payout/index.ts";
import { claimDirectPayment } from "../../src/core/runs/direct-run/store.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";

const ROUNDS = 150;
const AMOUNT = 5n;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  return () => database.close();
});

async function claim(round: number): Promise<{ incomingId: string; paymentId: string; accountId: string }> {
  const address = `0x${"1".repeat(40)}` as const;
  const terms = { network: "eip155:84532", asset: address, payTo: address, amountMicros: AMOUNT };
  const paymentId = randomUUID();
  const claimed = await claimDirectPayment(database.db, {
    authorization: { ...terms, payer: address, nonce: `nonce ${round}`, validBefore: 1n, claimedAtBlock: 1n },
    paymentId,
    service: "any",
    quote: terms,
    quoteDigest: Buffer.alloc(32),
    requestDigest: Buffer.alloc(32),
    retryIdDigest: undefined,
    feeMicros: 0n,
  });
  if (claimed === undefined) throw new Error("claimed before");
  return { incomingId: claimed.id, paymentId, accountId: claimed.budget_account_id };
}

test(
  "a direct run that ends just as the buyer's money arrives owes the whole amount back, and holds nothing",
  { timeout: 120_000 },
  async () => {
    const { db } = database;
    for (let round = 0; round < ROUNDS; round++) {
      const { incomingId, paymentId, accountId } = await claim(round);
      const ended = await Promise.all([
        endPayment(db, paymentId, { status: "void", reason: "for a test" }),
        creditIncoming(db, incomingId, "0x1", {}),
      ]);
      expect(ended).toEqual([true, true]);
      expect(await recordRefunds(db, 10)).toBe(1);
      const account = await db.budgetAccount.findUniqueOrThrow({ where: { id: accountId } });
      expect(account).toMatchObject({ limit: 0n, reserved: 0n, spent: 0n });
      expect(await db.payout.findMany({ where: { incomingId } })).toMatchObject([{ amountMicros: AMOUNT }]);
    }
  },
);
