import { Navigate } from "@tanstack/react-router";
import { usePerson } from "../../data/session.ts";
import { useWords } from "../../words/language.tsx";
import { SignIn } from "./index.tsx";

export function SignInRoute() {
  const { words } = useWords();
  return usePerson() === undefined ? (
    <SignIn title={words.signIn.title} lead={words.signIn.lead} />
  ) : (
    <Navigate to="/agents" />
  );
}
