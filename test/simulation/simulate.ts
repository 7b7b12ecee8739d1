import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "viem";
import type { Deps } from "../../src/core/context.ts";
import type { SqlPool } from "../../src/core/ports/sql.ts";
import { createNetworks } from "../../src/core/ports/network.ts";
import { Batches } from "../../src/core/protocol/batches.ts";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import { countUndecided } from "../support/money.ts";
import type { Core } from "./core.ts";
import { Random } from "./random.ts";
import type { Process } from "./scheduler.ts";
import { gated, Scheduler, settled } from "./scheduler.ts";
import { BEHAVIOURS, PRICE } from "./upstreams.ts";
import { signOn, TREASURY } from "./wallets.ts";
import type { SimWorld } from "./world.ts";
import { createSimWorld, SPONSOR_WALLET } from "./world.ts";

export interface Simulated {
  seed: number;
  /** What went wrong. */
  findings: string[];
  payments: number;
  settled: number;
  refunds: number;
  /** Payments that were reserved in one transaction with others. */
  together: number;
  deaths: number;
  steps: number;
}

export interface Simulation {
  seed: number;
  core: Core;
  /** How many payments agents, buyers and a sponsor ask for. */
  actions?: number;
  /** SQL that runs first, such as dropping a constraint that would stop a planted bug. */
  tampering?: readonly string[];
}

const REPLICAS = 3;
/** How many steps a batch of reservations waits at most, besides those of others. */
const MAX_STEPS_LATE = 40;
const DEATH_RATE = 0.001;
/** Rounds without faults after which every payment has to be decided. */
const MAX_FAULTLESS_ROUNDS = 300;

/**
 * Runs agents, buyers, a sponsor and the server's jobs at once, with every kind of upstream, while messages, answers and
 * processes are lost. Then stops all faults, waits until every payment is decided, and looks for money that was lost,
 * doubled or invented. The seed decides what happens.
 */
export async function simulate({ seed, core, actions = 55, tampering = [] }: Simulation): Promise<Simulated> {
  const random = new Random(seed);
  const world = await createSimWorld(random, tampering);
  const run = new Run(random, world, core);
  try {
    await run.act(actions);
    await run.decideAll();
    return { seed, ...(await run.findWrongs()) };
  } finally {
    await world.close();
  }
}

class Run {
  readonly #random: Random;
  readonly #world: SimWorld;
  readonly #core: Core;
  readonly #scheduler: Scheduler;
  readonly #findings: string[] = [];
  #replicas: { process: Process; deps: Deps }[] = [];
  #asked = 0;

  constructor(random: Random, world: SimWorld, core: Core) {
    this.#random = random;
    this.#world = world;
    this.#core = core;
    this.#scheduler = new Scheduler(random, DEATH_RATE);
    this.#replicas = Array.from({ length: REPLICAS }, () => this.#startReplica());
  }

  /** A replica: the same world, through operations that wait for their turn. */
  #startReplica(): { process: Process; deps: Deps } {
    const process: Process = { alive: true };
    const { deps } = this.#world;
    const { default: network } = deps.networks;
    const at = <Port extends object>(port: Port, names?: readonly (keyof Port)[]): Port =>
      gated(this.#scheduler, process, port, names);
    const sql = at(deps.sql);
    return {
      process,
      deps: {
        ...deps,
        db: at(deps.db),
        sql,
        batches: new Batches(this.#late(process, sql)),
        upstream: at(deps.upstream, ["request"]),
        networks: createNetworks([
          {
            ...network,
            chain: at(network.chain, ["blockNumber", "balanceOf", "lookUp", "listTreasuryTransfers"]),
            buyer: at(network.buyer, ["sign"]),
            seller: at(network.seller, ["verify", "settle"]),
            transfers: at(network.transfers, ["signTransfer", "submit"]),
          },
        ]),
      },
    };
  }

  /** A pool whose transactions begin late: so calls that come meanwhile join the next batch. */
  #late(process: Process, sql: SqlPool): SqlPool {
    return {
      ...sql,
      transaction: async (...args) => {
        const steps = this.#random.below(MAX_STEPS_LATE);
        for (let n = 0; n < steps; n++) await this.#scheduler.gate(process, () => Promise.resolve());
        return sql.transaction(...args);
      },
    };
  }

