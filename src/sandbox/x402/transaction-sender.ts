import { setTimeout as sleep } from "node:timers/promises";
import type { Address, Hex, TransactionReceipt } from "viem";
import { createPublicClient, defineChain, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** Far above the base fee of the sandbox's chain. Its gas is free. */
const MAX_FEE_PER_GAS = 100_000_000_000n;
const PRIORITY_FEE_PER_GAS = 1_000_000_000n;
/** The gas that a call needs can grow after the estimate, for example if its transfer is the first to a balance. */
const GAS_MARGIN_PERCENT = 130n;
const RECEIPT_POLL_MS = 15;

type Client = ReturnType<typeof clientOf>;

/**
 * Sends transactions from one key, any number at once. It counts the nonces itself.
 *
 * A nonce that is never used would block all later transactions. So a call that would revert fails at the gas
 * estimate, before it takes a nonce. After any failure the next nonce is read from the chain again. (viem's
 * nonce manager takes the nonce before the estimate.)
 */
export class TransactionSender {
  readonly address: Address;
  /** A client for reads on the same chain. */
  readonly client: Client;
  readonly #account: ReturnType<typeof privateKeyToAccount>;
  readonly #chainId: number;
  #nextNonce: number | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(rpcUrl: string, chainId: number, privateKey: Hex) {
    this.#account = privateKeyToAccount(privateKey);
    this.#chainId = chainId;
    this.address = this.#account.address;
    this.client = clientOf(rpcUrl, chainId);
  }

  /**
   * Signs and broadcasts a call.
   *
   * @returns the transaction's hash, before it is mined
   * @throws viem's error with the contract's reason if the call would revert. Then nothing was sent.
   */
  async send(to: Address, data: Hex): Promise<Hex> {
    const estimate = await this.client.estimateGas({ account: this.address, to, data });
    const gas = (estimate * GAS_MARGIN_PERCENT) / 100n;
    const sent = this.#queue.then(() => this.#sendNext(to, data, gas));
    this.#queue = sent.catch(() => undefined);
    return sent;
  }

  /**
   * Waits for a transaction's receipt.
   * @throws Error if it isn't mined within `timeoutMs`. Then its outcome is unknown.
   */
  async receipt(hash: Hex, timeoutMs: number): Promise<TransactionReceipt> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const receipt = await this.client.getTransactionReceipt({ hash }).catch(() => undefined);
      if (receipt) return receipt;
      if (Date.now() > deadline) {
        this.#nextNonce = undefined; // the chain may have been restored to an earlier state
        throw new Error(`transaction ${hash} wasn't mined within ${timeoutMs} ms`);
      }
      await sleep(RECEIPT_POLL_MS);
    }
  }

  async #sendNext(to: Address, data: Hex, gas: bigint): Promise<Hex> {
    try {
      const nonce = this.#nextNonce ?? (await this.#pendingNonce());
      const serializedTransaction = await this.#account.signTransaction({
        type: "eip1559",
        chainId: this.#chainId,
        maxFeePerGas: MAX_FEE_PER_GAS,
        maxPriorityFeePerGas: PRIORITY_FEE_PER_GAS,
        nonce,
        to,
        data,
        gas,
      });
      const hash = await this.client.sendRawTransaction({ serializedTransaction });
      this.#nextNonce = nonce + 1;
      return hash;
    } catch (error) {
      this.#nextNonce = undefined;
      throw error;
    }
  }

  #pendingNonce(): Promise<number> {
    return this.client.getTransactionCount({ address: this.address, blockTag: "pending" });
  }
}

function clientOf(rpcUrl: string, chainId: number) {
  const chain = defineChain({
    id: chainId,
    name: "sandbox",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  return createPublicClient({ chain, transport: http(rpcUrl, { retryCount: 0, timeout: 10_000 }) });
}
