import { z } from "zod";
import type { SponsorActor } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { Id } from "../../core/protocol/fields.ts";
import type { RateRules } from "../../core/protocol/rate-limit/index.ts";
import type { SponsorRole } from "../../core/protocol/sponsor-roles.ts";
import { includesRole } from "../../core/protocol/sponsor-roles.ts";
import { authenticateMember } from "../../core/sponsorship/member/index.ts";
import { auditSponsorCall } from "./audit-sponsor-call.ts";
import { CHANGES_NOTHING, LEAST_ROLE } from "./member-permissions.ts";
import { limitedBy, personProcedure } from "./person.ts";

/** The procedures of the console for people who act for a sponsor. */

const OfSponsor = z.object({ sponsor_id: Id });

/** For procedures that take nothing besides the sponsor. */
export const NoInput: z.ZodType<NoFields, NoFields> = z.strictObject({});
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- it adds no field to `sponsor_id`
type NoFields = {};

/** Where these procedures stand in the console's router. */
const ROUTER = "user.sponsors.";

/** @throws AppError `forbidden` for a member with less than this role; without one, for everybody */
export function requireRole(
  { via }: Awaited<ReturnType<typeof authenticateMember>>,
  least: SponsorRole | undefined,
): void {
  if (least === undefined || !includesRole(via.role, least))
    throw new AppError("forbidden", { message: `This takes the role ${least ?? "of nobody"}.` });
}

/**
 * Makes procedures of the input's `sponsor_id`. `ctx.actor` is the `SponsorActor` whom the person acts for, `ctx.signedIn` the
 * person; further schemas don't see the id. The role is read anew for every call. Every change is written to the sponsor's audit log, with its outcome.
 */
const actingForSponsor = (procedure: typeof personProcedure) =>
  procedure
    .input(OfSponsor)
    .use(async ({ ctx, path, type, input, getRawInput, next }) => {
      const actor = await authenticateMember(ctx.deps.db, ctx.actor.userId, input.sponsor_id);
      const name = path.slice(ROUTER.length);
      const call = async () => {
        requireRole(actor, LEAST_ROLE[name]);
        return next({ ctx: { actor: actor satisfies SponsorActor, signedIn: ctx.actor } });
      };
      return type === "mutation" && !CHANGES_NOTHING.has(name)
        ? auditSponsorCall(ctx.deps, actor, name, await getRawInput(), call)
        : call();
    })
    .use(async ({ getRawInput, next }) => {
      const { sponsor_id: _, ...rest } = (await getRawInput()) as Record<string, unknown>;
      return next({ getRawInput: async () => rest });
    });

export const memberProcedure = actingForSponsor(personProcedure);

/** Counts the call against a further limit of the person. */
export const memberLimitedBy = (name: keyof RateRules) => actingForSponsor(limitedBy(name));
