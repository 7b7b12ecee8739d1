import {
  closeOrganisation,
  CloseOrganisationInput,
  CloseOrganisationOutput,
  ClosingStateOutput,
  readClosingState,
} from "../../../../core/account/closing/index.ts";
import {
  acceptInvitation,
  AcceptInvitationOutput,
  foundOrganisation,
  FoundOrganisationInput,
  FoundOrganisationOutput,
  listOrganisations,
  ListOrganisationsOutput,
  openInvitation,
  OpenInvitationInput,
  OpenInvitationOutput,
} from "../../../../core/sponsorship/member/index.ts";
import {
  getOrganisation,
  OrganisationOutput,
  setWallet,
  SetWalletInput,
} from "../../../../core/sponsorship/sponsor/index.ts";
import { writeEntry } from "../../../../core/sponsorship/sponsor-audit/index.ts";
import type { SponsorActor, UserActor } from "../../../../core/context.ts";
import type { SponsorRole } from "../../../../core/protocol/sponsor-roles.ts";
import { memberLimitedBy, memberProcedure, NoInput } from "../../../procedure/member.ts";
import { limitedBy, personProcedure, personRouter } from "../../../procedure/person.ts";
import { ok, success } from "../../../response/envelope.ts";

const memberOf = (
  { sponsor_id: sponsorId, role }: { sponsor_id: string; role: SponsorRole },
  { userId }: UserActor,
): SponsorActor => ({ kind: "sponsor", sponsorId, via: { kind: "member", userId, role } });

/** The sponsors of a person, and one of them. */
export const organisationProcedures = {
  list: personProcedure
    .output(success(ListOrganisationsOutput))
    .query(async ({ ctx }) => ok(ctx, await listOrganisations({ ...ctx.deps, actor: ctx.actor }))),

  found: limitedBy("sponsorFounded")
    .input(FoundOrganisationInput)
    .output(success(FoundOrganisationOutput))
    .mutation(async ({ ctx, input }) => {
      const founded = await foundOrganisation({ ...ctx.deps, actor: ctx.actor }, input);
      await writeEntry(ctx.deps, memberOf(founded, ctx.actor), { action: "found" });
      return ok(ctx, founded);
    }),

  invitation: personRouter({
    open: limitedBy("invitationOpened")
      .input(OpenInvitationInput)
      .output(success(OpenInvitationOutput))
      .query(async ({ ctx, input }) =>
        ok(ctx, await openInvitation({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
    accept: limitedBy("invitationOpened")
      .input(OpenInvitationInput)
      .output(success(AcceptInvitationOutput))
      .mutation(async ({ ctx, input }) => {
        const joined = await acceptInvitation({ ...ctx.deps, actor: ctx.actor }, input);
        await writeEntry(ctx.deps, memberOf(joined, ctx.actor), { action: "team.join" });
        return ok(ctx, joined);
      }),
  }),

  get: memberProcedure
    .input(NoInput)
    .output(success(OrganisationOutput))
    .query(async ({ ctx }) => ok(ctx, await getOrganisation({ ...ctx.deps, actor: ctx.actor }))),

  set_wallet: memberLimitedBy("teamChanged")
    .input(SetWalletInput)
    .output(success(OrganisationOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await setWallet({ ...ctx.deps, actor: ctx.actor, person: ctx.signedIn }, input)),
    ),

  closing_state: memberProcedure
    .input(NoInput)
    .output(success(ClosingStateOutput))
    .query(async ({ ctx }) =>
      ok(ctx, await readClosingState({ ...ctx.deps, actor: ctx.actor, person: ctx.signedIn })),
    ),

  close: memberLimitedBy("teamChanged")
    .input(CloseOrganisationInput)
    .output(success(CloseOrganisationOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await closeOrganisation({ ...ctx.deps, actor: ctx.actor, person: ctx.signedIn }, input)),
    ),
};
