import { setTimeout as sleep } from "node:timers/promises";
import type { Profile } from "./fill-schema.ts";
import { fillSchema } from "./fill-schema.ts";

/** A next action as the API sends it. The follower knows nothing else of the API. */
interface NextAction {
  action: string;
  method: string;
  endpoint: string;
  auth: "session" | "api_key" | "x402" | "none";
  params: Record<string, unknown>;
  params_schema?: Record<string, unknown>;
  description: string;
}

interface Body {
  status: "success" | "error";
  data?: Record<string, unknown>;
  error_code?: string;
  retry_after_seconds?: number;
  message?: string;
  details?: Record<string, unknown>;
  next_actions: NextAction[];
}

export interface Step {
  action: string;
  method: string;
  endpoint: string;
  sent: Record<string, unknown>;
  status: number;
  body: Body;
}

export interface FollowerOptions {
  url: string;
  apiKey: string;
  /** The only route it knows. Default: `/agent/auth`; the GPT surface has another one. */
  start?: string;
  /** The body of the first request: user, scopes, budget. */
  wish: Record<string, unknown>;
  profile: Profile;
  /** Fields that the agent adds, by action name, such as the search query. */
  goal?: Record<string, Record<string, unknown>>;
  /** Sent with every request, such as the one that asks for quiet. */
  headers?: Record<string, string>;
  onStep?: (step: Step) => void;
  /** Called when an approval was opened. Shows it to the person. */
  onApproval?: (details: Record<string, unknown>) => Promise<void>;
  maxSteps?: number;
}

export interface Reached {
  /** The response of the run: output, payment and metadata. */
  run: Record<string, unknown>;
  /** The final state of the payment. */
  payment: Record<string, unknown>;
  steps: Step[];
}

const POLL_MS = 500;

/** If so many searches after each other lead only to another one, nothing can be found. */
const MOST_SEARCHES = 3;

/**
 * Acts as an agent that knows only one route, `POST /agent/auth`. After each response it does the first next
 * action, until it has the output of a run and that run's payment is no longer pending.
 * @throws Error with the last response, if there is no next action or the step limit is reached
 */
export async function followNextActions(options: FollowerOptions): Promise<Reached> {
  const { profile, goal = {}, onStep, onApproval, maxSteps = 60 } = options;
  const steps: Step[] = [];
  let sessionToken = "";
  let run: Record<string, unknown> | undefined;
  let shownUserCode: unknown;
  let searchesInRow = 0;
  let action: NextAction | undefined = {
    action: "auth",
    method: "POST",
    endpoint: options.start ?? "/agent/auth",
    auth: "api_key",
    params: options.wish,
    description: "",
  };

  while (action !== undefined && steps.length < maxSteps) {
    const filled =
      action.params_schema === undefined
        ? {}
        : (fillSchema(action.params_schema, profile) as Record<string, unknown>);
    const sent = { ...filled, ...action.params, ...goal[action.action] };
    const step = await call(
      options.url,
      action,
      sent,
      action.auth === "api_key" ? options.apiKey : sessionToken,
      options.headers,
    );
    steps.push(step);
    onStep?.(step);

    const { details, error_code, retry_after_seconds } = step.body;
    // GPT responses are flat: the fields of `data` are at the top level.
    const data = step.body.data ?? (step.body as unknown as Record<string, unknown>);
    if (error_code === "rate_limited") {
      // Calls before that time would get the session suspended.
      await sleep((retry_after_seconds ?? 1) * 1000);
      continue;
    }
    if (typeof data["session_token"] === "string") sessionToken = data["session_token"];
    if (step.action === "run_service" && data["output"] !== undefined) run = data;
    const payment = data["payment"] as Record<string, unknown> | undefined;
    if (run !== undefined && payment !== undefined && payment["status"] !== "pending")
      return { run, payment, steps };

    // While the person decides, each poll returns the same approval. It is shown only once.
    const approval = details?.["user_code"] === undefined ? data : details;
    if (approval["user_code"] !== undefined && approval["user_code"] !== shownUserCode) {
      shownUserCode = approval["user_code"];
      await onApproval?.(approval);
    }
    const [nextAction] = step.body.next_actions;
    searchesInRow = step.action === "search_services" ? searchesInRow + 1 : 0;
    if (searchesInRow > MOST_SEARCHES)
      throw new Error("no service was found that the person's limits let this agent use");
    const isPoll = nextAction?.endpoint === action.endpoint;
    if (isPoll) await sleep(POLL_MS);
    action = nextAction;
  }
  throw new Error(`stuck after ${steps.length} steps: ${JSON.stringify(steps.at(-1)?.body)}`);
}

async function call(
  url: string,
  action: NextAction,
  sent: Record<string, unknown>,
  credential: string,
  headers: Record<string, string> = {},
): Promise<Step> {
  const { method, endpoint } = action;
  const query = method === "GET" ? toQuery(sent) : "";
  const response = await fetch(`${url}${endpoint}${query}`, {
    method,
    headers: {
      ...headers,
      ...(credential !== "" && { authorization: `Bearer ${credential}` }),
      ...(method !== "GET" && { "content-type": "application/json" }),
    },
    ...(method !== "GET" && { body: JSON.stringify(sent) }),
  });
  return {
    action: action.action,
    method,
    endpoint,
    sent,
    status: response.status,
    body: (await response.json()) as Body,
  };
}

function toQuery(params: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const item of [value].flat()) query.append(name, String(item));
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}
