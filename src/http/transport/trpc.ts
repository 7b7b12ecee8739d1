import type { IncomingMessage } from "node:http";
import { surfaceOf } from "../../api/operation/operation-id.ts";
import type { Operation, Operations } from "../../api/operation/operations.ts";
import { toTrpcErrorShape } from "../../api/response/error-body.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { readJsonBody } from "../request/json-body.ts";
import { decodePart, parseQuery } from "../request/request-target.ts";
import type { Transport } from "./handle-call.ts";
import { noSuchRoute } from "./handle-call.ts";

export const TRPC_PREFIX = "/trpc/";

/**
 * The tRPC transport: the wire protocol of tRPC's `httpLink`. A query's input is JSON in `?input=`, a
 * mutation's input is the body. The response is `{ result: { data } }` or `{ error }`. We don't use tRPC's
 * own HTTP adapter. It waits forever for a body that ends early, it can't wait for the audit of calls that it
 * refuses itself, and it answers 204 to every HEAD. Batches are refused, because one response has only one
 * status and one set of headers.
 */
export function createTrpcTransport(operations: Operations): Transport {
  const byName = new Map([...operations.values()].map((operation) => [operation.name, operation]));
  return {
    name: "trpc",
    surfaceOf: (path) => surfaceOf(path.slice(TRPC_PREFIX.length)),
    locate(req, target) {
      const query = parseQuery(target.query);
      if (query.has("batch")) {
        throw new AppError("invalid_request", { message: "Batching isn't supported. Use tRPC's httpLink." });
      }
      const operation = byName.get(decodePart(target.path.slice(TRPC_PREFIX.length)));
      if (operation === undefined) throw noSuchRoute();
      const allow = operation.type === "query" ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
      if (req.method === "OPTIONS") return { allow };
      if (!allow.split(", ").includes(req.method ?? "")) {
        throw new AppError("method_not_allowed", { headers: { Allow: allow } });
      }
      return { operation, readInput: () => readInput(operation, query, req) };
    },
    success: (data) => ({ result: { data } }),
    failure: (error, operation) => ({ error: toTrpcErrorShape(error, operation?.name) }),
  };
}

async function readInput(
  operation: Operation,
  query: Map<string, string[]>,
  req: IncomingMessage,
): Promise<unknown> {
  if (operation.type === "mutation") return readJsonBody(req);
  const [text] = query.get("input") ?? [];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new AppError("invalid_json", { message: "The input is not valid JSON." });
  }
}