  #deps(): Deps {
    this.#replicas = this.#replicas.map((replica) =>
      replica.process.alive ? replica : this.#startReplica(),
    );
    return this.#random.pick(this.#replicas).deps;
  }

  async act(actions: number): Promise<void> {
    const { chain, upstreams, facilitator } = this.#world;
    let left = actions;
    while (left > 0 || this.#scheduler.busy) {
      const dice = this.#random.next();
      if (left > 0 && dice < 0.03) {
        left -= 1;
        this.#startAction();
      } else if (dice < 0.04) this.#runJobs();
      else if (dice < 0.055) await this.#passTime(1 + this.#random.below(3));
      else if (dice < 0.0556) await this.#passTime(30 + this.#random.below(60));
      // Our clocks go on while the chain makes no block.
      else if (dice < 0.0562) await this.#world.advanceDatabase(120);
      else if (dice < 0.058) chain.down = !chain.down && this.#random.chance(0.4);
      else if (dice < 0.06) chain.lag = this.#random.below(4);
      else if (dice < 0.062) facilitator.down = !facilitator.down && this.#random.chance(0.4);
      else if (dice < 0.064) upstreams.submitHeld();
      else await this.#step();
      await settled();
    }
  }

  /** Stops all faults, and lets time pass until every payment is decided. */
  async decideAll(): Promise<void> {
    const { chain, upstreams, facilitator } = this.#world;
    this.#scheduler.deadly = upstreams.faults = facilitator.faults = chain.down = facilitator.down = false;
    chain.lag = 0;
    for (let round = 0; round < MAX_FAULTLESS_ROUNDS; round++) {
      this.#runJobs();
      await settled();
      while (this.#scheduler.busy) {
        await this.#step();
        await settled(); // what was waiting for this step asks for its next one
      }
      if ((await countUndecided(this.#world.deps.db)) === 0) return;
      if (this.#random.chance(0.15)) upstreams.submitHeld();
      await this.#passTime(12);
    }
    this.#findings.push(`not decided after ${MAX_FAULTLESS_ROUNDS} rounds`);
  }

  async #step(): Promise<void> {
    const step = this.#scheduler.step();
    const inTime = await Promise.race([step.then(() => true), sleep(10_000, false, { ref: false })]);
    if (!inTime) throw new Error("a step waits for another step");
  }

  async #passTime(seconds: number): Promise<void> {
    this.#world.chain.mine(seconds);
    await this.#world.advanceDatabase(seconds);
  }

  /** Runs the background jobs of one replica. */
  #runJobs(): void {
    const deps = this.#deps();
    this.#note(
      this.#core
        .reconcileDuePayments(deps, 20, () => this.#random.chance(0.9))
        .then((resends) => Promise.all(resends.map(({ send }) => send()))),
    );
    this.#note(this.#core.reconcileDueIncoming(deps, 20));
    this.#note(this.#core.closeDirectPayments(deps).then(() => this.#sendPayouts(deps, "refund")));
    this.#note(this.#sendPayouts(deps, "withdrawal"));
  }

  async #sendPayouts(deps: Deps, kind: "refund" | "withdrawal"): Promise<void> {
    const due = await this.#core.takePayouts(deps, kind, 20);
    await Promise.all(due.map(({ moveOn }) => moveOn()));
  }

  #startAction(): void {
    const dice = this.#random.next();
    this.#asked += 1;
    if (dice < 0.62) this.#note(this.#runAsAgent());
    else if (dice < 0.84) this.#note(this.#buyDirectly());
    else if (dice < 0.93) this.#note(this.#fund());
    else this.#note(this.#withdraw());
  }

  /** An agent that repeats its run with the same key, perhaps on another replica. */
  async #runAsAgent(): Promise<void> {
    const { sessions } = this.#world;
    const actor = this.#random.pick(sessions);
    const input = {
      service_key: this.#random.pick(BEHAVIOURS),
      input: { n: this.#asked },
      idempotency_key: `key-${this.#asked}`,
    };
    const tries = 1 + this.#random.below(3);
    // Some runs are sent twice at once.
    const twins = this.#random.chance(0.2) ? 2 : 1;
    for (let n = 0; n < tries; n++) {
      const attempts = Array.from({ length: twins }, () =>
        this.#core.runService({ ...this.#deps(), actor }, input).catch(expected),
      );
      await this.#waitPatiently(Promise.all(attempts));
    }
  }

  async #buyDirectly(): Promise<void> {
    const payer = this.#wallet(PRICE * 3n);
    const input = { service_key: this.#random.pick(BEHAVIOURS), input: { n: this.#asked } };
    const ask = (headers: Record<string, string>) =>
      this.#core.runDirectly({ ...this.#deps(), headers, clientAddress: "" }, input).catch(expected);
    await this.#pay(payer, ask);
  }

  async #fund(): Promise<void> {
    const micros = BigInt(1 + this.#random.below(5)) * 10_000n;
    const payer = this.#wallet(micros);
    const input = {
      campaign_id: this.#random.pick(this.#world.campaigns),
      amount_cents: Number(micros) / 10_000,
    };
    const ask = (headers: Record<string, string>) =>
      this.#core
        .fundCampaign({ ...this.#deps(), actor: this.#world.sponsor, headers }, input)
        .catch(expected);
    await this.#pay(payer, ask);
  }

  /** Asks for the terms, signs one payment, and sends it several times, in sequence and in parallel. */
  async #pay(payer: Address, ask: (headers: Record<string, string>) => Promise<unknown>): Promise<void> {
    const asked = await this.#waitPatiently(ask({}));
    const price = (asked as { headers?: Record<string, string> } | undefined)?.headers?.["x-sim-price"];
    if (price === undefined) return;
    const payload = signOn(this.#world.chain, payer, TREASURY, BigInt(price));
    const headers = { "x-sim-payment": JSON.stringify(payload) };
    const tries = 1 + this.#random.below(3);
    for (let n = 0; n < tries; n++) {
      const twins = 1 + this.#random.below(3);
      await this.#waitPatiently(Promise.all(Array.from({ length: twins }, () => ask(headers))));
    }
  }

  async #withdraw(): Promise<void> {
    const input = {
      campaign_id: this.#random.pick(this.#world.campaigns),
      amount_cents: 1 + this.#random.below(4),
      idempotency_key: `withdrawal-${this.#asked}`,
    };
    const ask = () =>
      this.#core.withdrawFromCampaign({ ...this.#deps(), actor: this.#world.sponsor }, input).catch(expected);
    await this.#waitPatiently(Promise.all([ask(), ask()]));
  }

  #wallet(micros: bigint): Address {
    const payer = this.#random.hex(20);
    this.#world.chain.mint(payer, micros);
    return payer;
  }

  /** Waits for an answer, and gives up after some steps, since the process may be dead. */
  async #waitPatiently<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
    const { steps } = this.#scheduler;
    const patience = 40 + this.#random.below(200);
    const gaveUp = async (): Promise<undefined> => {
      while (this.#scheduler.busy && this.#scheduler.steps < steps + patience) await settled();
      return undefined;
    };
    return Promise.race([answer, gaveUp()]);
  }

  #note(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#findings.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    });
  }

  async findWrongs(): Promise<Omit<Simulated, "seed">> {
    const { deps, chain } = this.#world;
    chain.mine();
    const { findings } = await verifyLedger(deps);
    this.#findings.push(...findings.map(({ check, detail }) => `${check}: ${detail}`));
    const [sums] = await deps.db.$queryRaw<
      {
        unspent: bigint;
        fees: bigint;
        doubled: bigint;
        payments: bigint;
        settled: bigint;
        refunds: bigint;
        together: bigint;
      }[]
    >`
      SELECT (SELECT coalesce(sum("limit" - spent), 0) FROM budget_accounts WHERE kind IN ('campaign', 'sponsored_api', 'direct'))::bigint AS unspent,
             (SELECT coalesce(sum(amount_micros), 0) FROM ledger_transfers WHERE kind = 'fee')::bigint AS fees,
             (SELECT count(*) FROM (SELECT 1 FROM payments WHERE status = 'settled' AND idempotency_key IS NOT NULL
                                     GROUP BY grant_id, idempotency_key HAVING count(*) > 1) twice) AS doubled,
             (SELECT count(*) FROM payments) AS payments,
             (SELECT count(*) FROM payments WHERE status = 'settled') AS settled,
             (SELECT count(*) FROM payouts WHERE kind = 'refund') AS refunds,
             (SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM payment_events WHERE to_status = 'reserved'
                                                GROUP BY xmin::text HAVING count(*) > 1) shared)::bigint AS together`;
    if (sums === undefined) throw new Error("there are no sums");
    const balance = chain.balance(TREASURY);
    if (balance !== sums.unspent + sums.fees)
      this.#findings.push(`the treasury holds ${balance}, the ledger says ${sums.unspent + sums.fees}`);
    if (sums.doubled > 0n) this.#findings.push(`${sums.doubled} runs were paid for more than once`);
    const [withdrawn] = await deps.db.$queryRaw<{ sum: bigint }[]>`
      SELECT coalesce(sum(amount_micros), 0)::bigint AS sum FROM payouts WHERE kind = 'withdrawal'`;
    if (chain.received(SPONSOR_WALLET) !== withdrawn?.sum)
      this.#findings.push(
        `${chain.received(SPONSOR_WALLET)} reached the sponsor, ${withdrawn?.sum} was withdrawn`,
      );
    return {
      findings: [...new Set(this.#findings)],
      payments: Number(sums.payments),
      settled: Number(sums.settled),
      refunds: Number(sums.refunds),
      together: Number(sums.together),
      deaths: this.#scheduler.deaths,
      steps: this.#scheduler.steps,
    };
  }
}

/** Takes refusals and outages as answers. Everything else that is thrown is a finding. */
function expected(error: unknown): unknown {
  if (error instanceof Error && (error.name === "AppError" || OUTAGE.test(error.message))) return error;
  throw error;
}
const OUTAGE = /^the (RPC|facilitator) is down$/;
