/**
 * Uses no client, only `fetch`. Does the first next action of each response. While `npm start` runs:
 *
 *   node --import tsx examples/next-actions.ts
 */
import { CONSENT, exampleAnswers } from "./answers.ts";
import { LISBON, readArguments } from "./arguments.ts";

interface NextAction {
  action: string;
  method: string;
  endpoint: string;
  auth: "api_key" | "session" | "x402" | "none";
  params: Record<string, unknown>;
  params_schema?: { properties: { task_data?: object } };
}

interface Answer {
  data?: { session_token?: string; output?: unknown };
  message?: string;
  next_actions: NextAction[];
}

const { url, apiKey, userId } = await readArguments();
let sessionToken = "";

const all = ["*"];
let action: NextAction | undefined = {
  action: "auth",
  method: "POST",
  endpoint: "/agent/auth",
  auth: "api_key",
  params: {
    user_id: userId,
    scopes: {
      allowed_task_types: all,
      allowed_data_types: all,
      allowed_categories: all,
    },
    budget_limit_cents: 10,
  },
};

/**
 * The fields that the agent adds to a next action: what it searches for, its person's answers, the run's
 * input.
 */
function ownFields(name: string, schema: NextAction["params_schema"]): Record<string, unknown> {
  switch (name) {
    case "search_services":
      return { q: "daylight", limit: 1 };
    case "complete_task":
      return { task_data: exampleAnswers(schema?.properties.task_data ?? {}), consent: CONSENT };
    case "run_service":
      return { input: LISBON, idempotency_key: crypto.randomUUID() };
    default:
      return {};
  }
}

async function perform({ action: name, method, endpoint, auth, ...next }: NextAction): Promise<Answer> {
  const fields = { ...next.params, ...ownFields(name, next.params_schema) };
  const target = new URL(endpoint, url);
  if (method === "GET") {
    for (const [field, value] of Object.entries(fields)) target.searchParams.append(field, String(value));
  }
  const response = await fetch(target, {
    method,
    headers: {
      authorization: `Bearer ${auth === "api_key" ? apiKey : sessionToken}`,
      "content-type": "application/json",
    },
    ...(method !== "GET" && { body: JSON.stringify(fields) }),
  });
  console.log(`${name}: ${method} ${endpoint} → ${response.status}`);
  return (await response.json()) as Answer;
}

for (let steps = 0; action !== undefined && steps < 10; steps += 1) {
  const { data, message, next_actions }: Answer = await perform(action);
  if (message !== undefined) console.log(message);
  if (data?.session_token !== undefined) sessionToken = data.session_token;
  if (data?.output !== undefined) {
    console.log(data.output);
    break;
  }
  action = next_actions[0];
}
