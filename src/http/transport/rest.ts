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
 * REST over the same procedures: path parameters, query or body fields become the procedure's one input. Written
 * by hand because trpc-to-openapi's own runtime sets `coerce` on shared schemas for the whole process, among
 * much else (it remains the document's generator).
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
      const path = new Map(pathParams.map((name, i) => [name, [decodePart(encodedParams[i] ?? "")]]));
      const inQuery = parseQuery(query);
      const inUrl = readFields(path, readers);
      if (method === "GET" || method === "DELETE") {
        refuseNames([...inQuery.keys()].filter((name) => path.has(name)));
        return { ...readFields(inQuery, readers), ...inUrl };
      }
      const body = await readJsonObject(req);
      refuseNames([...inQuery.keys(), ...Object.keys(body).filter((name) => path.has(name))]);
      return { ...body, ...inUrl };
    },
  };
}

/** `Object.fromEntries` defines fields, so a field named `__proto__` is one like any other, and refused later. */
function readFields(fields: Map<string, string[]>, readers: FieldReaders): Record<string, unknown> {
  return Object.fromEntries(
    [...fields].map(([name, texts]) => [name, readers.get(name)?.(texts) ?? texts[0]]),
  );
}

/** Fields in the wrong place: a path parameter repeated elsewhere, a query on an operation that takes a body. */
function refuseNames(names: string[]): void {
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
