import type { Failure } from "../../data/failure.ts";
import type { Campaign, CampaignInput, ServiceRow } from "../../data/shapes.ts";
import { readCents, readObject, readWords, writeJson } from "../services/json-text.ts";
import type { Question } from "./question-schema.ts";
import { newQuestion, problemOf, schemaOf } from "./question-schema.ts";

/** A campaign that is being made, as it is typed. */
export interface Draft {
  name: string;
  services: string[];
  others: string;
  subsidy: string;
  calls: string;
  roles: string;
  tools: string;
  taskType: string;
  taskName: string;
  description: string;
  seconds: string;
  purpose: string;
  retention: string;
  how: "form" | "own";
  questions: Question[];
  schema: string;
  holdback: (typeof HOLDBACKS)[number];
  holdbackMinutes: string;
  holdbackUrl: string;
  holdbackRule: string;
}

/** Who accepts answers before they unlock calls. */
export const HOLDBACKS = ["nobody", "hand", "rule", "webhook"] as const;
const MOST_HOLDBACK_MINUTES = 24 * 60;

/** @param service what it is to pay for, if that is known: it pays as much as the service may cost */
export const emptyDraft = (service?: Pick<ServiceRow, "service_key" | "price_cents">): Draft => ({
  ...{ name: "", services: [], others: "", subsidy: "", calls: "10", roles: "", tools: "" },
  ...{ taskType: "survey", taskName: "", description: "", seconds: "60", purpose: "", retention: "365" },
  ...{ how: "form", questions: [newQuestion()], schema: "" },
  ...draftOfHoldback(null),
  ...(service !== undefined && { services: [service.service_key], subsidy: String(service.price_cents) }),
});

const draftOfHoldback = (
  holdback: Campaign["holdback"],
): Pick<Draft, "holdback" | "holdbackMinutes" | "holdbackUrl" | "holdbackRule"> => ({
  holdback: holdback?.by ?? "nobody",
  holdbackMinutes: holdback?.limit_minutes === undefined ? "" : String(holdback.limit_minutes),
  holdbackUrl: holdback?.url ?? "",
  holdbackRule: holdback?.schema === undefined ? "" : writeJson(holdback.schema),
});

/** A campaign that is there, to be changed or copied. */
export const draftOf = (campaign: Campaign, ownKeys: readonly string[]): Draft => ({
  name: campaign.name,
  services: campaign.service_keys.filter((key) => ownKeys.includes(key)),
  others: campaign.service_keys.filter((key) => !ownKeys.includes(key)).join(", "),
  subsidy: String(campaign.subsidy_per_call_cents),
  calls: campaign.max_calls_per_user === null ? "" : String(campaign.max_calls_per_user),
  roles: campaign.target_roles.join(", "),
  tools: campaign.target_tools.join(", "),
  taskType: campaign.task_type,
  taskName: campaign.required_task,
  description: campaign.task_description,
  seconds:
    campaign.estimated_task_duration_seconds === null ? "" : String(campaign.estimated_task_duration_seconds),
  purpose: campaign.purpose,
  retention: String(campaign.retention_days),
  how: "own",
  questions: [],
  schema: writeJson(campaign.task_schema),
  ...draftOfHoldback(campaign.holdback),
});

export type FieldName = Exclude<keyof Draft, "others" | "how" | "holdback">;

/** A whole number, or none if it may be left out. Undefined: it is neither. */
function readWhole(text: string, mayBeEmpty: boolean): number | null | undefined {
  if (text.trim() === "") return mayBeEmpty ? null : undefined;
  return /^\d{1,7}$/.test(text.trim()) && Number(text) > 0 ? Number(text) : undefined;
}

/** Who accepts answers, as it can be sent. Null: nobody. Of the fields, only those of the chosen kind count. */
function readHoldback({
  holdback: by,
  ...draft
}: Draft): { wish: CampaignInput["holdback"] } | { wrong: FieldName } {
  if (by === "nobody") return { wish: null };
  if (by === "rule") {
    const schema = readObject(draft.holdbackRule);
    return schema === undefined ? { wrong: "holdbackRule" } : { wish: { by, schema } };
  }
  const minutes = readWhole(draft.holdbackMinutes, true);
  if (minutes === undefined || (minutes ?? 1) > MOST_HOLDBACK_MINUTES) return { wrong: "holdbackMinutes" };
  const limit = minutes === null ? {} : { limit_minutes: minutes };
  if (by === "hand") return { wish: { by, ...limit } };
  const url = draft.holdbackUrl.trim();
  return URL.canParse(url) ? { wish: { by, url, ...limit } } : { wrong: "holdbackUrl" };
}

