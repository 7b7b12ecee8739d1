/**
 * Uses a client generated from the OpenAPI document: openapi-typescript generates the types, openapi-fetch
 * makes the calls. While `npm start` runs:
 *
 * npx openapi-typescript http://127.0.0.1:3000/openapi.json -o examples/openapi-fetch/tollfree.ts node
 * --import tsx examples/openapi-fetch/main.ts
 */
import createClient from "openapi-fetch";
import { CONSENT, exampleAnswers } from "../answers.ts";
import { LISBON, readArguments } from "../arguments.ts";
import type { components, paths } from "./tollfree.ts";

/** Returns the data of a response. @throws Error for an error response */
function unwrap<Data>(answer: {
  data?: { data: Data };
  error?: components["schemas"]["ErrorEnvelope"];
}): Data {
  if (answer.data !== undefined) return answer.data.data;
  const { error } = answer;
  throw new Error(
    `${error?.error_code ?? "no answer"}: ${error?.message ?? ""} ${JSON.stringify(error?.details)}`,
  );
}

const { url, apiKey, userId } = await readArguments();
const tollfree = createClient<paths>({ baseUrl: url });

const session = unwrap(
  await tollfree.POST("/agent/auth", {
    headers: { authorization: `Bearer ${apiKey}` },
    body: {
      user_id: userId,
      scopes: { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] },
      budget_limit_cents: 10,
    },
  }),
);
tollfree.use({
  onRequest({ request }) {
    request.headers.set("authorization", `Bearer ${session.session_token}`);
  },
});

const found = unwrap(
  await tollfree.GET("/agent/services", { params: { query: { q: "daylight", limit: 1 } } }),
);
const service = found.services[0];
if (service === undefined) throw new Error("no sponsor pays for daylight");

const params = { path: { service_key: service.service_key } };
const plan = unwrap(
  await tollfree.POST("/agent/services/{service_key}/plan", { params, body: { input: LISBON } }),
);
if (plan.task !== null) {
  const campaign = { path: { campaign_id: plan.task.campaign_id } };
  const task = unwrap(await tollfree.GET("/agent/tasks/{campaign_id}", { params: campaign }));
  const body = { task_data: exampleAnswers(task.task_input_schema), consent: CONSENT };
  unwrap(await tollfree.POST("/agent/tasks/{campaign_id}/complete", { params: campaign, body }));
}

const run = unwrap(
  await tollfree.POST("/agent/services/{service_key}/run", {
    params,
    body: { input: LISBON, idempotency_key: crypto.randomUUID() },
  }),
);
console.log(run.output);
console.log(`${run.payment.amount_cents} cents, ${run.payment.status}, paid by ${run.payment.sponsored_by}`);
