import type { SponsorRole } from "../../core/protocol/sponsor-roles.ts";

/**
 * The least role for each procedure of a sponsor in the console, by its path below `user.sponsors`. A procedure that isn't here
 * is refused to everybody. `test/http/console/sponsor-permissions.test.ts` calls each as each role.
 */
export const LEAST_ROLE: Readonly<Record<string, SponsorRole>> = {
  get: "viewer",
  set_wallet: "owner",
  "team.list": "viewer",
  "team.change_role": "owner",
  "team.remove": "owner",
  "team.leave": "viewer",
  "team.invite": "owner",
  "team.end_invitation": "owner",
  "keys.list": "owner",
  "keys.add": "owner",
  "keys.rotate": "owner",
  "keys.end": "owner",
  "audit.list": "viewer",
  "campaigns.list": "viewer",
  "campaigns.get": "viewer",
  "campaigns.create": "editor",
  "campaigns.change": "editor",
  "services.list": "viewer",
  "services.get": "viewer",
  "services.preview_search": "viewer",
  "services.register": "editor",
  "services.change": "editor",
  "services.archive": "editor",
  "answers.list": "viewer",
  "webhooks.list": "viewer",
  "webhooks.deliveries": "viewer",
  "webhooks.create": "owner",
  "webhooks.change": "owner",
  "webhooks.remove": "owner",
  "webhooks.rotate": "owner",
  "webhooks.test": "editor",
  "webhooks.replay": "editor",
};