/** What can be sent; or the fields in which something is missing. */
export function readDraft(draft: Draft): { input: CampaignInput } | { wrong: FieldName[] } {
  const service_keys = [...new Set([...draft.services, ...readWords(draft.others)])];
  const subsidy = readCents(draft.subsidy);
  const calls = readWhole(draft.calls, true);
  const seconds = readWhole(draft.seconds, true);
  const retention = readWhole(draft.retention, false);
  const isForm = draft.how === "form";
  const areRight = draft.questions.length > 0 && draft.questions.every((one) => problemOf(one) === undefined);
  const schema = isForm ? (areRight ? schemaOf(draft.questions) : undefined) : readObject(draft.schema);
  const holdback = readHoldback(draft);
  const checks: [boolean, FieldName][] = [
    [draft.name.trim() === "", "name"],
    [service_keys.length === 0, "services"],
    [subsidy === undefined, "subsidy"],
    [calls === undefined, "calls"],
    [draft.taskName.trim() === "", "taskName"],
    [draft.description.trim() === "", "description"],
    [seconds === undefined, "seconds"],
    [draft.purpose.trim() === "", "purpose"],
    [retention === undefined, "retention"],
    [schema === undefined, isForm ? "questions" : "schema"],
  ];
  const wrong = checks.flatMap(([isWrong, name]) => (isWrong ? [name] : []));
  if ("wrong" in holdback) return { wrong: [...wrong, holdback.wrong] };
  if (wrong.length > 0 || subsidy === undefined || schema === undefined || typeof retention !== "number")
    return { wrong };
  return {
    input: {
      name: draft.name,
      service_keys,
      target_roles: readWords(draft.roles),
      target_tools: readWords(draft.tools),
      required_task: draft.taskName,
      task_type: draft.taskType,
      task_description: draft.description,
      task_schema: schema,
      purpose: draft.purpose,
      retention_days: retention,
      subsidy_per_call_cents: subsidy,
      ...(typeof calls === "number" && { max_calls_per_user: calls }),
      ...(typeof seconds === "number" && { estimated_task_duration_seconds: seconds }),
      holdback: holdback.wish,
      active: false,
    },
  };
}

const PATHS: [string, FieldName][] = [
  ["/name", "name"],
  ["/service_keys", "services"],
  ["/subsidy_per_call_cents", "subsidy"],
  ["/max_calls_per_user", "calls"],
  ["/target_roles", "roles"],
  ["/target_tools", "tools"],
  ["/task_type", "taskType"],
  ["/required_task", "taskName"],
  ["/task_description", "description"],
  ["/estimated_task_duration_seconds", "seconds"],
  ["/purpose", "purpose"],
  ["/retention_days", "retention"],
  ["/task_schema", "schema"],
  ["/holdback/limit_minutes", "holdbackMinutes"],
  ["/holdback/url", "holdbackUrl"],
  ["/holdback/schema", "holdbackRule"],
];

/** The fields that the server refused. */
export const refusedFields = ({ fields }: Failure): FieldName[] =>
  PATHS.filter(([path]) => fields.some((field) => field === path || field.startsWith(`${path}/`))).map(
    ([, name]) => name,
  );

/** What a change of a campaign can hold: not its task, its purpose or how long answers are kept. */
export const changesOf = (input: CampaignInput) => ({
  name: input.name,
  service_keys: input.service_keys,
  target_roles: input.target_roles ?? [],
  target_tools: input.target_tools ?? [],
  subsidy_per_call_cents: input.subsidy_per_call_cents,
  max_calls_per_user: input.max_calls_per_user ?? null,
  holdback: input.holdback ?? null,
  ...(input.estimated_task_duration_seconds !== undefined && {
    estimated_task_duration_seconds: input.estimated_task_duration_seconds,
  }),
});
