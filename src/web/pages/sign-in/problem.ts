import { SignInError } from "../../data/session.ts";
import { useWords } from "../../words/language.tsx";

/** What went wrong while signing in, or while changing how, as a sentence. */
export function useSignInProblem(error: Error | null): string | undefined {
  const { words } = useWords();
  if (error === null) return undefined;
  return words.signIn.problem[error instanceof SignInError ? error.problem : "failed"];
}
