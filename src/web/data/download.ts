import type { Failure } from "./failure.ts";

/** A download that the server refused. */
export class DownloadError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.code);
    this.failure = failure;
  }
}

/** Downloads all that is stored of the person. @throws DownloadError */
export const downloadExport = (): Promise<void> => download("/user/account/export", "tollfree.json");

/** The answers of a campaign to download: those that the filters show. */
export interface AnswersToDownload {
  sponsor_id: string;
  campaign_id: string;
  format: "csv" | "json" | "jsonl";
  toJudge: boolean;
  contact: boolean;
  text: string;
}

/** Downloads answers of a campaign. @throws DownloadError */
export function downloadAnswers({ toJudge, contact, text, ...rest }: AnswersToDownload): Promise<void> {
  const query = new URLSearchParams({
    ...rest,
    ...(toJudge && { to_judge: "true" }),
    ...(contact && { contact_permitted: "true" }),
    ...(text !== "" && { q: text }),
  });
  return download(`/user/sponsors/answers/export?${query}`, `answers.${rest.format}`);
}

/** Downloads a file of ours, into the browser's downloads. */
async function download(address: string, fallbackName: string): Promise<void> {
  const answer = await fetch(address).catch(() => undefined);
  if (answer?.ok !== true) throw new DownloadError(await failureIn(answer));
  const [, name = fallbackName] =
    /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "") ?? [];
  // A file that breaks off is refused here, and never saved.
  const file = await answer.blob().catch(() => undefined);
  if (file === undefined) throw new DownloadError(await failureIn(undefined));
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

async function failureIn(answer: Response | undefined): Promise<Failure> {
  const body = (await answer?.json().catch(() => undefined)) as
    { error_code?: Failure["code"]; retry_after_seconds?: number } | undefined;
  return {
    ...{ code: body?.error_code ?? "unreachable", fields: [], problems: [], probe: undefined },
    retryAfterSeconds: body?.retry_after_seconds,
  };
}
