import { Link } from "@tanstack/react-router";
import { failureOf } from "../../data/failure.ts";
import type { AgentRow } from "../../data/shapes.ts";
import { Button } from "../../ui/button.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { Meter } from "../../ui/meter.tsx";
import { said, Said, spaced } from "../../ui/said.tsx";
import { Ago } from "../../ui/times.tsx";
import { useToast } from "../../ui/toast.tsx";
import { useNow, useWords } from "../../words/language.tsx";
import { useFailureWords } from "../shell/failure-words.ts";
import { AgentState } from "./agent-state.tsx";
import { useResume, useStop, useUndoStop } from "./queries.ts";

export function Row({ row }: { row: AgentRow }) {
  const { words } = useWords();
  const { agents: w } = words;
  const name = said(row.agent.name, 40);
  return (
    <tr aria-label={name} data-state={row.state}>
      <th scope="row">
        <span className="agent">
          <Glyph name={name} />
          <span className="agent-name">
            <Link
              to="/agents/$grantId"
              params={{ grantId: row.grant_id }}
              className="agent-link one-line"
              title={name}
            >
              <bdi>{name}</bdi>
            </Link>
            {row.agent.owner_domain !== null && (
              <span className="note">{words.byDomain(said(row.agent.owner_domain, 40))}</span>
            )}
            <span className="note">
              <AgentState row={row} />
            </span>
          </span>
        </span>
      </th>
      <td className="agent-spent">
        <Spent row={row} />
      </td>
      <td data-label={w.column.lastHour} className="num agent-hour">
        {row.calls_last_hour === 0 ? (
          <span className="faint">{w.noCalls}</span>
        ) : (
          w.calls(row.calls_last_hour)
        )}
      </td>
      <td data-label={w.column.lastCall} className="agent-last">
        <LastCall row={row} />
      </td>
      <td className="agent-act">
        <Actions row={row} name={name} />
      </td>
    </tr>
  );
}

export function Spent({ row: { budget, expires_at, state } }: { row: AgentRow }) {
  const { words, format } = useWords();
  const { agents: w } = words;
  const now = useNow();
  const [spent, limit] = [format.amount(budget.spent_cents), format.amount(budget.limit_cents)];
  return (
    <>
      <span className="num">
        <b>{spent}</b> <span className="faint">/ {limit}</span>
      </span>
      <Meter
        value={budget.spent_cents}
        max={budget.limit_cents}
        label={w.spentOf(spent, limit)}
        isIdle={state !== "active"}
      />
      <span className="faint small num">
        {budget.reserved_cents > 0 && `${w.reserved(format.amount(budget.reserved_cents))}, `}
        <time dateTime={expires_at} title={format.full(expires_at)}>
          {state === "expired"
            ? w.expired(format.moment(expires_at, now))
            : w.until(format.moment(expires_at, now))}
        </time>
      </span>
    </>
  );
}

function LastCall({ row: { last_call: call } }: { row: AgentRow }) {
  const { words } = useWords();
  if (call === null) return <span className="faint">{words.agents.neverCalled}</span>;
  return (
    <>
      {words.operation[call.operation] ?? spaced(call.operation)}
      <span className="note">
        {call.service_name !== null && (
          <>
            <Said text={call.service_name} max={28} />,{" "}
          </>
        )}
        <Ago at={call.at} />
      </span>
      {call.outcome !== "ok" && <span className="note refused">{words.outcome[call.outcome]}</span>}
    </>
  );
}

export function Actions({ row, name }: { row: AgentRow; name: string }) {
  const { agents: w } = useWords().words;
  const explain = useFailureWords();
  const toast = useToast();
  const now = useNow();
  const stop = useStop();
  const resume = useResume();
  const undo = useUndoStop();
  const id = row.grant_id;
  const onError = (error: Error): void => toast({ text: explain(failureOf(error)) });
  const undoStop = (): void => {
    toast(undefined);
    undo.mutate([id], { onError });
  };
  if (row.state === "stopped")
    return row.undo_until !== null && Date.parse(row.undo_until) > now ? (
      <Button size="small" isBusy={undo.isPending} onPress={undoStop}>
        {w.undo}
      </Button>
    ) : null;
  if (row.state === "expired" || row.state === "retired") return null;
  return (
    <span className="agent-buttons">
      {row.state === "suspended" && (
        <Button size="small" isBusy={resume.isPending} onPress={() => resume.mutate(id, { onError })}>
          {w.resume}
        </Button>
      )}
      <Button
        tone="stop"
        size="small"
        isBusy={stop.isPending}
        onPress={() =>
          stop.mutate(id, {
            onSuccess: () => toast({ text: w.stopped(name), undo: { label: w.undo, onPress: undoStop } }),
            onError,
          })
        }
      >
        {w.stop}
      </Button>
    </span>
  );
}
