import type { IncomingMessage, ServerResponse } from "node:http";
import type { Surface } from "../../api/operation/operation-meta.ts";
import type { AddressLimits } from "../../api/procedure/address-limits.ts";
import type { ApiContext, Authenticators, Reader } from "../../api/procedure/context.ts";
import type { CredentialGuard } from "../../api/procedure/credential-guard.ts";
import { asksForQuiet, isQuiet } from "../../api/procedure/quiet.ts";
import { askedDetail } from "../../api/response/concise/index.ts";
import { quietAction } from "../../api/response/quiet-answer.ts";
import type { RenderNextActions, RepeatedFields } from "../../api/response/render-next-actions.ts";
import type { Deps } from "../../core/context.ts";
import type { AuditLog } from "../../core/observability/audit/index.ts";
import type { Meter } from "../../core/ports/meter.ts";
import { requestIdOf } from "../request/request-id.ts";

/** What all transports share. Every call gets it in its context. */
export interface Api {
  deps: Deps;
  authenticators: Authenticators;
  credentialGuard: CredentialGuard;
  addressLimits: AddressLimits;
  audit: AuditLog;
  countRequest: Meter["countRequest"];
  clientAddress: (req: IncomingMessage) => string;
  renderNextActions: RenderNextActions;
}

/** What the calls of one request share. */
export type RequestContext = Pick<
  ApiContext,
  "transport" | "requestId" | "headers" | "clientAddress" | "hasLeft"
>;

export function createRequestContext(
  { clientAddress }: Api,
  transport: ApiContext["transport"],
  req: IncomingMessage,
  res: ServerResponse,
): RequestContext {
  let hasLeft = false;
  res.once("close", () => (hasLeft = !res.writableFinished));
  return {
    transport,
    requestId: requestIdOf(req),
    headers: req.headers,
    clientAddress: clientAddress(req),
    hasLeft: () => hasLeft,
  };
}

/**
 * The context of one call. Nothing that a call writes is shared with another call of the same request. Its fields are named one by
 * one, since an object with the rest of another's fields takes much longer to make and to copy.
 */
export function createCallContext(
  { deps, authenticators, credentialGuard, addressLimits, audit, renderNextActions }: Api,
  request: RequestContext,
  { surface, endpoint }: { surface: Surface; endpoint: string },
): ApiContext {
  const repeatedFields: RepeatedFields = {};
  const reader: Reader = { asksForQuiet: asksForQuiet(request.headers), readsSponsorTexts: null };
  return {
    deps,
    authenticators,
    credentialGuard,
    addressLimits,
    audit,
    transport: request.transport,
    requestId: request.requestId,
    headers: request.headers,
    clientAddress: request.clientAddress,
    hasLeft: request.hasLeft,
    surface,
    endpoint,
    asksPrice: false,
    reply: { headers: {} },
    subject: {},
    repeatedFields,
    reader,
    detail: surface === "agent" ? askedDetail(request.headers) : "full",
    isQuiet: () => isQuiet(surface, reader),
    renderActions: (actions) =>
      renderNextActions(
        surface,
        isQuiet(surface, reader) ? actions.map(quietAction) : actions,
        repeatedFields,
      ),
  };
}
