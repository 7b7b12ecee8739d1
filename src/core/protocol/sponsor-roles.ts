/** What members may do for a sponsor: each role may do what the roles before it may. */
export const SPONSOR_ROLES = ["viewer", "editor", "owner"] as const;
export type SponsorRole = (typeof SPONSOR_ROLES)[number];

/** Whether a role may do what this other role may. */
export const includesRole = (role: SponsorRole, least: SponsorRole): boolean =>
  SPONSOR_ROLES.indexOf(role) >= SPONSOR_ROLES.indexOf(least);
