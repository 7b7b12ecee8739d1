import type { Express } from "express";
import type { AddressLimits } from "../../api/procedure/address-limits.ts";
import type { Authenticators, ReplyFile } from "../../api/procedure/context.ts";
import { countAnonymous } from "../../api/procedure/rate-limits.ts";
import { requireOwnPage } from "../../api/procedure/require-own-page.ts";
import type { Deps, UserActor } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { ClientAddress } from "../request/client-address.ts";
import { sendFile } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

export type ExportAccount = (actor: UserActor) => Promise<ReplyFile>;

interface ExportRoutes {
  deps: Deps;
  authenticators: Authenticators;
  addressLimits: AddressLimits;
  clientAddress: ClientAddress;
  ownOrigins: readonly string[];
  exportAccount: ExportAccount;
}

/** `/user/account/export`: all that is stored of the person who signed in. tRPC would hold the whole file in memory. */
export function mountAccountExport(
  app: Express,
  { deps, authenticators, addressLimits, clientAddress, ownOrigins, exportAccount }: ExportRoutes,
): void {
  serveGet(app, "/user/account/export", async (req, res) => {
    res.setHeader("Vary", "Origin, Cookie");
    requireOwnPage({ headers: req.headers, ownOrigins }, "reads");
    const actor = await authenticators.person(req.headers);
    if (actor === undefined) {
      await countAnonymous({ deps, addressLimits, clientAddress: clientAddress(req) });
      throw new AppError("unauthorized", { message: "Sign in first." });
    }
    await sendFile(req, res, 200, {}, await exportAccount(actor));
  });
}
