import { Link, useRouter } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import { Button } from "../../ui/button.tsx";
import { useTitle } from "../../ui/title.ts";
import { useWords } from "../../words/language.tsx";
import { Frame } from "./frame.tsx";
import { useFailureWords } from "./failure-words.ts";

/** In place of a page that couldn't be loaded. */
export function LoadFailed({ error, reset }: { error: unknown; reset: () => void }) {
  const { words } = useWords();
  const router = useRouter();
  const explain = useFailureWords();
  return (
    <Frame isNarrow>
      <section className="sheet card">
        <h1>{explain(failureOf(error))}</h1>
        <Button
          onPress={() => {
            reset();
            router.invalidate().catch(() => undefined);
          }}
        >
          {words.tryAgain}
        </Button>
      </section>
    </Frame>
  );
}

export function NothingHere() {
  const { words } = useWords();
  useTitle(words.nothingHere.title);
  return (
    <Frame isNarrow>
      <section className="sheet card">
        <h1>{words.nothingHere.title}</h1>
        <p className="quiet">{words.nothingHere.lead}</p>
        <Link to="/agents" className="btn" data-tone="plain">
          {words.nothingHere.back}
        </Link>
      </section>
    </Frame>
  );
}
