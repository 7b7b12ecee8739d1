import type { Address, Hex } from "viem";
import type { Authorization, Chain, TreasuryTransfers, Verdict } from "../../src/core/ports/chain.ts";
import type { Random } from "./random.ts";

export type Signed = Omit<Authorization, "signedAtBlock" | "asset">;

interface Use extends Signed {
  txHash: Hex;
  block: bigint;
}

const BLOCK_SECONDS = 2;

/**
 * A token with EIP-3009 on a chain with a clock of its own. A signed transfer can be submitted by anybody, any number of
 * times. It moves money once, before its `validBefore`, or never.
 */
export class SimChain implements Chain {
  readonly #random: Random;
  readonly #signed = new Map<Hex, Signed>();
  readonly #uses = new Map<Hex, Use>();
  readonly #minted = new Map<string, bigint>();
  /** Times of the blocks, by number. */
  readonly #times: number[];
  /** Whether the RPC fails. */
  down = false;
  /** How many blocks the RPC is behind. */
  lag = 0;

  constructor(random: Random, time: number) {
    this.#random = random;
    this.#times = Array.from({ length: 10 }, (_, n) => time - (10 - n) * BLOCK_SECONDS);
  }

  get #head(): number {
    return this.#times.length - 1;
  }

  get time(): number {
    return this.#times[this.#head] ?? 0;
  }

  /** Makes a block, this many seconds after the last one. */
  mine(seconds = BLOCK_SECONDS): void {
    this.#times.push(this.time + Math.max(1, seconds));
  }

  mint(address: Address, micros: bigint): void {
    this.#minted.set(address.toLowerCase(), (this.#minted.get(address.toLowerCase()) ?? 0n) + micros);
  }

  /** Signs a transfer. From now on everybody who has it can submit it. */
  sign(signed: Signed): void {
    this.#signed.set(signed.nonce, signed);
  }

  newNonce(): Hex {
    return this.#random.hex(32);
  }

  /** Submits a signed transfer to the next block. @returns the transaction, if the transfer moves money */
  submit({ nonce, amountMicros, payTo }: Pick<Signed, "nonce" | "amountMicros" | "payTo">): Hex | undefined {
    const signed = this.#signed.get(nonce);
    const isAsSigned = signed?.amountMicros === amountMicros && signed.payTo === payTo;
    if (signed === undefined || !isAsSigned || this.#uses.has(nonce)) return undefined;
    if (BigInt(this.time + BLOCK_SECONDS) >= signed.validBefore) return undefined;
    if (this.balance(signed.payer) < amountMicros) return undefined;
    const txHash = this.#random.hex(32);
    this.#uses.set(nonce, { ...signed, txHash, block: BigInt(this.#head + 1) });
    return txHash;
  }

  /** Whether a facilitator would verify the signed transfer. */
  isGood(nonce: Hex): boolean {
    const signed = this.#signed.get(nonce);
    return (
      signed !== undefined &&
      !this.#uses.has(nonce) &&
      BigInt(this.time + BLOCK_SECONDS) < signed.validBefore &&
      this.balance(signed.payer) >= signed.amountMicros
    );
  }

  /** The balance after the next block. */
  balance(address: Address): bigint {
    const account = address.toLowerCase();
    let sum = this.#minted.get(account) ?? 0n;
    for (const { payer, payTo, amountMicros } of this.#uses.values()) {
      if (payer.toLowerCase() === account) sum -= amountMicros;
      if (payTo.toLowerCase() === account) sum += amountMicros;
    }
    return sum;
  }

  /** The micros that signed transfers have moved to an address. */
  received(address: Address): bigint {
    return [...this.#uses.values()]
      .filter(({ payTo }) => payTo.toLowerCase() === address.toLowerCase())
      .reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  }

  blockNumber(): Promise<bigint> {
    return this.#ask(() => BigInt(this.#head - this.lag));
  }

  balanceOf(address: Address): Promise<bigint> {
    return this.#ask(() => this.balance(address));
  }

  lookUp({ nonce, payTo, amountMicros, validBefore }: Authorization): Promise<Verdict> {
    return this.#ask((): Verdict => {
      const final = BigInt(this.#head - this.lag);
      const use = this.#uses.get(nonce);
      if (use !== undefined && use.block <= final) {
        const { txHash, block } = use;
        const matches = use.payTo.toLowerCase() === payTo.toLowerCase() && use.amountMicros === amountMicros;
        return matches
          ? { kind: "settled", txHash, block, logIndex: 0 }
          : { kind: "diverted", txHash, block };
      }
      const blockTime = BigInt(this.#times[Number(final)] ?? 0);
      return blockTime >= validBefore ? { kind: "expired", block: final, blockTime } : { kind: "pending" };
    });
  }

  listTreasuryTransfers(address: Address, fromBlock: bigint | undefined): Promise<TreasuryTransfers> {
    return this.#ask(() => {
      const account = address.toLowerCase();
      const block = BigInt(this.#head);
      const uses = [...this.#uses.values()].filter(
        (use) => fromBlock !== undefined && use.block >= fromBlock && use.block <= block,
      );
      return {
        block,
        balance: this.balance(address),
        outgoing: uses.filter(({ payer }) => payer.toLowerCase() === account),
        incoming: uses.filter(({ payTo }) => payTo.toLowerCase() === account),
      };
    });
  }

  #ask<Answer>(answer: () => Answer): Promise<Answer> {
    return this.down ? Promise.reject(new Error("the RPC is down")) : Promise.resolve(answer());
  }
}
