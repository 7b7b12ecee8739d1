import type { SponsorRole } from "../../core/protocol/sponsor-roles.ts";

/**
 * The least role for each procedure of a sponsor in the console, by its path below `user.sponsors`. A procedure that isn't here
 * is refused to everybody. `test/http/console/sponsor-permissions.test.ts` calls each as each role.
 */
export const LEAST_ROLE: Readonly<Record<string, SponsorRole>> = {
  get: "viewer",
  set_wallet: "owner",
  closing_state: "owner",
  close: "owner",
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
  "campaigns.archive": "editor",
  "campaigns.rotate_verdict_secret": "owner",
  "campaigns.preview": "editor",
  "campaigns.reach": "viewer",
  "services.list": "viewer",
  "services.get": "viewer",
  "services.preview_search": "viewer",
  "services.register": "editor",
  "services.change": "editor",
  "services.archive": "editor",
  "services.health": "viewer",
  "services.inspect": "editor",
  "services.list_operations": "editor",
  "services.read_operation": "editor",
  "services.payers": "viewer",
  "services.try": "editor",
  "services.trial": "viewer",
  "answers.list": "viewer",
  "funds.list": "viewer",
  "funds.movements": "viewer",
  "funds.days": "viewer",
  "funds.terms": "owner",
  "funds.pay": "owner",
  "funds.withdraw": "owner",
  "answers.search": "viewer",
  "answers.accept": "editor",
  "answers.reject": "editor",
  "answers.withdrawn": "viewer",
  "answers.confirm_deletion": "editor",
  "webhooks.list": "viewer",
  "webhooks.deliveries": "viewer",
  "webhooks.create": "owner",
  "webhooks.change": "owner",
  "webhooks.remove": "owner",
  "webhooks.rotate": "owner",
  "webhooks.test": "editor",
  "webhooks.replay": "editor",
};

/** The same for what is a route of its own, because a procedure would hold the whole file in memory. */
export const LEAST_ROLE_OF_ROUTES = {
  // Its copies have to be deleted again: for who may say that they are.
  "answers.export": "editor",
} as const satisfies Record<string, SponsorRole>;

/** Mutations by their transport only: what they take is too large for an address. They change nothing, so they leave no audit row. */
export const CHANGES_NOTHING: ReadonlySet<string> = new Set([
  "campaigns.preview",
  "services.inspect",
  "services.list_operations",
  "services.read_operation",
  // Those of sponsors' keys.
  "countReach",
  "inspectUpstream",
  "previewCampaign",
]);
