import { expectSuccess } from "./call.ts";
import type { GrantOfUser } from "./caller.ts";
import { CONSENT } from "./caller.ts";
import { ADMIN_KEY } from "./server.ts";
import type { World } from "./use-world.ts";

/** A person who answers campaigns through an agent. */
export interface Respondent {
  grant: GrantOfUser;
  token: string;
  /** Completes a campaign's task. Returns the answer's id. */
  answer(campaignId: string, taskData?: Record<string, unknown>, consent?: object): Promise<string>;
}

export async function createRespondent(world: World): Promise<Respondent> {
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant);
  return {
    grant,
    token,
    async answer(campaign_id, task_data = { score: 4 }, consent = {}) {
      const input = { campaign_id, task_data, consent: { ...CONSENT, ...consent } };
      const answer = await world.call("agent.completeTask", input, token);
      return String(expectSuccess(answer).task_completion_id);
    },
  };
}

export type ConsentType = "data_sharing" | "contact" | "retention";

/** The id of a user's consent for a campaign that isn't withdrawn. */
export async function standingConsent(
  world: World,
  userId: string,
  campaignId: string,
  consentType: ConsentType,
): Promise<string> {
  const where = { userId, campaignId, consentType, withdrawnAt: null, serviceKey: null };
  return (await world.db.consent.findFirstOrThrow({ where })).id;
}

/** Withdraws what a person agreed to for a campaign. */
export async function withdraw(
  world: World,
  { grant }: Respondent,
  campaignId: string,
  consentType: ConsentType = "data_sharing",
): Promise<void> {
  const consent_id = await standingConsent(world, grant.user_id, campaignId, consentType);
  const input = { user_id: grant.user_id, consent_id };
  expectSuccess(await world.call("admin.withdrawConsent", input, ADMIN_KEY));
}
