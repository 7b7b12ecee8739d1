import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, server } from "../../data/client.ts";
import { refreshOrganisations, refreshSponsor, sponsorKey, useSponsor } from "../../data/organisations.ts";
import { useOlderList } from "../../data/older.ts";
import type { SponsorRole } from "../../data/shapes.ts";

const teamQuery = (sponsorId: string) =>
  queryOptions({
    queryKey: sponsorKey(sponsorId, "team"),
    queryFn: ({ signal }) =>
      server.sponsors.team.list.query({ sponsor_id: sponsorId }, { signal }).then(dataOf),
  });

export const useTeam = () => useQuery(teamQuery(useSponsor().sponsor_id));

export function useKeys() {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, "keys"),
    queryFn: ({ signal }) => server.sponsors.keys.list.query({ sponsor_id }, { signal }).then(dataOf),
  });
}

export function useAudit() {
  const { sponsor_id } = useSponsor();
  return useOlderList(sponsorKey(sponsor_id, "audit"), (page, options) =>
    server.sponsors.audit.list.query({ sponsor_id, ...page }, options).then(dataOf),
  );
}

/** A change of the team: everything that is shown of it is asked for again, since the person's own role can have changed too. */
function useTeamCall<Input, Output>(call: (sponsorId: string, input: Input) => Promise<Output>) {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: (input: Input) => call(sponsor_id, input),
    // A new key isn't kept: it is with the page that shows it, and nowhere else.
    gcTime: 0,
    onSettled: () => Promise.all([refreshSponsor(sponsor_id), refreshOrganisations()]),
  });
}

export const useInvite = () =>
  useTeamCall((sponsor_id, input: { email: string; role: SponsorRole }) =>
    server.sponsors.team.invite.mutate({ sponsor_id, ...input }),
  );
export const useEndInvitation = () =>
  useTeamCall((sponsor_id, invitation_id: string) =>
    server.sponsors.team.end_invitation.mutate({ sponsor_id, invitation_id }),
  );
export const useChangeRole = () =>
  useTeamCall((sponsor_id, input: { member_id: string; role: SponsorRole }) =>
    server.sponsors.team.change_role.mutate({ sponsor_id, ...input }),
  );
export const useRemoveMember = () =>
  useTeamCall((sponsor_id, member_id: string) =>
    server.sponsors.team.remove.mutate({ sponsor_id, member_id }),
  );
export const useLeave = () =>
  useTeamCall((sponsor_id, _: undefined) => server.sponsors.team.leave.mutate({ sponsor_id }));

export const useNewKey = () =>
  useTeamCall((sponsor_id, how: "add" | "replace" | "replace_now") =>
    (how === "add"
      ? server.sponsors.keys.add.mutate({ sponsor_id })
      : server.sponsors.keys.rotate.mutate({
          sponsor_id,
          ...(how === "replace_now" && { overlap_seconds: 0 }),
        })
    ).then(dataOf),
  );
export const useEndKey = () =>
  useTeamCall((sponsor_id, key_id: string) => server.sponsors.keys.end.mutate({ sponsor_id, key_id }));

export function useClosingState(isWanted: boolean) {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, "closing"),
    queryFn: ({ signal }) => server.sponsors.closing_state.query({ sponsor_id }, { signal }).then(dataOf),
    enabled: isWanted,
    gcTime: 0,
    staleTime: 0,
  });
}

export function useClose() {
  const { sponsor_id, name } = useSponsor();
  return useMutation({
    mutationFn: () => server.sponsors.close.mutate({ sponsor_id, name }),
    onSuccess: refreshOrganisations,
    onError: () => refreshSponsor(sponsor_id, "closing"),
  });
}
