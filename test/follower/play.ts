import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Profile } from "../../src/demo/fill-schema.ts";
import type { Body, End, Step } from "../../src/demo/follow-next-actions.ts";
import { followNextActions } from "../../src/demo/follow-next-actions.ts";
import { balanceOf } from "../support/chain.ts";
import { expectBooksToBalance } from "../support/money.ts";
import { PROFILE } from "../support/next-actions.ts";
import type { Surface, SurfaceKind } from "../support/surfaces.ts";
import { SURFACES } from "../support/surfaces.ts";
import type { World } from "../support/use-world.ts";
import type { Asked, Given } from "./stage.ts";
import { Stage } from "./stage.ts";

/** Where an agent that only follows next actions ends. */
export interface Ends {
  kind: End["kind"];
  /** The last refusal before the end. */
  code?: string;
  /** How many questions the person was shown. Default: none. */
  asked?: number;
  /** Payments that the sellers got, those of before included. Default: one if the agent has its resource, else none. */
  payments?: number;
}

export interface Situation {
  name: string;
  /** Surfaces on which it can't occur, and why. */
  except?: Partial<Record<SurfaceKind, string>>;
  given?: Given;
  /** The agent begins with nothing but its key, and asks for this. Default: it has a session. */
  opensWith?: (stage: Stage) => Record<string, unknown>;
  profile?: Partial<Profile>;
  goal?: Record<string, Record<string, unknown>>;
  /** What happens before the agent begins. */
  before?: (stage: Stage) => Promise<unknown>;
  /** What the person does with their first, second, … question. Default: nothing. */
  person?: ((stage: Stage, asked: Asked) => Promise<unknown>)[];
  /** What happens after the first call of an action. */
  after?: Record<string, (stage: Stage, body: Body) => Promise<unknown>>;
  /** What happens after each call. */
  between?: (stage: Stage) => Promise<unknown>;
  /** How often it polls before it gives up. */
  patience?: number;
  /** Waits as long as it is told. Default: a tenth of a second at most, whatever an answer asks for. */
  waits?: true;
  ends: Ends | ((kind: SurfaceKind) => Ends);
  /** The same for a host with OAuth's token, where it differs from other hosts. */
  endsWithOAuth?: Ends;
  /** What the agent has in the end. Default: the forecast of its place. */
  output?: object;
  /** What else holds at the end. */
  check?: (stage: Stage, end: End) => unknown;
}

/**
 * The end after a person's no. A GPT can't ask what they decided: it repeats its call, which asks them again.
 * @param code of the refusal that opened the question
 */
export const saidNo =
  (code: string) =>
  (kind: SurfaceKind): Ends =>
    kind === "gpt" ? { kind: "waiting", code, asked: 2 } : { kind: "nothing", code, asked: 1 };

/** Far more than any situation takes. */
const MOST_STEPS = 100;
const PATIENCE = 5;

/** Plays each situation on each surface where it can occur. */
export function playOnAllSurfaces(world: World, situations: readonly Situation[]): void {
  for (const surface of SURFACES) {
    const here = situations.filter(({ except = {} }) => except[surface.kind] === undefined);
    describe(surface.name, () => {
      test.each(here.map((situation) => [situation.name, situation] as const))("%s", (_name, situation) =>
        play(world, surface, situation),
      );
    });
  }
}

async function play(world: World, surface: Surface, situation: Situation): Promise<void> {
  const { given = {}, opensWith, person = [], check } = situation;
  const stage = new Stage(world, surface.kind);
  await stage.setUp(given);
  if (opensWith === undefined)
    stage.session = await surface.openSession(world, stage.grant, given.session?.(stage) ?? {});
  await situation.before?.(stage);

  const agent = await surface.connect(world.url, { apiKey: stage.grant.agent_key, session: stage.session });
  const calledBefore = new Set<string>();
  let asked = 0;
  const end = await followNextActions({
    send: agent.send,
    first: opensWith === undefined ? surface.search(stage.session) : opening(surface, opensWith(stage)),
    profile: {
      byName: { ...PROFILE.byName, place: "Porto", ...situation.profile?.byName },
      byDataType: { ...PROFILE.byDataType, ...situation.profile?.byDataType },
    },
    goal: { search_services: { intent: "What is the forecast for my place?" }, ...situation.goal },
    async onStep({ action, body }) {
      await situation.between?.(stage);
      if (calledBefore.has(action)) return;
      calledBefore.add(action);
      await situation.after?.[action]?.(stage, body);
    },
    async onApproval(details) {
      await person[asked]?.(stage, details);
      asked += 1;
    },
    patience: situation.patience ?? PATIENCE,
    wait: (seconds) => sleep(situation.waits === true ? seconds * 1000 : Math.min(seconds * 1000, 100)),
    maxSteps: MOST_STEPS,
  });
  await agent.close();

  const usualEnds = typeof situation.ends === "function" ? situation.ends(surface.kind) : situation.ends;
  const ends = (surface.isWithOAuth === true ? situation.endsWithOAuth : undefined) ?? usualEnds;
  const story = end.steps.map(tell).join("\n");
  expect({ ...reachedEnd(end), asked, payments: await countPayments(world) }, story).toEqual({
    kind: ends.kind,
    ...(ends.kind === "reached" ? {} : { code: ends.code }),
    asked: ends.asked ?? 0,
    payments: ends.payments ?? (ends.kind === "reached" ? 1 : 0),
  });
  expect(
    end.steps.filter(({ body }) => body.error_code === "internal_error"),
    story,
  ).toEqual([]);
  if (end.kind === "reached")
    expect(end.run["output"], story).toEqual(situation.output ?? { echo: { place: "Porto" } });
  await expectBooksToBalance(world.db);
  await check?.(stage, end);
  await stage.close();
}

function opening({ opening: open }: Surface, wish: Record<string, unknown>) {
  if (open === undefined)
    throw new Error("an agent doesn't sign in on this surface: leave the situation out");
  return open(wish);
}

const reachedEnd = ({ kind, steps }: End): { kind: string; code?: string | undefined } =>
  kind === "reached"
    ? { kind }
    : { kind, code: steps.findLast(({ body }) => body.error_code !== undefined)?.body.error_code };

/** Counts what was paid to the sellers of this test. The chain has to show the same. */
async function countPayments({ db, upstream: { payTo } }: World): Promise<number> {
  const settled = await db.payment.findMany({ where: { payTo, status: "settled" } });
  expect(await balanceOf(payTo)).toBe(settled.reduce((sum, { amountMicros }) => sum + amountMicros, 0n));
  return settled.length;
}

/** One step, for the message of a failure. */
const tell = ({ action, sent, body }: Step): string =>
  `${action} ${JSON.stringify(sent)} -> ${body.error_code ?? body.status} ${body.message ?? ""} -> ${body.next_actions.map((one) => one.action).join(", ")}`;
