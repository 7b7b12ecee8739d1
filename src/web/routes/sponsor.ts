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

const campaign = createRoute({
  getParentRoute: () => sponsor,
  path: "/campaigns/$campaignId",
  component: lazyRouteComponent(() => import("../pages/campaign/index.tsx"), "CampaignPage"),
});

const services = createRoute({
  getParentRoute: () => sponsor,
  path: "/services",
  component: lazyRouteComponent(() => import("../pages/services/index.tsx"), "ServicesPage"),
});

const newService = createRoute({
  getParentRoute: () => sponsor,
  path: "/services/new",
  component: lazyRouteComponent(() => import("../pages/service-new/index.tsx"), "NewServicePage"),
});

const oneService = createRoute({
  getParentRoute: () => sponsor,
  path: "/services/$serviceKey",
  component: lazyRouteComponent(() => import("../pages/service/index.tsx"), "ServicePage"),
});

const newCampaign = createRoute({
  getParentRoute: () => sponsor,
  path: "/campaigns/new",
  // `from`: the campaign that is copied. `service`: the service that a new one pays for.
  validateSearch: ({ from, service }: Record<string, unknown>): { from?: string; service?: string } => ({
    ...(typeof from === "string" && { from }),
    ...(typeof service === "string" && { service }),
  }),
  component: lazyRouteComponent(() => import("../pages/campaign-builder/new.tsx"), "NewCampaignPage"),
});

const editCampaign = createRoute({
  getParentRoute: () => sponsor,
  path: "/campaigns/$campaignId/edit",
  component: lazyRouteComponent(() => import("../pages/campaign-builder/edit.tsx"), "EditCampaignPage"),
});

const answers = createRoute({
  getParentRoute: () => sponsor,
  path: "/answers",
  validateSearch: ({ campaign: id }: Record<string, unknown>): { campaign?: string } =>
    typeof id === "string" ? { campaign: id } : {},
  component: lazyRouteComponent(() => import("../pages/answers/index.tsx"), "AnswersPage"),
});

const funds = createRoute({
  getParentRoute: () => sponsor,
  path: "/funds",
  // `add`: the campaign into whose budget money is to be put.
  validateSearch: ({ add }: Record<string, unknown>): { add?: string } =>
    typeof add === "string" ? { add } : {},
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
  sponsor.addChildren([
    campaigns,
    newCampaign,
    campaign,
    editCampaign,
    services,
    newService,
    oneService,
    answers,
    funds,
    team,
    webhooks,
  ]),
] as const;
