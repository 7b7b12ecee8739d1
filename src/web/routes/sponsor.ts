import { createRoute, lazyRouteComponent, retainSearchParams } from "@tanstack/react-router";
import { queries } from "../data/client.ts";
import { organisationsQuery } from "../data/organisations.ts";
import { loadMe } from "../data/session.ts";
import { shell, shownByPage } from "./roots.ts";

/** Pages of a sponsor. Which sponsor's, is in the address: `?org=`. Links between these pages keep it. */
const sponsor = createRoute({
  getParentRoute: () => shell,
  id: "sponsor",
  validateSearch: ({ org }: Record<string, unknown>): { org?: string } =>
    typeof org === "string" ? { org } : {},
  search: { middlewares: [retainSearchParams(["org"])] },
  loader: async () => {
    if ((await loadMe()).person !== null) await queries.query(organisationsQuery).catch(shownByPage);
  },
  component: lazyRouteComponent(() => import("../pages/sponsor/index.tsx"), "SponsorPages"),
});

const campaigns = createRoute({
  getParentRoute: () => sponsor,
  path: "/campaigns",
  component: lazyRouteComponent(() => import("../pages/campaigns/index.tsx"), "CampaignsPage"),
});

const services = createRoute({
  getParentRoute: () => sponsor,
  path: "/services",
  component: lazyRouteComponent(() => import("../pages/services/index.tsx"), "ServicesPage"),
});

const answers = createRoute({
  getParentRoute: () => sponsor,
  path: "/answers",
  component: lazyRouteComponent(() => import("../pages/answers/index.tsx"), "AnswersPage"),
});

const funds = createRoute({
  getParentRoute: () => sponsor,
  path: "/funds",
  component: lazyRouteComponent(() => import("../pages/funds/index.tsx"), "FundsPage"),
});

const team = createRoute({
  getParentRoute: () => sponsor,
  path: "/team",
  component: lazyRouteComponent(() => import("../pages/team/index.tsx"), "TeamPage"),
});

const webhooks = createRoute({
  getParentRoute: () => sponsor,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("../pages/webhooks/index.tsx"), "WebhooksPage"),
});

const newOrganisation = createRoute({
  getParentRoute: () => shell,
  path: "/organisations/new",
  component: lazyRouteComponent(() => import("../pages/sponsor/found.tsx"), "FoundPage"),
});

/** Where the link of a mail leads that invites somebody to an organisation. */
const join = createRoute({
  getParentRoute: () => shell,
  path: "/join",
  validateSearch: ({ token }: Record<string, unknown>): { token?: string } =>
    typeof token === "string" ? { token } : {},
  component: lazyRouteComponent(() => import("../pages/join/index.tsx"), "JoinPage"),
});

export const sponsorRoutes = [
  newOrganisation,
  join,
  sponsor.addChildren([campaigns, services, answers, funds, team, webhooks]),
] as const;
