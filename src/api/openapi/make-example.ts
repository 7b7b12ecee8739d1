/** The part of JSON Schema that our documents use. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const ID = "3f0c2f0e-8f0b-4a57-9a51-6c1f0a7f2d11";
const HASH = `0x${"5e".repeat(32)}`;
const ADDRESS = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";

/** What fields of these names hold, as far as it isn't said by their type. */
const BY_NAME: Record<string, unknown> = {
  api_key: "tf_ak_…",
  session_token: "tf_as_…",
  user_code: "WDJB-MJHT",
  approval_url: "https://tollfree.example/approve/3f0c2f0e",
  service: "daylight",
  service_key: "daylight",
  name: "Daylight",
  q: "weather",
  description: "Sunrise and sunset of a place",
  sponsor: "Acme",
  sponsored_by: "Acme",
  campaign_name: "Weather survey",
  task_type: "survey",
  task_description: "How do you like the weather?",
  required_task: "One question about the weather",
  purpose: "To improve the forecast",
  category: "weather",
  tags: ["sun"],
  categories: ["weather"],
  available_categories: ["weather"],
  optional_fields: [],
  upstream_url: "https://upstream.example/daylight",
  output: { sunrise: "07:51", sunset: "17:19" },
  output_content_type: "application/json",
  network: "eip155:84532",
  asset: ADDRESS,
  pay_to: ADDRESS,
  tx_hash: HASH,
  operation: "agent_run_service",
  endpoint: "/agent/services/daylight/run",
  response_status: 200,
  upstream_status: 200,
  response_time_ms: 180,
  relevance_score: 0.9,
  retention_days: 365,
  timeout_ms: 10_000,
  limit_cents: 100,
  budget_limit_cents: 100,
  spent_cents: 2,
  reserved_cents: 0,
  remaining_cents: 98,
  budget_remaining_cents: 98,
  subsidy_amount_cents: 5,
  subsidy_per_call_cents: 5,
  estimated_task_duration_seconds: 30,
  expected_duration_seconds: 30,
  total_count: 1,
  limit: 20,
  offset: 0,
  next_actions: [],
};

/**
 * Makes an example of what a schema describes: all that is always there, with values that look real. The same schema
 * and name give the same example.
 * @param schemas the schemas that references lead to, by their names
 */
export function makeExample(schema: Schema, schemas: Record<string, Schema>, name = ""): unknown {
  const make = (part: Schema, of: string): unknown => {
    if (part.$ref !== undefined) return make(schemas[part.$ref.split("/").at(-1) ?? ""] ?? {}, of);
    const given = part.const ?? part.examples?.[0] ?? part.enum?.[0];
    if (given !== undefined) return given;
    const choice = (part.anyOf ?? part.oneOf)?.find(({ type }) => type !== "null");
    if (choice !== undefined) return make(choice, of);
    const type = Array.isArray(part.type) ? part.type.find((one) => one !== "null") : part.type;
    const named = BY_NAME[of];
    if (named !== undefined && isOfType(named, type)) return named;
    switch (type) {
      case "object": {
        const required = new Set(part.required);
        const fields = Object.entries(part.properties ?? {}).filter(([field]) => required.has(field));
        return Object.fromEntries(fields.map(([field, value]) => [field, make(value, field)]));
      }
      case "array":
        return [make(part.items ?? {}, of.replace(/s$/, ""))];
      case "boolean":
        return true;
      case "number":
      case "integer":
        return numberFor(part);
      default:
        return textFor(part, of);
    }
  };
  return make(schema, name);
}

function isOfType(value: unknown, type: string | undefined): boolean {
  if (type === undefined) return true;
  if (type === "array") return Array.isArray(value);
  return type === "integer" ? Number.isInteger(value) : type === typeof value;
}

const numberFor = ({ minimum = 0, exclusiveMinimum = 0, maximum = Infinity }: Schema): number =>
  Math.min(Math.max(2, minimum, exclusiveMinimum + 1), maximum);

function textFor({ format }: Schema, name: string): string {
  if (format === "date-time" || name.endsWith("_at")) return "2026-12-24T12:00:00.000Z";
  if (format === "date" || name === "day" || name === "from" || name === "to") return "2026-12-24";
  if (name === "id" || name.endsWith("_id")) return ID;
  if (name.endsWith("_hash")) return HASH;
  return "text";
}
