import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** What ChatGPT's importer refuses or cuts (R10.2), checked on the committed document. */

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

const CONSEQUENTIAL = ["gpt_complete_task", "gpt_run_service"];

test("the document as a whole", () => {
  expect(document.openapi).toMatch(/^3\.1/);
  expect(document.servers).toHaveLength(1);
  expect(document.servers[0]?.url).toMatch(/^https:/);
  expect(operations.length).toBeLessThanOrEqual(30);
  expect(Object.keys(document.components.securitySchemes)).toHaveLength(1);
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

describe.each(
  operations.map(({ operation, ...where }) => ({ id: operation.operationId, operation, ...where })),
)("$id", ({ operation, path }) => {
  test("is described inside the limits", () => {
    expect(path).toMatch(/^\/gpt\//);
    expect(operation.summary.length).toBeLessThanOrEqual(300);
    expect(operation.description.length).toBeGreaterThan(0);
    expect(operation.description.length).toBeLessThanOrEqual(300);
  });

  test("takes no custom headers, and describes its parameters inside the limits", () => {
    for (const parameter of operation.parameters ?? []) {
      expect(parameter.in).not.toBe("header");
      expect((parameter.description ?? "").length).toBeLessThanOrEqual(700);
    }
  });

  test("asks the person only before what is consequential", () => {
    expect(operation["x-openai-isConsequential"]).toBe(CONSEQUENTIAL.includes(operation.operationId));
  });
});

test("every description anywhere in the document is short", () => {
  const long: string[] = [];
  JSON.stringify(document, (key, value: unknown) => {
    if (key === "description" && typeof value === "string" && value.length > 700) long.push(value);
    return value;
  });
  expect(long).toEqual([]);
});
