import { createRootRoute, createRoute, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { loadMe } from "../data/session.ts";
import { NothingHere } from "../pages/shell/failed.tsx";

/** What fails while a page loads is kept with its query, and the page says it. */
export const shownByPage = (): undefined => undefined;

export const root = createRootRoute({ component: Outlet, notFoundComponent: NothingHere });

export const shell = createRoute({
  getParentRoute: () => root,
  id: "console",
  loader: loadMe,
  component: lazyRouteComponent(() => import("../pages/shell/index.tsx"), "Shell"),
});
