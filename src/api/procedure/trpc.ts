import type { TRPCRouterBuilder } from "@trpc/server";
import { initTRPC } from "@trpc/server";
import { z } from "zod";
import type { Actor, SponsorActor } from "../../core/context.ts";
import { AppError, notFound } from "../../core/protocol/errors.ts";
import { next as nextActions } from "../../core/protocol/next-actions.ts";
import { waitForTurn } from "../../core/protocol/turns.ts";
import { toOperationId } from "../operation/operation-id.ts";
import type { Auth, OperationMeta } from "../operation/operation-meta.ts";
import { pathParamsOf } from "../operation/path-params.ts";
import type { TrpcErrorShape } from "../response/envelope.ts";
import { invalidInput, NO_CALL, toAppError, toTrpcErrorShape, toWireError } from "../response/error-body.ts";
import { auditCall } from "./audit-call.ts";
import { auditOperatorCall } from "./audit-operator-call.ts";
import { auditSponsorCall } from "./audit-sponsor-call.ts";
import type { ApiContext } from "./context.ts";
import { authenticateSession, requireToken, verifyCaller } from "./credentials.ts";
import { refuseForeignOrigin } from "./foreign-origin.ts";
import { gptCaller, gptSession } from "./gpt-credentials.ts";
import { CHANGES_NOTHING } from "./member-permissions.ts";
import { countAnonymous, countCall, countPayer, enterCall } from "./rate-limits.ts";
import { rejectUnsafeInput } from "./reject-unsafe-input.ts";

/**
 * A type alias and not an interface: TypeScript then writes its fields out in the emitted types of a router.
 * So the published client doesn't need the types of this file.
 */
type PublicRoot = { ctx: object; meta: OperationMeta; errorShape: TrpcErrorShape; transformer: false };

const t = initTRPC
  .context<ApiContext>()
  .meta<OperationMeta>()
  .create({
    isDev: false, // otherwise tRPC may add stack traces to errors
    errorFormatter: ({ error, path, ctx }) => toTrpcErrorShape(toWireError(error, ctx ?? NO_CALL), path),
  });

/**
 * Builds a router from procedures. Clients see the router's type: inputs, outputs and errors. `PublicRoot`
 * hides the server's own context type from them.
 */
export const router = t.router as TRPCRouterBuilder<PublicRoot>;

/**
 * Audits the call. It is the outermost middleware, so calls with refused credentials or bad input are audited
 * too.
 */
const audited = t.middleware(async ({ ctx, path, getRawInput, next }) => {
  const result = await next();
  const error = result.ok ? undefined : toAppError(result.error);
  const outcome = error === undefined ? { status: ctx.reply.status ?? 200 } : { status: error.status, error };
  await auditCall(ctx, toOperationId(path), getRawInput, outcome);
  return result;
});

/** Authenticates the caller, counts the call against the caller's limit, and sets `ctx.actor`. */
const authenticated = <Caller extends Actor>(
  authenticate: (
    ctx: ApiContext,
    token: string,
    readInput: () => Promise<unknown>,
  ) => Promise<Caller> | Caller,
  onRefusal: (error: unknown) => void = () => {},
) =>
  t.middleware(async ({ ctx, path, getRawInput, next }) => {
    let actor: Caller;
    try {
      const token = await requireToken(ctx);
      actor = await verifyCaller(ctx, token, () => authenticate(ctx, token, getRawInput));
    } catch (error) {
      // An unreadable body takes precedence: reading it throws the transport's own error (such as
      // `invalid_json`). Of a flood, no body is read.
      if (!(error instanceof AppError && error.code === "rate_limited")) await getRawInput();
      onRefusal(error);
      throw error;
    }
    if (actor.kind === "session") ctx.reader.readsSponsorTexts = actor.readsSponsorTexts;
    await countCall(ctx, actor, toOperationId(path));
    const leave = enterCall(ctx, actor);
    try {
      return await next({ ctx: { actor } });
    } finally {
      leave();
    }
  });

/** Looking through so many values takes about a millisecond. */
const MANY_VALUES = 2_000;

/**
 * The last step before the schema. Refuses unsafe input, and turns the schema's refusal into field errors.
 */
