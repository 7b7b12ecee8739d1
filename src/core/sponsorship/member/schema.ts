import { z } from "zod";
import { Id, Timestamp, visibleText } from "../../protocol/fields.ts";
import { SPONSOR_ROLES } from "../../protocol/sponsor-roles.ts";

export const SponsorRoleField = z
  .enum(SPONSOR_ROLES)
  .meta({ description: "viewer reads, editor changes services and campaigns too, owner does everything" });

/** As for agents that people register: it must fit into a sentence. */
const OrganisationName = visibleText(2, 50).refine((name) => !/[\n\t]/.test(name), {
  message: "must be one line",
  params: { keyword: "pattern" },
});

const Membership = z.object({ sponsor_id: z.string(), name: z.string(), role: SponsorRoleField });

export const ListOrganisationsOutput = z.object({
  organisations: z.array(Membership).meta({ description: "Sponsors that the person acts for, by name" }),
  most_owned: z.number().int().meta({ description: "So many can one person own" }),
});

export const FoundOrganisationInput = z.strictObject({ name: OrganisationName });
export const FoundOrganisationOutput = Membership;

export const TeamOutput = z.object({
  members: z.array(
    z.object({
      member_id: z.string(),
      email: z.string().nullable().meta({ description: "null: no address is proven at the moment" }),
      role: SponsorRoleField,
      is_you: z.boolean(),
      since: Timestamp,
    }),
  ),
  invitations: z.array(
    z.object({
      invitation_id: z.string(),
      email: z.string(),
      role: SponsorRoleField,
      mailed_at: Timestamp.nullable().meta({ description: "null: its mail is on its way" }),
      expires_at: Timestamp,
    }),
  ),
});

export const ChangeRoleInput = z.strictObject({ member_id: Id, role: SponsorRoleField });
export const RemoveMemberInput = z.strictObject({ member_id: Id });
export const MemberOutput = z.object({ member_id: z.string() });

export const InviteInput = z.strictObject({ email: z.email().max(254), role: SponsorRoleField });
export const InvitationOutput = z.object({ invitation_id: z.string(), expires_at: Timestamp });
export const EndInvitationInput = z.strictObject({ invitation_id: Id });
export const EndInvitationOutput = z.object({ invitation_id: z.string() });

const Token = z.string().min(1).max(200).meta({ description: "From the link in the mail" });
export const OpenInvitationInput = z.strictObject({ token: Token });
export const OpenInvitationOutput = z.object({
  organisation: z.string(),
  role: SponsorRoleField,
  invited_by: z.string().nullable().meta({ description: "The address of the member who invited" }),
  is_for_you: z.boolean().meta({ description: "It was sent to the address that the person signed in with" }),
  expires_at: Timestamp,
});
export const AcceptInvitationInput = OpenInvitationInput;
export const AcceptInvitationOutput = Membership;
