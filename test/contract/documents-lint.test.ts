import type { RulesetDefinition } from "@stoplight/spectral-core";
import { Spectral } from "@stoplight/spectral-core";
import { oas } from "@stoplight/spectral-rulesets";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { useWorld } from "../support/use-world.ts";

/** The documents as servers serve them, for tools that are stricter than ours. */
const operator = { name: "Ada's <Tollfree>", email: "ops@tollfree.example" };
const world = useWorld({ operator });

const DOCUMENTS = ["/openapi.json", "/openapi/gpt.json"];
type Json = Record<string, unknown>;
const load = async (path: string): Promise<Json> => (await world.rest("GET", path)).body as Json;

/** All objects of a document, with the path that leads to each. Examples aren't looked into. */
function* objectsOf(part: unknown, path: string[] = []): Generator<{ object: Json; path: string[] }> {
  if (typeof part !== "object" || part === null) return;
  if (!Array.isArray(part)) yield { object: part as Json, path };
  for (const [key, value] of Object.entries(part))
    if (key !== "example" && key !== "examples") yield* objectsOf(value, [...path, key]);
}

describe.each(DOCUMENTS)("%s", (path) => {
  test("Spectral has nothing to say", { timeout: 180_000 }, async () => {
    const spectral = new Spectral();
    // Both packages are Spectral's, but their types don't fit together.
    spectral.setRuleset({ extends: [oas as unknown as RulesetDefinition] });
    const findings = await spectral.run(await load(path));
    expect(findings.map(({ code, path: at, message }) => `${code} ${at.join(".")} ${message}`)).toEqual([]);
  });

  test("it says who runs the server, and under which licence the API is described", async () => {
    expect((await load(path))["info"]).toMatchObject({
      contact: operator,
      license: { identifier: "Apache-2.0" },
    });
  });

  test("every body and parameter has an example that its schema accepts", async () => {
    const document = await load(path);
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(ajv);
    ajv.addSchema(document, "document");
    let checked = 0;
    const problems = [...objectsOf(document["paths"], ["paths"])].flatMap(({ object, path: at }) => {
      const isBody = at.at(-2) === "content";
      const isParameter = "in" in object && "schema" in object;
      if (!isBody && !isParameter) return [];
      checked += 1;
      const where = at.join(".");
      if (!("example" in object)) return [`${where}: no example`];
      const pointer = [...at, "schema"].map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"));
      const valid = ajv.getSchema(`document#/${pointer.map(encodeURIComponent).join("/")}`);
      if (at.at(-1) === "*/*") return [];
      return valid?.(object["example"]) === true ? [] : [`${where}: ${ajv.errorsText(valid?.errors)}`];
    });
    expect(problems).toEqual([]);
    expect(checked).toBeGreaterThan(80);
  });

  test("no list has several kinds of items by place", async () => {
    const tuples = [...objectsOf(await load(path))].filter(({ object }) => "prefixItems" in object);
    expect(tuples).toEqual([]);
  });
});

test("the GPT document has only plain schemas, and no references in bodies", async () => {
  const problems = [...objectsOf(await load("/openapi/gpt.json"))].flatMap(({ object, path }) => {
    const at = path.join(".");
    const isInBody = path.includes("content");
    return [
      ...(Array.isArray(object["type"]) ? [`${at}: a list of types`] : []),
      ...(object["type"] === "object" && !("properties" in object) ? [`${at}: no properties`] : []),
      ...("propertyNames" in object ? [`${at}: propertyNames`] : []),
      ...("$ref" in object && isInBody ? [`${at}: a reference`] : []),
    ];
  });
  expect(problems).toEqual([]);
});

test("the policy and /llms.txt say who runs the server, and their name is text", async () => {
  const policy = await (await fetch(`${world.url}/privacy`)).text();
  expect(policy).toContain("Ada&#39;s &lt;Tollfree&gt;");
  expect(policy).toContain('href="mailto:ops@tollfree.example"');
  expect(await (await fetch(`${world.url}/llms.txt`)).text()).toContain("ops@tollfree.example");
});

describe("a server whose operator isn't configured", () => {
  const silent = useWorld();
  test("its documents name nobody", async () => {
    for (const path of DOCUMENTS) {
      const { body } = await silent.rest("GET", path);
      expect(body.info).not.toHaveProperty("contact");
    }
    expect(await (await fetch(`${silent.url}/privacy`)).text()).not.toContain("Who runs");
    expect(await (await fetch(`${silent.url}/llms.txt`)).text()).not.toContain("Contact");
  });
});
