import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/**
 * Limits of ChatGPT's importer (R10.2), checked on openapi/gpt.json. Beyond them it refuses or cuts the
 * document.
 */

interface Parameter {
  name: string;
  in: string;
  description?: string;
}
interface GptOperation {
  operationId: string;
  summary: string;
  description: string;
  parameters?: Parameter[];
  security: Record<string, unknown>[];
  "x-openai-isConsequential": unknown;
}

const text = readFileSync(new URL("../../openapi/gpt.json", import.meta.url), "utf8");
const document = JSON.parse(text) as {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, GptOperation>>;
  components: { securitySchemes: Record<string, unknown> };
};
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

/** ChatGPT asks the person before each call of these. */
const CONSEQUENTIAL = ["gpt_complete_task", "gpt_run_service"];

test("the GPT document is OpenAPI 3.1 with one https server and one security scheme", () => {
  expect(document.openapi).toMatch(/^3\.1/);
  expect(document.servers).toHaveLength(1);
  expect(document.servers[0]?.url).toMatch(/^https:/);
  expect(Object.keys(document.components.securitySchemes)).toHaveLength(1);
});

test("the GPT document has these operations, at most 30", () => {
  expect(operations.length).toBeLessThanOrEqual(30);
  expect(operations.map(({ operation }) => operation.operationId).sort()).toEqual([
    "gpt_auth",
    "gpt_complete_task",
    "gpt_get_preferences",
    "gpt_get_task",
    "gpt_run_service",
    "gpt_search_services",
    "gpt_set_preferences",
    "gpt_user_record",
    "gpt_user_status",
  ]);
});

describe.each(operations.map((found) => ({ ...found, id: found.operation.operationId })))(
  "the GPT operation $id",
  ({ id, operation, path }) => {
    test(`${id} has a summary and a description of at most 300 characters`, () => {
      expect(path).toMatch(/^\/gpt\//);
      expect(operation.summary.length).toBeLessThanOrEqual(300);
      expect(operation.description.length).toBeGreaterThan(0);
      expect(operation.description.length).toBeLessThanOrEqual(300);
    });

    test(`${id} takes no custom headers, and describes each parameter in at most 700 characters`, () => {
      for (const parameter of operation.parameters ?? []) {
        expect(parameter.in).not.toBe("header");
        expect((parameter.description ?? "").length).toBeLessThanOrEqual(700);
      }
    });

    test(`${id} is marked as consequential only if it stores answers or spends money`, () => {
      expect(operation["x-openai-isConsequential"]).toBe(CONSEQUENTIAL.includes(operation.operationId));
    });
  },
);

test("every description in the GPT document has at most 700 characters", () => {
  const tooLong: string[] = [];
  JSON.stringify(document, (key, value: unknown) => {
    if (key === "description" && typeof value === "string" && value.length > 700) tooLong.push(value);
    return value;
  });
  expect(tooLong).toEqual([]);
});
