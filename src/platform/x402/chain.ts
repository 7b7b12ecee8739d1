import type { Address, PublicClient, TransactionReceipt } from "viem";
import { createPublicClient, http, isAddressEqual, parseEventLogs } from "viem";
import type { Authorization, Chain, TreasuryTransfers, Verdict } from "../../core/ports/chain.ts";
import { inSpan } from "../../core/ports/tracing.ts";
import type { AssetDomain } from "./read-asset.ts";
import { readAsset } from "./read-asset.ts";
import { AUTHORIZATION_CANCELED, AUTHORIZATION_USED, MAX_LOG_BLOCKS, minOf, TOKEN } from "./token.ts";
import { listTransfers } from "./list-transfers.ts";

/**
 * How far a chain reorganisation may reach back. A block number was read at the chain's head. After a
 * reorganisation, a later transaction may be in a lower block. Searching from an earlier block is safe,
 * because nonces are random.
 */
const REORG_BLOCKS = 300n;
const subtractReorgMargin = (block: bigint): bigint => (block > REORG_BLOCKS ? block - REORG_BLOCKS : 0n);

export interface ChainConfig {
  rpcUrl: string;
  asset: Address;
  /** A transaction is final if this many blocks have it: its own block and those after it. */
  confirmations: number;
}

/** Reads the chain for the reconciler. All reads for one verdict are made at the same final block. */
export class EvmChain implements Chain {
  readonly #client: PublicClient;
  readonly #config: ChainConfig;

