import type { AnyTRPCProcedure, AnyTRPCRouter } from "@trpc/server";
import { z } from "zod";
import { surfaceOf, toOperationId } from "./operation-id.ts";
import type { Auth, Method, OperationMeta, Surface } from "./operation-meta.ts";
import { pathParamsOf } from "./path-params.ts";
import { fieldsOf, isStrict, unwrapZod } from "./unwrap-zod.ts";

/**
 * One operation, as its procedure declares it. Routes, OpenAPI document, next actions and audit rows use it.
 */
export interface Operation {
  /** tRPC path, such as `agent.runService`. */
  name: string;
  /** Such as `agent_run_service`. */
  id: string;
  surface: Surface;
  auth: Auth;
  method: Method;
  /** The REST path, with `{parameter}` placeholders. */
  path: string;
  pathParams: string[];
  input: z.ZodObject;
  /** The envelope's schema, on surfaces that have the envelope. */
  output: z.ZodType;
  meta: OperationMeta & { openapi: NonNullable<OperationMeta["openapi"]> };
  type: "query" | "mutation";
  procedure: AnyTRPCProcedure;
}

/** By operation id. */
export type Operations = ReadonlyMap<string, Operation>;

/**
 * Lists the operations of a router, by operation id.
 * @throws Error that names the procedure, if a procedure can't be served or described; the server then
 *   doesn't start
 */
export function listOperations(router: AnyTRPCRouter): Operations {
  const operations = Object.entries(router._def.procedures as Record<string, AnyTRPCProcedure>).map(
    ([name, procedure]) => {
      try {
        return readOperation(name, procedure);
      } catch (cause) {
        throw new Error(`procedure ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });
      }
    },
  );
  return new Map(operations.map((operation) => [operation.id, operation]));
}

/** The fields that a tRPC procedure has at run time, but not in its public type. */
interface ProcedureDefinition {
  type: string;
  meta: OperationMeta | undefined;
  inputs: unknown[];
  output: unknown;
}

function readOperation(name: string, procedure: AnyTRPCProcedure): Operation {
  const { type, meta, inputs, output } = procedure._def as unknown as ProcedureDefinition;
  const { openapi, auth } = meta ?? {};
  const surface = surfaceOf(name);
  if (surface === undefined) throw new Error("stands under no surface");
  if (auth === undefined) throw new Error("was not built with a builder of src/api/procedure/trpc.ts");
  if (openapi === undefined) throw new Error("has no route: .meta({ openapi: { method, path, summary } })");
  if (type !== "query" && type !== "mutation") throw new Error("is neither a query nor a mutation");
  if ((type === "query") !== (openapi.method === "GET"))
    throw new Error(`${openapi.method} doesn't fit a ${type}`);
  if (surfaceOf(openapi.path) !== surface) throw new Error(`its path isn't under /${surface}/`);
  if (!(output instanceof z.ZodType)) throw new Error("has no output schema");
  const pathParams = pathParamsOf(openapi.path);
  return {
    name,
    id: toOperationId(name),
    surface,
    auth,
    method: openapi.method,
    path: openapi.path,
    pathParams,
    input: readInput(inputs, pathParams),
    output,
    meta: { ...meta, openapi },
    type,
    procedure,
  };
}

function readInput(inputs: unknown[], pathParams: string[]): z.ZodObject {
  const [schema, ...more] = inputs;
  if (more.length > 0) throw new Error("has several .input() calls; combine their schemas with .extend");
  const input = schema instanceof z.ZodType ? unwrapZod(schema) : undefined;
  if (!(input instanceof z.ZodObject) || !isStrict(input)) {
    throw new Error("its input must be a z.strictObject, which refuses unknown fields");
  }
  for (const [field, type] of Object.entries(fieldsOf(input))) {
    if ("coerce" in type.def && type.def.coerce === true)
      throw new Error(`field ${field} coerces; use a plain type, since the REST transport converts text`);
  }
  for (const param of pathParams) {
    if (fieldsOf(input)[param]?.safeParse(undefined).success !== false) {
      throw new Error(`path parameter ${param} isn't a required field of its input`);
    }
  }
  return input;
}
