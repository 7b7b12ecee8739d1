import type { Address, Hex, PublicClient } from "viem";
import type { IncomingTransfer, OutgoingTransfer, TreasuryTransfers } from "../../core/ports/chain.ts";
import { AUTHORIZATION_USED, MAX_LOG_BLOCKS, minOf, TRANSFER } from "./token.ts";

/**
 * About so many logs are asked for at once: they are decoded in one go, and 500 take 15 milliseconds. The number of blocks follows
 * from it.
 */
const LOGS_AT_ONCE = 500;
const FIRST_BLOCKS = 250n;

/** Lists all transfers of the asset from and to an account in the blocks from `first` to `last`, both included. */
export async function listTransfers(
  client: PublicClient,
  { asset, account, first, last }: { asset: Address; account: Address; first: bigint; last: bigint },
): Promise<Pick<TreasuryTransfers, "outgoing" | "incoming">> {
  const outgoing: OutgoingTransfer[] = [];
  const incoming: IncomingTransfer[] = [];
  let blocks = FIRST_BLOCKS;
  for (let fromBlock = first; fromBlock <= last;) {
    const toBlock = minOf(fromBlock + blocks - 1n, last);
    const filter = { address: asset, fromBlock, toBlock, strict: true } as const;
    const [uses, sent, received] = await Promise.all([
      client.getLogs({ ...filter, event: AUTHORIZATION_USED, args: { authorizer: account } }),
      client.getLogs({ ...filter, event: TRANSFER, args: { from: account } }),
      client.getLogs({ ...filter, event: TRANSFER, args: { to: account } }),
    ]);
    // Anyone can transfer 0 out of any account. Scammers do so to put their own address into its history.
    const moved = sent.filter(({ args }) => args.value > 0n);
    outgoing.push(...withNonces(moved, uses));
    incoming.push(
      ...received.map(({ transactionHash: txHash, args }) => ({
        ...{ txHash, payer: args.from, amountMicros: args.value },
      })),
    );
    const logs = uses.length + sent.length + received.length;
    if (logs < LOGS_AT_ONCE / 2) blocks = minOf(blocks * 2n, MAX_LOG_BLOCKS);
    else if (logs > LOGS_AT_ONCE && blocks > 1n) blocks /= 2n;
    fromBlock = toBlock + 1n;
  }
  return { outgoing, incoming };
}

/**
 * Adds to each transfer the nonce of the authorization that made it: the one whose event stands between this
 * transfer and the previous transfer of the same transaction. Undefined if there is none.
 */
function withNonces(
  transfers: { transactionHash: Hex; logIndex: number; args: { to: Address; value: bigint } }[],
  uses: { transactionHash: Hex; logIndex: number; args: { nonce: Hex } }[],
): OutgoingTransfer[] {
  const previousIndexes = new Map<Hex, number>();
  const usesByTransaction = new Map<Hex, typeof uses>();
  for (const use of uses)
    usesByTransaction.set(use.transactionHash, [...(usesByTransaction.get(use.transactionHash) ?? []), use]);
  return transfers.map(({ transactionHash: txHash, logIndex, args }) => {
    const previousIndex = previousIndexes.get(txHash) ?? -1;
    previousIndexes.set(txHash, logIndex);
    const use = usesByTransaction
      .get(txHash)
      ?.find((candidate) => candidate.logIndex > previousIndex && candidate.logIndex < logIndex);
    return { txHash, payTo: args.to, amountMicros: args.value, nonce: use?.args.nonce };
  });
}
