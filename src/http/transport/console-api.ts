import { createExpressMiddleware } from "@trpc/server/adapters/express";
import type { Express } from "express";
import { consoleRouter } from "../../api/console-router.ts";
import type { PersonContext } from "../../api/procedure/person.ts";
import { toAppError } from "../../api/response/error-body.ts";
import type { UserActor } from "../../core/context.ts";
import { requestIdOf } from "../request/request-id.ts";
import type { Api } from "./call-context.ts";

/** An OpenAPI document that a sponsor pastes is the largest body, with its quotes escaped. */
const MAX_BODY_BYTES = 512 * 1024;
const MAX_CALLS_OF_BATCH = 20;

/**
 * `/user/trpc`: the procedures of the console. It is tRPC's own adapter, unlike `/trpc`: its only client is the console, which
 * sends no broken bodies, and what it calls isn't audited call by call. A server's limits end a request that never ends.
 */
export function mountConsoleApi(
  app: Express,
  { deps, authenticators, addressLimits, clientAddress }: Api,
  { ownOrigins, changes }: Pick<PersonContext, "ownOrigins" | "changes">,
): void {
  app.use(
    "/user/trpc",
    createExpressMiddleware({
      router: consoleRouter,
      maxBodySize: MAX_BODY_BYTES,
      maxBatchSize: MAX_CALLS_OF_BATCH,
      createContext: ({ req }): PersonContext => {
        let person: Promise<UserActor | undefined> | undefined;
        return {
          ...{ deps, authenticators, addressLimits, ownOrigins, changes },
          headers: req.headers,
          clientAddress: clientAddress(req),
          requestId: requestIdOf(req),
          // People choose for themselves what to do next.
          renderActions: () => [],
          // It is people who read here.
          isQuiet: () => false,
          person: () => (person ??= authenticators.person(req.headers)),
        };
      },
      responseMeta: () => ({ headers: { "Cache-Control": "no-store" } }),
      onError: ({ error, path, req }) => {
        const { status, cause, code } = toAppError(error);
        if (status >= 500)
          deps.log.error(
            { request_id: requestIdOf(req), operation: path, error_code: code, err: cause },
            "call failed",
          );
      },
    }),
  );
}
