import { failureOf } from "../../data/failure.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { useWords } from "../../words/language.tsx";
import { useFailureWords } from "./failure-words.ts";

/** What a query tells of data that isn't there. */
interface NotLoadedProps {
  error: Error | null;
  refetch: () => Promise<unknown>;
}

/** In place of data that is on its way, or that couldn't be loaded: then what went wrong, and a way to try again. */
export function NotLoaded({ error, refetch }: NotLoadedProps) {
  const { words } = useWords();
  const explain = useFailureWords();
  if (error === null) return <Loading label={words.loading} />;
  return (
    <Empty>
      <Problem>{explain(failureOf(error))}</Problem>
      <Button
        onPress={() => {
          refetch().catch(() => undefined);
        }}
      >
        {words.tryAgain}
      </Button>
    </Empty>
  );
}
