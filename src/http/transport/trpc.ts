import type { IncomingMessage } from "node:http";
import { surfaceOf } from "../../api/operation/operation-id.ts";
import type { Operations } from "../../api/operation/operations.ts";
import { decodePart, parseQuery, targetOf } from "../request/request-target.ts";
import type { Api } from "./call-context.ts";
import type { Handler } from "./handle-call.ts";
import { createCallHandler } from "./handle-call.ts";
import type { Transport } from "./perform-call.ts";
import { find } from "./perform-call.ts";
import { createBatchHandler } from "./trpc-batch.ts";
import type { TrpcProtocol } from "./trpc-protocol.ts";
import { createTrpcProtocol, methodsOf, readTrpcInput, TRPC_PREFIX } from "./trpc-protocol.ts";

/**
 * Creates the handler of tRPC's requests: the wire protocol of `httpLink`, `httpBatchLink` and
 * `httpBatchStreamLink`. We don't use tRPC's own HTTP adapter. It waits forever for a body that ends early, it
 * can't wait for the audit of calls that it refuses itself, it merges the headers of a batch's calls, and it answers
 * 204 to every HEAD.
 */
export function createTrpcHandler(api: Api, operations: Operations): Handler {
  const protocol = createTrpcProtocol(operations);
  const single = createCallHandler(api, createTrpcTransport(protocol));
  const batch = createBatchHandler(api, protocol);
  return (req, res) => (isBatch(req) ? batch(req, res) : single(req, res));
}

function isBatch(req: IncomingMessage): boolean {
  const query = find(() => parseQuery(targetOf(req).query));
  return query instanceof Map && query.get("batch")?.[0] === "1";
}

/** The transport of single calls. The response is `{ result: { data } }` or `{ error }`. */
function createTrpcTransport(protocol: TrpcProtocol): Transport {
  return {
    ...protocol,
    name: "trpc",
    surfaceOf: (path) => surfaceOf(path.slice(TRPC_PREFIX.length)),
    locate(req, target) {
      const name = decodePart(target.path.slice(TRPC_PREFIX.length));
      const operation = protocol.find(name, req.method);
      if (req.method === "OPTIONS") return { allow: methodsOf(operation) };
      return { operation, readInput: () => readTrpcInput(req) };
    },
  };
}
