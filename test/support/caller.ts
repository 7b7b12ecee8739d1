import { randomUUID } from "node:crypto";
import type { Transport } from "./call.ts";
import { call } from "./call.ts";
import type { Answer, RestOptions } from "./server.ts";
import { ADMIN_KEY, rest, trpc } from "./server.ts";
import { daysFromNow } from "./time.ts";
import type { Behaviour, Upstream } from "./upstream.ts";

export interface GrantOfUser {
  user_id: string;
  agent_id: string;
  agent_key: string;
  /** The id by which the agent knows the user. */
  subject: string;
  grant_id: string;
}

export interface SponsorWithKey {
  sponsor_id: string;
  key: string;
}

/** A service that a campaign pays for, after a task that the session's user has completed. */
export interface ReadyService {
  sponsor: SponsorWithKey;
  grant: GrantOfUser;
  /** A session's token. */
  token: string;
  service: string;
  campaignId: string;
}

export const EVERYTHING = { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] };

export const GRANT_SCOPES = {
  allowed_task_types: ["survey", "registration"],
  allowed_data_types: ["region", "email"],
  allowed_categories: ["weather", "travel"],
};

export const INPUT_SCHEMA = {
  type: "object",
  properties: { n: { type: "integer" }, place: { type: "string", maxLength: 50 } },
  additionalProperties: false,
};

export const TASK_SCHEMA = {
  type: "object",
  properties: {
    region: { type: "string", "x-data-type": "region" },
    score: { type: "integer", minimum: 1, maximum: 5 },
  },
  required: ["score"],
  additionalProperties: false,
};

export const CONSENT = { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false };

/** The API of one server, called as its operator, a sponsor and an agent would. Every argument has a default. */
export class Caller {
  readonly #url: () => string;

  /** @param url read at each call, so that a caller can be made before its server has started */
  constructor(url: string | (() => string)) {
    this.#url = typeof url === "string" ? () => url : url;
  }

  get url(): string {
    return this.#url();
  }

  rest(method: string, path: string, options?: RestOptions): Promise<Answer> {
    return rest(this.url, method, path, options);
  }

  /** Calls an operation by its tRPC path, such as `agent.getTask`. The answer's body is the envelope on either transport. */
  call(
    name: string,
    input: Record<string, unknown>,
    token?: string,
    transport: Transport = "rest",
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return call(this.url, name, input, token, transport, headers);
  }

  trpc(token?: string, headers?: Record<string, string>): ReturnType<typeof trpc> {
    return trpc(this.url, token, headers);
  }

  /** Posts, and returns the answer's data. @throws Error with the answer if the call was refused */
  async post(path: string, token: string, body: unknown): Promise<Record<string, never>> {
    const answer = await this.rest("POST", path, { token, body });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.data as Record<string, never>;
  }

  admin(path: string, body: unknown): Promise<Record<string, never>> {
    return this.post(path, ADMIN_KEY, body);
  }

  /** Calls an operation of the administrator, such as `createUser`. */
  callAdmin(
    operation: string,
    input: Record<string, unknown>,
    transport: Transport = "rest",
  ): Promise<Answer> {
    return this.call(`admin.${operation}`, input, ADMIN_KEY, transport);
  }

  async createUser(changes: Record<string, unknown> = {}): Promise<string> {
    const user = {
      email: `${randomUUID()}@example.com`,
      region: "PT",
      roles: ["developer"],
      tools_used: [],
      attributes: {},
    };
    return (await this.admin("/admin/users", { ...user, ...changes }))["user_id"] as never;
  }

  /** A grant for a new agent, by this user or else by a new one. */
  async createGrant({
    budgetCents = 100,
    scopes = GRANT_SCOPES,
    user = {},
    userId: givenUserId,
  }: {
    budgetCents?: number;
    scopes?: unknown;
    user?: Record<string, unknown>;
    userId?: string;
  } = {}): Promise<GrantOfUser> {
    const userId = givenUserId ?? (await this.createUser(user));
    const agent = await this.admin("/admin/agents", { name: "Test agent" });
    const ids = { user_id: userId, agent_id: agent["agent_id"] as never as string };
    const grant = await this.putGrant(ids, { budgetCents, scopes });
    return {
      user_id: userId,
      agent_id: agent["agent_id"] as never,
      agent_key: agent["api_key"] as never,
      subject: grant["user_id"] as never,
      grant_id: grant["grant_id"] as never,
    };
  }

