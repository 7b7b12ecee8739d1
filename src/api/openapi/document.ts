import type { AnyTRPCRouter } from "@trpc/server";
import type { OpenAPIObject } from "trpc-to-openapi";
import { generateOpenApiDocument } from "trpc-to-openapi";
import type { Surface } from "../operation/operation-meta.ts";
import { SURFACES } from "../operation/operation-meta.ts";
import type { Operations } from "../operation/operations.ts";
import { ErrorEnvelope } from "../response/envelope.ts";
import { describeOperation } from "./describe-operation.ts";
import { HEADERS, SECURITY_SCHEMES, securityOf, TAGS } from "./shared-components.ts";

export interface OpenApiOptions {
  router: AnyTRPCRouter;
  /** Where the API is reached; `/` for the committed document, which knows no host. */
  serverUrl: string;
  /** All, if left out. */
  surfaces?: readonly Surface[];
}

type Paths = NonNullable<OpenAPIObject["paths"]>;

/** A path that is dropped again: what makes the generator render the error envelope as something we answer. */
const ERROR_PATH = {
  "/": {
    get: {
      responses: { 500: { description: "", content: { "application/json": { schema: ErrorEnvelope } } } },
    },
  },
};

/**
 * The OpenAPI 3.1 document. trpc-to-openapi turns the Zod schemas into it; what it can't be told (our errors,
 * credentials per operation, 202, examples) is set here from the same metadata. The same router gives the same
 * text, byte by byte.
 */
export function buildOpenApi(operations: Operations, options: OpenApiOptions): OpenAPIObject {
  const { router, serverUrl, surfaces = SURFACES } = options;
  const described = [...operations.values()].filter(({ surface }) => surfaces.includes(surface));
  const document = generateOpenApiDocument<{ openapi: { path: string } }>(router, {
    title: "Tollfree",
    description: "Agents use paid APIs at a sponsor's expense, inside limits their user set.",
    version: "1.0.0",
    license: { name: "Proprietary", identifier: "LicenseRef-Proprietary" },
    openApiVersion: "3.1.0",
    baseUrl: serverUrl,
    securitySchemes: SECURITY_SCHEMES,
    paths: ERROR_PATH,
    filter: ({ metadata }) => described.some(({ path }) => path === metadata.openapi.path),
  });

  const paths: Paths = {};
  for (const operation of described) {
    const { path } = operation;
    const verb = operation.method.toLowerCase() as Lowercase<typeof operation.method>;
    const generated = document.paths?.[path]?.[verb];
    if (generated === undefined) throw new Error(`${operation.name} is missing in the generated document`);
    paths[path] = { ...paths[path], [verb]: describeOperation(operation, generated) };
  }
  const tags = new Set(Object.values(paths).flatMap((item) => Object.values(item as object).flatMap(tagsOf)));
  const text = JSON.stringify(paths);
  const schemes = new Set(
    described.flatMap(({ surface, auth }) => securityOf(surface, auth).flatMap(Object.keys)),
  );
  return {
    ...document,
    tags: [...tags].map((name) => ({ name, description: TAGS[name] ?? name })),
    paths,
    components: {
      ...document.components,
      securitySchemes: Object.fromEntries(
        Object.entries(SECURITY_SCHEMES).filter(([name]) => schemes.has(name)),
      ),
      headers: Object.fromEntries(
        Object.entries(HEADERS).filter(([name]) => text.includes(`"#/components/headers/${name}"`)),
      ),
      schemas: Object.fromEntries(
        // the generator's own idea of our errors
        Object.entries(document.components?.schemas ?? {}).filter(([name]) => !name.startsWith("error.")),
      ),
    },
  };
}

const tagsOf = (operation: { tags?: string[] }): string[] => operation.tags ?? [];
