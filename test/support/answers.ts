import { call, expectSuccess } from "./call.ts";
import type { TestServer } from "./server.ts";
import { ADMIN_KEY } from "./server.ts";
import type { Created } from "./world.ts";
import { CONSENT, createGrant, openSession } from "./world.ts";

/** A person who answers campaigns through an agent. */
export interface Respondent {
  grant: Created;
  token: string;
  /** Completes a campaign's task; returns the answer's id. */
  answer(campaignId: string, taskData?: Record<string, unknown>, consent?: object): Promise<string>;
}

export async function createRespondent(server: TestServer): Promise<Respondent> {
  const grant = await createGrant(server.url);
  const { token } = await openSession(server.url, grant);
  return {
    grant,
    token,
    async answer(campaign_id, task_data = { score: 4 }, consent = {}) {
      const input = { campaign_id, task_data, consent: { ...CONSENT, ...consent } };
      const answer = await call(server.url, "agent.completeTask", input, token);
      return String(expectSuccess(answer).task_completion_id);
    },
  };
}

export type ConsentType = "data_sharing" | "contact" | "retention";

/** The consent of a type that stands for a campaign. */
export async function standingConsent(
  server: TestServer,
  userId: string,
  campaignId: string,
  consentType: ConsentType,
): Promise<string> {
  const where = { userId, campaignId, consentType, withdrawnAt: null, serviceKey: null };
  return (await server.deps.db.consent.findFirstOrThrow({ where })).id;
}

/** Withdraws what a person agreed to for a campaign. */
export async function withdraw(
  server: TestServer,
  { grant }: Respondent,
  campaignId: string,
  consentType: ConsentType = "data_sharing",
): Promise<void> {
  const consent_id = await standingConsent(server, grant.user_id, campaignId, consentType);
  const input = { user_id: grant.user_id, consent_id };
  expectSuccess(await call(server.url, "admin.withdrawConsent", input, ADMIN_KEY));
}
