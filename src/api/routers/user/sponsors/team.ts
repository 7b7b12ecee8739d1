import {
  changeRole,
  ChangeRoleInput,
  endInvitation,
  EndInvitationInput,
  EndInvitationOutput,
  InvitationOutput,
  inviteMember,
  InviteInput,
  leaveOrganisation,
  MemberOutput,
  readTeam,
  removeMember,
  RemoveMemberInput,
  TeamOutput,
} from "../../../../core/sponsorship/member/index.ts";
import {
  ListEntriesInput,
  ListEntriesOutput,
  listSponsorEntries,
} from "../../../../core/sponsorship/sponsor-audit/index.ts";
import {
  addOwnKey,
  EndKeyInput,
  EndKeyOutput,
  endOwnKey,
  ListKeysOutput,
  listOwnKeys,
  NewSponsorKeyOutput,
  RotateKeyInput,
  rotateOwnKey,
} from "../../../../core/sponsorship/sponsor/index.ts";
import { memberLimitedBy, memberProcedure, NoInput } from "../../../procedure/member.ts";
import { ok, success } from "../../../response/envelope.ts";

const changes = memberLimitedBy("teamChanged");

export const teamProcedures = {
  list: memberProcedure
    .input(NoInput)
    .output(success(TeamOutput))
    .query(async ({ ctx }) => ok(ctx, await readTeam({ ...ctx.deps, actor: ctx.actor }))),

  change_role: changes
    .input(ChangeRoleInput)
    .output(success(MemberOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await changeRole({ ...ctx.deps, actor: ctx.actor }, input))),

  remove: changes
    .input(RemoveMemberInput)
    .output(success(MemberOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await removeMember({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  leave: changes
    .input(NoInput)
    .output(success(MemberOutput))
    .mutation(async ({ ctx }) => ok(ctx, await leaveOrganisation({ ...ctx.deps, actor: ctx.actor }))),

  invite: changes
    .input(InviteInput)
    .output(success(InvitationOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await inviteMember({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  end_invitation: changes
    .input(EndInvitationInput)
    .output(success(EndInvitationOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await endInvitation({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};

export const keyProcedures = {
  list: memberProcedure
    .input(NoInput)
    .output(success(ListKeysOutput))
    .query(async ({ ctx }) => ok(ctx, await listOwnKeys({ ...ctx.deps, actor: ctx.actor }))),

  add: changes
    .input(NoInput)
    .output(success(NewSponsorKeyOutput))
    .mutation(async ({ ctx }) => ok(ctx, await addOwnKey({ ...ctx.deps, actor: ctx.actor }))),

  rotate: changes
    .input(RotateKeyInput)
    .output(success(NewSponsorKeyOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await rotateOwnKey({ ...ctx.deps, actor: ctx.actor }, input)),
    ),

  end: changes
    .input(EndKeyInput)
    .output(success(EndKeyOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await endOwnKey({ ...ctx.deps, actor: ctx.actor }, input))),
};

export const auditProcedures = {
  list: memberProcedure
    .input(ListEntriesInput)
    .output(success(ListEntriesOutput))
    .query(async ({ ctx, input }) =>
      ok(ctx, await listSponsorEntries({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};
