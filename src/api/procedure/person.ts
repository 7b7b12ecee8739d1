import type { TRPCRouterBuilder } from "@trpc/server";
import { initTRPC } from "@trpc/server";
import { z } from "zod";
import type { ChangeFeed } from "../../core/account/changes/index.ts";
import type { UserActor } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import type { RateRules } from "../../core/protocol/rate-limit/index.ts";
import { rateLimited } from "../../core/protocol/rate-limit/index.ts";
import type { TrpcErrorShape } from "../response/envelope.ts";
import type { CallToAnswer } from "../response/error-body.ts";
import { invalidInput, NO_CALL, toTrpcErrorShape, toWireError } from "../response/error-body.ts";
import type { ApiContext } from "./context.ts";
import { countAnonymous, countCall } from "./rate-limits.ts";
import { rejectUnsafeInput } from "./reject-unsafe-input.ts";

/** The procedures of the console, for people who signed in with a cookie. */

/** One request of the console. Its calls share it. */
export interface PersonContext
  extends
    CallToAnswer,
    Pick<ApiContext, "deps" | "authenticators" | "addressLimits" | "headers" | "clientAddress"> {
  /** The origins of our own pages. */
  ownOrigins: readonly string[];
  /** Says what changes of people, while they look. */
  changes: ChangeFeed;
  /** Asks once a request who signed in. */
  person: () => Promise<UserActor | undefined>;
}

/** As in trpc.ts: the console needs neither the context's type nor what it imports. */
type PublicRoot = { ctx: object; meta: object; errorShape: TrpcErrorShape; transformer: false };

/** A stream ends after this time. The page opens the next one, with the cookie that it has then. */
const STREAM_MS = 3 * 60_000;

const t = initTRPC.context<PersonContext>().create({
  sse: {
    maxDurationMs: STREAM_MS,
    ping: { enabled: true, intervalMs: 15_000 },
    client: { reconnectAfterInactivityMs: 40_000 },
  },
  isDev: false, // otherwise tRPC may add stack traces to errors
  errorFormatter: ({ error, path, ctx }) => toTrpcErrorShape(toWireError(error, ctx ?? NO_CALL), path),
});

export const personRouter = t.router as TRPCRouterBuilder<PublicRoot>;

/**
 * Refuses calls from pages of other origins, which browsers send with the person's cookie. What changes something needs the
 * browser's word that the page is ours: `Sec-Fetch-Site`, or else `Origin`. Reads need it where the browser says anything.
 */
const ownPagesOnly = t.middleware(({ ctx, type, next }) => {
  const { "sec-fetch-site": site, origin } = ctx.headers;
  const isOwn =
    site === undefined
      ? ctx.ownOrigins.includes(origin ?? "") || (origin === undefined && type === "query")
      : site === "same-origin";
  if (!isOwn) throw new AppError("unauthorized", { message: "Only pages of this server may call this." });
  return next();
});

/** Refuses unsafe input, and turns the schema's refusal into field errors. */
const inputChecked = t.middleware(async ({ getRawInput, next }) => {
  const input = (await getRawInput()) ?? {};
  rejectUnsafeInput(input);
  const result = await next({ getRawInput: () => Promise.resolve(input) });
  if (!result.ok && result.error.code === "BAD_REQUEST" && result.error.cause instanceof z.ZodError)
    throw invalidInput(result.error.cause, input);
  return result;
});

/** For everybody who looks at our pages. */
export const visitorProcedure = t.procedure
  .use(ownPagesOnly)
  .use(async ({ ctx, next }) => {
    if ((await ctx.person()) === undefined) await countAnonymous(ctx);
    return next();
  })
  .use(inputChecked);

/** For the person who signed in; `ctx.actor` is a `UserActor`. */
export const personProcedure = t.procedure
  .use(ownPagesOnly)
  .use(async ({ ctx, path, next }) => {
    const actor = await ctx.person();
    if (actor === undefined) {
      await countAnonymous(ctx);
      throw new AppError("unauthorized", { message: "Sign in first." });
    }
    await countCall({ deps: ctx.deps, reply: { headers: {} } }, actor, path);
    return next({ ctx: { actor } });
  })
  .use(inputChecked);

/** Counts the call against a further limit of the person. */
export const limitedBy = (name: keyof RateRules) =>
  personProcedure.use(async ({ ctx, next }) => {
    const rule = ctx.deps.settings.rateRules[name];
    const take = await ctx.deps.limiter.take(rule, ctx.actor.userId);
    if (!take.allowed) throw rateLimited(rule, take);
    return next();
  });
