import { setTimeout as sleep } from "node:timers/promises";
import type { Profile } from "./fill-schema.ts";
import { fillSchema, withoutRefused } from "./fill-schema.ts";

/** A next action as the API sends it. The follower knows nothing else of the API. */
export interface NextAction {
  action: string;
  endpoint: string;
  // What a concise answer leaves out has its usual value: GET, `agent_` and the action, and the session.
  method?: string;
  operation_id?: string;
  auth?: "session" | "api_key" | "x402" | "none";
  params?: Record<string, unknown>;
  params_schema?: Record<string, unknown>;
  description?: string;
}

export interface Body {
  status: "success" | "error";
  data?: Record<string, unknown>;
  error_code?: string;
  retry_allowed?: boolean;
  retry_after_seconds?: number;
  message?: string;
  details?: Record<string, unknown>;
  field_errors?: { path: string; keyword: string }[];
  next_actions: NextAction[];
}

/** Makes the call of a next action. It adds the credential that the action asks for. */
export type Send = (
  action: NextAction,
  fields: Record<string, unknown>,
) => Promise<{ status: number; body: Body }>;

export interface Step {
  action: string;
  method: string;
  endpoint: string;
  sent: Record<string, unknown>;
  status: number;
  body: Body;
}

export interface FollowerOptions {
  send: Send;
  /** The only call it knows. */
  first: NextAction;
  profile: Profile;
  /** Fields that the agent adds, by action name, such as the search query. */
  goal?: Record<string, Record<string, unknown>>;
  onStep?: (step: Step) => void | Promise<void>;
  /** Called when an approval was opened. Shows it to the person. */
  onApproval?: (details: Record<string, unknown>) => Promise<void>;
  /** How often it asks the same again while a person decides, or a payment is pending. Default: as often as it has steps. */
  patience?: number;
  /** Waits so many seconds. */
  wait?: (seconds: number) => Promise<void>;
  maxSteps?: number;
}

export interface Reached {
  /** The response that had the output, of the run or of its payment. */
  run: Record<string, unknown>;
  /** The final state of the payment. */
  payment: Record<string, unknown>;
}

/** Where following next actions ends. */
export type End = { steps: Step[] } & (
  | ({ kind: "reached" } & Reached)
  /** A person has to answer, or a payment isn't decided. */
  | { kind: "waiting" }
  /** What failed may succeed later. */
  | { kind: "later" }
  /** There is no next action, or those that there are lead in a circle. */
  | { kind: "nothing" }
);

/** The call of an agent that has nothing but its key. @param wish user, scopes, budget */
export const openingCall = (
  wish: Record<string, unknown>,
  surface: "agent" | "gpt" = "agent",
): NextAction => ({
  ...{ action: "auth", method: "POST", endpoint: `/${surface}/auth`, operation_id: `${surface}_auth` },
  ...{ auth: "api_key", params: wish, description: "Open a session with your API key." },
});

/** @throws Error with the last response, if the agent didn't get its output */
export function requireReached(end: End): Reached {
  if (end.kind === "reached") return end;
  throw new Error(`the agent didn't get its output: ${JSON.stringify(end.steps.at(-1)?.body)}`);
}

const POLL_SECONDS = 0.5;

/** How often a call that may succeed later is repeated. */
const MOST_TRIES = 3;

/**
 * Acts as an agent that knows only one call. After each response it does the first next action that it can do, until it has the
 * output of a run and that run's payment is no longer pending. It has no money, so it never pays directly, and it doesn't repeat a
 * call that was refused for good.
 * @throws Error with the last response, if the step limit is reached
 */
