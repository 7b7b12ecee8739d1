import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { consentPath } from "../../ports/authorization-server.ts";
import { centsToMicros, MAX_CENTS, microsToCents } from "../../protocol/amounts.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { DATA_TYPES } from "../../protocol/data-types.ts";
import { notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import { ownerDomainOf } from "../agent/index.ts";
import {
  BudgetRequest,
  CombinedRequest,
  DataRequest,
  GrantRequest,
  MOST_WRONG_CODES,
} from "../approval/index.ts";
import { toWire } from "../scope/index.ts";
import type { ApprovalPage, ListQuestionsOutput, Question, ReadQuestionInput } from "./schema.ts";
import type { AskedQuestion } from "./store.ts";
import {
  findCampaignAskedAbout,
  findPresentGrant,
  findQuestion,
  findServiceAskedAbout,
  listOpenQuestions,
} from "./store.ts";

/** Everything that could be chosen, where an agent asks for all there is. */
interface Choices {
  taskTypes: string[];
  categories: string[];
}

type Context = Pick<Deps, "db"> & {
  actor: UserActor;
  /** Looks up what the catalogue has. */
  listChoices: () => Promise<Choices>;
};

const MOST_LISTED = 50;

/**
 * Returns an approval as its page shows it to the person who is signed in. Until they have entered the code that the agent
 * shows, the page tells nothing about the approval, not even who asks: a link alone must not tell or win anything.
 * @throws AppError `not_found` for an unknown approval, and for one that waits for somebody else
 */
export async function readQuestion(
  ctx: Context,
  input: z.infer<typeof ReadQuestionInput>,
): Promise<ApprovalPage> {
  const id = requireId(input.approval_id, "approval");
  const approval = await findQuestion(ctx.db, id, ctx.actor.userId);
  if (approval === undefined) throw notFound("approval");
  if (approval.codeEnteredAt === null) {
    return approval.status === "pending"
      ? {
          state: "code_needed",
          approval_id: id,
          tries_left: MOST_WRONG_CODES - approval.wrongCodes,
          expires_at: approval.expiresAt.toISOString(),
        }
      : { state: "ended" };
  }
  if (approval.status === "expired") return { state: "ended" };
  const question = await toQuestion(ctx, approval);
  if (approval.status === "pending") return { state: "open", question };
  const { authorizationId, expiresAt } = approval;
  const goesOn = authorizationId !== null && expiresAt > new Date();
  return {
    ...{ state: "decided", status: approval.status, question, granted: question.present },
    continue_at: goesOn ? consentPath(authorizationId) : null,
  };
}

/** Lists the open questions whose code this person has entered, the oldest first. */
export async function listQuestions(ctx: Context): Promise<ListQuestionsOutput> {
  const approvals = await listOpenQuestions(ctx.db, ctx.actor.userId, MOST_LISTED);
  const questions: Question[] = [];
  for (const approval of approvals) questions.push(await toQuestion(ctx, approval));
  return { questions };
}

type Asked = Pick<Question, "asks"> & { serviceKey?: string; campaignId?: string };

async function toQuestion(ctx: Context, approval: AskedQuestion): Promise<Question> {
  const { db, actor } = ctx;
  const present = await readPresent(db, actor.userId, approval.agentId);
  const { asks, serviceKey, campaignId } = await readAsked(ctx, approval, present);
  const service = serviceKey === undefined ? null : await findServiceAskedAbout(db, serviceKey);
  const campaign = campaignId === undefined ? null : await findCampaignAskedAbout(db, campaignId);
  return {
    approval_id: approval.id,
    kind: approval.kind,
    asked_at: approval.createdAt.toISOString(),
    expires_at: approval.expiresAt.toISOString(),
    agent: {
      name: approval.agent.name,
      owner_domain: ownerDomainOf(approval.agent),
      return_url: approval.agent.returnUrl,
    },
    asked_from: { address: approval.askedFrom },
    returns_to: approval.returnsTo,
    asks,
    present,
    service: service && {
      service_key: service.serviceKey,
      name: service.name,
      sponsor: service.sponsor.name,
    },
    campaign: campaign && {
      name: campaign.name,
      purpose: campaign.purpose,
      sponsor: campaign.sponsor.name,
      retention_days: campaign.retentionDays,
    },
  };
}

async function readPresent(db: Deps["db"], userId: string, agentId: string): Promise<Question["present"]> {
  const found = await findPresentGrant(db, userId, agentId);
  if (found === null) return null;
  const { grant, account } = found;
  return {
    scopes: toWire({
      taskTypes: grant.allowedTaskTypes,
      dataTypes: grant.allowedDataTypes as DataType[],
      categories: grant.allowedCategories,
    }),
    budget_limit_cents: microsToCents(account.limit),
    spent_cents: microsToCents(account.spent),
    expires_at: grant.expiresAt.toISOString(),
  };
}

async function readAsked(
  ctx: Context,
  { kind, requested }: AskedQuestion,
  present: Question["present"],
): Promise<Asked> {
  switch (kind) {
    case "grant":
    case "gpt_sign_in":
      return { asks: await readGrantRequest(ctx, inAll(GrantRequest.parse(requested), present), present) };
    case "data": {
      const { data_types, service_key, campaign_id } = DataRequest.parse(requested);
      return {
        asks: {
          ...NOTHING_ASKED,
          data_types: data_types.map((type) => ({ type, held: isHeld(present, "allowed_data_types", type) })),
        },
        ...(service_key !== null && { serviceKey: service_key }),
        ...(campaign_id !== null && { campaignId: campaign_id }),
      };
    }
    case "combined": {
      const { scopes, amount_cents, above_rule, service_key, campaign_id } = CombinedRequest.parse(requested);
      const asked = { scopes, budget_limit_cents: amount_cents ?? 0, expires_in_seconds: null };
      return {
        asks: {
          ...(await readGrantRequest(ctx, asked, present)),
          ...{ budget_limit_cents: amount_cents, above_rule: above_rule === true },
        },
        ...(service_key !== null && { serviceKey: service_key }),
        ...(campaign_id !== null && { campaignId: campaign_id }),
      };
    }
    case "budget": {
      const { amount_cents, above_rule, service_key, campaign_id } = BudgetRequest.parse(requested);
      return {
        asks: { ...NOTHING_ASKED, budget_limit_cents: amount_cents, above_rule: above_rule === true },
        serviceKey: service_key,
        ...(campaign_id !== null && { campaignId: campaign_id }),
      };
    }
  }
}

/** The request with the budget that it comes to, in all: what was spent stays spent, and the agent asks for what it may spend from now on. */
function inAll(
  request: z.infer<typeof GrantRequest>,
  present: Question["present"],
): z.infer<typeof GrantRequest> {
  const micros = centsToMicros(present?.spent_cents ?? 0) + centsToMicros(request.budget_limit_cents);
  return { ...request, budget_limit_cents: Math.min(microsToCents(micros), MAX_CENTS) };
}

const NOTHING_ASKED: Question["asks"] = {
  task_types: [],
  data_types: [],
  categories: [],
  budget_limit_cents: null,
  above_rule: false,
  expires_in_seconds: null,
};

const isHeld = (
  present: Question["present"],
  scope: "allowed_task_types" | "allowed_data_types" | "allowed_categories",
  name: string,
): boolean => present !== null && (present.scopes[scope] as string[]).includes(name);

async function readGrantRequest(
  { listChoices }: Context,
  { scopes, budget_limit_cents, expires_in_seconds }: z.infer<typeof GrantRequest>,
  present: Question["present"],
): Promise<Question["asks"]> {
  const asksForAll = Object.values(scopes).some(isEverything);
  const all = asksForAll ? await listChoices() : { taskTypes: [], categories: [] };
  const choices = (
    scope: "allowed_task_types" | "allowed_categories",
    everything: readonly string[],
  ): { name: string; held: boolean }[] =>
    (isEverything(scopes[scope]) ? everything : scopes[scope]).map((name) => ({
      name,
      held: isHeld(present, scope, name),
    }));
  const dataTypes = isEverything(scopes.allowed_data_types) ? DATA_TYPES : scopes.allowed_data_types;
  return {
    task_types: choices("allowed_task_types", all.taskTypes),
    data_types: (dataTypes as DataType[]).map((type) => ({
      type,
      held: isHeld(present, "allowed_data_types", type),
    })),
    categories: choices("allowed_categories", all.categories),
    budget_limit_cents,
    above_rule: false,
    expires_in_seconds,
  };
}

const isEverything = (list: readonly string[]): boolean => list.length === 1 && list[0] === "*";
