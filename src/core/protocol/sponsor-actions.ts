import type { Hint } from "./action-hint.ts";

/** What a sponsor's program can call next. */
export type SponsorAction =
  | Hint<"register_api">
  | Hint<"get_api", { service_key: string }>
  | Hint<"change_api", { service_key: string }>
  | Hint<"fund_api", { service_key: string }>
  | Hint<"create_campaign">
  | Hint<"get_campaign", { campaign_id: string }>
  | Hint<"change_campaign", { campaign_id: string }>
  | Hint<"fund_campaign", { campaign_id: string }>
  | Hint<"list_answers", { campaign_id: string }>
  | Hint<"get_withdrawal", { withdrawal_id: string }>;

export type SponsorActionName = SponsorAction["action"];

/** Paying needs the amount. The answer is a 402, whose terms any x402 client pays. */
const FUND = {
  params: {},
  paramsSchema: {
    type: "object",
    properties: {
      amount_cents: { type: "number", exclusiveMinimum: 0, description: "What to pay, in cents." },
    },
    required: ["amount_cents"],
  },
} as const;

/** Builds the next actions of sponsors, one function for each operation. */
export const nextForSponsor = {
  registerApi: (): SponsorAction => ({
    action: "register_api",
    path: {},
    params: {},
    description: "Register an API that agents can run. Its fields are in the operation's schema.",
  }),

  getApi: (serviceKey: string): SponsorAction => ({
    action: "get_api",
    path: { service_key: serviceKey },
    params: {},
    description: "See the API's budget, terms and figures.",
  }),

  resumeApi: (serviceKey: string, description: string): SponsorAction => ({
    action: "change_api",
    path: { service_key: serviceKey },
    params: { active: true },
    description,
  }),

  fundApi: (serviceKey: string): SponsorAction => ({
    action: "fund_api",
    path: { service_key: serviceKey },
    ...FUND,
    description: "Open the API's own budget, or add to it. Its calls then need no task.",
  }),

  createCampaign: (serviceKeys: string[]): SponsorAction => ({
    action: "create_campaign",
    path: {},
    params: serviceKeys.length === 0 ? {} : { service_keys: serviceKeys },
    description: "Pay for calls in return for a task. The other fields are in the operation's schema.",
  }),

  getCampaign: (campaignId: string): SponsorAction => ({
    action: "get_campaign",
    path: { campaign_id: campaignId },
    params: {},
    description: "See the campaign's budget and figures.",
  }),

  resumeCampaign: (campaignId: string): SponsorAction => ({
    action: "change_campaign",
    path: { campaign_id: campaignId },
    params: { active: true },
    description: "Start the campaign: it is paused, and pays for no calls.",
  }),

  fundCampaign: (campaignId: string): SponsorAction => ({
    action: "fund_campaign",
    path: { campaign_id: campaignId },
    ...FUND,
    description: "Add to the campaign's budget. It pays for calls once there is money in it.",
  }),

  listAnswers: (campaignId: string): SponsorAction => ({
    action: "list_answers",
    path: { campaign_id: campaignId },
    params: {},
    description: "Read the answers to the campaign's task.",
  }),

  getWithdrawal: (withdrawalId: string): SponsorAction => ({
    action: "get_withdrawal",
    path: { withdrawal_id: withdrawalId },
    params: {},
    description: "See whether the withdrawal has arrived.",
  }),
};
