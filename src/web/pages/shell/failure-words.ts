import type { Failure } from "../../data/failure.ts";
import { useWords } from "../../words/language.tsx";

/** Puts what went wrong with a call into a sentence. */
export function useFailureWords(): (failure: Failure) => string {
  const { words, format } = useWords();
  return ({ code, fields, retryAfterSeconds }) => {
    const { failure } = words;
    switch (code) {
      case "unreachable":
        return failure.unreachable;
      case "conflict":
        return failure.conflict;
      case "not_found":
        return failure.notFound;
      case "forbidden":
        return failure.forbidden;
      case "rate_limited":
        return failure.tooMany(format.duration(retryAfterSeconds ?? 60));
      case "validation_error":
        if (fields.includes("/budget_limit_cents")) return failure.field.budget;
        if (fields.includes("/expires_at")) return failure.field.until;
        return fields.some((path) => path.startsWith("/scopes")) ? failure.field.scopes : failure.refused;
      case "internal_error":
      case "service_unavailable":
        return failure.ours;
      default:
        return failure.refused;
    }
  };
}
