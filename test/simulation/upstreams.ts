import type { Address, Hex } from "viem";
import type {
  UpstreamAnswer,
  UpstreamClient,
  UpstreamFailure,
  UpstreamRequest,
} from "../../src/core/ports/upstream.ts";
import type { SimChain } from "./chain.ts";
import type { Random } from "./random.ts";

/** How upstreams treat their payers. */
export const BEHAVIOURS = [
  "honest",
  "slow", // takes the money, and answers too late; answers in time if the same payment comes again
  "lying", // refuses the payment, and keeps the signature
  "faking", // answers with a made-up transaction, and keeps the signature
  "doubling", // submits twice, and once more for more
  "late", // answers at once, and keeps the signature
  "silent", // never answers, and keeps the signature
  "redirecting",
  "repricing", // asks for another price each time
  "failing", // takes the money, and fails
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

export const PRICE = 20_000n;

export interface Payload {
  payer: Address;
  payTo: Address;
  amountMicros: string;
  nonce: Hex;
  validBefore: string;
}

export class SimUpstreams implements UpstreamClient {
  readonly #random: Random;
  readonly #chain: SimChain;
  /** Signatures that upstreams keep for later. */
  readonly held: Payload[] = [];
  /** Whether some messages of the network are lost or doubled. */
  faults = true;

  constructor(random: Random, chain: SimChain) {
    this.#random = random;
    this.#chain = chain;
  }

  payTo(behaviour: Behaviour): Address {
    return `0x${String(BEHAVIOURS.indexOf(behaviour) + 1).padStart(40, "0")}`;
  }

  refusalOf(): undefined {
    return undefined;
  }

  request(request: UpstreamRequest): Promise<UpstreamAnswer | UpstreamFailure> {
    const random = this.#random;
    if (this.faults && random.chance(0.04)) return Promise.resolve({ kind: "unreachable", reason: "lost" });
    const answer = this.#answer(request);
    if (this.faults && random.chance(0.03)) this.#answer(request); // a doubled message
    if (this.faults && random.chance(0.06))
      return Promise.resolve(
        random.chance(0.5) ? { kind: "timeout", elapsedMs: 1 } : { kind: "cut", reason: "lost" },
      );
    return Promise.resolve(answer);
  }

  /** Submits one of the kept signatures. */
  submitHeld(): void {
    const [held] = this.held.splice(this.#random.below(this.held.length), 1);
    if (held !== undefined) this.#take(held);
  }

  #take(payload: Payload): Hex | undefined {
    return this.#chain.submit({ ...payload, amountMicros: BigInt(payload.amountMicros) });
  }

  #answer({ url, headers }: UpstreamRequest): UpstreamAnswer | UpstreamFailure {
    const behaviour = new URL(url).pathname.slice(1) as Behaviour;
    const random = this.#random;
    const header = headers["x-sim-payment"];
    if (header === undefined) {
      const amount = behaviour === "repricing" ? BigInt(5_000 + random.below(30_000)) : PRICE;
      return reply(402, { payTo: this.payTo(behaviour), amount: String(amount) });
    }
    const payload = JSON.parse(header) as Payload;
    switch (behaviour) {
      case "honest":
      case "repricing":
        return reply(this.#take(payload) === undefined ? 402 : 200, { output: true });
      case "slow": {
        const taken = this.#take(payload) !== undefined;
        return taken ? { kind: "timeout", elapsedMs: 1 } : reply(200, { output: true });
      }
      case "lying":
        this.held.push(payload);
        return reply(402, { payTo: payload.payTo, amount: payload.amountMicros });
      case "faking":
        if (random.chance(0.5)) this.held.push(payload);
        return reply(200, { output: true }, random.hex(32));
      case "doubling":
        this.#take(payload);
        this.#take(payload);
        this.#take({ ...payload, amountMicros: String(BigInt(payload.amountMicros) * 2n) });
        this.held.push(payload);
        return reply(200, { output: true });
      case "late":
        this.held.push(payload);
        return reply(200, { output: true });
      case "silent":
        if (random.chance(0.5)) this.held.push(payload);
        return { kind: "timeout", elapsedMs: 1 };
      case "redirecting":
        if (random.chance(0.5)) this.#take(payload);
        return reply(307, {});
      case "failing":
        this.#take(payload);
        return reply(500, {});
    }
  }
}

function reply(status: number, body: object, claimed?: Hex): UpstreamAnswer {
  return {
    kind: "answer",
    status,
    headers: {
      "content-type": "application/json",
      ...(claimed !== undefined && { "x-sim-claimed": claimed }),
    },
    body: Buffer.from(JSON.stringify(body)),
    truncated: false,
    elapsedMs: 1,
  };
}