  constructor(config: ChainConfig) {
    this.#config = config;
    this.#client = createPublicClient({
      transport: http(config.rpcUrl, { timeout: 5_000, retryCount: 1 }),
      cacheTime: 0,
    });
  }

  blockNumber(): Promise<bigint> {
    return this.#client.getBlockNumber({ cacheTime: 0 });
  }

  balanceOf(address: Address, block?: bigint): Promise<bigint> {
    return this.#client.readContract({
      address: this.#config.asset,
      abi: TOKEN,
      functionName: "balanceOf",
      args: [address],
      ...(block !== undefined && { blockNumber: block }),
    });
  }

  /**
   * Checks the chain and the token, and returns the token's EIP-712 domain. Called once, at start.
   * @throws SetupProblem if the RPC serves another chain, or the asset isn't one that we can pay with
   */
  readAsset(chainId: number): Promise<AssetDomain> {
    const { rpcUrl, asset } = this.#config;
    return readAsset(this.#client, { rpcUrl, asset, chainId });
  }

  lookUp(authorization: Authorization): Promise<Verdict> {
    return inSpan("chain.look_up", {}, () => this.#lookUp(authorization));
  }

  async #lookUp(authorization: Authorization): Promise<Verdict> {
    const claimed = await this.#lookAtClaim(authorization);
    if (claimed !== undefined) return claimed;
    const block = await this.#finalBlock();
    const used = await this.#client.readContract({
      address: authorization.asset,
      abi: TOKEN,
      functionName: "authorizationState",
      args: [authorization.payer, authorization.nonce],
      blockNumber: block.number,
    });
    if (used) return this.#findUse(authorization, block.number);
    // The token requires block.timestamp < validBefore, so no later block can include the authorization. Our
    // own clock must not decide: a slow chain would still accept an authorization that our clock calls
    // expired.
    if (block.timestamp >= authorization.validBefore) {
      return { kind: "expired", block: block.number, blockTime: block.timestamp };
    }
    return { kind: "pending" };
  }

  /**
   * Looks for the authorization in the transaction that the payee names: one or two calls, in place of a search. Decides only that
   * it was used as it was signed. A wrong claim says nothing, and the authorization is then searched for.
   */
  async #lookAtClaim(
    authorization: Authorization,
  ): Promise<Extract<Verdict, { kind: "settled" | "pending" }> | undefined> {
    const { claimedTxHash: hash } = authorization;
    if (hash === undefined) return undefined;
    const receipt = await this.#client.getTransactionReceipt({ hash }).catch(() => undefined); // there is none, or not yet
    const verdict = receipt && judgeReceipt(authorization, receipt);
    if (verdict?.kind !== "settled") return undefined;
    // The transaction's own block is the first confirmation.
    const others = BigInt(this.#config.confirmations - 1);
    const isFinal = others === 0n || verdict.block + others <= (await this.blockNumber());
    return isFinal ? verdict : { kind: "pending" };
  }

  async #finalBlock(): Promise<{ number: bigint; timestamp: bigint }> {
    const head = await this.blockNumber();
    const depth = BigInt(this.#config.confirmations - 1);
    const { number, timestamp } = await this.#client.getBlock({
      blockNumber: head > depth ? head - depth : 0n,
    });
    return { number, timestamp };
  }

  /**
   * Finds the transaction that used or canceled the authorization. Filters by indexed arguments, so the node
   * searches.
   */
  async #findUse(authorization: Authorization, upTo: bigint): Promise<Verdict> {
    const { asset: address, payer: authorizer, nonce, signedAtBlock } = authorization;
    for (const range of splitBlocks(subtractReorgMargin(signedAtBlock), upTo)) {
      const filter = { address, args: { authorizer, nonce }, ...range, strict: true } as const;
      const [uses, cancellations] = await Promise.all([
        this.#client.getLogs({ ...filter, event: AUTHORIZATION_USED }),
        this.#client.getLogs({ ...filter, event: AUTHORIZATION_CANCELED }),
      ]);
      const [canceled] = cancellations;
      if (canceled !== undefined)
        return { kind: "canceled", txHash: canceled.transactionHash, block: canceled.blockNumber };
      const [use] = uses;
      if (use !== undefined)
        return judgeReceipt(
          authorization,
          await this.#client.getTransactionReceipt({ hash: use.transactionHash }),
        );
    }
    return { kind: "unexplained" };
  }

  async listTreasuryTransfers(account: Address, fromBlock: bigint | undefined): Promise<TreasuryTransfers> {
    const { number: block } = await this.#finalBlock();
    const balance = await this.balanceOf(account, block);
    const first = fromBlock === undefined ? block + 1n : subtractReorgMargin(fromBlock);
    const { asset } = this.#config;
    return { block, balance, ...(await listTransfers(this.#client, { asset, account, first, last: block })) };
  }
}

/**
 * Checks the first transfer after our authorization's event in the same transaction. A transaction may hold
 * several transfers of the same amount, so only this one is ours.
 */
function judgeReceipt(
  authorization: Authorization,
  { status, logs: all, transactionHash: txHash, blockNumber: block }: TransactionReceipt,
): Verdict {
  const logs = parseEventLogs({
    abi: TOKEN,
    logs: all.filter(({ address }) => isAddressEqual(address, authorization.asset)),
  });
  const used = logs.findIndex(
    (log) =>
      log.eventName === "AuthorizationUsed" &&
      isAddressEqual(log.args.authorizer, authorization.payer) &&
      log.args.nonce === authorization.nonce,
  );
  const transfer =
    used < 0 ? undefined : logs.slice(used + 1).find(({ eventName }) => eventName === "Transfer");
  if (status !== "success" || transfer?.eventName !== "Transfer") return { kind: "unexplained", txHash };
  const matches =
    isAddressEqual(transfer.args.from, authorization.payer) &&
    isAddressEqual(transfer.args.to, authorization.payTo) &&
    transfer.args.value === authorization.amountMicros;
  return matches
    ? { kind: "settled", txHash, block, logIndex: transfer.logIndex }
    : { kind: "diverted", txHash, block };
}

/** Splits the blocks from `first` to `last`, both included, into ranges of at most `MAX_LOG_BLOCKS`. */
function* splitBlocks(first: bigint, last: bigint): Generator<{ fromBlock: bigint; toBlock: bigint }> {
  for (let fromBlock = first; fromBlock <= last; fromBlock += MAX_LOG_BLOCKS) {
    yield { fromBlock, toBlock: minOf(fromBlock + MAX_LOG_BLOCKS - 1n, last) };
  }
}
