import type { Address, Hex, PublicClient } from "viem";
import { createPublicClient, http, isAddressEqual, parseAbi, parseEventLogs } from "viem";
import type {
  Authorization,
  Chain,
  IncomingTransfer,
  OutgoingTransfer,
  TreasuryTransfers,
  Verdict,
} from "../../core/ports/chain.ts";
import { inSpan } from "../../core/ports/tracing.ts";

const TOKEN = parseAbi([
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function decimals() view returns (uint8)",
  "function balanceOf(address) view returns (uint256)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
  "event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
]);

/** Public RPCs refuse wider ranges; an authorization is used within minutes of its signing anyway. */
const LOG_RANGE = 5_000n;

/**
 * A block number that was read at the head may be taken back by a reorganisation, and what was made then land in a lower
 * one. Nonces are random, so that looking too far finds nothing wrong.
 */
const REORG_BLOCKS = 300n;
const beforeAnyReorg = (block: bigint): bigint => (block > REORG_BLOCKS ? block - REORG_BLOCKS : 0n);

export interface ChainConfig {
  rpcUrl: string;
  asset: Address;
  /** Blocks from the head, counting the one it is in, that make a transaction final enough. */
  confirmations: number;
}

/** The chain as the reconciler sees it: reads only, all of a verdict pinned to one sufficiently final block. */
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

  balanceOf(address: Address): Promise<bigint> {
    return this.#client.readContract({
      address: this.#config.asset,
      abi: TOKEN,
      functionName: "balanceOf",
      args: [address],
    });
  }

  /**
   * The network and the token's EIP-712 domain, checked at start.
   * @throws if the chain isn't the configured one, or the asset isn't a token with 6 decimals.
   */
  async readAsset(chainId: number): Promise<{ name: string; version: string }> {
    const contract = { address: this.#config.asset, abi: TOKEN } as const;
    const actual = await this.#client.getChainId();
    if (actual !== chainId) throw new Error(`the RPC serves chain ${actual}, X402_NETWORK says ${chainId}`);
    const [name, version, decimals] = await Promise.all([
      this.#client.readContract({ ...contract, functionName: "name" }),
      this.#client.readContract({ ...contract, functionName: "version" }),
      this.#client.readContract({ ...contract, functionName: "decimals" }),
    ]);
    if (decimals !== 6) throw new Error(`X402_ASSET has ${decimals} decimals; USDC has 6`);
    return { name, version };
  }

  lookUp(authorization: Authorization): Promise<Verdict> {
    return inSpan("chain.look_up", {}, () => this.#lookUp(authorization));
  }

  async #lookUp(authorization: Authorization): Promise<Verdict> {
    const block = await this.#finalBlock();
    const used = await this.#client.readContract({
      address: authorization.asset,
      abi: TOKEN,
      functionName: "authorizationState",
      args: [authorization.payer, authorization.nonce],
      blockNumber: block.number,
    });
    if (used) return this.#findUse(authorization, block.number);
    // The token demands block.timestamp < validBefore, so no later block can include it any more. Chain time,
    // never ours: a slow chain would still take what we believe to be over.
    if (block.timestamp >= authorization.validBefore) {
      return { kind: "expired", block: block.number, blockTime: block.timestamp };
    }
    return { kind: "pending" };
  }

  async #finalBlock(): Promise<{ number: bigint; timestamp: bigint }> {
    const head = await this.blockNumber();
    const depth = BigInt(this.#config.confirmations - 1);
    const { number, timestamp } = await this.#client.getBlock({
      blockNumber: head > depth ? head - depth : 0n,
    });
    return { number, timestamp };
  }

  /** Finds what used the authorization, by its indexed arguments, so that the node does the work. */
  async #findUse(authorization: Authorization, upTo: bigint): Promise<Verdict> {
    const { asset: address, payer: authorizer, nonce, signedAtBlock } = authorization;
    for (let fromBlock = beforeAnyReorg(signedAtBlock); fromBlock <= upTo; fromBlock += LOG_RANGE) {
      const toBlock = fromBlock + LOG_RANGE - 1n < upTo ? fromBlock + LOG_RANGE - 1n : upTo;
      const range = { address, args: { authorizer, nonce }, fromBlock, toBlock, strict: true } as const;
      const [uses, cancellations] = await Promise.all([
        this.#client.getLogs({ ...range, event: TOKEN[5] }),
        this.#client.getLogs({ ...range, event: TOKEN[6] }),
      ]);
      const [canceled] = cancellations;
      if (canceled !== undefined)
        return { kind: "canceled", txHash: canceled.transactionHash, block: canceled.blockNumber };
      const [use] = uses;
      if (use !== undefined) return this.#checkTransfer(authorization, use.transactionHash, use.blockNumber);
    }
    return { kind: "unexplained" };
  }

  /** The transfer right after our authorization's event: a batch may hold several of the same amount. */
  async #checkTransfer(authorization: Authorization, txHash: Hex, block: bigint): Promise<Verdict> {
    const receipt = await this.#client.getTransactionReceipt({ hash: txHash });
    const logs = parseEventLogs({
      abi: TOKEN,
      logs: receipt.logs.filter(({ address }) => isAddressEqual(address, authorization.asset)),
    });
    const used = logs.findIndex(
      (log) =>
        log.eventName === "AuthorizationUsed" &&
        isAddressEqual(log.args.authorizer, authorization.payer) &&
        log.args.nonce === authorization.nonce,
    );
    const transfer =
      used < 0 ? undefined : logs.slice(used + 1).find(({ eventName }) => eventName === "Transfer");
    if (receipt.status !== "success" || transfer?.eventName !== "Transfer")
      return { kind: "unexplained", txHash };
    const matches =
      isAddressEqual(transfer.args.from, authorization.payer) &&
      isAddressEqual(transfer.args.to, authorization.payTo) &&
      transfer.args.value === authorization.amountMicros;
    return matches
      ? { kind: "settled", txHash, block, logIndex: transfer.logIndex }
      : { kind: "diverted", txHash, block };
  }

  async flows(account: Address, fromBlock: bigint | undefined): Promise<TreasuryTransfers> {
    const { asset: address } = this.#config;
    const { number: block } = await this.#finalBlock();
    const balance = await this.#client.readContract({
      address,
      abi: TOKEN,
      functionName: "balanceOf",
      args: [account],
      blockNumber: block,
    });
    const outgoing: OutgoingTransfer[] = [];
    const incoming: IncomingTransfer[] = [];
    const first = fromBlock === undefined ? block + 1n : beforeAnyReorg(fromBlock);
    for (let from = first; from <= block; from += LOG_RANGE) {
      const to = from + LOG_RANGE - 1n < block ? from + LOG_RANGE - 1n : block;
      const range = { address, fromBlock: from, toBlock: to, strict: true } as const;
      const [uses, sent, received] = await Promise.all([
        this.#client.getLogs({ ...range, event: TOKEN[5], args: { authorizer: account } }),
        // Anybody may move nothing out of any account, and some do, to get their address into people's histories.
        this.#client
          .getLogs({ ...range, event: TOKEN[7], args: { from: account } })
          .then((logs) => logs.filter(({ args }) => args.value > 0n)),
        this.#client.getLogs({ ...range, event: TOKEN[7], args: { to: account } }),
      ]);
      outgoing.push(...pairUp(uses, sent));
      incoming.push(
        ...received.map(({ transactionHash: txHash, args }) => ({
          txHash,
          payer: args.from,
          amountMicros: args.value,
        })),
      );
    }
    return { block, balance, outgoing, incoming };
  }
}

/** Each transfer with the authorization whose event comes before it in its transaction, and after the last transfer. */
function pairUp(
  uses: { transactionHash: Hex; logIndex: number; args: { nonce: Hex } }[],
  moves: { transactionHash: Hex; logIndex: number; args: { to: Address; value: bigint } }[],
): OutgoingTransfer[] {
  const last = new Map<Hex, number>();
  return moves.map(({ transactionHash: txHash, logIndex, args }) => {
    const after = last.get(txHash) ?? -1;
    last.set(txHash, logIndex);
    const use = uses.find(
      (one) => one.transactionHash === txHash && one.logIndex > after && one.logIndex < logIndex,
    );
    return { txHash, payTo: args.to, amountMicros: args.value, nonce: use?.args.nonce };
  });
}
