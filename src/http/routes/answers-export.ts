import type { Express } from "express";
import type { AddressLimits } from "../../api/procedure/address-limits.ts";
import type { Authenticators } from "../../api/procedure/context.ts";
import { countAnonymous } from "../../api/procedure/rate-limits.ts";
import { requireOwnPage } from "../../api/procedure/require-own-page.ts";
import { exportFoundAnswers } from "../../api/routers/user/sponsors/answers-file.ts";
import type { Deps } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { ClientAddress } from "../request/client-address.ts";
import { sendFile } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

interface ExportRoutes {
  deps: Deps;
  authenticators: Authenticators;
  addressLimits: AddressLimits;
  clientAddress: ClientAddress;
  ownOrigins: readonly string[];
}

/** `/user/sponsors/answers/export`: the answers that a member's page shows. tRPC would hold the whole file in memory. */
export function mountAnswersExport(
  app: Express,
  { deps, authenticators, addressLimits, clientAddress, ownOrigins }: ExportRoutes,
): void {
  serveGet(app, "/user/sponsors/answers/export", async (req, res) => {
    res.setHeader("Vary", "Origin, Cookie");
    requireOwnPage({ headers: req.headers, ownOrigins }, "reads");
    const person = await authenticators.person(req.headers);
    if (person === undefined) {
      await countAnonymous({ deps, addressLimits, clientAddress: clientAddress(req) });
      throw new AppError("unauthorized", { message: "Sign in first." });
    }
    const { searchParams } = new URL(req.originalUrl, "http://localhost");
    const file = await exportFoundAnswers(deps, person, Object.fromEntries(searchParams));
    await sendFile(req, res, 200, {}, file);
  });
}
