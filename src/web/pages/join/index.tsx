import "../../ui/sheet.css";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { dataOf, server } from "../../data/client.ts";
import { failureOf } from "../../data/failure.ts";
import { refreshOrganisations } from "../../data/organisations.ts";
import { usePerson } from "../../data/session.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, Loading, Problem } from "../../ui/empty.tsx";
import { said } from "../../ui/said.tsx";
import { useTitle } from "../../ui/title.ts";
import { useToast } from "../../ui/toast.tsx";
import { useNow, usePageWords, useWords } from "../../words/language.tsx";
import { TEAM } from "../../words/team.ts";
import { useFailureWords } from "../shell/failure-words.ts";

const route = getRouteApi("/console/join");

/** An invitation to an organisation, for who has its link and is signed in. */
export function JoinPage() {
  const { words, format } = useWords();
  const { join: w } = usePageWords(TEAM);
  const explain = useFailureWords();
  const toast = useToast();
  const navigate = useNavigate();
  const now = useNow();
  const email = said(usePerson()?.email ?? "", 60);
  const { token = "" } = route.useSearch();
  const { data, error } = useQuery({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => server.sponsors.invitation.open.query({ token }, { signal }).then(dataOf),
  });
  const accept = useMutation({
    mutationFn: () => server.sponsors.invitation.accept.mutate({ token }).then(dataOf),
    onSuccess: async ({ sponsor_id, name }) => {
      await refreshOrganisations();
      toast({ text: w.joined(said(name, 50)) });
      await navigate({ to: "/campaigns", search: { org: sponsor_id } });
    },
  });
  const name = data === undefined ? "" : said(data.organisation, 50);
  useTitle(w.title(name));
  const why = (of: unknown): string => {
    const failure = failureOf(of);
    if (failure.code === "not_found") return w.over;
    return failure.code === "conflict" ? w.member : explain(failure);
  };
  if (error !== null)
    return (
      <Empty>
        <h1>{why(error)}</h1>
      </Empty>
    );
  if (data === undefined) return <Loading label={words.loading} />;
  const inviter = data.invited_by === null ? w.somebody : said(data.invited_by, 60);
  return (
    <section className="sheet card">
      <h1>{w.title(name)}</h1>
      <p className="quiet">{w.lead(inviter, words.sponsor.role[data.role])}</p>
      <p className="note">{words.sponsor.roleMay[data.role]}</p>
      {data.is_for_you ? (
        <>
          {accept.error !== null && <Problem>{why(accept.error)}</Problem>}
          <p className="note">{w.until(format.deadline(data.expires_at, now))}</p>
          <span>
            <Button tone="allow" isBusy={accept.isPending} onPress={() => accept.mutate()}>
              {w.yes(name)}
            </Button>
          </span>
        </>
      ) : (
        <Problem>{w.otherAddress(email)}</Problem>
      )}
    </section>
  );
}
