import fc from "fast-check";
import { expect, test } from "vitest";
import type { Deps, SessionActor } from "../../src/core/context.ts";
import { searchServices } from "../../src/core/discovery/search/index.ts";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import { withdrawConsent } from "../../src/core/personal-data/consent/index.ts";
import { acceptAnswer, rejectAnswer } from "../../src/core/sponsorship/answer/index.ts";
import { createNetworks } from "../../src/core/ports/network.ts";
import { changeCampaign } from "../../src/core/sponsorship/campaign/index.ts";
import { bookCredit } from "../../src/core/sponsorship/funding/index.ts";
import { CampaignTallies } from "../../src/core/sponsorship/tally/index.ts";
import { completeTask, getTask } from "../../src/core/sponsorship/task/index.ts";
import { CONSENT } from "../support/caller.ts";
import { countUndecided } from "../support/money.ts";
import type { Core } from "./core.ts";
import { loadCore } from "./core.ts";
import { expectFiguresToHold } from "./expect-figures.ts";
import { addPeople } from "./people.ts";
import { Random } from "./random.ts";
import { BEHAVIOURS, PRICE } from "./upstreams.ts";
import { signOn, TREASURY } from "./wallets.ts";
import type { SimWorld } from "./world.ts";
import { createSimWorld } from "./world.ts";

/** A thousand random operations, by the real verbs. Then every figure of the dashboard is what ledger and tables say. */

const OPERATIONS = 1_000;
const PEOPLE = 10;
/** How often the figures are compared on the way. */
const CHECKPOINTS = 5;

