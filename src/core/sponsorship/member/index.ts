/** People who act for sponsors: members with roles, and invitations. */
export {
  endTeam,
  eraseMemberships,
  exportMemberships,
  listOwnSponsors,
  lockSponsorsOf,
} from "./erase-store.ts";
export { acceptInvitation, endInvitation, inviteMember, openInvitation } from "./invitations.ts";
export { foundOrganisation, listOrganisations } from "./organisations.ts";
export { deleteExpiredInvitations } from "./invitation-store.ts";
export { sendNextInvitation } from "./send-invitations.ts";
export {
  authenticateMember,
  changeRole,
  leaveOrganisation,
  readTeam,
  removeMember,
  requireRoleStill,
} from "./team.ts";
export {
  AcceptInvitationOutput,
  ChangeRoleInput,
  EndInvitationInput,
  EndInvitationOutput,
  FoundOrganisationInput,
  FoundOrganisationOutput,
  InvitationOutput,
  InviteInput,
  ListOrganisationsOutput,
  MemberOutput,
  OpenInvitationInput,
  OpenInvitationOutput,
  RemoveMemberInput,
  TeamOutput,
} from "./schema.ts";
