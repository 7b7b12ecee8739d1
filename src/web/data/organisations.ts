import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { createContext, use } from "react";
import { dataOf, queries, server } from "./client.ts";
import type { Organisation, SponsorRole } from "./shapes.ts";

const ORGANISATIONS = "organisations";
/** Begins the key of everything about one sponsor. */
const SPONSOR = "sponsor";

/** The sponsors that the person acts for. */
export const organisationsQuery = queryOptions({
  queryKey: [ORGANISATIONS],
  queryFn: ({ signal }) => server.sponsors.list.query(undefined, { signal }).then(dataOf),
  staleTime: 30_000,
});
export const useOrganisations = () => useQuery(organisationsQuery);

/** The key of something about a sponsor, such as `sponsorKey(sponsor_id, "campaigns", id)`. */
export const sponsorKey = (sponsorId: string, ...rest: readonly unknown[]) => [SPONSOR, sponsorId, ...rest];

/** Asks anew for what is shown of a sponsor, or for the part of it whose key begins so. */
export const refreshSponsor = (sponsorId: string, ...rest: readonly unknown[]): Promise<void> =>
  queries.invalidateQueries({ queryKey: sponsorKey(sponsorId, ...rest) });

/** After the person joined, left or founded one, or has another role. */
export const refreshOrganisations = (): Promise<void> =>
  queries.invalidateQueries({ queryKey: [ORGANISATIONS] });

const Chosen = createContext<Organisation | undefined>(undefined);
export const ChosenSponsor = Chosen.Provider;

/** The sponsor that the page is about, with the person's role. For pages below the route `sponsor`. */
export function useSponsor(): Organisation {
  const chosen = use(Chosen);
  if (chosen === undefined) throw new Error("useSponsor is for pages below the route `sponsor`");
  return chosen;
}

const ROLES: readonly SponsorRole[] = ["viewer", "editor", "owner"];

/** Whether the person's role includes this one. The server decides anew for each call. */
export const useMay = (least: SponsorRole): boolean =>
  ROLES.indexOf(useSponsor().role) >= ROLES.indexOf(least);

export const useFound = () =>
  useMutation({
    mutationFn: (name: string) => server.sponsors.found.mutate({ name }).then(dataOf),
    onSuccess: refreshOrganisations,
  });
