import { createAgent } from "../../core/access/agent/index.ts";
import { putGrant } from "../../core/access/grant/index.ts";
import { createUser } from "../../core/access/user/index.ts";
import type { Deps } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { createCampaign } from "../../core/sponsorship/campaign/index.ts";
import { bookCredit } from "../../core/sponsorship/funding/index.ts";
import { createSponsor } from "../../core/sponsorship/sponsor/index.ts";
import { moveUpstream, registerApi } from "../../core/sponsorship/sponsored-api/index.ts";
import type { DemoUpstream } from "../index.ts";
import { campaigns, DEMO_AGENT, DEMO_GRANT, DEMO_USER, OPEN_BUDGET, SPONSORS } from "./campaigns.ts";
import type { SecretsFile } from "./secrets.ts";

const GRANT_DAYS = 365;

const OPERATOR = { kind: "operator" } as const;

export interface DemoData {
  /** The id by which the agent knows the demo user. */
  user_id: string;
  agent_id: string;
  agent_api_key: string;
  sponsor_api_key: string;
}

/**
 * Creates the demo data with the same core functions that the API uses. The result of each finished step is
 * written to the secrets file. So a start that was killed continues with the next step.
 * @param wallets the wallets of `SPONSORS`, in the same order
 */
export async function seedDemo(
  deps: Deps,
  secrets: SecretsFile,
  upstreams: DemoUpstream[],
  wallets: readonly { address: string }[],
): Promise<DemoData> {
  const results = secrets.values.demo;
  /** Runs a step once. Later starts get the first result. */
  const runOnce = async (step: string, run: () => Promise<string>): Promise<string> => {
    const known = results[step];
    if (known !== undefined) return known;
    const result = await run();
    results[step] = result;
    await secrets.save();
    return result;
  };

  for (const [n, sponsor] of SPONSORS.entries()) {
    await runOnce(`sponsor:${sponsor}`, async () => {
      // A sponsor needs a wallet to withdraw unspent money.
      const wallet_address = wallets[n]?.address;
      const { sponsor_id, api_key } = await createSponsor(deps, { name: sponsor, wallet_address });
      return `${sponsor_id} ${api_key}`;
    });
  }
  const sponsorId = (sponsor: string): string => results[`sponsor:${sponsor}`]?.split(" ")[0] ?? "";
  const sponsorKey = (sponsor: string): string => results[`sponsor:${sponsor}`]?.split(" ")[1] ?? "";
  const apiOwner = SPONSORS[0];

  // `registerApi` reads `pay_to` from the upstream itself.
  for (const { pay_to: _payTo, ...upstream } of upstreams) {
    const registered = await runOnce(`api:${upstream.service_key}`, async () => {
      const actor = { kind: "sponsor" as const, sponsorId: sponsorId(apiOwner), via: OPERATOR };
      await registerApi({ ...deps, actor }, upstream).catch(ignoreConflict);
      return upstream.upstream_url;
    });
    // The upstreams get a new port if another program took the old one.
    if (registered !== upstream.upstream_url) {
      await moveUpstream(deps.db, upstream.service_key, upstream.upstream_url);
      results[`api:${upstream.service_key}`] = upstream.upstream_url;
      await secrets.save();
    }
  }
  await runOnce("open budget", async () => {
    const { service_key, amount_cents } = OPEN_BUDGET;
    await bookCredit(deps, {
      sponsor_id: sponsorId(apiOwner),
      service_key,
      amount_cents,
      reference: `demo ${service_key}`,
    });
    return service_key;
  });
  for (const { sponsor, budget_cents, ...campaign } of campaigns) {
    const id = await runOnce(`campaign:${campaign.name}`, async () => {
      const actor = { kind: "sponsor" as const, sponsorId: sponsorId(sponsor), via: OPERATOR };
      return (await createCampaign({ ...deps, actor }, campaign)).campaign.campaign_id;
    });
    await runOnce(`credit:${campaign.name}`, async () => {
      const credit = {
        sponsor_id: sponsorId(sponsor),
        campaign_id: id,
        amount_cents: budget_cents,
        reference: `demo ${id}`,
      };
      return (await bookCredit(deps, credit)).reference;
    });
  }

  const userId = await runOnce("user", async () => (await createUser(deps, DEMO_USER)).user.user_id);
  const agent = await runOnce("agent", async () => {
    const { agent_id, api_key } = await createAgent(deps, DEMO_AGENT);
    return `${agent_id} ${api_key}`;
  });
  const [agentId = "", agentKey = ""] = agent.split(" ");
  const subject = await runOnce("grant", async () => {
    const { budget_limit_cents, ...scopes } = DEMO_GRANT;
    const categories = [...new Set(upstreams.flatMap((upstream) => upstream.categories))];
    const expires = new Date(Date.now() + GRANT_DAYS * 24 * 3600 * 1000);
    const grant = await putGrant(deps, {
      user_id: userId,
      agent_id: agentId,
      scopes: { ...scopes, allowed_categories: categories },
      budget_limit_cents,
      expires_at: expires.toISOString(),
    });
    return grant.user_id;
  });
  return {
    user_id: subject,
    agent_id: agentId,
    agent_api_key: agentKey,
    sponsor_api_key: sponsorKey(apiOwner),
  };
}

/** A start that was killed can have registered the API without recording the step. */
function ignoreConflict(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== "conflict") throw error;
}
