import { beforeAll, describe, expect, test } from "vitest";
import type { SponsorWithKey } from "../support/caller.ts";
import { GRANT_SCOPES } from "../support/caller.ts";
import { actionsOf, expectResolves, perform } from "../support/next-actions.ts";
import type { Answer } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";
import type { Setup } from "./set-up.ts";
import { complete, PHONE_TASK, run, setUpService } from "./set-up.ts";

/** R1.3: the next actions of an approval can be performed as they are, while it is open and after it is decided. */

const world = useWorld({ upstreamFor: "all tests", confirmWaitMs: 200 });
let acme: SponsorWithKey;
beforeAll(async () => {
  acme = await world.createSponsor();
});

describe.each<
  [string, leadsTo: string, ask: (setup: Setup) => Promise<Answer>, terms: Record<string, unknown>]
>([
  [
    "a grant",
    "auth",
    ({ grant }) =>
      world.call(
        "agent.auth",
        { user_id: grant.subject, scopes: GRANT_SCOPES, budget_limit_cents: 200 },
        grant.agent_key,
      ),
    {
      scopes: GRANT_SCOPES,
      budget_limit_cents: 1,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    },
  ],
  ["data", "get_task", (setup) => complete(setup, { phone: "1" }), {}],
  [
    "budget",
    "run_service",
    async (setup) => {
      await world.completeTask(setup.token, setup.campaign_id);
      return run(setup);
    },
    {},
  ],
])("an approval of %s", (kind, leadsTo, ask, terms) => {
  /** Opens an approval, polls it, decides it, and polls it again. Returns what the decision leads to. */
  async function decide(decision: "approve" | "deny" | "expire") {
    const setup = await setUpService(world, acme, {
      campaign: kind === "data" ? { task_schema: PHONE_TASK } : {},
      session: { budgetCents: 1 },
    });
    const asked = await ask(setup);
    const [poll] = actionsOf(asked);
    if (poll?.action !== "get_approval") throw new Error(`no approval: ${JSON.stringify(asked.body)}`);
    const credentials = { session: setup.token, apiKey: setup.grant.agent_key };
    const pending = await perform(world.url, poll, credentials);
    for (const action of actionsOf(pending)) expectResolves(action);

    const { approval_id } = asked.body.details as { approval_id: string };
    if (decision === "expire") await world.expire("approval", approval_id);
    else
      await world.admin(`/admin/approvals/${approval_id}/decide`, {
        user_id: setup.grant.user_id,
        decision,
        ...(decision === "approve" && terms),
      });
    const actions = actionsOf(await perform(world.url, poll, credentials));
    for (const action of actions) expectResolves(action);
    const [first] = actions;
    const follow = (): Promise<Answer> => {
      if (first === undefined) throw new Error("the decision leads nowhere");
      return perform(world.url, first, credentials);
    };
    return { setup, actions, follow };
  }

  test(`an approved approval of ${kind} leads to ${leadsTo}, which then succeeds`, async () => {
    const { actions, follow } = await decide("approve");
    expect(actions[0]?.action).toBe(leadsTo);
    expect((await follow()).status).toBe(200);
  });

  test(`a denied approval of ${kind} leads nowhere`, async () => {
    expect((await decide("deny")).actions).toEqual([]);
  });

  test(`an approval of ${kind} that nobody answered leads to ${leadsTo}, as it was asked`, async () => {
    const { setup, actions, follow } = await decide("expire");
    expect(actions[0]?.action).toBe(leadsTo);
    const again = await follow();
    if (kind === "data") return expect(again.status).toBe(200);
    // The same question, of the same user.
    const { approval_id } = again.body.details as { approval_id: string };
    const asked = await world.db.approval.findMany({ where: { grantId: setup.grant.grant_id } });
    expect(asked.map(({ id }) => id)).toContain(approval_id);
    expect(new Set(asked.map(({ requestDigest }) => String(requestDigest)))).toHaveLength(1);
  });
});