const pick = fc.nat({ max: 999 });
const operation = fc.oneof(
  { weight: 26, arbitrary: fc.record({ do: fc.constant("run" as const), who: pick, what: pick }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant("complete" as const), who: pick, what: pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("accept" as const), who: pick, what: pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("reject" as const), who: pick, what: pick }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("withdraw" as const), who: pick, what: pick }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("search" as const), who: pick, what: pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("open" as const), who: pick, what: pick }) },
  { weight: 16, arbitrary: fc.record({ do: fc.constant("decide" as const), who: pick, what: pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("wait" as const), who: pick, what: pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("buy" as const), who: pick, what: pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("fund" as const), who: pick, what: pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("payBack" as const), who: pick, what: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hold" as const), who: pick, what: pick }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

test(
  "after a thousand random operations every figure of a campaign equals the ledger and the tables",
  { timeout: 600_000 },
  async () => {
    const core = await loadCore(new URL("../../src", import.meta.url).pathname);
    const result = await fc.check(
      fc.asyncProperty(
        fc.array(operation, { minLength: OPERATIONS, maxLength: OPERATIONS, size: "max" }),
        fc.nat(),
        async (operations, seed) => {
          const world = await createSimWorld(new Random(seed));
          try {
            await new Play(world, core, await addPeople(world, PEOPLE)).all(operations);
          } finally {
            await world.close();
          }
        },
      ),
      { numRuns: 1, endOnFailure: true },
    );
    // Without the thousand operations, which the seed makes again.
    if (result.failed) throw new Error(`seed ${result.seed}`, { cause: result.errorInstance });
  },
);

class Play {
  readonly #world: SimWorld;
  readonly #core: Core;
  readonly #people: SessionActor[];
  readonly #deps: Deps;
  readonly #tallies: CampaignTallies;
  /** What the searches and tasks of this test have shown, by campaign. */
  readonly #shown = new Map<string, { seen: number; opened: number }>();
  #n = 0;

  constructor(world: SimWorld, core: Core, people: SessionActor[]) {
    this.#world = world;
    this.#core = core;
    this.#people = people;
    this.#tallies = new CampaignTallies(world.deps);
    this.#deps = { ...world.deps, tally: this.#tallies };
    world.upstreams.faults = world.facilitator.faults = false;
  }

  async all(operations: Operation[]): Promise<void> {
    for (const campaignId of this.#world.campaigns) await this.#fund(campaignId, 300);
    for (const [index, one] of operations.entries()) {
      this.#n = index;
      await this.#act(one).catch(expectRefusal);
      if ((index + 1) % (OPERATIONS / CHECKPOINTS) === 0) await this.#compare();
    }
    while ((await countUndecided(this.#deps.db)) > 0) {
      await this.#decide();
      await this.#passTime(30);
    }
    expect((await verifyLedger(this.#deps)).findings).toEqual([]);
    const { payments, kinds } = await this.#compare();
    // The test proves something only if all of this has happened.
    expect(kinds).toEqual(expect.arrayContaining(["settled", "expired", "void"]));
    expect(payments).toBeGreaterThan(50);
    const states = await this.#deps.db.answerState.groupBy({ by: ["state"], _count: true });
    expect(states.map(({ state }) => state)).toEqual(
      expect.arrayContaining(["accepted", "rejected", "withdrawn"]),
    );
    expect(await this.#deps.db.payout.count({ where: { kind: "refund" } })).toBeGreaterThan(0);
  }

  async #act({ do: what, who, what: which }: Operation): Promise<unknown> {
    const deps = this.#deps;
    const { sponsor, upstreams, campaigns } = this.#world;
    const actor = take(this.#people, who);
    const campaign_id = take(campaigns, which);
    const ctx = { ...deps, actor };
    const asSponsor = { ...deps, actor: sponsor };
    switch (what) {
      case "run": {
        const service_key = take(BEHAVIOURS, which);
        return this.#core.runService(which % 7 === 0 ? { ...ctx, networks: this.#thatFailToSign() } : ctx, {
          service_key,
          input: { n: this.#n },
          idempotency_key: `k${this.#n}`,
        });
      }
      case "complete":
        return completeTask(ctx, { campaign_id, task_data: { score: 1 + (who % 5) }, consent: CONSENT });
      case "accept":
        return acceptAnswer(asSponsor, { answer_id: await this.#answer(which) });
      case "reject":
        return rejectAnswer(asSponsor, { answer_id: await this.#answer(which), reason: "other" });
      case "withdraw": {
        const consents = await deps.db.consent.findMany({
          where: { consentType: "data_sharing", withdrawnAt: null, completionId: { not: null } },
          orderBy: { createdAt: "asc" },
        });
        const consent = take(consents, which);
        return withdrawConsent(deps, { user_id: consent.userId, consent_id: consent.id });
      }
      case "search": {
        const { data } = await searchServices(ctx, {});
        for (const id of new Set(data.services.map(({ service_id }) => service_id))) this.#note(id, "seen");
        return undefined;
      }
      case "open": {
        const { data } = await getTask(ctx, { campaign_id });
        if (!data.already_completed) this.#note(campaign_id, "opened");
        return undefined;
      }
      case "decide":
        return this.#decide();
      case "wait":
        if (which % 3 === 0) upstreams.submitHeld();
        return this.#passTime(which % 5 === 0 ? 3_600 : 30);
      case "buy":
        return this.#buy(which);
      case "fund":
        return this.#fund(campaign_id, 5);
      case "payBack":
        return this.#core.withdrawFromCampaign(asSponsor, { campaign_id, amount_cents: 1 + (who % 4) });
      case "hold":
        return changeCampaign(asSponsor, {
          campaign_id,
          holdback: which % 2 === 0 ? { by: "hand", limit_minutes: 60 } : null,
        });
    }
  }

  /** A process that ends before it signs leaves a reservation, which is void later. */
  #thatFailToSign(): Deps["networks"] {
    const { default: network } = this.#deps.networks;
    const buyer = Object.create(network.buyer, {
      sign: { value: () => Promise.reject(new NothingThere()) },
    }) as typeof network.buyer;
    return createNetworks([{ ...network, buyer }]);
  }

  async #answer(which: number): Promise<string> {
    const recent = await this.#deps.db.taskCompletion.findMany({ orderBy: { createdAt: "desc" }, take: 12 });
    return take(recent, which).id;
  }

  #note(campaignId: string, event: "seen" | "opened"): void {
    const shown = this.#shown.get(campaignId) ?? { seen: 0, opened: 0 };
    shown[event] += 1;
    this.#shown.set(campaignId, shown);
  }

  /** Runs the jobs that ask the chain. */
  async #decide(): Promise<void> {
    const deps = this.#deps;
    const resends = await this.#core.reconcileDuePayments(deps, 50, () => true);
    await Promise.all(resends.map(({ send }) => send()));
    await this.#core.reconcileDueIncoming(deps, 50);
    await this.#core.closeDirectPayments(deps);
    for (const kind of ["refund", "withdrawal"] as const)
      for (const { moveOn } of await this.#core.takePayouts(deps, kind, 20)) await moveOn();
    await this.#passTime(3);
  }

  async #passTime(seconds: number): Promise<void> {
    this.#world.chain.mine(seconds);
    await this.#world.advanceDatabase(seconds);
  }

  /** A person pays for a call by themselves. What bought nothing is refunded. */
  async #buy(which: number): Promise<unknown> {
    const payer = new Random(this.#n).hex(20);
    this.#world.chain.mint(payer, PRICE * 3n);
    const input = { service_key: take(BEHAVIOURS, which), input: { n: this.#n } };
    const ask = (headers: Record<string, string>) =>
      this.#core
        .runDirectly({ ...this.#deps, headers, clientAddress: "" }, input)
        .catch((error: unknown) => error);
    const { headers } = (await ask({})) as { headers?: Record<string, string> };
    const price = headers?.["x-sim-price"];
    if (price === undefined) return undefined;
    const payload = signOn(this.#world.chain, payer, TREASURY, BigInt(price));
    return ask({ "x-sim-payment": JSON.stringify(payload) });
  }

  async #fund(campaign_id: string, amount_cents: number): Promise<void> {
    const { chain, sponsor } = this.#world;
    chain.mint(TREASURY, BigInt(amount_cents) * 10_000n);
    const reference = `credit-${campaign_id}-${this.#n}-${amount_cents}`;
    await bookCredit(this.#deps, { sponsor_id: sponsor.sponsorId, campaign_id, amount_cents, reference });
  }

  /** Compares each campaign's figures with what is counted here, row by row. */
  async #compare(): Promise<{ payments: number; kinds: string[] }> {
    await this.#tallies.flush();
    const kinds = new Set<string>();
    let count = 0;
    for (const campaignId of this.#world.campaigns) {
      const shown = this.#shown.get(campaignId) ?? { seen: 0, opened: 0 };
      const { sponsor } = this.#world;
      const statuses = await expectFiguresToHold(this.#deps, sponsor, campaignId, shown);
      for (const status of statuses) kinds.add(status);
      count += statuses.length;
    }
    return { payments: count, kinds: [...kinds] };
  }
}

function take<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new NothingThere();
  return item;
}
class NothingThere extends Error {}

/** Refusals are answers. Everything else that is thrown is a bug. */
function expectRefusal(error: unknown): void {
  if (error instanceof NothingThere) return;
  if (error instanceof Error && error.name === "AppError") return;
  throw error;
}
