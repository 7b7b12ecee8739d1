import { getRouteApi, Navigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { usePerson } from "../../data/session.ts";
import { useWords } from "../../words/language.tsx";
import { SignIn } from "./index.tsx";

const route = getRouteApi("/sign-in");

export function SignInRoute() {
  const {
    words: { signIn: w },
  } = useWords();
  const { to } = route.useSearch();
  const person = usePerson();
  const waits = person !== undefined && to !== undefined;
  useEffect(() => {
    // The server's page, not one of ours.
    if (waits) location.assign(to);
  }, [waits, to]);
  if (person !== undefined) return waits ? null : <Navigate to="/agents" />;
  return to === undefined ? (
    <SignIn title={w.title} lead={w.lead} />
  ) : (
    <SignIn title={w.connectTitle} lead={w.connectLead} />
  );
}