  /** Creates a user's grant for an agent, or replaces the one they have. */
  putGrant(
    { user_id, agent_id }: Pick<GrantOfUser, "user_id" | "agent_id">,
    {
      budgetCents = 100,
      scopes = GRANT_SCOPES,
      expiresAt = daysFromNow(3),
    }: { budgetCents?: number; scopes?: unknown; expiresAt?: string } = {},
  ): Promise<Record<string, never>> {
    return this.admin("/admin/grants", {
      ...{ user_id, agent_id, scopes },
      budget_limit_cents: budgetCents,
      expires_at: expiresAt,
    });
  }

  async openSession(
    grant: Pick<GrantOfUser, "agent_key" | "subject">,
    { budgetCents = 50, scopes = EVERYTHING }: { budgetCents?: number; scopes?: unknown } = {},
  ): Promise<{ token: string; session_id: string }> {
    const session = await this.post("/agent/auth", grant.agent_key, {
      user_id: grant.subject,
      scopes,
      budget_limit_cents: budgetCents,
    });
    return {
      token: session["session_token"] as never,
      session_id: session["session_id"] as never,
    };
  }

  async createSponsor(name = "Acme", wallet_address?: string): Promise<SponsorWithKey> {
    const created = await this.admin("/admin/sponsors", { name, wallet_address });
    return { sponsor_id: created["sponsor_id"] as never, key: created["api_key"] as never };
  }

  /** Registers what an upstream sells. Returns the service's key. */
  async registerApi(
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
    await this.post("/sponsor/apis", sponsorKey, { ...api, ...changes });
    return key;
  }

  /** Creates a campaign and credits its budget. Returns its id. */
  async createCampaign(
    { sponsor_id, key }: SponsorWithKey,
    serviceKeys: string[],
    { fundCents = 1_000, ...changes }: Record<string, unknown> & { fundCents?: number } = {},
  ): Promise<string> {
    const campaign = await this.post("/sponsor/campaigns", key, {
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
    if (fundCents > 0) await this.bookCredit(sponsor_id, { campaign_id: id }, fundCents);
    return id;
  }

  /** Credits a campaign's budget, or the open budget of a sponsored API. */
  async bookCredit(
    sponsorId: string,
    target: { campaign_id: string } | { service_key: string },
    amountCents: number,
  ): Promise<void> {
    await this.admin(`/admin/sponsors/${sponsorId}/credits`, {
      ...target,
      amount_cents: amountCents,
      reference: `credit ${randomUUID()}`,
    });
  }

  async completeTask(token: string, campaignId: string): Promise<void> {
    await this.post(`/agent/tasks/${campaignId}/complete`, token, {
      task_data: { score: 4 },
      consent: CONSENT,
    });
  }

  /** Runs a service. @param body what the call takes besides the service's key, such as `input` */
  run(
    token: string,
    service: string,
    body: Record<string, unknown> = {},
    transport: Transport = "rest",
  ): Promise<Answer> {
    return this.call("agent.runService", { service_key: service, ...body }, token, transport);
  }

  /** Approves as the user. @param terms what the approval narrows, such as `scopes` */
  approve(approvalId: string, userId: string, terms: Record<string, unknown> = {}): Promise<Answer> {
    const decision = { approval_id: approvalId, user_id: userId, decision: "approve", ...terms };
    return this.callAdmin("decideApproval", decision);
  }

  /** Stops all payments of the installation, or lets them go on. */
  setPaymentSwitch(paused: boolean, reason?: string): Promise<Answer> {
    const input = { paused, ...(reason !== undefined && { reason }) };
    return this.callAdmin("setPaymentSwitch", input);
  }
}
