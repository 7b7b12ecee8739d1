import { useEffect, useRef, useState } from "react";
import { failureOf } from "../../data/failure.ts";
import { useToast } from "../../ui/toast.tsx";
import { INBOX } from "../../words/inbox.ts";
import { usePageWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import type { Rejection } from "./queries.ts";
import { useAccept, useReject } from "./queries.ts";

/** A rejection erases, so it is sent after a while in which it can be taken back; at once if the page is left. */
const UNDO_MS = 6_000;

/** Judges answers, and says what happened. */
export function useVerdicts() {
  const w = usePageWords(INBOX);
  const explain = useFailureWords();
  const toast = useToast();
  const accepting = useAccept();
  const rejecting = useReject();
  const [waiting, setWaiting] = useState<Rejection>();
  const send = useRef<() => void>(undefined);
  const fail = (error: Error): void => {
    const failure = failureOf(error);
    toast({ text: failure.code === "conflict" ? w.tooLate : explain(failure) });
  };

  useEffect(() => {
    if (waiting === undefined) return undefined;
    let isDone = false;
    const finish = (): void => {
      if (isDone) return;
      isDone = true;
      setWaiting((current) => (current === waiting ? undefined : current));
      rejecting.mutate(waiting, { onSuccess: () => toast({ text: w.rejected }), onError: fail });
    };
    send.current = () => (isDone = true);
    const timer = setTimeout(finish, UNDO_MS);
    return () => {
      clearTimeout(timer);
      finish();
    };
  }, [waiting]);

  return {
    /** The answer that is about to be rejected. */
    leaving: waiting?.answer_id,
    isBusy: accepting.isPending || rejecting.isPending,
    accept: (answerId: string) =>
      accepting.mutate(answerId, { onSuccess: () => toast({ text: w.accepted }), onError: fail }),
    reject: (rejection: Rejection): void => {
      setWaiting(rejection);
      toast({
        text: w.willReject,
        undo: {
          label: w.undo,
          onPress: () => {
            send.current?.();
            setWaiting(undefined);
            // After the toast with this button has gone.
            setTimeout(() => toast({ text: w.kept }), 0);
          },
        },
      });
    },
  };
}
