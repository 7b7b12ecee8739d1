import type { Failure } from "../../data/failure.ts";
import type { Inspected, ServiceInput } from "../../data/shapes.ts";
import { readCents, readHeaders, readObject, readWords, writeJson } from "../services/json-text.ts";

/** A service that is being registered, as it is typed. */
export interface Draft {
  url: string;
  method: "" | "GET" | "POST";
  headers: string;
  key: string;
  name: string;
  description: string;
  categories: string;
  price: string;
  schema: string;
  sample: string;
}

const NO_FIELDS = { type: "object", properties: {}, additionalProperties: false };

export const EMPTY_DRAFT: Draft = {
  ...{ url: "", method: "", headers: "", key: "", name: "", description: "", categories: "", price: "" },
  ...{ schema: writeJson(NO_FIELDS), sample: "{}" },
};

/** What can be asked of an address. Undefined headers or input: they can't be read. */
export function readAddress(draft: Draft) {
  const headers = readHeaders(draft.headers);
  const sample = readObject(draft.sample);
  if (headers === undefined || sample === undefined) return undefined;
  return {
    upstream_url: draft.url.trim(),
    ...(draft.method !== "" && { upstream_method: draft.method }),
    ...(Object.keys(headers).length > 0 && { upstream_headers: headers }),
    ...(Object.keys(sample).length > 0 && { sample_input: sample }),
  };
}

const MOST_KEY = 64;

/** A key that hardly anybody has taken: the organisation's name, in letters and digits, before what the address says. */
export function proposedKey(organisation: string, key: string): string {
  const own = organisation
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  if (own === "" || key === own || key.startsWith(`${own}-`)) return key;
  return `${own}-${key}`.slice(0, MOST_KEY).replace(/[-._]+$/, "");
}

/** Fills in what the API says of itself, where nothing is typed yet. */
export function withSeen(draft: Draft, seen: Inspected, organisation: string): Draft {
  const hasSchema = draft.schema !== EMPTY_DRAFT.schema;
  return {
    ...draft,
    method: seen.upstream_method,
    key: draft.key === "" ? proposedKey(organisation, seen.service_key) : draft.key,
    name: draft.name === "" ? nameOf(seen.service_key) : draft.name,
    description: draft.description === "" ? (seen.description ?? "") : draft.description,
    price: seen.terms === null ? "0" : String(seen.terms.amount_cents),
    schema: seen.input_schema === null || hasSchema ? draft.schema : writeJson(seen.input_schema),
    sample: seen.sample_input === null ? draft.sample : writeJson(seen.sample_input),
  };
}

const nameOf = (key: string): string => {
  const words = key.replace(/[-._]+/g, " ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
};

/** The fields that something is wrong with, before anything is sent. */
export type FieldName =
  "key" | "name" | "description" | "categories" | "price" | "schema" | "sample" | "headers";

export function readDraft(draft: Draft): { input: ServiceInput } | { wrong: FieldName[] } {
  const headers = readHeaders(draft.headers);
  const schema = readObject(draft.schema);
  const sample = readObject(draft.sample);
  const price = readCents(draft.price);
  const categories = readWords(draft.categories);
  const checks: [boolean, FieldName][] = [
    [draft.key.trim() === "", "key"],
    [draft.name.trim() === "", "name"],
    [draft.description.trim() === "", "description"],
    [categories.length === 0, "categories"],
    [price === undefined, "price"],
    [schema === undefined, "schema"],
    [sample === undefined, "sample"],
    [headers === undefined, "headers"],
  ];
  const wrong = checks.flatMap(([isWrong, name]) => (isWrong ? [name] : []));
  if (
    wrong.length > 0 ||
    headers === undefined ||
    schema === undefined ||
    sample === undefined ||
    price === undefined
  )
    return { wrong };
  return {
    input: {
      service_key: draft.key.trim(),
      name: draft.name,
      description: draft.description,
      categories,
      price_cents: price,
      upstream_url: draft.url.trim(),
      upstream_method: draft.method === "" ? "GET" : draft.method,
      ...(Object.keys(headers).length > 0 && { upstream_headers: headers }),
      input_schema: schema,
      sample_input: sample,
    },
  };
}

const PATHS: [string, FieldName][] = [
  ["/service_key", "key"],
  ["/name", "name"],
  ["/description", "description"],
  ["/categories", "categories"],
  ["/price_cents", "price"],
  ["/input_schema", "schema"],
  ["/sample_input", "sample"],
  ["/upstream_headers", "headers"],
];

/** The fields that the server refused. */
export const refusedFields = ({ code, fields }: Failure): FieldName[] => [
  ...(code === "conflict" ? (["key"] as const) : []),
  ...PATHS.filter(([path]) => fields.some((field) => field === path || field.startsWith(`${path}/`))).map(
    ([, name]) => name,
  ),
];
