import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { dataOf, server } from "../../data/client.ts";
import { failureOf } from "../../data/failure.ts";
import { useOlderList } from "../../data/older.ts";
import { refreshSponsor, sponsorKey, useSponsor } from "../../data/organisations.ts";
import type { BudgetRow } from "../../data/shapes.ts";
import type { SignedTransfer } from "../../data/wallet.ts";
import { signTransfer } from "../../data/wallet.ts";

export function useFunds() {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, "funds"),
    queryFn: ({ signal }) => server.sponsors.funds.list.query({ sponsor_id }, { signal }).then(dataOf),
  });
}

export function useMovements() {
  const { sponsor_id } = useSponsor();
  return useOlderList(sponsorKey(sponsor_id, "movements"), (page, options) =>
    server.sponsors.funds.movements.query({ sponsor_id, ...page }, options).then(dataOf),
  );
}

/** What moved on each day of the last 30. */
export function useDays() {
  const { sponsor_id } = useSponsor();
  return useQuery({
    queryKey: sponsorKey(sponsor_id, "days"),
    queryFn: ({ signal }) => server.sponsors.funds.days.query({ sponsor_id }, { signal }).then(dataOf),
  });
}

/** How calls name a budget. */
const targetOf = ({ campaign_id, service_key }: BudgetRow) => ({
  ...(campaign_id !== null && { campaign_id }),
  ...(service_key !== null && { service_key }),
});

export function useTerms(budget: BudgetRow, cents: number | undefined) {
  const { sponsor_id } = useSponsor();
  const input = { sponsor_id, ...targetOf(budget), amount_cents: cents ?? 0 };
  return useQuery({
    queryKey: sponsorKey(sponsor_id, "terms", input),
    queryFn: ({ signal }) => server.sponsors.funds.terms.query(input, { signal }).then(dataOf),
    enabled: cents !== undefined,
    staleTime: 60_000,
  });
}

/**
 * Pays into a budget with the browser's wallet. Until it is known whether a payment arrived, the same one is sent again: it is never
 * signed anew.
 */
export function usePay(budget: BudgetRow) {
  const { sponsor_id } = useSponsor();
  const open = useRef<{ cents: number; transfer: SignedTransfer }>(undefined);
  return useMutation({
    mutationFn: async (cents: number) => {
      const order = { sponsor_id, ...targetOf(budget), amount_cents: open.current?.cents ?? cents };
      const transfer =
        open.current?.transfer ??
        (await signTransfer(await server.sponsors.funds.terms.query(order).then(dataOf)));
      open.current = { cents: order.amount_cents, transfer };
      const paid = await server.sponsors.funds.pay.mutate({ ...order, ...transfer }).then(dataOf);
      open.current = undefined;
      return paid;
    },
    onError: (error) => {
      if (!isUndecided(error)) open.current = undefined;
    },
    onSettled: () => refreshSponsor(sponsor_id),
  });
}

/** Whether a payment may still arrive. */
export const isUndecided = (error: unknown): boolean =>
  ["unreachable", "service_unavailable", "internal_error"].includes(failureOf(error).code);

export function useWithdraw(budget: BudgetRow) {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: ({ cents, key }: { cents: number; key: string }) =>
      server.sponsors.funds.withdraw.mutate({
        ...{ sponsor_id, ...targetOf(budget), amount_cents: cents },
        idempotency_key: key,
      }),
    onSettled: () => refreshSponsor(sponsor_id),
  });
}

export function useSetWallet() {
  const { sponsor_id } = useSponsor();
  return useMutation({
    mutationFn: (wallet_address: string) => server.sponsors.set_wallet.mutate({ sponsor_id, wallet_address }),
    onSettled: () => refreshSponsor(sponsor_id),
  });
}
