import type { Address, Hex } from "viem";
import type { UpstreamAnswer } from "../../src/core/ports/upstream.ts";
import type { Offer, PaymentClient, ReadTerms, SignedPayment } from "../../src/core/ports/x402-buyer.ts";
import type {
  PaymentSeller,
  PresentedPayment,
  RequestHeaders,
  SaleTerms,
} from "../../src/core/ports/x402-seller.ts";
import type { SignedTransfer, TransferClient } from "../../src/core/ports/x402-transfers.ts";
import type { SimChain } from "./chain.ts";
import type { Random } from "./random.ts";
import type { Payload } from "./upstreams.ts";

const NETWORK = "eip155:84532";
const ASSET: Address = "0x036cbd53842c5426634e7929541ec2318f3dcf7e";
export const TREASURY: Address = `0x${"7".repeat(40)}`;

/** How long signatures are valid, in seconds of chain time. */
const VALID_FOR = 60;

export function signOn(chain: SimChain, payer: Address, payTo: Address, amountMicros: bigint): Payload {
  const signed = {
    payer,
    payTo,
    amountMicros,
    nonce: chain.newNonce(),
    validBefore: BigInt(chain.time + VALID_FOR),
  };
  chain.sign(signed);
  return { ...signed, amountMicros: String(amountMicros), validBefore: String(signed.validBefore) };
}

export class SimBuyer implements PaymentClient {
  readonly network = NETWORK;
  readonly asset = ASSET;
  readonly payer = TREASURY;
  readonly #chain: SimChain;

  constructor(chain: SimChain) {
    this.#chain = chain;
  }

  readTerms(answer: UpstreamAnswer): ReadTerms {
    const { payTo, amount } = JSON.parse(answer.body.toString("utf8")) as { payTo: Address; amount: string };
    const terms = { network: NETWORK, asset: ASSET, payTo, amountMicros: BigInt(amount) };
    return {
      offers: [
        { index: 0, source: "body", judged: { ...terms, isStandard: true, timeoutSeconds: 60, raw: {} } },
      ],
      unreadable: [],
      described: { method: undefined, description: undefined, inputSchema: undefined, example: undefined },
    };
  }

  sign({ payTo, amountMicros }: Offer): Promise<SignedPayment> {
    const payload = signOn(this.#chain, TREASURY, payTo, amountMicros);
    return Promise.resolve({
      network: NETWORK,
      asset: ASSET,
      payTo,
      amountMicros,
      payer: TREASURY,
      nonce: payload.nonce,
      validBefore: BigInt(payload.validBefore),
      headers: { "x-sim-payment": JSON.stringify(payload) },
    });
  }

  readClaimedTransaction(answer: UpstreamAnswer): Hex | undefined {
    return answer.headers["x-sim-claimed"] as Hex | undefined;
  }
}

/** Submits signed transfers, and loses some of them. */
export class SimFacilitator {
  readonly #random: Random;
  readonly #chain: SimChain;
  down = false;
  faults = true;

  constructor(random: Random, chain: SimChain) {
    this.#random = random;
    this.#chain = chain;
  }

  isGood(nonce: Hex): boolean {
    if (this.down) throw new Error("the facilitator is down");
    return this.#chain.isGood(nonce);
  }

  submit(payload: Payload): void {
    if (this.down || (this.faults && this.#random.chance(0.1))) return;
    this.#chain.submit({ ...payload, amountMicros: BigInt(payload.amountMicros) });
    // Most facilitators answer when the transfer is in a block.
    if (this.#random.chance(0.85)) this.#chain.mine();
  }
}

export class SimSeller implements PaymentSeller {
  readonly payTo = TREASURY;
  readonly #facilitator: SimFacilitator;

  constructor(facilitator: SimFacilitator) {
    this.#facilitator = facilitator;
  }

  demand({ amountMicros }: SaleTerms) {
    return {
      headers: { "x-sim-price": String(amountMicros) },
      body: { x402Version: 1 as const, accepts: [] },
    };
  }

  list(): never {
    throw new Error("the simulator lists nothing");
  }

  read(headers: RequestHeaders): PresentedPayment | "none" {
    const header = headers["x-sim-payment"];
    if (typeof header !== "string") return "none";
    const raw = JSON.parse(header) as Payload;
    return {
      payer: raw.payer,
      nonce: raw.nonce,
      validBefore: BigInt(raw.validBefore),
      retryId: undefined,
      raw,
    };
  }

  matches({ raw }: PresentedPayment, { amountMicros }: SaleTerms): boolean {
    const { payTo, amountMicros: signed } = raw as Payload;
    return payTo === TREASURY && BigInt(signed) === amountMicros;
  }

  verify({ nonce }: PresentedPayment): Promise<{ reason: string } | undefined> {
    return Promise.resolve().then(() =>
      this.#facilitator.isGood(nonce) ? undefined : { reason: "not good" },
    );
  }

  settle({ raw }: PresentedPayment): Promise<void> {
    this.#facilitator.submit(raw as Payload);
    return Promise.resolve();
  }

  checkFacilitator(): Promise<void> {
    return this.#facilitator.down ? Promise.reject(new Error("down")) : Promise.resolve();
  }

  receipt(): Record<string, string> {
    return {};
  }
}

export class SimTransfers implements TransferClient {
  readonly #chain: SimChain;
  readonly #facilitator: SimFacilitator;

  constructor(chain: SimChain, facilitator: SimFacilitator) {
    this.#chain = chain;
    this.#facilitator = facilitator;
  }

  signTransfer({ payTo, amountMicros }: { payTo: Address; amountMicros: bigint }): Promise<SignedTransfer> {
    const payload = signOn(this.#chain, TREASURY, payTo, amountMicros);
    return Promise.resolve({
      payer: TREASURY,
      nonce: payload.nonce,
      validBefore: BigInt(payload.validBefore),
      raw: JSON.stringify(payload),
    });
  }

  submit(raw: string): Promise<void> {
    this.#facilitator.submit(JSON.parse(raw) as Payload);
    return Promise.resolve();
  }
}
