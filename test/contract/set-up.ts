import type { GrantOfUser, SponsorWithKey } from "../support/caller.ts";
import { CONSENT } from "../support/caller.ts";
import type { Answer } from "../support/server.ts";
import type { Behaviour } from "../support/upstream.ts";
import type { World } from "../support/use-world.ts";

export interface Setup {
  grant: GrantOfUser;
  token: string;
  service_key: string;
  campaign_id: string;
  call: (name: string, input?: Record<string, unknown>) => Promise<Answer>;
}

export interface SetupOptions {
  behaviour?: Behaviour;
  campaign?: Record<string, unknown>;
  session?: { budgetCents?: number; scopes?: unknown };
  api?: Record<string, unknown>;
}

/** A grant with a session, and a service with a campaign of its own whose task isn't completed. */
export async function setUpService(
  world: World,
  sponsor: SponsorWithKey,
  { behaviour = "honest", campaign = {}, session = {}, api = {} }: SetupOptions = {},
): Promise<Setup> {
  const { service: service_key, campaignId: campaign_id } = await world.offerService({
    sponsor,
    behaviour,
    api,
    campaign: { fundCents: 20, ...campaign },
  });
  const grant = await world.createGrant();
  const { token } = await world.openSession(grant, session);
  return {
    grant,
    token,
    service_key,
    campaign_id,
    call: (name, input = {}) => world.call(`agent.${name}`, input, token),
  };
}

/** Runs the service. */
export const run = ({ call, service_key }: Setup, input: Record<string, unknown> = {}): Promise<Answer> =>
  call("runService", { service_key, ...input });

/** Completes the campaign's task. */
export const complete = ({ call, campaign_id }: Setup, task_data: unknown, consent: unknown = CONSENT) =>
  call("completeTask", { campaign_id, task_data, consent });

/** A task that asks for data outside the grant: a phone number. */
export const PHONE_TASK = {
  type: "object",
  properties: {
    region: { type: "string", "x-data-type": "region" },
    phone: { type: "string", "x-data-type": "phone" },
  },
  additionalProperties: false,
};
