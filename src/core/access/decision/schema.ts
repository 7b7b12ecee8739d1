import { z } from "zod";
import { ApprovalKind } from "../approval/index.ts";
import {
  Cents,
  DataTypeField,
  ExplicitScopes,
  Id,
  RequestTimestamp,
  Timestamp,
} from "../../protocol/fields.ts";

const decision = {
  approval_id: Id,
  decision: z.enum(["approve", "deny"]),
};
const terms = {
  scopes: ExplicitScopes.optional(),
  budget_limit_cents: Cents.optional(),
  expires_at: RequestTimestamp.optional(),
};

export const DecideApprovalInput = z.strictObject({
  ...decision,
  user_id: Id.meta({ description: "Internal id of the user who decides" }),
  ...terms,
});
export const DecideApprovalOutput = z.object({
  approval_id: z.string(),
  status: z.enum(["approved", "denied"]),
  grant_id: z.string().optional(),
});

/** The same by the person. The budget of a grant is in all, as `asks` and `present` of their page are. */
export const DecideQuestionInput = z.strictObject({ ...decision, ...terms });
export const ReadQuestionInput = z.strictObject({ approval_id: Id });
export const EnterCodeInput = z.strictObject({ approval_id: Id, code: z.string().max(40) });

const Terms = z.object({ scopes: ExplicitScopes, budget_limit_cents: z.number(), expires_at: Timestamp });

/** Something that may be chosen, and whether the agent's present grant has it. */
const Choice = z.object({ name: z.string(), held: z.boolean() });

export const Question = z.object({
  approval_id: z.string(),
  kind: ApprovalKind,
  asked_at: Timestamp,
  expires_at: Timestamp,
  agent: z.object({
    name: z.string().meta({ description: "Who asks, in the words of the agent's owner" }),
    owner_domain: z.string().nullable().meta({ description: "Where its owner has proven an e-mail address" }),
    return_url: z.string().nullable().meta({ description: "Where its owner lets people go back to" }),
  }),
  asked_from: z.object({ address: z.string().nullable() }),
  returns_to: z.string().nullable().meta({
    description: "Where the person goes with the answer: a host, or the scheme of an app. null: nowhere",
  }),
  asks: z.object({
    task_types: z.array(Choice),
    data_types: z.array(z.object({ type: DataTypeField, held: z.boolean() })),
    categories: z.array(Choice),
    budget_limit_cents: z.number().nullable().meta({
      description:
        "Of a grant, in all: what its present one has spent, and what the agent asks for. null: no money is asked for",
    }),
    above_rule: z.boolean().meta({
      description: "The budget would do, but the person wants to be asked before a call that costs so much",
    }),
    expires_in_seconds: z
      .number()
      .nullable()
      .meta({ description: "null: the agent leaves the time to the person" }),
  }),
  present: Terms.extend({ spent_cents: z.number() })
    .nullable()
    .meta({ description: "What the person allowed this agent before, and still does" }),
  service: z.object({ service_key: z.string(), name: z.string(), sponsor: z.string() }).nullable(),
  campaign: z
    .object({ name: z.string(), purpose: z.string(), sponsor: z.string(), retention_days: z.number().int() })
    .nullable(),
});
export type Question = z.infer<typeof Question>;

/** What the page of an approval shows to the person who is signed in. */
export const approvalPageOf = <Shown extends z.ZodType>(question: Shown) =>
  z.discriminatedUnion("state", [
    z.object({
      state: z.literal("code_needed"),
      approval_id: z.string(),
      tries_left: z.number().int(),
      expires_at: Timestamp,
    }),
    z.object({ state: z.literal("open"), question }),
    z.object({
      state: z.literal("decided"),
      status: z.enum(["approved", "denied"]),
      question,
      granted: Terms.nullable().meta({ description: "What the agent may do now. null: nothing" }),
      continue_at: z.string().nullable().meta({
        description: "The path that takes the answer to the app that waits for it. null: none waits",
      }),
    }),
    z
      .object({ state: z.literal("ended") })
      .meta({ description: "Its time is over, or the code was wrong too often" }),
  ]);
export type ApprovalPage = z.infer<ReturnType<typeof approvalPageOf<typeof Question>>>;

export interface ListQuestionsOutput {
  questions: Question[];
}
