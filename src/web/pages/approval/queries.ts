import { queryOptions, useMutation } from "@tanstack/react-query";
import { dataOf, POLL_MS, queries, server } from "../../data/client.ts";
import type { ApprovalPage } from "../../data/shapes.ts";

/** By the id of the address, however that is spelt. */
export const approvalQuery = (approvalId: string) =>
  queryOptions({
    queryKey: ["approvals", approvalId],
    queryFn: ({ signal }) => server.approvals.get.query({ approval_id: approvalId }, { signal }).then(dataOf),
    // An open question may end, or be answered on another screen.
    refetchInterval: ({ state: { data } }) =>
      data === undefined || data.state === "open" || data.state === "code_needed" ? POLL_MS : false,
  });

const keep = (approvalId: string) => (page: ApprovalPage) => {
  queries.setQueryData(approvalQuery(approvalId).queryKey, page);
};

/** An answer that is on its way from before would be older than what this call gives. */
const dropOlder = (approvalId: string) => () =>
  queries.cancelQueries({ queryKey: approvalQuery(approvalId).queryKey });

/** After a refusal the question may stand differently: a try less, ended, or answered elsewhere. */
const readAgain = (approvalId: string) => () =>
  queries.invalidateQueries({ queryKey: approvalQuery(approvalId).queryKey });

export const useEnterCode = (approvalId: string) =>
  useMutation({
    mutationFn: (code: string) =>
      server.approvals.enter_code.mutate({ approval_id: approvalId, code }).then(dataOf),
    onMutate: dropOlder(approvalId),
    onSuccess: keep(approvalId),
    onError: readAgain(approvalId),
  });

type Decision = Parameters<typeof server.approvals.decide.mutate>[0];

export const useDecide = (approvalId: string) =>
  useMutation({
    mutationFn: (decision: Omit<Decision, "approval_id">) =>
      server.approvals.decide.mutate({ ...decision, approval_id: approvalId }).then(dataOf),
    onMutate: dropOlder(approvalId),
    onSuccess: keep(approvalId),
    onError: readAgain(approvalId),
  });
