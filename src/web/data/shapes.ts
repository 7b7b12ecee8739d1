import type { inferRouterOutputs } from "@trpc/server";
import type { ConsoleRouter } from "../../api/console-router.ts";

type Outputs = inferRouterOutputs<ConsoleRouter>["user"];

export type Me = Outputs["session"]["me"]["data"];
export type ApprovalPage = Outputs["approvals"]["get"]["data"];
export type Question = Extract<ApprovalPage, { state: "open" }>["question"];
export type Decided = Extract<ApprovalPage, { state: "decided" }>;
export type Scopes = NonNullable<Decided["granted"]>["scopes"];
export type DataType = Scopes["allowed_data_types"][number];
export type AgentRow = Outputs["agents"]["list"]["data"]["agents"][number];
export type PaymentRow = Outputs["payments"]["list"]["data"]["payments"][number];
export type CallRow = Outputs["activity"]["list"]["data"]["calls"][number];
export type SharedRow = Outputs["consents"]["list"]["data"]["consents"][number];
export type OwnDataRow = Outputs["data"]["list"]["data"]["types"][number];
export type OwnPreferences = Outputs["preferences"]["get"]["data"];
export type BuiltAgentRow = Outputs["build"]["list"]["data"]["agents"][number];
export type OfferedAgent = Outputs["build"]["list"]["data"]["offered"][number];
export type BuiltAgent = Outputs["build"]["get"]["data"];
export type BuiltClient = Outputs["build"]["client"]["get"]["data"];
export type WebhookList = Outputs["build"]["webhooks"]["list"]["data"];
export type Webhook = WebhookList["webhooks"][number];
export type WebhookEvent = Webhook["event_types"][number];
export type WebhookPage = Outputs["build"]["webhooks"]["deliveries"]["data"];
export type WebhookDelivery = WebhookPage["deliveries"][number];
export type AgentUsage = Outputs["build"]["usage"]["data"];
export type OwnTask = Outputs["tasks"]["get"]["data"];
export type Outcome = CallRow["outcome"];