export async function followNextActions(options: FollowerOptions): Promise<End> {
  const { send, goal = {}, onStep, onApproval, maxSteps = 60, patience = maxSteps } = options;
  const wait = options.wait ?? ((seconds: number) => sleep(seconds * 1000));
  let { profile, first: action } = options;
  const steps: Step[] = [];
  /** The steps after calls that had an answer which leads on to the same call. */
  const seen = new Map<string, number[]>();
  /** Calls that can't succeed as they are. */
  const refused = new Set<string>();
  let run: Record<string, unknown> | undefined;
  let shownUserCode: unknown;
  let polls = 0;
  let tries = 0;
  const fieldsOf = ({
    action: name,
    params,
    params_schema: schema,
  }: NextAction): Record<string, unknown> => ({
    ...(schema !== undefined && (fillSchema(schema, profile) as Record<string, unknown>)),
    ...params,
    ...goal[name],
  });

  while (steps.length < maxSteps) {
    const sent = fieldsOf(action);
    const { status, body } = await send(action, sent);
    const { method = "GET", endpoint } = action;
    const step = { action: action.action, method, endpoint, sent, status, body };
    steps.push(step);
    await onStep?.(step);

    const { error_code, retry_after_seconds } = body;
    // GPT responses are flat: the fields of `data` are at the top level.
    const data = body.data ?? (body as unknown as Record<string, unknown>);
    if (error_code === "rate_limited") {
      // Calls before that time would get the session suspended.
      await wait(retry_after_seconds ?? 1);
      continue;
    }
    if (data["output"] !== undefined && data["output_unavailable_reason"] === undefined) run = data;
    const payment = paymentIn(data);
    if (run !== undefined && payment !== undefined && payment["status"] !== "pending")
      return { kind: "reached", run, payment, steps };

    // While the person decides, each poll returns the same approval. It is shown only once.
    const approval = approvalIn(body);
    if (approval !== undefined && approval["user_code"] !== shownUserCode) {
      shownUserCode = approval["user_code"];
      await onApproval?.(approval);
    }
    // A value that was refused isn't sent again, so the same calls can have other answers.
    if (body.field_errors !== undefined) {
      profile = withoutRefused(profile, body.field_errors);
      seen.clear();
    }

    if (body.retry_allowed === false) refused.add(JSON.stringify([endpoint, sent]));
    // Another session may do what the one before could not.
    if (data["session_token"] !== undefined) refused.clear();
    const following = body.next_actions.find(
      (one) => one.auth !== "x402" && !refused.has(JSON.stringify([one.endpoint, fieldsOf(one)])),
    );
    if (following === undefined) {
      if (error_code === undefined || body.retry_allowed !== true) return { kind: "nothing", steps };
      tries += 1;
      // A person's answer takes longer than a repair.
      if (approval !== undefined && tries > patience) return { kind: "waiting", steps };
      if (approval === undefined && tries >= MOST_TRIES) return { kind: "later", steps };
      await wait(retry_after_seconds ?? 1);
      continue;
    }
    tries = 0;
    const call = JSON.stringify([action.action, sent, error_code, following]);
    const before = seen.get(call) ?? [];
    const circle = steps.slice(before.at(-1) ?? Infinity);
    if (isPoll(action, body, following) || circle.some((one) => approvalIn(one.body) !== undefined)) {
      polls += 1;
      if (polls > patience) return { kind: "waiting", steps };
      await wait(POLL_SECONDS);
    } else if (before.length > 1) {
      // Once around can be right: after a session has ended, the next one begins as that one did.
      return { kind: "nothing", steps };
    }
    seen.set(call, [...before, steps.length]);
    action = following;
  }
  throw new Error(`stuck after ${steps.length} steps: ${JSON.stringify(steps.at(-1)?.body)}`);
}

/**
 * Whether an answer only says to ask again. Not so a refusal that can't turn into a success, and a search that found nothing, which
 * leads to another one.
 */
const isPoll = (made: NextAction, body: Body, following: NextAction): boolean =>
  following.action === made.action &&
  following.endpoint === made.endpoint &&
  body.retry_allowed !== false &&
  made.action !== "search_services";

/** What a person is asked, in an error or in a GPT's sign-in. */
function approvalIn(body: Body): Record<string, unknown> | undefined {
  const fields = [body.details, body.data, body as unknown as Record<string, unknown>];
  return fields.find((one) => one?.["user_code"] !== undefined);
}

/** The payment that a response is about. A GPT's record of one payment lists it. */
function paymentIn(data: Record<string, unknown>): Record<string, unknown> | undefined {
  const { payment, payments } = data as { payment?: Record<string, unknown>; payments?: unknown };
  if (payment !== undefined || data["output"] === undefined) return payment;
  return (payments as Record<string, unknown>[] | undefined)?.[0];
}
