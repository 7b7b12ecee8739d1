import type { Express, Request } from "express";
import type { AddressLimits } from "../../api/procedure/address-limits.ts";
import type { Authenticators, ReplyFile } from "../../api/procedure/context.ts";
import { countAnonymous } from "../../api/procedure/rate-limits.ts";
import { requireOwnPage } from "../../api/procedure/require-own-page.ts";
import type { Deps, UserActor } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { ClientAddress } from "../request/client-address.ts";
import { sendFile } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

interface FileRoutes {
  deps: Deps;
  authenticators: Authenticators;
  addressLimits: AddressLimits;
  clientAddress: ClientAddress;
  ownOrigins: readonly string[];
}

/**
 * Serves a file to the console's pages, for the person who signed in. It is sent in parts: tRPC would hold the whole file in memory.
 * @param makeFile its AppError is the answer
 */
export function mountPersonFile(
  app: Express,
  path: string,
  { deps, authenticators, addressLimits, clientAddress, ownOrigins }: FileRoutes,
  makeFile: (person: UserActor, req: Request) => Promise<ReplyFile>,
): void {
  serveGet(app, path, async (req, res) => {
    res.setHeader("Vary", "Origin, Cookie");
    requireOwnPage({ headers: req.headers, ownOrigins }, "reads");
    const person = await authenticators.person(req.headers);
    if (person === undefined) {
      await countAnonymous({ deps, addressLimits, clientAddress: clientAddress(req) });
      throw new AppError("unauthorized", { message: "Sign in first." });
    }
    await sendFile(req, res, 200, {}, await makeFile(person, req));
  });
}
