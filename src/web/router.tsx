import {
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  redirect,
  rootRouteId,
} from "@tanstack/react-router";
import { queries } from "./data/client.ts";
import { loadMe } from "./data/session.ts";
import { approvalQuery } from "./pages/approval/queries.ts";
import { agentsQuery } from "./pages/agents/queries.ts";
import { builtAgentQuery, builtAgentsQuery } from "./pages/built-agents/queries.ts";
import { taskQuery } from "./pages/task/queries.ts";
import { LoadFailed } from "./pages/shell/failed.tsx";
import { root, shell, shownByPage } from "./routes/roots.ts";
import { sponsorRoutes } from "./routes/sponsor.ts";

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how this router takes a redirect
    throw redirect({ to: "/agents" });
  },
});

// A page's data is asked for while its code loads, and only of somebody signed in. Who isn't sees the sign-in form in
// the page's place, so the address stays.
const approval = createRoute({
  getParentRoute: () => root,
  path: "/approvals/$approvalId",
  loader: async ({ params }) => {
    if ((await loadMe()).person !== null)
      await queries.query(approvalQuery(params.approvalId)).catch(shownByPage);
  },
  component: lazyRouteComponent(() => import("./pages/approval/index.tsx"), "ApprovalRoute"),
});

const agents = createRoute({
  getParentRoute: () => shell,
  path: "/agents",
  loader: async () => {
    if ((await loadMe()).person !== null) await queries.query(agentsQuery).catch(shownByPage);
  },
  component: lazyRouteComponent(() => import("./pages/agents/index.tsx"), "AgentsPage"),
});

const oneAgent = createRoute({
  getParentRoute: () => shell,
  path: "/agents/$grantId",
  loader: async () => {
    if ((await loadMe()).person !== null) await queries.query(agentsQuery).catch(shownByPage);
  },
  component: lazyRouteComponent(() => import("./pages/agent/index.tsx"), "AgentPage"),
});

const payments = createRoute({
  getParentRoute: () => shell,
  path: "/payments",
  component: lazyRouteComponent(() => import("./pages/payments/index.tsx"), "PaymentsPage"),
});

const activity = createRoute({
  getParentRoute: () => shell,
  path: "/activity",
  validateSearch: ({ agent }: Record<string, unknown>): { agent?: string } =>
    typeof agent === "string" ? { agent } : {},
  component: lazyRouteComponent(() => import("./pages/activity/index.tsx"), "ActivityPage"),
});

const data = createRoute({
  getParentRoute: () => shell,
  path: "/data",
  component: lazyRouteComponent(() => import("./pages/data/index.tsx"), "DataPage"),
});

const consents = createRoute({
  getParentRoute: () => shell,
  path: "/consents",
  component: lazyRouteComponent(() => import("./pages/consents/index.tsx"), "ConsentsPage"),
});

const task = createRoute({
  getParentRoute: () => shell,
  path: "/tasks/$campaignId",
  loader: async ({ params }) => {
    if ((await loadMe()).person !== null)
      await queries.query(taskQuery(params.campaignId)).catch(shownByPage);
  },
  component: lazyRouteComponent(() => import("./pages/task/index.tsx"), "TaskPage"),
});

const build = createRoute({
  getParentRoute: () => shell,
  path: "/build",
  loader: async () => {
    if ((await loadMe()).person !== null) await queries.query(builtAgentsQuery).catch(shownByPage);
  },
  component: lazyRouteComponent(() => import("./pages/built-agents/index.tsx"), "BuildPage"),
});

const builtAgent = createRoute({
  getParentRoute: () => shell,
  path: "/build/$agentId",
  loader: async ({ params }) => {
    if ((await loadMe()).person !== null)
      await queries.query(builtAgentQuery(params.agentId)).catch(shownByPage);
  },
  component: lazyRouteComponent(() => import("./pages/built-agent/index.tsx"), "BuiltAgentPage"),
});

const connect = createRoute({
  getParentRoute: () => shell,
  path: "/connect",
  validateSearch: ({ ended }: Record<string, unknown>): { ended?: "" } =>
    ended === undefined ? {} : { ended: "" },
  component: lazyRouteComponent(() => import("./pages/connect/index.tsx"), "ConnectPage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings/index.tsx"), "SettingsPage"),
});

/** For operators. Everybody else sees what any unknown address shows. */
const operators = createRoute({
  getParentRoute: () => shell,
  path: "/operators",
  loader: async () => {
    const { person } = await loadMe();
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how this router says that there is nothing
    if (person?.is_operator === false) throw notFound({ routeId: rootRouteId });
  },
  component: lazyRouteComponent(() => import("./pages/operators/index.tsx"), "OperatorsPage"),
});

/** The address at which the server takes up the request of an app that waits for its person. */
const WAITING_APP = /^\/oauth\/consent\/[\w-]{1,64}$/;

/** Where links in mails lead that can't be used any more, and apps that wait for their person. Any other page asks for the sign-in in its own place. */
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: ({ to }: Record<string, unknown>): { to?: string } =>
    typeof to === "string" && WAITING_APP.test(to) ? { to } : {},
  loaderDeps: ({ search: { to } }) => ({ to }),
  loader: async ({ deps: { to } }) => {
    if ((await loadMe()).person === null) return;
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how this router takes a redirect
    throw to === undefined ? redirect({ to: "/agents" }) : redirect({ href: to, reloadDocument: true });
  },
  component: lazyRouteComponent(() => import("./pages/sign-in/route.tsx"), "SignInRoute"),
});

/** Where the link of a mail leads that somebody asked for who forgot their password. */
const newPassword = createRoute({
  getParentRoute: () => root,
  path: "/new-password",
  validateSearch: ({ token }: Record<string, unknown>): { token?: string } =>
    typeof token === "string" ? { token } : {},
  component: lazyRouteComponent(() => import("./pages/new-password/index.tsx"), "NewPasswordRoute"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    approval,
    signIn,
    newPassword,
    shell.addChildren([
      agents,
      oneAgent,
      payments,
      activity,
      data,
      consents,
      connect,
      task,
      build,
      builtAgent,
      settings,
      operators,
      ...sponsorRoutes,
    ]),
  ]),
  defaultPreload: "intent",
  defaultErrorComponent: LoadFailed,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
