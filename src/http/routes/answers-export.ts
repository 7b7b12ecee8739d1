import type { Express } from "express";
import { z } from "zod";
import type { AddressLimits } from "../../api/procedure/address-limits.ts";
import { auditSponsorCall } from "../../api/procedure/audit-sponsor-call.ts";
import type { Authenticators } from "../../api/procedure/context.ts";
import { requireRole } from "../../api/procedure/member.ts";
import { LEAST_ROLE_OF_ROUTES } from "../../api/procedure/member-permissions.ts";
import { countAnonymous, countCall } from "../../api/procedure/rate-limits.ts";
import { rejectUnsafeInput } from "../../api/procedure/reject-unsafe-input.ts";
import { requireOwnPage } from "../../api/procedure/require-own-page.ts";
import { invalidInput } from "../../api/response/error-body.ts";
import type { Deps } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { Id } from "../../core/protocol/fields.ts";
import { rateLimited } from "../../core/protocol/rate-limit/index.ts";
import { exportAnswers, ExportFoundAnswersInput } from "../../core/sponsorship/answer/index.ts";
import { authenticateMember } from "../../core/sponsorship/member/index.ts";
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

const ACTION = "answers.export";

const isTrue = z.literal("true").transform(() => true);
const Query = z.strictObject({
  ...ExportFoundAnswersInput.shape,
  sponsor_id: Id,
  to_judge: isTrue.optional(),
  contact_permitted: isTrue.optional(),
});

/**
 * `/user/sponsors/answers/export`: the answers that a member's page shows, as a file. tRPC would hold the whole file in memory. Each
 * export is in the sponsor's audit log before its first byte is sent, and so is one that was refused.
 */
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
    await countCall({ deps, reply: { headers: {} } }, person, ACTION);
    const sent = Object.fromEntries(new URL(req.originalUrl, "http://localhost").searchParams);
    rejectUnsafeInput(sent);
    const query = Query.safeParse(sent);
    if (!query.success) throw invalidInput(query.error, sent);
    const { sponsor_id, ...input } = query.data;
    const actor = await authenticateMember(deps.db, person.userId, sponsor_id);
    const { file } = await auditSponsorCall(deps, actor, ACTION, input, async () => {
      requireRole(actor, LEAST_ROLE_OF_ROUTES[ACTION]);
      const rule = deps.settings.rateRules.answersExported;
      const take = await deps.limiter.take(rule, person.userId);
      if (!take.allowed) throw rateLimited(rule, take);
      return { ok: true, file: await exportAnswers({ ...deps, actor }, input) };
    });
    await sendFile(req, res, 200, {}, file);
  });
}
