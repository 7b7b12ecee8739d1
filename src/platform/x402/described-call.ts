import type { DescribedCall } from "../../core/ports/x402-buyer.ts";
import type { SentTerms } from "./payment-terms.ts";
import { isRecord } from "./payment-terms.ts";

const MAX_DESCRIPTION = 1000;

const record = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

/**
 * Reads what a 402 says of the call itself: x402 v2 in the extension `bazaar`, with an example and a JSON Schema of it; v1 in
 * the `outputSchema` of its first offer, with field definitions only.
 */
export function readDescribedCall(terms: readonly SentTerms[]): DescribedCall {
  const all = terms.map((sent) => (sent.x402Version === 2 ? describedV2(sent) : describedV1(sent)));
  const best = all.find(({ inputSchema }) => inputSchema !== undefined) ?? all[0];
  const description = all.map((call) => call.description).find((text) => text !== undefined);
  return {
    method: best?.method,
    description: description?.trim().slice(0, MAX_DESCRIPTION),
    inputSchema: best?.inputSchema,
    example: best?.example,
  };
}

function describedV2({ extensions, resource }: SentTerms): DescribedCall {
  const bazaar = record(extensions?.["bazaar"]);
  const input = record(record(bazaar["info"])["input"]);
  const parts = record(record(record(record(bazaar["schema"])["properties"])["input"])["properties"]);
  const place = "body" in input || "body" in parts ? "body" : "queryParams";
  return {
    method: methodOf(input["method"]) ?? (place === "body" ? "POST" : undefined),
    description: textOf(record(resource)["description"]),
    inputSchema: isRecord(parts[place]) && "properties" in parts[place] ? parts[place] : undefined,
    example: isRecord(input[place]) ? input[place] : undefined,
  };
}

function describedV1({ accepts }: SentTerms): DescribedCall {
  const offer = record(accepts[0]);
  const input = record(record(offer["outputSchema"])["input"]);
  const fields = [input["bodyFields"], input["body"], input["queryParams"]].find(isRecord);
  return {
    method: methodOf(input["method"]),
    description: textOf(offer["description"]),
    inputSchema: fields === undefined ? undefined : schemaOfFields(fields),
    example: undefined,
  };
}

/** v1 lists fields as `{ name: { type, required, description } }`. */
function schemaOfFields(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, field]) => {
    const { required, ...rest } = record(field);
    return { name, schema: { type: "string", ...rest }, isRequired: required === true };
  });
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(({ name, schema }) => [name, schema])),
    required: entries.filter(({ isRequired }) => isRequired).map(({ name }) => name),
  };
}

function methodOf(value: unknown): "GET" | "POST" | undefined {
  const method = typeof value === "string" ? value.toUpperCase() : undefined;
  return method === "GET" || method === "POST" ? method : undefined;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value : undefined;
