import type { AnyTRPCRouter } from "@trpc/server";
import type { OpenAPIObject } from "trpc-to-openapi";
import { generateOpenApiDocument } from "trpc-to-openapi";
import type { Surface } from "../operation/operation-meta.ts";
import { API_VERSION, SURFACES } from "../operation/operation-meta.ts";
import type { Operations } from "../operation/operations.ts";
import { ErrorEnvelope } from "../response/envelope.ts";
import { describeOperation } from "./describe-operation.ts";
import type { Schema } from "./make-example.ts";
import { plainDocument } from "./plain-document.ts";
import { HEADERS, SECURITY_SCHEMES, securityOf, TAGS } from "./shared-components.ts";

export interface OpenApiOptions {
  router: AnyTRPCRouter;
  /** Where the API is reached. A server that serves the document puts its own address there. */
  serverUrl: string;
  /** Whether it is for importers that know only the plain parts of JSON Schema. */
  plain?: boolean;
  /** Default: all. */
  surfaces?: readonly Surface[];
}

type Paths = NonNullable<OpenAPIObject["paths"]>;

/**
 * A path that is removed again later. The generator only renders `ErrorEnvelope` as an output schema if some
 * response uses it.
 */
const ERROR_PATH = {
  "/": {
    get: {
      responses: { 500: { description: "", content: { "application/json": { schema: ErrorEnvelope } } } },
    },
  },
};

/**
 * Builds the OpenAPI 3.1 document. trpc-to-openapi converts the Zod schemas. It can't express our errors, the
 * credential of each operation, 202 responses and examples; these are set here from the same metadata. The
 * result is deterministic: the same router gives the same text, byte by byte.
 * @throws Error if the generator left an operation out
 */
export function buildOpenApi(operations: Operations, options: OpenApiOptions): OpenAPIObject {
  const { router, serverUrl, surfaces = SURFACES } = options;
  const described = [...operations.values()].filter(({ surface }) => surfaces.includes(surface));
  const document = generateOpenApiDocument<{ openapi: { path: string } }>(router, {
    title: "Tollfree",
    description: "Agents use paid APIs at a sponsor's expense, inside limits their user set.",
    version: API_VERSION,
    license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    openApiVersion: "3.1.0",
    baseUrl: serverUrl,
    securitySchemes: SECURITY_SCHEMES,
    paths: ERROR_PATH,
    filter: ({ metadata }) => described.some(({ path }) => path === metadata.openapi.path),
  });

  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const paths: Paths = {};
  for (const operation of described) {
    const { path } = operation;
    const verb = operation.method.toLowerCase() as Lowercase<typeof operation.method>;
    const generated = document.paths?.[path]?.[verb];
    if (generated === undefined) throw new Error(`${operation.name} is missing in the generated document`);
    paths[path] = { ...paths[path], [verb]: describeOperation(operation, generated, schemas) };
  }
  const tags = new Set(Object.values(paths).flatMap((item) => Object.values(item as object).flatMap(tagsOf)));
  const pathsText = JSON.stringify(paths);
  const schemes = new Set(
    described.flatMap(({ surface, auth }) => securityOf(surface, auth).flatMap(Object.keys)),
  );
  const complete = {
    ...document,
    tags: [...tags].map((name) => ({ name, description: TAGS[name] ?? name })),
    paths,
    components: {
      ...document.components,
      securitySchemes: Object.fromEntries(
        Object.entries(SECURITY_SCHEMES).filter(([name]) => schemes.has(name)),
      ),
      headers: Object.fromEntries(
        Object.entries(HEADERS).filter(([name]) => pathsText.includes(`"#/components/headers/${name}"`)),
      ),
      schemas: Object.fromEntries(
        // the generator's own error schemas, which we replace by `ErrorEnvelope`
        Object.entries(document.components?.schemas ?? {}).filter(([name]) => !name.startsWith("error.")),
      ),
    },
  };
  return options.plain === true ? plainDocument(complete) : complete;
}

const tagsOf = (operation: { tags?: string[] }): string[] => operation.tags ?? [];
