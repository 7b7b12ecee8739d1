import { expect, test } from "vitest";
import { z } from "zod";
import { listOperations } from "../../src/api/operation/operations.ts";
import { fieldsOf, unwrapZod } from "../../src/api/operation/unwrap-zod.ts";
import { mcpRouter } from "../../src/api/routers/mcp/index.ts";
import { ERROR_DETAILS } from "../../src/core/protocol/error-details.ts";
import { markOf } from "../../src/core/protocol/foreign/index.ts";
import { OPERATIONS } from "../support/call.ts";

/** Every field of an answer that a model reads is ours, or is marked as what a sponsor or seller wrote. */

/** Fields whose text is ours, the agent's own, or the user's. Whoever adds one has looked who writes it. */
const OURS = new Set([
  // Ids, addresses of ours, and what the chain says.
  ...[
    "service_id",
    "campaign_id",
    "payment_id",
    "session_id",
    "agent_id",
    "user_id",
    "approval_id",
    "id",
    "next_cursor",
  ],
  ...["auth_request_id", "task_completion_id", "approval_url", "task_url", "user_code", "session_token"],
  ...["tx_hash", "network", "paid_tx_hash", "upstream_tx_hash", "refund_tx_hash"],
  // Names and sentences of our code.
  ...[
    "operation",
    "error_code",
    "kind",
    "message",
    "task_summary",
    "reason",
    "how_to_resume",
    "policy",
    "keyword",
  ],
  ...["allowed_data_types", "checks"],
  // What the agent has sent itself.
  "applied_filters",
  // What the person has asked for. It is marked in its own way.
  "output",
  // Rendered of actions that are quiet already.
  "next_actions",
  // A test request to an upstream answers its sponsor only.
  "probe",
]);

/** The paths of texts and of anything in a schema that has neither a mark nor a form of its own. */
function unmarkedIn(schema: z.ZodType, path: string[]): string[] {
  if (markOf(schema) !== undefined || OURS.has(path.at(-1) ?? "")) return [];
  const inner = unwrapZod(schema);
  if (inner !== schema) return unmarkedIn(inner, path);
  if (schema instanceof z.ZodObject)
    return Object.entries(fieldsOf(schema)).flatMap(([name, field]) => unmarkedIn(field, [...path, name]));
  if (schema instanceof z.ZodArray) return unmarkedIn(schema.element as z.ZodType, path);
  if (schema instanceof z.ZodUnion)
    return schema.options.flatMap((option) => unmarkedIn(option as z.ZodType, path));
  const isBounded =
    schema instanceof z.ZodNumber ||
    schema instanceof z.ZodBoolean ||
    schema instanceof z.ZodEnum ||
    schema instanceof z.ZodLiteral ||
    schema instanceof z.ZodStringFormat;
  return isBounded ? [] : [path.join(".")];
}

const READ_BY_MODELS = [...OPERATIONS, ...listOperations(mcpRouter).values()].filter(({ surface }) =>
  ["agent", "gpt", "mcp"].includes(surface),
);

test.each(READ_BY_MODELS.map(({ id, output }) => [id, output] as const))(
  "each text in an answer of %s is ours or marked",
  (id, output) => expect(unmarkedIn(output, [id])).toEqual([]),
);

test.each(Object.entries(ERROR_DETAILS))(
  "each text in the details of %s is ours or marked",
  (code, details) => expect(unmarkedIn(details, [code])).toEqual([]),
);
