/**
 * Uses a client that @hey-api/openapi-ts generates from the OpenAPI document: one function for each
 * operation. While `npm start` runs:
 *
 * npx openapi-ts -i http://127.0.0.1:3000/openapi.json -o examples/hey-api/tollfree node --import tsx
 * examples/hey-api/main.ts
 */
import { CONSENT, exampleAnswers } from "../answers.ts";
import { LISBON, readArguments } from "../arguments.ts";
import { client } from "./tollfree/client.gen.js";
import {
  agentAuth,
  agentCompleteTask,
  agentGetTask,
  agentPlanService,
  agentRunService,
  agentSearchServices,
} from "./tollfree/index.js";

const { url, apiKey, userId } = await readArguments();
/** The generated client calls `auth` below to get the credential. */
let credential = apiKey;
client.setConfig({ baseUrl: url, auth: () => credential, throwOnError: true });

const { data: session } = await agentAuth({
  throwOnError: true,
  body: {
    user_id: userId,
    scopes: { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] },
    budget_limit_cents: 10,
  },
});
credential = session.data.session_token;

const { data: found } = await agentSearchServices({ throwOnError: true, query: { q: "daylight", limit: 1 } });
const service = found.data.services[0];
if (service === undefined) throw new Error("no sponsor pays for daylight");

const path = { service_key: service.service_key };
const { data: plan } = await agentPlanService({ throwOnError: true, path, body: { input: LISBON } });
if (plan.data.task !== null) {
  const campaign = { campaign_id: plan.data.task.campaign_id };
  const { data: task } = await agentGetTask({ throwOnError: true, path: campaign });
  const body = { task_data: exampleAnswers(task.data.task_input_schema), consent: CONSENT };
  await agentCompleteTask({ throwOnError: true, path: campaign, body });
}

const { data: run } = await agentRunService({
  throwOnError: true,
  path,
  body: { input: LISBON, idempotency_key: crypto.randomUUID() },
});
console.log(run.data.output);
console.log(
  `${run.data.payment.amount_cents} cents, ${run.data.payment.status}, paid by ${run.data.payment.sponsored_by}`,
);
