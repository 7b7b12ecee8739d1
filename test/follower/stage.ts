import { randomUUID } from "node:crypto";
import { expectSuccess } from "../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../support/caller.ts";
import type { SessionWish, SurfaceKind } from "../support/surfaces.ts";
import { daysFromNow } from "../support/time.ts";
import type { Behaviour } from "../support/upstream.ts";
import type { World } from "../support/use-world.ts";

/** What is there before an agent begins, where it differs from the usual. */
export interface Given {
  behaviour?: Behaviour;
  api?: Record<string, unknown>;
  campaign?: Record<string, unknown> & { fundCents?: number };
  grant?: { budgetCents?: number; dataTypes?: string[] };
  /** What the agent asks for when it opens its session. Default: 50 cents, and all that the person allows. */
  session?: (stage: Stage) => SessionWish;
  /** The user has done the campaign's task before. */
  taskDone?: boolean;
}

const INPUT_SCHEMA = {
  type: "object",
  properties: { place: { type: "string", maxLength: 50 } },
  required: ["place"],
  additionalProperties: false,
};

const FORECAST = { name: "Forecast", description: "The weather of tomorrow", input_schema: INPUT_SCHEMA };

/** One situation's own user, agent, sponsor, campaign and service. Its category keeps other situations' services out of sight. */
export class Stage {
  readonly category = `weather-${randomUUID().slice(0, 8)}`;
  /** Another category that the person allows. */
  readonly otherCategory = `${this.category}-2`;
  grant!: GrantOfUser;
  sponsor!: SponsorWithKey;
  service!: string;
  campaignId!: string;
  /** The token of the agent's session, on its surface. */
  session = "";
  readonly world: World;
  readonly kind: SurfaceKind;

  constructor(world: World, kind: SurfaceKind) {
    this.world = world;
    this.kind = kind;
  }

  async setUp({ behaviour, api, campaign, grant, taskDone = false }: Given): Promise<void> {
    const { world } = this;
    const offer = await world.offerService({
      ...(behaviour !== undefined && { behaviour }),
      api: { ...FORECAST, categories: [this.category], ...api },
      campaign: { fundCents: 100, ...campaign },
    });
    Object.assign(this, offer);
    this.grant = await world.createGrant({
      budgetCents: grant?.budgetCents ?? 100,
      scopes: this.scopes({ allowed_data_types: grant?.dataTypes ?? ["region", "email"] }),
    });
    if (taskDone) await world.completeTask((await this.otherSession()).token, this.campaignId);
  }

  /** What the person allows. */
  scopes(changes: Record<string, string[]> = {}): Record<string, string[]> {
    return {
      allowed_task_types: ["survey", "registration"],
      allowed_data_types: ["region", "email"],
      allowed_categories: [this.category, this.otherCategory],
      ...changes,
    };
  }

  /** Another session of the same grant, with money for one run. */
  otherSession(): Promise<{ token: string; session_id: string }> {
    return this.world.openSession(this.grant, { budgetCents: 2 });
  }

  /** The person says yes. @param terms what they narrow; a new grant needs all of it */
  async approve(asked: Asked, terms: Record<string, unknown> = {}): Promise<void> {
    expectSuccess(await this.world.approve(idOf(asked), this.grant.user_id, terms));
  }

  /** The person says yes to an agent that they don't know. */
  approveNew(asked: Asked, terms: Record<string, unknown> = {}): Promise<void> {
    const grant = { scopes: this.scopes(), budget_limit_cents: 20, expires_at: daysFromNow(1) };
    return this.approve(asked, { ...grant, ...terms });
  }

  async deny(asked: Asked): Promise<void> {
    const decision = { approval_id: idOf(asked), user_id: this.grant.user_id, decision: "deny" };
    expectSuccess(await this.world.callAdmin("decideApproval", decision));
  }

  /** Another offer that the agent can find. */
  async offerAnother(
    given: Given = {},
  ): Promise<{ service: string; campaignId: string; sponsor: SponsorWithKey }> {
    return this.world.offerService({
      ...(given.behaviour !== undefined && { behaviour: given.behaviour }),
      api: { ...FORECAST, categories: [this.category], ...given.api },
      campaign: { fundCents: 100, ...given.campaign },
    });
  }

  async pauseCampaign(): Promise<void> {
    await this.changeCampaign({ active: false });
  }

  async changeCampaign(change: Record<string, unknown>): Promise<void> {
    const input = { campaign_id: this.campaignId, ...change };
    expectSuccess(await this.world.call("sponsor.changeCampaign", input, this.sponsor.key));
  }

  async changeService(change: Record<string, unknown>): Promise<void> {
    const input = { service_key: this.service, ...change };
    expectSuccess(await this.world.call("sponsor.changeApi", input, this.sponsor.key));
  }

  /** Nobody finds the service any more. */
  async close(): Promise<void> {
    await this.changeService({ active: false });
  }

  /** Three violations of another session suspend the whole grant. */
  async suspend(): Promise<void> {
    const { token } = await this.world.openSession(this.grant, {
      scopes: this.scopes({ allowed_categories: [] }),
    });
    for (let violations = 0; violations < 3; violations += 1)
      await this.world.run(token, this.service, { input: { place: "Faro" } });
  }

  /** The person takes the suspension back. */
  async resume(): Promise<void> {
    const { id } = await this.world.db.agentSession.findFirstOrThrow({
      where: { grantId: this.grant.grant_id },
    });
    expectSuccess(await this.world.callAdmin("resumeSession", { session_id: id }));
  }
}

/** What a person is asked, as an agent got it. A GPT's sign-in has another name for the id. */
export type Asked = Record<string, unknown>;

const idOf = ({ approval_id, auth_request_id }: Asked): string => String(approval_id ?? auth_request_id);
