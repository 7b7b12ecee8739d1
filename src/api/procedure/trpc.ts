import type { TRPCRouterBuilder } from "@trpc/server";
import { initTRPC } from "@trpc/server";
import { z } from "zod";
import type { Actor } from "../../core/context.ts";
import { subjectOf } from "../../core/observability/audit/index.ts";
import { AppError, notFound } from "../../core/protocol/errors.ts";
import { next as nextActions } from "../../core/protocol/next-actions.ts";
import { toOperationId } from "../operation/operation-id.ts";
import type { Auth, OperationMeta } from "../operation/operation-meta.ts";
import type { TrpcErrorShape } from "../response/envelope.ts";
import { invalidInput, toAppError, toTrpcErrorShape, toWireError } from "../response/error-body.ts";
import { auditCall } from "./audit-call.ts";
import type { ApiContext } from "./context.ts";
import { bearerToken } from "./credentials.ts";
import { gptCaller, gptSession } from "./gpt-credentials.ts";
import { countCall, countPayer } from "./rate-limits.ts";
import { rejectUnsafeInput } from "./reject-unsafe-input.ts";

/** For an error from before there was a context. Our transports always have one. */
const NO_CALL = { requestId: "", renderActions: () => [] };

/** An alias, so that what it says is written out wherever a router's type is. */
type PublicRoot = { ctx: object; meta: OperationMeta; errorShape: TrpcErrorShape; transformer: false };

const t = initTRPC
  .context<ApiContext>()
  .meta<OperationMeta>()
  .create({
    isDev: false, // the default sends stack traces
    errorFormatter: ({ error, path, ctx }) => toTrpcErrorShape(toWireError(error, ctx ?? NO_CALL), path),
  });

/**
 * Puts procedures together. A router's type goes to clients, who learn of inputs, answers and errors, and nothing
 * of what the server keeps in its context.
 */
export const router = t.router as TRPCRouterBuilder<PublicRoot>;

/** Outermost, so that whatever comes of a call is audited: refused credentials and broken input too. */
const audited = t.middleware(async ({ ctx, path, getRawInput, next }) => {
  const result = await next();
  const error = result.ok ? undefined : toAppError(result.error);
  const outcome = error === undefined ? { status: ctx.reply.status ?? 200 } : { status: error.status, error };
  const input = await getRawInput().catch(() => undefined); // unreadable: there is nothing to summarise
  await auditCall(ctx, toOperationId(path), input, outcome);
  return result;
});

/** Finds out who calls, counts the call against their limit, and puts them into `ctx.actor`. */
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
      const token = bearerToken(ctx.headers);
      const check = () => authenticate(ctx, token, getRawInput);
      actor = await ctx.credentialGuard.verify(ctx.clientAddress, token, check);
    } catch (error) {
      // A body that can't be read at all is the transport's to refuse, whoever sent it.
      await getRawInput();
      onRefusal(error);
      throw error;
    }
    Object.assign(ctx.subject, subjectOf(actor));
    await countCall(ctx, actor, toOperationId(path));
    return next({ ctx: { actor } });
  });

/** The last step before the schema: input without anything a later step would have to fear. */
const wireSafe = t.middleware(async ({ getRawInput, meta, next }) => {
  const raw = await getRawInput();
  const input = raw === undefined ? {} : raw;
  try {
    rejectUnsafeInput(input);
  } catch (error) {
    throw concernsPath(error, input, meta) ? notFound("resource") : error;
  }
  const result = await next({ getRawInput: () => Promise.resolve(input) });
  if (!result.ok && result.error.code === "BAD_REQUEST" && result.error.cause instanceof z.ZodError) {
    const error = invalidInput(result.error.cause, input); // only here both the refusal and the input are at hand
    throw concernsPath(error, input, meta) ? notFound("resource") : error;
  }
  return result;
});

/** A malformed id is not found, like an unknown one: whether it is one is none of the caller's business. */
function concernsPath(error: unknown, input: unknown, meta: OperationMeta | undefined): boolean {
  if (!(error instanceof AppError) || typeof input !== "object" || input === null) return false;
  const fields = input as Record<string, unknown>;
  const params = [...(meta?.openapi?.path ?? "").matchAll(/\{(\w+)\}/g)].map(([, param]) => String(param));
  return params.some(
    (param) =>
      typeof fields[param] === "string" && (error.fieldErrors ?? []).some(({ path }) => path === `/${param}`),
  );
}

/** Where no session is live, what helps is to open one. */
function offerSignIn(error: unknown): void {
  if (error instanceof AppError && error.status === 401 && error.nextActions.length === 0) {
    error.nextActions = [nextActions.auth()];
  }
}

const by = (auth: Auth) => t.procedure.meta({ auth }).use(audited);

/** No credential. */
export const publicProcedure = by("none").use(wireSafe);

/** Whoever pays for the call itself; what it may cost them is theirs to say, how often they may ask is ours. */
export const payerProcedure = by("x402")
  .use(
    t.middleware(async ({ ctx, next }) => {
      await countPayer(ctx);
      return next();
    }),
  )
  .use(wireSafe);

/** An agent's API key; `ctx.actor` is an `AgentActor`. */
export const agentKeyProcedure = by("api_key")
  .use(authenticated(({ authenticators }, token) => authenticators.agentKey(token)))
  .use(wireSafe);

/** An agent session's token; `ctx.actor` is a `SessionActor`. */
export const sessionProcedure = by("session")
  .use(
    authenticated(
      ({ authenticators, subject }, token) =>
        authenticators.session(token, (known) => Object.assign(subject, known)),
      offerSignIn,
    ),
  )
  .use(wireSafe);

/** A sponsor's key; `ctx.actor` is a `SponsorActor`. */
export const sponsorProcedure = by("sponsor")
  .use(authenticated(({ authenticators }, token) => authenticators.sponsorKey(token)))
  .use(wireSafe);

/** The administrator's key; `ctx.actor` is an `AdminActor`. */
export const adminProcedure = by("admin")
  .use(authenticated(({ authenticators }, token) => authenticators.admin(token)))
  .use(wireSafe);

/** A GPT, by its builder's agent key or a person's GPT session; `ctx.actor` says which. */
export const gptProcedure = by("api_key").use(authenticated(gptCaller)).use(wireSafe);

/** A GPT with a person signed in; `ctx.actor` is a `SessionActor`. */
export const gptSessionProcedure = by("session").use(authenticated(gptSession, offerSignIn)).use(wireSafe);
