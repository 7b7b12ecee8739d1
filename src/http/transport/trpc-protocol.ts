import type { IncomingMessage } from "node:http";
import type { Operation, Operations } from "../../api/operation/operations.ts";
import { toTrpcErrorShape } from "../../api/response/error-body.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { readJsonBody } from "../request/json-body.ts";
import { parseQuery, targetOf } from "../request/request-target.ts";
import type { Transport } from "./perform-call.ts";
import { noSuchRoute } from "./perform-call.ts";

export const TRPC_PREFIX = "/trpc/";

const QUERY_METHODS = "GET, HEAD, POST, OPTIONS";
const MUTATION_METHODS = "POST, OPTIONS";

/** What single calls and batches share. */
export interface TrpcProtocol extends Pick<Transport, "success" | "failure"> {
  /**
   * Finds a procedure by its name, such as `agent.auth`.
   * @throws AppError `not_found`, `method_not_allowed`
   */
  find(name: string, method: string | undefined): Operation;
}

export function createTrpcProtocol(operations: Operations): TrpcProtocol {
  const byName = new Map([...operations.values()].map((operation) => [operation.name, operation]));
  return {
    find(name, method) {
      const operation = byName.get(name);
      if (operation === undefined) throw noSuchRoute();
      const allow = methodsOf(operation);
      if (!allow.split(", ").includes(method ?? ""))
        throw new AppError("method_not_allowed", { headers: { Allow: allow } });
      return operation;
    },
    success: (data) => ({ result: { data } }),
    failure: (error, operation) => ({ error: toTrpcErrorShape(error, operation?.name) }),
  };
}

/** The value of `Allow`. Clients send a query as POST if their link has `methodOverride`, since a URL's length is limited. */
export const methodsOf = ({ type }: Operation): string =>
  type === "query" ? QUERY_METHODS : MUTATION_METHODS;

/** A POST's input is its body. Else it is JSON in `?input=`; blank means that there is none. */
export async function readTrpcInput(req: IncomingMessage): Promise<unknown> {
  if (req.method === "POST") return readJsonBody(req);
  const [text = ""] = parseQuery(targetOf(req).query).get("input") ?? [];
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new AppError("invalid_json", { message: "The input is not valid JSON." });
  }
}
