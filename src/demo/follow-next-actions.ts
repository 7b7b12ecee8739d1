import { setTimeout as sleep } from "node:timers/promises";
import type { Profile } from "./fill-schema.ts";
import { fillSchema } from "./fill-schema.ts";

/** As the API sends them; the follower knows nothing else of it. */
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
  /** The one route it knows; a GPT's is another. */
  start?: string;
  /** The first request's body: who, what scopes, what budget. */
  wish: Record<string, unknown>;
  profile: Profile;
  /** Fields the agent adds to an action of this name, such as what it is looking for. */
  goal?: Record<string, Record<string, unknown>>;
  onStep?: (step: Step) => void;
  /** An approval was opened: whoever is there shows it to the person. */
  onApproval?: (details: Record<string, unknown>) => Promise<void>;
  maxSteps?: number;
}

export interface Reached {
  /** The run's answer: output, payment and metadata. */
  run: Record<string, unknown>;
  /** The payment as it stood at the end. */
  payment: Record<string, unknown>;
  steps: Step[];
}

const POLL_MS = 500;

/**
 * An agent that knows one route, `POST /agent/auth`, and otherwise does the first thing it is told to do next,
 * until it holds a resource and its payment is decided.
 * @throws Error if it gets stuck, with the last answer
 */
export async function followNextActions(options: FollowerOptions): Promise<Reached> {
  const { profile, goal = {}, onStep, onApproval, maxSteps = 60 } = options;
  const steps: Step[] = [];
  let sessionToken = "";
  let run: Record<string, unknown> | undefined;
  let shown: unknown;
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
    );
    steps.push(step);
    onStep?.(step);

    const { details, error_code, retry_after_seconds } = step.body;
    // A GPT's answers are flat: what others find under `data` stands at the top.
    const data = step.body.data ?? (step.body as unknown as Record<string, unknown>);
    if (error_code === "rate_limited") {
      // Calling on all the same would get the session suspended.
      await sleep((retry_after_seconds ?? 1) * 1000);
      continue;
    }
    if (typeof data["session_token"] === "string") sessionToken = data["session_token"];
    if (step.action === "run_service" && data["output"] !== undefined) run = data;
    const payment = data["payment"] as Record<string, unknown> | undefined;
    if (run !== undefined && payment !== undefined && payment["status"] !== "pending")
      return { run, payment, steps };

    // Asked again while the person makes up their mind, a question says the same.
    const question = details?.["user_code"] === undefined ? data : details;
    if (question["user_code"] !== undefined && question["user_code"] !== shown) {
      shown = question["user_code"];
      await onApproval?.(question);
    }
    const pollsAgain = step.body.next_actions[0]?.endpoint === action.endpoint;
    if (pollsAgain) await sleep(POLL_MS);
    action = step.body.next_actions[0];
  }
  throw new Error(`stuck after ${steps.length} steps: ${JSON.stringify(steps.at(-1)?.body)}`);
}

async function call(
  url: string,
  action: NextAction,
  sent: Record<string, unknown>,
  credential: string,
): Promise<Step> {
  const { method, endpoint } = action;
  const query = method === "GET" ? toQuery(sent) : "";
  const response = await fetch(`${url}${endpoint}${query}`, {
    method,
    headers: {
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
