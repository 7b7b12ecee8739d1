import type { IncomingMessage } from "node:http";
import { surfaceOf } from "../../api/operation/operation-id.ts";
import type { Operation, Operations } from "../../api/operation/operations.ts";
import { unknownField } from "../../api/response/field-errors.ts";
import { AppError, invalidField } from "../../core/protocol/errors.ts";
import { readJsonBody } from "../request/json-body.ts";
import type { FieldReaders } from "../request/query-fields.ts";
import { readersFor } from "../request/query-fields.ts";
import type { Target } from "../request/request-target.ts";
import { decodePart, parseQuery } from "../request/request-target.ts";
import { createRouteTable } from "../request/route-table.ts";
import type { Call, Transport } from "./handle-call.ts";
import { noSuchRoute } from "./handle-call.ts";

/**
 * The REST transport. Path parameters and the fields of the query or body together become the procedure's
 * input. We use trpc-to-openapi only to generate the document, not to serve requests: its request handler
 * sets `coerce` on the shared schemas, which changes how the whole process validates, and forces its own
 * error format.
 */
export function createRestTransport(operations: Operations): Transport {
  const routes = createRouteTable(operations);
  const readers = new Map([...operations.values()].map((operation) => [operation.id, readersFor(operation)]));
  return {
    name: "rest",
    surfaceOf,
    locate(req, target) {
      const method = req.method === "HEAD" ? "GET" : (req.method ?? "");
      const match = routes.find(method, target.path);
      if (match === undefined) throw noSuchRoute();
      if ("methods" in match) return refuseMethod(method, match.methods);
      const { operation, encodedParams } = match;
      return callOf(operation, readers.get(operation.id) ?? new Map(), encodedParams, req, target);
    },
    success: (data) => data,
    failure: (error) => error.body,
  };
}

function refuseMethod(method: string, methods: string[]): { allow: string } {
  const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  if (method === "OPTIONS") return { allow };
  throw new AppError("method_not_allowed", { headers: { Allow: allow } });
}

function callOf(
  operation: Operation,
  readers: FieldReaders,
  encodedParams: string[],
  req: IncomingMessage,
  { query }: Target,
): Call {
  const { method, pathParams } = operation;
  return {
    operation,
    async readInput() {
      const pathFields = new Map(pathParams.map((name, i) => [name, [decodePart(encodedParams[i] ?? "")]]));
      const queryFields = parseQuery(query);
      const pathInput = readFields(pathFields, readers);
      if (method === "GET" || method === "DELETE") {
        refuseMisplaced([...queryFields.keys()].filter((name) => pathFields.has(name)));
        return { ...readFields(queryFields, readers), ...pathInput };
      }
      const body = await readJsonObject(req);
      refuseMisplaced([...queryFields.keys(), ...Object.keys(body).filter((name) => pathFields.has(name))]);
      return { ...body, ...pathInput };
    },
  };
}

/**
 * `Object.fromEntries` keeps a field named `__proto__` as an ordinary field, so a later step can refuse it.
 */
function readFields(fields: Map<string, string[]>, readers: FieldReaders): Record<string, unknown> {
  return Object.fromEntries(
    [...fields].map(([name, texts]) => [name, readers.get(name)?.(texts) ?? texts[0]]),
  );
}

/**
 * Refuses fields in the wrong place: a path parameter in query or body, or a query field if there is a body.
 */
function refuseMisplaced(names: string[]): void {
  if (names.length === 0) return;
  throw new AppError("validation_error", { fieldErrors: names.map((name) => unknownField([name])) });
}

async function readJsonObject(req: IncomingMessage): Promise<object> {
  const body = await readJsonBody(req);
  if (body === undefined) return {};
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalidField("", "Must be a JSON object.", "type");
  }
  return body;
}
