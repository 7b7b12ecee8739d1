import type { ReactNode } from "react";
import { failureOf } from "../../data/failure.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { useWords } from "../../words/language.tsx";
import { useFailureWords } from "./failure-words.ts";

interface PagedQuery {
  data: unknown;
  error: Error | null;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
  refetch: () => Promise<unknown>;
}

interface OlderListProps {
  query: PagedQuery;
  isEmpty: boolean;
  /** What is said if there is nothing. */
  empty: string;
  children: ReactNode;
}

/** A list that begins with the newest: on its way, empty, failed, or there with a button for what is older. */
export function OlderList({ query, isEmpty, empty, children }: OlderListProps) {
  const { words } = useWords();
  const explain = useFailureWords();
  const { data, error, hasNextPage, isFetchingNextPage } = query;
  const problem = error !== null && <Problem>{explain(failureOf(error))}</Problem>;
  if (data === undefined)
    return error === null ? (
      <Loading label={words.loading} />
    ) : (
      <Empty>
        {problem}
        <Button onPress={() => run(query.refetch())}>{words.tryAgain}</Button>
      </Empty>
    );
  if (isEmpty)
    return (
      <Empty>
        <p>{empty}</p>
      </Empty>
    );
  return (
    <>
      {problem}
      {children}
      {hasNextPage && (
        <span className="older">
          <Button isBusy={isFetchingNextPage} onPress={() => run(query.fetchNextPage())}>
            {words.more}
          </Button>
        </span>
      )}
    </>
  );
}

/** A query's failure is in its `error`; its promise says nothing more. */
function run(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}
