import { isObject, resolveReference, shorten, toInputSchema, Unreadable } from "./input-schema.ts";

type Json = Record<string, unknown>;

/** Where an operation stands in a document. */
export interface OperationPlace {
  method: string;
  path: string;
}

/** An operation of a document, as it is offered for choice. */
export interface ListedOperation extends OperationPlace {
  name: string;
  /** Why it can't be registered. Null: it can. */
  problem: string | null;
}

/** What registers an operation as a service. */
export interface ReadOperation {
  upstream_url: string | null;
  upstream_method: "GET" | "POST";
  service_key: string;
  name: string;
  description: string;
  input_schema: Json;
  sample_input: Json;
  /** Headers that the operation requires. Their values are the sponsor's to give. */
  required_headers: string[];
}

const METHODS = ["get", "post", "put", "patch", "delete"] as const;
const MOST_OPERATIONS = 300;
const MOST_ADDRESS = 2_000;

/** @throws Unreadable if the document has no operation */
export function listOperations(root: Json): ListedOperation[] {
  const { paths } = root;
  if (!isObject(paths)) throw new Unreadable("The document has no paths.");
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = isObject(item) ? item[method] : undefined;
      if (!isObject(operation)) return [];
      return [
        {
          method: method.toUpperCase(),
          path,
          name: nameOf(operation, method, path),
          problem: problemOf(method),
        },
      ];
    }),
  );
  if (operations.length === 0) throw new Unreadable("The document has no operations.");
  return operations.slice(0, MOST_OPERATIONS);
}

const problemOf = (method: string): string | null =>
  method === "get" || method === "post" ? null : "Only GET and POST can be registered.";

const nameOf = (operation: Json, method: string, path: string): string =>
  (
    textOf(operation["summary"]) ??
    textOf(operation["operationId"]) ??
    `${method.toUpperCase()} ${path}`
  ).slice(0, 100);

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;

interface Parameter {
  name: string;
  place: string;
  isRequired: boolean;
  schema: unknown;
  example: unknown;
  description: string | undefined;
}

/** @throws Unreadable if there is no such operation, or it can't be called by a service */
export function readOperation(root: Json, { method, path }: OperationPlace): ReadOperation {
  const verb = method.toLowerCase();
  const item =
    isObject(root["paths"]) && Object.hasOwn(root["paths"], path) ? root["paths"][path] : undefined;
  const operation = isObject(item) && Object.hasOwn(item, verb) ? item[verb] : undefined;
  if (!isObject(item) || !isObject(operation)) throw new Unreadable("The document has no such operation.");
  const problem = problemOf(verb);
  if (problem !== null) throw new Unreadable(problem);
  const parameters = readParameters(root, item, operation);
  const body = verb === "post" ? readBody(root, operation) : undefined;
  const inQuery = parameters.filter(({ place }) => place === "query");
  if (verb === "post" && inQuery.some(({ isRequired }) => isRequired))
    throw new Unreadable(
      "This operation needs fields in its query and a body. Only one of them can be sent.",
    );
  const used = parameters.filter(({ place }) => place === "path" || (place === "query" && verb === "get"));
  const properties = Object.fromEntries(
    used.map(({ name, schema, description }) => [
      name,
      { ...(description !== undefined && { description }), ...(isObject(schema) ? schema : {}) },
    ]),
  );
  const bodySchema = body === undefined ? {} : toInputSchema(body.schema, root);
  if (body !== undefined && bodySchema["properties"] === undefined)
    throw new Unreadable("The body of this operation isn't an object of fields.");
  const own = toInputSchema({ type: "object", properties, required: requiredOf(used) }, root);
  const required = [
    ...((own["required"] ?? []) as string[]),
    ...((bodySchema["required"] ?? []) as string[]),
  ];
  return {
    upstream_url: urlOf(root, item, operation, path),
    upstream_method: verb === "get" ? "GET" : "POST",
    service_key: keyOf(textOf(operation["operationId"]) ?? path.replace(/[{}]/g, "")),
    name: nameOf(operation, verb, path),
    description: (textOf(operation["description"]) ?? textOf(operation["summary"]) ?? "").slice(0, 1000),
    input_schema: {
      type: "object",
      properties: { ...(own["properties"] as Json), ...(bodySchema["properties"] as Json | undefined) },
      ...(required.length > 0 && { required: [...new Set(required)] }),
      additionalProperties: false,
    },
    sample_input: { ...samplesOf(own), ...samplesOf(bodySchema), ...exampleOf(used), ...body?.example },
    required_headers: parameters
      .filter(({ place, isRequired }) => place === "header" && isRequired)
      .map(({ name }) => name.slice(0, 64)),
  };
}

