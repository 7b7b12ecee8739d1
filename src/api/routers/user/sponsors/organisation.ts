import {
  acceptInvitation,
  AcceptInvitationInput,
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
import { memberLimitedBy, memberProcedure, NoInput } from "../../../procedure/member.ts";
import { limitedBy, personProcedure, personRouter } from "../../../procedure/person.ts";
import { ok, success } from "../../../response/envelope.ts";

/** The sponsors of a person, and one of them. */
export const organisationProcedures = {
  list: personProcedure
    .output(success(ListOrganisationsOutput))
    .query(async ({ ctx }) => ok(ctx, await listOrganisations({ ...ctx.deps, actor: ctx.actor }))),

  found: limitedBy("sponsorFounded")
    .input(FoundOrganisationInput)
    .output(success(FoundOrganisationOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await foundOrganisation({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  invitation: personRouter({
    open: limitedBy("invitationOpened")
      .input(OpenInvitationInput)
      .output(success(OpenInvitationOutput))
      .query(async ({ ctx, input }) =>
        ok(ctx, await openInvitation({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
    accept: limitedBy("invitationOpened")
      .input(AcceptInvitationInput)
      .output(success(AcceptInvitationOutput))
      .mutation(async ({ ctx, input }) =>
        ok(ctx, await acceptInvitation({ ...ctx.deps, actor: ctx.actor }, input)),
      ),
  }),

  get: memberProcedure
    .input(NoInput)
    .output(success(OrganisationOutput))
    .query(async ({ ctx }) => ok(ctx, await getOrganisation({ ...ctx.deps, actor: ctx.actor }))),

  set_wallet: memberLimitedBy("teamChanged")
    .input(SetWalletInput)
    .output(success(OrganisationOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await setWallet({ ...ctx.deps, actor: ctx.actor }, input))),
};
