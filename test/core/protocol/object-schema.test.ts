import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { next } from "../../../src/core/protocol/next-actions.ts";

/** A task or an input whose schema refers to its own definitions. */
const REFERRING = {
  type: "object",
  properties: { score: { $ref: "#/$defs/score" } },
  required: ["score"],
  additionalProperties: false,
  $defs: { score: { type: "integer", maximum: 5 } },
};
const CONSENT = { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false };

test.each([
  [
    "complete_task",
    next.completeTask("c", REFERRING),
    (score: unknown) => ({ task_data: { score }, consent: CONSENT }),
  ],
  [
    "run_service",
    next.runService("s", { inputSchema: REFERRING }),
    (score: unknown) => ({ input: { score } }),
  ],
  ["pay_directly", next.payDirectly("s", REFERRING), (score: unknown) => ({ input: { score } })],
])("an agent's own validator follows the references in the schema of %s", (_name, action, paramsWith) => {
  const validate = new Ajv2020({ strict: false }).compile(action.paramsSchema ?? false);
  expect(validate(paramsWith(5))).toBe(true);
  expect(validate(paramsWith(6))).toBe(false);
});
