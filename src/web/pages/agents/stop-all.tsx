import { failureOf } from "../../data/failure.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { useAgents, useStopAll, useUndoStop } from "./queries.ts";

/** The red button of the header. It isn't there while there is nothing to stop. */
export function StopAll() {
  const { agents: w } = useWords().words;
  const explain = useFailureWords();
  const toast = useToast();
  const stopAll = useStopAll();
  const undo = useUndoStop();
  const running = (useAgents().data ?? []).filter(({ state }) => state === "active" || state === "suspended");
  if (running.length === 0) return null;
  const onError = (error: Error): void => toast({ text: explain(failureOf(error)) });
  return (
    <Confirm
      trigger={w.stopAll}
      title={w.stopAllTitle(running.length)}
      body={w.stopAllBody}
      yes={w.stopAllYes(running.length)}
      no={w.stopAllNo(running.length)}
      onYes={() =>
        stopAll.mutate(undefined, {
          onSuccess: (grantIds) =>
            toast({
              text: w.stoppedAll(grantIds.length),
              undo: { label: w.undo, onPress: () => undo.mutate(grantIds, { onError }) },
            }),
          onError,
        })
      }
    />
  );
}
