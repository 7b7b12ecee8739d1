import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { dataOf, server } from "../../../data/client.ts";
import { downloadExport } from "../../../data/download.ts";
import { startAfresh } from "../../../data/session.ts";

const deletionQuery = queryOptions({
  queryKey: ["deletion"],
  queryFn: ({ signal }) => server.account.deletion_state.query(undefined, { signal }).then(dataOf),
  staleTime: 0,
});

/** What has to be done before the person can delete their account. */
export const useDeletionState = (isAsked: boolean) => useQuery({ ...deletionQuery, enabled: isAsked });

/** @param onDeleted called before the page turns to the sign-in, and the dialog is gone */
export const useDeleteAccount = (onDeleted: () => void) =>
  useMutation({
    mutationFn: (email: string) => server.account.delete.mutate({ email }),
    onSuccess: () => {
      onDeleted();
      return startAfresh();
    },
  });

export const useExport = () => useMutation({ mutationFn: downloadExport });