const inputChecked = t.middleware(async ({ getRawInput, meta, next }) => {
  const raw = await getRawInput();
  const input = raw === undefined ? {} : raw;
  try {
    // Many values take milliseconds to validate too, and others are answered in between.
    if (rejectUnsafeInput(input) > MANY_VALUES) await waitForTurn();
  } catch (error) {
    throw isAboutPathParam(error, input, meta) ? notFound("resource") : error;
  }
  const result = await next({ getRawInput: () => Promise.resolve(input) });
  if (!result.ok && result.error.code === "BAD_REQUEST" && result.error.cause instanceof z.ZodError) {
    const error = invalidInput(result.error.cause, input); // only here are both the refusal and the input known
    throw isAboutPathParam(error, input, meta) ? notFound("resource") : error;
  }
  return result;
});

/**
 * Whether an error is about a path parameter. A malformed id answers 404 like an unknown one, so that a
 * caller can't learn which ids are well-formed.
 */
function isAboutPathParam(error: unknown, input: unknown, meta: OperationMeta | undefined): boolean {
  if (!(error instanceof AppError) || typeof input !== "object" || input === null) return false;
  const fields = input as Record<string, unknown>;
  return pathParamsOf(meta?.openapi?.path ?? "").some(
    (param) =>
      typeof fields[param] === "string" && (error.fieldErrors ?? []).some(({ path }) => path === `/${param}`),
  );
}

/** Adds the next action `auth` to a 401 that has no next actions. */
function offerSignIn(error: unknown): void {
  if (error instanceof AppError && error.status === 401 && error.nextActions.length === 0) {
    error.nextActions = [nextActions.auth()];
  }
}

const auditedProcedure = (auth: Auth) => t.procedure.meta({ auth }).use(audited);

/** Counts the call by its client address, with one of the limits for callers without a credential. */
const countedByAddress = (count: (ctx: ApiContext) => Promise<void>) =>
  t.middleware(async ({ ctx, next }) => {
    await count(ctx);
    return next();
  });

/** Takes no credential. */
export const publicProcedure = auditedProcedure("none")
  .use(countedByAddress(countAnonymous))
  .use(inputChecked);

/** For callers that pay for the call by x402. Takes no credential. */
export const payerProcedure = auditedProcedure("x402").use(countedByAddress(countPayer)).use(inputChecked);

/** An agent's API key; `ctx.actor` is an `AgentActor`. */
export const agentKeyProcedure = auditedProcedure("api_key")
  .use(authenticated(({ authenticators }, token) => authenticators.agentKey(token), offerSignIn))
  .use(inputChecked);

/** An agent session's token; `ctx.actor` is a `SessionActor`. */
export const sessionProcedure = auditedProcedure("session")
  .use(authenticated(authenticateSession, offerSignIn))
  .use(inputChecked);

const ownPagesOnly = t.middleware(async ({ ctx, next }) => {
  refuseForeignOrigin(ctx);
  return next();
});

/** Writes changes by a sponsor's key to the log that the sponsor's members read. */
const auditedForSponsor = t.middleware(({ ctx, path, type, getRawInput, next }) => {
  const { actor } = ctx as unknown as { actor: SponsorActor };
  const name = path.replace(/^sponsor\./, "");
  if (type !== "mutation" || CHANGES_NOTHING.has(name)) return next();
  return getRawInput()
    .catch(() => undefined)
    .then((input) => auditSponsorCall(ctx.deps, actor, name, input, next));
});

/** A sponsor's key; `ctx.actor` is a `SponsorActor`. */
export const sponsorProcedure = auditedProcedure("sponsor")
  .use(ownPagesOnly)
  .use(authenticated(({ authenticators }, token) => authenticators.sponsorKey(token)))
  .use(auditedForSponsor)
  .use(inputChecked);

/** Writes changes by the administrator's key to the log that operators read. */
const auditedForOperators = t.middleware(async ({ ctx, path, type, getRawInput, next }) => {
  if (type !== "mutation") return next();
  const input: unknown = await getRawInput().catch(() => undefined);
  return auditOperatorCall(ctx.deps, undefined, path, input, next);
});

/** The administrator's key; `ctx.actor` is an `AdminActor`. */
export const adminProcedure = auditedProcedure("admin")
  .use(ownPagesOnly)
  .use(authenticated(({ authenticators }, token) => authenticators.admin(token)))
  .use(auditedForOperators)
  .use(inputChecked);

/** A GPT, by its builder's agent key or a person's GPT session; `ctx.actor` says which. */
export const gptProcedure = auditedProcedure("api_key")
  .use(authenticated(gptCaller, offerSignIn))
  .use(inputChecked);

/** A GPT with a person signed in; `ctx.actor` is a `SessionActor`. */
export const gptSessionProcedure = auditedProcedure("session")
  .use(authenticated(gptSession, offerSignIn))
  .use(inputChecked);
