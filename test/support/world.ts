import { randomUUID } from "node:crypto";
import { ADMIN_KEY, rest } from "./server.ts";
import type { Behaviour, Upstream } from "./upstream.ts";

/** Makes worlds through the API, as an operator and a sponsor would. Everything has a default worth paying for. */

export interface Created {
  user_id: string;
  agent_id: string;
  agent_key: string;
  /** The agent's subject for the user. */
  subject: string;
  grant_id: string;
}

export const EVERYTHING = { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] };

export const GRANT_SCOPES = {
  allowed_task_types: ["survey", "registration"],
  allowed_data_types: ["region", "email"],
  allowed_categories: ["weather", "travel"],
};

async function post(url: string, path: string, token: string, body: unknown): Promise<Record<string, never>> {
  const answer = await rest(url, "POST", path, { token, body });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.data as Record<string, never>;
}

export const admin = (url: string, path: string, body: unknown) => post(url, path, ADMIN_KEY, body);
const sponsor = (url: string, key: string, path: string, body: unknown) => post(url, path, key, body);

export async function createUser(url: string, changes: Record<string, unknown> = {}): Promise<string> {
  const user = {
    email: `${randomUUID()}@example.com`,
    region: "PT",
    roles: ["developer"],
    tools_used: [],
    attributes: {},
  };
  return (await admin(url, "/admin/users", { ...user, ...changes }))["user_id"] as never;
}

/** A user with a grant for an agent. */
export async function createGrant(
  url: string,
  {
    budgetCents = 100,
    scopes = GRANT_SCOPES,
    user = {},
  }: { budgetCents?: number; scopes?: unknown; user?: Record<string, unknown> } = {},
): Promise<Created> {
  const userId = await createUser(url, user);
  const agent = await admin(url, "/admin/agents", { name: "Test agent" });
  const grant = await admin(url, "/admin/grants", {
    user_id: userId,
    agent_id: agent["agent_id"],
    scopes,
    budget_limit_cents: budgetCents,
    expires_at: new Date(Date.now() + 3 * 24 * 3600 * 1000).toISOString(),
  });
  return {
    user_id: userId,
    agent_id: agent["agent_id"] as never,
    agent_key: agent["api_key"] as never,
    subject: grant["user_id"] as never,
    grant_id: grant["grant_id"] as never,
  };
}

export async function openSession(
  url: string,
  grant: Pick<Created, "agent_key" | "subject">,
  { budgetCents = 50, scopes = EVERYTHING }: { budgetCents?: number; scopes?: unknown } = {},
): Promise<{ token: string; session_id: string }> {
  const session = await post(url, "/agent/auth", grant.agent_key, {
    user_id: grant.subject,
    scopes,
    budget_limit_cents: budgetCents,
  });
  return {
    token: session["session_token"] as never,
    session_id: session["session_id"] as never,
  };
}

export async function createSponsor(
  url: string,
  name = "Acme",
  wallet_address?: string,
): Promise<{ sponsor_id: string; key: string }> {
  const created = await admin(url, "/admin/sponsors", { name, wallet_address });
  return { sponsor_id: created["sponsor_id"] as never, key: created["api_key"] as never };
}

export const INPUT_SCHEMA = {
  type: "object",
  properties: { n: { type: "integer" }, place: { type: "string", maxLength: 50 } },
  additionalProperties: false,
};

export async function registerApi(
  url: string,
  sponsorKey: string,
  upstream: Upstream,
  behaviour: Behaviour = "honest",
  changes: Record<string, unknown> = {},
): Promise<string> {
  const key = `${behaviour}-${randomUUID().slice(0, 8)}`;
  const api = {
    service_key: key,
    name: `Weather ${behaviour}`,
    description: "Weather of a place",
    categories: ["weather"],
    upstream_url: upstream.url(behaviour),
    upstream_method: "POST",
    price_cents: 2,
    pay_to: behaviour === "free" ? undefined : upstream.payTo,
    input_schema: INPUT_SCHEMA,
    timeout_ms: 1_500,
  };
  await sponsor(url, sponsorKey, "/sponsor/apis", { ...api, ...changes });
  return key;
}

export const TASK_SCHEMA = {
  type: "object",
  properties: {
    region: { type: "string", "x-data-type": "region" },
    score: { type: "integer", minimum: 1, maximum: 5 },
  },
  required: ["score"],
  additionalProperties: false,
};

export async function createCampaign(
  url: string,
  { sponsor_id, key }: { sponsor_id: string; key: string },
  serviceKeys: string[],
  { fundCents = 1_000, ...changes }: Record<string, unknown> & { fundCents?: number } = {},
): Promise<string> {
  const campaign = await sponsor(url, key, "/sponsor/campaigns", {
    name: "Weather survey",
    service_keys: serviceKeys,
    required_task: "One question",
    task_type: "survey",
    task_description: "How do you like the weather?",
    task_schema: TASK_SCHEMA,
    subsidy_per_call_cents: 5,
    estimated_task_duration_seconds: 30,
    ...changes,
  });
  const id = campaign["campaign_id"] as never as string;
  if (fundCents > 0) {
    await admin(url, `/admin/sponsors/${sponsor_id}/credits`, {
      campaign_id: id,
      amount_cents: fundCents,
      reference: `fund ${id}`,
    });
  }
  return id;
}

export const CONSENT = { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false };

export async function completeTask(url: string, token: string, campaignId: string): Promise<void> {
  await post(url, `/agent/tasks/${campaignId}/complete`, token, {
    task_data: { score: 4 },
    consent: CONSENT,
  });
}
