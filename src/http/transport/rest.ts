import type { IncomingMessage } from "node:http";
import { surfaceOf } from "../../api/operation/operation-id.ts";
import type { Operation, Operations } from "../../api/operation/operations.ts";
import { unknownField } from "../../api/response/field-errors.ts";
import { AppError, invalidField } from "../../core/protocol/errors.ts";
import { readJsonBody } from "../request/json-body.ts";
import type { FieldReaders } from "../request/query-fields.ts";
import { listFieldsOf, mergeListNames, readersFor } from "../request/query-fields.ts";
import type { Target } from "../request/request-target.ts";
import { decodePart, parseQuery } from "../request/request-target.ts";
import { createRouteTable } from "../request/route-table.ts";
import type { Call, Transport } from "./perform-call.ts";
import { noSuchRoute } from "./perform-call.ts";

/**
 * The REST transport. Path parameters and the fields of the query or body together become the procedure's
 * input. We use trpc-to-openapi only to generate the document, not to serve requests: its request handler
 * sets `coerce` on the shared schemas, which changes how the whole process validates, and forces its own
 * error format.
 */
export function createRestTransport(operations: Operations): Transport {
  const routes = createRouteTable(operations);
  const urlFields = new Map(
    [...operations.values()].map((operation) => [
      operation.id,
      { readers: readersFor(operation), lists: listFieldsOf(operation) },
    ]),
  );
  const urlFieldsOf = ({ id }: Operation): UrlFields => urlFields.get(id) ?? NO_URL_FIELDS;

  /** Crawlers ask for the price of what is paid by x402 with GET or HEAD. */
  function findPaid(path: string): Call | undefined {
    const match = routes.find("POST", path);
    if (match === undefined || "methods" in match || match.operation.auth !== "x402") return undefined;
    const { operation, encodedParams } = match;
    return {
      operation,
      asksPrice: true,
      readInput: async () => readPath(operation, urlFieldsOf(operation), encodedParams),
    };
  }

  return {
    name: "rest",
    surfaceOf,
    locate(req, target) {
      const method = req.method === "HEAD" ? "GET" : (req.method ?? "");
      const match = routes.find(method, target.path);
      if (match === undefined) throw noSuchRoute();
      if ("methods" in match) {
        const paid = method === "GET" ? findPaid(target.path) : undefined;
        return paid ?? refuseMethod(method, match.methods);
      }
      const { operation, encodedParams } = match;
      return callOf(operation, urlFieldsOf(operation), encodedParams, req, target);
    },
    success: (data) => data,
    failure: (error) => error.body,
  };
}

/** How the fields of an operation are read from its URL. */
interface UrlFields {
  readers: FieldReaders;
  /** The fields that hold lists. */
  lists: ReadonlySet<string>;
}

const NO_URL_FIELDS: UrlFields = { readers: new Map(), lists: new Set() };

function refuseMethod(method: string, methods: string[]): { allow: string } {
  const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  if (method === "OPTIONS") return { allow };
  throw new AppError("method_not_allowed", { headers: { Allow: allow } });
}

function callOf(
  operation: Operation,
  urlFields: UrlFields,
  encodedParams: string[],
  req: IncomingMessage,
  { query }: Target,
): Call {
  const { method, pathParams, auth } = operation;
  return {
    operation,
    async readInput() {
      const queryFields = mergeListNames(parseQuery(query), urlFields.lists);
      const pathInput = readPath(operation, urlFields, encodedParams);
      if (method === "GET" || method === "DELETE") {
        const input = readFields(queryFields, urlFields.readers);
        if (pathInput === undefined) return input;
        refuseMisplaced([...queryFields.keys()].filter((name) => pathParams.includes(name)));
        return { ...input, ...pathInput };
      }
      const body = await readJsonObject(req, auth === "x402");
      refuseMisplaced([
        ...queryFields.keys(),
        ...Object.keys(body).filter((name) => pathParams.includes(name)),
      ]);
      return { ...body, ...pathInput };
    },
  };
}

/** @returns undefined for an operation whose path has no parameters */
function readPath(
  { pathParams }: Operation,
  { readers }: UrlFields,
  encodedParams: string[],
): Record<string, unknown> | undefined {
  if (pathParams.length === 0) return undefined;
  const fields = new Map(pathParams.map((name, i) => [name, [decodePart(encodedParams[i] ?? "")]]));
  return readFields(fields, readers);
}

/**
 * `Object.fromEntries` keeps a field named `__proto__` as an ordinary field, so a later step can refuse it.
 */
function readFields(fields: Map<string, string[]>, readers: FieldReaders): Record<string, unknown> {
  const read: [string, unknown][] = [];
  for (const [name, texts] of fields) read.push([name, readers.get(name)?.(texts) ?? texts[0]]);
  return Object.fromEntries(read);
}

/**
 * Refuses fields in the wrong place: a path parameter in query or body, or a query field if there is a body.
 */
function refuseMisplaced(names: string[]): void {
  if (names.length === 0) return;
  throw new AppError("validation_error", { fieldErrors: names.map((name) => unknownField([name])) });
}

/** @param anyContentType buyers' clients often send JSON as `text/plain`, or name no type */
async function readJsonObject(req: IncomingMessage, anyContentType: boolean): Promise<object> {
  const body = await readJsonBody(req, { anyContentType });
  if (body === undefined) return {};
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalidField("", "Must be a JSON object.", "type");
  }
  return body;
}
