import type { Address, Hex, PublicClient } from "viem";
import { pad, toHex } from "viem";
import { expect, test } from "vitest";
import { listTransfers } from "../../../src/platform/x402/list-transfers.ts";
import { MAX_LOG_BLOCKS } from "../../../src/platform/x402/token.ts";

/** How the blocks are divided into queries. What a real node answers is tested with the books (`api/money/ledger`). */

const ACCOUNT: Address = `0x${"1".repeat(40)}`;
const ASSET: Address = `0x${"2".repeat(40)}`;

interface Payment {
  block: bigint;
  value: bigint;
}
interface Query {
  fromBlock: bigint;
  toBlock: bigint;
  event: { name: string };
  args: { from?: Address; to?: Address };
}

const hashOf = (n: number): Hex => pad(toHex(n), { size: 32 });

/** A node whose chain has these payments out of the account, each in a transaction of its own, and what it was asked. */
function nodeWith(payments: Payment[]): { client: PublicClient; asked: Query[]; answered: number[] } {
  const asked: Query[] = [];
  const answered: number[] = [];
  const getLogs = (query: Query): Promise<unknown[]> => {
    asked.push(query);
    const logs = payments.flatMap(({ block, value }, n) => {
      if (block < query.fromBlock || block > query.toBlock || query.args.to !== undefined) return [];
      const isUse = query.event.name === "AuthorizationUsed";
      const args = isUse ? { nonce: hashOf(n) } : { from: ACCOUNT, to: ASSET, value };
      return [{ transactionHash: hashOf(n), logIndex: isUse ? 0 : 1, args }];
    });
    answered.push(logs.length);
    return Promise.resolve(logs);
  };
  return { client: { getLogs } as unknown as PublicClient, asked, answered };
}

const list = (client: PublicClient, first: bigint, last: bigint) =>
  listTransfers(client, { asset: ASSET, account: ACCOUNT, first, last });

/** A quiet time, a time with 40 payments a block, and a quiet time again. */
const payments = Array.from({ length: 4_000 }, (_, n): Payment => {
  const block =
    n < 100 ? n * 97 : n < 3_900 ? 10_000 + Math.floor((n - 100) / 40) : 11_000 + (n - 3_900) * 89;
  return { block: BigInt(block), value: BigInt(n) };
});

test("each transfer is listed once, with its nonce, however many there are in a block", async () => {
  const { client } = nodeWith(payments);
  const { outgoing, incoming } = await list(client, 0n, 20_000n);
  // The first one moved nothing.
  expect(outgoing.map(({ amountMicros }) => amountMicros)).toEqual(
    payments.slice(1).map(({ value }) => value),
  );
  expect(outgoing.map(({ nonce }) => nonce)).toEqual(payments.slice(1).map((_, n) => hashOf(n + 1)));
  expect(incoming).toEqual([]);
});

test("only the blocks that were asked for are read, none twice, and never more at once than nodes allow", async () => {
  const { client, asked } = nodeWith(payments);
  const { outgoing } = await list(client, 9_000n, 10_050n);
  expect(outgoing.every(({ nonce }) => nonce !== undefined)).toBe(true);
  const ranges = asked.filter(({ event }) => event.name === "AuthorizationUsed");
  let next = 9_000n;
  for (const { fromBlock, toBlock } of ranges) {
    expect(fromBlock).toBe(next);
    next = toBlock + 1n;
  }
  expect(next).toBe(10_051n);
  const { client: quiet, asked: asks } = nodeWith([]);
  await list(quiet, 0n, 100_000n);
  const most = asks.reduce((max, { fromBlock, toBlock }) => {
    const blocks = toBlock - fromBlock + 1n;
    return blocks > max ? blocks : max;
  }, 0n);
  expect(most).toBe(MAX_LOG_BLOCKS);
});

test("where there are many, few blocks are asked for at once", async () => {
  const busy = Array.from({ length: 40_000 }, (_, n) => ({ block: BigInt(Math.floor(n / 40)), value: 1n }));
  const { client, answered } = nodeWith(busy);
  expect((await list(client, 0n, 999n)).outgoing).toHaveLength(40_000);
  // The first queries learn how many there are.
  expect(Math.max(...answered.slice(30))).toBeLessThanOrEqual(500);
});

test("no blocks, no queries", async () => {
  const { client, asked } = nodeWith(payments);
  expect(await list(client, 5n, 4n)).toEqual({ outgoing: [], incoming: [] });
  expect(asked).toEqual([]);
});
