import type { OpenAPIObject } from "trpc-to-openapi";
import type { Operation } from "../operation/operations.ts";
import { fieldsOf } from "../operation/unwrap-zod.ts";
import type { ErrorCode } from "../../core/protocol/errors.ts";
import { ERRORS } from "../../core/protocol/errors.ts";
import type { ErrorEnvelope } from "../response/envelope.ts";
import type { Schema } from "./make-example.ts";
import { makeExample } from "./make-example.ts";
import { errorsByStatus, takesBody } from "./operation-errors.ts";
import {
  CHALLENGE_HEADER,
  DISPOSITION_HEADER,
  IDEMPOTENCY_KEY_PARAMETER,
  PAYMENT_INFO,
  PAYMENT_REQUIRED_HEADER,
  DETAIL_PARAMETER,
  QUIET_PARAMETER,
  RATE_LIMIT_HEADERS,
  REPLAYED_HEADER,
  REQUEST_ID_HEADER,
  RETRY_AFTER_HEADER,
  securityOf,
} from "./shared-components.ts";

type Schemas = Record<string, Schema>;
type PathItem = NonNullable<OpenAPIObject["paths"]>[string];
export type OperationObject = NonNullable<PathItem["get"]>;
type Content = Extract<NonNullable<OperationObject["requestBody"]>, { content: unknown }>["content"];

/** A response object of the document. trpc-to-openapi types it as `any`. */
interface ResponseObject {
  description: string;
  headers: Record<string, { $ref: string }>;
  content: Content;
}

/** Error statuses whose responses can have a `Retry-After` header. */
const STATUSES_WITH_RETRY_AFTER = new Set([409, 429, 503, 504]);

/** Whether responses have the rate limit headers. */
const isLimited = (auth: Operation["auth"]): boolean => auth !== "none" && auth !== "admin";

/** Adds an operation's metadata to the operation object that trpc-to-openapi generated from the schemas. */
export function describeOperation(
  operation: Operation,
  generated: OperationObject,
  schemas: Schemas,
): OperationObject {
  const { id, surface, auth, method, meta } = operation;
  const { summary, description, tags = [surface] } = meta.openapi;
  const parameters = parametersOf(operation, generated, schemas);
  return {
    operationId: id,
    tags,
    summary,
    ...(description !== undefined && { description }),
    ...(auth === "x402" && { "x-payment-info": PAYMENT_INFO }),
    ...(surface === "gpt" && { "x-openai-isConsequential": meta.consequential ?? method !== "GET" }),
    security: securityOf(surface, auth),
    ...(parameters.length > 0 && { parameters }),
    ...(takesBody(operation) && { requestBody: bodyOf(operation, generated) }),
    responses: { ...successesOf(operation, generated, schemas), ...errorsOf(operation) },
  };
}

function parametersOf(
  { input, meta, surface }: Operation,
  { parameters = [] }: OperationObject,
  schemas: Schemas,
) {
  const fields = fieldsOf(input);
  return [
    ...parameters.map((parameter) => {
      if (!("name" in parameter)) return parameter;
      // The generator unwraps `.optional()` and so loses a description that was set on it.
      const description = fields[parameter.name]?.description ?? parameter.description;
      const example =
        meta.example?.request?.[parameter.name] ??
        makeExample(parameter.schema ?? {}, schemas, parameter.name);
      return {
        ...parameter,
        ...(description !== undefined && { description }),
        example,
      };
    }),
    ...(meta.idempotencyKey === true ? [IDEMPOTENCY_KEY_PARAMETER] : []),
    ...(surface === "agent" ? [QUIET_PARAMETER, DETAIL_PARAMETER] : []),
  ];
}

function bodyOf({ id, meta, pathParams }: Operation, { requestBody }: OperationObject) {
  if (requestBody === undefined || !("content" in requestBody))
    throw new Error(`${id}: the generated operation has no request body`);
  const request = meta.example?.request;
  if (request === undefined) return requestBody;
  const example = Object.fromEntries(Object.entries(request).filter(([name]) => !pathParams.includes(name)));
  return { ...requestBody, content: withExample(requestBody.content, example) };
}

function successesOf(
  { id, surface, auth, meta }: Operation,
  { responses }: OperationObject,
  schemas: Schemas,
): Record<string, ResponseObject> {
  const generated = responses?.["200"] as Pick<ResponseObject, "content"> | undefined;
  if (generated === undefined) throw new Error(`${id}: the generated operation has no 200 response`);
  const describe = (description: string, content: Content) => ({
    description,
    headers: {
      ...REQUEST_ID_HEADER,
      ...(isLimited(auth) && RATE_LIMIT_HEADERS),
      ...(meta.idempotencyKey === true && REPLAYED_HEADER),
      ...(meta.file !== undefined && DISPOSITION_HEADER),
    },
    content,
  });
  const data = meta.example?.response;
  const example = surface === "gpt" ? data : { status: "success", data, next_actions: [] };
  const bareContent =
    meta.bytes === true ? ANY_BYTES : meta.file === undefined ? generated.content : fileContent(meta.file);
  const made = (content: Content): Content => withMadeExamples(content, schemas);
  const content = data === undefined ? made(bareContent) : withExample(bareContent, example);
  return {
    200: describe(meta.openapi.successDescription ?? "Success", content),
    ...(meta.accepted !== undefined && { 202: describe(meta.accepted, made(generated.content)) }),
  };
}

function errorsOf(operation: Operation): Record<string, ResponseObject> {
  const describe = (status: number, codes: ErrorCode[]): ResponseObject => ({
    description: codes.map((code) => `\`${code}\``).join(", "),
    headers: {
      ...REQUEST_ID_HEADER,
      ...(STATUSES_WITH_RETRY_AFTER.has(status) && RETRY_AFTER_HEADER),
      ...(status === 402 && PAYMENT_REQUIRED_HEADER),
      ...(status === 429 && RATE_LIMIT_HEADERS),
      ...(status === 401 && CHALLENGE_HEADER),
    },
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/ErrorEnvelope" },
        example: errorExample(codes[0] ?? "internal_error"),
      },
    },
  });
  return Object.fromEntries(
    [...errorsByStatus(operation)].map(([status, codes]) => [String(status), describe(status, codes)]),
  );
}

const errorExample = (code: ErrorCode): Pick<ErrorEnvelope, "error_code" | "message" | "next_actions"> => ({
  ...{ status: "error", error_code: code, message: ERRORS[code].message },
  ...{ retry_allowed: ERRORS[code].retry === true, next_actions: [], request_id: "r-1" },
});

/**
 * An upstream may answer with any media type. JSON stands by itself: a validator compares what it has parsed, which is
 * seldom a string.
 */
const ANY_BYTES: Content = {
  "application/json": { schema: {}, example: { sunset: "17:16" } },
  "*/*": { schema: { type: "string", format: "binary" } },
};

const fileContent = (schemas: NonNullable<Operation["meta"]["file"]>): Content =>
  Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]));

function withExample(content: Content, example: unknown): Content {
  return Object.fromEntries(Object.entries(content).map(([type, media]) => [type, { ...media, example }]));
}

/** Examples for what has none of its own. An upstream's bytes have no schema to make one from. */
const withMadeExamples = (content: Content, schemas: Schemas): Content =>
  Object.fromEntries(
    Object.entries(content).map(([type, media]) => {
      const schema = (media.schema ?? {}) as Schema;
      const example: unknown = media.example ?? makeExample(schema, schemas, type === "*/*" ? "output" : "");
      return [type, { ...media, example }];
    }),
  );