const requiredOf = (parameters: Parameter[]): string[] =>
  parameters.filter(({ place, isRequired }) => place === "path" || isRequired).map(({ name }) => name);

function readParameters(root: Json, item: Json, operation: Json): Parameter[] {
  const given = [item["parameters"], operation["parameters"]].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  const read = given.slice(0, 200).flatMap((one): Parameter[] => {
    const parameter = follow(root, one);
    const { name, in: place } = parameter;
    if (typeof name !== "string" || typeof place !== "string") return [];
    return [
      {
        name,
        place,
        isRequired: parameter["required"] === true,
        schema: parameter["schema"],
        example: parameter["example"],
        description: textOf(parameter["description"]),
      },
    ];
  });
  // The operation's own parameters come last, and replace those of its path.
  return [...new Map(read.map((parameter) => [`${parameter.place} ${parameter.name}`, parameter])).values()];
}

function readBody(root: Json, operation: Json): { schema: unknown; example: Json } | undefined {
  if (operation["requestBody"] === undefined) return undefined;
  const { content } = follow(root, operation["requestBody"]);
  const json = isObject(content)
    ? Object.entries(content).find(([type]) => /^application\/([\w.+-]+\+)?json\b/i.test(type))?.[1]
    : undefined;
  if (!isObject(json)) throw new Unreadable("The body of this operation isn't JSON.");
  return { schema: json["schema"] ?? {}, example: isObject(json["example"]) ? json["example"] : {} };
}

function follow(root: Json, node: unknown): Json {
  let found = node;
  for (let steps = 0; isObject(found) && typeof found["$ref"] === "string"; steps += 1) {
    if (steps > 10) throw new Unreadable(`The reference ${shorten(found["$ref"])} leads in a circle.`);
    found = resolveReference(root, found["$ref"]);
  }
  return isObject(found) ? found : {};
}

/** The address of an operation: that of its first server, with the path. Null: the document names no address. */
function urlOf(root: Json, item: Json, operation: Json, path: string): string | null {
  const servers = [operation, item, root]
    .map(({ servers: list }) => list)
    .find((list) => Array.isArray(list));
  const server: unknown = Array.isArray(servers) ? servers[0] : undefined;
  if (!isObject(server) || typeof server["url"] !== "string") return null;
  const variables = isObject(server["variables"]) ? server["variables"] : {};
  // A variable can be long, and stand in the address hundreds of times.
  let room = MOST_ADDRESS;
  const base = server["url"].slice(0, MOST_ADDRESS).replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const value = isObject(variable) && typeof variable["default"] === "string" ? variable["default"] : whole;
    room -= value.length;
    return room < 0 ? "" : value;
  });
  return room >= 0 && /^https?:\/\//i.test(base) ? `${base.replace(/\/+$/, "")}${path}` : null;
}

/** The examples and defaults that fields have. */
function samplesOf(schema: Json): Json {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) => {
      const { examples, default: standard } = isObject(field) ? field : {};
      const sample: unknown = Array.isArray(examples) ? examples[0] : standard;
      return sample === undefined ? [] : [[name, sample]];
    }),
  );
}

const exampleOf = (parameters: Parameter[]): Json =>
  Object.fromEntries(
    parameters.flatMap(({ name, example }) => (example === undefined ? [] : [[name, example]])),
  );

/** A key that a service could have, from a name. Empty: nothing of it can stand in a key. */
export const keyOf = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 48);
